"""What the engine needs of the store to keep limits and to share lines out; the rest is in storage.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from warning_dispatch.engine.records import RouteRecord
from warning_dispatch.model.unit import Channel


class RouteRows(Protocol):
    """Routes and what is used of their limits."""

    def load(self) -> Sequence[RouteRecord]:
        """All."""
        ...

    def save(self, routes: Sequence[RouteRecord]) -> None:
        """Write lines in use and tokens back."""
        ...

    def release(self, freed: Mapping[str, int]) -> None:
        """Give lines back."""
        ...

    def take_down(self, name: str, until: int) -> None:
        """Put a route out of service until a moment (breaker)."""
        ...

    def define(self, routes: Sequence[RouteRecord]) -> None:
        """Make the rows agree with the configuration; what is used of the limits stays."""
        ...

    def recount_lines(self) -> None:
        """Set the lines in use from the attempts (recovery)."""
        ...


class NumberCallRows(Protocol):
    """Calls per number and provider. A call is named (number, route, moment); one number is in one call at a time."""

    def recent(self, number_ids: Sequence[int], since: int) -> Mapping[int, Sequence[tuple[str, int]]]:
        """(route, at) of the numbers' calls after `since`; numbers without a call are left out."""
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


class TurnRows(Protocol):
    """Fairness between counties: the last turn dealt to each, per queue (channel and rank)."""

    def last(self, channel: Channel, ranked: int) -> Mapping[str, int]:
        """By county; those without a turn are left out."""
        ...

    def keep(self, channel: Channel, ranked: int, turns: Mapping[str, int], *, afresh: bool) -> None:
        """Write the last turns; `afresh` forgets those of all other counties (nobody waits any more)."""
        ...
