"""The queue as one transaction changes it: who no longer waits, which attempts are new, and in what order they go.

Gathered while the use cases decide; `write` does everything in a few statements, before the callees are saved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from warning_dispatch.engine.fair_turns import deal
from warning_dispatch.engine.frozen import Frozen
from warning_dispatch.engine.observing import Counted
from warning_dispatch.engine.records import CalleeRecord, CallOutRecord, Entry, NewAttempt
from warning_dispatch.engine.storage import Transaction
from warning_dispatch.escalation.order import rank
from warning_dispatch.model.states import ASKING, Purpose
from warning_dispatch.model.unit import Channel


class Books(Protocol):
    """What is asked of the ledger of the transaction."""

    tx: Transaction
    now: int
    counted: Counted
    hang_up: list[int]

    def callout(self, callout_id: int) -> CallOutRecord:
        """The call-out."""
        ...

    def frozen(self, callout_id: int) -> Frozen:
        """Its frozen plan and texts."""
        ...

    def note(self, callout_id: int, entry: Entry) -> None:
        """An entry for its journal."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """An attempt to be queued for a callee, as it was decided.

    `roles`, or one `endpoint_id` of them; a call chooses when a line is free. `avoid`: a route not to use next.
    `repeat`: it is unknown whether the attempt that this one repeats has reached a carrier.
    """

    record: CalleeRecord
    channel: Channel
    purpose: Purpose
    roles: int = 0
    avoid: str = ""
    endpoint_id: int | None = None
    repeat: bool = False


class QueueChanges:
    """What one transaction puts into the queue and takes out of it."""

    def __init__(self) -> None:
        self._wanted: list[Wanted] = []
        self._silenced: dict[bool, list[int]] = {True: [], False: []}
        self._look_again: list[int] = []

    def add(self, wanted: Wanted) -> None:
        """A new attempt."""
        self._wanted.append(wanted)

    def silence(self, callee_id: int, *, texts: bool) -> None:
        """Nothing rings for this callee any more; `texts`: and nothing asks it for an answer.

        What is wanted after that, in the same transaction, stays: the slow call to A when the duty room has answered.
        """
        self._silenced[texts].append(callee_id)
        self._wanted = [
            one
            for one in self._wanted
            if one.record.id != callee_id or one.purpose not in ASKING or not (texts or one.channel is Channel.VOICE)
        ]

    def look_again(self, callee_id: int) -> None:
        """A call that waits may go sooner than it was held until."""
        self._look_again.append(callee_id)

    def write(self, books: Books) -> None:
        """Write everything gathered so far: who falls silent, what is new, what is looked at again."""
        self._write_silence(books)
        self._write_attempts(books)
        if self._look_again:
            books.tx.attempts.look_again(self._look_again, books.now)
            self._look_again = []

    def _write_silence(self, books: Books) -> None:
        """What waits to ask those who answered is dropped, what only tells them stays; what still rings is hung up."""
        for texts, listed in self._silenced.items():
            if not listed:
                continue
            silenced = list(dict.fromkeys(listed))
            self._silenced[texts] = []
            dropped = books.tx.attempts.drop_ready_of(silenced, books.now, "answered", texts=texts, asking=True)
            for attempt_id, callout_id in dropped:
                books.note(callout_id, {"k": "attempt.dropped", "id": attempt_id, "why": "answered"})
            books.hang_up.extend(books.tx.attempts.live_voice_of(silenced))

    def _write_attempts(self, books: Books) -> None:
        if not self._wanted:
            return
        ids = books.tx.attempts.take_ids(len(self._wanted))
        ranked = [(one.channel, _rank(books, one), one.record.county) for one in self._wanted]
        keys = deal(books.tx, ranked, books.now)
        rows = []
        for attempt_id, (one, key) in zip(ids, zip(self._wanted, keys, strict=True), strict=True):
            rows.append(
                NewAttempt(
                    id=attempt_id,
                    callout_id=one.record.callout_id,
                    callee_id=one.record.id,
                    channel=one.channel,
                    purpose=one.purpose,
                    roles=one.roles,
                    order_key=key,
                    due_at=books.now,
                    avoid=one.avoid,
                    endpoint_id=one.endpoint_id,
                    possible_duplicate=one.repeat,
                )
            )
            entry = queued_entry(attempt_id, one.record.id, one.channel, one.roles, one.purpose)
            books.note(one.record.callout_id, entry)
        books.tx.attempts.queue(rows)
        books.counted.queued += len(rows)
        self._wanted = []


def queued_entry(attempt_id: int, callee_id: int, channel: Channel, roles: int, purpose: Purpose) -> Entry:
    """The journal's word of a new attempt; an all-clear says so, because no end of its call-out drops it."""
    entry: Entry = {"k": "attempt.queued", "id": attempt_id, "callee": callee_id, "on": channel.key, "roles": roles}
    return {**entry, "for": purpose.name} if purpose is Purpose.ALL_CLEAR else entry


def _rank(books: Books, wanted: Wanted) -> int:
    """What comes before the turn in the queue (escalation/order.py); only a call in vain makes anybody tried."""
    record = wanted.record
    callout = books.callout(record.callout_id)
    at = books.frozen(record.callout_id).place(record.tier)
    tried = wanted.channel is Channel.VOICE and record.callee.calls > 0
    practice, own = callout.purpose is Purpose.DRILL, callout.purpose is Purpose.SELF
    return rank(callout.colour, at, tried=tried, practice=practice, own=own)
