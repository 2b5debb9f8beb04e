"""Officer's acts on a running call-out. Each has an actor and a reason, and is journalled."""

from __future__ import annotations

from enum import StrEnum

from warning_dispatch.engine.answers import Answer, take_answers
from warning_dispatch.engine.endings import end, leave_out_the_rest
from warning_dispatch.engine.filling import Filler
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import CalleeRecord, CallOutRecord
from warning_dispatch.engine.responding import Responding
from warning_dispatch.engine.rounds import Rounds
from warning_dispatch.engine.turn import resume, stop_voice
from warning_dispatch.errors import ChangedError, NotFoundError, RefusedError
from warning_dispatch.escalation.callout import CallOutEvent, move
from warning_dispatch.escalation.moves import ContactAdded, LeaderTold, Recalled, Withdrawn
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.model.states import LIVE_CALLOUT, BranchState, CalleeState, CallOutState, Means, Purpose, Stage
from warning_dispatch.model.unit import Channel, ReceiverEntry
from warning_dispatch.model.views import AddedReceiver


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
    PREPARE = "stage-preparation"
    """转入响应准备."""
    RESPOND = "stage-response"
    """转入应急响应."""
    LINK_UP = "stage-linkage"
    """转入应急联动."""


WITH_UNIT = frozenset({Act.RECALL, Act.WAIVE, Act.TOLD_LEADER})
"""Acts that need a unit."""
STAGE_OF = {Act.PREPARE: Stage.PREPARATION, Act.RESPOND: Stage.RESPONSE, Act.LINK_UP: Stage.LINKAGE}
"""Acts that move the response."""


class Acts:
    """Carries acts out."""

    def __init__(self, pause_max: int, rounds: Rounds, filler: Filler, responding: Responding) -> None:
        """`pause_max`: ms after which a pause ends by itself. `filler`: an act finds every unit of its call-out."""
        self._responding = responding
        self._filler = filler
        self._pause_max = pause_max
        self._rounds = rounds

    def perform(
        self,
        ledger: Ledger,
        act: Act,
        callout_id: int,
        *,
        actor: str,
        reason: str,
        unit_code: str,
        seen: CalleeState | CallOutState | None = None,
    ) -> None:
        """One act. RefusedError without actor or reason, or when the state does not allow it.

        `seen`: the state the officer looked at; ChangedError when it is another one by now.
        """
        callout = _acting(ledger, callout_id, actor, reason)
        if isinstance(seen, CallOutState) and seen is not callout.state:
            raise _changed(ledger, callout_id)
        if callout.purpose is Purpose.SELF:
            raise RefusedError(
                "这是值班叫应，只能认领（alarm claim） / this is the bureau's call to itself: it is only claimed (alarm claim)"
            )
        _require_live(callout, ends=act in (*_ENDS, *STAGE_OF))
        if callout.filling and act not in (*_ENDS, Act.PAUSE):
            self._filler.finish(ledger, callout_id)
        ledger.note(callout_id, {"k": "act", "act": act, "actor": actor, "why": reason, "unit": unit_code})
        if isinstance(seen, CalleeState):
            require_unchanged(self._callee(ledger, callout_id, unit_code), seen)
        if act in WITH_UNIT:
            self._on_unit(ledger, act, self._callee(ledger, callout_id, unit_code))
        elif act in STAGE_OF:
            self._responding.move(ledger, callout_id, STAGE_OF[act], actor=actor, reason=reason)
        else:
            self._on_whole(ledger, act, callout_id, actor, reason, unit_code)

    def _on_whole(self, ledger: Ledger, act: Act, callout_id: int, actor: str, reason: str, unit_code: str) -> None:
        if act is Act.OPEN_GATE:
            self._open_gate(ledger, callout_id, unit_code)
        elif act is Act.PAUSE:
            self._pause(ledger, callout_id, actor, reason)
        elif act is Act.RESUME:
            resume(ledger, callout_id, CallOutEvent.RESUMED, actor=actor, reason=reason)
        elif act is Act.CANCEL:
            self._cancel(ledger, callout_id, actor, reason)
        else:
            self._rounds.close(ledger, callout_id, actor=actor, reason=reason)

    def acknowledge(
        self,
        ledger: Ledger,
        callee_id: int,
        *,
        actor: str,
        reason: str,
        means: Means,
        seen: CalleeState | None = None,
    ) -> None:
        """An operator or a superior recorded an answer for one unit (代报 is counted apart from 本人应答).

        `seen`: the state the officer looked at; ChangedError when it is another one by now.
        """
        if not actor.strip():
            raise RefusedError("登记应答须写明操作人 / a recorded answer needs an actor (--actor)")
        record = ledger.tx.callees.load([callee_id]).get(callee_id)
        if record is None:
            raise NotFoundError(f"没有叫应对象 {callee_id} / there is no callee {callee_id}")
        if seen is not None:
            require_unchanged(record, seen)
        take_answers(ledger, [Answer(callee_id, means, actor=actor, reason=reason)])

    def take_note(self, ledger: Ledger, callout_id: int, actor: str) -> None:
        """知悉: an officer has seen that a call-out runs; whoever is later changes nothing."""
        if not actor.strip():
            raise RefusedError("须写明操作人 / an actor is needed")
        if callout_id not in ledger.tx.callouts.load([callout_id]):
            raise NotFoundError(f"没有叫应 {callout_id} / there is no call-out {callout_id}")
        if ledger.tx.callouts.take_note(callout_id, ledger.now, actor):
            ledger.note(callout_id, {"k": "seen", "by": actor})

    def revealed(self, ledger: Ledger, callee_id: int, *, actor: str, reason: str) -> None:
        """An officer is about to be shown a unit's people in clear: the journal says who asked and why, never what."""
        if not actor.strip() or not reason.strip():
            raise RefusedError("须写明操作人和理由 / an act needs an actor and a reason (--actor, --reason)")
        record = ledger.tx.callees.load([callee_id])[callee_id]
        note = {"k": "revealed", "id": callee_id, "unit": record.unit_id, "actor": actor, "why": reason}
        ledger.note(record.callout_id, note)

    def add_receiver(
        self, ledger: Ledger, callout_id: int, entry: ReceiverEntry, *, actor: str, reason: str
    ) -> AddedReceiver:
        """Somebody new for a unit: into the register, and called at once wherever the unit is being called.

        1. The act must be allowed and the unit be one of the call-out. 2. Receiver, numbers, endpoints, reach. 3. Both
        journals, by ids. 4. Each open callee of the unit takes notice.
        """
        _require_live(_acting(ledger, callout_id, actor, reason))
        self._filler.finish(ledger, callout_id)
        record = self._callee(ledger, callout_id, entry.unit_code)
        added = ledger.tx.endpoints.add_receiver(record.unit_id, entry, ledger.now, actor=actor)
        note = {
            "k": "receiver.added",
            "receiver": added.receiver_id,
            "unit": added.unit_id,
            "role": entry.role.key,
            "endpoints": [endpoint_id for endpoint_id, _ in added.endpoints],
            "callout": callout_id,
            "actor": actor,
            "why": reason,
        }
        ledger.note_register(note)
        ledger.note(callout_id, note)
        texts = tuple((channel, key) for key, channel in added.endpoints if channel is not Channel.VOICE)
        voice = len(texts) < len(added.endpoints)
        event = ContactAdded(entry.role, voice=voice, texts=texts, first=added.first)
        called = ledger.tx.callees.open_of_unit(record.unit_id)
        for callee in called:
            ledger.take(callee, event)
        return AddedReceiver(added.receiver_id, len(added.endpoints), tuple(one.callout_id for one in called))

    def _callee(self, ledger: Ledger, callout_id: int, unit_code: str) -> CalleeRecord:
        record = ledger.tx.callees.of_unit(callout_id, unit_code)
        if record is None:
            if not unit_code:
                raise NotFoundError("没有写明单位 / no unit is named")
            raise NotFoundError(
                f"叫应 {callout_id} 里没有单位 {unit_code} / call-out {callout_id} does not call a unit {unit_code}"
            )
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
            raise RefusedError("没有未开的闸 / there is no shut gate there")
        ledger.open_branches([(branch, Reason.FORCED) for branch in shut])

    def _cancel(self, ledger: Ledger, callout_id: int, actor: str, reason: str) -> None:
        """Its warning is lifted by an officer; units that another issuer's warning holds go on."""
        callout = ledger.callout(callout_id)
        move(callout.state, CallOutEvent.LIFTED)  # RefusedError when it is over
        if callout.filling:
            leave_out_the_rest(ledger, callout_id)
        if callout.purpose is Purpose.CALL:
            self._rounds.set_aside(ledger, callout_id, actor=actor, reason=reason)
        else:  # after a drill nobody is told anything: an all-clear would be taken for a real one's
            event = CallOutEvent.CLOSED if callout.purpose is Purpose.DRILL else CallOutEvent.LIFTED
            end(ledger, callout_id, event, actor=actor, reason=reason)

    def _pause(self, ledger: Ledger, callout_id: int, actor: str, reason: str) -> None:
        callout = ledger.callout(callout_id)
        until = ledger.now + self._pause_max
        ledger.set_callout_state(callout, CallOutEvent.PAUSED, actor=actor, reason=reason, next_at=until)
        stop_voice(ledger, callout_id, "paused")
        ledger.tx.callees.park(callout_id)


