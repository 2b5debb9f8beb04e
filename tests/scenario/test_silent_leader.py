"""A silent leader never keeps a village asleep."""

from __future__ import annotations

from collections.abc import Callable

from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.unit import Role, UnitLevel
from warning_dispatch.simulation.population import VoiceHabit

RED_CITY = "12379-red-rain-city.xml"


def test_villages_ring_at_the_latest_five_minutes_after_a_red_warning(town: Callable[..., object]) -> None:
    """Nobody above answers: every gate opens by its hold, and villages ring at 60 + 120 + 120 s (promise 1)."""
    place = town()
    place.warning(RED_CITY)
    place.play(seconds=330)
    assert place.opened("141121") == 60
    assert place.opened("141121100") == 180
    assert place.opened("141121100200") == 300
    assert place.rings("141121100200", Role.PRIMARY)[0] == 300


def test_the_leader_goes_on_being_called_after_the_hold(town: Callable[..., object]) -> None:
    """A tier passed by its hold is not let off: duty room at 0, A at 120 s, B at 240 s."""
    place = town()
    place.warning(RED_CITY)
    place.play(seconds=300)
    assert place.rings("1411-L1", Role.DUTY)[0] == 0
    assert place.rings("1411-L1", Role.PRIMARY)[0] == 120
    assert place.rings("1411-L1", Role.DEPUTY)[0] == 240


def test_a_leader_who_answers_opens_the_gate_at_once(town: Callable[..., object]) -> None:
    """The leaders' tier has answered when the first has."""
    place = town()
    place.person("1411-L2", Role.DUTY, VoiceHabit.ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=58)
    assert place.state("1411-L2") is CalleeState.DUTY_ANSWERED
    opened = place.opened("141121")
    assert opened is not None
    assert opened < 60
    assert place.state("1411-L1") is CalleeState.CALLING
    assert UnitLevel.CITY
