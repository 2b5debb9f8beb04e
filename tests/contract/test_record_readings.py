"""What records and seasons are made from: the same on every database, in a fixed number of statements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from by_path import loaded

from warning_dispatch.errors import NotFoundError
from warning_dispatch.figures.callout import figures_of
from warning_dispatch.figures.season import share_of
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.console_views import CalleeQuery
from warning_dispatch.model.feedback import Feedback
from warning_dispatch.model.record_views import SeasonGroup, SeasonQuery, Unreached, Verdict
from warning_dispatch.model.states import AttemptState, CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import Channel, UnitKind, UnitLevel
from warning_dispatch.record_ports import RecordReadings
from warning_dispatch.reports.sheets import answer_text
from warning_dispatch.store import schema
from warning_dispatch.store.branch_rows import BranchTable
from warning_dispatch.store.callee_rows import CalleeTable
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.feedback_rows import FeedbackTable
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.reading_response import ResponseTables
from warning_dispatch.store.reading_watch import watch_figures
from warning_dispatch.store.records import RecordTables
from warning_dispatch.store.register import NAME_CONTEXT, NUMBER_CONTEXT
from warning_dispatch.store.sql import Sql
from warning_dispatch.web.picture import tally_of

rows_by_hand = loaded("contract_house", Path(__file__).with_name("house.py"))
House = Any
START, TOWNSHIPS, VILLAGES = rows_by_hand.START, rows_by_hand.TOWNSHIPS, rows_by_hand.VILLAGES
COUNTY, TOWNSHIP, WATER = rows_by_hand.COUNTY, rows_by_hand.TOWNSHIP, rows_by_hand.WATER
DAY = 86_400_000
S = CalleeState


class Counted(Sql):
    """Counts what is asked."""

    asked = 0

    def _execute(self, text: str, parameters: Any) -> Any:
        Counted.asked += 1
        return super()._execute(text, parameters)


def tables(house: House) -> RecordTables:
    """The readings under test."""
    names = {"rainstorm": {"zh_CN": "暴雨", "en": "Rainstorm"}}
    return RecordTables(house.engine, rows_by_hand.SEALER, names, reached={"key_pressed"})


@pytest.fixture
def storm(house: House) -> dict[str, Any]:
    """A call-out that is over: a township, an office beside it, and villages; one of another county."""
    alert = house.alert(rows_by_hand.message(rows_by_hand.info("zh_CN")))
    callout = house.callout(
        state=CallOutState.CANCELLED.value,
        ended_at=START + 900_000,
        alert_id=alert,
        seen_at=START + 7,
        seen_by="user:li",
    )
    upper = house.branch(callout, TOWNSHIPS, START)
    lower = house.branch(callout, VILLAGES, START + 60_000)
    chief = house.callee(
        callout, upper, TOWNSHIP, TOWNSHIPS, S.DUTY_ANSWERED, opened_at=START, answered_at=START + 30_500
    )
    office = house.callee(callout, upper, WATER, TOWNSHIPS, S.WAIVED, opened_at=START, answered_at=START + 9)
    made: dict[str, Any] = {"callout": callout, "chief": chief, "office": office}
    for place, (state, answered) in enumerate(
        ((S.ACKNOWLEDGED, 125_000), (S.ACKNOWLEDGED, 20_000), (S.STOPPED, None), (S.SUPERSEDED, None)), 1
    ):
        made[f"v{place}"] = house.callee(
            callout,
            lower,
            house.village(place),
            VILLAGES,
            state,
            opened_at=START + 60_000,
            answered_at=None if answered is None else START + answered,
        )
    far = house.unit("141123", "兴县", UnitLevel.COUNTY, 1)
    village = house.unit("141123100200", "远村", UnitLevel.VILLAGE, far)
    made["far"] = house.callee(callout, lower, village, VILLAGES, S.UNANSWERED, opened_at=START + 60_000)
    _attempts(house, callout, made)
    return made


def _attempts(house: House, callout: int, made: dict[str, Any]) -> None:
    """One call that named two villages, a call in vain three times, an SMS, an all-clear, and the journal of it."""
    seal = rows_by_hand.SEALER.seal
    number = house.add(
        schema.number,
        kind="phone",
        sealed=seal(b"+8613800001111", NUMBER_CONTEXT),
        blind_index=b"n",
        masked="138****1111",
    )
    person = house.add(
        schema.receiver, unit_id=TOWNSHIP, role=1, name_sealed=seal("张三".encode(), NAME_CONTEXT), post="镇长"
    )
    made["person"] = person
    common = {"number_id": number, "receiver_id": person, "role": 1, "claimed_at": START + 61_000}
    both = house.attempt(
        callout,
        made["v1"],
        made["v2"],
        outcome="key_pressed",
        handed_at=START + 61_000,
        ended_at=START + 80_000,
        **common,
    )
    for turn in range(3):
        at = START + 100_000 + turn
        house.attempt(
            callout,
            made["far"],
            outcome="no_answer",
            handed_at=at,
            ended_at=at + 1,
            possible_duplicate=int(turn == 1),
            **common,
        )
    house.attempt(callout, made["far"], state=AttemptState.DROPPED, outcome="lifted", ended_at=START + 800_000)
    house.attempt(callout, made["v1"], channel=Channel.SMS.value, handed_at=START + 60_500, delivered_at=START + 60_900)
    house.attempt(
        callout, made["v1"], channel=Channel.SMS.value, purpose=Purpose.ALL_CLEAR.value, handed_at=START + 900_000
    )
    house.answer(callout, made["v1"], START + 70_000, counted=False, receiver=person, means=Means.REPLY)
    key = house.answer(callout, made["v1"], START + 125_000, counted=True, receiver=person, means=Means.KEY)
    house.change(schema.acknowledgement, key, attempt_id=both, role=1)
    entries: list[list[dict[str, object]]] = [
        [{"k": "seen", "by": "user:li"}],
        [{"k": "callee", "id": made["v1"], "from": "CALLING", "to": "UNCALLED", "why": "limit_not_called"}],
        [
            {"k": "callee", "id": made["v1"], "from": "UNCALLED", "to": "UNANSWERED", "why": "x"},
            {"k": "callees.taken_over", "branch": 1, "states": {"UNCONFIRMED": [[made["far"], made["far"]]]}},
            {"k": "act", "act": "waive", "actor": "user:li", "why": "搬迁", "unit": "141124-water"},
            {"k": "record.exported", "kind": "workbook", "actor": "user:li", "why": "", "units": 5, "clear": False},
        ],
    ]
    journal = Journal(rows_by_hand.KEYS.journal_key, silent_logger())
    with writing(house.engine) as connection:
        for place, one in enumerate(entries):
            journal.append(connection, f"callout:{callout}", one, START + 200_000 + place)
        table = FeedbackTable(Sql(connection), rows_by_hand.SEALER)
        table.add([made["v1"], made["far"]], person, START + 300_000, Feedback(on_post=True, moved=4))


def test_a_record_is_what_the_rows_and_the_journal_tell(house: House, storm: dict[str, Any]) -> None:
    """Attempts by channel without all-clears, the answer that counted, the passages through 未叫应, what officers did."""
    form = tables(house).record(storm["callout"])
    units = {unit.callee_id: unit for unit in form.units}
    assert len(units) == 7
    first, far = units[storm["v1"]], units[storm["far"]]
    assert (first.voice, first.texts, first.mails, first.tasks, first.delivered) == (1, 1, 0, 0, True)
    assert (far.voice, far.delivered, far.last_outcome, far.repeated) == (3, False, "no_answer", 1)
    assert first.first_at == START + 60_500
    assert first.answer is not None
    assert (first.answer.means, first.answer.post, first.answer.number) == (Means.KEY, "镇长", "138****1111")
    assert first.answer.who == ""
    assert first.unreached == Unreached(START + 200_001, (S.UNCALLED, S.UNANSWERED))
    assert far.unreached == Unreached(START + 200_002, (S.UNCONFIRMED,))
    assert (first.county, first.township) == (("141124", "临县"), ("141124104", "白文镇"))
    assert [(act.what, act.actor, act.unit) for act in form.acts] == [
        ("seen", "user:li", ""),
        ("waive", "user:li", "141124-water"),
        ("record.exported.workbook", "user:li", ""),
    ]
    assert [(one.callee_id, one.said.moved) for one in form.feedback] == [(storm["v1"], 4), (storm["far"], 4)]
    assert (form.calls, form.messages) == (4, 1), "a call that names two units is one call"
    assert form.journal.entries == 6
    assert not form.journal.buried
    assert form.head.area_names == ("area zh_CN",)


def test_in_clear_it_names_who_answered(house: House, storm: dict[str, Any]) -> None:
    """Names and numbers are unsealed on demand alone."""
    form = tables(house).record(storm["callout"], clear=True)
    answer = next(unit.answer for unit in form.units if unit.callee_id == storm["v1"])
    assert answer is not None
    assert (answer.who, answer.number) == ("张三", "+8613800001111")


def test_a_part_is_of_its_units_alone(house: House, storm: dict[str, Any]) -> None:
    """On and below the units of a grant; a call that named units of both parts counts in both; nothing of it: no record."""
    read = tables(house)
    part = read.record(storm["callout"], within=("141124",))
    assert {unit.callee_id for unit in part.units} == {
        storm[one] for one in ("chief", "office", "v1", "v2", "v3", "v4")
    }
    assert part.head.parts == ("临县",)
    assert [act.unit for act in part.acts] == ["141124-water"]
    assert len(part.feedback) == 1
    assert part.calls == 1
    other = read.record(storm["callout"], within=("141123",))
    assert (len(other.units), other.calls) == (1, 3)
    with pytest.raises(NotFoundError):
        read.record(storm["callout"], within=("149999",))
    with pytest.raises(NotFoundError):
        read.record(99)


def test_the_bureaus_own_call_has_no_record(house: House) -> None:
    """值班叫应 is the bureau's own affair."""
    own = house.callout(purpose=Purpose.SELF.value)
    with pytest.raises(NotFoundError):
        tables(house).record(own)


