"""After a crash or a lost lease: whatever was in the gap between carrier and commit is repeated and marked.

At least once, never lost. A restart needs no other repair: deadlines are rows, and what is overdue is merged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from warning_dispatch.engine.frozen import FrozenPlans
from warning_dispatch.engine.ledger import Bell, Ledger
from warning_dispatch.engine.observing import Observer, nobody
from warning_dispatch.engine.records import AttemptRecord, Behind, CalleeRecord
from warning_dispatch.engine.reports import Reports, behind_the_phones
from warning_dispatch.engine.sharing import sharers_of, tell, write_anew
from warning_dispatch.engine.storage import Storage
from warning_dispatch.escalation.moves import Lost
from warning_dispatch.model.states import ASKING, FINISHED, AttemptState, CallOutState, Voice
from warning_dispatch.model.unit import Channel, Role


def repeat_lost(ledger: Ledger, attempts: Sequence[AttemptRecord]) -> None:
    """CLAIMED attempts of unknown fate go back to READY as possible duplicates; those not wanted any more end.

    A call that named units of several call-outs is repeated for all of them. Where its home does not go on (a pause,
    an end), the others get calls of their own, marked like it.
    """
    if not attempts:
        return
    records = ledger.tx.callees.load(list({callee for one in attempts for callee in one.callee_ids}))
    ledger.load_callouts([record.callout_id for record in records.values()])
    behind = behind_the_phones(ledger, [one for one in attempts if one.channel is Channel.VOICE])
    sharers = sharers_of(ledger, attempts)
    again: list[tuple[int, str, bool, int]] = []
    ended: list[tuple[int, str, int]] = []
    for attempt in attempts:
        if attempt.channel is Channel.VOICE:
            wanted = _call_again(ledger, attempt, records, behind)
        else:
            wanted = _write_again(ledger, attempt, records)
        if wanted:
            again.append((attempt.id, "", True, ledger.now))
            tell(ledger, attempt, "requeued", sharers, repeat=True)
        else:
            ended.append((attempt.id, "claim_lost", ledger.now))
            tell(ledger, attempt, "ended", sharers, outcome="claim_lost")
    ledger.tx.attempts.requeue(again)
    ledger.tx.attempts.finish(ended)


def _write_again(ledger: Ledger, attempt: AttemptRecord, records: Mapping[int, CalleeRecord]) -> bool:
    """Whether a lost message is repeated; who went over to a newer round meanwhile gets one of that round."""
    others = write_anew(ledger, attempt, records, repeat=True)
    own = [ledger.current(records[one]) for one in attempt.callee_ids if one not in others]
    again = any(one.callee.state not in FINISHED for one in own)
    if attempt.purpose not in ASKING:
        again = again or ledger.goes_on(attempt.callout_id, attempt.purpose)
    if again:
        ledger.tx.attempts.leave([(attempt.id, one) for one in others])
    return again


def _call_again(
    ledger: Ledger,
    attempt: AttemptRecord,
    records: Mapping[int, CalleeRecord],
    behind: Mapping[tuple[int, int], Behind],
) -> bool:
    """Put the callees of a lost call back; whether the call itself is repeated."""
    goes_on = ledger.callout(attempt.callout_id).state in _CARRIES
    again = False
    parted: list[tuple[int, int]] = []
    for callee_id in attempt.callee_ids:
        record = ledger.current(records[callee_id])
        if record.callee.state in FINISHED or record.callee.voice is not Voice.LIVE:
            continue
        person = behind.get((attempt.id, callee_id))
        ledger.take(record, Lost(person.role if person else attempt.role or Role.PRIMARY))
        record = ledger.current(record)
        if record.callee.voice is not Voice.QUEUED:  # its voice is over: an extension must not find a call in the queue
            parted.append((attempt.id, callee_id))
        elif record.callout_id == attempt.callout_id or goes_on:
            again = True
        else:
            ledger.queue_voice(record, repeat=True)
            parted.append((attempt.id, callee_id))
    if again:  # else it ends, and its row goes on telling whom it named
        ledger.tx.attempts.leave(parted)
    return again


_CARRIES = (CallOutState.RUNNING, CallOutState.COMPLETE)
"""States of a home in which its repeated call may go for another call-out."""


def recover(
    storage: Storage,
    plans: FrozenPlans,
    reports: Reports,
    bell: Bell,
    now: int,
    lost_routes: Sequence[str],
    observe: Observer = nobody,
    of: Sequence[int] | None = None,
) -> int:
    """Repair what a crash left; how many attempts. `of`: the workers that died, None at the start of a single one.

    Every CLAIMED attempt is of unknown fate; on `lost_routes` (carriers that lived in the process that died) so is
    every HANDED one, which then counts as not answered. Alarms for which nobody rings (the register had no bureau,
    or the bureau did not call itself) ring now if they can.
    """
    with storage.writing() as tx:
        ledger = Ledger(tx, plans, now, bell)
        claimed = tx.attempts.claimed(of)
        repeat_lost(ledger, claimed)
        handed = [one for one in tx.attempts.live_on_routes(lost_routes, of) if one.state is AttemptState.HANDED]
        reports.take_overdue(ledger, handed)
        ledger.alarms.ring_again()
        ledger.settle()
        if of is None:
            tx.number_calls.none_later_than(now)
        if claimed or handed:
            ledger.note_system({"k": "recovered", "claimed": len(claimed), "handed": len(handed)})
        ledger.close()
    observe(ledger.counted)
    return len(claimed) + len(handed)
