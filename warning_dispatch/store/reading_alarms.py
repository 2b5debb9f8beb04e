"""Alarms as people see them: what needs a human, how much of it, and who has it in hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.unit import Role
from warning_dispatch.model.views import AlarmList, AlarmRow
from warning_dispatch.store.scope_sql import EVERYTHING, Scope
from warning_dispatch.store.sql import Sql

_RECEIVER = "receiver:"
"""Begins what is recorded of a claim by one of the bureau's people (engine/bureau.py)."""
_DIGITS = 18
"""More have no number of a row: an officer may call himself what he likes."""
_ALARMS = """SELECT m.id, m.at, m.kind, m.detail, m.callout_id, u.name, m.colour, m.times, m.self_callout_id,
 m.claimed_at, m.claimed_by, c.id FROM alarm m LEFT JOIN unit u ON u.id = m.unit_id
 LEFT JOIN callee c ON c.callout_id = m.callout_id AND c.unit_id = m.unit_id"""
_Place = tuple[str, Role]
"""A receiver's unit by name, and the role in it."""


def listed_alarms(
    sql: Sql, limit: int, *, open_only: bool, callout_id: int | None, scope: Scope = EVERYTHING
) -> AlarmList:
    """See ReadModels.alarms. Of a `scope`: those about one of its units; what is about none is the bureau's own affair.

    Of the open ones those that ring stand first: a night's replies to be read must not push them off the page.
    """
    conditions = ["m.claimed_at IS NULL"] if open_only else []
    values: list[int | str] = []
    if callout_id is not None:
        conditions.append("m.callout_id = ?")
        values.append(callout_id)
    where = f"WHERE {' AND '.join(conditions) or '1 = 1'}{scope.on('m.unit_id')}"
    values += scope.values
    total = sql.value(f"SELECT count(*) FROM alarm m {where}", *values)
    first = "CASE WHEN m.colour > 0 THEN 0 ELSE 1 END, " if open_only else ""
    rows = sql.rows(f"{_ALARMS} {where} ORDER BY {first}m.id DESC LIMIT ?", *values, limit)
    return AlarmList(_found(sql, rows), total)


def alarms_of_unit(sql: Sql, unit_id: int, callout_id: int) -> tuple[AlarmRow, ...]:
    """The alarms about a unit in a call-out, newest first."""
    return _found(
        sql, sql.rows(f"{_ALARMS} WHERE m.unit_id = ? AND m.callout_id = ? ORDER BY m.id DESC", unit_id, callout_id)
    )


def _found(sql: Sql, rows: Sequence[Any]) -> tuple[AlarmRow, ...]:
    places = _places(sql, {row[10] for row in rows if row[10]})
    return tuple(_alarm_row(row, places.get(row[10] or "")) for row in rows)


def _places(sql: Sql, claimers: Iterable[str]) -> Mapping[str, _Place]:
    """Where the claimers stand in the register who are recorded by their number in it."""
    numbers = [one.removeprefix(_RECEIVER) for one in claimers if one.startswith(_RECEIVER)]
    ids = sorted(int(one) for one in numbers if one.isascii() and one.isdigit() and len(one) <= _DIGITS)
    if not ids:
        return {}
    rows = sql.rows(
        "SELECT r.id, u.name, r.role FROM receiver r JOIN unit u ON u.id = r.unit_id WHERE r.id IN {ids}", sql.ids(ids)
    )
    return {f"{_RECEIVER}{row[0]}": (row[1], Role(row[2])) for row in rows}


def _alarm_row(row: Sequence[Any], place: _Place | None) -> AlarmRow:
    key, at, kind, detail, callout_id, unit_name, colour, times, self_callout_id, claimed_at, claimed_by, callee_id = (
        row
    )
    return AlarmRow(
        id=key,
        at=at,
        kind=kind,
        detail=detail,
        callout_id=callout_id,
        unit_name=unit_name or "",
        colour=Colour(colour) if colour else None,
        times=times,
        self_callout_id=self_callout_id,
        claimed_at=claimed_at,
        claimed_by=claimed_by or "",
        claimed_unit=place[0] if place else "",
        claimed_role=place[1] if place else None,
        callee_id=callee_id,
    )
