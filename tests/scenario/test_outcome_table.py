"""Every row of config/outcomes.toml: what happens next to a village with an A and a B.

Red: A is called when the gate opens (second 300), then due at 120 and 300 s, B at 180 s. The outcome in question ends
A's first call five seconds after it began.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from warning_dispatch.configuration import Configuration
from warning_dispatch.model.plan import Next
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.simulation.population import VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
ORANGE = "12379-orange-rain-counties.xml"
VILLAGE = "141121100200"
OPENED = 300
A, B = Role.PRIMARY, Role.DEPUTY
ROWS = tuple(tomllib.loads((Path(__file__).parents[2] / "config" / "outcomes.toml").read_text(encoding="utf-8")))

FOLLOWS: dict[Next, tuple[list[float], list[float]]] = {
    Next.ACKNOWLEDGE: ([0], []),
    Next.HEARD: ([0, 120, 300], [180]),
    Next.NEXT_RUNG: ([0, 120, 300], [180]),
    Next.ROUTE_ONLY: ([0, 120, 300], [180]),
    Next.OTHER_ROUTE: ([0, 120, 300], [180]),
    Next.DELIVERED: ([0, 120, 300], [180]),
    Next.SAME_NUMBER: ([0, 65, 125, 300], [180]),
    Next.AGAIN: ([0, 60, 120, 300], [180]),
    Next.OTHER_ENDPOINT: ([0, 305], [5, 180]),
    Next.DOUBTFUL: ([0], [5, 180]),
    Next.PERMANENT: ([0], [5, 120, 180, 300]),
    Next.ROUTE_DOWN: ([0, 68, 128, 300], [180]),
}
"""What an outcome means → when A and when B ring in the first 310 s (seconds after the gate).

The rung of second 120 waits for the minute after a call at 65 s: a provider takes one call a minute to a number. Once A
has no number any more the village is one with a B only, and B is called on A's rungs. A route that was down is tried with
one call after a minute, somebody else's here, and the others follow when that has not come back within three seconds.
"""


def called(place: Any, seconds: float = 5) -> Any:
    """The village's A is in the first call, for so many seconds."""
    place.warning(RED_CITY)
    place.play(seconds=OPENED + seconds)
    assert place.rings(VILLAGE) == [OPENED]
    return place


@pytest.fixture
def place(town: Callable[..., Any]) -> Any:
    """One village; nobody picks up."""
    return called(town(counties=1, townships=1, villages=1))


def since_opening(moments: list[float]) -> list[float]:
    """Seconds after the village's gate opened."""
    return [moment - OPENED for moment in moments]


def test_the_table_is_complete(configuration: Configuration) -> None:
    """Each thing an outcome can mean has a row, and each row is tried below."""
    assert set(ROWS) == set(configuration.outcomes)
    assert {outcome.next for outcome in configuration.outcomes.values()} == set(FOLLOWS) == set(Next)


@pytest.mark.parametrize("outcome", ROWS)
def test_what_follows_an_outcome(place: Any, configuration: Configuration, outcome: str) -> None:
    """When A and B ring next, as the table of the design says."""
    row = configuration.outcomes[outcome]
    place.report(VILLAGE, A, outcome)
    place.play(seconds=305)
    calls_of_a, calls_of_b = FOLLOWS[row.next]
    assert since_opening(place.rings(VILLAGE, A)) == pytest.approx(calls_of_a, abs=1)
    assert since_opening(place.rings(VILLAGE, B)) == pytest.approx(calls_of_b, abs=1)


@pytest.mark.parametrize("outcome", ROWS)
def test_only_the_key_answers(place: Any, configuration: Configuration, outcome: str) -> None:
    """Promise 2: of all outcomes of a call one acknowledges."""
    place.report(VILLAGE, A, outcome)
    place.play(seconds=3)
    answered = place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert answered == (configuration.outcomes[outcome].next is Next.ACKNOWLEDGE)
    assert place.answers(VILLAGE) == ([(Means.KEY, True)] if answered else [])


