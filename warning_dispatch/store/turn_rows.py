"""The last turn dealt to each county, per queue."""

from __future__ import annotations

from collections.abc import Mapping

from warning_dispatch.model.unit import Channel
from warning_dispatch.store.sql import Sql


class TurnTable:
    """engine.storage.TurnRows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def last(self, channel: Channel, ranked: int) -> Mapping[str, int]:
        """See the port."""
        rows = self._sql.rows("SELECT county, turn FROM turn WHERE channel = ? AND ranked = ?", channel.value, ranked)
        return {row[0]: row[1] for row in rows}

    def keep(self, channel: Channel, ranked: int, turns: Mapping[str, int], *, afresh: bool) -> None:
        """See the port."""
        if afresh:
            self._sql.run("DELETE FROM turn WHERE channel = ? AND ranked = ?", channel.value, ranked)
        self._sql.many(
            """INSERT INTO turn (channel, ranked, county, turn) VALUES (?, ?, ?text, ?)
            ON CONFLICT (channel, ranked, county) DO UPDATE SET turn = excluded.turn""",
            [(channel.value, ranked, county, turn) for county, turn in turns.items()],
        )
