"""叫应: the machine of a whole call-out. PURE.

RUNNING until every callee has finished (COMPLETE) or somebody ends it. A pause ends by itself. When the validity is
over voice stops and an officer is asked (AWAITING_LIFT); signals stand until lifted, so a guessed validity never ends a
call-out silently. An update that extends the warning takes it back to RUNNING.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from warning_dispatch.errors import RefusedError
from warning_dispatch.model.states import CallOutState

S = CallOutState


class CallOutEvent(StrEnum):
    """What can happen to a call-out as a whole."""

    ALL_FINISHED = "all_finished"
    VALIDITY_OVER = "validity_over"
    EXTENDED = "extended"
    PAUSED = "paused"
    PAUSE_OVER = "pause_over"
    RESUMED = "resumed"
    LIFTED = "lifted"
    CLOSED = "closed"
    SUPERSEDED = "superseded"


E = CallOutEvent

TABLE: Mapping[tuple[CallOutState, CallOutEvent], CallOutState] = {
    (S.RUNNING, E.ALL_FINISHED): S.COMPLETE,
    (S.RUNNING, E.VALIDITY_OVER): S.AWAITING_LIFT,
    (S.RUNNING, E.PAUSED): S.PAUSED,
    (S.PAUSED, E.RESUMED): S.RUNNING,
    (S.PAUSED, E.PAUSE_OVER): S.RUNNING,
    (S.PAUSED, E.ALL_FINISHED): S.COMPLETE,
    (S.AWAITING_LIFT, E.EXTENDED): S.RUNNING,
    (S.AWAITING_LIFT, E.ALL_FINISHED): S.COMPLETE,
    **{
        (state, event): result
        for state in (S.RUNNING, S.PAUSED, S.AWAITING_LIFT)
        for event, result in ((E.LIFTED, S.CANCELLED), (E.CLOSED, S.CLOSED), (E.SUPERSEDED, S.SUPERSEDED))
    },
    (S.COMPLETE, E.LIFTED): S.CANCELLED,
    (S.COMPLETE, E.CLOSED): S.CLOSED,
    (S.COMPLETE, E.SUPERSEDED): S.SUPERSEDED,
}


OVER = (S.CANCELLED, S.SUPERSEDED, S.CLOSED)
"""Somebody ended it: nothing of it goes out any more but the all-clear. (COMPLETE still has notices to send.)"""


def move(state: CallOutState, event: CallOutEvent) -> CallOutState:
    """The state after the event; RefusedError for a move that does not exist."""
    try:
        return TABLE[state, event]
    except KeyError:
        raise RefusedError(
            f"该叫应处于 {state.name}，不能做这个操作 / a call-out that is {state.name} cannot take {event.value}"
        ) from None