@pytest.mark.parametrize("outcome", ROWS)
def test_no_outcome_of_a_message_answers(place: Any, outcome: str) -> None:
    """Promise 2: whatever a carrier reports of an SMS, even `key_pressed`, nobody has acknowledged; calls go on."""
    place.report(VILLAGE, A, outcome, channel=Channel.SMS)
    place.play(seconds=130)
    assert place.state(VILLAGE) is CalleeState.CALLING
    assert place.answers(VILLAGE) == []
    assert since_opening(place.rings(VILLAGE, A)) == [0, 120]


def test_an_outcome_nobody_knows_is_not_an_answer(place: Any) -> None:
    """A carrier's new word counts as "no report": the ladder goes on."""
    place.report(VILLAGE, A, "answered_by_fax")
    place.play(seconds=120)
    assert place.state(VILLAGE) is CalleeState.CALLING
    assert since_opening(place.rings(VILLAGE, A)) == [0, 120]


# --- heard to the end -------------------------------------------------------------------------------------


def test_heard_twice_without_a_key_is_unconfirmed(town: Callable[..., Any]) -> None:
    """接听未确认: ringing stops, the superior sees it, messages go on, a late tap counts."""
    place = town(counties=1, townships=1, villages=1)
    place.person(VILLAGE, A, VoiceHabit.HEARS)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 170)
    assert place.state(VILLAGE) is CalleeState.UNCONFIRMED
    place.play(seconds=3_600)
    assert since_opening(place.rings(VILLAGE)) == [0, 120]
    assert len(place.texts_to(VILLAGE)) > 2
    assert place.tap(place.token_for(VILLAGE, A)) == 1
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED


# --- off, empty, invalid ----------------------------------------------------------------------------------


def test_a_phone_that_is_off_is_tried_again_when_its_gap_is_over(town: Callable[..., Any]) -> None:
    """Orange, A's phone off at 180 s: B now, A again after five minutes, when B's next call has ended."""
    place = town(counties=1, townships=1, villages=1)
    place.person(VILLAGE, A, VoiceHabit.SWITCHED_OFF, VoiceHabit.ANSWERS)
    place.take_in(place.message(ORANGE, geocode="141121000000"))
    place.play(seconds=900 + 600)
    first, again = place.rings(VILLAGE, A)
    assert first == 900 + 180
    assert 300 <= again - first < 340
    assert place.rings(VILLAGE, B)[0] == pytest.approx(first, abs=6)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED


def test_a_second_number_of_the_same_person_comes_before_the_deputy(town: Callable[..., Any]) -> None:
    """Next endpoint first, then next receiver."""
    place = town(counties=1, townships=1, villages=1, second_phone=[(VILLAGE, A)])
    place.person(VILLAGE, A, VoiceHabit.SWITCHED_OFF)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 30)
    assert len(place.rings(VILLAGE, A)) == 2
    assert place.rings(VILLAGE, B) == []


@pytest.mark.parametrize("habit", [VoiceHabit.EMPTY, VoiceHabit.SUSPENDED])
def test_an_empty_number_is_believed_the_second_time(town: Callable[..., Any], habit: VoiceHabit) -> None:
    """B now, A once more ten minutes later (no rung in between counts as the second time), then never: a finding."""
    place = town(counties=1, townships=1, villages=1)
    place.person(VILLAGE, A, habit)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 590)
    assert since_opening(place.rings(VILLAGE, A)) == [0]
    assert place.findings() == []
    place.play(seconds=30)
    assert since_opening(place.rings(VILLAGE, A)) == pytest.approx([0, 603], abs=5)
    assert place.findings() == [(VILLAGE, A, place.outcomes(VILLAGE, A)[0])]
    place.play(seconds=3_600)
    assert len(place.rings(VILLAGE, A)) == 2
    assert len(place.rings(VILLAGE, B)) > 5


def test_the_second_try_of_an_empty_number_takes_another_route(town: Callable[..., Any]) -> None:
    """One network may lie; two do not."""
    place = town(counties=1, townships=1, villages=1, spare_route=True)
    place.person(VILLAGE, A, VoiceHabit.EMPTY, VoiceHabit.ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 660)
    first, second = place.dispatches(VILLAGE, A)
    assert first.route != second.route
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert place.findings() == []


