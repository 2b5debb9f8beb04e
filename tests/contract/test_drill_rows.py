"""Drills as the engine and the pages rely on them, on every kind of database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from by_path import loaded

from warning_dispatch.drilling.life import Release
from warning_dispatch.drilling.scoring import report
from warning_dispatch.engine.drill_records import DrillContent, NewDrill
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.alert import MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.drills import DrillDay, DrillKind, DrillState, DrillTier
from warning_dispatch.model.states import CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.texts import AlertFacts
from warning_dispatch.model.unit import Channel, Role, UnitKind, UnitLevel
from warning_dispatch.routing.selection import TierSelection
from warning_dispatch.store import schema
from warning_dispatch.store.callout_rows import CallOutTable
from warning_dispatch.store.database import writing
from warning_dispatch.store.drill_rows import DrillTable
from warning_dispatch.store.reading_drills import REPORT, DrillTables, drill_facts
from warning_dispatch.store.round_rows import RoundTable
from warning_dispatch.store.sql import Sql

rows_by_hand = loaded("contract_house", Path(__file__).with_name("house.py"))
START, WATER, TOWNSHIP = rows_by_hand.START, rows_by_hand.WATER, rows_by_hand.TOWNSHIP
FACTS = AlertFacts(
    "吕梁市气象台", 0, "暴雨", "Rainstorm", Colour.RED, MsgType.ALERT, "", "", "", {}, ("临县",), None, True
)
CONTENT = DrillContent(
    title="临县暴雨红色全员演练",
    hazard="rainstorm",
    colour=Colour.RED,
    plan_name="city",
    plan="{}",
    coverage=(
        TierSelection(0, UnitKind.DIVISION, UnitLevel.VILLAGE, (), ("x",), ("141124",), ("1411",), name="villages"),
    ),
    areas=("141124",),
    area_names=("临县",),
    tiers=(DrillTier("villages", {"zh_CN": "村", "en": "Villages"}),),
    people=(7, 9),
    valid=3_600_000,
    alert_id=None,
    issuer_area="1411",
    facts=FACTS,
)


def new(kind: DrillKind = DrillKind.EVERYONE, **changes: Any) -> NewDrill:
    """A drill about to be written."""
    values: dict[str, Any] = {"starts_at": START + 5, "announce_at": None, "created_at": START, "created_by": "甲"}
    return NewDrill(kind, DrillState.COMPOSED, CONTENT, **{**values, **changes})


def test_a_drill_is_kept_as_it_was_composed(house: Any) -> None:
    """What is released is exactly what was written: plan, coverage, list and words come back as they were."""
    with writing(house.engine) as connection:
        rows = DrillTable(Sql(connection))
        key = rows.insert(new())
        found = rows.load(key)
        assert found is not None
        assert (found.content, found.kind, found.state) == (CONTENT, DrillKind.EVERYONE, DrillState.COMPOSED)
        assert rows.load(key + 1) is None


def test_its_life_is_written_down(house: Any) -> None:
    """Two releases with their moments, the call-outs, the end and its reason."""
    read = DrillTables(house.engine, {"rainstorm": rows_by_hand.RAINSTORM}, ())
    with writing(house.engine) as connection:
        rows = DrillTable(Sql(connection))
        key = rows.insert(new())
        assert rows.live() == []
        rows.released(key, Release("甲", "", complete=False), DrillState.COMPOSED, START + 1)
        assert rows.live() == []
        rows.released(key, Release("甲", "乙", complete=True), DrillState.RELEASED, START + 2)
        rows.announced(key, 11)
        (live,) = rows.live()
        assert (live.id, live.state, live.announced_id, live.callout_id) == (key, DrillState.RELEASED, 11, None)
        rows.begun(key, 12, START + 3)
        assert [(one.state, one.callout_id) for one in rows.live()] == [(DrillState.RUNNING, 12)]
        rows.ended(key, DrillState.INTERRUPTED, START + 4, "engine", "real_warning")
        assert rows.live() == []
    view = read.drill(key)
    assert (view.first_by, view.first_at, view.second_by, view.second_at) == ("甲", START + 1, "乙", START + 2)
    assert (view.began_at, view.ended_at, view.ended_by, view.why) == (START + 3, START + 4, "engine", "real_warning")
    assert (view.title, view.people, view.area_names, view.needs) == ("临县暴雨红色全员演练", 2, ("临县",), 0)
    assert view.hazard_name == rows_by_hand.RAINSTORM
    assert [one.id for one in read.drills()] == [key]
    with pytest.raises(NotFoundError):
        read.drill(key + 1)


def test_reports_are_kept_and_compared_with_the_last_that_came_to_its_end(house: Any) -> None:
    """An interrupted drill, or one of another kind, is no measure."""
    read = DrillTables(house.engine, {}, ())
    found = report((), (), interrupted=False, finished_at=START)
    with writing(house.engine) as connection:
        rows = DrillTable(Sql(connection))
        keys = []
        for kind, state in (
            (DrillKind.EVERYONE, DrillState.DONE),
            (DrillKind.STAFF, DrillState.DONE),
            (DrillKind.EVERYONE, DrillState.INTERRUPTED),
            (DrillKind.EVERYONE, DrillState.STOPPED),
        ):
            keys.append(rows.insert(new(kind)))
            rows.ended(keys[-1], state, START, "甲", "")
            rows.keep_report(keys[-1], REPORT.dump_json(found).decode(), 80)
    assert read.comparison(keys[0], found) is None
    compared = read.comparison(keys[3], found)
    assert compared is not None
    assert compared.drill_id == keys[0]
    assert read.report(keys[3]) == found
    assert read.drill(keys[3]).score == 80
    with writing(house.engine) as connection:
        bare = DrillTable(Sql(connection)).insert(new())
    with pytest.raises(NotFoundError):
        read.report(bare)


def test_who_stands_on_a_named_list(house: Any) -> None:
    """By unit and role, as long as they serve and have a number that can be used."""
    able, mute = house.receiver(WATER), house.receiver(WATER)
    number = house.number("139****0001")
    for receiver, usable in ((able, 1), (mute, 0)):
        house.add(
            schema.endpoint,
            receiver_id=receiver,
            unit_id=WATER,
            role=Role.PRIMARY.value,
            channel=Channel.VOICE.value,
            number_id=number,
            usable=usable,
        )
    with writing(house.engine) as connection:
        rows = DrillTable(Sql(connection))
        assert [one.receiver_id for one in rows.named("141124-water", None)] == [able]
        assert [one.receiver_id for one in rows.named("141124-water", Role.PRIMARY)] == [able]
        assert rows.named("141124-water", Role.DUTY) == []
        assert rows.named("nowhere", None) == []
        unit = rows.unit("141124-water")
        assert unit is not None
        assert (unit.name, unit.kind, unit.superior) == ("临县水利局", UnitKind.DEPARTMENT, "141124")
        assert rows.unit("nowhere") is None


def test_the_calendar(house: Any) -> None:
    """Days in their order, reminders and the drill that was composed for one."""
    read = DrillTables(house.engine, {}, ())
    with writing(house.engine) as connection:
        rows = DrillTable(Sql(connection))
        late = rows.add_day(DrillDay(0, "2027-05-12", "汛前", DrillKind.EVERYONE, "", yearly=True), START, "甲")
        soon = rows.add_day(DrillDay(0, "2026-08-01", "抽查", DrillKind.STAFF, "值班室", yearly=False), START, "甲")
        drill = rows.insert(new())
        assert rows.hold_day(soon, drill)
        assert not rows.hold_day(99, drill)
        rows.told_day(late, 14)
        assert [(one.id, one.told, one.held) for one in rows.days()] == [(soon, -1, True), (late, 14, False)]
        rows.follow_day(soon)
        assert [one.id for one in rows.days()] == [late]
    assert [(one.day, one.drill_id, one.yearly) for one in read.days()] == [
        ("2026-08-01", drill, False),
        ("2027-05-12", None, True),
    ]
    assert read.busy("2027-05-11", START)
    assert not read.busy("2026-07-01", START)
    with writing(house.engine) as connection:
        rows = DrillTable(Sql(connection))
        assert rows.drop_day(late)
        assert not rows.drop_day(late)
    assert not read.busy("2027-05-11", START)


def test_the_daemon_sees_what_is_to_be_reported_and_played(house: Any) -> None:
    """A drill that is over and whose rows are there; one on paper that nobody has played."""
    read = DrillTables(house.engine, {}, ())
    callout = house.callout(purpose=Purpose.DRILL.value)
    with writing(house.engine) as connection:
        rows = DrillTable(Sql(connection))
        over, gone, paper = rows.insert(new()), rows.insert(new()), rows.insert(new(DrillKind.PAPER))
        for key, itself in ((over, callout), (gone, 99)):
            rows.begun(key, itself, START)
            rows.ended(key, DrillState.DONE, START, "engine", "finished")
        rows.begun(paper, None, START)
    assert read.unreported() == [over]
    assert read.to_play() == [paper]
    assert not read.busy("2026-07-01", START), "nothing but paper: the writer is left in peace"


def test_how_everybody_fared(house: Any) -> None:
    """Gate, answer, means and role, calls and messages that reached a carrier, the last result, and wrong numbers."""
    village, silent = house.village(200, "甲村"), house.village(201, "乙村")
    callout = house.callout(purpose=Purpose.DRILL.value)
    branch = house.branch(callout, 2, START)
    one = house.callee(callout, branch, village, 2, CalleeState.STOPPED, opened_at=START, answered_at=START + 9_000)
    two = house.callee(callout, branch, silent, 2, CalleeState.STOPPED, opened_at=START)
    number = house.number("139****0002")
    person = house.receiver(silent)
    endpoint = house.add(
        schema.endpoint,
        receiver_id=person,
        unit_id=silent,
        role=Role.PRIMARY.value,
        channel=Channel.VOICE.value,
        number_id=number,
    )
    house.attempt(callout, one, handed_at=START, outcome="key_pressed")
    wrong = {"endpoint_id": endpoint, "number_id": number, "outcome": "empty_number"}
    house.attempt(callout, two, handed_at=START, **wrong)
    house.attempt(callout, two, handed_at=START, outcome=None, channel=Channel.SMS.value)
    house.attempt(callout, two, outcome=None)
    house.answer(callout, one, START + 9_000, counted=True, receiver=1, means=Means.KEY)
    with writing(house.engine) as connection:
        facts, numbers = drill_facts(Sql(connection), callout, {"empty_number"})
        with pytest.raises(NotFoundError):
            drill_facts(Sql(connection), 99, ())
    first, second = facts
    assert (first.unit_name, first.tier, first.path, first.limit) == ("甲村", "villages", "临县 白文镇", 600_000)
    assert (first.answered_at, first.means, first.calls, first.texts) == (START + 9_000, "key", 1, 0)
    assert (second.answered_at, second.calls, second.texts, second.outcome) == (None, 1, 1, "empty_number")
    (bad,) = numbers
    assert (bad.unit_name, bad.role, bad.masked, bad.outcome) == ("乙村", "primary", "139****0002", "empty_number")


def test_a_drill_holds_no_unit_for_a_warning(house: Any) -> None:
    """Who is in a drill is told all-clear by the warning that called them, and no warning stands because of a drill."""
    drill, real = house.callout(purpose=Purpose.DRILL.value), house.callout(state=CallOutState.COMPLETE.value)
    house.callee(drill, house.branch(drill, 1, START), TOWNSHIP, 1)
    called = house.callee(real, house.branch(real, 1, START), TOWNSHIP, 1)
    with writing(house.engine) as connection:
        assert RoundTable(Sql(connection)).held_again([called]) == frozenset()
        rows = CallOutTable(Sql(connection))
        assert [one.id for one in rows.of_hazard("rainstorm")] == [real]
        assert DrillTable(Sql(connection)).warned()
        rows.set_state(real, CallOutState.CLOSED, next_at=None, ended_at=START)
        assert not DrillTable(Sql(connection)).warned()


def test_the_named_list_travels_with_the_call_out(house: Any) -> None:
    """Read with the row: nobody looks it up per call."""
    listed, open_ = house.callout(named="[3, 5]"), house.callout()
    with writing(house.engine) as connection:
        found = CallOutTable(Sql(connection)).load([listed, open_])
    assert found[listed].named == frozenset({3, 5})
    assert found[open_].named is None


def test_the_writer_is_bothered_only_when_something_is_due(house: Any) -> None:
    """A drill of tomorrow, or one that runs, costs the engine nothing; its hour and its end are seen."""
    read = DrillTables(house.engine, {}, ())
    callout = house.callout(purpose=Purpose.DRILL.value)
    with writing(house.engine) as connection:
        rows = DrillTable(Sql(connection))
        key = rows.insert(new(starts_at=START + 100, announce_at=START + 50))
        rows.released(key, Release("甲", "乙", complete=True), DrillState.RELEASED, START)
    assert not read.busy("2026-07-01", START + 49)
    assert read.busy("2026-07-01", START + 50)
    with writing(house.engine) as connection:
        DrillTable(Sql(connection)).announced(key, 99)
    assert not read.busy("2026-07-01", START + 99)
    assert read.busy("2026-07-01", START + 100)
    with writing(house.engine) as connection:
        DrillTable(Sql(connection)).begun(key, callout, START + 100)
    assert not read.busy("2026-07-01", START + 200)
    house.change(schema.callout, callout, state=CallOutState.COMPLETE.value)
    assert read.busy("2026-07-01", START + 200)
