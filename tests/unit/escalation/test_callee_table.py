"""The table of moves: what exists, what is refused, and what the promises say about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import get_args

import pytest

from warning_dispatch.errors import RefusedError
from warning_dispatch.escalation.callee import TABLE, opened, step
from warning_dispatch.escalation.moves import (
    Answered,
    CalleeEvent,
    ContactAdded,
    Dialled,
    Due,
    Ended,
    LeaderTold,
    Lost,
    NotDialled,
    Opened,
    Recalled,
    Withdrawn,
)
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.escalation.state import Callee, Rules
from warning_dispatch.model.plan import Outcome
from warning_dispatch.model.states import FINISHED, CalleeState, Means
from warning_dispatch.model.unit import Role

S = CalleeState
HUMAN = (Answered, LeaderTold)
"""The only events that come from a human who received."""


def examples(outcomes: Mapping[str, Outcome]) -> tuple[CalleeEvent, ...]:
    """One event of each kind."""
    return (
        Opened(),
        Due(),
        Dialled(Role.PRIMARY, 1, "phones"),
        NotDialled(),
        Lost(Role.PRIMARY),
        Ended(outcomes["no_answer"], Role.PRIMARY, 1),
        Answered(Means.KEY, Role.PRIMARY, 1),
        LeaderTold(),
        Withdrawn(S.STOPPED, Reason.LIFTED),
        Recalled(),
        ContactAdded(Role.DEPUTY, voice=True),
    )


def test_every_event_is_tried(outcomes: Mapping[str, Outcome]) -> None:
    """A new kind of event cannot be added without this file taking notice."""
    assert {type(event) for event in examples(outcomes)} == set(get_args(CalleeEvent))


@pytest.mark.parametrize("state", list(CalleeState))
def test_a_move_exists_or_is_refused(
    state: CalleeState, outcomes: Mapping[str, Outcome], rules_of: Callable[..., Rules]
) -> None:
    """`step` takes exactly the moves of the table; the diagram drawn from it cannot lie."""
    rules = rules_of("counties")
    callee = Callee(state) if state in (S.WAITING, *FINISHED) else _in_state(state, rules)
    for event in examples(outcomes):
        allowed = TABLE.get((state, type(event)))
        if allowed is None:
            with pytest.raises(RefusedError, match=state.name):
                step(callee, event, 1_000, rules)
        else:
            assert step(callee, event, 1_000, rules).callee.state in allowed


def _in_state(state: CalleeState, rules: Rules) -> Callee:
    return replace(opened(0, rules), state=state)


def test_only_a_human_acknowledges() -> None:
    """Promise 2: no event but a human's answer leads to ACKNOWLEDGED or DUTY_ANSWERED."""
    for (state, event), results in TABLE.items():
        for result in (S.ACKNOWLEDGED, S.DUTY_ANSWERED):
            if result in results and state is not result:
                assert event in HUMAN, (state, event)


def test_finished_states_are_left_by_no_event() -> None:
    """What is finished stays; a late answer or report is kept for the record and changes nothing."""
    for (state, event), results in TABLE.items():
        if state in FINISHED:
            assert results == {state}
            assert event in (Answered, Ended)


def test_every_open_state_takes_an_answer_and_a_withdrawal() -> None:
    """An answer counts whenever it comes, and a Cancel stops whatever it finds (promise 6)."""
    for state in CalleeState:
        assert (state, Answered) in TABLE
        if state not in FINISHED:
            assert S.STOPPED in TABLE[state, Withdrawn]
            assert S.ACKNOWLEDGED in TABLE[state, Answered]


def test_every_state_can_be_reached() -> None:
    """No state is an orphan of the table."""
    reached = {S.WAITING}
    for results in TABLE.values():
        reached |= results
    assert reached == set(CalleeState)


def test_a_bundle_in_the_bulk_statement_and_the_machine_agree(rules_of: Callable[..., Rules]) -> None:
    """A branch is opened by one statement; it writes exactly what the machine would."""
    rules = rules_of("villages")
    assert step(Callee(), Opened(), 5_000, rules).callee == opened(5_000, rules)
