"""核实: when somebody last made sure that a receiver is still the right one, and that a number is theirs."""

from __future__ import annotations

from collections.abc import Sequence

from warning_dispatch.store.sql import Sql


def verify_unit(sql: Sql, unit_code: str, roles: int, day: str, how: str) -> Sequence[int]:
    """A registrar has verified the unit's people with these roles (a mask) on a day; the receivers it concerned."""
    rows = sql.rows(
        """SELECT r.id FROM receiver r JOIN unit u ON u.id = r.unit_id
        WHERE u.code = ? AND u.valid_until IS NULL AND r.valid_until IS NULL AND (r.role & ?) <> 0 ORDER BY r.id""",
        unit_code,
        roles,
    )
    ids = [row[0] for row in rows]
    sql.many(
        "UPDATE receiver SET verified_on = ?text, verified_how = ?text WHERE id = ?", [(day, how, one) for one in ids]
    )
    return ids
