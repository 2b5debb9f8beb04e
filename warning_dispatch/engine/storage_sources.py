"""What the engine needs of the store about sources, leases and what is passed on (see engine/storage.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.sources import Post, Posted, SourceHealth
from warning_dispatch.model.views import IntakeResult


class SourceRows(Protocol):
    """预警来源: their health, and what of theirs has been taken in."""

    def define(self, names: Sequence[str], now: int) -> None:
        """Begin to watch: those that are new get a row, the way to all of them counts as open from now on."""
        ...

    def heard(self, name: str, now: int) -> None:
        """A message came. A source that nobody watches is none."""
        ...

    def seen(self, name: str, now: int) -> None:
        """The way to it is open."""
        ...

    def troubled(self, name: str, trouble: str) -> None:
        """It could not be looked at, and why."""
        ...

    def health(self, names: Sequence[str]) -> Sequence[SourceHealth]:
        """By name; those that are watched."""
        ...

    def tell_gap(self, name: str) -> bool:
        """Mark the gap as told; False when it was told already."""
        ...

    def tell_quiet(self, name: str) -> bool:
        """Mark the silence as told; False when it was told already."""
        ...

    def cursor(self, name: str) -> str:
        """Where the reading of a feed stands, JSON."""
        ...

    def move_cursor(self, name: str, cursor: str) -> None:
        """Remember it."""
        ...

    def taken(self, source: str, item: str) -> IntakeResult | None:
        """The verdict on what was taken in under this name; None: nothing was."""
        ...

    def all_taken(self, source: str, items: Sequence[str]) -> frozenset[str]:
        """Which of them have been taken in."""
        ...

    def take(self, source: str, item: str, now: int, result: IntakeResult) -> None:
        """It is taken in by this transaction."""
        ...


class LeaseRows(Protocol):
    """Work that is done once, however many daemons run."""

    def claim(self, name: str, holder: str, now: int, until: int) -> bool:
        """Take the lease or prolong it; False: somebody else holds it."""
        ...

    def let_go(self, names: Sequence[str], holder: str) -> None:
        """Give back what this holder has: a clean stop lets the next one begin at once."""
        ...


@dataclass(frozen=True, slots=True)
class Unpublished:
    """A warning that has not been passed on. `content` is the parsed alert as kept."""

    alert_id: int
    hazard: str
    colour: Colour | None
    content: str
    chain_id: int | None = None


@dataclass(frozen=True, slots=True)
class Referred:
    """A warning that another one refers to, as this installation knows it. `part`: which event of its message."""

    identifier: str
    sender: str
    sent: int
    part: str = ""


@dataclass(frozen=True, slots=True)
class NewPublication:
    """A warning to pass on: as CAP (None: it must not leave), and the outlets it is posted to."""

    alert_id: int
    cap: str | None
    outlets: tuple[str, ...] = ()


class PublicationRows(Protocol):
    """传播: what is passed on, and the posts to outlets."""

    def waiting(self, limit: int) -> Sequence[Unpublished]:
        """Warnings that have not been passed on, oldest first: what was accepted, and how a chain goes on or ends that had some."""
        ...

    def hearers(self, chains: Sequence[int]) -> Mapping[int, frozenset[str]]:
        """The outlets that something of a chain was posted to."""
        ...

    def referred(self, issuer: str, identifiers: Sequence[str]) -> Sequence[Referred]:
        """Warnings of an issuer by their identifiers."""
        ...

    def publish(self, new: Sequence[NewPublication], now: int) -> None:
        """Pass them on, and queue their posts, due at once."""
        ...

    def claim_posts(self, now: int, until: int, limit: int) -> Sequence[Post]:
        """Posts that are due, oldest first, and none before those of its chain that its outlet must hear earlier.

        They are nobody else's until `until`.
        """
        ...

    def posted(self, results: Sequence[Posted], now: int) -> None:
        """What became of tries."""
        ...

    def next_post(self) -> int | None:
        """When the next one is due."""
        ...
