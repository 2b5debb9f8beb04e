"""From the county down each branch has its own gate: a quick county does not wait for a silent one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.unit import Role
from warning_dispatch.simulation.population import VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
QUICK, SILENT = "141121", "141122"


def test_the_quick_countys_townships_are_called_while_the_other_is_silent(town: Callable[..., Any]) -> None:
    """When one county answers its townships are called at once; the other's wait for its hold, 120 s after it opened."""
    place = town()
    place.person(QUICK, Role.DUTY, VoiceHabit.ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=200)
    assert place.opened(QUICK) == place.opened(SILENT) == 60
    for township in (f"{QUICK}100", f"{QUICK}101"):
        assert 60 < place.opened(township) < 120
        assert place.opened_by(township) == "superior_answered"
    for township in (f"{SILENT}100", f"{SILENT}101"):
        assert place.opened(township) == 180
        assert place.opened_by(township) == "hold_passed"


def test_a_quick_townships_villages_ring_before_its_neighbours(town: Callable[..., Any]) -> None:
    """The same one level further down, within one county."""
    place = town()
    place.person(QUICK, Role.DUTY, VoiceHabit.ANSWERS)
    place.person(f"{QUICK}100", Role.PRIMARY, VoiceHabit.ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=260)
    quick, slow = place.opened(f"{QUICK}100200"), place.opened(f"{QUICK}101200")
    assert place.opened_by(f"{QUICK}100200") == "superior_answered"
    assert place.opened_by(f"{QUICK}101200") == "hold_passed"
    assert quick < slow == place.opened(f"{QUICK}101") + 120


def test_the_silent_county_goes_on_being_called(town: Callable[..., Any]) -> None:
    """Its gate below is open, it is UNANSWERED after 5 min, and its ladder goes on: every 10, then 20 min."""
    place = town()
    place.warning(RED_CITY)
    place.play(seconds=2_400)
    assert place.state(SILENT) is CalleeState.UNANSWERED
    assert place.rings(SILENT, Role.DUTY) == [60, 225, 945, 2_145]
    assert place.rings(SILENT, Role.PRIMARY)[:2] == [105, 285]


def test_a_late_answer_of_the_silent_county_still_counts(town: Callable[..., Any]) -> None:
    """It leaves the list; what was opened by its hold stays open and is not opened again."""
    place = town()
    place.warning(RED_CITY)
    place.play(seconds=400)
    place.record_answer(SILENT)
    place.play(seconds=60)
    assert place.state(SILENT) is CalleeState.ACKNOWLEDGED
    assert place.opened(f"{SILENT}100") == 180
    opened = [one for one in place.journal_entries() if one["k"] == "branch.opened"]
    assert len(opened) == len({one["branch"] for one in opened})
