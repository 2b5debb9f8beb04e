"""Who stands in the roster of a unit, and who is on duty: what escalation/roster.py decides by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from warning_dispatch.escalation.roster import ROSTER_BACK, Rostered
from warning_dispatch.store.sql import Sql


def rostered(sql: Sql, unit_ids: Sequence[int], now: int) -> Mapping[int, Sequence[Rostered]]:
    """By unit; units without a roster are not in it."""
    rows = sql.rows(
        """SELECT unit_id, receiver_id, max(CASE WHEN begins_at <= ? AND ends_at > ? THEN 1 ELSE 0 END)
        FROM duty_shift WHERE unit_id IN {ids} AND ends_at > ? GROUP BY unit_id, receiver_id""",
        now,
        now,
        sql.ids(unit_ids),
        now - ROSTER_BACK,
    )
    found: defaultdict[int, list[Rostered]] = defaultdict(list)
    for unit_id, receiver_id, on in rows:
        found[unit_id].append(Rostered(receiver_id, on=bool(on)))
    return found
