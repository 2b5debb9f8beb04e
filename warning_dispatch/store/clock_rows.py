"""What depends on the wall clock: moved along when somebody sets it, and the last reading of it.

The rule: a moment moves if the engine compares it with "now" to decide something (a deadline, or where an interval
began); it stays if it only says when something happened. So deadlines, leases, origins of ladders, windows and buckets
of limits move; when an attempt was claimed or ended, when somebody answered, when an alarm rang stays as it was
recorded, in the tables as in the journal, whose entry "clock.stepped" says how to read it. A moment that is not ours
stays too: the end of a warning that its message names is wall time, the end that we guessed is an interval from its start.
One window is measured on facts: whether a superior "has answered within the hour" when an upgrade comes; after a step it
is longer or shorter by that step, and a gate not opened by it opens by its hold. So is the half hour after a claim in which
the same alarm is not rung for again. And a reply answers what had been begun when it was written: what a clock set back since shows
as begun in the future counts as begun.

`MOVE` and `STAY` name every moment in the schema; a test sees that a new one is decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from warning_dispatch.model.states import FINISHED, LIVE_CALLOUT, AttemptState, CalleeState, CallOutState, ChainState
from warning_dispatch.store.callee_rows import memory_moved
from warning_dispatch.store.schema import A_TASK
from warning_dispatch.store.sql import Sql

CHUNK = 2_000
"""Memories moved at once."""

_LIVE = ", ".join(str(state.value) for state in LIVE_CALLOUT)
_LIVE_OR_COMPLETE = f"{_LIVE}, {CallOutState.COMPLETE.value}"
_UNTOUCHED = ", ".join(str(state.value) for state in (*FINISHED, CalleeState.WAITING))
_OPEN_CALLEES = f"callout_id IN (SELECT id FROM callout WHERE state IN ({_LIVE})) AND state NOT IN ({_UNTOUCHED})"

MOVE: Mapping[str, tuple[str, ...]] = {
    f"callout WHERE state IN ({_LIVE_OR_COMPLETE}) AND validity_guessed = 1": ("voice_until",),
    f"""callout WHERE state IN ({_LIVE}) AND NOT
        (state = {CallOutState.RUNNING.value} AND validity_guessed = 0)""": ("next_at",),
    f"alert_chain WHERE state = {ChainState.IN_FORCE.value} AND valid_guessed = 1": ("valid_until",),
    f"branch WHERE callout_id IN (SELECT id FROM callout WHERE state IN ({_LIVE}))": ("gate_at",),
    f"callee WHERE {_OPEN_CALLEES}": ("opened_at", "origin", "next_at", "unreached_at", "retry_at"),
    f"attempt WHERE state = {AttemptState.READY.value}": ("due_at", "held_until"),
    "attempt WHERE lease_until IS NOT NULL": ("lease_until",),
    f"attempt WHERE {A_TASK}": ("taken_until",),
    "route WHERE tokens_at > 0": ("tokens_at",),
    "route WHERE down_until > 0": ("down_until",),
    "route WHERE probed_at > 0": ("probed_at",),
    "number_call": ("at",),
    "alarm WHERE next_at IS NOT NULL": ("next_at",),
    "source": ("seen_at", "message_at"),
    "lease": ("claimed_until",),
    "letter WHERE lease_until IS NOT NULL": ("lease_until",),
    "response WHERE next_at IS NOT NULL": ("next_at",),
    "outlet_post WHERE next_at IS NOT NULL": ("next_at",),
    "user_session": ("opened_at", "seen_at"),
    "login_failure": ("last_at", "locked_until"),
}
"""Rows → columns that move with the clock. Beside them `until` in callee.memory. The next look at a RUNNING call-out is
at its validity; that of a paused one or of one that awaits lifting is an interval of ours."""

STAY: Mapping[str, tuple[str, ...]] = {
    "unit": ("valid_from", "valid_until"),
    "receiver": ("valid_from", "valid_until"),
    "endpoint": ("valid_until", "proved_at"),
    "duty_shift": ("begins_at", "ends_at"),  # a roster is written in wall time
    "register_change": ("at",),
    "raw_message": ("received_at",),
    "alert_chain": ("began_at", "raised_at", "ended_at"),
    "alert": ("sent", "received_at", "expires"),
    "source_item": ("at",),
    "publication": ("published_at",),
    "outlet_post": ("ended_at",),
    "callout": ("started_at", "ended_at", "seen_at", "verdict_at"),
    "estimate": ("made_at", "latest_at"),
    "branch": ("opened_at", "answered_at"),
    "callee": ("answered_at",),
    "attempt": ("claimed_at", "handed_at", "delivered_at", "ended_at"),
    "acknowledgement": ("at",),
    "feedback": ("at",),
    "response_step": ("at",),
    "action_done": ("at",),
    "opt_out": ("at",),
    "alarm": ("at", "claimed_at"),
    "campaign": ("opened_at", "closed_at"),
    "filing": ("handed_in_at", "filed_at"),
    "renewal_link": ("made_at", "expired_at", "used_at"),
    "proof": ("asked_at", "ended_at"),
    "letter": ("due_at", "handed_at", "delivered_at", "ended_at"),  # letters go by day: due by the wall clock
    "drill": (  # appointments are made in wall time
        "starts_at",
        "announce_at",
        "created_at",
        "first_at",
        "second_at",
        "began_at",
        "ended_at",
    ),
    "drill_day": ("created_at",),
    "journal_block": ("at",),
    "journal_head": ("sealed_at",),
    "user_account": ("password_at", "created_at", "ended_at", "code_step"),  # steps are counted on the wall clock
    "user_grant": ("granted_at", "ended_at"),
    "api_key": ("created_at", "revoked_at"),
}
"""Table → columns that say when something happened, or that are wall time by their nature."""

_READING = "clock.last"
_MOVED = "clock.moved"
_MEMORIES = f"""SELECT id, memory FROM callee WHERE {_OPEN_CALLEES} AND memory IS NOT NULL AND id > ?
 ORDER BY id LIMIT {CHUNK}"""


class ClockTable:
    """engine.storage.ClockRows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def move(self, by: int) -> Sequence[int]:
        """See the port. One statement per kind of row; memories in chunks."""
        for rows, columns in MOVE.items():
            table, _, where = rows.partition(" ")
            changes = ", ".join(f"{column} = {column} + ?" for column in columns)
            self._sql.run(f"UPDATE {table} SET {changes} {where}", *(by for _ in columns))
        self._move_memories(by)
        self._keep(_MOVED, self.moved() + by)
        return [row[0] for row in self._sql.rows(f"SELECT id FROM callout WHERE state IN ({_LIVE}) ORDER BY id")]

    def _move_memories(self, by: int) -> None:
        after = 0
        while rows := self._sql.rows(_MEMORIES, after):
            moved = ((memory_moved(memory, by), key) for key, memory in rows)
            self._sql.many(
                "UPDATE callee SET memory = ?text WHERE id = ?", [one for one in moved if one[0] is not None]
            )
            after = rows[-1][0]

    def moved(self) -> int:
        """See the port."""
        return self._kept(_MOVED) or 0

    def last_reading(self) -> int | None:
        """See the port."""
        return self._kept(_READING)

    def keep_reading(self, now: int) -> None:
        """See the port."""
        self._keep(_READING, now)

    def _kept(self, name: str) -> int | None:
        found = self._sql.value("SELECT value FROM installation WHERE name = ?", name)
        return None if found is None else int(found)

    def _keep(self, name: str, value: int) -> None:
        self._sql.run(
            """INSERT INTO installation (name, value) VALUES (?, ?)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value""",
            name,
            str(value),
        )
