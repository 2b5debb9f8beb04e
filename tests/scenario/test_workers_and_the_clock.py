"""Promise 12 with a clock that is set: several workers notice, the deadlines move once, and nobody goes by the old time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.clock import ServedClock, SystemClock
from warning_dispatch.errors import ClockMovedError
from warning_dispatch.model.states import CalleeState

HOUR = 3_600_000
RED_CITY = "12379-red-rain-city.xml"


def deadlines(place: Any) -> list[int]:
    """When the open callees are due."""
    return [int(row[0]) for row in place.query("SELECT next_at FROM callee WHERE next_at IS NOT NULL ORDER BY id")]


@pytest.fixture
def place(town: Callable[..., Any], postgresql: Any) -> Any:
    """A red warning in its second minute, on PostgreSQL; a second worker has turned as well."""
    built = town(counties=1, townships=1, villages=2, worlds=postgresql)
    built.warning(RED_CITY)
    built.play(seconds=70)
    built.other = built.build_engine()
    built.other.turn(built.clock.now())
    return built


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_the_deadlines_move_once(place: Any, by: int) -> None:
    """Both notice that the clock was set by an hour: the first one moves the deadlines, the second finds it done."""
    before = deadlines(place)
    place.clock.step(by)
    for engine in (place.engine, place.other):
        engine.clock_stepped(place.clock.now(), by)
    assert deadlines(place) == [at + by for at in before]


def test_a_worker_that_has_not_noticed_does_nothing(place: Any) -> None:
    """Set back an hour, everything would be due at once for whoever goes by the old time."""
    place.engine.clock_stepped(place.clock.now() - HOUR, -HOUR)
    with pytest.raises(ClockMovedError):
        place.other.turn(place.clock.now())
    place.other.clock_stepped(place.clock.now() - HOUR, -HOUR)
    assert place.other.turn(place.clock.now() - HOUR).batch == ()
    assert place.state("141121") is CalleeState.CALLING


def test_a_process_that_does_not_turn_moves_nothing_twice(place: Any) -> None:
    """A process for web or ingest notices the step as well; it has looked at the clock before."""
    before = deadlines(place)
    web = place.build_engine()
    web.beat(place.clock.now())
    place.engine.clock_stepped(place.clock.now() + HOUR, HOUR)
    with pytest.raises(ClockMovedError):
        web.beat(place.clock.now())
    web.clock_stepped(place.clock.now() + HOUR, HOUR)
    web.beat(place.clock.now() + HOUR)
    assert deadlines(place) == [at + HOUR for at in before]


def test_a_worker_whose_clock_agrees_goes_on(place: Any) -> None:
    """The rows are what all go by, even if only one of them ever saw the clock jump."""
    place.engine.clock_stepped(place.clock.now() + HOUR, HOUR)
    place.other.moved_by_others(place.clock.now())
    place.other.turn(place.clock.now())


def test_the_served_clock_runs_on_between_two_looks() -> None:
    """It is as far ahead as the server was at the last look; an answer that came too slowly tells nothing."""
    machine = SystemClock()
    ahead = [5 * HOUR]
    clock = ServedClock(lambda: machine.now() + ahead[0])
    assert abs(clock.now() - machine.now() - 5 * HOUR) < 100
    ahead[0] = HOUR
    assert abs(clock.now() - machine.now() - 5 * HOUR) < 100
    clock.look()
    assert abs(clock.now() - machine.now() - HOUR) < 100
    hasty = ServedClock(lambda: machine.now() + ahead[0], slow=-1)
    ahead[0] = 0
    hasty.look()
    assert abs(hasty.now() - machine.now() - HOUR) < 100
