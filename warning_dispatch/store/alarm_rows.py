"""Alarms ↔ rows: what a human must look at, who rings for it, and who claimed it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from warning_dispatch.engine.records import NewAlarm, StoredAlarm
from warning_dispatch.escalation.alarms import Cause, Fact
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.unit import Channel
from warning_dispatch.store.sql import Sql, marks

_STORED = "SELECT id, kind, callout_id, unit_id, about, claimed_at, self_callout_id FROM alarm"
_VOICE, _TEXTS = Channel.VOICE.value, f"({Channel.SMS.value}, {Channel.EMAIL.value})"
_UNRUNG = "claimed_at IS NULL AND colour > 0 AND self_callout_id IS NULL"


def _record(row: Sequence[Any]) -> StoredAlarm:
    return StoredAlarm(row[0], Fact(row[1], row[2], row[3], row[4]), row[5], row[6])


class AlarmTable:
    """engine.storage.AlarmRows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def like(self, alarms: Sequence[NewAlarm], since: int) -> Sequence[StoredAlarm]:
        """See the port."""
        kinds = sorted({one.fact.kind for one in alarms})
        rows = self._sql.rows(
            f"""{_STORED} WHERE (claimed_at IS NULL OR claimed_at > ?)
            AND kind IN ({marks(kinds)}) ORDER BY id""",
            since,
            *kinds,
        )
        return [_record(row) for row in rows]

    def insert(self, alarms: Sequence[NewAlarm], now: int) -> None:
        """See the port."""
        self._sql.many(
            """INSERT INTO alarm (at, kind, callout_id, unit_id, about, detail, colour, next_at)
            VALUES (?, ?text, ?, ?, ?text, ?text, ?, ?)""",
            [
                (
                    now,
                    one.fact.kind,
                    one.fact.callout_id,
                    one.fact.unit_id,
                    one.fact.about,
                    one.detail,
                    int(one.colour or 0),
                    one.next_at,
                )
                for one in alarms
            ],
        )

    def count_up(self, alarm_ids: Sequence[int]) -> None:
        """See the port."""
        self._sql.many(
            "UPDATE alarm SET times = times + ? WHERE id = ?", [(n, key) for key, n in Counter(alarm_ids).items()]
        )

    def look_again(self, moments: Sequence[tuple[int, int]]) -> None:
        """See the port."""
        self._sql.many("UPDATE alarm SET next_at = ? WHERE id = ?", [(at, key) for key, at in moments])

    def unrung(self) -> Colour | None:
        """See the port."""
        found: int | None = self._sql.value(f"SELECT max(colour) FROM alarm WHERE {_UNRUNG}")
        return None if found is None else Colour(found)

    def attach(self, callout_id: int) -> None:
        """See the port."""
        self._sql.run(f"UPDATE alarm SET self_callout_id = ? WHERE {_UNRUNG}", callout_id)

    def claim(self, callout_id: int, at: int, by: str, told: int | None) -> Sequence[int]:
        """See the port."""
        if told is None:
            claimed = self._claimed("self_callout_id = ?", (callout_id,), at, by)
        else:
            claimed = self._claimed("self_callout_id = ? AND id <= ?", (callout_id, told), at, by)
        self._sql.run(
            "UPDATE alarm SET self_callout_id = NULL WHERE self_callout_id = ? AND claimed_at IS NULL", callout_id
        )
        return claimed

    def claim_rows(self, alarm_ids: Sequence[int] | None, at: int, by: str) -> Sequence[int]:
        """See the port."""
        if alarm_ids is None:
            return self._claimed("1 = 1", (), at, by)
        return self._claimed("id IN {ids}", (self._sql.ids(alarm_ids),), at, by)

    def _claimed(self, where: str, values: tuple[Any, ...], at: int, by: str) -> Sequence[int]:
        rows = self._sql.rows(
            f"UPDATE alarm SET claimed_at = ?, claimed_by = ? WHERE claimed_at IS NULL AND {where} RETURNING id",
            at,
            by,
            *values,
        )
        return sorted(row[0] for row in rows)

    def told_in(self, attempt_id: int) -> int:
        """See the port."""
        return self._sql.value("SELECT told_alarm_id FROM attempt WHERE id = ?", attempt_id) or 0

    def told_to(self, callout_id: int, receiver_id: int) -> int:
        """See the port."""
        sql = f"""SELECT max(told_alarm_id) FROM attempt WHERE callout_id = ? AND receiver_id = ? AND channel <> {_VOICE}"""
        return self._sql.value(sql, callout_id, receiver_id) or 0

    def told_before(self, attempt_id: int, moment: int) -> int:
        """See the port."""
        rows = self._sql.rows(
            f"""SELECT m.told_alarm_id, m.claimed_at, m.possible_duplicate FROM attempt a
            JOIN attempt m ON m.callout_id = a.callout_id AND m.number_id = a.number_id AND m.channel IN {_TEXTS}
              AND m.claimed_at IS NOT NULL
            WHERE a.id = ? ORDER BY m.claimed_at, m.id""",
            attempt_id,
        )
        read = [told or 0 for told, claimed_at, _ in rows if claimed_at <= moment]
        first = [told or 0 for told, _, repeated in rows[:1] if not repeated]
        return max(read or first, default=0)

    def load(self, alarm_ids: Sequence[int]) -> Sequence[StoredAlarm]:
        """See the port."""
        rows = self._sql.rows(f"{_STORED} WHERE id IN {{ids}} ORDER BY id", self._sql.ids(alarm_ids))
        return [_record(row) for row in rows]

    def causes(self, callout_ids: Sequence[int]) -> Mapping[int, Sequence[Cause]]:
        """See the port."""
        return open_causes(self._sql, callout_ids)

    def last_alarms(self, kind: str, unit_ids: Sequence[int]) -> Mapping[tuple[int, int], int]:
        """See the port."""
        rows = self._sql.rows(
            """SELECT callout_id, unit_id, max(at) FROM alarm WHERE kind = ? AND callout_id IS NOT NULL
            AND unit_id IN {ids} GROUP BY callout_id, unit_id""",
            kind,
            self._sql.ids(unit_ids),
        )
        return {(row[0], row[1]): row[2] for row in rows}

    def was_raised(self, kind: str, callout_id: int, since: int) -> bool:
        """See the port."""
        sql = "SELECT 1 FROM alarm WHERE kind = ? AND callout_id = ? AND at >= ? LIMIT 1"
        return self._sql.one(sql, kind, callout_id, since) is not None

    def due(self, now: int) -> Sequence[StoredAlarm]:
        """See the port."""
        where = "next_at IS NOT NULL AND next_at <= ?"
        rows = self._sql.rows(f"{_STORED} WHERE {where} ORDER BY id", now)
        if rows:
            self._sql.run(f"UPDATE alarm SET next_at = NULL WHERE {where}", now)
        return [_record(row) for row in rows]

    def next_due(self) -> int | None:
        """See the port."""
        moment: int | None = self._sql.value("SELECT min(next_at) FROM alarm WHERE next_at IS NOT NULL")
        return moment


def open_causes(sql: Sql, callout_ids: Sequence[int]) -> Mapping[int, Sequence[Cause]]:
    """Self-call → its unclaimed alarms."""
    found: defaultdict[int, list[Cause]] = defaultdict(list)
    for callout_id, kind, colour, at, unit_name, alarm_id in sql.rows(
        """SELECT m.self_callout_id, m.kind, m.colour, m.at, u.name, m.id FROM alarm m LEFT JOIN unit u ON u.id = m.unit_id
        WHERE m.self_callout_id IN {ids} AND m.claimed_at IS NULL ORDER BY m.id""",
        sql.ids(callout_ids),
    ):
        found[callout_id].append(Cause(kind, Colour(colour), at, unit_name or "", alarm_id))
    return found
