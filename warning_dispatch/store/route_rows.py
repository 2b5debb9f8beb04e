"""Routes ↔ rows: what is used of their limits, and whether they are in service."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from warning_dispatch.engine.records import RouteRecord
from warning_dispatch.escalation.breaker import BY_PROBE, Breaker, Phase
from warning_dispatch.model.states import AttemptState
from warning_dispatch.model.unit import Channel
from warning_dispatch.model.views import RouteView
from warning_dispatch.store.schema_renewal import LETTER_ON_A_LINE
from warning_dispatch.store.sql import Sql, marks

_CHANNELS = {channel.value: channel for channel in Channel}
_PHASES = {phase.value: phase for phase in Phase}
_LIVE = f"({AttemptState.CLAIMED.value}, {AttemptState.HANDED.value})"
_BREAKER = "phase, failures, openings, down_until, down_why, trial_id"
_ROUTES = f"""SELECT name, channel, lines, rate, CASE WHEN lines IS NULL THEN 0 ELSE (SELECT count(*) FROM attempt a
 WHERE a.route = r.name AND a.state IN {_LIVE} AND a.channel = {Channel.VOICE.value})
 + (SELECT count(*) FROM letter l WHERE l.route = r.name AND {LETTER_ON_A_LINE}) END, tokens, tokens_at, {_BREAKER}
 FROM route r ORDER BY name"""
"""A line is in use while a call is on it: counted, so that no crash can leave one taken."""


def _breaker(row: Sequence[Any]) -> Breaker:
    return Breaker(_PHASES[row[0]], *row[1:])


def _record(row: Sequence[Any]) -> RouteRecord:
    return RouteRecord(row[0], _CHANNELS[row[1]], row[2], row[3], row[4], row[5], row[6], _breaker(row[7:]))


def _line_numbers(kept: str) -> tuple[int, ...]:
    return tuple(int(one) for one in kept.split())


def route_views(sql: Sql) -> list[RouteView]:
    """See ReadModels.routes."""
    probes = {row[0]: row[1:] for row in sql.rows("SELECT name, balance, probed_at, dead_lines FROM route")}
    views = []
    for one in map(_record, sql.rows(_ROUTES)):
        breaker, (balance, probed_at, dead) = one.breaker, probes[one.name]
        state = "in_service" if breaker.in_service else "down" if breaker.phase is Phase.OPEN else "trial"
        views.append(
            RouteView(
                name=one.name,
                channel=one.channel,
                state=state,
                until=breaker.down_until,
                why="" if breaker.in_service else breaker.why.removeprefix(BY_PROBE),
                lines=one.lines,
                lines_used=one.lines_used,
                rate=one.rate,
                balance=balance,
                probed_at=probed_at or None,
                dead_lines=_line_numbers(dead),
            )
        )
    return views


class RouteTable:
    """engine.storage.RouteRows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def load(self) -> Sequence[RouteRecord]:
        """See the port."""
        rows = self._sql.rows(_ROUTES)
        return [_record(row) for row in rows]

    def take(self) -> tuple[Sequence[RouteRecord], bool]:
        """See the port. The lines are counted after the lock: by then whoever had it has committed its claims."""
        if not self._sql.shared:
            return self.load(), True
        limited = """SELECT name, channel FROM route r WHERE lines IS NOT NULL OR rate IS NOT NULL OR phase <> 0
            ORDER BY name"""
        known = {row[0]: row[1] for row in self._sql.rows(limited)}
        taken = {row[0] for row in self._sql.rows(limited + self._sql.locking("r", skip=True))}
        busy = {channel for name, channel in known.items() if name not in taken}
        return [one for one in self.load() if one.channel.value not in busy], not busy

    def save(self, routes: Sequence[RouteRecord]) -> None:
        """See the port."""
        self._sql.many(
            "UPDATE route SET tokens = ?, tokens_at = ? WHERE name = ?text",
            [(one.tokens, one.tokens_at, one.name) for one in routes if one.rate is not None],
        )

    def troubled(self) -> Collection[str]:
        """See the port."""
        return {row[0] for row in self._sql.rows("SELECT name FROM route WHERE phase <> 0 OR failures > 0")}

    def breakers(self, names: Collection[str]) -> Mapping[str, Breaker]:
        """See the port."""
        asked = sorted(names)
        if not asked:
            return {}
        statement = f"SELECT name, {_BREAKER} FROM route r WHERE name IN ({marks(asked)}) ORDER BY name"
        return {row[0]: _breaker(row[1:]) for row in self._sql.rows(statement + self._sql.locking("r"), *asked)}

    def keep_breaker(self, name: str, breaker: Breaker) -> None:
        """See the port."""
        self._sql.run(
            """UPDATE route SET phase = ?, failures = ?, openings = ?, down_until = ?, down_why = ?, trial_id = ?
            WHERE name = ?""",
            breaker.phase.value,
            breaker.failures,
            breaker.openings,
            breaker.until,
            breaker.why,
            breaker.trial,
            name,
        )

    def lines(self, name: str) -> tuple[int, Sequence[int]]:
        """See the port."""
        for lines, dead in self._sql.rows("SELECT lines, dead_lines FROM route WHERE name = ?", name):
            return lines or 0, _line_numbers(dead)
        return 0, ()

    def keep_probe(self, name: str, balance: str, dead_lines: Sequence[int], now: int) -> None:
        """See the port."""
        self._sql.run(
            "UPDATE route SET balance = ?, dead_lines = ?, probed_at = ? WHERE name = ?",
            balance,
            " ".join(map(str, dead_lines)),
            now,
            name,
        )

    def define(self, routes: Sequence[RouteRecord]) -> None:
        """See the port."""
        names = [one.name for one in routes]
        for row in self._sql.rows("SELECT name FROM route"):
            if row[0] not in names:
                self._sql.run("DELETE FROM route WHERE name = ?", row[0])
        for one in routes:
            changed = self._sql.run(
                "UPDATE route SET channel = ?, lines = ?, rate = ? WHERE name = ?",
                one.channel.value,
                one.lines,
                one.rate,
                one.name,
            )
            if not changed:
                self._sql.run(
                    "INSERT INTO route (name, channel, lines, rate) VALUES (?, ?, ?, ?)",
                    one.name,
                    one.channel.value,
                    one.lines,
                    one.rate,
                )
