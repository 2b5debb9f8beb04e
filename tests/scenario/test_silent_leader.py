"""A silent leader never keeps a village asleep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.simulation.population import VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
ORANGE = "12379-orange-rain-counties.xml"


def test_villages_ring_at_the_latest_five_minutes_after_a_red_warning(town: Callable[..., Any]) -> None:
    """Nobody above answers: every gate opens by its hold, and villages ring at 60 + 120 + 120 s (promise 1)."""
    place = town()
    place.warning(RED_CITY)
    place.play(seconds=330)
    assert place.opened("141121") == 60
    assert place.opened("141121100") == 180
    assert place.opened("141121100200") == 300
    assert place.rings("141121100200", Role.PRIMARY)[0] == 300
    assert {place.opened_by(code) for code in ("141121", "141121100", "141121100200")} == {"hold_passed"}


def test_villages_ring_at_the_latest_fifteen_minutes_after_an_orange_warning(town: Callable[..., Any]) -> None:
    """The same for orange: 180 + 300 + 420 s, and the first thing that comes is an SMS."""
    place = town()
    place.take_in(place.message(ORANGE, geocode="141121000000"))
    place.play(seconds=1_090)
    assert place.opened("141121") == 180
    assert place.opened("141121100") == 480
    assert place.opened("141121100200") == 900
    assert place.rings("141121100200", Role.PRIMARY)[0] == 1_080
    assert place.texts_to("141121100200")[0][0] == 900


def test_the_leader_goes_on_being_called_after_the_hold(town: Callable[..., Any]) -> None:
    """A tier passed by its hold is not let off: duty room at 0, A at 120 s, B at 240 s, and an operator's task."""
    place = town()
    place.warning(RED_CITY)
    place.play(seconds=300)
    assert place.rings("1411-L1", Role.DUTY)[0] == 0
    assert place.rings("1411-L1", Role.PRIMARY)[0] == 120
    assert place.rings("1411-L1", Role.DEPUTY)[0] == 240
    assert place.dispatches("1411-L1", Role.PRIMARY, Channel.OPERATOR)


def test_a_leader_who_answers_opens_the_gate_at_once(town: Callable[..., Any]) -> None:
    """The leaders' tier has answered when the first has; the other goes on being called."""
    place = town()
    place.person("1411-L2", Role.DUTY, VoiceHabit.ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=58)
    assert place.state("1411-L2") is CalleeState.DUTY_ANSWERED
    assert place.opened("141121") < 60
    assert place.opened_by("141121") == "tier_answered"
    assert place.opened_by("1411-water") == "tier_answered"
    assert place.state("1411-L1") is CalleeState.CALLING
