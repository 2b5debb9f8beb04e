"""The response in the store: stages, ticks, silent counties, what goes over to a newer round, and the sums that are shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from by_path import loaded

from warning_dispatch.configuration.response import response_to_json
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.feedback import Feedback, FeedbackPage
from warning_dispatch.model.key_units import Review
from warning_dispatch.model.response import Action, ResponsePlan, Who
from warning_dispatch.model.states import CalleeState, CallOutState, Purpose, Stage
from warning_dispatch.model.unit import UnitKind, UnitLevel
from warning_dispatch.store import schema
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.feedback_rows import FeedbackTable
from warning_dispatch.store.reading_feedback import feedback_page
from warning_dispatch.store.reading_key_units import KeyUnitTables
from warning_dispatch.store.reading_response import ResponseTables
from warning_dispatch.store.response_rows import ResponseTable
from warning_dispatch.store.sql import Sql

rows_by_hand = loaded("contract_house", Path(__file__).with_name("house.py"))
START, TOWNSHIPS, VILLAGES = rows_by_hand.START, rows_by_hand.TOWNSHIPS, rows_by_hand.VILLAGES
COUNTY, TOWNSHIP, WATER = rows_by_hand.COUNTY, rows_by_hand.TOWNSHIP, rows_by_hand.WATER
MINUTE = 60_000
WORDS = {"zh_CN": "巡查", "en": "Patrol"}
PLAN = ResponsePlan(
    Stage.RESPONSE,
    (
        Action("watch", Stage.PREPARATION, (Who.COUNTY, Who.DEPARTMENT), (), WORDS),
        Action("patrol", Stage.RESPONSE, (Who.VILLAGE,), (), WORDS),
        Action("dams", Stage.RESPONSE, (Who.DEPARTMENT,), ("water",), WORDS),
        Action("close", Stage.LINKAGE, (Who.VILLAGE,), (), WORDS),
    ),
    within=30 * MINUTE,
    report_after=30 * MINUTE,
)


class Night:
    """A county, its water bureau, a township and two villages in one call-out with a response."""

    def __init__(self, house: Any) -> None:
        self.house = house
        self.now = START + MINUTE
        self.callout = house.callout()
        self.branch = house.branch(self.callout, TOWNSHIPS, START)
        self.callees = {
            name: house.callee(self.callout, self.branch, unit, TOWNSHIPS, CalleeState.ACKNOWLEDGED, opened_at=START)
            for name, unit in (("county", COUNTY), ("water", WATER), ("township", TOWNSHIP))
        }
        house.change(schema.unit, WATER, area="141124", sector="water")
        for number in (1, 2):
            village = house.village(number)
            self.callees[f"village{number}"] = house.callee(
                self.callout, self.branch, village, VILLAGES, CalleeState.CALLING, opened_at=START
            )
        self.receiver = house.receiver(TOWNSHIP)
        self.do(lambda table: table.begin(self.callout, response_to_json(PLAN), Stage.RESPONSE, START, START + 1))
        self.read = ResponseTables(house.engine, rows_by_hand.SEALER, house.read, lambda: self.now)

    def do(self, work: Any) -> Any:
        """In a transaction of its own."""
        with writing(self.house.engine) as connection:
            return work(ResponseTable(Sql(connection), rows_by_hand.SEALER))

    def tick(self, name: str, action: str, remark: str = "", at: int = START + MINUTE) -> None:
        """A unit says that it has done something."""
        tick = (self.callees[name], action, remark)
        self.do(lambda table: table.tick(self.callout, [tick], at, receiver_id=self.receiver, actor=""))

    def report(self, name: str, **said: Any) -> None:
        """Feedback about a unit."""
        with writing(self.house.engine) as connection:
            table = FeedbackTable(Sql(connection), rows_by_hand.SEALER)
            table.add([self.callees[name]], self.receiver, self.now, Feedback(**said))


@pytest.fixture
def night(house: Any) -> Night:
    """On each database."""
    return Night(house)


def test_a_stage_is_kept_with_who_and_why(night: Night) -> None:
    """What an officer decided is read back, step by step."""
    night.do(lambda table: table.enter(night.callout, Stage.LINKAGE, START + 5, "user:wang", "雨还在加强"))
    record = night.do(lambda table: table.load(night.callout))
    assert (record.stage, record.plan) == (Stage.LINKAGE, response_to_json(PLAN))
    steps = night.read.overview(night.callout).steps
    assert [(one.stage, one.actor, one.reason) for one in steps] == [
        (Stage.RESPONSE, "", ""), (Stage.LINKAGE, "user:wang", "雨还在加强"),
    ]  # fmt: skip
    assert night.do(lambda table: table.load(night.callout + 1)) is None


def test_a_measure_is_ticked_once(night: Night) -> None:
    """The first tick stands, whoever taps again; a remark is sealed and comes back."""
    night.tick("village1", "patrol", "张三带队", START + 10)
    night.tick("village1", "patrol", "again", START + 20)
    assert night.do(lambda table: table.done([night.callees["village1"]])) == {(night.callees["village1"], "patrol")}
    unit = night.read.asked_of_unit(night.callout, night.callees["village1"])
    assert unit is not None
    (item,) = unit.items
    assert item.tick is not None
    assert (item.tick.at, item.tick.remark) == (START + 10, "张三带队")
    with night.house.engine.connect() as connection:
        rows = Sql(connection).rows("SELECT sealed FROM action_done")
    assert all("张三".encode() not in bytes(row[0]) for row in rows)


def test_what_is_asked_and_what_is_late(night: Night) -> None:
    """After half an hour what was not ticked is late; whoever was never called owes nothing yet."""
    night.tick("water", "watch")
    night.now = START + 30 * MINUTE
    water = night.read.asked_of_unit(night.callout, night.callees["water"])
    assert water is not None
    assert [(one.action.id, one.late, one.tick is not None) for one in water.items] == [
        ("watch", False, True), ("dams", True, False),
    ]  # fmt: skip
    assert night.read.asked_of_unit(night.callout, night.callees["township"]) is None  # nothing for townships
    night.house.change(schema.callee, night.callees["village1"], opened_at=None, state=CalleeState.WAITING.value)
    village = night.read.asked_of_unit(night.callout, night.callees["village1"])
    assert village is not None
    assert [(one.due, one.late) for one in village.items] == [(None, False)]


def test_a_silent_county_is_found_until_its_offices_report(night: Night) -> None:
    """A village that reports does not speak for its county; the water bureau does."""
    night.report("village1", on_post=True, moved=3)
    (county,) = night.do(lambda table: table.counties(night.callout))
    assert (county.unit_id, county.opened_at, county.reported) == (COUNTY, START, False)
    night.now = START + 31 * MINUTE
    assert [one.silent for one in night.read.overview(night.callout).areas if one.code == "141124"] == [True]
    night.tick("water", "dams")
    (county,) = night.do(lambda table: table.counties(night.callout))
    assert county.reported
    assert not any(one.silent for one in night.read.overview(night.callout).areas)


def test_who_is_looked_at_when(night: Night) -> None:
    """Only what is due, and nothing of a call-out that is over."""
    assert night.do(lambda table: table.due(START)) == []
    assert night.do(lambda table: table.due(START + 1)) == [night.callout]
    assert night.do(lambda table: table.next_due()) == START + 1
    night.do(lambda table: table.look_again(night.callout, START + 9))
    assert night.do(lambda table: table.next_due()) == START + 9
    night.house.change(schema.callout, night.callout, state=CallOutState.CANCELLED.value)
    assert night.do(lambda table: table.next_due()) is None
    assert night.do(lambda table: table.due(START + 99)) == []


def test_reports_are_summed_by_place(night: Night) -> None:
    """The county's row, the township's row and the whole say the same; the newest figure of a unit counts."""
    night.report("village1", on_post=True, moved=5)
    night.report("village1", moved=12, dangers="桥头进水")
    night.report("village2", moved=3)
    night.report("township", moved=10)
    night.tick("village1", "patrol")
    night.tick("water", "dams")
    whole = night.read.overview(night.callout, words=10)
    (county,) = [one for one in whole.areas if one.code == "141124"]
    assert (county.units, county.answered, county.reported, county.on_post) == (5, 3, 4, 1)
    assert (county.moved, county.dangers, county.owed, county.done) == (15, 1, 1 + 2 + 2, 2)
    assert (whole.total.moved, whole.total.done) == (15, 2)
    assert [(one.unit, one.dangers) for one in whole.words] == [("村1", "桥头进水")]
    below = night.read.overview(night.callout, "141124")
    assert [(one.code, one.moved) for one in below.areas] == [("141124", 0), ("141124104", 15)]
    assert below.name == "临县"
    assert night.read.sum_of(night.callout, ["141124104"]).moved == 15
    found = {one.action.id: (one.done, one.owed) for one in whole.measures}
    assert found == {"watch": (0, 2), "patrol": (1, 2), "dams": (1, 1)}
    assert {one.code for one in below.offices} == {"141124", "141124-water", "141124104"}


def test_a_key_unit_stands_in_the_list_of_its_place(night: Night) -> None:
    """Wherever it is registered; what it moved counts beside the villages."""
    mine = night.house.add(
        schema.unit, code="141124104-k01", name="样本煤矿", kind=UnitKind.KEY_UNIT.value, level=UnitLevel.TOWNSHIP.value,
        area="141124104", superior_id=TOWNSHIP, sector="coal_mine",
    )  # fmt: skip
    night.callees["mine"] = night.house.callee(night.callout, night.branch, mine, VILLAGES, opened_at=START)
    night.report("mine", moved=80)
    night.report("village1", moved=5)
    whole = night.read.overview(night.callout)
    assert whole.total.moved == 85
    assert "141124104-k01" in {one.code for one in whole.offices}


def test_ticks_and_feedback_go_over_with_the_answers(night: Night) -> None:
    """Whoever goes over to a newer round with its answer has done what it has done; whoever begins anew has not."""
    newer = night.house.callout(round=2, supersedes_id=night.callout)
    branch = night.house.branch(newer, VILLAGES, START)
    for name in ("village1", "village2"):
        night.tick(name, "patrol")
        night.report(name, moved=4)
    with writing(night.house.engine) as connection:
        unit = Sql(connection).value("SELECT unit_id FROM callee WHERE id = ?", night.callees["village1"])
    carried = night.house.callee(newer, branch, unit, VILLAGES, CalleeState.ACKNOWLEDGED, opened_at=START)
    night.house.change(schema.callee, night.callees["village1"], carried_id=carried, next_id=carried)
    assert night.do(lambda table: table.carry_over(newer, [night.callout])) == (1, 1)
    assert night.do(lambda table: table.done([carried])) == {(carried, "patrol")}
    assert night.read.overview(newer).total.moved == 4
    assert night.do(lambda table: table.carry_over(newer, [night.callout]))[0] == 0


def test_whom_a_newer_round_took_over_is_counted_there_alone(night: Night) -> None:
    """A part of the villages and the water bureau went over to a red one: neither they nor their measures stand here."""
    night.now = START + 31 * MINUTE
    for name in ("village1", "village2", "water"):
        night.report(name, on_post=True, moved=5 if name == "village1" else 7)
    night.tick("village1", "patrol")
    night.tick("water", "watch")
    for name in ("village1", "water"):
        night.house.change(schema.callee, night.callees[name], state=CalleeState.SUPERSEDED.value)
    found = night.read.overview(night.callout)
    assert found.total.units == sum(tier.callees for tier in night.house.read.callout(night.callout).tiers) == 3
    assert (found.total.reported, found.total.on_post, found.total.moved) == (1, 1, 7)
    assert (found.total.done, found.total.owed) == (0, 1 + 1)
    assert {one.action.id: (one.done, one.owed) for one in found.measures} == {"watch": (0, 1), "patrol": (0, 1)}
    below = night.read.overview(night.callout, "141124")
    assert "141124-water" not in {one.code for one in below.offices}
    assert night.read.sum_of(night.callout, ["141124104"]).reported == 1
    reports = feedback_page_of(night)
    assert (reports.total, sum(one.callees for one in reports.counts)) == (3, 3), "what was said is still read"
    assert (sum(one.reported for one in reports.counts), sum(one.moved for one in reports.counts)) == (1, 7)


def test_only_whom_the_call_reached_out_to_is_called(night: Night) -> None:
    """A notice, a waived unit and one behind its gate are not told to the superiors as units that did not answer."""
    states = {
        "county": (CalleeState.INFORMED, START),
        "water": (CalleeState.WAIVED, START),
        "village1": (CalleeState.WAITING, None),
        "village2": (CalleeState.STOPPED, None),
    }
    for name, (state, opened_at) in states.items():
        night.house.change(schema.callee, night.callees[name], state=state.value, opened_at=opened_at)
    total = night.read.overview(night.callout).total
    assert (total.units, total.answered) == (1, 1)
    night.house.change(schema.callee, night.callees["village2"], opened_at=START)
    total = night.read.overview(night.callout).total
    assert (total.units, total.answered) == (2, 1), "it was called, and the end came before its answer"
    night.house.change(
        schema.callee, night.callees["village1"], state=CalleeState.ACKNOWLEDGED.value, answered_at=START
    )
    total = night.read.overview(night.callout).total
    assert (total.units, total.answered) == (3, 2), (
        "an answer before the gate opened is the answer of one that was asked"
    )


def feedback_page_of(night: Night) -> FeedbackPage:
    """Every report of the call-out, and its counts."""
    tiers = [tier.name for tier in rows_by_hand.PLAN.tiers]
    with reading(night.house.engine) as connection:
        return feedback_page(Sql(connection), rows_by_hand.SEALER, night.callout, tiers, county="", limit=10, offset=0)


def test_a_call_out_without_a_response_is_summed_all_the_same(night: Night) -> None:
    """Nothing is owed, feedback counts; a number that is no call-out is said."""
    other = night.house.callout()
    branch = night.house.branch(other, TOWNSHIPS, START)
    night.callees["again"] = night.house.callee(other, branch, TOWNSHIP, TOWNSHIPS, opened_at=START)
    night.report("again", moved=7)
    found = night.read.overview(other)
    assert (found.stage, found.total.moved, found.total.owed, found.measures) == (Stage.NONE, 7, 0, ())
    with pytest.raises(NotFoundError):
        night.read.overview(999)


def test_the_list_of_key_units_tells_the_last_of_everything(night: Night) -> None:
    """The last call-out answered, the last measure carried out, the last drill; a unit that was never called has none."""
    mine, new = (
        night.house.add(
            schema.unit, code=f"141124104-k0{number}", name=f"样本煤矿{number}", kind=UnitKind.KEY_UNIT.value,
            level=UnitLevel.TOWNSHIP.value, area="141124104", superior_id=TOWNSHIP, sector="coal_mine",
            certificate=f"证{number}", review_on="2026-08-01",
        )
        for number in (1, 2)
    )  # fmt: skip
    drill = night.house.callout(purpose=Purpose.DRILL.value)
    later = night.house.callout()
    for callout, at in ((night.callout, START + 5), (drill, START + 7), (later, None)):
        state = CalleeState.CALLING if at is None else CalleeState.ACKNOWLEDGED
        key = night.house.callee(callout, night.branch, mine, VILLAGES, state, opened_at=START, answered_at=at)
        night.callees.setdefault("mine", key)
    night.tick("mine", "patrol", at=START + 9)
    rows = KeyUnitTables(night.house.engine, {"rainstorm": {"zh_CN": "暴雨"}}, lambda: START, 30).key_units()
    first, second = rows
    assert (first.unit.certificate, first.place, first.review) == ("证1", "临县白文镇", Review.SOON)
    assert first.call is not None
    assert (first.call.callout_id, first.call.answered_at) == (night.callout, START + 5)
    assert first.measure is not None
    assert (first.measure[0], first.measure[1].id, first.drilled_at) == (START + 9, "patrol", START + 7)
    assert (second.call, second.measure, second.drilled_at) == (None, None, None)
    assert new


def test_one_persons_figure_for_several_villages_counts_once(night: Night) -> None:
    """Feedback is kept with each unit of the person behind the link; the people moved are the same people."""
    ids = [night.callees["village1"], night.callees["village2"]]
    with writing(night.house.engine) as connection:
        table = FeedbackTable(Sql(connection), rows_by_hand.SEALER)
        table.add(ids, night.receiver, night.now, Feedback(on_post=True, moved=30))
    total = night.read.overview(night.callout).total
    assert (total.moved, total.on_post, total.reported) == (30, 2, 2)
