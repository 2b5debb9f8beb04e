"""Officer's acts on a running call-out. Each has an actor and a reason, and is journalled."""

from __future__ import annotations

from enum import StrEnum

from warning_dispatch.engine.answers import Answer, take_answers
from warning_dispatch.engine.endings import end
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import CalleeRecord
from warning_dispatch.engine.rounds import Rounds
from warning_dispatch.engine.turn import resume, stop_voice
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.escalation.callout import CallOutEvent, move
from warning_dispatch.escalation.moves import LeaderTold, Recalled, Withdrawn
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.model.states import BranchState, CalleeState, CallOutState, Means, Purpose


class Act(StrEnum):
    """What an officer may do."""

    RECALL = "recall"
    """再次呼叫: start the ladder of a unit again."""
    WAIVE = "waive"
    """免叫: take a unit off."""
    OPEN_GATE = "open-gate"
    """开闸: open the branches below a unit (or every gate that is shut when no unit is named)."""
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    """解除: stop everything, tell those who had been contacted."""
    CLOSE = "close"
    """办结."""
    TOLD_LEADER = "told-leader"
    """已报告带班领导: the duty room has told its leader."""


WITH_UNIT = frozenset({Act.RECALL, Act.WAIVE, Act.TOLD_LEADER})
"""Acts that need a unit."""


class Acts:
    """Carries acts out."""

    def __init__(self, pause_max: int, rounds: Rounds) -> None:
        """`pause_max`: ms after which a pause ends by itself."""
        self._pause_max = pause_max
        self._rounds = rounds

    def perform(self, ledger: Ledger, act: Act, callout_id: int, *, actor: str, reason: str, unit_code: str) -> None:
        """One act. RefusedError without actor or reason, or when the state does not allow it."""
        if not actor.strip() or not reason.strip():
            raise RefusedError("an act needs an actor and a reason (--actor, --reason)")
        if callout_id not in ledger.tx.callouts.load([callout_id]):
            raise NotFoundError(f"there is no call-out {callout_id}")
        ledger.note(callout_id, {"k": "act", "act": act, "actor": actor, "why": reason, "unit": unit_code})
        if act in WITH_UNIT:
            self._on_unit(ledger, act, self._callee(ledger, callout_id, unit_code))
        elif act is Act.OPEN_GATE:
            self._open_gate(ledger, callout_id, unit_code)
        elif act is Act.PAUSE:
            self._pause(ledger, callout_id, actor, reason)
        elif act is Act.RESUME:
            resume(ledger, callout_id, CallOutEvent.RESUMED, actor=actor, reason=reason)
        elif act is Act.CANCEL:
            self._cancel(ledger, callout_id, actor, reason)
        else:
            end(ledger, callout_id, CallOutEvent.CLOSED, actor=actor, reason=reason)

    def acknowledge(self, ledger: Ledger, callee_id: int, *, actor: str, reason: str, means: Means) -> None:
        """An operator or a superior recorded an answer for one unit (代报 is counted apart from 本人应答)."""
        if not actor.strip():
            raise RefusedError("a recorded answer needs an actor (--actor)")
        if callee_id not in ledger.tx.callees.load([callee_id]):
            raise NotFoundError(f"there is no callee {callee_id}")
        take_answers(ledger, [Answer(callee_id, means, actor=actor, reason=reason)])

    def _callee(self, ledger: Ledger, callout_id: int, unit_code: str) -> CalleeRecord:
        record = ledger.tx.callees.of_unit(callout_id, unit_code)
        if record is None:
            raise NotFoundError(f"call-out {callout_id} does not call a unit {unit_code or '(none named)'}")
        return record

    def _on_unit(self, ledger: Ledger, act: Act, record: CalleeRecord) -> None:
        if act is Act.RECALL:
            if ledger.callout(record.callout_id).state is CallOutState.AWAITING_LIFT:
                raise RefusedError(
                    "有效期已过，语音已停，不能再次呼叫；请人工联系 / the validity is over and voice has stopped; call them by hand"
                )
            ledger.take(record, Recalled())
        elif act is Act.WAIVE:
            ledger.take(record, Withdrawn(CalleeState.WAIVED, Reason.WAIVED))
        else:
            ledger.take(record, LeaderTold())

    def _open_gate(self, ledger: Ledger, callout_id: int, unit_code: str) -> None:
        if unit_code:
            record = self._callee(ledger, callout_id, unit_code)
            shut = ledger.tx.branches.below_callees([record.id])
        else:
            branches = ledger.tx.branches.of_callout(callout_id)
            shut = [branch for branch in branches if branch.state is BranchState.WAITING]
        if not shut:
            raise RefusedError("there is no shut gate there")
        ledger.open_branches([(branch, Reason.FORCED) for branch in shut])

    def _cancel(self, ledger: Ledger, callout_id: int, actor: str, reason: str) -> None:
        """Its warning is lifted by an officer; units that another issuer's warning holds go on."""
        callout = ledger.callout(callout_id)
        move(callout.state, CallOutEvent.LIFTED)  # RefusedError when it is over
        if callout.purpose is Purpose.CALL:
            self._rounds.set_aside(ledger, callout_id, actor=actor, reason=reason)
        else:
            end(ledger, callout_id, CallOutEvent.LIFTED, actor=actor, reason=reason)

    def _pause(self, ledger: Ledger, callout_id: int, actor: str, reason: str) -> None:
        callout = ledger.callout(callout_id)
        until = ledger.now + self._pause_max
        ledger.set_callout_state(callout, CallOutEvent.PAUSED, actor=actor, reason=reason, next_at=until)
        stop_voice(ledger, callout_id, "paused")
        ledger.tx.callees.park(callout_id)
