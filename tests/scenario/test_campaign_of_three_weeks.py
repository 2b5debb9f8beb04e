"""年度更新备案 over three virtual weeks in the whole prefecture: everybody does what a plan says, and the report is right to the unit."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from warning_dispatch.clock import beijing_text
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.errors import RefusedError
from warning_dispatch.model.renewal import FILING_PATH, PROOF_PATH, FilingState, HandIn, LetterKind, Unready
from warning_dispatch.model.renewal_views import ClosingReport, PersonWords
from warning_dispatch.model.unit import Channel, Role, Unit
from warning_dispatch.ports import Reply
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.sample import sample_receivers
from warning_dispatch.registry.sample_block import sample_mobile
from warning_dispatch.renewal.registrars import registrar
from warning_dispatch.simulation.population import TextHabit

ROOT = Path(__file__).resolve().parents[2]
OPENED, DUE, CLOSED = "2027-04-06", "2027-04-20", "2027-04-28"
REMINDED = ("2027-04-13", "2027-04-17", "2027-04-19", "2027-04-21", "2027-04-23", "2027-04-27")
"""Days of the shipped schedule between the two."""


class Ways(StrEnum):
    """What a registrar does in the three weeks."""

    PUNCTUAL = "punctual"
    LATE = "late"
    SILENT = "silent"
    HALF = "half"
    """Forgets every other unit of the page."""
    SUCCESSOR = "successor"
    WRONG = "wrong"
    """Enters somebody else's number, is told, and mends it."""
    WRONG_FOR_GOOD = "wrong_for_good"
    """The same, and never looks again."""
    DEAD_NUMBER = "dead_number"
    """Enters a number at which nothing arrives."""


@dataclass(slots=True)
class Expected:
    """What must be true of a unit at the end, found out without the product."""

    state: FilingState = FilingState.LAPSED
    how: HandIn | None = None
    late: bool = False
    changed: bool = False


@dataclass(slots=True)
class Plan:
    """Who does what on which day."""

    ways: dict[str, Ways]
    days: dict[str, str]
    expected: dict[str, Expected]


