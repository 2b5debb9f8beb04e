"""The validity ends and nobody has lifted the warning: voice stops, nothing else does, and an officer is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.clock import iso_text
from warning_dispatch.engine.acts import Act
from warning_dispatch.errors import RefusedError
from warning_dispatch.model.states import CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import Role
from warning_dispatch.simulation.population import VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
ORANGE = "12379-orange-rain-counties.xml"
COUNTY, VILLAGE, NEIGHBOUR = "141121", "141121100200", "141121100201"
A, B = Role.PRIMARY, Role.DEPUTY
MINUTE, HOUR = 60, 3_600
S = CallOutState


def warned(town: Callable[..., Any], colour: str, hours: float | None = None) -> Any:
    """A warning over one county; valid for so many hours by its text, or without an end. Nobody answers."""
    place = town(counties=1, townships=1, villages=2)
    sample = RED_CITY if colour == "red" else ORANGE
    fields = {"geocode": f"{COUNTY}000000"}
    if hours is not None:
        fields["expires"] = iso_text(place.clock.now() + int(hours * HOUR * 1_000))
    place.take_in(place.message(sample, **fields))
    return place


def everybody_rang(place: Any) -> list[float]:
    """Every call of the night."""
    return sorted(at for unit in place.units if unit.callable for at in place.rang(unit.code))


def asked(place: Any) -> list[float]:
    """When (seconds after the start) the officer was asked."""
    rows = place.query("SELECT at FROM alarm WHERE kind = 'awaiting_lift' ORDER BY at")
    began = int(place.query("SELECT started_at FROM callout WHERE id = 1")[0][0])
    return [(int(at) - began) / 1_000 for (at,) in rows]


CASES = [
    pytest.param("red", None, 6, True, id="red, guessed"),
    pytest.param("orange", None, 12, True, id="orange, guessed"),
    pytest.param("red", 2, 2, False, id="red, by its text"),
    pytest.param("orange", 1, 1, False, id="orange, by its text"),
]


@pytest.mark.parametrize(("colour", "named", "hours", "guessed"), CASES)
def test_at_the_limit_voice_stops_and_the_officer_is_asked(
    town: Callable[..., Any], colour: str, named: float | None, hours: float, guessed: bool
) -> None:
    """待解除 to the second, again every half hour, and not one call more; the record says whether the end was a guess."""
    place = warned(town, colour, named)
    place.play(seconds=hours * HOUR - 1)
    assert place.callout_state() is S.RUNNING
    assert asked(place) == []
    place.play(seconds=2)
    assert place.callout_state() is S.AWAITING_LIFT
    place.play(seconds=100 * MINUTE)
    assert asked(place) == pytest.approx([hours * HOUR + 30 * MINUTE * n for n in range(4)], abs=1)
    assert max(everybody_rang(place)) < hours * HOUR
    why = [one["why"] for one in place.journal_entries() if one["k"] == "callout"]
    assert why == ["guessed_validity" if guessed else "expires"]


def test_lists_and_links_stay(town: Callable[..., Any]) -> None:
    """Everybody who has not answered stands on the list; a tap, a reply and a recorded answer count, hours later."""
    place = warned(town, "red", 1)
    place.play(seconds=5 * HOUR)
    assert place.state(VILLAGE) is place.state(NEIGHBOUR) is CalleeState.UNANSWERED
    assert place.tap(place.token_for(VILLAGE, A)) == 1
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert place.reply(NEIGHBOUR, B, "收到") == 1
    assert place.state(NEIGHBOUR) is CalleeState.ACKNOWLEDGED
    place.record_answer("141121100", means=Means.SUPERIOR)
    assert place.state("141121100") is CalleeState.ACKNOWLEDGED


def test_when_all_have_answered_it_is_complete(town: Callable[..., Any]) -> None:
    """The last answer ends the asking."""
    place = warned(town, "red", 1)
    place.play(seconds=HOUR + MINUTE)
    open_units = place.query(
        "SELECT u.code FROM callee c JOIN unit u ON u.id = c.unit_id WHERE c.state NOT IN (8, 9, 10, 11, 12)"
    )
    for (code,) in open_units:
        place.record_answer(str(code))
    assert place.callout_state() is S.COMPLETE
    place.play(seconds=2 * HOUR)
    assert len(asked(place)) == 1


def test_whoever_listens_at_the_limit_may_press_the_key(town: Callable[..., Any]) -> None:
    """The village's phone began to ring at 300 s, the validity ends at 303: the call is not cut off, its key counts."""
    place = warned(town, "red", 303 / HOUR)
    place.person(VILLAGE, A, VoiceHabit.ANSWERS)
    place.play(seconds=304)
    assert place.callout_state() is S.AWAITING_LIFT
    assert place.state(VILLAGE) is not CalleeState.ACKNOWLEDGED
    place.play(seconds=60)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert place.answers(VILLAGE) == [(Means.KEY, True)]
    assert place.rang(VILLAGE) == [300]


