"""What the engine needs from the outside, as small Protocols and the values that cross them.

The wire: a channel takes a batch, `deliver(batch) -> receipts`; concurrency belongs to the adapter. What the
outside world tells later comes back as `Report`, `Reply` or `Tap` events, late, doubled and out of order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One attempt on its way to a carrier. `address` is in clear and lives only here.

    `text` is what is read out (voice), sent (SMS) or the plain body (e-mail); `subject` for e-mail only.
    `ring_for` in ms. `possible_duplicate`: an earlier hand-over may or may not have happened.
    """

    attempt_id: int
    callout_id: int
    channel: Channel
    purpose: Purpose
    route: str
    address: str
    language: str
    text: str
    subject: str = ""
    link: str = ""
    ring_for: int = 35_000
    possible_duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """发得出: what the carrier said at once. `outcome` names a row of the outcome table when refused."""

    attempt_id: int
    accepted: bool
    provider_ref: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of an attempt, told later. `outcome` is a row of config/outcomes.toml.

    `at` in ms. A pressed key that acknowledges is the outcome `key_pressed`.
    """

    attempt_id: int
    outcome: str
    at: int


@dataclass(frozen=True, slots=True)
class Reply:
    """A message that came back from an address (an SMS "收到", a mail)."""

    channel: Channel
    address: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Tap:
    """A person opened the link of a message and pressed the button (simulation only; people use the web)."""

    link: str
    at: int


Event = Report | Reply | Tap


class ChannelPort(Protocol):
    """A way to reach people. Adapters stand above the engine; bootstrap hands them in."""

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """Hand a batch over. One receipt per dispatch, in any order; never raises for a single message."""
        ...

    async def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """End what still rings; nobody who is listening is cut off. Unknown ids are ignored."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class Sealer(Protocol):
    """Encryption at rest."""

    def seal(self, clear: bytes, context: str) -> bytes:
        """Encrypt; `context` ("number", "receiver.name" …) is bound to the ciphertext."""
        ...

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """Decrypt; raises StoreError when key, context or bytes do not match."""
        ...

    def blind_index(self, clear: str) -> bytes:
        """A keyed digest to find a number by without storing it in clear."""
        ...