def test_a_season_is_counted_in_groups(house: House, storm: dict[str, Any]) -> None:
    """Units by tier, county, line, state and whole seconds; superseded ones are left to their newer round."""
    reading = tables(house).season(SeasonQuery(START - DAY, START + DAY))
    assert [one.callout_id for one in reading.callouts] == [storm["callout"]]
    groups = {(one.tier, one.county, one.state, one.delay): one.units for one in reading.groups}
    assert groups == {
        ("townships", "141124", S.DUTY_ANSWERED, 30): 1,
        ("townships", "141124", S.WAIVED, 0): 1,
        ("villages", "141124", S.ACKNOWLEDGED, 65): 1,
        ("villages", "141124", S.ACKNOWLEDGED, 0): 1,
        ("villages", "141124", S.STOPPED, None): 1,
        ("villages", "141123", S.UNANSWERED, None): 1,
    }
    assert reading.called == ((4, 1),)
    assert reading.most[0].calls == 4
    assert reading.most[0].heard == 1
    assert reading.most[0].last_outcome == "no_answer"
    assert reading.most[0].number == "138****1111"
    assert reading.silent == ()
    assert reading.callouts[0].last_opened == 60_000
    assert reading.counties["141124"] == "临县"


def test_a_season_has_its_days_its_hazard_and_never_drills_beside_real_ones(
    house: House, storm: dict[str, Any]
) -> None:
    """Filters are exact: the first moment is in, the end is not; drills stand alone."""
    read = tables(house)
    drill = house.callout(purpose=Purpose.DRILL.value, state=CallOutState.CLOSED.value)
    branch = house.branch(drill, VILLAGES, START)
    house.callee(drill, branch, house.village(77), VILLAGES, S.ACKNOWLEDGED, opened_at=START, answered_at=START + 1000)

    def found(**changes: Any) -> list[int]:
        query = SeasonQuery(**{"since": START, "until": START + 1, **changes})
        return [one.callout_id for one in read.season(query).callouts]

    assert found() == [storm["callout"]]
    assert found(drills=True) == [drill]
    assert found(since=START + 1, until=START + 2) == []
    assert found(until=START, since=START - 1) == []
    assert found(hazard="rainstorm") == [storm["callout"]]
    assert found(hazard="snow") == []
    assert found(within=("141123",)) == [storm["callout"]]
    assert found(within=("1499",)) == []
    assert [view.id for view in read.record_list()] == [storm["callout"]]
    assert [view.id for view in read.record_list(drills=True)] == [drill]


