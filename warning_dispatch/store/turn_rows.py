"""The last turn dealt to each county, per queue."""

from __future__ import annotations

from collections.abc import Mapping

from warning_dispatch.model.unit import Channel
from warning_dispatch.store.sql import Sql

_Queue = tuple[int, int]
"""Channel and rank."""


class TurnTable:
    """engine.storage.TurnRows. What is kept is written at the end: others wait for these rows until the commit."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._kept: dict[_Queue, dict[str, int]] = {}
        self._afresh: set[_Queue] = set()

    def last(self, channel: Channel, ranked: int) -> Mapping[str, int]:
        """See the port."""
        queue = (channel.value, ranked)
        kept = self._kept.get(queue, {})
        if queue in self._afresh:
            return kept
        rows = self._sql.rows("SELECT county, turn FROM turn WHERE channel = ? AND ranked = ?", *queue)
        return {row[0]: row[1] for row in rows} | kept

    def keep(self, channel: Channel, ranked: int, turns: Mapping[str, int], *, afresh: bool) -> None:
        """See the port."""
        queue = (channel.value, ranked)
        if afresh:
            self._afresh.add(queue)
            self._kept.pop(queue, None)
        self._kept.setdefault(queue, {}).update(turns)

    def write(self) -> None:
        """See the port. In one order, so that nobody waits for each other."""
        for queue in sorted(self._kept):
            if queue in self._afresh:
                self._sql.run("DELETE FROM turn WHERE channel = ? AND ranked = ?", *queue)
            self._sql.many(
                """INSERT INTO turn (channel, ranked, county, turn) VALUES (?, ?, ?text, ?)
                ON CONFLICT (channel, ranked, county) DO UPDATE SET turn = excluded.turn""",
                [(*queue, county, turn) for county, turn in sorted(self._kept[queue].items())],
            )
        self._kept.clear()
        self._afresh.clear()
