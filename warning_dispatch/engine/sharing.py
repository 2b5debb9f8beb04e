"""A call that serves several call-outs: its home's journal tells of it, and so does that of every other one.

Merging happens at the claim. So what is shared is under way, or it waits to be repeated because its claim was lost; in
the queue everything else is for one callee. When one of the call-outs stops, a shared repeat is parted here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import AttemptRecord, CalleeRecord, Entry
from warning_dispatch.escalation.callout import OVER
from warning_dispatch.model.states import FINISHED, Purpose
from warning_dispatch.model.unit import Channel

Sharers = Mapping[int, Sequence[int]]
"""Attempt → the call-outs it serves besides its home."""


def sharers_of(ledger: Ledger, attempts: Sequence[AttemptRecord]) -> Sharers:
    """Which of these calls serve other call-outs too; no question is asked when none names several units."""
    several = [one.id for one in attempts if one.channel is Channel.VOICE and len(one.callee_ids) > 1]
    return ledger.tx.attempts.shared(several) if several else {}


def tell(ledger: Ledger, attempt: AttemptRecord, what: str, sharers: Sharers, **facts: object) -> None:
    """Note what became of an attempt, in its home's journal and in those of the call-outs that share it."""
    entry: Entry = {"k": f"attempt.{what}", "id": attempt.id, **facts}
    ledger.note(attempt.callout_id, entry)
    for callout_id in sharers.get(attempt.id, ()):
        ledger.note(callout_id, {**entry, "k": f"shared.{what}", "home": attempt.callout_id})


def write_anew(
    ledger: Ledger, attempt: AttemptRecord, records: Mapping[int, CalleeRecord], *, repeat: bool
) -> Sequence[int]:
    """A message that did not go (or may not have) and serves callees of other call-outs: each gets one of its own.

    A newer round has taken them over while it was under way. Returns those callees.
    """
    others = [ledger.current(records[one]) for one in attempt.callee_ids]
    others = [one for one in others if one.callout_id != attempt.callout_id]
    for record in others if attempt.purpose is Purpose.CALL else ():
        if record.callee.state not in FINISHED and ledger.callout(record.callout_id).state not in OVER:
            ledger.queue_text(record, attempt.channel, attempt.role or 0, attempt.purpose, repeat=repeat)
    return [record.id for record in others]


def part_queued(ledger: Ledger, callout_id: int) -> None:
    """Before what is queued for a call-out is dropped: a shared repeat is parted, and nobody else's call is lost.

    1. Of its own repeats the units of other call-outs get a call of their own, marked as the repeat was. 2. From the
    repeats of others its own units are taken off. 3. One that then serves nobody is dropped.
    """
    by_attempt: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for attempt_id, home, callee_id, own in ledger.tx.attempts.shared_ready(callout_id):
        by_attempt[attempt_id, home].append((callee_id, own))
    if not by_attempt:
        return
    records = ledger.tx.callees.load([callee_id for listed in by_attempt.values() for callee_id, _ in listed])
    left: list[tuple[int, int]] = []
    empty: list[tuple[int, str]] = []
    for (attempt_id, home), listed in by_attempt.items():
        others = [callee_id for callee_id, own in listed if own != callout_id]
        if home == callout_id:
            for callee_id in others:
                ledger.queue_voice(ledger.current(records[callee_id]), repeat=True)
            continue
        left.extend((attempt_id, callee_id) for callee_id, own in listed if own == callout_id)
        if not others:
            empty.append((attempt_id, "not_wanted"))
            ledger.note(home, {"k": "attempt.dropped", "id": attempt_id, "why": "not_wanted"})
    ledger.tx.attempts.drop(empty, ledger.now)
    ledger.tx.attempts.leave(left)
