"""What a county's officer is shown: their own units and all below, counted as the whole counts them, and nothing else by any number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from by_path import loaded

from warning_dispatch.console_ports import ConsoleView
from warning_dispatch.errors import NotFoundError, NotYoursError
from warning_dispatch.model.console_views import CalleeQuery
from warning_dispatch.model.states import AttemptState, CalleeState
from warning_dispatch.model.unit import Channel, UnitKind, UnitLevel
from warning_dispatch.store import schema
from warning_dispatch.store.alert_rows import RAW_CONTEXT
from warning_dispatch.store.database import reading
from warning_dispatch.store.scope_sql import Scope
from warning_dispatch.store.sql import Sql

rows_by_hand = loaded("contract_house", Path(__file__).with_name("house.py"))
House = Any
START, TOWNSHIPS, VILLAGES, LEADERS = rows_by_hand.START, rows_by_hand.TOWNSHIPS, rows_by_hand.VILLAGES, 0
CITY, COUNTY, TOWNSHIP, OFFICE = (
    rows_by_hand.CITY,
    rows_by_hand.COUNTY,
    rows_by_hand.TOWNSHIP,
    rows_by_hand.TOWNSHIP + 1,
)
S = CalleeState
NONE: tuple[Any, ...] = ()


@pytest.fixture
def storm(house: House) -> dict[str, Any]:
    """Two counties in one call-out: 临县 with an office, a township and three villages, 兴县 with a township and one village."""
    other = house.unit("141123", "兴县", UnitLevel.COUNTY, CITY)
    their_town = house.unit("141123100", "蔚汾镇", UnitLevel.TOWNSHIP, other)
    their_village = house.unit("141123100001", "东村", UnitLevel.VILLAGE, their_town)
    leader = house.unit("1411-L1", "市长", UnitLevel.CITY, CITY, kind=UnitKind.LEADER)
    callout = house.callout(total=8, chain_id=house.chain())
    top = house.branch(callout, LEADERS, START)
    mayor = house.callee(callout, top, leader, LEADERS, S.ACKNOWLEDGED, answered_at=START + 1_000)
    here, there = house.branch(callout, TOWNSHIPS, START + 5), house.branch(callout, TOWNSHIPS, START + 1)
    county = house.callee(callout, here, COUNTY, TOWNSHIPS, S.CALLING)
    office = house.callee(callout, here, OFFICE, TOWNSHIPS, S.ACKNOWLEDGED, answered_at=START + 2_000)
    town = house.callee(callout, here, TOWNSHIP, TOWNSHIPS, S.ACKNOWLEDGED, answered_at=START + 5_000, superior=1)
    house.change(schema.branch, here, superior_callee_id=mayor)
    lower = house.branch(callout, VILLAGES, START + 9, superior_callee_id=town)
    villages = [
        house.callee(callout, lower, house.village(n), VILLAGES, state)
        for n, state in enumerate((S.UNANSWERED, S.CALLING, S.ACKNOWLEDGED))
    ]
    house.change(schema.callee, villages[2], answered_at=START + 9_000)
    foreign = house.callee(callout, there, their_town, TOWNSHIPS, S.UNANSWERED)
    stranger = house.callee(callout, there, their_village, VILLAGES, S.UNCALLED)
    return {
        "callout": callout, "mayor": mayor, "county": county, "office": office, "town": town, "villages": villages,
        "foreign": foreign, "stranger": stranger, "their_village": their_village, "other": other,
    }  # fmt: skip


@pytest.fixture
def linxian(house: House) -> ConsoleView:
    """What 临县's officer reads."""
    view: ConsoleView = house.read.within(("141124",))
    return view


def test_a_countys_figures_are_the_wholes_figures_for_that_county(
    house: House, storm: dict[str, Any], linxian: ConsoleView
) -> None:
    """Tiers, shares, list, curve and measures; the tiers above are not there at all."""
    callout = storm["callout"]
    whole = next(row for row in house.read.shares(callout) if row.code == "141124")
    view = linxian.callout(callout)
    assert [tier.name for tier in view.tiers] == ["townships", "villages"]
    assert [tier.opened_at for tier in view.tiers] == [START + 5, START + 9]
    assert sum(tier.callees for tier in view.tiers) == whole.callees == 6
    assert sum(tier.acknowledged for tier in view.tiers) == whole.answered == 3
    assert sum(tier.unreached for tier in view.tiers) == whole.unreached == 1
    assert list(linxian.shares(callout)) == [whole]
    assert linxian.shares(callout, "141124") == house.read.shares(callout, "141124")
    assert [row.code for row in linxian.shares(callout, "141124104")] == [
        "141124104", "141124104000", "141124104001", "141124104002",
    ]  # fmt: skip
    page = linxian.page(callout, CalleeQuery())
    assert page.total == 6
    assert {row.callee_id for row in page.rows} == {
        storm["county"],
        storm["office"],
        storm["town"],
        *storm["villages"],
    }
    assert linxian.curve(callout)[-1].answered == 3
    assert linxian.size(callout) == 8
    assert [one.id for one in linxian.callouts()] == [callout]


