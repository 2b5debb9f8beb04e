"""每天一次的事: a row of `lease` says who is at it and on which day it was done last, however many daemons run."""

from __future__ import annotations

from warning_dispatch.store.sql import Sql

NOBODY = ""
"""The holder of a daily chore: whoever claims it keeps it only for minutes, and is asked for by nobody."""


class ChoreTable:
    """engine.storage_register.ChoreRows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def claim(self, name: str, day: str, now: int, until: int) -> str | None:
        """See the port. Zero rows changed: somebody else has it, or has done it.

        A day that lies ahead was written by a clock that was: no reason to wait for it.
        """
        self._sql.run(
            "INSERT INTO lease (name, holder, claimed_until) VALUES (?, ?, 0) ON CONFLICT (name) DO NOTHING",
            name,
            NOBODY,
        )
        claimed = self._sql.run(
            "UPDATE lease SET claimed_until = ? WHERE name = ? AND day <> ? AND claimed_until <= ?",
            until,
            name,
            day,
            now,
        )
        return str(self._sql.value("SELECT memory FROM lease WHERE name = ?", name)) if claimed else None

    def finish(self, name: str, day: str, memory: str) -> bool:
        """See the port."""
        done = self._sql.run(
            "UPDATE lease SET day = ?, memory = ?, claimed_until = 0 WHERE name = ? AND day <> ?",
            day,
            memory,
            name,
            day,
        )
        return done == 1
