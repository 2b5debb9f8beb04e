"""Attempts ↔ rows: the queue, the leases, the outcomes, and the answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from typing import Any

from warning_dispatch.engine.records import (
    AttemptRecord,
    Behind,
    Claim,
    LinkTarget,
    NewAcknowledgement,
    NewAttempt,
    ReadyAttempt,
    Township,
)
from warning_dispatch.model.states import ASKING, FINISHED, LIVE_CALLOUT, AttemptState, CallOutState, Purpose, Voice
from warning_dispatch.model.unit import Channel, Role, UnitLevel
from warning_dispatch.store.callee_rows import RUNNING_CALLOUTS
from warning_dispatch.store.schema import ON_A_LINE
from warning_dispatch.store.schema_renewal import LETTER_ON_A_LINE
from warning_dispatch.store.sql import Sql, marks

_READY, _CLAIMED, _HANDED = AttemptState.READY.value, AttemptState.CLAIMED.value, AttemptState.HANDED.value
_ENDED, _DROPPED = AttemptState.ENDED.value, AttemptState.DROPPED.value
_LIVE = f"({_CLAIMED}, {_HANDED})"
_VOICE = Channel.VOICE.value
_FINISHED = ", ".join(str(state.value) for state in FINISHED)
_ASKING = ", ".join(str(purpose.value) for purpose in sorted(ASKING))
_OWN_ENDPOINT = "e.id = coalesce(ac.endpoint_id, a.endpoint_id) AND e.unit_id = c.unit_id"
_SERVES = """EXISTS (SELECT 1 FROM attempt_callee sa JOIN callee sc ON sc.id = sa.callee_id
 WHERE sa.attempt_id = a.id AND {})"""
_SERVES_NOBODY_ELSE = f"""NOT EXISTS (SELECT 1 FROM attempt_callee o JOIN callee oc ON oc.id = o.callee_id
 WHERE o.attempt_id = a.id AND oc.state NOT IN ({_FINISHED}) AND oc.id NOT IN {{ids}})"""
"""One call names several units: it goes on for those that are still open."""
_NEXT_IDS = "SELECT nextval(pg_get_serial_sequence('attempt', 'id')) FROM generate_series(1, ?)"
_READY_COLUMNS = """a.id, a.callout_id, a.channel, a.purpose, a.roles, a.avoid, a.endpoint_id, a.possible_duplicate,
 a.held_until"""
_COLUMNS = """a.id, a.callout_id, a.channel, a.purpose, a.state, a.route, a.endpoint_id, a.receiver_id, a.number_id,
 a.role, a.claimed_at, a.avoid, a.outcome"""
_TOWNSHIP = UnitLevel.TOWNSHIP.value
_CHANNELS = {channel.value: channel for channel in Channel}
_PURPOSES = {purpose.value: purpose for purpose in Purpose}
_STATES = {state.value: state for state in AttemptState}
_ROLES = {role.value: role for role in Role}


def _ready(row: Sequence[Any], callee_ids: tuple[int, ...]) -> ReadyAttempt:
    """A row that begins with _READY_COLUMNS."""
    channel, purpose = _CHANNELS[row[2]], _PURPOSES[row[3]]
    return ReadyAttempt(
        row[0], row[1], channel, purpose, row[4], row[5] or "", row[6], bool(row[7]), callee_ids, row[8]
    )


class AttemptTable:
    """engine.storage.AttemptRows."""

    def __init__(self, sql: Sql, worker: int = 0) -> None:
        """`worker`: whose claims these are."""
        self._sql = sql
        self._worker = worker

    # --- the queue ----------------------------------------------------------------------------------------

    def take_ids(self, count: int) -> Sequence[int]:
        """See the port. A sequence where there are many writers: nobody waits for a counter."""
        if not self._sql.is_sqlite:
            return [row[0] for row in self._sql.rows(_NEXT_IDS, count)]
        after: int | None = self._sql.value(
            "UPDATE id_block SET next = next + ? WHERE name = 'attempt' RETURNING next", count
        )
        if after is None:
            after = 1 + count
            self._sql.run("INSERT INTO id_block (name, next) VALUES ('attempt', ?)", after)
        return range(after - count, after)

    def queue(self, attempts: Sequence[NewAttempt]) -> None:
        """See the port."""
        self._sql.many(
            f"""INSERT INTO attempt (id, callout_id, channel, purpose, roles, order_key, state, due_at, avoid, endpoint_id,
            possible_duplicate) VALUES (?, ?, ?, ?, ?, ?, {_READY}, ?, ?text, ?, ?)""",
            [
                (
                    one.id,
                    one.callout_id,
                    one.channel.value,
                    one.purpose.value,
                    int(one.roles),
                    one.order_key,
                    one.due_at,
                    one.avoid,
                    one.endpoint_id,
                    int(one.possible_duplicate),
                )
                for one in attempts
            ],
        )
        self.join([(one.id, one.callee_id, None) for one in attempts])

    def add_copies(self, copies: Sequence[tuple[int, int, int]]) -> None:
        """See the port."""
        self._sql.many(
            f"""INSERT INTO attempt (id, callout_id, channel, purpose, roles, order_key, state, due_at, avoid, endpoint_id)
            SELECT ?, callout_id, channel, purpose, roles, order_key, {_READY}, due_at, avoid, ? FROM attempt WHERE id = ?""",
            [(new, endpoint_id, old) for old, new, endpoint_id in copies],
        )
        self._sql.many(
            "INSERT INTO attempt_callee (attempt_id, callee_id) SELECT ?, callee_id FROM attempt_callee WHERE attempt_id = ?",
            [(new, old) for old, new, _ in copies],
        )

    def join(self, rows: Sequence[tuple[int, int, int | None]]) -> None:
        """See the port. Said twice of one callee, the last counts."""
        self._sql.many(
            """INSERT INTO attempt_callee (attempt_id, callee_id, endpoint_id) VALUES (?, ?, ?)
            ON CONFLICT (attempt_id, callee_id) DO UPDATE SET endpoint_id = excluded.endpoint_id""",
            list({row[:2]: row for row in rows}.values()),
        )

    def leave(self, pairs: Sequence[tuple[int, int]]) -> None:
        """See the port."""
        self._sql.many("DELETE FROM attempt_callee WHERE attempt_id = ? AND callee_id = ?", pairs)

    def hold(self, held: Sequence[tuple[int, int, str]]) -> None:
        """See the port."""
        self._sql.many(
            f"UPDATE attempt SET due_at = ?, held_until = ?, held_why = ?text WHERE id = ? AND state = {_READY}",
            [(until, until, str(why), attempt_id) for attempt_id, until, why in held],
        )

    def look_again(self, callee_ids: Sequence[int], now: int) -> None:
        """See the port."""
        self._sql.run(
            f"""UPDATE attempt SET due_at = ? WHERE state = {_READY} AND held_until > ? AND id IN
            (SELECT attempt_id FROM attempt_callee WHERE callee_id IN {{ids}})""",
            now,
            now,
            self._sql.ids(callee_ids),
        )

    def taken(self, attempt_id: int) -> tuple[int, str] | None:
        """See the port."""
        statement = "SELECT taken_until, taken_by FROM attempt WHERE id = ? AND taken_until IS NOT NULL"
        return next(((row[0], row[1] or "") for row in self._sql.rows(statement, attempt_id)), None)

    def take_in_hand(self, attempt_id: int, until: int, actor: str) -> None:
        """See the port."""
        self._sql.run("UPDATE attempt SET taken_until = ?, taken_by = ? WHERE id = ?", until, actor, attempt_id)

    def in_hand(self, now: int) -> Mapping[int, int]:
        """See the port. What stands on the work list is few, and has an index of its own."""
        rows = self._sql.rows(
            f"""SELECT ac.callee_id, max(a.taken_until) FROM attempt a JOIN attempt_callee ac ON ac.attempt_id = a.id
            WHERE a.state = {_HANDED} AND a.channel = {Channel.OPERATOR.value} AND a.taken_until > ?
            GROUP BY ac.callee_id""",
            now,
        )
        return {row[0]: row[1] for row in rows}

    def next_held(self, now: int) -> int | None:
        """See the port."""
        moment: int | None = self._sql.value(
            f"""SELECT min(held_until) FROM attempt
            WHERE state = {_READY} AND held_until IS NOT NULL AND held_until > ?""",
            now,
        )
        return moment

    def head(self, channel: Channel, order_from: int, order_to: int, now: int) -> int | None:
        """See the port."""
        key: int | None = self._sql.value(
            f"""SELECT order_key FROM attempt WHERE state = {_READY} AND channel = ? AND order_key >= ?
            AND order_key < ? AND due_at <= ? ORDER BY order_key LIMIT 1""",
            channel.value,
            order_from,
            order_to,
            now,
        )
        return key

    def ready(self, channel: Channel, limit: int, now: int) -> Sequence[ReadyAttempt]:
        """See the port."""
        rows = self._sql.rows(
            f"""SELECT {_READY_COLUMNS} FROM attempt a JOIN callout o ON o.id = a.callout_id
            WHERE a.state = {_READY} AND a.channel = ? AND a.due_at <= ? AND o.state <> {CallOutState.PAUSED.value}
            ORDER BY a.order_key, a.id LIMIT ?{self._sql.locking("a", skip=True)}""",
            channel.value,
            now,
            limit,
        )
        callees = self._callees([row[0] for row in rows])
        return [_ready(row, callees[row[0]]) for row in rows]

    def waiting(self, number_ids: Sequence[int], beside: Sequence[int], now: int) -> Sequence[ReadyAttempt]:
        """See the port. Such an attempt serves one callee: merging comes with the claim.

        CROSS JOIN keeps SQLite to this order, from the numbers to the queue, each step by an index; `+ 0` keeps PostgreSQL
        from beginning with the whole queue, which to a planner without statistics is one row.
        """
        if not number_ids:
            return []
        rows = self._sql.rows(
            f"""WITH {RUNNING_CALLOUTS} SELECT DISTINCT {_READY_COLUMNS}, c.id, a.order_key
            FROM {{each}} n CROSS JOIN endpoint e CROSS JOIN running o CROSS JOIN callee c CROSS JOIN attempt_callee ac
            CROSS JOIN attempt a WHERE e.number_id = n.id AND e.channel = {_VOICE} AND e.usable = 1 AND e.valid_until IS NULL
            AND c.callout_id = o.id AND c.unit_id = e.unit_id AND c.voice = {Voice.QUEUED.value}
            AND ac.callee_id = c.id AND a.id = ac.attempt_id AND a.state + 0 = {_READY} AND a.channel = {_VOICE}
            AND a.due_at <= ? AND a.endpoint_id IS NULL AND a.id NOT IN {{ids}} ORDER BY a.order_key, a.id""",
            self._sql.ids(number_ids),
            now,
            self._sql.ids(beside),
        )
        free = self._free([row[0] for row in rows])
        return [_ready(row, (row[9],)) for row in rows if row[0] in free]

    def _free(self, attempt_ids: Sequence[int]) -> Container[int]:
        """Those of the READY attempts that no other claim has in hand."""
        if not self._sql.shared or not attempt_ids:
            return attempt_ids
        statement = f"SELECT id FROM attempt a WHERE id IN {{ids}} AND state = {_READY} ORDER BY id"
        rows = self._sql.rows(statement + self._sql.locking("a", skip=True), self._sql.ids(attempt_ids))
        return {row[0] for row in rows}

    def _callees(self, attempt_ids: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
        found: defaultdict[int, tuple[int, ...]] = defaultdict(tuple)
        if attempt_ids:
            rows = self._sql.rows(
                "SELECT attempt_id, callee_id FROM attempt_callee WHERE attempt_id IN {ids}", self._sql.ids(attempt_ids)
            )
            for attempt_id, callee_id in rows:
                found[attempt_id] = (*found[attempt_id], callee_id)
        return found

    def claim(self, claims: Sequence[Claim]) -> None:
        """See the port."""
        self._sql.many(
            f"""UPDATE attempt SET state = {_CLAIMED}, route = ?text, endpoint_id = ?, receiver_id = ?, number_id = ?,
            role = ?, claimed_at = ?, lease_until = ?, avoid = ?text, possible_duplicate = ?, worker_id = ?, told_alarm_id = ?,
            held_until = NULL, held_why = NULL WHERE id = ?""",
            [
                (
                    one.route,
                    one.endpoint_id,
                    one.receiver_id,
                    one.number_id,
                    one.role.value,
                    one.claimed_at,
                    one.lease_until,
                    one.avoid,
                    int(one.possible_duplicate),
                    self._worker,
                    one.told_alarm,
                    one.attempt_id,
                )
                for one in claims
            ],
        )

    # --- dropping -----------------------------------------------------------------------------------------

    def drop(self, drops: Sequence[tuple[int, str]], now: int) -> None:
        """See the port."""
        self._sql.many(
            f"UPDATE attempt SET state = {_DROPPED}, outcome = ?text, ended_at = ? WHERE id = ? AND state = {_READY}",
            [(why, now, attempt_id) for attempt_id, why in drops],
        )

    def merge(self, merged: Sequence[tuple[int, int]], now: int) -> None:
        """See the port."""
        self._sql.many(
            f"""UPDATE attempt SET state = {_DROPPED}, outcome = 'merged', ended_at = ?, merged_id = ?
            WHERE id = ? AND state = {_READY}""",
            [(now, into, attempt_id) for attempt_id, into in merged],
        )

    def drop_ready_of(
        self, callee_ids: Sequence[int], now: int, why: str, *, texts: bool = True, asking: bool = False
    ) -> Sequence[tuple[int, int]]:
        """See the port."""
        voice = "" if texts else f" AND a.channel = {_VOICE}"
        which = f"a.purpose IN ({_ASKING})" if asking else f"a.purpose <> {Purpose.ALL_CLEAR.value}"
        ids = self._sql.ids(callee_ids)
        rows = self._sql.rows(
            f"""SELECT DISTINCT a.id, a.callout_id FROM attempt_callee ac JOIN attempt a ON a.id = ac.attempt_id
            WHERE ac.callee_id IN {{ids}} AND a.state = {_READY} AND {which}{voice}
            AND {_SERVES_NOBODY_ELSE}""",
            ids,
            ids,
        )
        self.drop([(row[0], why) for row in rows], now)
        return [(row[0], row[1]) for row in rows]

    def drop_ready_of_callout(self, callout_id: int, now: int, why: str, *, voice_only: bool = False) -> int:
        """See the port."""
        voice = f" AND channel = {_VOICE}" if voice_only else ""
        return self._sql.run(
            f"""UPDATE attempt SET state = {_DROPPED}, outcome = ?, ended_at = ?
            WHERE callout_id = ? AND state = {_READY} AND purpose <> {Purpose.ALL_CLEAR.value}{voice}""",
            str(why),
            now,
            callout_id,
        )

    def live_voice_of(self, callee_ids: Sequence[int]) -> Sequence[int]:
        """See the port."""
        ids = self._sql.ids(callee_ids)
        rows = self._sql.rows(
            f"""SELECT DISTINCT a.id FROM attempt_callee ac JOIN attempt a ON a.id = ac.attempt_id
            WHERE ac.callee_id IN {{ids}} AND a.channel = {_VOICE} AND a.state IN {_LIVE} AND {_SERVES_NOBODY_ELSE}""",
            ids,
            ids,
        )
        return [row[0] for row in rows]

    def live_of_callout(self, callout_id: int) -> Sequence[int]:
        """See the port."""
        rows = self._sql.rows(
            f"""SELECT a.id FROM attempt a WHERE a.lease_until IS NOT NULL AND a.state IN {_LIVE}
            AND (a.channel = {_VOICE} OR a.state = {_CLAIMED}) AND {_SERVES.format("sc.callout_id = ?")}
            AND NOT {_SERVES.format(f"sc.callout_id <> ? AND sc.state NOT IN ({_FINISHED})")}""",
            callout_id,
            callout_id,
        )
        return [row[0] for row in rows]

    def shared_ready(self, callout_id: int) -> Sequence[tuple[int, int, int, int]]:
        """See the port. Only a repeated call waits for several: the others are merged when they are claimed."""
        rows = self._sql.rows(
            f"""SELECT a.id, a.callout_id, c.id, c.callout_id FROM attempt a
            JOIN attempt_callee ac ON ac.attempt_id = a.id JOIN callee c ON c.id = ac.callee_id
            WHERE a.channel = {_VOICE} AND a.state = {_READY} AND a.endpoint_id IS NOT NULL
            AND c.voice = {Voice.QUEUED.value} AND {_SERVES.format("sc.callout_id = ?")}
            AND {_SERVES.format("sc.callout_id <> ?")} ORDER BY a.id, c.id""",
            callout_id,
            callout_id,
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    # --- what became of them ------------------------------------------------------------------------------

    def load(self, attempt_ids: Sequence[int]) -> Mapping[int, AttemptRecord]:
        """See the port."""
        if not attempt_ids:
            return {}
        locked = " ORDER BY a.id" + self._sql.locking("a") if self._sql.shared else ""
        statement = f"SELECT {_COLUMNS} FROM attempt a WHERE a.id IN {{ids}}"
        rows = self._sql.rows(statement + locked, self._sql.ids(attempt_ids))
        return {record.id: record for record in self._records(rows)}

    def _records(self, rows: Sequence[Any]) -> list[AttemptRecord]:
        callees = self._callees([row[0] for row in rows])
        return [
            AttemptRecord(
                row[0],
                row[1],
                _CHANNELS[row[2]],
                _PURPOSES[row[3]],
                _STATES[row[4]],
                row[5] or "",
                row[6],
                row[7],
                row[8],
                _ROLES.get(row[9]),
                row[10],
                callees[row[0]],
                row[11] or "",
                row[12] or "",
            )
            for row in rows
        ]

    def shared(self, attempt_ids: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """See the port."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        rows = self._sql.rows(
            """SELECT DISTINCT a.id, c.callout_id FROM attempt a JOIN attempt_callee ac ON ac.attempt_id = a.id
            JOIN callee c ON c.id = ac.callee_id WHERE a.id IN {ids} AND c.callout_id <> a.callout_id ORDER BY 1, 2""",
            self._sql.ids(attempt_ids),
        )
        for attempt_id, callout_id in rows:
            found[attempt_id].append(callout_id)
        return found

    def behind(self, attempt_ids: Sequence[int]) -> Mapping[tuple[int, int], Behind]:
        """See the port. As it was dialled: an endpoint row never changes, whatever became of the number since."""
        rows = self._sql.rows(
            f"""SELECT ac.attempt_id, ac.callee_id, e.id, e.receiver_id, e.role FROM attempt_callee ac
            JOIN attempt a ON a.id = ac.attempt_id JOIN callee c ON c.id = ac.callee_id
            JOIN endpoint e ON {_OWN_ENDPOINT} WHERE ac.attempt_id IN {{ids}}""",
            self._sql.ids(attempt_ids),
        )
        return {(row[0], row[1]): Behind(row[2], row[3], _ROLES[row[4]]) for row in rows}

    def hand(self, handed: Sequence[tuple[int, str, int | None]], now: int) -> None:
        """See the port."""
        self._sql.many(
            f"""UPDATE attempt SET state = {_HANDED}, handed_at = ?, provider_ref = ?text, lease_until = ?
            WHERE id = ? AND state = {_CLAIMED}""",
            [(now, reference, overdue_at, attempt_id) for attempt_id, reference, overdue_at in handed],
        )

    def doubt(self, doubted: Sequence[tuple[int, str, int]], now: int) -> None:
        """See the port."""
        self._sql.many(
            f"""UPDATE attempt SET state = {_HANDED}, handed_at = ?, outcome = ?text, lease_until = ?
            WHERE id = ? AND state = {_CLAIMED}""",
            [(now, outcome, until, attempt_id) for attempt_id, outcome, until in doubted],
        )

    def finish(self, finished: Sequence[tuple[int, str, int]]) -> None:
        """See the port."""
        self._sql.many(
            f"UPDATE attempt SET state = {_ENDED}, outcome = ?text, ended_at = ?, lease_until = NULL WHERE id = ?",
            [(outcome, at, attempt_id) for attempt_id, outcome, at in finished],
        )

    def deliver(self, delivered: Sequence[tuple[int, int]]) -> None:
        """See the port."""
        self._sql.many(
            "UPDATE attempt SET delivered_at = ? WHERE id = ? AND delivered_at IS NULL",
            [(at, attempt_id) for attempt_id, at in delivered],
        )

    def requeue(self, attempts: Sequence[tuple[int, str, bool, int]]) -> None:
        """See the port."""
        self._sql.many(
            f"""UPDATE attempt SET state = {_READY}, avoid = ?text, due_at = ?, lease_until = NULL, outcome = NULL,
            ended_at = NULL, possible_duplicate = CASE WHEN ? = 1 THEN 1 ELSE possible_duplicate END WHERE id = ?""",
            [(avoid, not_before, int(repeat), attempt_id) for attempt_id, avoid, repeat, not_before in attempts],
        )

    def overdue(self, now: int, limit: int, *, spared_since: int | None = None) -> Sequence[AttemptRecord]:
        """See the port."""
        ours, workers = "", []
        if spared_since is not None:
            ours, workers = " AND (a.worker_id = ? OR a.lease_until <= ?)", [self._worker, spared_since]
        rows = self._sql.rows(
            f"""SELECT {_COLUMNS} FROM attempt a WHERE a.lease_until IS NOT NULL AND a.lease_until <= ?
            AND a.state IN {_LIVE}{ours} ORDER BY a.lease_until LIMIT ?{self._sql.locking("a", skip=True)}""",
            now,
            *workers,
            limit,
        )
        return self._records(rows)

    def live_on_routes(self, routes: Sequence[str], of: Sequence[int] | None = None) -> Sequence[AttemptRecord]:
        """See the port."""
        ours, workers = self._of(of)
        rows = [
            row
            for route in routes
            for row in self._sql.rows(
                f"""SELECT {_COLUMNS} FROM attempt a WHERE a.lease_until IS NOT NULL AND a.route = ?
                AND a.state IN {_LIVE}{ours}""",
                route,
                *workers,
            )
        ]
        return self._records(rows)

    def claimed(self, of: Sequence[int] | None = None) -> Sequence[AttemptRecord]:
        """See the port."""
        ours, workers = self._of(of)
        rows = self._sql.rows(
            f"""SELECT {_COLUMNS} FROM attempt a WHERE a.lease_until IS NOT NULL AND a.state = {_CLAIMED}{ours}
            ORDER BY a.id""",
            *workers,
        )
        return self._records(rows)

    def _of(self, workers: Sequence[int] | None) -> tuple[str, list[Any]]:
        return ("", []) if workers is None else (" AND a.worker_id IN {ids}", [self._sql.ids(workers)])

    def next_overdue(self, *, own: bool = False) -> int | None:
        """See the port."""
        ours, workers = self._of([self._worker] if own else None)
        moment: int | None = self._sql.value(
            f"SELECT min(a.lease_until) FROM attempt a WHERE a.lease_until IS NOT NULL{ours}", *workers
        )
        return moment

    def live_numbers(self, number_ids: Sequence[int]) -> frozenset[int]:
        """See the port."""
        rows = self._sql.rows(
            f"""SELECT n.id FROM {{each}} n WHERE
            (SELECT 1 FROM attempt a WHERE a.number_id = n.id AND {ON_A_LINE} LIMIT 1) IS NOT NULL
            OR (SELECT 1 FROM letter l WHERE l.number_id = n.id AND {LETTER_ON_A_LINE} LIMIT 1) IS NOT NULL""",
            self._sql.ids(number_ids),
        )
        return frozenset(row[0] for row in rows)

    def contacted(self, callee_ids: Sequence[int]) -> Sequence[tuple[int, int]]:
        """See the port."""
        rows = self._sql.rows(
            f"""WITH RECURSIVE earlier (id, callee_id) AS (SELECT id, id FROM callee WHERE id IN {{ids}}
              UNION ALL SELECT o.id, e.callee_id FROM callee o JOIN earlier e ON o.next_id = e.id)
            SELECT DISTINCT s.callee_id, coalesce(e.role, a.role) FROM earlier s
            JOIN callee c ON c.id = s.id JOIN attempt_callee ac ON ac.callee_id = s.id
            JOIN attempt a ON a.id = ac.attempt_id AND a.handed_at IS NOT NULL AND a.role IS NOT NULL
            LEFT JOIN endpoint e ON {_OWN_ENDPOINT} ORDER BY 1, 2""",
            self._sql.ids(callee_ids),
        )
        return [(row[0], row[1]) for row in rows]

    def last_words(
        self, callee_ids: Sequence[int], dark: Sequence[str], proofs: Sequence[str], since: int
    ) -> Sequence[tuple[Township, int | None, int | None]]:
        """See the port."""
        rows = self._sql.rows(
            f"""SELECT t.callout_id, t.unit_id,
              max(CASE WHEN a.outcome IN ({marks(dark)}) THEN a.ended_at END),
              max(CASE WHEN a.outcome IN ({marks(proofs)}) THEN a.ended_at END)
            FROM (SELECT DISTINCT c.callout_id, t.id AS unit_id FROM callee c JOIN unit u ON u.id = c.unit_id
                JOIN unit t ON t.id = CASE WHEN u.level = {_TOWNSHIP} THEN u.id ELSE u.superior_id END
                WHERE c.id IN {{ids}} AND t.level = {_TOWNSHIP}) t
              JOIN unit m ON m.id = t.unit_id OR m.superior_id = t.unit_id
              JOIN callee c ON c.callout_id = t.callout_id AND c.unit_id = m.id
              LEFT JOIN attempt_callee ac ON ac.callee_id = c.id
              LEFT JOIN attempt a ON a.id = ac.attempt_id AND a.channel = {_VOICE} AND a.ended_at >= ?
            GROUP BY t.callout_id, t.unit_id, c.id ORDER BY t.callout_id, t.unit_id, c.id""",
            *dark,
            *proofs,
            self._sql.ids(callee_ids),
            since,
        )
        return [(Township(row[0], row[1]), row[2], row[3]) for row in rows]

    # --- answers ------------------------------------------------------------------------------------------

    def open_for_number(
        self, blind_index: bytes, begun_by: int, now: int, *, called: bool = False
    ) -> Sequence[tuple[int, LinkTarget]]:
        """See the port. Of one that may have gone before its last claim, the first claim is not known: then the call-out's."""
        texts = "" if called else f" AND a.channel <> {_VOICE}"
        begun = "CASE WHEN a.possible_duplicate = 1 THEN o.started_at ELSE a.claimed_at END"
        which = f"n.blind_index = ?{texts} AND ({begun} <= ? OR {begun} > ?)"
        return self._open_for(which, blind_index, begun_by, now)

    def open_for_attempt(self, attempt_id: int) -> Sequence[tuple[int, LinkTarget]]:
        """See the port."""
        return self._open_for("a.id = ?", attempt_id)

    def _open_for(self, which: str, *values: bytes | int) -> Sequence[tuple[int, LinkTarget]]:
        """What was said in a message, and in newer rounds became of it, as far as it is open."""
        live = ", ".join(str(state.value) for state in LIVE_CALLOUT)
        rows = self._sql.rows(
            f"""WITH RECURSIVE sent (attempt_id, callout_id, receiver_id, callee_id, role, newest_id, next_id) AS (
              SELECT max(a.id), a.callout_id, e.receiver_id, c.id, e.role, c.id, c.carried_id
              FROM number n JOIN attempt a ON a.number_id = n.id
                AND (a.handed_at IS NOT NULL OR a.state = {_CLAIMED} OR a.possible_duplicate = 1)
              JOIN callout o ON o.id = a.callout_id
              JOIN attempt_callee ac ON ac.attempt_id = a.id JOIN callee c ON c.id = ac.callee_id
                AND (c.carried_id IS NOT NULL OR o.state IN ({live}) AND c.state NOT IN ({_FINISHED}))
              JOIN endpoint e ON e.number_id = n.id AND e.unit_id = c.unit_id AND e.channel = a.channel
                AND e.valid_until IS NULL
              WHERE {which} GROUP BY a.callout_id, e.receiver_id, c.id, e.role, c.carried_id
              UNION
              SELECT s.attempt_id, s.callout_id, s.receiver_id, s.callee_id, s.role, c.id, c.carried_id
              FROM sent s JOIN callee c ON c.id = s.next_id)
            SELECT s.attempt_id, s.callout_id, s.receiver_id, s.callee_id, s.role FROM sent s
            JOIN callee c ON c.id = s.newest_id JOIN callout o ON o.id = c.callout_id
            WHERE s.next_id IS NULL AND o.state IN ({live}) AND c.state NOT IN ({_FINISHED}) ORDER BY s.callee_id""",
            *values,
        )
        return [(row[0], LinkTarget(row[1], row[2], row[3], Role(row[4]))) for row in rows]

    def acknowledge(self, acknowledgements: Sequence[NewAcknowledgement]) -> None:
        """See the port."""
        self._sql.many(
            """INSERT INTO acknowledgement (callout_id, callee_id, at, means, role, receiver_id, attempt_id, actor,
            reason, counted) VALUES (?, ?, ?, ?text, ?, ?, ?, ?text, ?text, ?)""",
            [
                (
                    one.callout_id,
                    one.callee_id,
                    one.at,
                    one.means.value,
                    one.role.value if one.role else 0,
                    one.receiver_id,
                    one.attempt_id,
                    one.actor,
                    str(one.reason),
                    int(one.counted),
                )
                for one in acknowledgements
            ],
        )
