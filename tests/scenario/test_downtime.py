"""The process was down (or the machine slept): what is overdue is done at once, each person once, and no burst follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from warning_dispatch.clock import iso_text
from warning_dispatch.engine.acts import Act
from warning_dispatch.model.states import CalleeState, CallOutState
from warning_dispatch.model.unit import Role
from warning_dispatch.simulation.population import VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
ORANGE = "12379-orange-rain-counties.xml"
RED_COUNTY, ORANGE_COUNTY = "141121", "141122"
RED_VILLAGE, ORANGE_VILLAGE = "141121100200", "141122100200"
A, B, DUTY = Role.PRIMARY, Role.DEPUTY, Role.DUTY
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600
STOPS = [10, 120, 480]
"""Minutes."""


def stop(place: Any, minutes: float, *, crash: bool = True) -> float:
    """Down for so long; the seconds at which we are back. Without `crash` the machine only slept."""
    place.clock.advance_to(place.clock.now() + int(minutes * MINUTE))
    if crash:
        place.restart(phones_lost=True)
    return float(place.elapsed)


def since(moments: Sequence[float], back: float, seconds: float = 1e9) -> list[float]:
    """Those from `back` on, for so many seconds, counted from there."""
    return [at - back for at in moments if back <= at < back + seconds]


@dataclass(frozen=True)
class Night:
    """A red warning for one county and an orange one for another, both under way, nobody answers."""

    place: Any
    back: float

    def calls(self, code: str, role: Role, seconds: float = 110) -> list[float]:
        """The calls to one person in the first seconds after the return."""
        return since(self.place.rang(code, role), self.back, seconds)

    def texts(self, code: str, role: Role, seconds: float = 110) -> list[float]:
        """The messages to one person after the return."""
        return since(self.place.written(code, role), self.back, seconds)


@pytest.fixture(params=STOPS)
def night(town: Callable[..., Any], request: Any) -> Night:
    """Down for ten minutes, two hours, eight hours; both counties' villages had been called at least once."""
    place = town(counties=2, townships=1, villages=2)
    place.take_in(place.message(ORANGE, geocode=f"{ORANGE_COUNTY}000000"))
    place.play(seconds=900)
    place.take_in(place.message(RED_CITY, geocode=f"{RED_COUNTY}000000"))
    place.play(seconds=400)
    assert place.rang(RED_VILLAGE)
    assert place.rang(ORANGE_VILLAGE)
    back = stop(place, request.param)
    place.play(seconds=1_800)
    return Night(place, back)


def minutes_down(night: Night) -> float:
    """How long we were down."""
    return round((night.back - 1_300) / 60)


def test_each_person_is_called_once_and_at_once(night: Night) -> None:
    """A now, B when A's call has ended; the orange ones too, although two hours of voice are over by the clock."""
    red_is_over = minutes_down(night) > 6 * 60
    assert len(night.calls(ORANGE_VILLAGE, A)) == 1
    assert night.calls(ORANGE_VILLAGE, A)[0] < 2
    assert len(night.calls(ORANGE_VILLAGE, B)) == 1
    assert len(night.calls(RED_VILLAGE, A)) == (0 if red_is_over else 1)
    assert len(night.calls(RED_VILLAGE, B)) == (0 if red_is_over else 1)
    assert night.place.network.clashes == 0


def test_what_follows_keeps_its_distance(night: Night) -> None:
    """The ladder goes on from the merged rung: nobody hears the phone again within a minute of the return's call."""
    for code in (RED_VILLAGE, ORANGE_VILLAGE):
        for role in (A, B):
            calls = since(night.place.rang(code, role), night.back)
            gaps = [later - earlier for earlier, later in pairwise(calls)]
            assert all(gap >= 100 for gap in gaps)
            assert len(calls) <= 5


def test_missed_texts_are_one_text(night: Night) -> None:
    """However many repeats were missed; the record shows one message a person."""
    for code in (RED_VILLAGE, ORANGE_VILLAGE):
        for role in (A, B):
            assert len(night.texts(code, role)) <= 1


def test_orange_voice_ends_after_the_return(night: Night) -> None:
    """The call that was due within the two hours is made; what comes due later than that rings nobody."""
    if minutes_down(night) < 2 * 60:
        night.place.play(seconds=2 * HOUR)
    night.place.play(seconds=HOUR)
    assert max(night.place.rang(ORANGE_VILLAGE)) < max(night.back + 110, 900 + 2 * HOUR + 1)


def test_a_red_that_ended_meanwhile_rings_nobody(night: Night) -> None:
    """Six hours guessed, eight hours down: 待解除 at once, listed, asked; not another minute of calls."""
    red = 2
    if minutes_down(night) < 6 * 60:
        assert night.place.callout_state(red) is CallOutState.RUNNING
        return
    assert night.place.callout_state(red) is CallOutState.AWAITING_LIFT
    assert since(night.place.rang(RED_VILLAGE), night.back) == []
    assert night.place.state(RED_VILLAGE, red) is CalleeState.UNANSWERED
    assert "awaiting_lift" in night.place.alarms()


@pytest.mark.parametrize("minutes", STOPS)
def test_gates_whose_hold_passed_meanwhile_open_at_once(town: Callable[..., Any], minutes: int) -> None:
    """Stopped ten seconds after the message: by now every level was to be called, and none waits anew for the one above."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.play(seconds=10)
    back = stop(place, minutes)
    place.play(seconds=1)
    if minutes > 6 * 60:
        assert place.callout_state() is CallOutState.AWAITING_LIFT
        assert place.rang(RED_VILLAGE) == []
        return
    for code in (RED_COUNTY, "141121100", RED_VILLAGE):
        assert place.opened(code) == back
        assert since(place.rang(code), back) == [0]


def test_a_hold_that_was_not_over_keeps_its_rest(town: Callable[..., Any]) -> None:
    """Down for a minute and a half from the tenth second: the counties at once, the townships at second 180 as planned."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.play(seconds=10)
    back = stop(place, 1.5)
    place.play(seconds=300)
    assert place.opened(RED_COUNTY) == back == 100
    assert place.opened("141121100") == 180
    assert min(place.rang(RED_VILLAGE)) == 300


