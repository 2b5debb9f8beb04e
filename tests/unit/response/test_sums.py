"""Reports add up on their way up, and the same people are never counted twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.model.response import Action, ResponsePlan, Who
from warning_dispatch.model.states import Stage
from warning_dispatch.model.unit import UnitKind, UnitLevel
from warning_dispatch.response.sums import Asking, Group, Line, Reported, by_measure, moved_by_place, sum_up

VILLAGE = Line(UnitKind.DIVISION, UnitLevel.VILLAGE, "")
TOWNSHIP = Line(UnitKind.DIVISION, UnitLevel.TOWNSHIP, "")
COUNTY = Line(UnitKind.DIVISION, UnitLevel.COUNTY, "")
MINE = Line(UnitKind.KEY_UNIT, UnitLevel.TOWNSHIP, "coal_mine")
WATER = Line(UnitKind.DEPARTMENT, UnitLevel.COUNTY, "water")
WORDS = {"zh_CN": "做", "en": "do"}
PATROL = Action("patrol", Stage.PREPARATION, (Who.VILLAGE,), (), WORDS)
MOVE = Action("move", Stage.RESPONSE, (Who.VILLAGE, Who.TOWNSHIP), (), WORDS)
PLAN = ResponsePlan(Stage.RESPONSE, (PATROL, MOVE), 100)


def asking(now: int = 500, stage: Stage = Stage.RESPONSE) -> Asking:
    """In force from 0."""
    return Asking(PLAN, stage, {Stage.PREPARATION: 0, Stage.RESPONSE: 0}, now)


def said(area: str, line: Line, moved: int | None = None, *done: str, early: bool = True) -> Reported:
    """A unit that has reported."""
    return Reported(hash((area, line)), area, line, early, 7, moved=moved, done=frozenset(done))


def test_a_places_figure_is_the_larger_of_its_own_and_what_lies_below() -> None:
    """Two villages say 30 and 12, their township 40 in all, its county 20; a mine has moved 8 of its own."""
    reports = [
        said("141124101201", VILLAGE, 30),
        said("141124101202", VILLAGE, 12),
        said("141124101", TOWNSHIP, 40),
        said("141124101", MINE, 8),
        said("141124102", TOWNSHIP, 100),
        said("141124", COUNTY, 20),
        said("141124", WATER, 90),
    ]
    found = moved_by_place(reports)
    assert found["141124101"] == (40, 50)
    assert found["141124102"] == (100, 100)
    assert found["141124"] == (90, 150)
    assert found["1411"] == (0, 150)


def test_rows_by_county_and_by_township() -> None:
    """A county's row holds all of it; below the county its own offices have a row of their own."""
    groups = [
        Group("141124", COUNTY, 1, 1, 1, 1),
        Group("141124101", TOWNSHIP, 1, 1, 1, 1),
        Group("141124101", VILLAGE, 4, 3, 4, 2),
    ]
    reports = [said("141124101201", VILLAGE, 30, "patrol", "move"), said("141124101", TOWNSHIP, 45, "move")]
    (county,) = sum_up(asking(), groups, reports, {"141124": "临县"}, 6)
    assert (county.name, county.units, county.answered, county.reported, county.moved) == ("临县", 6, 5, 2, 45)
    assert (county.owed, county.done, county.late) == (4 * 2 + 1, 3, 2 * 2 + 1 - 3)
    own, township = sum_up(asking(), groups, reports, {}, 9)
    assert (own.code, own.units, own.moved) == ("141124", 1, 0)
    assert (township.code, township.moved, township.own_at) == ("141124101", 45, 7)


def test_nothing_is_late_before_its_time() -> None:
    """And in an earlier stage less is owed."""
    groups = [Group("141124101", VILLAGE, 4, 4, 4, 0)]
    (row,) = sum_up(asking(now=99), groups, [], {}, 9)
    assert (row.owed, row.late) == (8, 0)
    (row,) = sum_up(asking(stage=Stage.PREPARATION), groups, [], {}, 9)
    assert row.owed == 4


def test_measure_by_measure() -> None:
    """What a unit ticked that it does not owe counts nowhere."""
    groups = [Group("141124101", VILLAGE, 3, 3, 3, 3)]
    reports = [said("141124101201", VILLAGE, None, "patrol", "nonsense")]
    found = {one.action.id: (one.done, one.owed, one.late) for one in by_measure(asking(), groups, reports)}
    assert found == {"patrol": (1, 3, 2), "move": (0, 3, 3)}


villages = st.builds(
    lambda county, township, village, moved: said(f"1411{county}{township}{village}", VILLAGE, moved),
    st.sampled_from(["21", "22"]),
    st.sampled_from(["101", "102"]),
    st.sampled_from(["201", "202", "203"]),
    st.one_of(st.none(), st.integers(0, 500)),
)


@given(st.lists(villages, max_size=12, unique_by=lambda one: one.area), st.integers(0, 900))
def test_villages_add_up_whatever_their_superiors_say(reports: list[Reported], own: int) -> None:
    """The prefecture is the sum of its counties; a county that says more than its villages is believed, less is not."""
    counties = [said(f"1411{code}", COUNTY, own) for code in ("21", "22")]
    rows = sum_up(asking(), [], [*reports, *counties], {}, 6)
    (whole,) = sum_up(asking(), [], [*reports, *counties], {}, 4)
    assert whole.moved == sum(one.moved for one in rows)
    for row in rows:
        below = sum(one.moved or 0 for one in reports if one.area.startswith(row.code))
        assert row.moved == max(own, below)
