"""叫应统计: what a record counts, by tier, county and department, and how it stands against its targets. PURE.

Every figure is a sum over the record's units, so the sums of a sheet, a page and the journal are the same to the unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from warning_dispatch.figures.statistics import counted, median, quantile, share, until_share
from warning_dispatch.model.moved import MovedWord, counts_itself, moved_in_all
from warning_dispatch.model.record_views import IN_PERSON, RecordFeedback, RecordForm, RecordUnit
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import UnitKind, UnitLevel

GOAL = 0.95
"""The share whose answers are waited for."""
S = CalleeState


@dataclass(frozen=True, slots=True)
class Tally:
    """Units counted. `units` = `asked` + `excused` + `informed` + `unopened`.

    `answered` = in person + recorded + relayed + otherwise; `asked` = `answered` + the four kinds of unreached and
    open + `stopped`. Median and the like in ms, from the opening of a unit's gate to its answer.
    """

    units: int
    asked: int
    answered: int
    in_person: int
    recorded: int
    relayed: int
    otherwise: int
    """Answered before (an earlier round, 已报告领导): no answer of this call-out names how."""
    uncalled: int
    unanswered: int
    unconfirmed: int
    open: int
    """Still waited for, still being called."""
    stopped: int
    excused: int
    informed: int
    unopened: int
    """The end came before their gates opened: they were not asked, and are not among the stopped."""
    taken_over: int
    """Of a newer round; in none of the other figures."""
    handed: int
    """Units for which something was handed over: 发得出."""
    delivered: int
    """Units to which something got through: 传得到."""
    ever_unreached: int
    reached_late: int
    """Of those: answered in the end."""
    calls: int
    messages: int
    mails: int
    tasks: int
    median: int | None
    slow: int | None
    """90 % answered within this."""
    slowest: int | None

    @property
    def unreached(self) -> int:
        """未叫应."""
        return self.uncalled + self.unanswered + self.unconfirmed

    @property
    def rate(self) -> float | None:
        """叫应率: answered of those asked."""
        return share(self.answered, self.asked)


def tally(units: Iterable[RecordUnit]) -> Tally:
    """Count units."""
    listed = list(units)
    here = [unit for unit in listed if unit.counts]
    asked = [unit for unit in here if unit.asked]
    answered = [unit for unit in asked if unit.answered]
    means = [unit.answer.means if unit.answer else None for unit in answered]
    delays = counted(unit.delay for unit in answered if unit.delay is not None)
    states = counted(unit.state for unit in here)
    late = [unit for unit in here if unit.unreached is not None or unit.is_unreached]

    def those(*wanted: CalleeState) -> int:
        return sum(states.get(state, 0) for state in wanted)

    return Tally(
        units=len(here),
        asked=len(asked),
        answered=len(answered),
        in_person=sum(one in IN_PERSON for one in means),
        recorded=means.count(Means.OPERATOR),
        relayed=means.count(Means.SUPERIOR),
        otherwise=means.count(None),
        uncalled=those(S.UNCALLED),
        unanswered=those(S.UNANSWERED),
        unconfirmed=those(S.UNCONFIRMED),
        open=those(S.WAITING, S.CALLING, S.RELAYED),
        stopped=sum(unit.state is S.STOPPED for unit in asked),
        excused=those(S.WAIVED),
        informed=those(S.INFORMED),
        unopened=sum(unit.unopened for unit in here),
        taken_over=len(listed) - len(here),
        handed=sum(unit.handed > 0 for unit in here),
        delivered=sum(unit.delivered for unit in here),
        ever_unreached=len(late),
        reached_late=sum(unit.answered for unit in late),
        calls=sum(unit.voice for unit in here),
        messages=sum(unit.texts for unit in here),
        mails=sum(unit.mails for unit in here),
        tasks=sum(unit.tasks for unit in here),
        median=median(delays),
        slow=quantile(delays, 0.9),
        slowest=max(delays, default=None),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: what it is about, and its figures."""

    key: str
    name: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class Target:
    """对照目标: what was wanted and what came of it. `wanted` and `actual` in ms, or shares; `held` None: cannot be told."""

    key: str
    name: str
    wanted: float
    actual: float | None
    held: bool | None