def test_measures_count_the_own_units_wherever_the_attempt_was_made(
    house: House, storm: dict[str, Any], linxian: ConsoleView
) -> None:
    """A call of another call-out that named one of them counts, one that named another county's does not."""
    elsewhere = house.callout()
    house.attempt(elsewhere, storm["villages"][0], handed_at=START, claimed_at=START + 3, outcome="key_pressed")
    house.attempt(storm["callout"], storm["foreign"], handed_at=START, claimed_at=START, outcome="key_pressed")
    house.attempt(storm["callout"], storm["town"], handed_at=START, claimed_at=START + 4, outcome="no_answer")
    view = linxian.callout(storm["callout"])
    assert (view.attempts, view.handed, view.delivered, view.first_attempt_at) == (2, 2, 1, START + 3)
    assert linxian.reached(storm["callout"]) == {"townships": (1, 0), "villages": (1, 1)}


def test_nothing_of_another_county_is_shown_by_its_number(
    house: House, storm: dict[str, Any], linxian: ConsoleView
) -> None:
    """Not its units, not its people, not its call-outs; and who asks for what is nowhere is told that."""
    callout = storm["callout"]
    for callee in (storm["foreign"], storm["stranger"], storm["mayor"]):
        with pytest.raises(NotYoursError):
            linxian.story(callout, callee)
        with pytest.raises(NotYoursError):
            linxian.in_clear(callout, callee)
    with pytest.raises(NotFoundError):
        linxian.story(callout, 999)
    theirs = house.callout()
    house.callee(theirs, house.branch(theirs, VILLAGES, START), storm["their_village"], VILLAGES)
    with pytest.raises(NotYoursError):
        linxian.callout(theirs)
    assert linxian.page(theirs, CalleeQuery()).total == 0
    assert linxian.shares(theirs) == []
    assert linxian.curve(theirs) == []
    assert [one.id for one in linxian.callouts(live_only=True)] == [callout]
    assert linxian.mine(callout, [storm["town"], storm["foreign"], 999]) == {storm["town"]}
    assert linxian.mine(theirs, [storm["town"]]) == frozenset()


def test_a_superior_outside_is_not_told(house: House, storm: dict[str, Any], linxian: ConsoleView) -> None:
    """The county's own story stands without the city above it; the township's has the county's below."""
    story = linxian.story(storm["callout"], storm["county"])
    assert (story.superior_callee, story.superior_name, story.superior_state) == (None, "", None)
    assert house.read.story(storm["callout"], storm["county"]).superior_callee == storm["mayor"]
    assert linxian.story(storm["callout"], storm["villages"][0]).superior_callee == storm["town"]


def test_a_part_goes_by_the_tree_not_by_digits(house: House, storm: dict[str, Any], linxian: ConsoleView) -> None:
    """A village that was moved to another county's township is that county's, whatever its code says."""
    house.change(schema.unit, storm["their_village"], superior_id=TOWNSHIP)
    assert linxian.mine(storm["callout"], [storm["stranger"]]) == {storm["stranger"]}
    assert house.read.within(("141123",)).mine(storm["callout"], [storm["stranger"]]) == frozenset()


def test_two_units_are_their_sum_and_none_is_nothing(house: House, storm: dict[str, Any]) -> None:
    """A unit within another one of the same officer is not counted twice."""
    both = house.read.within(("141123", "141124", "141124104"))
    assert both.page(storm["callout"], CalleeQuery()).total == 8
    assert [row.code for row in both.shares(storm["callout"])] == ["141123", "141124"]
    nobody = house.read.within(NONE)
    assert nobody.callouts() == []
    with pytest.raises(NotYoursError):
        nobody.callout(storm["callout"])


def test_the_own_unit_is_known(house: House, storm: dict[str, Any], linxian: ConsoleView) -> None:
    """How the officer's own unit stands; the bureau's officer has none."""
    (own,) = linxian.own([storm["callout"]])[storm["callout"]]
    assert (own.callee_id, own.name, own.state) == (storm["county"], "临县", S.CALLING)
    assert not house.read.own([storm["callout"]])


def test_tasks_that_name_another_countys_unit_are_not_theirs(
    house: House, storm: dict[str, Any], linxian: ConsoleView
) -> None:
    """What is said in one call answers for all units that it names."""
    callout = storm["callout"]
    said = {"channel": Channel.OPERATOR.value, "state": AttemptState.HANDED, "handed_at": START, "claimed_at": START}
    texts = '{"zh_CN":{"operator":{"call":{"title":"","text":"x"}}}}'
    house.change(schema.callout, callout, texts=texts)
    mine = house.attempt(callout, storm["county"], **said)
    shared = house.attempt(callout, storm["town"], storm["foreign"], **said)
    call = house.attempt(callout, storm["town"])
    assert linxian.holds_task(mine)
    assert not linxian.holds_task(shared)
    assert not linxian.holds_task(call)
    assert not linxian.holds_task(999)
    assert house.read.holds_task(shared)


