"""上级名单: who holds the list of the units below a superior. PURE.

A superior who has answered gets the list of its own units that have not. One who has not answered cannot work on it, so
its list rolls up to the nearest superior above that has, in the end to the bureau. Who answers later takes its list
back by that answer alone: nothing is handed over, who holds a list follows from the states.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from warning_dispatch.model.states import CalleeState

AT_WORK = (CalleeState.ACKNOWLEDGED, CalleeState.DUTY_ANSWERED)
"""States in which somebody there works on a list. A unit that was waived, only informed or stopped has nobody who does."""


@dataclass(frozen=True, slots=True)
class Superior:
    """A unit that others stand below. `state`: how it stands in the call-out, None when it is not called in it."""

    unit_id: int
    above: int | None
    state: CalleeState | None

    @property
    def at_work(self) -> bool:
        """Whether it can work on a list."""
        return self.state in AT_WORK


def holders(superiors: Iterable[Superior]) -> Mapping[int, int | None]:
    """Superior → the superior that holds its list (itself when it is at work); None: the bureau."""
    by_id = {one.unit_id: one for one in superiors}
    found: dict[int, int | None] = {one.unit_id: one.unit_id for one in by_id.values() if one.at_work}
    for one in by_id:
        way: dict[int, None] = {}
        at: int | None = one
        while at in by_id and at not in found and at not in way:
            way[at] = None
            at = by_id[at].above
        found.update(dict.fromkeys(way, found.get(at) if at is not None else None))
    return found
