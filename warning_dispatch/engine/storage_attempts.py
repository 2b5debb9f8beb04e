"""What the engine needs of the store for attempts: the queue, the leases, the outcomes, the answers. See engine/storage.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from warning_dispatch.engine.records import (
    AttemptRecord,
    Behind,
    Claim,
    LinkTarget,
    NewAcknowledgement,
    NewAttempt,
    ReadyAttempt,
    Township,
)
from warning_dispatch.model.unit import Channel


class AttemptRows(Protocol):
    """Attempts and the callees they serve."""

    def take_ids(self, count: int) -> Sequence[int]:
        """Reserve so many rising ids."""
        ...

    def queue(self, attempts: Sequence[NewAttempt]) -> None:
        """Write READY attempts."""
        ...

    def add_copies(self, copies: Sequence[tuple[int, int, int]]) -> None:
        """(attempt, new id, endpoint): another attempt like it, to a second receiver of the same role."""
        ...

    def join(self, rows: Sequence[tuple[int, int, int | None]]) -> None:
        """(attempt, callee, endpoint of the callee's own unit): the attempt serves this callee too."""
        ...

    def leave(self, pairs: Sequence[tuple[int, int]]) -> None:
        """(attempt, callee) pairs: the attempt does not serve this callee any more."""
        ...

    def hold(self, held: Sequence[tuple[int, int, str]]) -> None:
        """(attempt, not before, why): READY attempts that wait for their budget and keep their place."""
        ...

    def look_again(self, callee_ids: Sequence[int], now: int) -> None:
        """Held attempts of these callees may go now after all, if another of their numbers can be dialled."""
        ...

    def taken(self, attempt_id: int) -> tuple[int, str] | None:
        """Until when the machine waits for whoever took an operator task, and who; None: nobody has yet."""
        ...

    def take_in_hand(self, attempt_id: int, until: int, actor: str) -> None:
        """Somebody is dialling an operator task."""
        ...

    def in_hand(self, now: int) -> Mapping[int, int]:
        """Callee → until when the machine leaves it to whoever is dialling it by hand."""
        ...

    def next_held(self, now: int) -> int | None:
        """The earliest moment after `now` until which an attempt is held."""
        ...

    def head(self, channel: Channel, order_from: int, order_to: int, now: int) -> int | None:
        """The smallest order key of [from, to) among READY attempts that may go now."""
        ...

    def ready(self, channel: Channel, limit: int, now: int) -> Sequence[ReadyAttempt]:
        """READY attempts that may go now, in order; none of paused call-outs, those of ended ones to be dropped.

        Nor what another claim has in hand.
        """
        ...

    def waiting(self, number_ids: Sequence[int], beside: Sequence[int], now: int) -> Sequence[ReadyAttempt]:
        """READY calls of running call-outs, `beside` those, for callees whose unit has one of the numbers; in order.

        Only such as were never claimed: what is repeated goes as it was.
        """
        ...

    def claim(self, claims: Sequence[Claim]) -> None:
        """READY → CLAIMED."""
        ...

    def drop(self, drops: Sequence[tuple[int, str]], now: int) -> None:
        """READY → DROPPED with the reason as outcome."""
        ...

    def merge(self, merged: Sequence[tuple[int, int]], now: int) -> None:
        """(attempt, the attempt that names its unit instead): READY → DROPPED as merged."""
        ...

    def drop_ready_of(
        self, callee_ids: Sequence[int], now: int, why: str, *, texts: bool = True, asking: bool = False
    ) -> Sequence[tuple[int, int]]:
        """Drop READY attempts that serve only these callees (voice, and `texts`); (attempt, call-out) pairs.

        Never an all-clear; `asking`: only what asks for an answer.
        """
        ...

    def drop_ready_of_callout(self, callout_id: int, now: int, why: str, *, voice_only: bool = False) -> int:
        """Drop everything queued for a call-out but the all-clears: whoever was told to get up is told to lie down; how many."""
        ...

    def shared_ready(self, callout_id: int) -> Sequence[tuple[int, int, int, int]]:
        """READY calls that serve callees of this call-out and of others.

        (attempt, its home, callee, the callee's call-out) for each whose voice is QUEUED.
        """
        ...

    def live_voice_of(self, callee_ids: Sequence[int]) -> Sequence[int]:
        """Voice attempts CLAIMED or HANDED that serve these callees and nobody else who has not answered."""
        ...

    def live_of_callout(self, callout_id: int) -> Sequence[int]:
        """Calls CLAIMED or HANDED for a call-out and for nobody open of another, and its texts that are CLAIMED."""
        ...

    def load(self, attempt_ids: Sequence[int]) -> Mapping[int, AttemptRecord]:
        """By id, with their callees."""
        ...

    def shared(self, attempt_ids: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """Attempt → the call-outs whose callees it serves besides its home."""
        ...

    def behind(self, attempt_ids: Sequence[int]) -> Mapping[tuple[int, int], Behind]:
        """(attempt, callee) → who of the callee's own unit the attempt was made to."""
        ...

    def hand(self, handed: Sequence[tuple[int, str, int | None]], now: int) -> None:
        """(id, provider reference, report overdue at): CLAIMED → HANDED."""
        ...

    def doubt(self, doubted: Sequence[tuple[int, str, int]], now: int) -> None:
        """(attempt, what its carrier said, until when): CLAIMED → HANDED, although the carrier did not say that it took it."""
        ...

    def finish(self, finished: Sequence[tuple[int, str, int]]) -> None:
        """(id, outcome, at) → ENDED."""
        ...

    def deliver(self, delivered: Sequence[tuple[int, int]]) -> None:
        """(id, at): a delivery report."""
        ...

    def requeue(self, attempts: Sequence[tuple[int, str, bool, int]]) -> None:
        """(id, routes to avoid, possible duplicate, not before): CLAIMED, HANDED or ENDED → READY."""
        ...

    def overdue(self, now: int, limit: int, *, spared_since: int | None = None) -> Sequence[AttemptRecord]:
        """CLAIMED or HANDED attempts whose lease or report is overdue.

        `spared_since`: without those of other workers that became overdue after this moment.
        """
        ...

    def live_on_routes(self, routes: Sequence[str], of: Sequence[int] | None = None) -> Sequence[AttemptRecord]:
        """CLAIMED or HANDED attempts of these routes, claimed by these workers; None: by whomever (recovery)."""
        ...

    def claimed(self, of: Sequence[int] | None = None) -> Sequence[AttemptRecord]:
        """All CLAIMED attempts of these workers; None: of all (recovery)."""
        ...

    def next_overdue(self, *, own: bool = False) -> int | None:
        """The earliest lease; `own`: of this worker."""
        ...

    def live_numbers(self, number_ids: Sequence[int]) -> frozenset[int]:
        """Those of the numbers that are in a live call."""
        ...

    def contacted(self, callee_ids: Sequence[int]) -> Sequence[tuple[int, int]]:
        """(callee, role) pairs that a text or call was handed over for, in this round or one before, by whatever call."""
        ...

    def last_words(
        self, callee_ids: Sequence[int], dark: Sequence[str], proofs: Sequence[str], since: int
    ) -> Sequence[tuple[Township, int | None, int | None]]:
        """For every callee of the townships that these belong to: when a call last ended dark, and with a proof."""
        ...

    def open_for_number(
        self, blind_index: bytes, begun_by: int, now: int, *, called: bool = False
    ) -> Sequence[tuple[int, LinkTarget]]:
        """(attempt, target) for what was sent by text to a number and is still open, also in a newer round.

        `begun_by`: only what was begun by then; and what was begun after `now`, by a clock that has been set back since.
        `called`: what it was called for as well.
        """
        ...

    def open_for_attempt(self, attempt_id: int) -> Sequence[tuple[int, LinkTarget]]:
        """The same for what was said in one message."""
        ...

    def acknowledge(self, acknowledgements: Sequence[NewAcknowledgement]) -> None:
        """Write answers."""
        ...
