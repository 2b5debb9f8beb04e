"""Callees ↔ rows, in batches."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from warning_dispatch.engine.records import CalleeRecord
from warning_dispatch.escalation.ladder import Position
from warning_dispatch.escalation.roster import off_duty
from warning_dispatch.escalation.state import Callee, Tried, Verdict
from warning_dispatch.model.states import FINISHED, LIVE_CALLOUT, CalleeState, CallOutState, Voice
from warning_dispatch.model.unit import Channel
from warning_dispatch.store.duty_rows import rostered
from warning_dispatch.store.sql import Sql

_FINISHED = ", ".join(str(state.value) for state in FINISHED)
_LIVE = ", ".join(str(state.value) for state in LIVE_CALLOUT)
_TURNING = f"{CallOutState.RUNNING.value}, {CallOutState.AWAITING_LIFT.value}"
"""Call-outs whose callees are still looked at; after the validity only for the limit, and nothing rings."""
RUNNING_CALLOUTS = f"""running AS MATERIALIZED (SELECT id FROM callout
 WHERE next_at > 0 AND state = {CallOutState.RUNNING.value})"""
"""Call-outs that ring. Worked out once per statement: their rows are long, and few of all there ever were are running."""
_COLUMNS = """c.id, c.callout_id, c.branch_id, c.unit_id, c.tier, c.superior, substr(u.area, 1, 6), u.reach, c.state, c.opened_at,
 c.origin, c.cycle, c.rung, c.next_at, c.unreached_at, c.retry_at, c.retry_roles, c.wanted, c.voice, c.calls, c.heard,
 c.memory, c.answered_at"""
_FROM = f"SELECT {_COLUMNS} FROM callee c JOIN unit u ON u.id = c.unit_id"
_DUE = f"""{_FROM} JOIN callout o ON o.id = c.callout_id
 WHERE c.next_at <= ? AND o.state IN ({_TURNING}) ORDER BY c.next_at, c.id LIMIT ?"""
_DUE_LAST = f"""{_FROM} JOIN callout o ON o.id = c.callout_id
 WHERE c.next_at <= ? AND c.next_at > ? AND o.state IN ({_TURNING}) ORDER BY c.next_at DESC, c.id DESC LIMIT ?"""
_BY_IDS = f"{_FROM} WHERE c.id IN {{ids}}"
_SAVE = """UPDATE callee SET state = ?, opened_at = ?, origin = ?, cycle = ?, rung = ?, next_at = ?,
 unreached_at = ?, retry_at = ?, retry_roles = ?, wanted = ?, voice = ?, calls = ?, heard = ?, memory = ?text,
 answered_at = ? WHERE id = ?"""
_NEWEST = """WITH RECURSIVE carried (origin_id, id, next_id) AS (
 SELECT id, id, carried_id FROM callee WHERE id IN {ids} AND carried_id IS NOT NULL
 UNION SELECT k.origin_id, c.id, c.carried_id FROM carried k JOIN callee c ON c.id = k.next_id)
 SELECT origin_id, id FROM carried WHERE next_id IS NULL"""
_STATES = {state.value: state for state in CalleeState}
_VOICES = {voice.value: voice for voice in Voice}


def memory_to_json(callee: Callee) -> str | None:
    """Endpoints tried and receivers who answered, compactly; None when there is nothing to remember."""
    if not callee.tried and not callee.answers:
        return None
    tried = [[one.endpoint_id, one.count, one.verdict.value, one.until, one.route] for one in callee.tried]
    return json.dumps([tried, callee.answers], separators=(",", ":"), ensure_ascii=False)


def _memory(text: str | None) -> tuple[tuple[Tried, ...], tuple[int, ...]]:
    if text is None:
        return (), ()
    tried, answers = json.loads(text)
    return tuple(Tried(key, count, Verdict(verdict), until, route) for key, count, verdict, until, route in tried), (
        *answers,
    )


def memory_moved(text: str, by: int) -> str | None:
    """The same memory with its moments `by` ms later; None when there is no moment in it."""
    tried, answers = json.loads(text)
    if not any(until for _, _, _, until, _ in tried):
        return None
    moved = [[key, count, verdict, until and until + by, route] for key, count, verdict, until, route in tried]
    return json.dumps([moved, answers], separators=(",", ":"), ensure_ascii=False)


def _record(row: Sequence[Any]) -> CalleeRecord:
    tried, answers = _memory(row[21])
    return CalleeRecord(
        row[0],
        row[1],
        row[2],
        row[3],
        row[4],
        bool(row[5]),
        row[6],
        row[7],
        Callee(
            _STATES[row[8]],
            row[9],
            row[10],
            Position(row[11], row[12]),
            row[13],
            row[14],
            row[15],
            row[16],
            row[17],
            _VOICES[row[18]],
            row[19],
            row[20],
            tried,
            answers,
            row[22],
        ),
    )


_WAITING = CalleeState.WAITING.value
_OPEN = (
    f"UPDATE callee SET state = {CalleeState.CALLING.value}, opened_at = ?, origin = ?, next_at = ?, unreached_at = ?"
)
_OPEN_MANY = f"""WITH opened AS ({_OPEN.removesuffix("?")}w.unreached_at FROM
 (SELECT k.id, v.unreached_at FROM unnest(?::bigint[], ?::bigint[]) AS v (branch_id, unreached_at) CROSS JOIN LATERAL
  (SELECT id FROM callee WHERE branch_id = v.branch_id AND state = {_WAITING} FOR NO KEY UPDATE) k) w
 WHERE callee.id = w.id RETURNING callee.branch_id)
