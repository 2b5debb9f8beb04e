"""名册完好度: could everybody be reached today, and how sure is that? Scores by county, and what got worse. Pure.

A unit that is called is *reachable* when somebody of it has a phone that calls may use. Beyond that each weakness is a
`Gap`. The score of a unit: 0 when it cannot be reached, else 50, and 10 each for: an A, a second channel or a second
person's phone, a number that its holder has proved, everybody verified within the term and filed, no other gap. The score of a
county is the mean of its units, from 0 to 100.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from warning_dispatch.model.register import Register
from warning_dispatch.model.roster import Shift
from warning_dispatch.model.unit import CODE_LENGTH, Channel, ReceiverEntry, Role, Unit, UnitKind, UnitLevel

DAY = 86_400_000


class Gap(StrEnum):
    """What is weak about a unit."""

    NO_RECEIVER = "no_receiver"
    """没有接收责任人."""
    NO_PHONE = "no_phone"
    """没有能用的电话."""
    NO_PRIMARY = "no_primary"
    """没有 A 岗."""
    BAD_NUMBER = "bad_number"
    """有呼叫查明的坏号码."""
    UNPROVED = "unproved"
    """没有一个号码经本人证实."""
    ONE_CHANNEL = "one_channel"
    """只有一种渠道、一部电话."""
    SAME_PHONE = "same_phone"
    """A岗和 B岗同一号码: the stand-in is no second chance."""
    STALE = "stale"
    """超期未核实."""
    MANY_UNITS = "many_units"
    """责任人负责的单位过多: one-to-many at the last hop."""
    ROSTER_GAP = "roster_gap"
    """值班表有缺口."""
    REVIEW_DUE = "review_due"
    """重点单位到期未复核，或没有写应采取的措施."""
    NOT_FILED = "not_filed"
    """年度更新备案逾期未报."""
    DENIED = "denied"
    """有号码的持有人否认是本人."""


UNREACHABLE = (Gap.NO_RECEIVER, Gap.NO_PHONE)
"""Gaps with which nobody of the unit can be rung today."""
SERIOUS = (*UNREACHABLE, Gap.NO_PRIMARY, Gap.BAD_NUMBER)
"""Gaps that must be mended; the others are for knowing and count in the score."""


@dataclass(frozen=True, slots=True)
class Term:
    """What counts as ready. `today` as 2026-04-20, `stale_before` likewise; `now` and `roster_until` in ms."""

    today: str
    stale_before: str
    now: int
    roster_until: int
    units_per_person: int = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the database knows beside the register: units with a bad number, units with a proved one, the roster.

    `unfiled`: units whose filing of the last campaign is overdue; `denied`: units with a number that its holder denies.
    None: not known (files are looked at), and then nothing is said about it.
    """

    bad: frozenset[str] | None = None
    proved: frozenset[str] | None = None
    shifts: Sequence[Shift] | None = None
    unfiled: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CountyReadiness:
    """One county (or the city's own offices). `gaps`: how many units have each; `unreachable`: codes."""

    code: str
    name: str
    units: int
    score: int
    gaps: Mapping[Gap, int]
    unreachable: tuple[str, ...]
    villages: int
    """How many of the unreachable are villages."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Of the whole register. `gaps`: by unit code, of called units only."""

    counties: tuple[CountyReadiness, ...]
    gaps: Mapping[str, tuple[Gap, ...]]

    @property
    def score(self) -> int:
        """Of all units together."""
        units = sum(one.units for one in self.counties)
        return round(sum(one.score * one.units for one in self.counties) / units) if units else 0

    @property
    def unreachable(self) -> tuple[str, ...]:
        """Codes of every unit that could not be rung today."""
        return tuple(code for one in self.counties for code in one.unreachable)

    def counted(self) -> Mapping[Gap, int]:
        """How many units have each gap."""
        return Counter(gap for gaps in self.gaps.values() for gap in gaps)


def readiness(register: Register, term: Term, evidence: Evidence) -> Readiness:
    """Look at every unit that is called; the bureau's own posts among them."""
    people: defaultdict[str, list[ReceiverEntry]] = defaultdict(list)
    for entry in register.receivers:
        people[entry.unit_code].append(entry)
    busy = _holders_of_many(register, term.units_per_person)
    rosters = _by_unit(evidence.shifts or ())
    looked = _Looked(term, evidence, busy, rosters)
    called = [unit for unit in register.units if unit.callable]
    gaps = {unit.code: tuple(looked.gaps(unit, people.get(unit.code, ()))) for unit in called}
    return Readiness(tuple(_counties(register.units, called, gaps)), gaps)


@dataclass(frozen=True, slots=True)
class _Looked:
    """Looks at one unit after the other."""

    term: Term
    evidence: Evidence
    busy: frozenset[str]
    rosters: Mapping[str, Sequence[Shift]]

    def gaps(self, unit: Unit, people: Sequence[ReceiverEntry]) -> Iterable[Gap]:
        """Every weakness of a unit."""
        if not people:
            yield Gap.NO_RECEIVER
            return
        yield from self._people(unit, people)
        if self.evidence.bad is not None and unit.code in self.evidence.bad:
            yield Gap.BAD_NUMBER
        if self.evidence.proved is not None and unit.code not in self.evidence.proved:
            yield Gap.UNPROVED
        if roster_gap(self.rosters.get(unit.code, ()), self.term.now, self.term.roster_until):
            yield Gap.ROSTER_GAP
        if unit.kind is UnitKind.KEY_UNIT and (not unit.measures or unit.review_on < self.term.today):
            yield Gap.REVIEW_DUE
        if unit.code in self.evidence.unfiled:
            yield Gap.NOT_FILED
        if unit.code in self.evidence.denied:
            yield Gap.DENIED

    def _people(self, unit: Unit, people: Sequence[ReceiverEntry]) -> Iterable[Gap]:
        """What is weak about who stands there and how they are reached."""
        phones = {one.address for entry in people for one in entry.endpoints if one.channel is Channel.VOICE}
        channels = {one.channel for entry in people for one in entry.endpoints}
        if not phones:
            yield Gap.NO_PHONE
        if all(entry.role is not Role.PRIMARY for entry in people):
            yield Gap.NO_PRIMARY
        if len(phones) <= 1 and len(channels) <= 1:
            yield Gap.ONE_CHANNEL
        if _same_phone(people):
            yield Gap.SAME_PHONE
        if any(entry.verified_on < self.term.stale_before for entry in people if entry.role is not Role.DUTY):
            yield Gap.STALE
        if phones & self.busy and unit.level is UnitLevel.VILLAGE:
            yield Gap.MANY_UNITS