def later(day: str, days: int) -> str:
    """A day some days later."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def planned(pages: Mapping[str, list[str]]) -> Plan:
    """Give every registrar a way and a day, from a seed."""
    dice = random.Random(20270406)
    ways, days = {}, {}
    for code in sorted(pages):
        ways[code] = dice.choices(list(Ways), weights=[60, 8, 6, 6, 8, 4, 3, 5])[0]
        late = ways[code] is Ways.LATE
        days[code] = later(DUE, dice.randint(1, 6)) if late else later(OPENED, dice.randint(0, 13))
    return Plan(ways, days, {unit: Expected() for units in pages.values() for unit in units})


class Played:
    """The three weeks."""

    def __init__(self, make_refresh: Callable[..., Any]) -> None:
        register = read_register(ROOT / "contacts")
        self.units: dict[str, Unit] = {unit.code: unit for unit in register.units}
        receivers = sample_receivers(register.units, 1)
        self.world = make_refresh(register.units, receivers, day=OPENED)
        reach: Counter[str] = Counter()
        for entry in receivers:
            reach[entry.unit_code] |= sum(
                {
                    int(entry.role) << (3 * (one.channel - 1))
                    for one in entry.endpoints
                    if one.channel is not Channel.VOICE
                }
            )
        self.pages: defaultdict[str, list[str]] = defaultdict(list)
        for unit in register.units:
            if unit.callable:
                self.pages[registrar(unit, self.units, reach)].append(unit.code)
        self.plan = planned(self.pages)
        self.fresh = iter(range(5_000_000, 6_000_000))
        self.to_mend: dict[str, str] = {}
        self.contacts = {
            code: [number for role in (Role.PRIMARY, Role.DEPUTY) if (number := self.world.numbers.get((code, role)))]
            for code in self.pages
        }
        """Mobiles at which each registrar can be reminded, in the order in which they are written to."""
        self.addressed: dict[str, set[str]] = {}
        self.dead: set[str] = set()

    def play(self) -> ClosingReport:
        """Open; day by day people act in the morning; close."""
        world = self.world
        world.do(world.desk.open_campaign("张工", "", DUE))
        world.post()
        for day in iter_days(OPENED, CLOSED):
            if day != OPENED:
                world.until_day(day, "08:20")
                if day in REMINDED:
                    people = 2 if day > DUE else 1
                    self.addressed[day] = {number for code in self.waiting() for number in self.contacts[code][:people]}
                world.until_day(day, "09:00")
            for code, at in self.plan.days.items():
                if at == day and self.plan.ways[code] is not Ways.SILENT:
                    self.act(code, late=day > DUE)
            for code in [code for code, at in self.to_mend.items() if at == day]:
                self.mend(code, late=day > DUE)
            world.until_day(day, "17:00")
        return world.do(world.desk.close_campaign("张工", "到期"))

    def waiting(self) -> set[str]:
        """Registrars whose page still has something to hand in, by the plan."""
        return {
            code
            for code, units in self.pages.items()
            if any(self.plan.expected[unit].state is FilingState.LAPSED for unit in units)
        }

    # --- what registrars do -------------------------------------------------------------------------------

    def act(self, code: str, *, late: bool) -> None:
        """The registrar opens the link and does what the plan says."""
        token, passed = self.world.registrar(code)
        page = self.world.read.renewal_page(token, passed)
        assert sorted(one.unit_code for one in page.units) == sorted(self.pages[code])
        way = self.plan.ways[code]
        chosen = page.units[::2] if way is Ways.HALF else page.units
        own = page.units[0]
        if way in (Ways.SUCCESSOR, Ways.WRONG, Ways.WRONG_FOR_GOOD, Ways.DEAD_NUMBER):
            chosen = page.units[1:]
            self.name_somebody(token, passed, own, way, late=late)
        orders = [(one.unit_code, one.version) for one in chosen]
        results = self.world.do(self.world.desk.confirm_as_is(token, orders, passed=passed)) if orders else []
        for one in results:
            assert not one.refused
            self.expect(one.unit_code, FilingState.FILED, HandIn.AS_IS, late=late, changed=False)

    def name_somebody(self, token: str, passed: str, unit: Any, way: Ways, *, late: bool) -> None:
        """Somebody new for the first person of the unit, with a number of the way's kind."""
        number = sample_mobile(next(self.fresh))
        self.world.says(number, TextHabit.UNREACHABLE if way is Ways.DEAD_NUMBER else TextHabit.TAPS)
        if way in (Ways.WRONG, Ways.WRONG_FOR_GOOD):
            self.world.says(number, TextHabit.IGNORES)
        words = PersonWords("A", f"接任{unit.unit_code[-4:]}", phones=(number,))
        leaving = unit.people[0].receiver_id
        work = self.world.desk.name_successor(token, unit.unit_code, unit.version, leaving, words, passed=passed)
        self.world.do(work)
        self.expect(unit.unit_code, FilingState.FILED, HandIn.SUCCESSOR, late=late, changed=True)
        good = way is Ways.SUCCESSOR
        if unit.unit_code in self.contacts:
            self.contacts[unit.unit_code][:1] = [number] if good else []
        if way is Ways.DEAD_NUMBER:
            self.dead.add(unit.unit_code)
        if way in (Ways.WRONG, Ways.WRONG_FOR_GOOD):
            self.world.post()
            (told,) = self.world.letters_to(number, PROOF_PATH)
            self.world.engine.answer(self.world.clock.now(), inbox(Reply(Channel.SMS, number, "不是我", 0)))
            assert told.text
            self.plan.expected[unit.unit_code] = Expected(how=HandIn.SUCCESSOR, changed=True)
            if way is Ways.WRONG:
                self.to_mend[unit.unit_code] = later(beijing_text(self.world.clock.now(), "%Y-%m-%d"), 2)

    def mend(self, code: str, *, late: bool) -> None:
        """Whoever was told of a wrong number enters the right one."""
        asked = next(one for one, units in self.pages.items() if code in units)
        token, passed = self.world.token(self.world.numbers[asked, Role.PRIMARY]), ""
        passed = self.world.do(self.world.desk.pass_step(token, self.world.numbers[asked, Role.PRIMARY][-4:]))
        unit = next(one for one in self.world.read.renewal_page(token, passed).units if one.unit_code == code)
        assert unit.state is FilingState.RETURNED
        assert unit.note
        number = sample_mobile(next(self.fresh))
        self.world.says(number, TextHabit.REPLIES)
        words = PersonWords("A", f"更正{code[-4:]}", phones=(number,))
        leaving = unit.people[0].receiver_id
        self.world.do(self.world.desk.name_successor(token, code, unit.version, leaving, words, passed=passed))
        self.expect(code, FilingState.FILED, HandIn.SUCCESSOR, late=late, changed=True)
        if code in self.contacts:
            self.contacts[code][:0] = [number]

    def expect(self, code: str, state: FilingState, how: HandIn, *, late: bool, changed: bool) -> None:
        """Remember what must come of it."""
        self.plan.expected[code] = Expected(state, how, late=late, changed=changed)


