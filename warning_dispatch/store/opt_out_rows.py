"""退订: which numbers want no more messages by which route."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from warning_dispatch.model.unit import Channel
from warning_dispatch.store.sql import Sql


class OptOutTable:
    """engine.storage_limits.OptOutRows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def any(self) -> bool:
        """See the port."""
        return bool(self._sql.rows("SELECT 1 FROM opt_out LIMIT 1"))

    def of(self, number_ids: Collection[int]) -> Mapping[int, frozenset[str]]:
        """See the port."""
        found: defaultdict[int, set[str]] = defaultdict(set)
        statement = "SELECT number_id, route FROM opt_out WHERE number_id IN {ids}"
        for number_id, route in self._sql.rows(statement, self._sql.ids(number_ids)):
            found[number_id].add(route)
        return {number_id: frozenset(routes) for number_id, routes in found.items()}

    def add(self, number_id: int, route: str, at: int) -> bool:
        """See the port."""
        return bool(
            self._sql.run(
                "INSERT INTO opt_out (number_id, route, at) VALUES (?, ?text, ?) ON CONFLICT DO NOTHING",
                number_id,
                route,
                at,
            )
        )

    def remove(self, number_id: int, route: str) -> bool:
        """See the port."""
        return bool(self._sql.run("DELETE FROM opt_out WHERE number_id = ? AND route = ?text", number_id, route))

    def sender(self, blind_index: bytes, channel: Channel) -> tuple[int, str] | None:
        """See the port."""
        rows = self._sql.rows(
            """SELECT n.id, coalesce((SELECT a.route FROM attempt a WHERE a.number_id = n.id AND a.channel = ?
            ORDER BY a.id DESC LIMIT 1), (SELECT l.route FROM letter l WHERE l.number_id = n.id AND l.channel = ?
            ORDER BY l.id DESC LIMIT 1), '') FROM number n WHERE n.blind_index = ?""",
            channel.value,
            channel.value,
            blind_index,
        )
        return (rows[0][0], rows[0][1] or "") if rows else None

    def endpoints(self, number_id: int, channel: Channel) -> Sequence[int]:
        """See the port."""
        rows = self._sql.rows(
            "SELECT id FROM endpoint WHERE number_id = ? AND channel = ? AND valid_until IS NULL ORDER BY id",
            number_id,
            channel.value,
        )
        return [row[0] for row in rows]
