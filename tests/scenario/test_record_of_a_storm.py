"""Promise 8 on paper: the record form of a storm agrees with its journal to the unit, cell by cell, sum by sum."""

from __future__ import annotations

import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine, text

from warning_dispatch.bootstrap import REACHED, build_demo, demo_warning
from warning_dispatch.clock import VirtualClock
from warning_dispatch.configuration import load_configuration
from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.fold import fold
from warning_dispatch.engine.ranges import from_ranges
from warning_dispatch.figures.callout import figures_of, late_units
from warning_dispatch.model.console_views import CalleeQuery
from warning_dispatch.model.feedback import Feedback
from warning_dispatch.model.record_views import RecordForm, SeasonQuery
from warning_dispatch.model.states import ANSWERED, UNREACHED, CalleeState, Means
from warning_dispatch.model.unit import Role, UnitLevel
from warning_dispatch.reports import record_pages, record_workbook
from warning_dispatch.reports.record_pages import RecordPages
from warning_dispatch.reports.record_words import MEANS, RecordWords
from warning_dispatch.reports.stamp import Stamp
from warning_dispatch.simulation.population import VoiceHabit
from warning_dispatch.simulation.stage import Stage
from warning_dispatch.store.database import reading
from warning_dispatch.store.records import RecordTables

ROOT = Path(__file__).parents[2]
START = 1_785_000_000_000
MINUTE = 60_000
WORDS = RecordWords("吕梁市气象局")
STAMP = Stamp("user:wang", START)
S = CalleeState
_UNREACHED = {state.name for state in UNREACHED}
_COLUMN = {"voice": "拨打", "sms": "短信", "email": "邮件", "operator": "人工"}


@dataclass
class Told:
    """What a journal tells of a call-out, folded by the test itself.

    `states`: how each stands, and an office that was stopped after its duty room had answered as it stood before.
    """

    states: Mapping[int, CalleeState]
    tiers: dict[int, int] = field(default_factory=dict)
    handed: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    ever: set[int] = field(default_factory=set)
    called: set[int] = field(default_factory=set)
    """Whose gates opened, here or in the round before."""
    means: dict[int, str] = field(default_factory=dict)
    calls: int = 0
    acts: int = 0

    @property
    def unopened(self) -> set[int]:
        """The end came before their gates opened: they had nothing to answer."""
        return {key for key, state in self.states.items() if state is S.STOPPED} - self.called


def told(database: Engine, callout_id: int) -> Told:
    """Fold the journal of a call-out: nothing is asked of the tables that the record is made from."""
    with reading(database) as connection:
        bodies = connection.execute(
            text("SELECT body FROM journal_block WHERE stream = :of ORDER BY seq"), {"of": f"callout:{callout_id}"}
        ).scalars()
        entries = [entry for body in bodies for entry in json.loads(body)]
    last: dict[int, str] = {}
    found, members = Told({}), {}
    gone: set[int] = set()
    for entry in entries:
        kind = entry["k"]
        if kind == "branch.filled" and entry["total"]:
            members[entry["id"]] = range(entry["first"], entry["last"] + 1)
            found.tiers.update(dict.fromkeys(members[entry["id"]], entry["tier"]))
        elif kind == "branch.opened":
            found.called.update(set(members.get(entry["branch"], ())) - gone)
        elif kind == "callees.left":
            gone.update(from_ranges(entry["ids"]))
        elif kind == "callee":
            last[entry["id"]] = entry["to"]
            if entry["to"] in _UNREACHED:
                found.ever.add(entry["id"])
        elif kind == "callees.taken_over":
            last.update((key, name) for name, keys in entry["states"].items() for key in from_ranges(keys))
            found.called.update(last)
            found.ever.update(key for name in _UNREACHED for key in from_ranges(entry["states"].get(name, [])))
        elif kind == "answer" and entry["counted"]:
            found.means.setdefault(entry["callee"], entry["means"])
        found.acts += kind in ("act", "seen", "list.written", "receiver.added")
    duty = S.DUTY_ANSWERED
    found.states = {
        key: duty if state is S.STOPPED and last.get(key) == duty.name else state
        for key, state in fold(entries).callees.items()
    }
    _count_attempts(found, entries)
    return found


