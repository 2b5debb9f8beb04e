"""A superior whom nobody can reach keeps nobody waiting; an empty tier counts as answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.model.states import CalleeState, CallOutState
from warning_dispatch.model.unit import ROLES, Role

RED_CITY = "12379-red-rain-city.xml"
COUNTY, OTHER = "141121", "141122"


def test_a_county_without_any_number_opens_its_townships_at_once(town: Callable[..., Any]) -> None:
    """With an alarm; the county beside it keeps its full hold."""
    place = town(without=[(COUNTY, role) for role in ROLES])
    place.warning(RED_CITY)
    place.play(seconds=200)
    assert place.opened(f"{COUNTY}100") == place.opened(COUNTY) == 60
    assert place.opened_by(f"{COUNTY}100") == "superior_without_contact"
    assert place.opened(f"{OTHER}100") == 180
    assert place.state(COUNTY) is CalleeState.UNCALLED
    assert place.alarms() == ["no_contact"]


def test_a_unit_without_contact_still_takes_a_recorded_answer(town: Callable[..., Any]) -> None:
    """Somebody drove there."""
    place = town(without=[(COUNTY, role) for role in ROLES])
    place.warning(RED_CITY)
    place.play(seconds=200)
    place.record_answer(COUNTY)
    assert place.state(COUNTY) is CalleeState.ACKNOWLEDGED


@pytest.mark.parametrize("left", [Role.DUTY, Role.DEPUTY])
def test_who_can_be_reached_is_called_in_the_place_of_who_cannot(town: Callable[..., Any], left: Role) -> None:
    """An office with a duty phone only, or a B only: every rung goes there."""
    place = town(without=[(COUNTY, role) for role in ROLES if role is not left])
    place.warning(RED_CITY)
    place.play(seconds=400)
    assert "no_contact" not in place.alarms()
    assert len(place.rings(COUNTY, left)) >= 5
    assert place.state(COUNTY) is CalleeState.UNANSWERED


def test_no_leader_in_the_register_counts_as_answered(town: Callable[..., Any]) -> None:
    """The empty tier opens what comes after it at the very start, and the journal says why."""
    place = town(leaders=0)
    place.warning(RED_CITY)
    place.play(seconds=5)
    assert place.opened(COUNTY) == place.opened("1411-water") == 0
    assert place.opened_by(COUNTY) == "tier_empty"
    entries = place.journal_entries()
    assert [one["why"] for one in entries if one["k"] == "branch.opened"].count("tier_empty") == 2
    tiers = [tier.name for tier in place.chains[0].tiers]
    assert {tiers[one["tier"]] for one in entries if one["k"] == "branch.answered"} == {"leaders", "outlets"}


def test_a_county_without_townships_keeps_nobody_waiting(town: Callable[..., Any]) -> None:
    """A branch with nobody in it does not exist; the call-out completes when those who are there have answered."""
    place = town(leaders=0, counties=1, townships=0, villages=0)
    place.warning(RED_CITY)
    for code in (COUNTY, "1411-water", "1411-emergency"):
        place.record_answer(code)
    assert place.callout_state() is CallOutState.COMPLETE
