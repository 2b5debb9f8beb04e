"""The engine as one object: every use case is one call, one transaction, at one moment that the caller names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from warning_dispatch.engine.acts import Act, Acts
from warning_dispatch.engine.bureau import Bureau
from warning_dispatch.engine.clock_steps import move_along, went_back
from warning_dispatch.engine.drills import Drills
from warning_dispatch.engine.filling import Filler
from warning_dispatch.engine.frozen import FrozenPlans
from warning_dispatch.engine.intake import Intake
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.observing import Observer, nobody
from warning_dispatch.engine.recovery import recover
from warning_dispatch.engine.register_days import CLAIM_FOR, MORNING, keep_up, tell
from warning_dispatch.engine.reports import Reports
from warning_dispatch.engine.sources import take_once
from warning_dispatch.engine.storage import Storage
from warning_dispatch.engine.tasks import Tasks
from warning_dispatch.engine.timekeeping import STEP_LIMIT
from warning_dispatch.engine.turn import TRIES, Inbox, Turn, Turned
from warning_dispatch.errors import NotFoundError, StoreBusyError, StoreError
from warning_dispatch.escalation.callout import OVER
from warning_dispatch.model.alarm_facts import written
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.console_views import CallPreview, TierPreview
from warning_dispatch.model.states import CalleeState, CallOutState, Means
from warning_dispatch.model.unit import ReceiverEntry
from warning_dispatch.model.views import AddedReceiver, IntakeResult
from warning_dispatch.ports import ListAccount, MorningAccount

T = TypeVar("T")


LOOK_FOR_FILLING = 5_000
"""ms between two looks for a call-out that another worker began and did not fill to the end."""


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """The result of a use case, the ringing attempts to hang up because of it, and the call-outs begun by it."""

    result: T
    hang_up: tuple[int, ...] = ()
    started: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that has come: its bytes, where from, and what the source calls it (empty: nothing)."""

    raw: bytes
    source: str
    item: str = ""


