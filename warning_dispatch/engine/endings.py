"""How a call-out ends, as a whole or for some of its units: nothing queued remains, what rings is hung up."""

from __future__ import annotations

from collections.abc import Sequence

from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.ranges import to_ranges
from warning_dispatch.engine.sharing import part_queued
from warning_dispatch.escalation.callout import CallOutEvent
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.model.states import CalleeState, Purpose
from warning_dispatch.model.unit import Channel


def end(ledger: Ledger, callout_id: int, event: CallOutEvent, *, actor: str, reason: str) -> None:
    """End a call-out.

    1. The state is one write. 2. Everything queued is dropped but all-clears, what rings is hung up; a call that serves
    another call-out too goes on for it. 3. Open callees go to their final state, counts are set anew. 4. After a
    lifting those who had been contacted are told, without being asked for an answer, but for those whom another
    warning still holds. 5. Nobody waits behind a superior whose call-out an officer closed.
    """
    ledger.settle()  # what this transaction decided before belongs into the counts that are set anew below
    callout = ledger.callout(callout_id)
    if callout.filling:
        leave_out_the_rest(ledger, callout_id)
        callout = ledger.callout(callout_id)
    into = CalleeState.SUPERSEDED if event is CallOutEvent.SUPERSEDED else CalleeState.STOPPED
    ledger.set_callout_state(callout, event, actor=actor, reason=reason)
    part_queued(ledger, callout_id)
    dropped = ledger.tx.attempts.drop_ready_of_callout(callout_id, ledger.now, event)
    ledger.note(callout_id, {"k": "attempts.dropped", "count": dropped, "voice_only": False, "why": event})
    ledger.hang_up.extend(ledger.tx.attempts.live_of_callout(callout_id))
    lifted = event is CallOutEvent.LIFTED
    told = ledger.tx.callees.to_tell(callout_id) if lifted else ()
    count = ledger.tx.callees.withdraw_all(callout_id, into)
    ledger.tx.branches.recount(callout_id)
    ledger.note(callout_id, {"k": "callees.withdrawn", "into": into.name, "count": count, "why": event})
    if event is not CallOutEvent.CLOSED:  # what an officer closed still counts against the warnings that were there
        ledger.tx.callouts.retire(callout_id)
    if lifted:
        tell_all_clear(ledger, told)
    if event is CallOutEvent.CLOSED:
        waiting = ledger.tx.rounds.waiting_on(callout_id)
        ledger.open_branches([(branch, Reason.SUPERIOR_NOT_CALLED) for branch in waiting])


def leave_out_the_rest(ledger: Ledger, callout_id: int) -> None:
    """Whom a call-out has not reached yet is no callee of it any more."""
    ledger.tx.callouts.stop_filling(callout_id)
    ledger.forget_callout(callout_id)


def lift(ledger: Ledger, callout_id: int, callee_ids: Sequence[int], *, reason: str) -> None:
    """No warning holds these units of a call-out any more: only they are stopped, and told if they had been contacted."""
    stop(ledger, callee_ids, why="lifted")
    unfinished = ledger.tx.rounds.lift(callee_ids)
    ledger.note(
        callout_id,
        {"k": "callees.left", "into": CalleeState.STOPPED.name, "ids": to_ranges(unfinished), "why": reason},
    )
    tell_all_clear(ledger, callee_ids)
    recount(ledger, callout_id)


def stop(ledger: Ledger, callee_ids: Sequence[int], *, why: str) -> None:
    """Nothing waits or rings for these callees any more; a call that serves others too goes on for them."""
    unqueue(ledger, callee_ids, why=why)
    ledger.hang_up.extend(ledger.tx.attempts.live_voice_of(callee_ids))


def unqueue(ledger: Ledger, callee_ids: Sequence[int], *, why: str) -> None:
    """Nothing waits for these callees any more; what rings for them goes on ringing."""
    for attempt_id, home in ledger.tx.attempts.drop_ready_of(callee_ids, ledger.now, why):
        ledger.note(home, {"k": "attempt.dropped", "id": attempt_id, "why": why})
    ledger.tx.rounds.leave_queue(callee_ids)


def recount(ledger: Ledger, callout_id: int) -> None:
    """Counts after a bulk change; what they decide (a branch that has answered, a call-out that is complete)."""
    ledger.tx.branches.recount(callout_id)
    ledger.follow_counts(callout_id)


def tell_all_clear(ledger: Ledger, callee_ids: Sequence[int]) -> None:
    """Only those who had been contacted, without asking for an answer."""
    contacted = ledger.tx.attempts.contacted(callee_ids)
    records = ledger.tx.callees.load(list({callee_id for callee_id, _ in contacted}))
    for callee_id, role in contacted:
        ledger.queue_text(records[callee_id], Channel.SMS, role, Purpose.ALL_CLEAR)