def test_alarms_about_the_own_units_only(house: House, storm: dict[str, Any], linxian: ConsoleView) -> None:
    """What is about no unit is the bureau's affair."""
    for unit in (TOWNSHIP, storm["their_village"], None):
        house.add(schema.alarm, at=START, kind="blackout_suspected", unit_id=unit, detail="{}", callout_id=1)
    found = linxian.alarms(open_only=True, callout_id=1)
    assert ([one.unit_name for one in found.rows], found.total) == (["白文镇"], 1)
    assert house.read.alarms().total == 3


def test_warnings_that_call_the_own_units_or_come_from_the_own_station(
    house: House, storm: dict[str, Any], linxian: ConsoleView
) -> None:
    """Without the bytes as they came: they can name people and places that are not theirs."""
    sealed = rows_by_hand.SEALER.seal(b"<alert>", RAW_CONTEXT)

    def message(chain: int, number: int) -> int:
        raw = int(house.raw())
        house.change(schema.raw_message, raw, sealed=sealed)
        house.alert(
            rows_by_hand.message(rows_by_hand.info("en"), rows_by_hand.info("zh_CN")),
            raw_message_id=raw,
            chain_id=chain,
            identifier=f"m{number}",
        )
        return raw

    calls = message(1, 1)
    station = house.add(
        schema.alert_chain, root="s", issuer="141124", issuer_area="141124", hazard="snow", colour=3, state=1
    )
    own = message(station, 2)
    foreign = message(house.chain("id-2"), 3)
    found = linxian.arrived()
    assert ([one.raw_id for one in found.rows], found.total) == ([own, calls], 2)
    assert found.rows[1].callouts == (storm["callout"],)
    theirs = house.callout(chain_id=1)
    house.callee(theirs, house.branch(theirs, VILLAGES, START), storm["their_village"], VILLAGES)
    assert linxian.arrived().rows[1].callouts == (storm["callout"],), "not those that call others"
    assert house.read.arrived().rows[-1].callouts == (storm["callout"], theirs)
    assert linxian.arrived_story(calls).raw is None
    assert house.read.arrived_story(calls).raw == b"<alert>"
    assert linxian.arrived_story(calls).texts[0][1:] == ("description zh_CN", "instruction zh_CN")
    with pytest.raises(NotYoursError):
        linxian.arrived_story(foreign)
    with pytest.raises(NotFoundError):
        linxian.arrived_story(999)


@pytest.mark.parametrize(
    ("area", "theirs"),
    [("14", True), ("1411", True), ("141124", True), ("141124104", True), ("141123", False), ("141124105", False)],
)
def test_a_warning_that_names_their_area_is_theirs_whatever_became_of_it(
    house: House, linxian: ConsoleView, area: str, theirs: bool
) -> None:
    """Set aside, or without a trigger: it calls nobody, and yet it speaks of their county, or of what their county lies in."""
    alert = house.alert(rows_by_hand.message(), chain_id=None, disposition="quarantined")
    house.add(schema.alert_area, area=area, alert_id=alert)
    assert (linxian.arrived().total == 1) is theirs
    town = house.read.within(("141124104",))
    assert (town.arrived().total == 1) is (theirs and area != "141124105")


def test_divisions_are_the_own_ones(storm: dict[str, Any], linxian: ConsoleView) -> None:
    """What a warning begun by hand may name."""
    del storm
    assert linxian.divisions(UnitLevel.COUNTY) == [("141124", "临县")]
    assert linxian.divisions(UnitLevel.TOWNSHIP) == [("141124104", "白文镇")]
    assert linxian.divisions(UnitLevel.CITY) == []


def test_a_part_costs_what_it_holds(house: House, storm: dict[str, Any]) -> None:
    """Units by the index of superiors, callees by call-out and unit: no statement walks a whole call-out."""
    scope = Scope(("141124",))
    statement = f"SELECT state, count(*) FROM callee WHERE callout_id = ?{scope.on('unit_id')} GROUP BY state"
    with reading(house.engine) as connection:
        sql = Sql(connection)
        if not sql.is_sqlite:
            pytest.skip("the planner of PostgreSQL reads small tables whole")
        plan = [row[3] for row in sql.rows(f"EXPLAIN QUERY PLAN {statement}", storm["callout"], *scope.values)]
    assert any("uq_callee_callout_unit" in step or "callout_id=? AND unit_id=?" in step for step in plan), plan
    assert any("ix_unit_superior" in step for step in plan), plan
    assert not any(step.startswith("SCAN callee") for step in plan), plan
