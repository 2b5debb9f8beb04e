"""A county under a red warning that does not answer: the bureau is told, once, and calls by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.engine.acts import Act
from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.unit import Role
from warning_dispatch.simulation.population import VoiceHabit
from warning_dispatch.web.catalogues import ENGLISH

RED_CITY = "12379-red-rain-city.xml"
RED_COUNTY = "12379-county-red-rain.xml"
ORANGE = "12379-orange-rain-counties.xml"
COUNTY, OTHER = "141121", "141122"
GATE, LIMIT = 60, 300


def silent(place: Any) -> list[str]:
    """Units the alarm names."""
    sql = "SELECT u.code FROM alarm m JOIN unit u ON u.id = m.unit_id WHERE m.kind = 'county_silent' ORDER BY m.id"
    return [str(code) for (code,) in place.query(sql)]


def test_five_minutes_after_its_gate(town: Callable[..., Any]) -> None:
    """The silent county is named, the one whose duty room answered is not; said once, however long it stays silent."""
    place = town()
    place.person(OTHER, Role.DUTY, VoiceHabit.ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=GATE + LIMIT - 1)
    assert silent(place) == []
    place.play(seconds=2)
    assert silent(place) == [COUNTY]
    place.play(seconds=3_600)
    assert silent(place) == [COUNTY]
    said = place.alarm_texts("county_silent")
    assert "人工打电话" in said[0]
    assert "by hand" in place.alarm_texts("county_silent", ENGLISH)[0]


def test_a_county_issued_warning_too(town: Callable[..., Any]) -> None:
    """The county's own duty room does not answer its own red warning."""
    place = town()
    place.take_in(place.message(RED_COUNTY, sender="14112141600000", geocode="141121000000"))
    place.play(seconds=LIMIT + 5)
    assert silent(place) == [COUNTY]


def test_an_orange_is_a_matter_for_the_list(town: Callable[..., Any]) -> None:
    """Nobody is woken for a county that has not answered an orange."""
    place = town()
    place.take_in(place.message(ORANGE, geocode="141121000000"))
    place.play(seconds=7_200)
    assert place.state(COUNTY) is CalleeState.UNANSWERED
    assert silent(place) == []


@pytest.mark.parametrize("code", ["141121100", "141121100200", "1411-L1"])
def test_townships_villages_and_leaders_are_seen_by_somebody_else(town: Callable[..., Any], code: str) -> None:
    """Their county (or the desk) sees them on its list."""
    place = town()
    place.warning(RED_CITY)
    place.play(seconds=3_600)
    assert place.state(code) is CalleeState.UNANSWERED
    assert sorted(silent(place)) == [COUNTY, OTHER]


def test_listening_twice_without_a_key_is_no_answer(town: Callable[..., Any]) -> None:
    """接听未确认: somebody is there and has not confirmed; that is known before the limit."""
    place = town(counties=1)
    for role in (Role.PRIMARY, Role.DEPUTY, Role.DUTY):
        place.person(COUNTY, role, VoiceHabit.HEARS)
    place.warning(RED_CITY)
    place.play(seconds=GATE + 120)
    assert place.state(COUNTY) is CalleeState.UNCONFIRMED
    assert silent(place) == [COUNTY]
    place.play(seconds=3_600)
    assert silent(place) == [COUNTY]


def test_a_county_without_any_number_has_an_alarm_of_its_own(town: Callable[..., Any]) -> None:
    """no_contact at once; not a second one that says less."""
    place = town(counties=1, without=[(COUNTY, Role.PRIMARY), (COUNTY, Role.DEPUTY), (COUNTY, Role.DUTY)])
    place.warning(RED_CITY)
    place.play(seconds=GATE + LIMIT + 5)
    assert "no_contact" in place.alarms()
    assert silent(place) == []


def test_who_was_called_again_by_an_officer_and_stays_silent_is_said_again(town: Callable[..., Any]) -> None:
    """An act begins anew; so does its limit."""
    place = town(counties=1)
    place.warning(RED_CITY)
    place.play(seconds=GATE + LIMIT + 5)
    place.act(Act.RECALL, unit=COUNTY)
    place.play(seconds=LIMIT + 5)
    assert silent(place) == [COUNTY, COUNTY]


def test_an_answer_in_the_last_second_is_an_answer(town: Callable[..., Any]) -> None:
    """Nothing is raised for a county that has answered."""
    place = town(counties=1)
    place.warning(RED_CITY)
    place.play(seconds=GATE + LIMIT - 2)
    place.record_answer(COUNTY)
    place.play(seconds=600)
    assert silent(place) == []


def test_a_county_not_called_because_we_were_down(town: Callable[..., Any]) -> None:
    """Back after an hour, one line: the county is 未呼, the officer is told at once."""
    place = town(counties=1, lines=1)
    place.warning(RED_CITY)
    place.act(Act.OPEN_GATE)
    place.play(seconds=2)
    place.clock.advance_to(place.clock.now() + 3_600_000)
    place.restart(phones_lost=True)
    place.play(seconds=1)
    assert place.state(COUNTY) in (CalleeState.UNCALLED, CalleeState.UNANSWERED)
    assert silent(place) == [COUNTY]
