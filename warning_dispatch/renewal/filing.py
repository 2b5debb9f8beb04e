"""备案: the life of one unit's filing, as one table of moves. PURE.

A filing waits for its registrar, perhaps for approval, and is then in force. Who hands in again changes it again, as long
as the campaign is open. Nothing leaves LAPSED any more, and WITHDRAWN only a unit that is back in the register.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from warning_dispatch.errors import RefusedError
from warning_dispatch.model.renewal import FilingState, HandIn

S = FilingState


class FilingEvent(StrEnum):
    """What can happen to a filing; the value is the reason that the journal gives."""

    TAKEN_OVER = "taken_over"
    """Handed in, and in force at once."""
    PROPOSED = "proposed"
    """Handed in; it waits for approval."""
    APPROVED = "approved"
    SENT_BACK = "sent_back"
    DENIED = "denied"
    """Whoever holds a number of it says that it is not theirs."""
    CLOSED = "closed"
    """The campaign was closed."""
    UNIT_GONE = "unit_gone"
    UNIT_BACK = "unit_back"
    """It is in the register again: an import had ended it by mistake."""


E = FilingEvent
_HANDED_IN_FROM = (S.ASKED, S.HANDED_IN, S.RETURNED, S.FILED)

TABLE: Mapping[tuple[FilingState, FilingEvent], FilingState] = {
    **{(state, E.TAKEN_OVER): S.FILED for state in _HANDED_IN_FROM},
    **{(state, E.PROPOSED): S.HANDED_IN for state in _HANDED_IN_FROM},
    (S.HANDED_IN, E.APPROVED): S.FILED,
    (S.HANDED_IN, E.SENT_BACK): S.RETURNED,
    (S.HANDED_IN, E.DENIED): S.RETURNED,
    (S.FILED, E.DENIED): S.RETURNED,
    **{(state, E.CLOSED): S.LAPSED for state in (S.ASKED, S.HANDED_IN, S.RETURNED)},
    **{(state, E.UNIT_GONE): S.WITHDRAWN for state in _HANDED_IN_FROM},
    (S.WITHDRAWN, E.UNIT_BACK): S.ASKED,
}


def from_states(event: FilingEvent) -> tuple[FilingState, ...]:
    """The states that the event leaves, for a statement about many filings."""
    return tuple(state for state in FilingState if (state, event) in TABLE)


def move(state: FilingState, event: FilingEvent) -> FilingState:
    """The state after the event; RefusedError, in words for a person, for a move that does not exist."""
    try:
        return TABLE[state, event]
    except KeyError:
        chinese, english = _WHY[state]
        raise RefusedError(f"{chinese} / {english}") from None


_WHY: Mapping[FilingState, tuple[str, str]] = {
    S.ASKED: ("该单位还没有报送", "this unit has not handed in yet"),
    S.HANDED_IN: ("该单位已报送，正在等待审核", "this unit has handed in and waits for approval"),
    S.RETURNED: ("该单位的报送已退回，还没有重新报送", "this unit's filing was returned and not handed in again yet"),
    S.FILED: ("该单位已备案", "this unit has been filed"),
    S.LAPSED: ("本次更新备案已结束", "this campaign is over"),
    S.WITHDRAWN: ("该单位已撤销", "this unit is no longer in the register"),
}


def stale(asked_for: int, version: int, how: HandIn | None, by: str, at: str) -> str:
    """Why a hand-in is not taken that was made from an older state than the present one; empty: it is fresh.

    `by` and `at` say who was quicker, without a name. `how` None: nobody has handed in, it was the register that changed.
    """
    if asked_for == version:
        return ""
    if how is None:
        return "名册刚才有变动，请刷新后核对 / the register has just changed: reload and look again"
    word = _HOW[how]
    return (
        f"刚才已有人报送（{word[0]}，{by}，{at}），请刷新后核对 / "
        f"somebody else has just handed this in ({word[1]}, {by}, {at}): reload and look again"
    )


_HOW: Mapping[HandIn, tuple[str, str]] = {
    HandIn.AS_IS: ("原样确认", "confirmed as it stands"),
    HandIn.CORRECTED: ("更正", "corrected"),
    HandIn.SUCCESSOR: ("换人", "a successor"),
    HandIn.WORKBOOK: ("工作簿", "by workbook"),
    HandIn.COMMAND: ("气象局录入", "entered by the bureau"),
}
