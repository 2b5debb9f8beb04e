"""每天一次的事: claimed by a lease row, so that however many daemons run it is done once a day."""

from __future__ import annotations

from warning_dispatch.store.sql import Sql

_NEVER = ""


class ChoreTable:
    """engine.storage_register.ChoreRows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def claim(self, name: str, day: str, now: int, until: int) -> str | None:
        """See the port. Zero rows changed: somebody else has it, or has done it."""
        self._sql.run("INSERT INTO chore (name) VALUES (?) ON CONFLICT (name) DO NOTHING", name)
        claimed = self._sql.run(
            "UPDATE chore SET claimed_until = ? WHERE name = ? AND day < ? AND claimed_until <= ?",
            until,
            name,
            day,
            now,
        )
        if not claimed:
            return None
        return str(self._sql.value("SELECT memory FROM chore WHERE name = ?", name))

    def finish(self, name: str, day: str, memory: str) -> bool:
        """See the port."""
        done = self._sql.run(
            "UPDATE chore SET day = ?, memory = ?, claimed_until = 0 WHERE name = ? AND day < ?", day, memory, name, day
        )
        return done == 1