class Engine:
    """Use cases. Synchronous; one thread at a time (see engine/lanes.py)."""

    def __init__(
        self,
        storage: Storage,
        plans: FrozenPlans,
        turn: Turn,
        intake: Intake,
        acts: Acts,
        reports: Reports,
        bureau: Bureau,
        filler: Filler,
        drills: Drills,
        observe: Observer = nobody,
        in_hand: int = 0,
    ) -> None:
        """The parts are wired in bootstrap. `in_hand`: see engine.tasks."""
        self.drills = drills
        self.tasks = Tasks(reports, in_hand)
        self._filler = filler
        self._filling = True
        self._look_for_filling = 0
        self._storage = storage
        self._plans = plans
        self._turn = turn
        self._intake = intake
        self._acts = acts
        self._reports = reports
        self._observe = observe
        self._bureau = bureau

    def recover(self, now: int, lost_routes: tuple[str, ...], of: Sequence[int] | None = None) -> int:
        """What a crash left is repaired; how many attempts were of unknown fate.

        `of` None: before the first turn of a single worker. Was the clock set back while we were down, the deadlines go
        back with it first. Else: of these workers, which have died while others went on.
        """
        if of is None:
            self._once(now, went_back)
        parts = (self._storage, self._plans, self._reports, self._bureau)
        with self._plans.kept_if_committed():
            return recover(*parts, now, lost_routes, self._observe, of)

    def take_over(self, now: int, lost_routes: tuple[str, ...], dead: Sequence[int]) -> Done[int]:
        """What workers that have died had in hand is repeated by those that live."""
        return Done(self.recover(now, lost_routes, dead))

    def beat(self, now: int) -> None:
        """Prove that the database can be written, for a process that does not turn. ClockMovedError as for a turn."""
        self._turn.beat(now)

    def clock_stepped(self, now: int, by: int) -> None:
        """The wall clock was set `by` ms forward (back when negative) and shows `now`: deadlines move along.

        To be called before anything else sees the new time. Of several workers that notice it the first one moves them.
        """

        def work(ledger: Ledger) -> int:
            done = 0 if self._turn.moved is None else ledger.tx.clock.moved() - self._turn.moved
            if abs(by - done) > STEP_LIMIT:
                move_along(ledger, by - done)
            return ledger.tx.clock.moved()

        self._turn.moved = self._once(now, work).result
        self._turn.move_along(by)

    def moved_by_others(self, now: int) -> None:
        """The deadlines are where another worker moved them, and our clock agrees: go on from there."""
        self._turn.moved = self._once(now, lambda ledger: ledger.tx.clock.moved()).result

    def turn(self, now: int, inbox: Inbox | None = None) -> Turned:
        """Everything that is due at `now`; then, in a transaction of its own, a piece of what is still to be filled."""
        turned = self._turn(now, inbox)
        if not self._filling and now < self._look_for_filling:
            return turned
        return self._fill_on(now, turned)

    def to_hang_up(self) -> tuple[int, ...]:
        """After a StoreError of `turn` or `answer`: what is to be hung up by what was committed before it."""
        return self._turn.to_hang_up()

    def _fill_on(self, now: int, turned: Turned) -> Turned:
        """A piece. If the database fails us, what was claimed goes out all the same, and the next turn tries again."""
        self._look_for_filling = now + LOOK_FOR_FILLING
        try:
            filled = self._once(now, self._filler.step)
        except StoreError:
            self._filling = True
            return turned
        self._filling = filled.result
        more = filled.result or bool(filled.started)
        return replace(turned, next_at=now if more else turned.next_at, started=(*turned.started, *filled.started))

    def answer(self, now: int, inbox: Inbox) -> Done[int]:
        """Taps and replies, committed at once."""
        return Done(*self._turn.listen(now, inbox))

    def take_in(self, now: int, raw: bytes, source: str, item: str = "") -> Done[IntakeResult]:
        """A message has arrived. A fault while it is judged is the sender's to know, but the bytes are kept first.

        `item`: what the source calls it, where it does: it is taken in once, however often it comes.
        """

        def work(ledger: Ledger) -> IntakeResult:
            return take_once(ledger, source, item, lambda: self._intake.take_in(ledger, raw, source))

        try:
            return self._once(now, work)
        except StoreError:
            raise
        except Exception as error:
            reason = f"fault_{type(error).__name__}"
            self._once(now, lambda ledger: self._keep(ledger, raw, source, item, reason))
            raise

    def release(self, now: int, alert_id: int, *, actor: str, reason: str) -> Done[IntakeResult]:
        """An officer releases a message that did not call by itself. RefusedError and NotFoundError change nothing."""
        return self._once(now, lambda ledger: self._intake.release(ledger, alert_id, actor=actor, reason=reason))

    def take_in_some(self, now: int, arrivals: Sequence[Arrival]) -> Done[list[IntakeResult]]:
        """Several messages in one transaction, up to and with the first that changed a call-out.

        Any fault while one is judged undoes them all and is raised: nothing is kept, take each in by itself.
        """

        def work(ledger: Ledger) -> list[IntakeResult]:
            results: list[IntakeResult] = []
            for one in arrivals:
                results.append(self._one_of_some(ledger, one))
                if results[-1].callouts:
                    break
            return results

        return self._once(now, work)

    def _one_of_some(self, ledger: Ledger, one: Arrival) -> IntakeResult:
        return take_once(ledger, one.source, one.item, lambda: self._intake.take_in(ledger, one.raw, one.source))

    def _keep(self, ledger: Ledger, raw: bytes, source: str, item: str, reason: str) -> None:
        """Keep what could not be judged; it is not judged again by itself."""

        def keep() -> IntakeResult:
            self._intake.keep(ledger, raw, source, reason)
            return IntakeResult(None, Disposition.QUARANTINED, (reason,), ())

        take_once(ledger, source, item, keep, heard=False)

    def once(self, now: int, work: Callable[[Ledger], T]) -> Done[T]:
        """A use case from beside the engine (sources, outlets) in one transaction of its own."""
        return self._once(now, work)

    def act(
        self,
        now: int,
        act: Act,
        callout_id: int,
        *,
        actor: str,
        reason: str,
        unit_code: str = "",
        seen: CalleeState | CallOutState | None = None,
    ) -> Done[None]:
        """An officer's act. RefusedError and NotFoundError change nothing; ChangedError: it is not as it was `seen`."""
        return self._once(
            now,
            lambda ledger: self._acts.perform(
                ledger, act, callout_id, actor=actor, reason=reason, unit_code=unit_code, seen=seen
            ),
        )

    def take_note(self, now: int, callout_id: int, *, actor: str) -> Done[None]:
        """An officer has seen that a call-out runs."""
        return self._once(now, lambda ledger: self._acts.take_note(ledger, callout_id, actor))

    def revealed(self, now: int, callout_id: int, callee_id: int, *, actor: str, reason: str) -> Done[None]:
        """An officer is about to see a unit's people in clear."""

        def work(ledger: Ledger) -> None:
            _require_in(ledger, callout_id, callee_id)
            self._acts.revealed(ledger, callee_id, actor=actor, reason=reason)

        return self._once(now, work)

    def preview(self, now: int, raw: bytes, source: str) -> CallPreview:
        """What a message would do: it is taken in and taken back, and nobody has been called.

        Only what it begins is counted: a call-out that it is attached to rings for it at nobody who has answered.
        """
        with suppress(_TakenBackError), self._plans.kept_if_committed(), self._storage.writing() as tx:
            ledger = Ledger(tx, self._plans, now, self._bureau)
            result = self._intake.take_in(ledger, raw, source)
            begun = [one for one in result.callouts if one in ledger.begun]
            attached = () if begun or "attached" not in result.reasons else _going_on(ledger, result.callouts)
            paused = tuple(one for one in attached if ledger.callout(one).state is CallOutState.PAUSED)
            tiers: list[TierPreview] = []
            for callout_id in begun:
                self._filler.finish(ledger, callout_id)
                plan, colour = ledger.frozen(callout_id).plan, ledger.callout(callout_id).colour
                for index, units, without in tx.callouts.still_to_answer(callout_id):
                    tier = plan.tiers[index]
                    tiers.append(TierPreview(tier.title, units, without, tier.hold.get(colour) or 0))
            raise _TakenBackError
        return CallPreview(result.disposition, result.reasons, tuple(tiers), attached, paused)

    def add_receiver(
        self, now: int, callout_id: int, entry: ReceiverEntry, *, actor: str, reason: str
    ) -> Done[AddedReceiver]:
        """An officer added somebody to a unit of a call-out. What is refused changes nothing."""
        return self._once(
            now, lambda ledger: self._acts.add_receiver(ledger, callout_id, entry, actor=actor, reason=reason)
        )

    def acknowledge(
        self,
        now: int,
        callout_id: int,
        callee_id: int,
        *,
        actor: str,
        reason: str,
        means: Means,
        seen: CalleeState | None = None,
    ) -> Done[None]:
        """An answer recorded by an operator or a superior. `seen`: as for `act`."""

        def work(ledger: Ledger) -> None:
            _require_in(ledger, callout_id, callee_id)
            self._acts.acknowledge(ledger, callee_id, actor=actor, reason=reason, means=means, seen=seen)

        return self._once(now, work)

    def list_written(self, now: int, account: ListAccount) -> Done[None]:
        """A printable list is about to be written: an export in clear, accounted for by counts."""

        def work(ledger: Ledger) -> None:
            if account.callout_id not in ledger.tx.callouts.load([account.callout_id]):
                raise NotFoundError(f"没有叫应 {account.callout_id} / there is no call-out {account.callout_id}")
            counts = {"units": account.units, "people": account.people, "phones": account.phones}
            said = {"round": account.round, "actor": account.actor, "why": account.reason}
            ledger.note(account.callout_id, {"k": "list.written", **said, **counts})

        return self._once(now, work)

    def list_failed(self, now: int, callout_id: int, why: str) -> Done[None]:
        """There is no printable list of a call-out: a human is told."""
        return self._once(now, lambda ledger: ledger.alarm("list_not_written", written(text=why), callout_id))

    def lists_removed(self, now: int, count: int) -> Done[None]:
        """Old printable lists were destroyed."""
        return self._once(now, lambda ledger: ledger.note_system({"k": "lists.removed", "count": count}))

    def claim_alarms(self, now: int, alarm_ids: Sequence[int] | None, *, actor: str) -> Done[Sequence[int]]:
        """One of the bureau's people has it in hand: these alarms and all that ring with them (None: all). The ids."""
        return self._once(now, lambda ledger: self._bureau.claim(ledger, alarm_ids, actor))

    def source_silent(self, now: int, name: str) -> Done[None]:
        """A source of warnings says nothing any more, not even that it is alive."""
        return self._once(now, lambda ledger: ledger.alarm("source_silent", written(source=name), about=name))

    def keep_register(self, now: int, day: str, erase_before: int) -> Done[bool]:
        """The register's upkeep of a day, once; whether it was this call that did it."""
        return self._once(now, lambda ledger: keep_up(ledger, day, erase_before))

    def claim_morning(self, now: int, day: str) -> Done[str | None]:
        """The look at the register in the morning is ours: what the last one remembered; None: it is another's, or done."""
        return self._once(now, lambda ledger: ledger.tx.chores.claim(MORNING, day, now, now + CLAIM_FOR))

    def tell_morning(self, now: int, account: MorningAccount) -> Done[bool]:
        """What got worse in the register is put before the duty officer, once."""
        return self._once(now, lambda ledger: tell(ledger, account))

    def _once(self, now: int, work: Callable[[Ledger], T]) -> Done[T]:
        """One use case in one transaction of its own, alone; once more where others were in the way."""
        for _ in range(TRIES - 1):
            with suppress(StoreBusyError):
                return self._commit(now, work)
        return self._commit(now, work)

    def _commit(self, now: int, work: Callable[[Ledger], T]) -> Done[T]:
        with self._plans.kept_if_committed(), self._storage.writing() as tx:
            ledger = Ledger(tx, self._plans, now, self._bureau)
            result = work(ledger)
            ledger.close()
        self._filling |= ledger.filling
        self._observe(ledger.counted)
        self._turn.remember(ledger.wake)
        return Done(result, tuple(dict.fromkeys(ledger.hang_up)), tuple(ledger.started))


class _TakenBackError(Exception):
    """Ends the transaction of a preview without a trace."""


def _going_on(ledger: Ledger, callout_ids: Sequence[int]) -> tuple[int, ...]:
    """Those of these call-outs that nobody has ended."""
    return tuple(one for one in callout_ids if ledger.callout(one).state not in OVER)


def _require_in(ledger: Ledger, callout_id: int, callee_id: int) -> None:
    record = ledger.tx.callees.load([callee_id]).get(callee_id)
    if record is None or record.callout_id != callout_id:
        raise NotFoundError(
            f"叫应 {callout_id} 里没有对象 {callee_id} / call-out {callout_id} has no callee {callee_id}"
        )
