"""Feedback ↔ rows; sealed, because it may name people."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter

from warning_dispatch.engine.records import Sender
from warning_dispatch.model.feedback import Feedback
from warning_dispatch.model.states import LIVE_CALLOUT, CalleeState
from warning_dispatch.ports import Sealer
from warning_dispatch.store.sql import Sql

FEEDBACK_CONTEXT = "feedback"
_FEEDBACK = TypeAdapter(Feedback)
_LIVE = frozenset(state.value for state in LIVE_CALLOUT)
_SENDERS = f"""SELECT DISTINCT o.id, e.receiver_id, c.id, c.unit_id, o.state FROM number n
 JOIN endpoint e ON e.number_id = n.id AND e.valid_until IS NULL
 JOIN callee c ON c.unit_id = e.unit_id AND c.state <> {CalleeState.SUPERSEDED.value}
 JOIN callout o ON o.id = c.callout_id AND (o.ended_at IS NULL OR o.ended_at >= ?)
 WHERE n.blind_index = ? ORDER BY o.id, c.id, e.receiver_id"""


class FeedbackTable:
    """engine.storage_contacts.FeedbackRows."""

    def __init__(self, sql: Sql, sealer: Sealer) -> None:
        self._sql = sql
        self._sealer = sealer

    def add(self, callee_ids: Sequence[int], receiver_id: int, now: int, said: Feedback) -> None:
        """See the port."""
        sealed = self._sealer.seal(_FEEDBACK.dump_json(said), FEEDBACK_CONTEXT)
        moved, danger = said.moved, int(bool(said.dangers))
        for callee_id in callee_ids:  # the units of one person
            self._sql.run(
                """INSERT INTO feedback (callee_id, receiver_id, at, on_post, moved, danger, by_reply, sealed)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
                *(callee_id, receiver_id, now, int(said.on_post), moved, danger, int(bool(said.replied)), sealed),
            )

    def count(self, callee_ids: Sequence[int], receiver_id: int, *, replies: bool = False) -> int:
        """See the port."""
        found: int = self._sql.value(
            """SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM feedback
            WHERE receiver_id = ? AND by_reply = ? AND callee_id IN {ids} GROUP BY callee_id) x""",
            receiver_id,
            int(replies),
            self._sql.ids(callee_ids),
        )
        return found

    def last_replies(self, callee_ids: Sequence[int], receiver_id: int, since: int, most: int) -> Sequence[str]:
        """See the port."""
        rows = self._sql.rows(
            f"""SELECT max(id), sealed FROM feedback WHERE receiver_id = ? AND by_reply = 1 AND at >= ?
            AND callee_id IN {{ids}} GROUP BY sealed ORDER BY 1 DESC LIMIT {most}""",
            receiver_id,
            since,
            self._sql.ids(callee_ids),
        )
        return [unsealed(self._sealer, sealed).replied for _, sealed in rows]

    def senders(self, blind_index: bytes, since: int) -> Sequence[Sender]:
        """See the port."""
        rows = self._sql.rows(_SENDERS, since, blind_index)
        live = [row for row in rows if row[4] in _LIVE]
        last = [row for row in rows if row[0] == rows[-1][0]]
        return [Sender(row[0], row[1], row[2], row[3]) for row in live or last]


def unsealed(sealer: Sealer, sealed: bytes) -> Feedback:
    """What a row keeps."""
    return _FEEDBACK.validate_json(sealer.unseal(sealed, FEEDBACK_CONTEXT))


def feedback_of(sql: Sql, sealer: Sealer, callee_id: int) -> Sequence[tuple[int, Feedback]]:
    """(moment, what was said) about a unit of a call-out, the newest first."""
    return [
        (at, unsealed(sealer, sealed))
        for at, sealed in sql.rows(
            "SELECT at, sealed FROM feedback WHERE callee_id = ? ORDER BY at DESC, id DESC", callee_id
        )
    ]
