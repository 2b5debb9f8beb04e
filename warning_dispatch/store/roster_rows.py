"""值班表入库: shifts of the roster, by unit. A roster that comes again replaces what it covers, day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from warning_dispatch.model.roster import Shift
from warning_dispatch.ports import Sealer
from warning_dispatch.store.register import NAME_CONTEXT
from warning_dispatch.store.sql import Sql


def save_shifts(sql: Sql, sealer: Sealer, shifts: Sequence[Shift]) -> int:
    """Write shifts; those of the same units that begin within the span of the new ones are replaced. How many."""
    if not shifts:
        return 0
    by_unit: defaultdict[str, list[Shift]] = defaultdict(list)
    for shift in shifts:
        by_unit[shift.unit_code].append(shift)
    units = _unit_ids(sql, list(by_unit))
    for code, own in by_unit.items():
        first, last = min(one.begins for one in own), max(one.begins for one in own)
        sql.run(
            "DELETE FROM duty_shift WHERE unit_id = ? AND begins_at >= ? AND begins_at <= ?", units[code], first, last
        )
    people = _people(sql, sealer, list(units.values()))
    rows = [
        (units[one.unit_code], key, one.begins, one.ends)
        for one in dict.fromkeys(shifts)
        if (key := people.get((units[one.unit_code], one.name))) is not None
    ]
    sql.many("INSERT INTO duty_shift (unit_id, receiver_id, begins_at, ends_at) VALUES (?, ?, ?, ?)", rows)
    return len(rows)


def stored_shifts(sql: Sql, sealer: Sealer, since: int) -> list[Shift]:
    """Shifts that end after `since` (ms), of people in force, by unit and begin."""
    rows = sql.rows(
        """SELECT u.code, r.name_sealed, d.begins_at, d.ends_at FROM duty_shift d JOIN unit u ON u.id = d.unit_id
        JOIN receiver r ON r.id = d.receiver_id WHERE d.ends_at > ? AND r.valid_until IS NULL
        ORDER BY u.id, d.begins_at, d.id""",
        since,
    )
    return [Shift(code, sealer.unseal(name, NAME_CONTEXT).decode(), begins, ends) for code, name, begins, ends in rows]


def follow_people(sql: Sql, sealer: Sealer) -> None:
    """After an import: a shift whose person has a new row (a new post, another role) goes over to it.

    One whose person has gone stays with the old row and counts for nobody.
    """
    lost = sql.rows(
        """SELECT d.id, d.unit_id, r.name_sealed FROM duty_shift d JOIN receiver r ON r.id = d.receiver_id
        WHERE r.valid_until IS NOT NULL"""
    )
    people = _people(sql, sealer, list({row[1] for row in lost}))
    found = [
        (key, row[0])
        for row in lost
        if (key := people.get((row[1], sealer.unseal(row[2], NAME_CONTEXT).decode()))) is not None
    ]
    sql.many("UPDATE duty_shift SET receiver_id = ? WHERE id = ?", found)


def _unit_ids(sql: Sql, codes: Sequence[str]) -> Mapping[str, int]:
    wanted = set(codes)
    rows = sql.rows("SELECT code, id FROM unit WHERE valid_until IS NULL")
    return {code: key for code, key in rows if code in wanted}


def _people(sql: Sql, sealer: Sealer, unit_ids: Sequence[int]) -> Mapping[tuple[int, str], int]:
    """(unit, name) → the receiver in force; of several roles of one person the first."""
    if not unit_ids:
        return {}
    rows = sql.rows(
        """SELECT unit_id, name_sealed, id FROM receiver WHERE unit_id IN {ids} AND valid_until IS NULL
        ORDER BY role DESC, id DESC""",
        sql.ids(unit_ids),
    )
    return {(unit_id, sealer.unseal(name, NAME_CONTEXT).decode()): key for unit_id, name, key in rows}
