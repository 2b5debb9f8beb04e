"""应急联动: which measures are asked of whom in which stage, as frozen into a call-out; and what is reported back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import CalleeState, Stage
from warning_dispatch.model.unit import UnitKind, UnitLevel
from warning_dispatch.model.views import LinkUnit

REMARK_LENGTH = 100
"""Characters of a remark beside a tick."""


class Who(StrEnum):
    """Whom a measure is asked of."""

    LEADER = "leader"
    DEPARTMENT = "department"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"
    KEY_UNIT = "key_unit"


_KINDS: Mapping[UnitKind, Who] = {
    UnitKind.LEADER: Who.LEADER,
    UnitKind.DEPARTMENT: Who.DEPARTMENT,
    UnitKind.KEY_UNIT: Who.KEY_UNIT,
}
_LEVELS: Mapping[UnitLevel, Who] = {
    UnitLevel.COUNTY: Who.COUNTY,
    UnitLevel.TOWNSHIP: Who.TOWNSHIP,
    UnitLevel.VILLAGE: Who.VILLAGE,
}


def who_is(kind: UnitKind, level: UnitLevel) -> Who | None:
    """What a unit counts as; None: nothing is asked of it (the city itself, outlets, the bureau)."""
    return _LEVELS.get(level) if kind is UnitKind.DIVISION else _KINDS.get(kind)


class Measure(StrEnum):
    """What a key unit does on a signal (停工停业、加固、转移)."""

    STOP = "stop"
    REINFORCE = "reinforce"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Action:
    """应对措施: one thing to be done. `sectors` empty: whatever the line. `measure`: of key units only."""

    id: str
    stage: Stage
    who: tuple[Who, ...]
    sectors: tuple[str, ...]
    words: Mapping[str, str]
    measure: Measure | None = None

    def text(self, language: str) -> str:
        """In the reader's language, else in Chinese."""
        return self.words.get(language) or self.words["zh_CN"]


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """联动方案 of one call-out, frozen: only what its hazard and colour ask.

    `begins`: the stage it begins in. `within`: ms in which the measures of a stage are to be done. `report_after`: ms
    after which a county that has reported nothing is an alarm; None: never.
    """

    begins: Stage
    actions: tuple[Action, ...]
    within: int
    report_after: int | None = None

    def action(self, action_id: str) -> Action | None:
        """By id."""
        return next((one for one in self.actions if one.id == action_id), None)


@dataclass(frozen=True, slots=True)
class Rule:
    """A measure as configured: besides the action, for which hazards and colours. Empty `hazards`: every one."""

    action: Action
    hazards: tuple[str, ...]
    colours: tuple[Colour, ...]


@dataclass(frozen=True, slots=True)
class ResponseBook:
    """config/response.toml: what a call-out is given at its start."""

    rules: tuple[Rule, ...] = ()
    begins: Mapping[Colour, Stage] = field(default_factory=dict)
    within: Mapping[Colour, int] = field(default_factory=dict)
    report_after: Mapping[Colour, int | None] = field(default_factory=dict)

    def plan(self, hazard: str, colour: Colour) -> ResponsePlan | None:
        """For one hazard and colour; None where no stage is configured for the colour."""
        begins = self.begins.get(colour, Stage.NONE)
        if begins is Stage.NONE:
            return None
        fitting = (one for one in self.rules if colour in one.colours and (not one.hazards or hazard in one.hazards))
        actions = tuple(one.action for one in fitting)
        return ResponsePlan(begins, actions, self.within[colour], self.report_after.get(colour))