@dataclass(frozen=True, slots=True)
class Moved:
    """反馈汇总: what was reported of the units that count. People moved are counted once, by each unit's latest word."""

    reports: int
    units: int
    on_post: int
    measures: int
    moved: int
    dangers: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that is counted of a record. `curve`: (ms after the start, units answered until then)."""

    whole: Tally
    tiers: tuple[Line, ...]
    counties: tuple[Line, ...]
    departments: tuple[Line, ...]
    targets: tuple[Target, ...]
    feedback: Moved
    curve: tuple[tuple[int, int], ...]
    reached_goal: int | None
    """After how long 95 % of those asked had answered (ms after the start)."""


def figures_of(record: RecordForm, titles: Sequence[str], city: str, sectors: Mapping[str, str]) -> Figures:
    """Count a record. `titles`: of its tiers, in the language that is wanted; `city`: what is called the city's own.

    `sectors`: how a department's line is called; one without a name goes by its key.
    """
    units = record.units
    whole = tally(units)
    started = record.head.started_at
    moments = sorted(
        max(0, unit.answered_at - started) for unit in units if unit.asked and unit.answered and unit.answered_at
    )
    tiers = tuple(
        Line(record.head.tiers[at].name, title, tally(members))
        for at, title in enumerate(titles)
        if (members := [unit for unit in units if unit.tier == at])
    )
    departments = [unit for unit in units if unit.kind is UnitKind.DEPARTMENT]
    return Figures(
        whole=whole,
        tiers=tiers,
        counties=grouped(units, lambda unit: unit.county if unit.level > UnitLevel.CITY else ("", city)),
        departments=grouped(departments, lambda unit: (unit.sector, sectors.get(unit.sector, unit.sector))),
        targets=tuple(_targets(record, titles)),
        feedback=_moved(record),
        curve=_curve(moments),
        reached_goal=until_share(counted(moments), whole.asked, GOAL),
    )


def grouped(units: Iterable[RecordUnit], key: Callable[[RecordUnit], tuple[str, str]]) -> tuple[Line, ...]:
    """Units counted by (key, name), in the order of the keys."""
    found: dict[tuple[str, str], list[RecordUnit]] = {}
    for unit in units:
        found.setdefault(key(unit), []).append(unit)
    return tuple(Line(code, name, tally(found[code, name])) for code, name in sorted(found))


def late_units(units: Iterable[RecordUnit]) -> tuple[RecordUnit, ...]:
    """未叫应清单: whoever was once unreached or is so now: those still open first, then by code."""
    late = [unit for unit in units if unit.counts and (unit.unreached is not None or unit.is_unreached)]
    return tuple(sorted(late, key=lambda unit: (unit.answered, unit.tier, unit.code)))


def _targets(record: RecordForm, titles: Sequence[str]) -> Iterable[Target]:
    head = record.head
    openings = [
        (unit.opened_at - head.started_at, unit.tier)
        for unit in record.units
        if unit.counts and unit.opened_at is not None and not head.tiers[unit.tier].notice
    ]
    if head.target is not None and openings:
        latest, tier_at = max(openings)
        yield Target("opening", titles[tier_at], head.target, latest, latest <= head.target)
    for at, tier in enumerate(head.tiers):
        asked = [unit for unit in record.units if unit.tier == at and unit.asked]
        if tier.limit is None or tier.notice or not asked:
            continue
        limit = tier.limit
        within = sum(unit.delay is not None and unit.delay <= limit for unit in asked)
        actual = within / len(asked)
        yield Target(f"within:{limit}", titles[at], GOAL, actual, actual >= GOAL)


def _moved(record: RecordForm) -> Moved:
    units = {unit.callee_id: unit for unit in record.units if unit.counts}
    reports = [one for one in record.feedback if one.callee_id in units and not one.said.replied]
    by_unit: dict[int, list[RecordFeedback]] = {}
    latest: dict[int, MovedWord] = {}
    for one in sorted(reports, key=lambda one: one.at):
        by_unit.setdefault(one.callee_id, []).append(one)
        if one.said.moved is not None:
            unit = units[one.callee_id]
            itself = counts_itself(unit.kind, unit.level)
            latest[one.callee_id] = MovedWord(one.callee_id, unit.area, itself, one.receiver_id, one.at, one.said.moved)
    return Moved(
        reports=sum(map(len, by_unit.values())),
        units=len(by_unit),
        on_post=sum(any(one.said.on_post for one in said) for said in by_unit.values()),
        measures=sum(any(one.said.measures for one in said) for said in by_unit.values()),
        moved=moved_in_all(latest.values()),
        dangers=sum(any(one.said.dangers for one in said) for said in by_unit.values()),
    )


def _curve(moments: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """A point for each second in which somebody answered."""
    found: dict[int, int] = {}
    for place, moment in enumerate(moments, 1):
        found[moment // 1000 * 1000] = place
    return tuple(found.items())
