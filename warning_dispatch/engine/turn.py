"""One turn of the engine: everything that is due at a moment, in one transaction. Synchronous.

    turn(now) -> (batch for the wire, next wake-up)

The daemon runs it in a thread, storms and the demo at full speed call it directly: the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from warning_dispatch.engine.frozen import FrozenPlans
from warning_dispatch.engine.ledger import Bell, Ledger
from warning_dispatch.engine.observing import Observer, nobody
from warning_dispatch.engine.outbox import Outbox
from warning_dispatch.engine.records import BY_ITSELF, CalleeRecord, StoredAlarm
from warning_dispatch.engine.recovery import repeat_lost
from warning_dispatch.engine.reports import Reports
from warning_dispatch.engine.sharing import part_queued
from warning_dispatch.engine.storage import Storage
from warning_dispatch.engine.timekeeping import Readings
from warning_dispatch.escalation.callout import CallOutEvent
from warning_dispatch.escalation.moves import Due
from warning_dispatch.model.alarm_facts import written
from warning_dispatch.model.states import AttemptState, BranchState, CallOutState
from warning_dispatch.ports import Dispatch, Receipt, Reply, Report, Tap

REMIND_EVERY = 1_800_000
"""ms between reminders that a call-out whose validity is over awaits lifting."""


@dataclass(slots=True)
class Inbox:
    """What came from the wire since the last turn."""

    receipts: list[Receipt] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    taps: list[Tap] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether anything came."""
        return bool(self.receipts or self.reports or self.replies or self.taps)


@dataclass(frozen=True, slots=True)
class Turned:
    """What a turn did. `batch` goes on the wire, `hang_up` names ringing attempts to end, `started` new call-outs."""

    batch: tuple[Dispatch, ...]
    hang_up: tuple[int, ...]
    next_at: int | None
    stepped: int
    opened: int
    queued: int
    answered: int
    started: tuple[int, ...] = ()


class Turn:
    """The engine's turning."""

    def __init__(
        self,
        storage: Storage,
        plans: FrozenPlans,
        outbox: Outbox,
        reports: Reports,
        batch: int,
        bell: Bell,
        widen: Callable[[Ledger, Sequence[StoredAlarm]], None],
        observe: Observer = nobody,
    ) -> None:
        """`batch`: callees looked at in one turn. `widen` takes alarms of areas that nobody has resolved."""
        self._bell = bell
        self._widen = widen
        self._storage = storage
        self._plans = plans
        self._outbox = outbox
        self._reports = reports
        self._batch = batch
        self._observe = observe
        self._wake: list[int] = []
        self._readings = Readings()

    def __call__(self, now: int, inbox: Inbox | None = None) -> Turned:
        """Do everything due at `now`.

        1. What came from the wire: answers first, then receipts and reports. 2. Call-outs whose pause or validity is
        over, areas that nobody has resolved. 3. Gates whose hold is over. 4. Leases and reports overdue. 5. Callees
        whose deadline has come. 6. Attempts that may go are claimed. 7. State, attempts and journal commit; only then
        the caller dials.
        """
        with self._storage.writing() as tx:
            ledger = Ledger(tx, self._plans, now, self._bell)
            if inbox:
                self.take_inbox(ledger, inbox)
            self._callouts(ledger)
            unresolved = tx.alarms.due(now)
            if unresolved:
                self._widen(ledger, unresolved)
            overdue = self._overdue(ledger)
            gates = tx.branches.due(now, self._batch)
            ledger.open_branches([(branch, None) for branch in gates])
            ledger.settle()
            due = self._due(ledger)
            ledger.load_callouts([record.callout_id for record in due])
            for record in due:
                ledger.take(record, Due())
            ledger.settle()
            claimed = self._outbox.claim(ledger)
            self._readings.keep(tx.clock, now)
            ledger.close()
            full = max(len(due), overdue, len(gates)) >= self._batch
            next_at = now if full else self._next_at(ledger, claimed.next_at)
        self._observe(ledger.counted)
        return Turned(
            batch=claimed.batch,
            hang_up=tuple(dict.fromkeys(ledger.hang_up)),
            next_at=next_at,
            stepped=ledger.counted.stepped,
            opened=ledger.counted.opened,
            queued=ledger.counted.queued,
            answered=ledger.counted.answered,
            started=tuple(ledger.started),
        )

    def _due(self, ledger: Ledger) -> Sequence[CalleeRecord]:
        """Callees whose deadline has come; of a full batch also those further back who share a phone with one of them.

        They are named in one call, which is made in this turn.
        """
        due = ledger.tx.callees.due(ledger.now, self._batch)
        if len(due) < self._batch:
            return due
        return [*due, *ledger.tx.callees.due_beside(due, ledger.now)]

    def remember(self, moments: Sequence[int]) -> None:
        """Moments at which something queued elsewhere may go."""
        self._wake.extend(moments)

    def move_along(self, by: int) -> None:
        """The wall clock was set: what is remembered here moves with the rows."""
        self._wake = [at + by for at in self._wake]

    def take_inbox(self, ledger: Ledger, inbox: Inbox) -> int:
        """What came from the wire, answers first; how many answers counted."""
        before = ledger.counted.answered
        if inbox.taps:
            self._reports.take_taps(ledger, inbox.taps)
        if inbox.replies:
            self._reports.take_replies(ledger, inbox.replies)
        if inbox.taps or inbox.replies:
            ledger.settle()
        if inbox.receipts:
            self._reports.take_receipts(ledger, inbox.receipts)
            ledger.settle()
        if inbox.reports:
            self._reports.take_reports(ledger, inbox.reports)
            ledger.settle()
        return ledger.counted.answered - before

    def _callouts(self, ledger: Ledger) -> None:
        for callout in ledger.tx.callouts.due(ledger.now):
            if callout.state is CallOutState.PAUSED:
                resume(ledger, callout.id, CallOutEvent.PAUSE_OVER, actor=BY_ITSELF, reason="pause_over")
                ledger.alarm("pause_over", "", callout.id)
            elif callout.state is CallOutState.RUNNING:
                await_lift(ledger, callout.id)
            else:
                ledger.tx.callouts.set_state(
                    callout.id, callout.state, next_at=ledger.now + REMIND_EVERY, ended_at=None
                )
                _ask_for_the_end(ledger, callout.id)

    def _overdue(self, ledger: Ledger) -> int:
        """Claims that lapsed are repeated; hand-overs without a report count as not answered."""
        overdue = ledger.tx.attempts.overdue(ledger.now, self._batch)
        repeat_lost(ledger, [one for one in overdue if one.state is AttemptState.CLAIMED])
        self._reports.take_overdue(ledger, [one for one in overdue if one.state is AttemptState.HANDED])
        if overdue:
            ledger.settle()
        return len(overdue)

    def _next_at(self, ledger: Ledger, outbox_at: int | None) -> int | None:
        """The next moment at which something is due by itself."""
        tx, now = ledger.tx, ledger.now
        self._wake = [at for at in (*self._wake, *ledger.wake) if at > now]
        moments = (
            tx.callees.next_due(),
            tx.branches.next_due(),
            tx.callouts.next_due(),
            tx.alarms.next_due(),
            tx.attempts.next_overdue(),
            tx.attempts.next_held(now),
            outbox_at,
            *self._wake,
        )
        return min((max(at, now) for at in moments if at is not None), default=None)


