"""Orange becomes red: an upgrade must never reach villages later than the orange would have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from warning_dispatch.model.states import CallOutState
from warning_dispatch.model.unit import Role

VILLAGE = "141123100200"


def test_branches_that_were_open_open_at_once_in_the_new_round(town: Callable[..., Any]) -> None:
    """The orange had reached the villages (15 min, nobody above answering); the red rings them now, not in 5 min."""
    place = town(counties=4)
    orange = place.message("12379-orange-rain-counties.xml")
    identifier = orange.decode().split("<identifier>")[1].split("<")[0]
    place.take_in(orange)
    place.play(seconds=905)
    assert place.opened(VILLAGE) == 900
    red = place.take_in(place.message("12379-red-rain-counties.xml", references=identifier))
    assert red.callouts == (2,)
    assert place.callout_state(1) is CallOutState.SUPERSEDED
    began = place.elapsed
    place.play(seconds=30)
    assert place.opened(VILLAGE, 2) == began
    assert any(began <= moment <= began + 30 for moment in place.rings(VILLAGE, Role.PRIMARY))


def test_branches_that_were_shut_wait_for_their_gate(town: Callable[..., Any]) -> None:
    """Two minutes into the orange nothing below the leaders was open: the red runs by its own, shorter holds."""
    place = town(counties=4)
    orange = place.message("12379-orange-rain-counties.xml")
    identifier = orange.decode().split("<identifier>")[1].split("<")[0]
    place.take_in(orange)
    place.play(seconds=120)
    place.take_in(place.message("12379-red-rain-counties.xml", references=identifier))
    began = place.elapsed
    place.play(seconds=310)
    assert place.opened(VILLAGE, 2) == began + 300