def test_numbers_that_never_answer_and_calls_for_nothing(house: House, storm: dict[str, Any]) -> None:
    """Three calls without ever getting through; calls of a false alarm are counted as such."""
    person = house.add(schema.receiver, unit_id=WATER, role=4, name_sealed=b"", post="")
    number = house.number("0358****000")
    for turn in range(3):
        at = START + 50 * 60_000 + turn
        house.attempt(
            storm["callout"],
            storm["office"],
            receiver_id=person,
            number_id=number,
            outcome="busy",
            handed_at=at,
            ended_at=at,
        )
    house.change(schema.callout, storm["callout"], verdict=Verdict.FALSE.value)
    reading = tables(house).season(SeasonQuery(START, START + 1))
    assert [(one.unit_code, one.calls, one.heard) for one in reading.silent] == [("141124-water", 3, 0)]
    assert reading.silent_total == 1
    assert reading.false_calls == 7
    assert reading.callouts[0].verdict is Verdict.FALSE
    part = tables(house).season(SeasonQuery(START, START + 1, within=("141123",)))
    assert part.silent_total == 0
    assert part.called == ()


def test_being_called_again_does_not_shorten_an_answer(house: House, storm: dict[str, Any]) -> None:
    """再次呼叫 moves the callee's own moment; the answer still took as long as since its gate opened."""
    house.change(schema.callee, storm["v1"], opened_at=START + 120_000)
    read = tables(house)
    again = next(unit for unit in read.record(storm["callout"]).units if unit.callee_id == storm["v1"])
    assert again.delay == 65_000
    season = read.season(SeasonQuery(START, START + 1))
    assert season.callouts[0].last_opened == 60_000
    assert {one.delay for one in season.groups if one.state is S.ACKNOWLEDGED} == {65, 0}