def resume(ledger: Ledger, callout_id: int, event: CallOutEvent, *, actor: str, reason: str) -> None:
    """Back to RUNNING: every open callee is looked at again, each with one attempt, not the missed burst."""
    callout = ledger.callout(callout_id)
    ledger.set_callout_state(callout, event, actor=actor, reason=reason, next_at=callout.voice_until)
    ledger.tx.callees.unpark(callout_id, ledger.now)
    if callout.voice_until <= ledger.now:  # it ended during the pause: not one gate and not one rung in between
        await_lift(ledger, callout_id)


def await_lift(ledger: Ledger, callout_id: int) -> None:
    """The validity is over: voice stops, lists and links stay, an officer is asked."""
    callout = ledger.callout(callout_id)
    ledger.set_callout_state(
        callout,
        CallOutEvent.VALIDITY_OVER,
        actor=BY_ITSELF,
        reason="guessed_validity" if callout.validity_guessed else "expires",
        next_at=ledger.now + REMIND_EVERY,
    )
    stop_voice(ledger, callout_id, "validity_over")
    ledger.tx.callees.park(callout_id)
    ledger.tx.callees.limit_all(callout_id, ledger.now)
    _ask_for_the_end(ledger, callout_id)


def _ask_for_the_end(ledger: Ledger, callout_id: int) -> None:
    """Ask the officer, every time anew: whoever claimed the question an hour ago is asked again.

    Who stands behind a gate that never opened is on nobody's list yet.
    """
    shut = [one for one in ledger.tx.branches.of_callout(callout_id) if one.state is BranchState.WAITING]
    untold = sum(one.total - one.finished for one in shut)
    ledger.alarm("awaiting_lift", written(untold=untold), callout_id, about=str(ledger.now))


def take_up_again(ledger: Ledger, callout_id: int, why: str) -> None:
    """The validity is not over after all (extended, or the clock was wrong): every open callee is looked at again."""
    callout = ledger.callout(callout_id)
    ledger.set_callout_state(callout, CallOutEvent.EXTENDED, actor=BY_ITSELF, reason=why, next_at=callout.voice_until)
    ledger.tx.callees.unpark(callout_id, ledger.now)


def stop_voice(ledger: Ledger, callout_id: int, why: str) -> None:
    """Queued voice attempts are dropped; one journal entry for all of them. What others share goes on for them."""
    part_queued(ledger, callout_id)
    dropped = ledger.tx.attempts.drop_ready_of_callout(callout_id, ledger.now, why, voice_only=True)
    ledger.note(callout_id, {"k": "attempts.dropped", "count": dropped, "voice_only": True, "why": why})