def _count_attempts(found: Told, entries: list[Any]) -> None:
    """What was handed over for whom; an all-clear asks nobody."""
    channel: dict[int, str] = {}
    named: dict[int, list[int]] = {}
    handed: set[int] = set()
    for entry in entries:
        kind = entry["k"]
        if kind == "attempt.queued" and entry.get("for") != "ALL_CLEAR":
            channel[entry["id"]] = entry["on"]
        elif kind == "shared.claimed":
            channel[entry["id"]], named[entry["id"]] = "voice", entry["callees"]
        elif kind == "attempt.claimed":
            named[entry["id"]] = entry["callees"]
        elif kind in ("attempt.handed", "shared.handed"):
            handed.add(entry["id"])
    for attempt in handed & channel.keys():
        found.calls += channel[attempt] == "voice"
        for callee in named[attempt]:
            found.handed[callee][channel[attempt]] += 1


def sheet(content: bytes, name: str) -> list[list[Any]]:
    """The rows of a sheet."""
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(name).to_python()


def table(rows: list[list[Any]], head: str) -> Iterator[dict[str, Any]]:
    """The lines below a head row that begins with a word, by their columns."""
    at = next(place for place, row in enumerate(rows) if row[0] == head and len([cell for cell in row if cell]) > 3)
    for row in rows[at + 1 :]:
        if row[0] == "":
            return
        yield dict(zip(rows[at], row, strict=False))


def expected(keys: list[int], story: Told) -> dict[str, int]:
    """The figures of some callees, out of the journal alone."""
    states = Counter(story.states[key] for key in keys if story.states[key] is not S.SUPERSEDED)
    here = [key for key in keys if story.states[key] is not S.SUPERSEDED]
    answered = [key for key in here if story.states[key] in ANSWERED and story.states[key] is not S.WAIVED]
    means = Counter(story.means.get(key, "") for key in answered)
    unopened = story.unopened.intersection(here)
    return {
        "应叫": len(here) - states[S.WAIVED] - states[S.INFORMED] - len(unopened),
        "应答": len(answered),
        "本人应答": sum(means[one] for one in ("key", "link", "reply", "email")),
        "值班登记": means["operator"],
        "上级代报": means["superior"],
        "带入等": means[""],
        "未呼": states[S.UNCALLED],
        "未应答": states[S.UNANSWERED],
        "接听未确认": states[S.UNCONFIRMED],
        "叫应中": states[S.WAITING] + states[S.CALLING] + states[S.RELAYED],
        "已停止": states[S.STOPPED] - len(unopened),
        "未开闸": len(unopened),
        "免叫": states[S.WAIVED],
        "已告知": states[S.INFORMED],
        "发得出": sum(sum(story.handed[key].values()) > 0 for key in here),
        "曾未叫应": sum(key in story.ever for key in here),
        "后叫到": sum(key in story.ever for key in answered),
        **{column: sum(story.handed[key][name] for key in here) for name, column in _COLUMN.items()},
    }


def agree(form: RecordForm, story: Told) -> None:
    """Every unit, every sum of every sheet, and the A4 page, against the journal."""
    content = record_workbook.record_workbook(form, WORDS, STAMP)
    by_code = {unit.code: unit for unit in form.units}
    assert sorted(unit.callee_id for unit in form.units) == sorted(story.states)
    for row in table(sheet(content, record_workbook.UNITS), "层级"):
        key = by_code[row["编码"]].callee_id
        assert row["状态"] == story.states[key].chinese
        counted = {column: story.handed[key][name] for name, column in _COLUMN.items()}
        assert {column: row[column] for column in counted} == counted, row
        assert bool(row["曾未叫应"]) == (key in story.ever or story.states[key] in UNREACHED)
        if by_code[row["编码"]].answered and key in story.means:
            assert row["应答方式"] == MEANS[Means(story.means[key])]
    places = sheet(content, record_workbook.PLACES)
    groups: dict[str, dict[str, list[int]]] = {"层级": defaultdict(list), "县（市、区）": defaultdict(list)}
    for unit in form.units:
        groups["层级"][form.head.tiers[story.tiers[unit.callee_id]].title["zh_CN"]].append(unit.callee_id)
        groups["县（市、区）"][unit.county[1] or "市本级"].append(unit.callee_id)
    for head, members in groups.items():
        lines = {line[head]: line for line in table(places, head)}
        assert set(lines) == set(members) | {"合计"}
        for name, keys in [*members.items(), ("合计", list(story.states))]:
            want = expected(keys, story)
            assert {column: lines[name][column] for column in want} == want, (head, name)
            assert lines[name]["应叫"] == sum(
                lines[name][one] for one in ("应答", "未呼", "未应答", "接听未确认", "叫应中", "已停止")
            )
        for column in expected([], story):
            assert sum(lines[name][column] for name in members) == lines["合计"][column], (head, column)
    _summary_agrees(content, form, story)
    late = (
        [row["编码"] for row in table(sheet(content, record_workbook.LATE), "序号")] if late_units(form.units) else []
    )
    assert {by_code[code].callee_id for code in late} == {
        key for key in story.ever if story.states[key] is not S.SUPERSEDED
    }


