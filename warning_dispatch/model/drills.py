"""演练: what a drill is, as it is asked for, as people see it, and what its report says. Times in ms UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from warning_dispatch.model.colour import Colour


class DrillKind(IntEnum):
    """演练方式."""

    PAPER = 1
    """推演: in virtual time on the simulated telephone network; nobody's phone rings."""
    STAFF = 2
    """内部演练: real calls to a named list, and to nobody else."""
    EVERYONE = 3
    """全员演练: real calls to everybody in the area; two persons must release it."""

    @property
    def key(self) -> str:
        """Lower-case name for files, JSON and addresses."""
        return self.name.lower()


class DrillState(IntEnum):
    """演练 as a whole. See drilling/life.py for its moves."""

    COMPOSED = 1
    """待放行: nobody has been called, nothing has been sent."""
    RELEASED = 2
    """已放行: waits for its hour."""
    RUNNING = 3
    """进行中."""
    DONE = 4
    """已结束: everybody answered, or its time was over."""
    STOPPED = 5
    """已停止: an officer ended it."""
    INTERRUPTED = 6
    """因真实预警中断: a real warning came first."""
    WITHDRAWN = 7
    """已撤销: it never began."""

    @property
    def key(self) -> str:
        """Lower-case name for files, JSON and words."""
        return self.name.lower()


DRILL_OVER = frozenset({DrillState.DONE, DrillState.STOPPED, DrillState.INTERRUPTED, DrillState.WITHDRAWN})
"""States that nothing leaves."""


@dataclass(frozen=True, slots=True)
class DrillRequest:
    """A drill as somebody asks for it, in words that are still to be judged.

    `alert_id`: the past warning or practice message it goes by; else `hazard` (key or Chinese name), `colour` and `areas`
    say it. `tiers` and `plan` empty: all, and the plan that such a warning triggers. `people`: "unit" or "unit:role", for
    the staff. `valid` (ms) None: as the warning. `starts_at` None: as soon as it is released. `announce`: ms before
    that, 0: not announced. `day_id`: of the calendar.
    """

    kind: DrillKind
    title: str = ""
    alert_id: int | None = None
    hazard: str = ""
    colour: str = ""
    areas: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    plan: str = ""
    people: tuple[str, ...] = ()
    headline: str = ""
    text: str = ""
    instruction: str = ""
    valid: int | None = None
    starts_at: int | None = None
    announce: int = 0
    day_id: int | None = None


@dataclass(frozen=True, slots=True)
class DrillTier:
    """A tier of a drill: its name, and its title by language."""

    name: str
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DrillView:
    """A drill at one glance. `people`: how many stand on the named list; `units`: whom it concerns.

    `first_by`, `second_by`: who released it, as the journal names them. `callout_id` None: it has not begun, or was on paper.
    """

    id: int
    title: str
    kind: DrillKind
    state: DrillState
    hazard: str
    hazard_name: Mapping[str, str]
    colour: Colour
    area_names: tuple[str, ...]
    tiers: tuple[DrillTier, ...]
    people: int
    valid: int
    alert_id: int | None
    starts_at: int | None
    announce_at: int | None
    created_at: int
    created_by: str
    first_by: str
    first_at: int | None
    second_by: str
    second_at: int | None
    announced_id: int | None
    callout_id: int | None
    began_at: int | None
    ended_at: int | None
    ended_by: str
    why: str
    score: int | None
    """Of its report; None: there is none yet, or it was interrupted."""

    @property
    def needs(self) -> int:
        """How many persons must still release it."""
        return releases_needed(self.kind) - bool(self.first_by) - bool(self.second_by)


def releases_needed(kind: DrillKind) -> int:
    """How many persons must release a drill: whom it wakes decides."""
    return {DrillKind.PAPER: 0, DrillKind.STAFF: 1, DrillKind.EVERYONE: 2}[kind]


# --- the calendar -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DrillDay:
    """演练日历: a day on which a drill is to be held. `day`: 2026-05-12. `yearly`: again on that day every year.

    `drill_id`: the drill that was held for it.
    """

    id: int
    day: str
    title: str
    kind: DrillKind
    note: str
    yearly: bool
    drill_id: int | None = None


# --- the report -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CalleeFact:
    """How one unit fared. `limit`: ms after its gate opened within which it should answer; `calls`, `texts`: what reached a carrier.

    `role`, `means`: of the first answer; empty: none. `outcome`: of the last call. `contact`: it has some endpoint.
    """

    unit_code: str
    unit_name: str
    path: str
    tier: str
    limit: int
    opened_at: int | None
    answered_at: int | None
    means: str
    role: str
    calls: int
    texts: int
    outcome: str
    contact: bool = True


@dataclass(frozen=True, slots=True)
class NumberFact:
    """One number that calls or messages found wrong. `masked` is empty on paper, whose numbers are invented."""

    unit_code: str
    unit_name: str
    path: str
    role: str
    channel: str
    masked: str
    outcome: str


@dataclass(frozen=True, slots=True)
class TierScore:
    """One tier in a report. `median`: ms from its gate to the answer, of those who answered."""

    name: str
    asked: int
    in_time: int
    late: int
    silent: int
    uncalled: int
    median: int | None


@dataclass(frozen=True, slots=True)
class DrillReport:
    """评分报告.

    `asked`: units whose gate opened and that were asked for an answer; of these `in_time` answered within their limit,
    `late` after it, `silent` not at all; `uncalled` of the silent were never called.
    `unopened`: units whose gate was still shut at the end. `score` None: it was interrupted, and says nothing.
    """

    asked: int
    in_time: int
    late: int
    silent: int
    uncalled: int
    unopened: int
    means: Mapping[str, int]
    roles: Mapping[str, int]
    reported: int
    """代报: of the answers those that a superior gave."""
    tiers: tuple[TierScore, ...]
    failed: tuple[CalleeFact, ...]
    mend: tuple[NumberFact, ...]
    without: tuple[CalleeFact, ...]
    """Units without any contact."""
    median: int | None
    slowest: int | None
    """95 % of those who answered had done so by then, ms from their gates."""
    score: int | None
    finished_at: int = 0
    answered: tuple[str, ...] = ()
    """Codes of the units that answered; empty in reports that were kept before these stood there."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Against the last drill of that kind. Unit code → name, of units that were asked in both.

    `worse`: answered then, silent now; `better`: silent then, answered now.
    """

    drill_id: int
    title: str
    began_at: int | None
    score: int | None
    in_time: int
    asked: int
    median: int | None
    worse: Mapping[str, str] = field(default_factory=dict)
    better: Mapping[str, str] = field(default_factory=dict)
