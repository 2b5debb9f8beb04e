"""Who owes which measures, which stage follows, which counties are late: the rules of the response."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.response import ResponsePlan, Who, who_is
from warning_dispatch.model.states import STAGES, Stage
from warning_dispatch.model.unit import UnitKind, UnitLevel
from warning_dispatch.response.counties import CountyStanding, silent
from warning_dispatch.response.measures import (
    asked_of,
    begins_in,
    due_since,
    new_in,
    refusal_of,
    refusal_of_tick,
)

K, L = UnitKind, UnitLevel
MINUTE = 60_000


@pytest.fixture(scope="module")
def plan(shipped: Configuration) -> ResponsePlan:
    """What a red rainstorm asks as shipped."""
    found = shipped.response.plan("rainstorm", Colour.RED)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def shipped() -> Configuration:
    """The shipped configuration."""
    return load_configuration(Path(__file__).parents[3] / "config")


def ids(plan: ResponsePlan, stage: Stage, kind: UnitKind, level: UnitLevel, sector: str = "") -> list[str]:
    """What a unit owes, by id."""
    return [one.id for one in asked_of(plan, stage, kind, level, sector)]


def test_a_stage_asks_for_those_before_it_too(plan: ResponsePlan) -> None:
    """Each stage adds to the list and takes nothing off; before the first nothing is asked."""
    for kind, level, sector in (
        (K.DEPARTMENT, L.CITY, "water"),
        (K.DIVISION, L.COUNTY, ""),
        (K.KEY_UNIT, L.TOWNSHIP, "scenic"),
    ):
        lists = [ids(plan, stage, kind, level, sector) for stage in (Stage.NONE, *STAGES)]
        assert lists[0] == []
        for before, after in itertools.pairwise(lists):
            assert after[: len(before)] == before


def test_a_line_owes_its_own(plan: ResponsePlan) -> None:
    """Water patrols reservoirs, housing stops its sites; a village moves people; outlets and the city owe nothing."""
    assert "rain_reservoirs" in ids(plan, Stage.RESPONSE, K.DEPARTMENT, L.COUNTY, "water")
    assert "rain_reservoirs" not in ids(plan, Stage.RESPONSE, K.DEPARTMENT, L.COUNTY, "housing")
    assert "rain_village_move" in ids(plan, Stage.RESPONSE, K.DIVISION, L.VILLAGE)
    assert ids(plan, Stage.LINKAGE, K.OUTLET, L.CITY) == []
    assert who_is(K.DIVISION, L.CITY) is None
    assert who_is(K.BUREAU, L.CITY) is None


def test_a_key_unit_without_a_line_owes_only_what_is_for_all(plan: ResponsePlan) -> None:
    """Nobody knows what it should do; its own measures stand in the register."""
    assert ids(plan, Stage.LINKAGE, K.KEY_UNIT, L.COUNTY, "") == []
    assert ids(plan, Stage.PREPARATION, K.KEY_UNIT, L.COUNTY, "coal_mine") == ["key_mine_stop"]


def test_every_key_unit_measure_says_what_kind_it_is(shipped: Configuration) -> None:
    """停工停业、加固、转移: the inspection's list names one of them."""
    for rule in shipped.response.rules:
        assert (rule.action.measure is not None) == (Who.KEY_UNIT in rule.action.who)


def test_an_officer_moves_it_forward_and_back_but_not_on_the_spot() -> None:
    """And nobody moves a response that is not there."""
    assert refusal_of(Stage.RESPONSE, Stage.RESPONSE) is not None
    assert refusal_of(Stage.NONE, Stage.RESPONSE) is not None
    assert refusal_of(Stage.RESPONSE, Stage.LINKAGE) is None
    assert refusal_of(Stage.LINKAGE, Stage.PREPARATION) is None


def test_a_new_round_keeps_the_officers_stage(plan: ResponsePlan) -> None:
    """A red under linkage stays there; after an orange in preparation it rises to what red begins with."""
    assert begins_in(plan, Stage.LINKAGE) is Stage.LINKAGE
    assert begins_in(plan, Stage.PREPARATION) is plan.begins is Stage.RESPONSE


def test_only_what_is_new_is_told(plan: ResponsePlan) -> None:
    """A step back tells nobody anything."""
    assert {one.stage for one in new_in(plan, Stage.RESPONSE, Stage.LINKAGE)} == {Stage.LINKAGE}
    assert new_in(plan, Stage.LINKAGE, Stage.PREPARATION) == ()


def test_what_cannot_be_ticked(plan: ResponsePlan) -> None:
    """A measure nobody knows, and one that is somebody else's, are refused in two different sentences."""
    owed = ids(plan, Stage.RESPONSE, K.DEPARTMENT, L.CITY, "water")
    unknown, others = refusal_of_tick(plan, "no_such", owed), refusal_of_tick(plan, "rain_sites", owed)
    assert unknown is not None
    assert others is not None
    assert unknown[0] != others[0]
    assert refusal_of_tick(plan, "rain_reservoirs", owed) is None


def test_by_when() -> None:
    """From the stage or from the unit's own call, whichever was later; a unit that was not called is never late."""
    assert due_since(100, 300, 50) == 350
    assert due_since(300, 100, 50) == 350
    assert due_since(300, None, 50) is None


def test_counties_that_report_nothing() -> None:
    """Late ones are named once their time is over; the next look is when the next one would be late."""
    counties = [
        CountyStanding(1, 0, reported=False),
        CountyStanding(2, 0, reported=True),
        CountyStanding(3, 10 * MINUTE, reported=False),
        CountyStanding(4, None, reported=False),
    ]
    assert silent(counties, 29 * MINUTE, 30 * MINUTE) == ((), 30 * MINUTE)
    assert silent(counties, 30 * MINUTE, 30 * MINUTE) == ((1,), 40 * MINUTE)
    assert silent(counties[:2], 60 * MINUTE, 30 * MINUTE) == ((1,), None)


def test_no_stage_no_plan(shipped: Configuration) -> None:
    """A colour that starts no response asks nothing of anybody."""
    assert shipped.response.plan("rainstorm", Colour.BLUE) is None
    orange = shipped.response.plan("rainstorm", Colour.ORANGE)
    assert orange is not None
    assert (orange.begins, orange.report_after) == (Stage.PREPARATION, None)
