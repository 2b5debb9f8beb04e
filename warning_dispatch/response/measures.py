"""应对措施: who owes which of them in a stage, and by when. PURE."""

from __future__ import annotations

from collections.abc import Collection

from warning_dispatch.model.response import Action, ResponsePlan, who_is
from warning_dispatch.model.states import STAGES, Stage
from warning_dispatch.model.unit import UnitKind, UnitLevel


def asked_of(plan: ResponsePlan, stage: Stage, kind: UnitKind, level: UnitLevel, sector: str) -> tuple[Action, ...]:
    """What a unit owes in a stage: the measures of it and of those before, in the order of the stages.

    A measure for certain lines is not for a unit that has no line.
    """
    who = who_is(kind, level)
    return tuple(
        one
        for each in STAGES
        if each <= stage
        for one in plan.actions
        if one.stage is each and who in one.who and (not one.sectors or sector in one.sectors)
    )


def new_in(plan: ResponsePlan, before: Stage, after: Stage) -> tuple[Action, ...]:
    """What a stage asks that was not asked before it; nothing when the response goes back."""
    return tuple(one for one in plan.actions if before < one.stage <= after)


def refusal_of(before: Stage, after: Stage) -> tuple[str, str] | None:
    """Why an officer may not move a response so, in both languages; None: they may, forward and back."""
    if before is Stage.NONE:
        return "这次叫应没有配置应急联动（config/response.toml）", "no response is configured for this call-out"
    if before is after:
        return "已经在这个阶段", "it is in this stage already"
    return None


def begins_in(plan: ResponsePlan, before: Stage) -> Stage:
    """The stage of a new round: an officer's decision stands, and a higher colour only raises it."""
    return max(plan.begins, before)


def refusal_of_tick(plan: ResponsePlan, action_id: str, owed: Collection[str]) -> tuple[str, str] | None:
    """Why a measure cannot be ticked for a unit; None: it can."""
    if plan.action(action_id) is None:
        return f"没有这项措施：{action_id}", f"there is no measure {action_id}"
    if action_id not in owed:
        return "这项措施不是该单位的，或还没到这个阶段", "this measure is not asked of the unit, or not yet"
    return None


def due_since(stage_at: int, opened_at: int | None, within: int) -> int | None:
    """The moment by which a measure is to be done; None while the unit has not been called."""
    return None if opened_at is None else max(stage_at, opened_at) + within