@pytest.mark.parametrize("minutes", [10, 120])
def test_who_was_never_called_is_listed_and_called_at_once(town: Callable[..., Any], minutes: int) -> None:
    """One line only, the village had been waiting for it: 未呼 on the list in the first second, and its phone rings."""
    place = town(counties=1, townships=1, villages=1, lines=1)
    place.warning(RED_CITY)
    place.act(Act.OPEN_GATE)
    place.play(seconds=2)
    assert place.rang(RED_VILLAGE) == []
    back = stop(place, minutes)
    above = place.query("SELECT u.code FROM callee c JOIN unit u ON u.id = c.unit_id WHERE u.code <> ?", RED_VILLAGE)
    for (code,) in above:  # they would have the line first
        place.act(Act.WAIVE, unit=str(code))
    place.play(seconds=1)
    assert place.state(RED_VILLAGE) is CalleeState.UNCALLED
    place.play(seconds=60)
    assert since(place.rang(RED_VILLAGE), back)[0] < 3
    assert place.state(RED_VILLAGE) is CalleeState.UNANSWERED


def test_an_orange_village_never_called_gets_its_call_after_two_hours(town: Callable[..., Any]) -> None:
    """Two hours of voice are two hours of calling: a first call that was due and could not be made is still made."""
    place = town(counties=1, townships=1, villages=1)
    place.take_in(place.message(ORANGE, geocode=f"{RED_COUNTY}000000"))
    place.act(Act.OPEN_GATE)
    place.play(seconds=60)
    assert place.rang(RED_VILLAGE) == []
    back = stop(place, 180)
    place.play(seconds=120)
    assert len(since(place.rang(RED_VILLAGE, A), back)) == 1
    assert len(since(place.rang(RED_VILLAGE, B), back)) == 1
    place.play(seconds=3 * HOUR)
    assert len(place.rang(RED_VILLAGE)) == 2


def test_the_duty_rooms_slow_track_is_one_call_too(town: Callable[..., Any]) -> None:
    """值班已应答, A on slow calls: down for two hours, A is called once, the duty room not at all."""
    place = town(counties=1, townships=1)
    place.person(RED_COUNTY, DUTY, VoiceHabit.ANSWERS, VoiceHabit.NEVER)
    place.warning(RED_CITY)
    place.play(seconds=300)
    assert place.state(RED_COUNTY) is CalleeState.DUTY_ANSWERED
    back = stop(place, 120)
    place.play(seconds=500)
    assert len(since(place.rang(RED_COUNTY, A), back)) == 1
    assert since(place.rang(RED_COUNTY, B, DUTY), back) == []


def test_a_machine_that_slept_is_a_machine_that_was_down(town: Callable[..., Any]) -> None:
    """No restart, no recovery: the lid was shut for half an hour, and the first turn does the same."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.play(seconds=340)
    back = stop(place, 30, crash=False)
    place.play(seconds=110)
    assert len(since(place.rang(RED_VILLAGE, A), back)) == 1
    assert len(since(place.rang(RED_VILLAGE, B), back)) == 1
    assert [one for one in place.journal_entries() if one["k"] == "clock.stepped"] == []


# --- pauses and validity ----------------------------------------------------------------------------------


def test_a_pause_that_ended_meanwhile(town: Callable[..., Any]) -> None:
    """It ends now, with its alarm, and everybody overdue is called once."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.play(seconds=340)
    place.act(Act.PAUSE)
    back = stop(place, 120)
    place.play(seconds=110)
    assert place.callout_state() is CallOutState.RUNNING
    assert place.alarms().count("pause_over") == 1
    assert len(since(place.rang(RED_VILLAGE, A), back)) == 1
    assert len(since(place.rang(RED_VILLAGE, B), back)) == 1


def test_a_pause_and_the_validity_ended_meanwhile(town: Callable[..., Any]) -> None:
    """Both are over: 待解除, nobody rings, no gate opens in between, the officer is asked."""
    place = town(counties=1, townships=1)
    place.take_in(place.message(RED_CITY, expires=iso_text(place.clock.now() + 60 * MINUTE)))
    place.play(seconds=100)
    place.act(Act.PAUSE)
    back = stop(place, 120)
    place.play(seconds=HOUR - 60)
    assert place.callout_state() is CallOutState.AWAITING_LIFT
    assert place.opened(RED_VILLAGE) is None
    assert [at for unit in place.units for at in since(place.rang(unit.code), back)] == []
    assert place.alarms().count("awaiting_lift") == 2
    said = place.alarm_texts("awaiting_lift")
    assert "未开闸、从未呼叫：3" in said[0], "township and two villages: nobody has told them, and the officer reads it"


def test_leases_of_the_last_second_are_repeated_once(town: Callable[..., Any]) -> None:
    """Killed between claim and commit, down for two hours: repeated once, marked, then the ladder (promise 4)."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.play(seconds=299)
    place.clock.advance_to(place.clock.now() + SECOND)
    place.stage.round()
    back = stop(place, 120)
    place.play(seconds=110)
    calls = place.dispatches(RED_VILLAGE, A)
    assert [one.possible_duplicate for one in calls] == [False, True]
    assert len(since(place.rang(RED_VILLAGE, B), back)) == 1
    assert place.network.handed_twice == []
