"""分支与闸门: when the branches below a superior open. PURE.

Tiers form a graph: each names the tier it `opens_after`. The callees of a tier are grouped into branches. With
`gate = "branch"` there is one branch per superior of the tier before (the villages of one township) and it waits for
that superior; with `gate = "tier"` there is one branch that waits for the tier before as a whole, by its rule. A
branch opens when what it waits for has answered, or `hold` after the branch it waits for was to open, whichever is first:
a silent leader must never keep a village asleep. Under hold "never" only an answer, a waiver or an officer opens.
A superior that cannot be reached at all opens its branches at once; an empty branch counts as answered.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.model.plan import Tier, TierRule
from warning_dispatch.model.states import ANSWERED, FINISHED, UNREACHED, BranchState, CalleeState


def needed(total: int, rule: TierRule, quorum: float) -> int:
    """How many units of a branch must answer for it to have answered."""
    match rule:
        case TierRule.ALL:
            return total
        case TierRule.FIRST:
            return min(1, total)
        case TierRule.QUORUM:
            return math.ceil(total * quorum - 1e-9)


def rule_met(answered: int, needed: int) -> bool:
    """Whether a branch has answered as a whole; an empty one has."""
    return answered >= needed


def still_needed(total: int, gone: int, answered: int, tier: Tier) -> int:
    """How many must have answered in a branch that some have left: `gone` without an answer, `answered` with one.

    The rule is asked of those who are left; the answers of those who are not stay in the count, so they are added.
    """
    return needed(total - gone - answered, tier.rule, tier.quorum) + answered


def count_change(before: CalleeState, after: CalleeState) -> tuple[int, int, int]:
    """What a move adds to (answered, unreached, finished) of its branch."""
    return (
        (after in ANSWERED) - (before in ANSWERED),
        (after in UNREACHED) - (before in UNREACHED),
        (after in FINISHED) - (before in FINISHED),
    )


@dataclass(frozen=True, slots=True)
class BranchView:
    """What the gate looks at: its own state and deadline."""

    state: BranchState
    gate_at: int | None


def decide(branch: BranchView, now: int, *, cause: Reason | None = None) -> Reason | None:
    """Why the branch opens now, or None while it stays shut.

    `cause` is what just happened upstream (superior answered, tier answered, no contact, forced). Without one
    only the deadline counts.
    """
    if branch.state is not BranchState.WAITING:
        return None
    if cause is not None:
        return cause
    if branch.gate_at is not None and branch.gate_at <= now:
        return Reason.HOLD_PASSED
    return None


def hold_began(branch: BranchView, reason: Reason, now: int) -> int:
    """When the hold of what waits for a branch began that opens now for `reason`.

    After downtime or a pause a gate opens later than it was to: what waits below does not wait anew, or a village would
    ring the later the more levels are above it.
    """
    return branch.gate_at if reason is Reason.HOLD_PASSED and branch.gate_at is not None else now


def gate_deadline(opened_at: int, hold: int | None) -> int | None:
    """When what waits for a branch opened at `opened_at` opens by time; None means never."""
    return None if hold is None else opened_at + hold