# --- what an officer, or the forecaster, does about it ------------------------------------------------------


def test_an_update_extends_it(town: Callable[..., Any]) -> None:
    """Back to 进行中: who has not answered is called once now and then by the ladder; the asking stops."""
    place = warned(town, "red", 1)
    place.play(seconds=90 * MINUTE)
    assert place.callout_state() is S.AWAITING_LIFT
    rings = len(place.rang(VILLAGE, A))
    reference = f"14110041600000,{place.identifier()},{iso_text(int(place.query('SELECT sent FROM alert')[0][0]))}"
    extended = place.message(
        RED_CITY,
        geocode=f"{COUNTY}000000",
        msgType="Update",
        references=reference,
        expires=iso_text(place.clock.now() + 2 * HOUR * 1_000),
    )
    assert place.take_in(extended).callouts == (1,)
    back = place.elapsed
    assert place.callout_state() is S.RUNNING
    place.play(seconds=110)
    assert len(place.rang(VILLAGE, A)) == rings + 1
    assert len([at for at in place.rang(VILLAGE, B) if at >= back]) == 1
    times_asked = len(asked(place))
    place.play(seconds=100 * MINUTE)
    assert len(asked(place)) == times_asked
    assert len(place.rang(VILLAGE, A)) > rings + 1
    place.play(seconds=HOUR)
    assert place.callout_state() is S.AWAITING_LIFT
    assert len(asked(place)) > times_asked


@pytest.mark.parametrize(("act", "state"), [(Act.CANCEL, S.CANCELLED), (Act.CLOSE, S.CLOSED)])
def test_an_officer_ends_it(town: Callable[..., Any], act: Act, state: CallOutState) -> None:
    """Lifted or closed: nobody is asked again; after a lifting those who had been contacted are told so."""
    place = warned(town, "red", 1)
    place.play(seconds=HOUR + MINUTE)
    place.act(act)
    assert place.callout_state() is state
    place.play(seconds=2 * HOUR)
    assert len(asked(place)) == 1
    told = [purpose for _, _, purpose in place.texts_to(VILLAGE) if purpose == Purpose.ALL_CLEAR]
    assert len(told) == (2 if act is Act.CANCEL else 0)


@pytest.mark.parametrize("act", [Act.PAUSE, Act.RESUME])
def test_there_is_nothing_to_pause_or_resume(town: Callable[..., Any], act: Act) -> None:
    """Refused with the reason, nothing changes, and the officer is asked again in time."""
    place = warned(town, "red", 1)
    place.play(seconds=HOUR + MINUTE)
    with pytest.raises(RefusedError):
        place.act(act)
    assert place.callout_state() is S.AWAITING_LIFT
    place.play(seconds=HOUR)
    assert len(asked(place)) == 3


def test_a_gate_that_an_officer_opens_afterwards_is_written_to(town: Callable[..., Any]) -> None:
    """Nobody rings, two messages go out, and the unit is listed at once."""
    place = warned(town, "red", 0.05)
    place.play(seconds=10 * MINUTE)
    assert place.opened(VILLAGE) is None
    place.act(Act.OPEN_GATE)
    place.play(seconds=MINUTE)
    assert place.rang(VILLAGE) == []
    assert len(place.written(VILLAGE, A, B)) == 2
    place.play(seconds=11 * MINUTE)
    assert place.state(VILLAGE) is CalleeState.UNCALLED
    assert place.rang(VILLAGE) == []


# --- a pause, a restart, across the limit -------------------------------------------------------------------


@pytest.mark.parametrize("resumed", [True, False])
def test_a_pause_across_the_limit(town: Callable[..., Any], resumed: bool) -> None:
    """Paused two minutes before it: whether it is resumed or ends by itself, it ends in 待解除 and nobody rings."""
    place = warned(town, "red", 1)
    place.play(seconds=HOUR - 2 * MINUTE)
    place.act(Act.PAUSE)
    paused = place.elapsed
    place.play(seconds=5 * MINUTE)
    assert place.callout_state() is S.PAUSED
    if resumed:
        place.act(Act.RESUME)
    else:
        place.play(seconds=6 * MINUTE)
    assert place.callout_state() is S.AWAITING_LIFT
    place.play(seconds=HOUR)
    assert [at for at in everybody_rang(place) if at >= paused] == []
    assert len(asked(place)) >= 2
    assert place.state(VILLAGE) is CalleeState.UNANSWERED


def test_a_restart_goes_on_asking(town: Callable[..., Any]) -> None:
    """The next reminder is a row."""
    place = warned(town, "red", 1)
    place.play(seconds=HOUR + 10 * MINUTE)
    place.restart(phones_lost=True)
    place.play(seconds=25 * MINUTE)
    assert len(asked(place)) == 2
    assert place.tap(place.token_for(VILLAGE, A)) == 1