def _summary_agrees(content: bytes, form: RecordForm, story: Told) -> None:
    """The first sheet and the page for paper say the same as the journal."""
    want = expected(list(story.states), story)
    whole = next(row for row in table(sheet(content, record_workbook.SUMMARY), "层级") if row["层级"] == "合计")
    for name in ("应叫", "应答", "本人应答", "上级代报", "曾未叫应"):
        assert whole[name] == want[name]
    assert form.calls == story.calls
    assert len(form.acts) == story.acts
    page = RecordPages(WORDS).form(form, STAMP).decode()
    cells = re.search(r'<tr class="sum"><th scope="row">合计</th>(.*?)</tr>', page, re.DOTALL)
    assert cells is not None
    numbers = [re.sub(r"<small>.*?</small>|<[^>]*>", "", cell) for cell in cells[1].split("</td>")]
    assert [int(numbers[0]), int(numbers[1]), int(numbers[3]), int(numbers[8])] == [
        want["应叫"], want["应答"], want["本人应答"], want["曾未叫应"],
    ]  # fmt: skip


@pytest.fixture(scope="module")
def prefecture() -> Iterator[tuple[Any, int, RecordTables]]:
    """A red storm over the whole prefecture on few lines: answered, recorded, relayed, waived, lifted in the end."""
    clock = VirtualClock(START)
    made = build_demo(
        config=ROOT / "config",
        contacts=ROOT / "contacts",
        database_url=None,
        seed=11,
        lines=60,
        now=START,
        link_prefix="http://127.0.0.1/r/",
    )
    engine, read = made.product.engine, made.product.read
    callout = engine.take_in(START, demo_warning(ROOT / "config", START), "demo").result.callouts[0]
    stage = Stage(engine, made.network, clock)
    _play(stage, clock, 14)
    engine.take_note(clock.now(), callout, actor="user:wang")
    rows = read.page(callout, CalleeQuery(states=UNREACHED, limit=30)).rows
    for place, row in enumerate(rows[:20]):
        means = Means.OPERATOR if place % 2 else Means.SUPERIOR
        engine.acknowledge(clock.now(), callout, row.callee_id, actor="user:wang", reason="电话核实", means=means)
    engine.act(clock.now(), Act.WAIVE, callout, actor="user:wang", reason="整村已搬迁", unit_code=rows[20].unit_code)
    with made.product.storage.writing() as tx:
        tx.feedback.add([rows[0].callee_id], 1, clock.now(), Feedback(on_post=True, measures="转移低洼处", moved=12))
        tx.feedback.add([rows[0].callee_id], 1, clock.now() + 1, Feedback(moved=30, dangers="桥涵积水"))
        tx.feedback.add([rows[1].callee_id], 1, clock.now(), Feedback(on_post=True))
    _play(stage, clock, 6)
    engine.act(clock.now(), Act.CANCEL, callout, actor="user:wang", reason="雨势减弱")
    _play(stage, clock, 1)
    names = load_configuration(ROOT / "config").hazards.names()
    yield made, callout, RecordTables(made.product.database, made.product.sealer, names, reached=REACHED)
    made.product.close()


def _play(stage: Stage, clock: VirtualClock, minutes: int) -> None:
    end = clock.now() + minutes * MINUTE
    stage.play(lambda: clock.now() >= end, end)