def require_unchanged(record: CalleeRecord, seen: CalleeState) -> None:
    """ChangedError when a unit is not in the state that an officer looked at: somebody was quicker, or it has answered."""
    now = record.callee.state
    if now is not seen:
        raise ChangedError(
            f"{seen.chinese} → {now.chinese}：该单位刚刚变了，没有再操作，请看最新情况 / "
            f"it has just changed ({seen.name} → {now.name}); nothing was done, look again"
        )


def _changed(ledger: Ledger, callout_id: int) -> ChangedError:
    state = ledger.callout(callout_id).state
    return ChangedError(
        f"该叫应刚刚变了，没有再操作，请看最新情况 / the call-out has just changed ({state.name}); nothing was done, look again"
    )


def _acting(ledger: Ledger, callout_id: int, actor: str, reason: str) -> CallOutRecord:
    """The call-out of an act, which needs an actor and a reason."""
    if not actor.strip() or not reason.strip():
        raise RefusedError("须写明操作人和理由 / an act needs an actor and a reason (--actor, --reason)")
    callout = ledger.tx.callouts.load([callout_id]).get(callout_id)
    if callout is None:
        raise NotFoundError(f"没有叫应 {callout_id} / there is no call-out {callout_id}")
    return callout


def _require_live(callout: CallOutRecord, *, ends: bool = False) -> None:
    """What is over takes no further act; one that is complete may still be ended."""
    if callout.state in LIVE_CALLOUT or (ends and callout.state is CallOutState.COMPLETE):
        return
    raise RefusedError(
        f"叫应 {callout.id} {_OVER_WORDS[callout.state]}，不能再操作 / "
        f"call-out {callout.id} is over ({callout.state.name}); it takes no further act"
    )


_ENDS = (Act.CANCEL, Act.CLOSE)
_OVER_WORDS = {
    CallOutState.COMPLETE: "已全部应答",
    CallOutState.CANCELLED: "已解除",
    CallOutState.SUPERSEDED: "已被新一轮取代",
    CallOutState.CLOSED: "已办结",
}
