"""The machine of a whole call-out."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.errors import RefusedError
from warning_dispatch.escalation.callout import TABLE, CallOutEvent, move
from warning_dispatch.model.states import LIVE_CALLOUT, CallOutState

OVER = (CallOutState.CANCELLED, CallOutState.SUPERSEDED, CallOutState.CLOSED)


@pytest.mark.parametrize(("state", "event"), list(product(CallOutState, CallOutEvent)))
def test_a_move_exists_or_is_refused(state: CallOutState, event: CallOutEvent) -> None:
    """What is not in the table does not happen."""
    if (state, event) in TABLE:
        assert move(state, event) is TABLE[state, event]
        return
    with pytest.raises(RefusedError, match=state.name):
        move(state, event)


def test_what_is_over_stays_over() -> None:
    """A late parent or a second officer cannot wake a call-out that was ended."""
    assert not [key for key in TABLE if key[0] in OVER]


def test_only_an_end_ends_a_running_call_out() -> None:
    """Time alone never ends one: validity leads to 待解除, and only answers, an officer or a message lead further."""
    ending = {event for (state, event), result in TABLE.items() if state in LIVE_CALLOUT and result not in LIVE_CALLOUT}
    assert ending == {
        CallOutEvent.ALL_FINISHED,
        CallOutEvent.LIFTED,
        CallOutEvent.CLOSED,
        CallOutEvent.SUPERSEDED,
    }


@given(events=st.lists(st.sampled_from(CallOutEvent), max_size=30))
def test_every_live_state_can_be_lifted(events: list[CallOutEvent]) -> None:
    """Whatever happened before, as long as it lives a Cancel or an officer ends it (promise 6)."""
    state = CallOutState.RUNNING
    for event in events:
        if (state, event) in TABLE:
            state = move(state, event)
        if state in LIVE_CALLOUT:
            assert move(state, CallOutEvent.LIFTED) is CallOutState.CANCELLED
