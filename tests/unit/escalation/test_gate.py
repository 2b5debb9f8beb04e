"""When gates open."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.escalation.gate import (
    BranchView,
    count_change,
    decide,
    gate_deadline,
    hold_began,
    needed,
    rule_met,
)
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.model.plan import TierRule
from warning_dispatch.model.states import ANSWERED, FINISHED, UNREACHED, BranchState, CalleeState


@given(total=st.integers(0, 10_000), rule=st.sampled_from(TierRule), quorum=st.floats(0.01, 1.0))
def test_a_rule_never_needs_more_than_there_are(total: int, rule: TierRule, quorum: float) -> None:
    """A gate can always be opened by answers, and an empty branch needs none."""
    count = needed(total, rule, quorum)
    assert 0 <= count <= total
    assert (count == 0) == (total == 0)


@given(total=st.integers(1, 10_000), percent=st.integers(1, 100))
def test_a_quorum_is_rounded_up(total: int, percent: int) -> None:
    """Two thirds of ten are seven: no fraction of a unit opens a gate early, no rounding error asks for one more."""
    assert needed(total, TierRule.QUORUM, percent / 100) == -(-total * percent // 100)


def test_all_and_first() -> None:
    """All means each of them; first means one."""
    assert needed(13, TierRule.ALL, 1.0) == 13
    assert needed(13, TierRule.FIRST, 1.0) == 1
    assert math.isclose(needed(3, TierRule.QUORUM, 2 / 3), 2)


def test_an_open_gate_does_not_open_again() -> None:
    """Whatever happens later, a branch opens once."""
    assert decide(BranchView(BranchState.OPEN, 0), 10, cause=Reason.FORCED) is None


@pytest.mark.parametrize("cause", [Reason.SUPERIOR_ANSWERED, Reason.TIER_ANSWERED, Reason.FORCED])
def test_a_cause_opens_before_the_hold(cause: Reason) -> None:
    """An answer or an officer opens at once; the reason is theirs."""
    assert decide(BranchView(BranchState.WAITING, 1_000), 10, cause=cause) is cause


def test_the_hold_opens_when_it_is_over_and_not_before() -> None:
    """A silent superior never keeps a village asleep, and is given its full time."""
    gate = BranchView(BranchState.WAITING, 1_000)
    assert decide(gate, 999) is None
    assert decide(gate, 1_000) is Reason.HOLD_PASSED


def test_hold_never_never_opens_by_time() -> None:
    """The strict form: no deadline at all."""
    assert gate_deadline(0, None) is None
    assert decide(BranchView(BranchState.WAITING, None), 10**15) is None


@given(opened_at=st.integers(0, 10**12), hold=st.integers(0, 10**7))
def test_the_hold_counts_from_the_opening_of_what_is_waited_for(opened_at: int, hold: int) -> None:
    """Sums of holds along the tiers give the latest ring that `check` prints."""
    assert gate_deadline(opened_at, hold) == opened_at + hold


@pytest.mark.parametrize(("before", "after"), list(product(CalleeState, CalleeState)))
def test_counts_follow_every_move(before: CalleeState, after: CalleeState) -> None:
    """The kept counts equal what counting the rows would give, for any move."""
    groups = (ANSWERED, UNREACHED, FINISHED)
    expected = tuple(int(after in group) - int(before in group) for group in groups)
    assert count_change(before, after) == expected


def test_an_empty_branch_has_answered() -> None:
    """A township without villages keeps nobody waiting."""
    assert rule_met(answered=0, needed=0)
    assert not rule_met(answered=1, needed=2)


def test_what_waits_below_does_not_wait_anew_after_downtime() -> None:
    """A gate that opens late because its hold passed meanwhile: the next hold began when it was to open."""
    late = BranchView(BranchState.WAITING, 100)
    assert hold_began(late, Reason.HOLD_PASSED, 5_000) == 100
    assert hold_began(late, Reason.SUPERIOR_ANSWERED, 50) == 50
    assert hold_began(BranchView(BranchState.WAITING, None), Reason.FIRST_TIER, 7) == 7
