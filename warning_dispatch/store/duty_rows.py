"""Who stands in the roster of a unit, and who is on duty: what escalation/roster.py decides by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from warning_dispatch.escalation.roster import ROSTER_BACK, Rostered
from warning_dispatch.store.sql import Sql

ON_DUTY = "max(CASE WHEN begins_at <= ? AND ends_at > ? THEN 1 ELSE 0 END)"
"""Of a receiver's shifts, asked with the present moment twice: 1 while one of them goes on."""
STANDING = "FROM duty_shift WHERE unit_id IN {ids} AND ends_at > ? GROUP BY unit_id, receiver_id"
"""Who stands in the rosters of units: their ids, and the moment before which a shift says nothing any more."""
_ROSTERED = f"SELECT unit_id, receiver_id, {ON_DUTY} {STANDING}"


def rostered(sql: Sql, unit_ids: Sequence[int], now: int) -> Mapping[int, Sequence[Rostered]]:
    """By unit; units without a roster are not in it."""
    return rosters_of(sql.rows(_ROSTERED, now, now, sql.ids(unit_ids), now - ROSTER_BACK))


def rosters_of(rows: Iterable[tuple[int, int, int]]) -> Mapping[int, Sequence[Rostered]]:
    """The same of rows (unit, receiver, 1 while on duty)."""
    found: defaultdict[int, list[Rostered]] = defaultdict(list)
    for unit_id, receiver_id, on in rows:
        found[unit_id].append(Rostered(receiver_id, on=bool(on)))
    return found
