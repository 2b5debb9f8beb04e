"""One turn of the engine: everything that is due at a moment. Synchronous.

    turn(now) -> (batch for the wire, next wake-up)

The daemon runs it in a thread, storms and the demo at full speed call it directly: the same code.

Where a process has the database to itself a turn is one transaction. Where others turn beside it, it is one transaction
for each of its steps: what two turns must wait for is then held for moments, and in one order (docs/adr/0012).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from warning_dispatch.engine.endings import end
from warning_dispatch.engine.frozen import FrozenPlans
from warning_dispatch.engine.ledger import AloneNeededError, Bell, Ledger
from warning_dispatch.engine.observing import Observer, nobody
from warning_dispatch.engine.outbox import SOON, Outbox
from warning_dispatch.engine.records import BY_ITSELF, CalleeRecord, StoredAlarm
from warning_dispatch.engine.recovery import repeat_lost
from warning_dispatch.engine.reports import Reports, callees_of
from warning_dispatch.engine.responding import Responding
from warning_dispatch.engine.sharing import part_queued
from warning_dispatch.engine.storage import Storage
from warning_dispatch.engine.timekeeping import Readings
from warning_dispatch.engine.told_once import tell_again
from warning_dispatch.errors import ClockMovedError, StoreBusyError
from warning_dispatch.escalation.callout import CallOutEvent
from warning_dispatch.escalation.moves import Due
from warning_dispatch.model.alarm_facts import written
from warning_dispatch.model.response import ResponseBook
from warning_dispatch.model.states import AttemptState, BranchState, CallOutState, Purpose
from warning_dispatch.ports import Dispatch, Receipt, Reply, Report, Tap

REMIND_EVERY = 1_800_000
"""ms between reminders that a call-out whose validity is over awaits lifting."""
STALLED = 5_000
"""ms without a turn after which a worker takes it that the others could not turn either."""
GRACE = 30_000
"""ms it then leaves to the others before it repeats what they had in hand; of the dead it hears otherwise (recovery.py)."""
TRIES = 4
"""How often a transaction is begun that others are in the way of, before it counts as failed."""


@dataclass(slots=True)
class Inbox:
    """What came from the wire since the last turn. What was taken in and committed is taken out."""

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
    more: bool = False
    """Whether there was more than one turn takes: others may help."""


@dataclass(slots=True)
class _Doing:
    """What one turn has done so far."""

    inbox: Inbox
    batch: tuple[Dispatch, ...] = ()
    next_at: int | None = None
    full: bool = False
    stepped: int = 0
    opened: int = 0
    queued: int = 0
    answered: int = 0
    taken: list[list[Any]] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """Whether nothing was due after all (or others had it in hand)."""
        return not (self.batch or self.stepped or self.opened or self.queued)


_Work = Callable[[Ledger, _Doing], None]
T = TypeVar("T")


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
        responding: Responding | None = None,
    ) -> None:
        """`batch`: callees looked at in one turn. `widen` takes alarms of areas that nobody has resolved.

        `responding` looks for counties that have reported nothing.
        """
        self._responding = responding or Responding(ResponseBook())
        self._bell = bell
        self._widen = widen
        self._storage = storage
        self._plans = plans
        self._outbox = outbox
        self._reports = reports
        self._batch = batch
        self._observe = observe
        self._wake: list[int] = []
        self._turned_at: int | None = None
        self._stalled, self._back_at = 0, -GRACE
        """From when to when this worker did not turn, the last time that it did not for long."""
        self._readings = Readings()
        self.moved: int | None = None
        """By how much the deadlines had been moved when this worker last looked; None before its first turn."""
        self._hang_up: list[int] = []
        self._started: list[int] = []

    def __call__(self, now: int, inbox: Inbox | None = None) -> Turned:
        """Do everything due at `now`.

        1. What came from the wire: answers first, then receipts and reports. 2. Call-outs whose pause or validity is
        over, areas that nobody has resolved. 3. Leases and reports overdue. 4. Gates whose hold is over. 5. Callees
        whose deadline has come. 6. Attempts that may go are claimed. 7. State, attempts and journal commit; only then
        the caller dials.
        """
        doing = _Doing(inbox or Inbox())
        if self._turned_at is not None and now - self._turned_at > STALLED:
            self._stalled, self._back_at = self._turned_at, now
        self._carry_out(
            now, doing, (*self._listening(doing), self._rare, self._overdue, self._gates, self._callees, self._claim)
        )
        self._turned_at = now
        hang_up = self.to_hang_up()
        started, self._started = tuple(self._started), []
        soon = doing.next_at is not None and doing.next_at <= now and doing.nothing and self._storage.many_writers
        return Turned(
            batch=doing.batch,
            hang_up=hang_up,
            next_at=now + SOON if soon else doing.next_at,  # what is due is in others' hands
            stepped=doing.stepped,
            opened=doing.opened,
            queued=doing.queued,
            answered=doing.answered,
            started=started,
            more=doing.full,
        )

    def listen(self, now: int, inbox: Inbox) -> tuple[int, tuple[int, ...]]:
        """Only what came from the wire; how many answers counted, and what is to be hung up."""
        doing = _Doing(inbox)
        self._carry_out(now, doing, self._listening(doing))
        return doing.answered, self.to_hang_up()

    def to_hang_up(self) -> tuple[int, ...]:
        """What rings in vain by steps that are committed; named once. To be asked where a turn failed at a later step."""
        hang_up, self._hang_up = tuple(dict.fromkeys(self._hang_up)), []
        return hang_up

    def beat(self, now: int) -> None:
        """Nothing but a look at the clock that all go by."""
        self._persist(now, _Doing(Inbox()), self._same_time)

    def remember(self, moments: Sequence[int]) -> None:
        """Moments at which something queued elsewhere may go."""
        self._wake.extend(moments)

    def move_along(self, by: int) -> None:
        """The wall clock was set: what is remembered here moves with the rows."""
        self._wake = [at + by for at in self._wake]
        self._back_at += by
        if self._turned_at is not None:
            self._turned_at += by

    # --- transactions -------------------------------------------------------------------------------------

    def _carry_out(self, now: int, doing: _Doing, steps: Sequence[_Work]) -> None:
        """All steps in one transaction, or each in its own where others write too.

        What a step did that is committed is kept even if a later one fails: starts go out with the next turn, but what
        rings in vain does not wait for it (`to_hang_up`).
        """
        if not self._storage.many_writers:

            def all_steps(ledger: Ledger, doing: _Doing) -> None:
                for step in steps:
                    step(ledger, doing)
                    ledger.settle()

            self._commit(now, doing, all_steps, shared=False)
            return
        for step in steps:
            self._persist(now, doing, step if step is not steps[0] else self._in_time(step))

    def _persist(self, now: int, doing: _Doing, step: _Work) -> None:
        """One step beside others, again where they were in the way, and alone where it must be."""
        shared = True
        for left in reversed(range(TRIES)):
            try:
                self._commit(now, doing, step, shared=shared)
            except AloneNeededError:
                shared = False
            except StoreBusyError:
                if not left:
                    raise
            else:
                return
        self._commit(now, doing, step, shared=False)

    def _commit(self, now: int, doing: _Doing, work: _Work, *, shared: bool) -> None:
        before = (doing.full, doing.batch, doing.next_at)
        try:
            with self._plans.kept_if_committed(), self._storage.writing(shared=shared) as tx:
                ledger = Ledger(tx, self._plans, now, self._bell)
                work(ledger, doing)
                ledger.close()
        except BaseException:
            doing.full, doing.batch, doing.next_at = before
            doing.taken.clear()
            raise
        self._observe(ledger.counted)
        doing.stepped += ledger.counted.stepped
        doing.opened += ledger.counted.opened
        doing.queued += ledger.counted.queued
        doing.answered += ledger.counted.answered
        self._hang_up.extend(ledger.hang_up)
        self._started.extend(ledger.started)
        self._wake.extend(ledger.wake)
        for taken in doing.taken:
            taken.clear()
        doing.taken.clear()

    def _same_time(self, ledger: Ledger, _doing: _Doing) -> None:
        """Were the deadlines moved along by another worker, then `now` may be a moment of the clock before."""
        moved = ledger.tx.clock.moved()
        if self.moved is not None and moved != self.moved:
            raise ClockMovedError
        self.moved = moved

    def _in_time(self, step: _Work) -> _Work:
        """The first step of a turn, which looks at the clock that all go by before anything else."""

        def work(ledger: Ledger, doing: _Doing) -> None:
            self._same_time(ledger, doing)
            step(ledger, doing)

        return work

    # --- steps --------------------------------------------------------------------------------------------

    def _listening(self, doing: _Doing) -> Sequence[_Work]:
        """The steps for what came from the wire: answers first."""
        inbox, told = doing.inbox, self._reports
        steps = (
            _taking(inbox.taps, told.take_taps),
            _taking(inbox.replies, told.take_replies),
            _taking(inbox.receipts, told.take_receipts),
            _taking(inbox.reports, told.take_reports),
        )
        came = (inbox.taps, inbox.replies, inbox.receipts, inbox.reports)
        return [step for step, listed in zip(steps, came, strict=True) if listed]

    def _rare(self, ledger: Ledger, _doing: _Doing) -> None:
        """What may touch a whole call-out: a pause or a validity that is over, an alarm to look at, a silent county."""
        moments = (ledger.tx.callouts.next_due(), ledger.tx.alarms.next_due(), ledger.tx.response.next_due())
        if not any(at is not None and at <= ledger.now for at in moments):
            return
        if not ledger.tx.alone:
            raise AloneNeededError
        self._callouts(ledger)
        alarms = ledger.tx.alarms.due(ledger.now)
        if alarms:
            self._widen(ledger, [one for one in alarms if one.claimed_at is None])
            tell_again(ledger, [one.fact for one in alarms if one.claimed_at is not None])
        self._responding.look(ledger)

    def _callouts(self, ledger: Ledger) -> None:
        for callout in ledger.tx.callouts.due(ledger.now):
            if callout.state is CallOutState.PAUSED:
                resume(ledger, callout.id, CallOutEvent.PAUSE_OVER, actor=BY_ITSELF, reason="pause_over")
                ledger.alarm("pause_over", "", callout.id, about=str(ledger.now))  # each pause is one of its own
            elif callout.purpose is Purpose.DRILL:
                end(ledger, callout.id, CallOutEvent.CLOSED, actor=BY_ITSELF, reason="validity_over")
            elif callout.state is CallOutState.RUNNING:
                await_lift(ledger, callout.id)
            else:
                ledger.tx.callouts.set_state(
                    callout.id, callout.state, next_at=ledger.now + REMIND_EVERY, ended_at=None
                )
                _ask_for_the_end(ledger, callout.id)

    def _overdue(self, ledger: Ledger, doing: _Doing) -> None:
        """Claims that lapsed are repeated; hand-overs without a report count as not answered.

        Has this worker not turned for a while, the others may not have either (the database was locked, or away): what they
        have in hand rings, and its receipt comes with their next turn. For a moment what lapsed in that while is theirs.
        """
        spared = self._stalled if self._lenient(ledger.now) else None
        overdue = ledger.tx.attempts.overdue(ledger.now, self._batch, spared_since=spared)
        ledger.tx.callees.hold(callees_of(overdue))
        repeat_lost(ledger, [one for one in overdue if one.state is AttemptState.CLAIMED])
        self._reports.take_overdue(ledger, [one for one in overdue if one.state is AttemptState.HANDED])
        doing.full = doing.full or len(overdue) >= self._batch

    def _lenient(self, now: int) -> bool:
        return self._storage.many_writers and 0 <= now - self._back_at < GRACE

    def _gates(self, ledger: Ledger, doing: _Doing) -> None:
        """Gates whose hold is over."""
        gates = ledger.tx.branches.due(ledger.now, self._batch)
        ledger.open_branches([(branch, None) for branch in gates])
        doing.full = doing.full or len(gates) >= self._batch

    def _callees(self, ledger: Ledger, doing: _Doing) -> None:
        """Callees whose deadline has come; of a full batch also those further back who share a phone with one of them.

        They are named in one call, which is made in this turn.
        """
        due: Sequence[CalleeRecord] = ledger.tx.callees.due(ledger.now, self._batch)
        if len(due) >= self._batch:
            doing.full = True
            due = [*due, *ledger.tx.callees.due_beside(due, ledger.now)]
        ledger.load_callouts([record.callout_id for record in due])
        for record in due:
            ledger.take(record, Due())

    def _claim(self, ledger: Ledger, doing: _Doing) -> None:
        """What may go is claimed; and when the next turn is due."""
        claimed = self._outbox.claim(ledger)
        doing.batch = claimed.batch
        self._readings.keep(ledger.tx.clock, ledger.now)
        ledger.settle()
        doing.next_at = ledger.now if doing.full else self._next_at(ledger, claimed.next_at)

    def _next_at(self, ledger: Ledger, outbox_at: int | None) -> int | None:
        """The next moment at which something is due by itself."""
        tx, now = ledger.tx, ledger.now
        self._wake = [at for at in self._wake if at > now]
        moments = (
            tx.callees.next_due(),
            tx.branches.next_due(),
            tx.callouts.next_due(),
            tx.alarms.next_due(),
            tx.response.next_due(),
            tx.attempts.next_overdue(own=self._lenient(now)),
            tx.attempts.next_held(now),
            outbox_at,
            *self._wake,
            *(at for at in ledger.wake if at > now),
        )
        return min((max(at, now) for at in moments if at is not None), default=None)


def _taking(listed: list[T], take: Callable[[Ledger, Sequence[T]], object]) -> _Work:
    """The step that takes in what came of one kind; once it is committed it has come."""

    def work(ledger: Ledger, doing: _Doing) -> None:
        take(ledger, listed)
        doing.taken.append(listed)

    return work


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
