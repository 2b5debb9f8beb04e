"""What the engine needs of the store to keep limits and to share lines out; the rest is in storage.py."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from warning_dispatch.engine.records import RouteRecord
from warning_dispatch.escalation.breaker import Breaker
from warning_dispatch.model.unit import Channel


class RouteRows(Protocol):
    """Routes and what is used of their limits."""

    def load(self) -> Sequence[RouteRecord]:
        """All, with the lines in use: calls that are claimed or handed over."""
        ...

    def take(self) -> tuple[Sequence[RouteRecord], bool]:
        """The routes of those channels in which nobody else claims at this moment, and whether that is all of them.

        Until the end of the transaction this one claims alone there; but where no route has a limit nothing is shared.
        """
        ...

    def save(self, routes: Sequence[RouteRecord]) -> None:
        """Write the tokens back."""
        ...

    def troubled(self) -> Collection[str]:
        """Routes whose breaker may be changed by something that goes well: mostly none."""
        ...

    def breakers(self, names: Collection[str]) -> Mapping[str, Breaker]:
        """Their breakers; nobody else changes them until the end of the transaction."""
        ...

    def keep_breaker(self, name: str, breaker: Breaker) -> None:
        """Write a breaker back."""
        ...

    def lines(self, name: str) -> tuple[int, Sequence[int]]:
        """How many calls at once (0: no such limit), and which of the lines (from 1) were dead at the last probe."""
        ...

    def keep_probe(self, name: str, balance: str, dead_lines: Sequence[int], now: int) -> None:
        """What a provider said of itself."""
        ...

    def define(self, routes: Sequence[RouteRecord]) -> None:
        """Make the rows agree with the configuration; what is used of the limits stays."""
        ...


class NumberCallRows(Protocol):
    """Calls (and, where a route asks for it, messages) per number and provider. One is named (number, route, moment); one number is in one call at a time."""

    def recent(self, number_ids: Sequence[int], since: int) -> Mapping[int, Sequence[tuple[str, int]]]:
        """(route, at) of the numbers' calls after `since`; numbers without a call are left out."""
        ...

    def lock(self, number_ids: Collection[int]) -> Collection[int]:
        """Those of the numbers that no other claim has in hand; nobody else calls them until this transaction ends."""
        ...

    def add(self, calls: Sequence[tuple[int, str, int]], forget_before: int) -> None:
        """Write (number, route, at), and remove some of what is older than anybody needs."""
        ...

    def reached(self, calls: Sequence[tuple[int, str, int]], at: int) -> None:
        """(number, route, claimed at): that call reached its provider at `at`."""
        ...

    def give_back(self, calls: Sequence[tuple[int, str, int]]) -> None:
        """(number, route, claimed at): that call never reached its provider."""
        ...

    def none_later_than(self, now: int) -> None:
        """No call can have come later than this moment (recovery: whoever claimed is dead)."""
        ...


class OptOutRows(Protocol):
    """退订: which numbers want no more messages by which route."""

    def any(self) -> bool:
        """Whether there is anybody at all."""
        ...

    def of(self, number_ids: Collection[int]) -> Mapping[int, frozenset[str]]:
        """The routes that those of the numbers have had enough of; who has not is left out."""
        ...

    def add(self, number_id: int, route: str, at: int) -> bool:
        """Nothing more to this number by this route; False when that was so already."""
        ...

    def remove(self, number_id: int, route: str) -> bool:
        """They want it again; False when they always did."""
        ...

    def sender(self, blind_index: bytes, channel: Channel) -> tuple[int, str] | None:
        """The number behind an address, and the route of the last attempt to it ("" for none); None: unknown to us."""
        ...

    def endpoints(self, number_id: int, channel: Channel) -> Sequence[int]:
        """Who holds the number on a channel, today."""
        ...


class TurnRows(Protocol):
    """Fairness between counties: the last turn dealt to each, per queue (channel and rank)."""

    def last(self, channel: Channel, ranked: int) -> Mapping[str, int]:
        """By county; those without a turn are left out."""
        ...

    def keep(self, channel: Channel, ranked: int, turns: Mapping[str, int], *, afresh: bool) -> None:
        """The last turns; `afresh` forgets those of all other counties (nobody waits any more). Written by `write`."""
        ...

    def write(self) -> None:
        """Write what was kept: late, because everybody who queues writes to the same few rows."""
        ...