SELECT branch_id, count(*) FROM opened GROUP BY branch_id"""
"""Branch by branch, locked first and then by their keys, whatever the planner thinks of them: joined with all branches at once,
or asked for their state twice, it went through all callees for each, and half a million of them took minutes."""


def newest_of(sql: Sql, callee_ids: Sequence[int]) -> Mapping[int, int]:
    """See CalleeRows.newest."""
    return {row[0]: row[1] for row in sql.rows(_NEWEST, sql.ids(callee_ids))}


def callees_of_callout(sql: Sql, callout_id: int) -> Sequence[CalleeRecord]:
    """All of them, for whoever looks at a call-out as a whole."""
    return [_record(row) for row in sql.rows(f"{_FROM} WHERE c.callout_id = ? ORDER BY c.id", callout_id)]


class CalleeTable:
    """engine.storage.CalleeRows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def due(self, now: int, limit: int) -> Sequence[CalleeRecord]:
        """See the port."""
        free = self._sql.locking("c", skip=True)
        first = [_record(row) for row in self._sql.rows(_DUE + free, now, limit)]
        if len(first) < limit or first[-1].callee.next_at == now:
            return first
        after = first[-1].callee.next_at
        return [*first, *(_record(row) for row in self._sql.rows(_DUE_LAST + free, now, after, limit // 5))]

    def due_beside(self, records: Sequence[CalleeRecord], now: int) -> Sequence[CalleeRecord]:
        """See the port. CROSS JOIN keeps both databases to this order, each step by an index. Mostly there is nobody."""
        ids = self._sql.ids
        found = self._sql.rows(
            f"""WITH {RUNNING_CALLOUTS} SELECT DISTINCT b.id
            FROM endpoint own CROSS JOIN endpoint e CROSS JOIN running o CROSS JOIN callee b
            WHERE own.unit_id IN {{ids}} AND own.channel = {Channel.VOICE.value} AND own.valid_until IS NULL
            AND e.number_id = own.number_id AND e.channel = own.channel AND e.valid_until IS NULL
            AND b.callout_id = o.id AND b.unit_id = e.unit_id AND b.next_at <= ? AND b.id NOT IN {{ids}}""",
            ids({record.unit_id for record in records}),
            now,
            ids(record.id for record in records),
        )
        if not found:
            return []
        free = self._sql.locking("c", skip=True)
        rows = self._sql.rows(
            f"{_BY_IDS} AND c.next_at <= ? ORDER BY c.next_at, c.id{free}", ids(row[0] for row in found), now
        )
        return [_record(row) for row in rows]

    def next_due(self) -> int | None:
        """See the port."""
        moment: int | None = self._sql.value(
            f"""SELECT c.next_at FROM callee c JOIN callout o ON o.id = c.callout_id
            WHERE c.next_at IS NOT NULL AND o.state IN ({_TURNING}) ORDER BY c.next_at LIMIT 1"""
        )
        return moment

    def load(self, callee_ids: Sequence[int], *, free: bool = False) -> Mapping[int, CalleeRecord]:
        """See the port."""
        if not callee_ids:
            return {}
        ordered = " ORDER BY c.id" + self._sql.locking("c", skip=free) if self._sql.shared else ""
        rows = self._sql.rows(_BY_IDS + ordered, self._sql.ids(callee_ids))
        return {row[0]: _record(row) for row in rows}

    def hold(self, callee_ids: Sequence[int]) -> None:
        """See the port."""
        if self._sql.shared and callee_ids:
            statement = "SELECT id FROM callee c WHERE id IN {ids} ORDER BY id" + self._sql.locking("c")
            self._sql.rows(statement, self._sql.ids(callee_ids))

    def of_unit(self, callout_id: int, unit_code: str) -> CalleeRecord | None:
        """See the port."""
        row = self._sql.one(f"{_FROM} WHERE c.callout_id = ? AND u.code = ?", callout_id, unit_code)
        return None if row is None else _record(row)

    def open_of_unit(self, unit_id: int) -> Sequence[CalleeRecord]:
        """See the port."""
        rows = self._sql.rows(
            f"""{_FROM} JOIN callout o ON o.id = c.callout_id WHERE c.unit_id = ? AND o.state IN ({_LIVE})
            AND c.state NOT IN ({_FINISHED}, {CalleeState.WAITING.value}) ORDER BY c.id""",
            unit_id,
        )
        return [_record(row) for row in rows]

    def save(self, records: Sequence[CalleeRecord]) -> None:
        """See the port. In the order of ids, the order of locks."""
        self._sql.many(_SAVE, [_values(record) for record in sorted(records, key=lambda one: one.id)])

    def open_branches(self, limits: Sequence[tuple[int, int]], now: int) -> Mapping[int, int]:
        """See the port."""
        if self._sql.is_sqlite:
            return self._sql.changed(
                f"{_OPEN} WHERE branch_id = ? AND state = {_WAITING}",
                [(now, now, now, unreached_at, branch_id) for branch_id, unreached_at in limits],
                "branch_id",
            )
        branches, moments = self._sql.ids(one[0] for one in limits), self._sql.ids(one[1] for one in limits)
        return {row[0]: row[1] for row in self._sql.rows(_OPEN_MANY, now, now, now, branches, moments)}

    def withdraw_all(self, callout_id: int, into: CalleeState) -> int:
        """See the port."""
        return self._sql.run(
            f"""UPDATE callee SET state = ?, next_at = NULL, unreached_at = NULL, retry_at = NULL, retry_roles = 0,
            wanted = 0, voice = 0 WHERE callout_id = ? AND state NOT IN ({_FINISHED})""",
            into.value,
            callout_id,
        )

    def to_tell(self, callout_id: int) -> Sequence[int]:
        """See the port."""
        rows = self._sql.rows(
            f"""SELECT c.id FROM callee c JOIN callout o ON o.id = c.callout_id WHERE c.callout_id = ?
            AND (c.carries = 1 OR c.state = {CalleeState.INFORMED.value} AND c.next_id IS NULL AND NOT EXISTS
              (SELECT 1 FROM callee x JOIN callout y ON y.id = x.callout_id AND y.hazard = o.hazard AND y.standing = 1
                WHERE x.unit_id = c.unit_id AND x.carries = 1 AND x.callout_id <> c.callout_id)) ORDER BY c.id""",
            callout_id,
        )
        return [row[0] for row in rows]

    def park(self, callout_id: int) -> None:
        """See the port."""
        self._sql.run(
            f"""UPDATE callee SET next_at = NULL, voice = CASE WHEN voice = {Voice.QUEUED.value} THEN 0 ELSE voice END
            WHERE callout_id = ? AND state NOT IN ({_FINISHED})""",
            callout_id,
        )

    def limit_all(self, callout_id: int, now: int) -> None:
        """See the port."""
        self._sql.run(
            """UPDATE callee SET next_at = ?, unreached_at = ? WHERE callout_id = ? AND state IN (?, ?)""",
            now,
            now,
            callout_id,
            CalleeState.CALLING.value,
            CalleeState.RELAYED.value,
        )

    def unpark(self, callout_id: int, now: int) -> None:
        """See the port."""
        self._sql.run(
            f"""UPDATE callee SET next_at = ? WHERE callout_id = ? AND state NOT IN ({_FINISHED})
            AND state <> {CalleeState.WAITING.value}""",
            now,
            callout_id,
        )

    def unfinished(self, callout_id: int) -> Sequence[CalleeRecord]:
        """See the port."""
        rows = self._sql.rows(
            f"{_FROM} WHERE c.callout_id = ? AND c.state NOT IN ({_FINISHED}) ORDER BY c.id", callout_id
        )
        return [_record(row) for row in rows]

    def newest(self, callee_ids: Sequence[int]) -> Mapping[int, int]:
        """See the port."""
        return newest_of(self._sql, callee_ids)

    def answerers(self, unit_ids: Sequence[int], roles: int, now: int) -> Mapping[int, int]:
        """See the port."""
        rows = self._sql.rows(
            """SELECT unit_id, id, role FROM receiver WHERE unit_id IN {ids} AND valid_until IS NULL
            AND (role & ?) <> 0""",
            self._sql.ids(unit_ids),
            roles,
        )
        people: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for unit_id, receiver_id, role in rows:
            people[unit_id].append((receiver_id, role))
        rosters = rostered(self._sql, unit_ids, now)
        return {unit: len(own) - len(off_duty(own, rosters.get(unit, ()))) for unit, own in people.items()}


def _values(record: CalleeRecord) -> tuple[Any, ...]:
    callee = record.callee
    return (
        callee.state.value,
        callee.opened_at,
        callee.origin,
        callee.position.cycle,
        callee.position.rung,
        callee.next_at,
        callee.unreached_at,
        callee.retry_at,
        callee.retry_roles,
        callee.wanted,
        callee.voice.value,
        callee.calls,
        callee.heard,
        memory_to_json(callee),
        callee.answered_at,
        record.id,
    )