def inbox(*replies: Reply) -> Any:
    """What came from the wire."""
    return Inbox(replies=list(replies))


def iter_days(first: str, last: str) -> Iterator[str]:
    """Every day up to the last one."""
    day = first
    while day <= last:
        yield day
        day = later(day, 1)


@pytest.fixture(scope="module")
def played(make_refresh: Callable[..., Any]) -> tuple[Played, ClosingReport]:
    """One game for all questions: three weeks take half a minute."""
    game = Played(make_refresh)
    return game, game.play()


Game = tuple[Played, ClosingReport]


def test_every_kind_of_unit_was_there(played: Game) -> None:
    """The plan has units of every way, so that what follows says something."""
    game, report = played
    assert set(game.plan.ways.values()) == set(Ways)
    assert len(game.plan.expected) == report.progress.tally.total > 2_640
    assert len({one.state for one in game.plan.expected.values()}) == 2


def test_the_report_is_right_to_the_unit(played: Game) -> None:
    """State, way and punctuality of each unit are what its registrar did, and nothing else."""
    game, _ = played
    rows = {one.unit_code: one for one in game.world.read.filings(limit=10_000)}
    assert rows.keys() == game.plan.expected.keys()
    for code, expected in game.plan.expected.items():
        row = rows[code]
        assert (row.state, row.how) == (expected.state, expected.how), code
        if row.filed_at is not None:
            assert (beijing_text(row.filed_at, "%Y-%m-%d") > DUE) == expected.late, code


def test_counts_by_county_and_line_are_those_of_the_units(played: Game) -> None:
    """The progress of each county and of each department line is the sum of its units."""
    game, report = played
    by_county: defaultdict[str, Counter[str]] = defaultdict(Counter)
    by_line: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for code, expected in game.plan.expected.items():
        unit = game.units[code]
        facts = ["total", *facts_of(expected)]
        by_county[unit.area[:6] if len(unit.area) >= 6 else ""].update(facts)
        by_line[unit.sector].update(facts)
    assert {row.key: counted(row.tally) for row in report.progress.counties} == by_county
    del by_line[""]
    assert {row.key: counted(row.tally) for row in report.progress.lines} == by_line
    total = sum((counter for counter in by_county.values()), Counter[str]())
    assert counted(report.progress.tally) == total


def facts_of(expected: Expected) -> Iterator[str]:
    """Which columns a unit counts in."""
    if expected.state is FilingState.FILED:
        yield "filed"
        yield from ["late"] if expected.late else []
        yield from ["changed"] if expected.changed else []
    else:
        yield "lapsed"


def counted(tally: Any) -> Counter[str]:
    """A tally's columns that are not zero."""
    columns = {name: getattr(tally, name) for name in ("total", "filed", "late", "changed", "lapsed")}
    return Counter({name: count for name, count in columns.items() if count})


