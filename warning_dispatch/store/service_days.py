"""任职起止: a receiver whose first day has not come is not called yet, one whose last day is over no longer.

The engine knows nothing of days: before the first day the person's endpoints are not usable, after the last one the
receiver is ended. The register's daily chore and every import bring both up to date.
"""

from __future__ import annotations

from dataclasses import dataclass

from warning_dispatch.clock import beijing_text
from warning_dispatch.store.sql import Sql

NOT_YET = "not_yet"
"""The finding of an endpoint whose holder does not serve yet. Nothing is wrong with it."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Receivers who began and who ended, and the units whose endpoints changed by it."""

    began: tuple[int, ...]
    ended: tuple[int, ...]
    units: frozenset[int]


def settle_service_days(sql: Sql, now: int) -> Settled:
    """Bring everybody to the Beijing day of `now` (ms). The caller refreshes the units' reach.

    1. Whose last day is over is ended, with all endpoints. 2. Whose first day has come is usable. 3. Whose first day is
    to come is not.
    """
    today = beijing_text(now, "%Y-%m-%d")
    over = sql.rows(
        "SELECT id, unit_id FROM receiver WHERE valid_until IS NULL AND serves_until <> '' AND serves_until < ?", today
    )
    sql.many("UPDATE receiver SET valid_until = ? WHERE id = ?", [(now, row[0]) for row in over])
    sql.many(
        "UPDATE endpoint SET valid_until = ? WHERE receiver_id = ? AND valid_until IS NULL",
        [(now, row[0]) for row in over],
    )
    begun = sql.rows(
        """SELECT e.id, e.unit_id, e.receiver_id FROM endpoint e JOIN receiver r ON r.id = e.receiver_id
        WHERE e.valid_until IS NULL AND e.usable = 0 AND e.finding = ? AND r.serves_from <= ?""",
        NOT_YET,
        today,
    )
    sql.many("UPDATE endpoint SET usable = 1, finding = '' WHERE id = ?", [(row[0],) for row in begun])
    later = sql.rows(
        """SELECT e.id, e.unit_id FROM endpoint e JOIN receiver r ON r.id = e.receiver_id
        WHERE r.serves_from > ? AND e.valid_until IS NULL AND e.usable = 1""",
        today,
    )
    sql.many("UPDATE endpoint SET usable = 0, finding = ?text WHERE id = ?", [(NOT_YET, row[0]) for row in later])
    units = frozenset(row[1] for rows in (over, begun, later) for row in rows)
    return Settled(tuple(dict.fromkeys(row[2] for row in begun)), tuple(row[0] for row in over), units)