# --- what is reported ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tick:
    """落实: somebody says that a measure was carried out. `actor`: the officer who recorded it, empty for the unit itself."""

    action: str
    at: int
    remark: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A stage that was entered. `actor` empty: by the colour of the warning."""

    stage: Stage
    at: int
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class AskedItem:
    """A measure of one unit: ticked, or to be done by `due` (None: not yet called). `late`: it should be done by now."""

    action: Action
    tick: Tick | None
    due: int | None
    late: bool


@dataclass(frozen=True, slots=True)
class AskedUnit:
    """What one unit of a call-out is asked."""

    callee_id: int
    name: str
    path: str
    answered: bool
    items: tuple[AskedItem, ...]

    @property
    def done(self) -> int:
        """How many are ticked."""
        return sum(one.tick is not None for one in self.items)


def has_answered(unit: LinkUnit) -> bool:
    """Whether somebody behind a link may tick for a unit: they have confirmed, or the unit has answered (in a round before)."""
    return unit.confirmed_at is not None or unit.state is CalleeState.ACKNOWLEDGED


@dataclass(frozen=True, slots=True)
class AskedList:
    """应对措施清单 of one person: every unit that a link answers for and that is asked anything.

    `open`: ticks are taken; not any more once a newer round has replaced the call-out. `below`: what the person's places
    and everything in them have reported; None for whoever has nobody below.
    """

    callout_id: int
    stage: Stage
    open: bool
    units: tuple[AskedUnit, ...]
    below: AreaSum | None = None

    @property
    def total(self) -> int:
        """Measures in all."""
        return sum(len(one.items) for one in self.units)

    @property
    def done(self) -> int:
        """Ticked ones."""
        return sum(one.done for one in self.units)

    @property
    def actions(self) -> tuple[Action, ...]:
        """Every measure once, however many units are asked for it."""
        return tuple({item.action.id: item.action for one in self.units for item in one.items}.values())

    @property
    def answered(self) -> bool:
        """Whether the person has confirmed for any of them."""
        return any(one.answered for one in self.units)


@dataclass(frozen=True, slots=True)
class UnitReport:
    """What an office or key unit of a call-out has reported, for a list. `done`, `owed`, `late` count measures."""

    callee_id: int
    code: str
    name: str
    kind: UnitKind
    level: UnitLevel
    sector: str
    state: CalleeState
    done: int
    owed: int
    late: int
    reported_at: int | None = None
    on_post: bool = False
    moved: int | None = None
    danger: bool = False


@dataclass(frozen=True, slots=True)
class AreaSum:
    """信息汇总 of one place: its own offices and everything below.

    `units` were called for an answer (no notices, nobody waived or not called yet), `answered` of them; `reported` have
    said something, `on_post` that somebody is there. `moved`: people moved to safety (never the same people twice).
    `dangers`: units that report one. `own_at`: when its own offices first reported; `silent`: they should have by now.
    """

    code: str
    name: str
    units: int = 0
    answered: int = 0
    reported: int = 0
    on_post: int = 0
    moved: int = 0
    dangers: int = 0
    done: int = 0
    owed: int = 0
    late: int = 0
    own_at: int | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class MeasureSum:
    """One measure over all units that owe it."""

    action: Action
    done: int
    owed: int
    late: int


@dataclass(frozen=True, slots=True)
class Words:
    """What a unit wrote about measures and dangers; it may name people. `path`: the places it lies in."""

    at: int
    code: str
    path: str
    unit: str
    measures: str
    dangers: str


@dataclass(frozen=True, slots=True)
class ResponseOverview:
    """联动情况 of a call-out, or of one place in it (`below` its code). `stage` NONE: nothing is configured.

    `path`: code and name of the county, then the township. `areas`: the places one level down; `offices`: its own offices, the divisions one level down, key units below.
    """

    callout_id: int
    below: str
    path: tuple[tuple[str, str], ...]
    stage: Stage
    steps: tuple[Step, ...]
    total: AreaSum
    areas: tuple[AreaSum, ...]
    measures: tuple[MeasureSum, ...]
    offices: tuple[UnitReport, ...]
    words: tuple[Words, ...]

    @property
    def name(self) -> str:
        """Of the place; empty for all of it."""
        return self.path[-1][1] if self.path else ""