def test_what_remains_is_named(played: Game) -> None:
    """The closing report lists exactly the units that nobody filed, and the ways of those that were."""
    game, report = played
    lapsed = {code for code, one in game.plan.expected.items() if one.state is FilingState.LAPSED}
    assert {one.unit_code for one in report.open_units} == lapsed
    ways = Counter(one.how for one in game.plan.expected.values() if one.state is FilingState.FILED)
    assert dict(report.hand_ins) == ways


def test_numbers_that_nothing_reaches_are_named(played: Game) -> None:
    """A filed unit whose new number is dead stands in the report as such."""
    game, report = played
    dead = {one.unit_code for one in report.problem_units if Unready.UNDELIVERED in one.problems}
    assert dead == game.dead != set()


def test_each_new_number_was_tested_and_proved_by_its_holder(played: Game) -> None:
    """Test messages went to new numbers, each once; who tapped or replied is proved, and nobody else by it."""
    game, _ = played
    tests = Counter(one.address for one in game.world.carrier.handed if PROOF_PATH in one.link)
    assert max(tests.values()) == 1
    answers = [code for code, way in game.plan.ways.items() if way is Ways.SUCCESSOR]
    successor = game.world.read.people_of_unit(answers[0])[0]
    assert successor.entry.name.startswith("接任")
    assert all(one.proved for one in successor.endpoints if one.entry.channel is not Channel.EMAIL)


def test_reminders_went_to_whoever_had_not_handed_in_and_to_nobody_else(played: Game) -> None:
    """On each day of the schedule: exactly the registrars with something open, A before the day due, A and B after it."""
    game, _ = played
    sent: defaultdict[str, set[str]] = defaultdict(set)
    for at, one in game.world.handed_at:
        if one.channel is Channel.SMS and FILING_PATH in one.link and is_reminder(one.text):
            sent[beijing_text(at, "%Y-%m-%d")].add(one.address)
    expected = {day: set(game.addressed[day]) for day in REMINDED}
    assert {day: sent[day] for day in REMINDED} == expected
    assert set(sent) == set(REMINDED)


def is_reminder(text: str) -> bool:
    """By the words of the template, in either language."""
    return any(words in text for words in ("还剩", "今天截止", "已逾期", "days left", "Due today", "days late"))


def test_no_letter_went_at_night_and_none_twice(played: Game) -> None:
    """Between 08:30 and 18:00 only; a number gets one letter of a kind a day."""
    game, _ = played
    assert all("08:30" <= beijing_text(at, "%H:%M") < "18:00" for at, _ in game.world.handed_at)
    seen = Counter(
        (beijing_text(at, "%Y-%m-%d"), one.address, one.channel, one.text[:24]) for at, one in game.world.handed_at
    )
    assert max(seen.values()) == 1


def test_whoever_entered_a_wrong_number_was_told(played: Game) -> None:
    """The holder denied it: whoever handed it in gets a letter, at their own number."""
    game, _ = played
    wrong = [code for code, way in game.plan.ways.items() if way in (Ways.WRONG, Ways.WRONG_FOR_GOOD)]
    assert wrong
    for code in wrong:
        letters = game.world.letters_to(game.world.numbers[code, Role.PRIMARY], FILING_PATH)
        assert any("退回" in one.text or "returned" in one.text for one in letters), code


def test_the_closed_campaign_is_frozen(played: Game) -> None:
    """Links have expired, nothing can be handed in, and the report stays what it was."""
    game, report = played
    silent = next(code for code, way in game.plan.ways.items() if way is Ways.SILENT)
    token, passed = game.world.registrar(silent)
    page = game.world.read.renewal_page(token, passed)
    assert not page.open
    with pytest.raises(RefusedError, match="失效"):
        game.world.do(game.world.desk.confirm_as_is(token, [(silent, 0)], passed=passed))
    game.world.until_day(later(CLOSED, 10))
    assert game.world.read.closing_report() == report
    assert dict(report.progress.letters)[LetterKind.ASK] > 0
