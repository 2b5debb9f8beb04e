"""After a crash or a lost lease: whatever was in the gap between carrier and commit is repeated and marked.

At least once, never lost. A restart needs no other repair: deadlines are rows, and what is overdue is merged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from warning_dispatch.engine.frozen import FrozenPlans
from warning_dispatch.engine.ledger import Bell, Ledger, Observer, nobody
from warning_dispatch.engine.records import AttemptRecord
from warning_dispatch.engine.reports import Reports, behind_the_phone
from warning_dispatch.engine.storage import Storage
from warning_dispatch.escalation.moves import Lost
from warning_dispatch.model.states import ASKING, FINISHED, AttemptState, Voice
from warning_dispatch.model.unit import Channel


def repeat_lost(ledger: Ledger, attempts: Sequence[AttemptRecord]) -> None:
    """CLAIMED attempts of unknown fate go back to READY as possible duplicates; those not wanted any more end."""
    if not attempts:
        return
    records = ledger.tx.callees.load(list({callee for one in attempts for callee in one.callee_ids}))
    freed: defaultdict[str, int] = defaultdict(int)
    again: list[tuple[int, str, bool, int]] = []
    ended: list[tuple[int, str, int]] = []
    for attempt in attempts:
        voice = attempt.channel is Channel.VOICE
        if voice:
            freed[attempt.route] += 1
        wanted = attempt.purpose not in ASKING and ledger.goes_on(attempt.callout_id, attempt.purpose)
        own = behind_the_phone(ledger, attempt)
        for callee_id in attempt.callee_ids:
            record = ledger.current(records[callee_id])
            if record.callee.state in FINISHED:
                continue
            if not voice:
                wanted = True
            elif record.callee.voice is Voice.LIVE and attempt.role is not None:
                ledger.take(record, Lost(own[callee_id].view.role if callee_id in own else attempt.role))
                wanted = True
        if wanted:
            again.append((attempt.id, "", True, ledger.now))
            ledger.note(attempt.callout_id, {"k": "attempt.requeued", "id": attempt.id, "repeat": True})
        else:
            ended.append((attempt.id, "claim_lost", ledger.now))
            ledger.note(attempt.callout_id, {"k": "attempt.ended", "id": attempt.id, "outcome": "claim_lost"})
    ledger.tx.routes.release(freed)
    ledger.tx.attempts.requeue(again)
    ledger.tx.attempts.finish(ended)


def recover(
    storage: Storage,
    plans: FrozenPlans,
    reports: Reports,
    bell: Bell,
    now: int,
    lost_routes: Sequence[str],
    observe: Observer = nobody,
) -> int:
    """Repair what a crash left, at the start of a single worker; how many attempts.

    Every CLAIMED attempt is of unknown fate; on `lost_routes` (carriers that lived in the process that died) so is
    every HANDED one, which then counts as not answered. Alarms for which nobody rings (the register had no bureau,
    or the bureau did not call itself) ring now if they can.
    """
    with storage.writing() as tx:
        ledger = Ledger(tx, plans, now, bell)
        claimed = tx.attempts.claimed()
        repeat_lost(ledger, claimed)
        handed = [one for one in tx.attempts.live_on_routes(lost_routes) if one.state is AttemptState.HANDED]
        reports.take_overdue(ledger, handed)
        ledger.ring_again()
        ledger.settle()
        tx.routes.recount_lines()
        tx.number_calls.none_later_than(now)
        if claimed or handed:
            ledger.note_system({"k": "recovered", "claimed": len(claimed), "handed": len(handed)})
        ledger.close()
    observe(ledger.counted)
    return len(claimed) + len(handed)
