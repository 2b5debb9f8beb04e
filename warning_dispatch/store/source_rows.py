"""Sources and leases ↔ rows."""

from __future__ import annotations

import json
from collections.abc import Sequence

from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.sources import SourceHealth
from warning_dispatch.model.views import IntakeResult
from warning_dispatch.store.sql import Sql, marks

MOST_NAMES = 500
"""Names asked for in one statement."""


class SourceTable:
    """engine.storage_sources.SourceRows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def define(self, names: Sequence[str], now: int) -> None:
        """See the port."""
        self._sql.many(
            """INSERT INTO source (name, seen_at, message_at) VALUES (?text, ?, ?)
            ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at""",
            [(name, now, now) for name in names],
        )

    def heard(self, name: str, now: int) -> None:
        """See the port."""
        self._sql.run(
            """UPDATE source SET seen_at = ?, message_at = ?, messages = messages + 1, trouble = '', gap_told = 0,
            quiet_told = 0 WHERE name = ?""",
            now,
            now,
            name,
        )

    def seen(self, name: str, now: int) -> None:
        """See the port."""
        self._sql.run("UPDATE source SET seen_at = ?, trouble = '', gap_told = 0 WHERE name = ?", now, name)

    def troubled(self, name: str, trouble: str) -> None:
        """See the port."""
        self._sql.run("UPDATE source SET trouble = ? WHERE name = ?", trouble, name)

    def health(self, names: Sequence[str]) -> Sequence[SourceHealth]:
        """See the port."""
        return health_of(self._sql, names)

    def tell_gap(self, name: str) -> bool:
        """See the port."""
        return self._sql.run("UPDATE source SET gap_told = 1 WHERE name = ? AND gap_told = 0", name) == 1

    def tell_quiet(self, name: str) -> bool:
        """See the port."""
        return self._sql.run("UPDATE source SET quiet_told = 1 WHERE name = ? AND quiet_told = 0", name) == 1

    def cursor(self, name: str) -> str:
        """See the port."""
        return str(self._sql.value("SELECT cursor FROM source WHERE name = ?", name) or "{}")

    def move_cursor(self, name: str, cursor: str) -> None:
        """See the port."""
        self._sql.run("UPDATE source SET cursor = ? WHERE name = ?", cursor, name)

    def taken(self, source: str, item: str) -> IntakeResult | None:
        """See the port."""
        row = self._sql.one(
            "SELECT alert_id, disposition, reasons FROM source_item WHERE source = ? AND item = ?", source, item
        )
        return None if row is None else IntakeResult(row[0], Disposition(row[1]), tuple(json.loads(row[2])), ())

    def all_taken(self, source: str, items: Sequence[str]) -> frozenset[str]:
        """See the port."""
        found: set[str] = set()
        for start in range(0, len(items), MOST_NAMES):
            some = items[start : start + MOST_NAMES]
            rows = self._sql.rows(
                f"SELECT item FROM source_item WHERE source = ? AND item IN ({marks(some)})", source, *some
            )
            found.update(row[0] for row in rows)
        return frozenset(found)

    def take(self, source: str, item: str, now: int, result: IntakeResult) -> None:
        """See the port."""
        self._sql.run(
            "INSERT INTO source_item (source, item, at, alert_id, disposition, reasons) VALUES (?, ?, ?, ?, ?, ?)",
            source,
            item,
            now,
            result.alert_id,
            result.disposition.value,
            json.dumps(list(result.reasons), ensure_ascii=False),
        )


class LeaseTable:
    """engine.storage_sources.LeaseRows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def claim(self, name: str, holder: str, now: int, until: int) -> bool:
        """See the port. The conflict's own condition decides: zero rows mean that somebody else holds it."""
        held = self._sql.value(
            """INSERT INTO lease (name, holder, claimed_until) VALUES (?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, claimed_until = excluded.claimed_until
            WHERE lease.claimed_until <= ? OR lease.holder = excluded.holder RETURNING name""",
            name,
            holder,
            until,
            now,
        )
        return held is not None

    def let_go(self, names: Sequence[str], holder: str) -> None:
        """See the port."""
        self._sql.many("DELETE FROM lease WHERE name = ?text AND holder = ?text", [(name, holder) for name in names])


def health_of(sql: Sql, names: Sequence[str]) -> Sequence[SourceHealth]:
    """Sources by name, as far as they are watched."""
    rows = sql.rows(
        f"""SELECT name, seen_at, message_at, messages, trouble, gap_told, quiet_told FROM source
        WHERE name IN ({marks(names)}) ORDER BY name""",
        *names,
    )
    return [SourceHealth(row[0], row[1], row[2], row[3], row[4], bool(row[5]), bool(row[6])) for row in rows]