def test_the_number_of_statements_does_not_grow(
    house: House, storm: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never a query per unit: a hundred more villages ask nothing more."""
    monkeypatch.setattr("warning_dispatch.store.records.Sql", Counted)
    read: RecordReadings = tables(house)

    def statements() -> list[int]:
        found = []
        for work in (
            lambda: read.record(storm["callout"], within=("1411",)),
            lambda: read.season(SeasonQuery(0, START + 1)),
        ):
            Counted.asked = 0
            work()
            found.append(Counted.asked)
        return found

    before = statements()
    branch = house.branch(storm["callout"], VILLAGES, START)
    for place in range(100, 200):
        callee = house.callee(
            storm["callout"], branch, house.village(place), VILLAGES, S.ACKNOWLEDGED, answered_at=START
        )
        house.attempt(storm["callout"], callee, handed_at=START, outcome="key_pressed")
    assert statements() == before
    assert max(before) <= 16


def test_people_moved_are_one_number_in_the_record_and_the_response(house: House, storm: dict[str, Any]) -> None:
    """A township's figure and its villages' are not added; one person's word about two villages counts once."""

    def moved() -> tuple[int, int]:
        form = tables(house).record(storm["callout"])
        response = ResponseTables(house.engine, rows_by_hand.SEALER, house.read, lambda: START)
        record = figures_of(form, [""] * len(form.head.tiers), "", {}).feedback
        return record.moved, response.overview(storm["callout"]).total.moved

    assert moved() == (4, 4)
    with writing(house.engine) as connection:
        table = FeedbackTable(Sql(connection), rows_by_hand.SEALER)
        table.add([storm["chief"]], storm["person"], START + 400_000, Feedback(moved=9))
        table.add([storm["far"]], storm["person"], START + 500_000, Feedback(moved=20))
    assert moved() == (29, 29)


def test_a_duty_rooms_answer_stands_after_the_lifting(house: House, storm: dict[str, Any]) -> None:
    """Tally, list, tree, curve, response, record, season, paper and metrics say one number before and after the end."""
    callout, lower = (
        storm["callout"],
        house.branch(storm["callout"], VILLAGES, START, superior_callee_id=storm["chief"]),
    )
    office = house.unit("141124-fire", "临县消防", UnitLevel.COUNTY, rows_by_hand.COUNTY, kind=UnitKind.DEPARTMENT)
    room = house.callee(callout, lower, office, VILLAGES, S.DUTY_ANSWERED, opened_at=START, answered_at=START + 9_000)
    house.change(schema.branch, lower, total=1, answered=1)

    def figures() -> dict[str, int]:
        read, whole = tables(house), tally_of(house.read.callout(callout).tiers)
        form = read.record(callout)
        record = figures_of(form, [""] * len(form.head.tiers), "", {}).whole
        assert whole.stopped == record.stopped
        assert house.read.story(callout, storm["chief"]).below_answered == 1
        shares = house.read.shares(callout, "")
        groups = read.season(SeasonQuery(START - DAY, START + DAY)).groups
        found = house.read.page(callout, CalleeQuery(states=(S.ACKNOWLEDGED, S.DUTY_ANSWERED)))
        response = ResponseTables(house.engine, rows_by_hand.SEALER, house.read, lambda: START)
        return {
            "tally": whole.answered,
            "list": found.total,
            "rows": sum(row.state in (S.ACKNOWLEDGED, S.DUTY_ANSWERED) for row in found.rows),
            "curve": house.read.curve(callout)[-1].answered,
            "shares": sum(one.answered for one in shares),
            "record": record.answered,
            "season": share_of(groups).answered,
            "response": response.overview(callout).total.answered,
            "paper": sum("已应答" in answer_text(one) for one in house.read.printed(callout).units),
        }

    assert set(figures().values()) == {4}
    with writing(house.engine) as connection:
        assert CalleeTable(Sql(connection)).withdraw_all(callout, S.STOPPED) == 3
        BranchTable(Sql(connection)).recount(callout)
    assert figures() == dict.fromkeys(figures(), 4)
    assert house.read.story(callout, room).row.stopped, "nothing more can be done with it"
    house.change(schema.callout, callout, state=CallOutState.RUNNING.value)  # as if only a part had been lifted
    with reading(house.engine) as connection:
        tiers = watch_figures(Sql(connection), lambda _: rows_by_hand.PLAN).tiers
    assert sum(one.answered for one in tiers) == 4 + 1, "the gate counts whoever was waived"


def test_who_was_stopped_behind_its_gate_was_not_asked(house: House, storm: dict[str, Any]) -> None:
    """Also where the gate opened for others afterwards; record, season and report to the superiors say one number."""

    def asked() -> set[int]:
        read = tables(house)
        response = ResponseTables(house.engine, rows_by_hand.SEALER, house.read, lambda: START)
        return {
            sum(one.asked for one in read.record(storm["callout"]).units),
            share_of(read.season(SeasonQuery(START - DAY, START + DAY)).groups).asked,
            response.overview(storm["callout"]).total.units,
        }

    assert asked() == {5}
    house.change(schema.callee, storm["v3"], opened_at=None)
    assert asked() == {4}
    [left] = [one for one in tables(house).record(storm["callout"]).units if one.callee_id == storm["v3"]]
    assert (left.opened_at, left.unopened) == (None, True)


def test_departments_are_told_by_their_line(house: House, storm: dict[str, Any]) -> None:
    """The line stands with departments alone."""
    house.change(schema.unit, WATER, sector="water")
    groups = tables(house).season(SeasonQuery(START, START + 1)).groups
    assert [one for one in groups if one.sector] == [
        SeasonGroup(storm["callout"], "townships", "141124", "water", S.WAIVED, 0, 1)
    ]
