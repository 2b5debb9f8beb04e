"""The process dies and starts again: it goes on, nobody lost, nobody called in a burst."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.simulation.population import VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
VILLAGE = "141121100200"
OPENED = 300
MINUTE = 60_000


@pytest.fixture
def place(town: Callable[..., Any]) -> Any:
    """A red warning, two villages; nobody answers."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    return place


def sleep(place: Any, minutes: int) -> None:
    """The machine is down: time passes, nobody turns the engine."""
    place.clock.advance_to(place.clock.now() + minutes * MINUTE)


def test_overdue_rungs_make_one_attempt(place: Any) -> None:
    """Down for half an hour with five rungs missed: A is called once, then B once, not five calls."""
    place.play(seconds=OPENED + 10)
    sleep(place, 30)
    place.restart(phones_lost=True)
    back = place.elapsed
    place.play(seconds=50)
    assert [at for at in place.rings(VILLAGE, Role.PRIMARY) if at >= back] == [back]
    assert len([at for at in place.rings(VILLAGE, Role.DEPUTY) if at >= back]) == 1
    assert place.network.clashes == 0


def test_overdue_gates_open_at_once(place: Any) -> None:
    """Down from the tenth second to the eighth minute: all holds are over, level after level opens without waiting anew."""
    place.play(seconds=10)
    sleep(place, 8)
    place.restart(phones_lost=True)
    back = place.elapsed
    place.play(seconds=1)
    assert place.opened("141121") == place.opened("141121100") == place.opened(VILLAGE) == back


def test_the_limit_is_not_passed_without_a_call(place: Any) -> None:
    """A village that could not be called because we were down is 未呼 or called, never 未应答 without a ring."""
    place.play(seconds=OPENED - 1)
    sleep(place, 1)
    place.restart(phones_lost=True)
    place.play(seconds=2)
    sleep(place, 20)
    place.restart(phones_lost=True)
    place.play(seconds=1)
    assert place.state(VILLAGE) in (CalleeState.CALLING, CalleeState.UNANSWERED)
    assert place.rings(VILLAGE)


def test_a_claim_of_unknown_fate_is_repeated_and_marked(place: Any) -> None:
    """Killed between the carrier and the commit: at least once, never lost, and it says so (promise 4)."""
    place.play(seconds=OPENED - 1)
    place.clock.advance_to(place.clock.now() + 1_000)
    place.stage.round()
    handed = [one.attempt_id for one in place.dispatches(VILLAGE, Role.PRIMARY)]
    assert len(handed) == 1
    place.restart()
    place.play(seconds=60)
    calls = place.dispatches(VILLAGE, Role.PRIMARY)
    assert [one.attempt_id for one in calls] == handed * 2
    assert [one.possible_duplicate for one in calls] == [False, True]
    assert place.network.handed_twice == []
    assert place.query("SELECT possible_duplicate FROM attempt WHERE id = ?", handed[0]) == [(1,)]


def test_messages_of_unknown_fate_are_repeated_too(place: Any) -> None:
    """To the same number, marked."""
    place.play(seconds=OPENED - 1)
    place.clock.advance_to(place.clock.now() + 1_000)
    place.stage.round()
    place.restart()
    place.play(seconds=30)
    messages = place.dispatches(VILLAGE, Role.DEPUTY, Channel.SMS)
    assert [one.possible_duplicate for one in messages] == [False, True]
    assert messages[0].link == messages[1].link


def test_what_was_committed_is_not_repeated(place: Any) -> None:
    """A restart after the carrier's word was stored hands nothing over a second time (promise 4)."""
    place.play(seconds=OPENED + 5)
    place.restart()
    handed = len(place.network.handed)
    place.play(seconds=25)
    assert len(place.network.handed) == handed
    assert not any(one.possible_duplicate for one in place.network.handed)


def test_who_answered_is_not_called_after_a_crash(place: Any) -> None:
    """The answer was committed, the hang-up was not sent: no repeat (promise 3)."""
    place.play(seconds=OPENED - 1)
    place.clock.advance_to(place.clock.now() + 1_000)
    place.stage.round()
    place.engine.acknowledge(
        place.clock.now(), 1, place.callee_id(VILLAGE), actor="officer", reason="spoke", means=Means.OPERATOR
    )
    place.restart()
    place.play(seconds=3_600)
    assert len(place.dispatches(VILLAGE, Role.PRIMARY)) == 1
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED


def test_a_key_that_was_pressed_while_we_were_down_counts(place: Any) -> None:
    """The carrier reports it when we are back, for an attempt that is being repeated."""
    place.person(VILLAGE, Role.PRIMARY, VoiceHabit.ANSWERS)
    place.play(seconds=OPENED + 2)
    place.restart()
    place.play(seconds=60)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED


def test_restarting_again_and_again_loses_nobody(place: Any) -> None:
    """Twenty kills, some seconds apart: the villages are called, nobody is forgotten (promise 1)."""
    for seconds in range(20):
        place.play(seconds=7 + seconds)
        place.restart(phones_lost=bool(seconds % 2))
    place.play(seconds=700)
    sql = "SELECT count(*) FROM callee WHERE next_at IS NULL AND voice = 0 AND state NOT IN (8, 9, 10, 11, 12)"
    assert place.query(sql) == [(0,)]
    assert len(place.rings(VILLAGE)) >= 5
    assert place.network.handed_twice == []
