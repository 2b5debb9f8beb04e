"""Drills and their calendar ↔ rows."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter

from warning_dispatch.drilling.life import Release
from warning_dispatch.engine.drill_records import (
    DayRecord,
    DrillContent,
    DrillRecord,
    LiveDrill,
    NamedPerson,
    NewDrill,
)
from warning_dispatch.model.drills import DrillDay, DrillKind, DrillState
from warning_dispatch.model.states import LIVE_CALLOUT, CallOutState, Purpose
from warning_dispatch.model.unit import Role, Unit, UnitKind, UnitLevel
from warning_dispatch.store.sql import Sql

CONTENT: TypeAdapter[DrillContent] = TypeAdapter(DrillContent)
_LIVE = ", ".join(str(state.value) for state in LIVE_CALLOUT)
_WAITS = f"state IN ({DrillState.RELEASED.value}, {DrillState.RUNNING.value})"


class DrillTable:
    """engine.storage_drills.DrillRows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def insert(self, new: NewDrill) -> int:
        """See the port."""
        key: int = self._sql.value(
            """INSERT INTO drill (kind, state, content, starts_at, announce_at, created_at, created_by)
            VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id""",
            new.kind.value,
            new.state.value,
            CONTENT.dump_json(new.content).decode(),
            new.starts_at,
            new.announce_at,
            new.created_at,
            new.created_by,
        )
        return key

    def load(self, drill_id: int) -> DrillRecord | None:
        """See the port."""
        row = self._sql.one(
            """SELECT id, kind, state, content, starts_at, announce_at, first_by, second_by, announced_id, callout_id
            FROM drill WHERE id = ?""",
            drill_id,
        )
        if row is None:
            return None
        return DrillRecord(row[0], DrillKind(row[1]), DrillState(row[2]), CONTENT.validate_json(row[3]), *row[4:])

    def live(self) -> Sequence[LiveDrill]:
        """See the port."""
        rows = self._sql.rows(f"SELECT id, kind, state, announced_id, callout_id FROM drill WHERE {_WAITS} ORDER BY id")
        return [LiveDrill(row[0], DrillKind(row[1]), DrillState(row[2]), row[3], row[4]) for row in rows]

    def released(self, drill_id: int, by: Release, state: DrillState, now: int) -> None:
        """See the port."""
        self._sql.run(
            """UPDATE drill SET first_by = ?, first_at = coalesce(first_at, ?), second_by = ?, second_at = ?, state = ?
            WHERE id = ?""",
            by.first,
            now,
            by.second,
            now if by.second else None,
            state.value,
            drill_id,
        )

    def announced(self, drill_id: int, callout_id: int) -> None:
        """See the port."""
        self._sql.run("UPDATE drill SET announced_id = ? WHERE id = ?", callout_id, drill_id)

    def begun(self, drill_id: int, callout_id: int | None, now: int) -> None:
        """See the port."""
        self._sql.run(
            "UPDATE drill SET state = ?, callout_id = ?, began_at = ? WHERE id = ?",
            DrillState.RUNNING.value,
            callout_id,
            now,
            drill_id,
        )

    def ended(self, drill_id: int, state: DrillState, now: int, by: str, why: str) -> None:
        """See the port."""
        self._sql.run(
            "UPDATE drill SET state = ?, ended_at = ?, ended_by = ?, why = ? WHERE id = ?",
            state.value,
            now,
            by,
            why,
            drill_id,
        )

    def keep_report(self, drill_id: int, report: str, score: int | None) -> None:
        """See the port."""
        self._sql.run("UPDATE drill SET report = ?, score = ? WHERE id = ?", report, score, drill_id)

    def warned(self) -> bool:
        """See the port. Few call-outs stand at any time."""
        standing = f"{_LIVE}, {CallOutState.COMPLETE.value}"
        found = self._sql.value(
            f"""SELECT 1 FROM callout WHERE standing = 1 AND purpose = {Purpose.CALL.value} AND state IN ({standing})
            LIMIT 1"""
        )
        return found is not None

    def named(self, unit_code: str, role: Role | None) -> Sequence[NamedPerson]:
        """See the port."""
        only = "" if role is None else f" AND r.role = {role.value}"
        rows = self._sql.rows(
            f"""SELECT r.id, u.code FROM receiver r JOIN unit u ON u.id = r.unit_id
            WHERE u.code = ? AND u.valid_until IS NULL AND r.valid_until IS NULL{only} AND EXISTS
            (SELECT 1 FROM endpoint e WHERE e.receiver_id = r.id AND e.valid_until IS NULL AND e.usable = 1)
            ORDER BY r.id""",
            unit_code,
        )
        return [NamedPerson(row[0], row[1]) for row in rows]

    def unit(self, code: str) -> Unit | None:
        """See the port."""
        row = self._sql.one(
            """SELECT u.code, u.name, u.kind, u.level, u.area, s.code, u.sector, u.callable FROM unit u
            LEFT JOIN unit s ON s.id = u.superior_id WHERE u.code = ? AND u.valid_until IS NULL""",
            code,
        )
        if row is None:
            return None
        return Unit(row[0], row[1], UnitKind(row[2]), UnitLevel(row[3]), row[4], row[5], row[6], bool(row[7]))

    # --- the calendar -------------------------------------------------------------------------------------

    def add_day(self, day: DrillDay, now: int, by: str) -> int:
        """See the port."""
        key: int = self._sql.value(
            """INSERT INTO drill_day (day, title, kind, note, yearly, created_at, created_by)
            VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id""",
            day.day,
            day.title,
            day.kind.value,
            day.note,
            int(day.yearly),
            now,
            by,
        )
        return key

    def drop_day(self, day_id: int) -> bool:
        """See the port."""
        return bool(self._sql.run("DELETE FROM drill_day WHERE id = ?", day_id))

    def hold_day(self, day_id: int, drill_id: int) -> bool:
        """See the port."""
        return bool(self._sql.run("UPDATE drill_day SET drill_id = ? WHERE id = ?", drill_id, day_id))

    def days(self) -> Sequence[DayRecord]:
        """See the port."""
        rows = self._sql.rows(
            """SELECT id, day, title, kind, note, yearly, told, followed, drill_id FROM drill_day
            WHERE followed = 0 ORDER BY day, id"""
        )
        return [
            DayRecord(
                row[0],
                row[1],
                row[2],
                DrillKind(row[3]),
                row[4],
                bool(row[5]),
                row[6],
                bool(row[7]),
                row[8] is not None,
            )
            for row in rows
        ]

    def told_day(self, day_id: int, before: int) -> None:
        """See the port."""
        self._sql.run("UPDATE drill_day SET told = ? WHERE id = ?", before, day_id)

    def follow_day(self, day_id: int) -> None:
        """See the port."""
        self._sql.run("UPDATE drill_day SET followed = 1 WHERE id = ?", day_id)
