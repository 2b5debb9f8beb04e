"""A village that never answers is called, listed, called again, and never forgotten."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from warning_dispatch.engine.dialling_budget import CallLimits
from warning_dispatch.escalation.budgets import per_number
from warning_dispatch.model.states import CalleeState, CallOutState
from warning_dispatch.model.unit import Role

RED_CITY = "12379-red-rain-city.xml"
VILLAGE = "141121100200"
OPENED = 300
"""Seconds after the start: the village's gate opens by the holds above it."""
HOUR = 3_600


@pytest.fixture
def place(town: Callable[..., Any]) -> Any:
    """One village; nobody anywhere answers, and nothing but the ladder and the provider's budget bounds a night."""
    limits = CallLimits({"phones": per_number()})
    place = town(counties=1, townships=1, villages=1, limits=limits)
    place.warning(RED_CITY)
    return place


def since_opening(moments: list[float]) -> list[float]:
    """Seconds after the village's gate opened."""
    return [moment - OPENED for moment in moments]


def test_the_ladder_of_a_red_night(place: Any) -> None:
    """A at 0, 120 and 300 s, B at 180 and 420 s: three calls in five minutes, five in seven."""
    place.play(seconds=OPENED + 900)
    assert since_opening(place.rings(VILLAGE, Role.PRIMARY)) == [0, 120, 300]
    assert since_opening(place.rings(VILLAGE, Role.DEPUTY)) == [180, 420]
    assert [(at - OPENED, role) for at, role, _ in place.texts_to(VILLAGE)] == [(0, Role.PRIMARY), (0, Role.DEPUTY)]


def test_after_ten_minutes_it_is_on_the_list(place: Any) -> None:
    """未应答 at 600 s, not a second before; it stays open."""
    place.play(seconds=OPENED + 599)
    assert place.state(VILLAGE) is CalleeState.CALLING
    place.play(seconds=1)
    assert place.state(VILLAGE) is CalleeState.UNANSWERED
    assert place.query("SELECT unreached FROM branch WHERE tier = 4") == [(1,)]


def test_it_is_called_again_every_twenty_minutes_and_never_forgotten(place: Any) -> None:
    """For the six hours of the warning: A, a minute later B, and both get an SMS each time (promise 1)."""
    place.play(seconds=6 * HOUR - 60)
    calls = [at for at in place.rings(VILLAGE, Role.PRIMARY) if at > OPENED + 420]
    assert len(calls) == 17
    assert {later - before for before, later in pairwise(calls)} == {20 * 60}
    assert calls[0] == OPENED + 420 + 20 * 60
    deputies = [at for at in place.rings(VILLAGE, Role.DEPUTY) if at > OPENED + 420]
    assert deputies == [at + 60 for at in calls]
    assert {at for at, _, _ in place.texts_to(VILLAGE)} == {OPENED, *calls}
    assert place.query(
        "SELECT count(*) FROM callee WHERE id = ? AND next_at IS NOT NULL", place.callee_id(VILLAGE)
    ) == [(1,)]


def test_when_the_validity_is_over_voice_stops_and_an_officer_is_asked(place: Any) -> None:
    """A guessed validity never ends a red silently: 待解除, alarm, and a reminder every half hour."""
    place.play(seconds=6 * HOUR + 10)
    assert place.callout_state() is CallOutState.AWAITING_LIFT
    assert place.state(VILLAGE) is CalleeState.UNANSWERED
    assert place.alarms().count("awaiting_lift") == 1
    place.play(seconds=2 * HOUR)
    assert max(place.rings(VILLAGE)) < 6 * HOUR
    assert place.alarms().count("awaiting_lift") == 5
    assert place.queued() == 0


def test_an_answer_still_counts_while_lifting_is_awaited(place: Any) -> None:
    """Lists and links stay."""
    place.play(seconds=7 * HOUR)
    assert place.tap(place.token_for(VILLAGE, Role.PRIMARY)) == 1
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED


def test_an_update_takes_the_calls_up_again(place: Any) -> None:
    """The warning is extended after the limit: the village that has not answered is called anew, once."""
    place.play(seconds=7 * HOUR)
    before = len(place.rings(VILLAGE))
    result = place.take_in(place.message(RED_CITY, msgType="Update", references=place.identifier()))
    assert result.callouts == (1,)
    assert place.callout_state() is CallOutState.RUNNING
    place.play(seconds=30)
    assert len(place.rings(VILLAGE)) == before + 1


def test_a_given_end_is_the_limit(town: Callable[..., Any]) -> None:
    """When the message says until when, voice stops then and not after the guess."""
    place = town(counties=1, townships=1, villages=1)
    place.take_in(place.message(RED_CITY, expires="2026-07-22 23:33:00+08:00"))
    place.play(seconds=4 * HOUR)
    assert place.callout_state() is CallOutState.AWAITING_LIFT
    assert max(place.rings(VILLAGE)) < 2 * HOUR
