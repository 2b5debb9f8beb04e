"""Somebody sets the clock in mid call-out: nobody is called early, nobody is forgotten, there is no burst.

The carrier keeps its own time. What it has seen of a night in which our wall clock was set forward and back must be
what it saw of the same night without: the same phones at the same real moments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from warning_dispatch.clock import iso_text
from warning_dispatch.configuration import Configuration
from warning_dispatch.engine.acts import Act
from warning_dispatch.model.states import BranchState, CalleeState, CallOutState
from warning_dispatch.model.unit import Role
from warning_dispatch.simulation.population import Population, VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
ORANGE = "12379-orange-rain-counties.xml"
COUNTY, OTHER = "141121", "141122"
VILLAGE = "141121100200"
A, B, DUTY = Role.PRIMARY, Role.DEPUTY, Role.DUTY
HOUR = 3_600
STEPS = [60, -60, 1_440, -1_440]
SECOND = 1_000
MINUTE = 60_000


def night(place: Any, parts: Sequence[tuple[float, float]]) -> list[tuple[object, ...]]:
    """A red warning; (seconds of night, then the clock set by so many minutes) …; what the carrier saw."""
    place.warning(RED_CITY)
    for seconds, minutes in parts:
        place.play(seconds=seconds)
        if minutes:
            place.set_clock(minutes)
    return [(one.at, one.attempt_id, one.channel, one.what, one.possible_duplicate) for one in place.log.records()]


@pytest.mark.parametrize("by", STEPS)
@pytest.mark.parametrize("after", [30, 140, 302, 700])
def test_the_carrier_sees_the_same_night(town: Callable[..., Any], by: int, after: int) -> None:
    """Set before a gate, between two, while the villages ring, in the repeats: not a call earlier, later, more or fewer."""

    def build() -> Any:
        return town(population=Population(), lines=6, spare_route=True, sms_rate=60)

    quiet = night(build(), [(after, 0), (2 * HOUR, 0)])
    place = build()
    assert night(place, [(after, by), (2 * HOUR, 0)]) == quiet
    assert len(quiet) > 100
    assert [one["by"] for one in place.journal_entries() if one["k"] == "clock.stepped"] == [by * MINUTE]
    assert [one["by"] for one in place.journal_entries("system") if one["k"] == "clock.stepped"] == [by * MINUTE]


def test_a_clock_that_is_set_again_and_again(town: Callable[..., Any]) -> None:
    """Forward, back, a little, a lot: twelve times in one night, and the carrier never knows."""
    steps = [60, -60, 0.6, 0.6, -30, 1_440, -1_410, 5, -5, 0.4, 0.4, -600]
    quiet = night(town(population=Population(), lines=6), [(300, 0)] * len(steps))
    stepped = night(town(population=Population(), lines=6), [(300, by) for by in steps])
    assert stepped == quiet


@pytest.mark.parametrize("by", [60, -60])
def test_gates_open_after_the_same_real_time(town: Callable[..., Any], by: int) -> None:
    """Leaders 60 s, counties 120 s, townships 120 s: the village rings five minutes after the message, as promised."""
    place = town()
    place.warning(RED_CITY)
    place.play(seconds=30)
    place.set_clock(by)
    place.play(seconds=100)
    place.set_clock(-by)
    place.play(seconds=300)
    assert min(place.rang(COUNTY)) == 60
    assert min(place.rang(VILLAGE)) == 300


@pytest.mark.parametrize("by", [60, -60])
def test_a_retry_keeps_its_gap(town: Callable[..., Any], by: int) -> None:
    """A number that was off is tried again after five minutes, one called empty after ten, whatever the clock says."""
    place = town(counties=1, townships=1, villages=2)
    second = "141121100201"
    place.person(VILLAGE, A, VoiceHabit.SWITCHED_OFF, VoiceHabit.NEVER)
    place.person(second, A, VoiceHabit.EMPTY, VoiceHabit.NEVER)
    place.warning(RED_CITY)
    place.play(seconds=320)
    place.set_clock(by)
    place.play(seconds=700)
    off, empty = place.rang(VILLAGE, A), place.rang(second, A)
    assert 300 <= off[1] - off[0] < 360
    assert 600 <= empty[1] - empty[0] < 660


@pytest.mark.parametrize("by", [60, -60])
def test_a_pause_lasts_its_ten_minutes(town: Callable[..., Any], by: int) -> None:
    """It ends by itself after ten real minutes, with its alarm."""
    place = town()
    place.warning(RED_CITY)
    place.play(seconds=10)
    place.act(Act.PAUSE)
    place.play(seconds=60)
    place.set_clock(by)
    place.play(seconds=530)
    assert place.callout_state() is CallOutState.PAUSED
    place.play(seconds=20)
    assert place.callout_state() is CallOutState.RUNNING
    assert "pause_over" in place.alarms()


# --- validity ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [60, -60])
def test_a_guessed_validity_is_six_real_hours(town: Callable[..., Any], by: int) -> None:
    """It is our interval, so it moves along."""
    place = town(counties=1, townships=1, villages=1)
    place.warning(RED_CITY)
    place.play(seconds=HOUR)
    place.set_clock(by)
    place.play(seconds=5 * HOUR - 60)
    assert place.callout_state() is CallOutState.RUNNING
    place.play(seconds=120)
    assert place.callout_state() is CallOutState.AWAITING_LIFT


def test_an_end_that_the_message_names_is_wall_time(town: Callable[..., Any]) -> None:
    """Valid for two hours by its text; the clock was an hour slow: it is over after one real hour."""
    place = town(counties=1, townships=1, villages=1)
    place.take_in(place.message(RED_CITY, expires=iso_text(place.clock.now() + 120 * MINUTE)))
    place.play(seconds=600)
    place.set_clock(60)
    place.play(seconds=HOUR - 700)
    assert place.callout_state() is CallOutState.RUNNING
    place.play(seconds=200)
    assert place.callout_state() is CallOutState.AWAITING_LIFT
    assert max(place.rang(VILLAGE)) < HOUR


def test_a_clock_that_was_fast_ended_a_warning_too_early(town: Callable[..., Any]) -> None:
    """Set right, it shows that the warning still stands: the calls go on, and the record says why."""
    place = town(counties=1, townships=1, villages=1)
    place.take_in(place.message(RED_CITY, expires=iso_text(place.clock.now() + 120 * MINUTE)))
    place.play(seconds=2 * HOUR + 60)
    assert place.callout_state() is CallOutState.AWAITING_LIFT
    rings = len(place.rang(VILLAGE))
    place.set_clock(-60)
    assert place.callout_state() is CallOutState.RUNNING
    place.play(seconds=40 * 60)
    assert len(place.rang(VILLAGE)) > rings
    place.play(seconds=HOUR)
    assert place.callout_state() is CallOutState.AWAITING_LIFT


# --- over a restart ---------------------------------------------------------------------------------------


def test_a_clock_set_back_while_we_were_down(town: Callable[..., Any]) -> None:
    """The deadlines go back with it: the gates open as if we had not been down at all, not an hour late."""
    place = town()
    place.warning(RED_CITY)
    for _ in range(6):  # the daemon turns every second and writes the clock's reading down every ten
        place.play(seconds=5)
    place.clock.advance_to(place.clock.now() + 20 * SECOND)
    place.clock.step(-60 * MINUTE)
    place.restart(phones_lost=True)
    place.play(seconds=600)
    assert min(place.rang(COUNTY)) == pytest.approx(80, abs=11)
    assert min(place.rang(VILLAGE)) == pytest.approx(320, abs=11)
    assert [one["k"] for one in place.journal_entries() if one["k"] == "clock.stepped"] == ["clock.stepped"]


def test_a_clock_set_forward_while_we_were_down_is_a_stop(town: Callable[..., Any]) -> None:
    """Nothing can tell the two apart: what is overdue opens and is called, once and without a burst."""
    place = town(counties=1, townships=1, villages=1)
    place.warning(RED_CITY)
    place.play(seconds=310)
    calls = len(place.rang(VILLAGE))
    place.clock.advance_to(place.clock.now() + MINUTE)
    place.clock.step(60 * MINUTE)
    place.restart(phones_lost=True)
    place.play(seconds=100)
    assert len(place.rang(VILLAGE, A)) + len(place.rang(VILLAGE, B)) <= calls + 2
    assert [one for one in place.journal_entries() if one["k"] == "clock.stepped"] == []


def test_the_strict_gate_with_a_crash_a_long_stop_and_a_clock_step(
    town: Callable[..., Any], configuration: Configuration
) -> None:
    """Under hold "never" a gate opens by an answer and by nothing else, whatever happens to the process and the clock.

    1. The leaders are silent; the process is killed in mid call and stays down for three hours, in which somebody
    sets the clock back by one. 2. Still shut; each leader is called once, not the missed burst. 3. A leader answers:
    the counties open at once. 4. Killed again, down for an hour, and then the clock is set forward by two. 5. One
    county answers: its own township opens at once, the other's stays shut, and its village waits for the township.
    """
    chain = replace(configuration.chain("strict"), triggers=configuration.chain("city").triggers)
    place = town(chains=[chain], townships=1, villages=1)
    place.warning(RED_CITY)
    place.play(seconds=400)
    called = len(place.rang("1411-L1"))
    place.restart(phones_lost=True)
    place.clock.advance_to(place.clock.now() + 180 * MINUTE)
    place.clock.step(-60 * MINUTE)
    place.restart(phones_lost=True)
    back = place.elapsed
    place.play(seconds=300)
    assert place.opened(COUNTY) is None
    assert place.rang(COUNTY) == []
    again = [at for at in place.rang("1411-L1") if at >= back]
    assert called >= 2
    assert 1 <= len(again) <= 2, "A and B once each at most: one attempt a person, not the burst of three hours"
    assert place.state("1411-L1") is CalleeState.UNANSWERED
    place.play(seconds=30 * 60)
    assert max(place.rang("1411-L1")) > back + 600, "strict does not mean forgotten"

    place.record_answer("1411-L2")
    assert place.opened_by(COUNTY) == place.opened_by(OTHER) == "tier_answered"
    place.play(seconds=5)
    assert place.rang(COUNTY) != []
    place.restart(phones_lost=True)
    place.clock.advance_to(place.clock.now() + 60 * MINUTE)
    place.restart(phones_lost=True)
    place.play(seconds=20)
    place.set_clock(120)
    place.play(seconds=600)
    assert place.opened(f"{COUNTY}100") is None
    assert place.state(OTHER) is CalleeState.UNANSWERED

    place.record_answer(COUNTY)
    assert place.opened_by(f"{COUNTY}100") == "superior_answered"
    place.play(seconds=2 * HOUR)
    assert place.opened(f"{OTHER}100") is None
    assert place.rang(f"{OTHER}100") == []
    assert place.rang(f"{COUNTY}100") != []
    assert place.rang(f"{COUNTY}100200") == []
    shut = place.query("SELECT count(*) FROM branch WHERE state = ? AND gate_at IS NOT NULL", BranchState.WAITING.value)
    assert shut == [(0,)], "no gate of a strict chain has a deadline, so no clock can open one"
    assert place.network.handed_twice == []
