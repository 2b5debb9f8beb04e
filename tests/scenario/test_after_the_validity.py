"""待解除: the validity is over, nobody has lifted the warning. Voice stops; lists are complete, links count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.engine.acts import Act
from warning_dispatch.errors import RefusedError
from warning_dispatch.model.states import CalleeState, CallOutState
from warning_dispatch.model.unit import Role

VILLAGE = "141121100200"


def over_at(place: Any, seconds: int) -> None:
    """The warning's validity ends so many seconds after the start."""
    started = place.query("SELECT started_at FROM callout WHERE id = 1")[0][0]
    with place.storage.writing() as tx:
        tx.callouts.extend(1, int(started) + seconds * 1000, guessed=True)


def test_whoever_was_still_being_called_stands_on_the_list(town: Callable[..., Any]) -> None:
    """The superior's and the bureau's list names every unit that has not answered, also those cut short (promise 1)."""
    place = town()
    place.warning("12379-red-rain-city.xml")
    over_at(place, 400)
    place.play(seconds=420)
    assert place.callout_state() is CallOutState.AWAITING_LIFT
    assert place.state(VILLAGE) is CalleeState.UNANSWERED
    rings = len(place.rings(VILLAGE))
    place.play(seconds=3_600)
    assert len(place.rings(VILLAGE)) == rings


def test_a_late_answer_above_still_writes_to_those_below(town: Callable[..., Any]) -> None:
    """A gate that opens after the limit: no phone rings, but the villages are written to, and then listed."""
    place = town()
    place.warning("12379-red-rain-city.xml")
    over_at(place, 200)
    place.play(seconds=220)
    place.record_answer("141121100")
    place.play(seconds=700)
    assert [role for _, role, _ in place.texts_to(VILLAGE)] == [Role.PRIMARY, Role.DEPUTY]
    assert place.rings(VILLAGE) == []
    assert place.state(VILLAGE) is CalleeState.UNCALLED


def test_a_recall_says_that_voice_is_over(town: Callable[..., Any]) -> None:
    """An act that could do nothing is refused with the reason, and the unit stays on the list."""
    place = town()
    place.warning("12379-red-rain-city.xml")
    over_at(place, 400)
    place.play(seconds=420)
    with pytest.raises(RefusedError):
        place.act(Act.RECALL, unit=VILLAGE)
    assert place.state(VILLAGE) is CalleeState.UNANSWERED