def roster_gap(shifts: Sequence[Shift], now: int, until: int) -> int | None:
    """The first moment without anybody on duty between now and `until`; None: there is none, or no roster at all."""
    if not shifts:
        return None
    covered = now
    for shift in sorted(shifts, key=lambda one: one.begins):
        if shift.begins > covered:
            break
        covered = max(covered, shift.ends)
    return covered if covered < until else None


def _by_unit(shifts: Sequence[Shift]) -> Mapping[str, Sequence[Shift]]:
    found: defaultdict[str, list[Shift]] = defaultdict(list)
    for shift in shifts:
        found[shift.unit_code].append(shift)
    return found


def _same_phone(people: Sequence[ReceiverEntry]) -> bool:
    """Whether a B has no phone that is not an A's too."""
    first = {one.address for entry in people if entry.role is Role.PRIMARY for one in entry.endpoints}
    second = {one.address for entry in people if entry.role is Role.DEPUTY for one in entry.endpoints}
    return bool(second) and second <= first


def _holders_of_many(register: Register, most: int) -> frozenset[str]:
    """Phones by which a person (not a duty room) answers for more than `most` called units."""
    called = {unit.code for unit in register.units if unit.callable}
    units: defaultdict[str, set[str]] = defaultdict(set)
    for entry in register.receivers:
        if entry.unit_code in called:
            for one in entry.endpoints:
                if one.channel is Channel.SMS:
                    units[one.address].add(entry.unit_code)
    return frozenset(address for address, codes in units.items() if len(codes) > most)


def _counties(
    units: Sequence[Unit], called: Sequence[Unit], gaps: Mapping[str, Sequence[Gap]]
) -> Iterable[CountyReadiness]:
    names = {unit.code: unit.name for unit in units}
    members: defaultdict[str, list[Unit]] = defaultdict(list)
    for unit in called:
        members[unit.area[: CODE_LENGTH[UnitLevel.COUNTY]]].append(unit)
    for code, own in members.items():
        lost = [unit for unit in own if set(gaps[unit.code]) & set(UNREACHABLE)]
        yield CountyReadiness(
            code,
            names.get(code, code),
            len(own),
            round(sum(_points(gaps[unit.code]) for unit in own) / len(own)),
            Counter(gap for unit in own for gap in gaps[unit.code]),
            tuple(unit.code for unit in lost),
            sum(1 for unit in lost if unit.level is UnitLevel.VILLAGE and unit.kind is UnitKind.DIVISION),
        )


_WEIGHED = (
    frozenset({Gap.NO_PRIMARY}),
    frozenset({Gap.ONE_CHANNEL, Gap.SAME_PHONE}),
    frozenset({Gap.UNPROVED}),
    frozenset({Gap.STALE, Gap.NOT_FILED}),
    frozenset({Gap.BAD_NUMBER, Gap.DENIED, Gap.MANY_UNITS, Gap.ROSTER_GAP, Gap.REVIEW_DUE}),
)


def _points(gaps: Sequence[Gap]) -> int:
    """Of one unit."""
    found = set(gaps)
    if found & set(UNREACHABLE):
        return 0
    return 50 + 10 * sum(1 for group in _WEIGHED if not found & group)


# --- what got worse ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Memory:
    """What must be remembered from one morning to the next: who could not be reached, and how many units had each gap."""

    unreachable: Sequence[str] = ()
    gaps: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Worse:
    """What got worse. `lost`: by county, units that cannot be reached any more; `more`: how many more units with a gap."""

    lost: Mapping[str, tuple[str, ...]]
    more: Mapping[Gap, int]

    @property
    def nothing(self) -> bool:
        """Whether all is as it was, or better."""
        return not self.lost and not self.more


def remembered(found: Readiness) -> Memory:
    """What the next morning compares with."""
    return Memory(found.unreachable, {gap.value: count for gap, count in found.counted().items()})


def worse_than(before: Memory, found: Readiness) -> Worse:
    """What got worse since. Of a gap that makes a unit unreachable the unit itself is told, not the count."""
    known = set(before.unreachable)
    lost = {
        county.code: fresh
        for county in found.counties
        if (fresh := tuple(code for code in county.unreachable if code not in known))
    }
    more = {
        gap: count - before.gaps.get(gap.value, 0)
        for gap, count in found.counted().items()
        if gap not in UNREACHABLE and count > before.gaps.get(gap.value, 0)
    }
    return Worse(lost, more)


def in_season(day: str, begins: str, ends: str) -> bool:
    """Whether a day (2026-07-01) lies in the flood season, given as month-day; a season may span the New Year."""
    at = day[5:]
    return begins <= at <= ends if begins <= ends else at >= begins or at <= ends
