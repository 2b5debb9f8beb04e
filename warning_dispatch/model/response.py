"""应急联动: which measures are asked of whom in which stage, as frozen into a call-out; and what is reported back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import CalleeState, Stage
from warning_dispatch.model.unit import UnitKind, UnitLevel

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
    """落实: somebody says that a measure was carried out. `by`: a receiver's unit spoke for itself, or an officer."""

    callee_id: int
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
class UnitReport:
    """What one unit of a call-out owes and has reported, for lists.

    `done` and `owed` count measures; `late`: those that should be done by now. `words`: measures taken and `dangers` as
    they were written last.
    """

    callee_id: int
    unit_code: str
    unit_name: str
    area: str
    kind: UnitKind
    level: UnitLevel
    sector: str
    state: CalleeState
    opened_at: int | None
    reported_at: int | None = None
    on_post: bool = False
    moved: int | None = None
    done: int = 0
    owed: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class AreaSum:
    """信息汇总 of one place: its own offices and everything below.

    `units` were called, `answered` of them; `reported` have said something, `on_post` that somebody is there. `moved`:
    people moved to safety (never the same people twice). `dangers`: units that report one. `own_at`: when its own
    offices first reported; `silent`: they should have by now.
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
