"""Who answers for a unit: the duty room for an office, only A or B for a village."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.engine.acts import Act
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import Role
from warning_dispatch.simulation.population import VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
COUNTY = "141121"
VILLAGE = "141121100200"
TEN_MINUTES = 600


@pytest.fixture
def answered(town: Callable[..., Any]) -> Any:
    """A county whose duty room has pressed 1."""
    place = town(counties=1, townships=1, villages=1)
    place.person(COUNTY, Role.DUTY, VoiceHabit.ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=120)
    assert place.state(COUNTY) is CalleeState.DUTY_ANSWERED
    return place


def moment_of_answer(place: Any) -> float:
    """When the duty room pressed 1, in seconds after the start."""
    at = place.query("SELECT answered_at FROM callee WHERE id = ?", place.callee_id(COUNTY))[0][0]
    start = place.query("SELECT started_at FROM callout")[0][0]
    return (at - start) / 1_000


def test_the_duty_rooms_answer_opens_the_gate(answered: Any) -> None:
    """What waits below the office opens at that moment."""
    assert answered.opened(f"{COUNTY}100") == moment_of_answer(answered)
    assert answered.opened_by(f"{COUNTY}100") == "superior_answered"


def test_the_fast_ladder_ends_and_a_stays_on_slow_calls(answered: Any) -> None:
    """No call at 45 or 105 s any more; A after 10, then every 20 min; B and the duty room are left in peace."""
    answered.play(seconds=3_400)
    at = moment_of_answer(answered)
    slow = [moment for moment in answered.rings(COUNTY, Role.PRIMARY) if moment > at]
    assert slow == pytest.approx([at + TEN_MINUTES, at + 3 * TEN_MINUTES, at + 5 * TEN_MINUTES], abs=1)
    assert [moment for moment in answered.rings(COUNTY, Role.DUTY) if moment > at] == []
    assert [moment for moment in answered.rings(COUNTY, Role.DEPUTY) if moment > at] == []


def test_a_and_b_are_still_written_to(answered: Any) -> None:
    """The messages of the first rung go out although the duty room was quick."""
    assert {role for _, role, _ in answered.texts_to(COUNTY)} == {Role.PRIMARY, Role.DEPUTY}


def test_slow_calls_end_when_a_answers(answered: Any) -> None:
    """A presses 1 on the slow call: the unit has answered."""
    answered.person(COUNTY, Role.PRIMARY, VoiceHabit.ANSWERS)
    answered.play(seconds=800)
    assert answered.state(COUNTY) is CalleeState.ACKNOWLEDGED
    rings = len(answered.rings(COUNTY))
    answered.play(seconds=3_600)
    assert len(answered.rings(COUNTY)) == rings


def test_slow_calls_end_when_the_deputy_taps_the_link(answered: Any) -> None:
    """B answers for the office as well."""
    answered.tap(answered.token_for(COUNTY, Role.DEPUTY))
    assert answered.state(COUNTY) is CalleeState.ACKNOWLEDGED


def test_slow_calls_end_when_the_duty_room_has_told_its_leader(answered: Any) -> None:
    """已报告带班领导, recorded with actor and reason."""
    rings = len(answered.rings(COUNTY, Role.PRIMARY))
    answered.act(Act.TOLD_LEADER, unit=COUNTY, reason="已报告带班领导")
    assert answered.state(COUNTY) is CalleeState.ACKNOWLEDGED
    answered.play(seconds=3_600)
    assert len(answered.rings(COUNTY, Role.PRIMARY)) == rings


def test_the_duty_room_answering_twice_changes_nothing(answered: Any) -> None:
    """A second record of the same room does not restart the slow calls."""
    before = answered.query("SELECT state, origin, next_at FROM callee WHERE id = ?", answered.callee_id(COUNTY))
    answered.tap(answered.token_for(COUNTY, Role.DUTY))
    after = answered.query("SELECT state, origin, next_at FROM callee WHERE id = ?", answered.callee_id(COUNTY))
    assert before == after


@pytest.fixture
def relayed(town: Callable[..., Any]) -> Any:
    """A village whose clerk has confirmed; A and B are silent."""
    place = town(counties=1, townships=1, villages=1, clerks=[VILLAGE])
    place.warning(RED_CITY)
    place.play(seconds=330)
    place.tap(place.token_for(VILLAGE, Role.DUTY))
    return place


def test_a_clerk_does_not_answer_for_a_village(relayed: Any) -> None:
    """已转告: known, still open, and it counts as answered nowhere."""
    assert relayed.state(VILLAGE) is CalleeState.RELAYED
    assert relayed.answers(VILLAGE) == [(Means.LINK, False)]


def test_the_village_goes_on_being_called(relayed: Any) -> None:
    """A at 120 s and B at 180 s after the gate as if nothing had been said; 未应答 after 10 min."""
    relayed.play(seconds=600)
    assert relayed.rings(VILLAGE, Role.PRIMARY) == [300, 420, 600]
    assert relayed.rings(VILLAGE, Role.DEPUTY) == [480, 720]
    assert relayed.state(VILLAGE) is CalleeState.UNANSWERED


def test_the_village_ends_when_somebody_records_it(relayed: Any) -> None:
    """代报: the township told the village head in person and records it, village by village."""
    relayed.record_answer(VILLAGE, means=Means.SUPERIOR)
    assert relayed.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert relayed.answers(VILLAGE)[-1] == (Means.SUPERIOR, True)
