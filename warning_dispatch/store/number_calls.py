"""Calls per number and provider: the moments that the exact sliding window is looked up in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from warning_dispatch.store.sql import Sql

FORGOTTEN_AT_LEAST = 64
"""Old rows removed with each batch, or twice the batch if that is more: the table never grows for long."""


class NumberCallTable:
    """engine.storage.NumberCallRows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def recent(self, number_ids: Sequence[int], since: int) -> Mapping[int, Sequence[tuple[str, int]]]:
        """See the port."""
        found: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
        rows = self._sql.rows(
            "SELECT number_id, route, at FROM number_call WHERE number_id IN {ids} AND at > ?",
            self._sql.ids(number_ids),
            since,
        )
        for number_id, route, at in rows:
            found[number_id].append((route, at))
        return found

    def lock(self, number_ids: Collection[int]) -> Collection[int]:
        """See the port."""
        if not self._sql.shared:
            return number_ids
        statement = "SELECT id FROM number n WHERE id IN {ids} ORDER BY id" + self._sql.locking("n", skip=True)
        return {row[0] for row in self._sql.rows(statement, self._sql.ids(number_ids))}

    def add(self, calls: Sequence[tuple[int, str, int]], forget_before: int) -> None:
        """See the port. The oldest rows have the smallest keys: looking at some of them is enough to keep up."""
        self._sql.many("INSERT INTO number_call (number_id, route, at) VALUES (?, ?text, ?)", calls)
        self._sql.run(
            f"""DELETE FROM number_call WHERE at < ?
            AND id IN (SELECT id FROM number_call n ORDER BY id LIMIT ?{self._sql.locking("n", skip=True)})""",
            forget_before,
            max(FORGOTTEN_AT_LEAST, 2 * len(calls)),
        )

    def reached(self, calls: Sequence[tuple[int, str, int]], at: int) -> None:
        """See the port."""
        self._sql.many(
            "UPDATE number_call SET at = ? WHERE number_id = ? AND route = ?text AND at > ?",
            [(at, number_id, route, claimed_at) for number_id, route, claimed_at in calls],
        )

    def give_back(self, calls: Sequence[tuple[int, str, int]]) -> None:
        """See the port."""
        self._sql.many("DELETE FROM number_call WHERE number_id = ? AND route = ?text AND at > ?", calls)

    def none_later_than(self, now: int) -> None:
        """See the port."""
        self._sql.run("UPDATE number_call SET at = ? WHERE at > ?", now, now)