def test_the_record_of_a_whole_prefecture_agrees_with_its_journal(prefecture: Any) -> None:
    """2,640 units: unit by unit, tier by tier, county by county, on every sheet and on paper."""
    made, callout, read = prefecture
    form = read.record(callout)
    assert len(form.units) > 2_600
    story = told(made.product.database, callout)
    states = Counter(story.states.values())
    assert states[S.ACKNOWLEDGED] > 1_500
    assert states[S.STOPPED]
    assert states[S.DUTY_ANSWERED], "the lifting stopped offices whose duty rooms had answered: their answers stand"
    assert states[S.WAIVED] == 1
    assert len(story.ever) > 100
    agree(form, story)


def test_feedback_is_counted_once_a_unit(prefecture: Any) -> None:
    """People moved are a unit's latest word, not the sum of everything it said on the way."""
    _, callout, read = prefecture
    form = read.record(callout)
    moved = figures_of(form, ["?"] * len(form.head.tiers), "市", {}).feedback
    assert (moved.reports, moved.units, moved.on_post, moved.moved, moved.dangers) == (3, 2, 2, 30, 1)


def test_a_countys_part_is_its_own_and_the_parts_are_the_whole(prefecture: Any) -> None:
    """What a county's officer is given is that county's units and no others; together they are everything below the city."""
    _, callout, read = prefecture
    whole = read.record(callout)
    counties = sorted({unit.county[0] for unit in whole.units if unit.county[0]})
    parts = {county: read.record(callout, within=(county,)) for county in counties}
    for county, part in parts.items():
        assert part.units
        assert {unit.county[0] for unit in part.units} == {county}
        assert [unit for unit in whole.units if unit.county[0] == county] == list(part.units)
        assert part.head.parts
        assert all(one.callee_id in {unit.callee_id for unit in part.units} for one in part.feedback)
    below = sum(len(part.units) for part in parts.values())
    assert below == sum(unit.county[0] != "" for unit in whole.units)


def test_no_number_is_in_clear_unless_it_was_read_so(prefecture: Any) -> None:
    """Promise 11: forms and workbooks are masked; in clear they hold names and numbers."""
    _, callout, read = prefecture
    masked, clear = read.record(callout), read.record(callout, clear=True)
    numbers = {unit.answer.number for unit in masked.units if unit.answer and unit.answer.number}
    assert numbers
    assert all("*" in number for number in numbers)
    assert not any(unit.answer.who for unit in masked.units if unit.answer)
    assert any(unit.answer.who for unit in clear.units if unit.answer)
    shown = next(unit.answer.number for unit in clear.units if unit.answer and unit.answer.number)
    assert "*" not in shown
    pages = RecordPages(WORDS)
    assert shown.removeprefix("+86") not in pages.form(masked, STAMP, record_pages.EVERY_TIER).decode().replace(" ", "")


def test_rounds_are_counted_where_they_went(town: Any) -> None:
    """An upgrade takes units over: each round's record agrees with its own journal, and no unit is asked twice."""
    place = town(counties=4)
    orange = place.message("12379-orange-rain-counties.xml")
    identifier = orange.decode().split("<identifier>")[1].split("<")[0]
    place.take_in(orange)
    place.everyone_of(UnitLevel.TOWNSHIP, Role.DUTY, VoiceHabit.NEVER, VoiceHabit.ANSWERS)
    place.everyone_of(UnitLevel.COUNTY, Role.PRIMARY, VoiceHabit.ANSWERS)
    place.everyone_of(UnitLevel.VILLAGE, Role.DEPUTY, VoiceHabit.NEVER, VoiceHabit.ANSWERS)
    place.play(seconds=1_300)
    place.take_in(place.message("12379-red-rain-counties.xml", references=identifier))
    place.play(seconds=900)
    read = RecordTables(place.database, place.sealer, {}, reached=REACHED)
    forms = [read.record(one) for one in (1, 2)]
    assert forms[0].head.rounds == (2,)
    for one, form in enumerate(forms, 1):
        agree(form, told(place.database, one))
    first, second = ({unit.code: unit for unit in form.units if unit.asked} for form in forms)
    again = first.keys() & second.keys()
    assert again, "whoever had answered the orange was asked anew for the red"
    assert all(first[code].answered for code in again), "whoever had not is counted in the newer round alone"
    year = read.season(SeasonQuery(0, place.clock.now() + 1))
    assert [one.callout_id for one in year.callouts] == [2], "the last round stands for the warning"
    assert sum(often * people for often, people in year.called) == sum(form.calls for form in forms)
