"""What a run of storms visited is counted over all its processes, and a move that no storm made is named."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from warning_dispatch.engine.ledger import Counted
from warning_dispatch.escalation import callee, callout
from warning_dispatch.model.states import CalleeState, CallOutState

S = CalleeState


@pytest.fixture
def visits(promises: ModuleType) -> Any:
    """Nothing visited yet; the fixture `promises` is the storms' package."""
    return promises.Visits()


def test_visits_travel_between_processes(visits: Any) -> None:
    """What one process packs the printing one adds up, storm by storm."""
    counted = Counted()
    counted.moves[S.WAITING, "Opened", S.CALLING] = 3
    counted.callout_moves[CallOutState.RUNNING, "paused", CallOutState.PAUSED] = 1
    counted.outcomes["busy", S.CALLING] = 2
    counted.outcomes["delivered", None] = 5
    visits.observe(counted)
    together = type(visits).of([visits.packed(), visits.packed()])
    assert together.storms == 2
    assert together.callees == {("WAITING", "Opened"): 6}
    assert together.callouts == {("RUNNING", "paused"): 2}
    assert together.outcomes == {("busy", "CALLING"): 4, ("delivered", ""): 10}


def _everything(visits: Any) -> None:
    counted = Counted()
    for state, event in callee.TABLE:
        counted.moves[state, event.__name__, state] = 1
    for standing, happened in callout.TABLE:
        counted.callout_moves[standing, happened.value, standing] = 1
    visits.observe(counted)


def test_a_move_that_no_storm_made_is_named(visits: Any, promises: ModuleType) -> None:
    """All but one: that one is the gap. What cannot be reached by argument is no gap."""
    _everything(visits)
    del visits.callees["RELAYED", "Lost"]
    for pairs in promises.UNREACHABLE.values():
        for pair in pairs:
            del visits.callees[pair]
    assert visits.faults() == ["never visited: callee RELAYED × Lost"]


def test_an_excuse_that_is_refuted_is_a_fault(visits: Any, promises: ModuleType) -> None:
    """What is said to be unreachable and was reached all the same makes the argument false."""
    _everything(visits)
    excused = sum(len(pairs) for pairs in promises.UNREACHABLE.values())
    assert len(visits.faults()) == excused
    assert all(fault.startswith("visited, though") for fault in visits.faults())


def test_the_tables_name_every_move(visits: Any) -> None:
    """A move with no visit is a 0 in the printed table, one that does not exist a blank."""
    lines = list(visits.tables())
    waiting = next(line for line in lines if line.startswith("WAITING"))
    assert waiting.split() == ["WAITING", "0", "0", "0"]
