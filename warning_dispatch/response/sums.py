"""信息汇总: what units have reported, added up by place. PURE.

The same people are never counted twice (model/moved.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from warning_dispatch.model.moved import counts_itself, people_by_place
from warning_dispatch.model.response import Action, AreaSum, MeasureSum, ResponsePlan
from warning_dispatch.model.states import Stage
from warning_dispatch.model.unit import UnitKind, UnitLevel
from warning_dispatch.response.measures import asked_of


@dataclass(frozen=True, slots=True)
class Line:
    """What decides the measures of a unit."""

    kind: UnitKind
    level: UnitLevel
    sector: str


@dataclass(frozen=True, slots=True)
class Group:
    """How many units of one line were called at a place. `early`: long enough ago for what is due by now."""

    place: str
    line: Line
    units: int
    answered: int
    called: int
    early: int


@dataclass(frozen=True, slots=True)
class Reported:
    """A unit that has said something. `area`: its own code; `at`: when first; `done`: measures it has ticked."""

    callee_id: int
    area: str
    line: Line
    early: bool
    at: int
    on_post: bool = False
    moved: int | None = None
    danger: bool = False
    done: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asking:
    """What a call-out asks now. `entered`: when each stage was; `plan` None: nothing is configured."""

    plan: ResponsePlan | None
    stage: Stage
    entered: Mapping[Stage, int]
    now: int

    def owed(self, line: Line) -> tuple[Action, ...]:
        """By a unit of this line."""
        return asked_of(self.plan, self.stage, line.kind, line.level, line.sector) if self.plan else ()

    def due(self, line: Line) -> frozenset[str]:
        """Ids of what a unit called early enough should have done by now."""
        within = self.plan.within if self.plan else 0
        entered = self.entered
        return frozenset(
            one.id for one in self.owed(line) if one.stage in entered and entered[one.stage] + within <= self.now
        )

    @property
    def called_before(self) -> int:
        """Whoever was called by this moment has had its time."""
        return self.now - (self.plan.within if self.plan else 0)


@dataclass(slots=True)
class _Sum:
    """Counts while they are being added."""

    units: int = 0
    answered: int = 0
    reported: int = 0
    on_post: int = 0
    dangers: int = 0
    done: int = 0
    owed: int = 0
    late: int = 0
    own: list[int] = field(default_factory=list)


def sum_up(
    asking: Asking, groups: Sequence[Group], reported: Sequence[Reported], names: Mapping[str, str], digits: int
) -> tuple[AreaSum, ...]:
    """One row for every place of `digits` digits (what belongs to a place above has a row of its own), by code."""
    sums: defaultdict[str, _Sum] = defaultdict(_Sum)
    for group in groups:
        one = sums[group.place[:digits]]
        one.units += group.units
        one.answered += group.answered
        one.owed += len(asking.owed(group.line)) * group.called
        one.late += len(asking.due(group.line)) * group.early
    for unit in reported:
        one = sums[unit.area[:digits]]
        owed = {action.id for action in asking.owed(unit.line)}
        one.reported += 1
        one.on_post += unit.on_post
        one.dangers += unit.danger
        one.done += len(unit.done & owed)
        one.late -= len(unit.done & asking.due(unit.line)) if unit.early else 0
        if len(unit.area) <= digits and unit.line.kind is not UnitKind.KEY_UNIT:
            one.own.append(unit.at)
    moved = moved_by_place(reported)
    return tuple(
        AreaSum(
            code=code,
            name=names.get(code, code),
            units=one.units,
            answered=one.answered,
            reported=one.reported,
            on_post=one.on_post,
            moved=_moved_in(code, moved, digits),
            dangers=one.dangers,
            done=one.done,
            owed=one.owed,
            late=max(0, one.late),
            own_at=min(one.own, default=None),
        )
        for code, one in sorted(sums.items())
    )


def by_measure(asking: Asking, groups: Sequence[Group], reported: Sequence[Reported]) -> tuple[MeasureSum, ...]:
    """Every measure that somebody owes now: done, owed, late."""
    owed: defaultdict[str, int] = defaultdict(int)
    late: defaultdict[str, int] = defaultdict(int)
    done: defaultdict[str, int] = defaultdict(int)
    for group in groups:
        for action in asking.owed(group.line):
            owed[action.id] += group.called
        for action_id in asking.due(group.line):
            late[action_id] += group.early
    for unit in reported:
        due = asking.due(unit.line) if unit.early else frozenset()
        for action in asking.owed(unit.line):
            if action.id in unit.done:
                done[action.id] += 1
                late[action.id] -= action.id in due
    actions = asking.plan.actions if asking.plan else ()
    return tuple(MeasureSum(one, done[one.id], owed[one.id], max(0, late[one.id])) for one in actions if owed[one.id])


def moved_by_place(reported: Iterable[Reported]) -> Mapping[str, tuple[int, int]]:
    """See people_by_place."""
    return people_by_place(
        (one.area, counts_itself(one.line.kind, one.line.level), one.moved) for one in reported if one.moved is not None
    )


def _moved_in(code: str, moved: Mapping[str, tuple[int, int]], digits: int) -> int:
    """Of a row: all of the place, or where it stands for the offices of a place above, what those say themselves."""
    own, whole = moved.get(code, (0, 0))
    return whole if len(code) == digits else own