def test_an_invalid_number_is_a_finding_at_once(town: Callable[..., Any]) -> None:
    """Permanent: B now, A never again, the registrar reads why."""
    place = town(counties=1, townships=1, villages=1)
    place.person(VILLAGE, A, VoiceHabit.INVALID)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 3_600)
    assert len(place.rings(VILLAGE, A)) == 1
    assert place.findings() == [(VILLAGE, A, "invalid_number")]
    assert place.rings(VILLAGE, B)[0] == pytest.approx(OPENED + 2, abs=4)


# --- busy -------------------------------------------------------------------------------------------------


def test_busy_is_the_same_number_after_a_minute(town: Callable[..., Any]) -> None:
    """The gap counts from the end of the call; the second number and B wait for their turn."""
    place = town(counties=1, townships=1, villages=1, second_phone=[(VILLAGE, A)])
    place.person(VILLAGE, A, VoiceHabit.BUSY, VoiceHabit.ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 110)
    first, second = place.dispatches(VILLAGE, A)
    assert first.address == second.address
    assert place.rings(VILLAGE, A)[1] - OPENED == pytest.approx(63, abs=3)
    assert place.rings(VILLAGE, B) == []
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED


def test_engaged_for_good_is_not_called_every_minute(town: Callable[..., Any]) -> None:
    """After one repeat the next rung comes: two calls a rung at most, five an hour, and B as ever."""
    place = town(counties=1, townships=1, villages=1)
    place.person(VILLAGE, A, VoiceHabit.BUSY)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 1_200)
    assert since_opening(place.rings(VILLAGE, A)) == pytest.approx([0, 63, 125, 200, 300], abs=20)
    assert since_opening(place.rings(VILLAGE, B)) == pytest.approx([180, 420], abs=5)


# --- the provider -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["provider_down", "credentials_refused", "balance_exhausted", "misconfigured"])
def test_a_provider_that_is_down_costs_nobody_a_turn(town: Callable[..., Any], outcome: str) -> None:
    """An alarm, nothing more is sent that way for a minute, and when it is back everybody is called."""
    place = town(counties=1, townships=1, villages=3)
    place.network.set_outage(Channel.VOICE, outcome)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 40)
    assert "route_down" in place.alarms()
    assert len(place.rings("1411-L1", Role.DUTY)) <= 1 + (OPENED + 40) / 60
    place.network.set_outage(Channel.VOICE, None)
    place.play(seconds=65)
    villages = [unit.code for unit in place.units if unit.code.startswith("141121100") and len(unit.code) == 12]
    assert all(place.dispatches(code, A) for code in villages)
    assert {place.state(code) for code in villages} == {CalleeState.CALLING}
    assert place.findings() == []


@pytest.mark.parametrize("outcome", ["provider_down", "number_limited"])
def test_another_provider_takes_the_call_at_once(town: Callable[..., Any], outcome: str) -> None:
    """With two providers the trouble of one is not heard in the village."""
    place = called(town(counties=1, townships=1, villages=1, spare_route=True))
    place.report(VILLAGE, A, outcome)
    place.play(seconds=2)
    first, second = place.dispatches(VILLAGE, A)
    assert first.route != second.route
    assert since_opening(place.rings(VILLAGE, A)) == pytest.approx([0, 5], abs=1)


def test_too_much_at_once_is_sent_again(town: Callable[..., Any]) -> None:
    """A text the carrier had no room for goes out after its gap; nobody loses it."""
    place = town(counties=1, townships=1, villages=1)
    place.network.set_outage(Channel.SMS, "temporarily_refused")
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 10)
    place.network.set_outage(Channel.SMS, None)
    place.play(seconds=120)
    arrived = [one for one in place.log.records() if one.channel is Channel.SMS and one.what == "handed"]
    assert {one.address for one in arrived} >= {
        place.log.digest(place.numbers[code, role]) for code in (VILLAGE, "141121", "1411-L1") for role in (A, B)
    }


# --- opting out -------------------------------------------------------------------------------------------


def test_who_opts_out_of_messages_is_called_all_the_same(place: Any) -> None:
    """Receiving is a duty: that SMS route only, a note for the registrar, voice goes on."""
    place.report(VILLAGE, A, "opted_out", channel=Channel.SMS)
    place.play(seconds=120)
    assert place.findings() == [(VILLAGE, A, "opted_out")]
    assert since_opening(place.rings(VILLAGE, A)) == [0, 120]
