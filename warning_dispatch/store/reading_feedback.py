"""反馈 of a whole call-out: every report, and what they come to by county. Unsealed here and nowhere else but on a unit's page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from warning_dispatch.model.feedback import (
    Feedback,
    FeedbackBrief,
    FeedbackCount,
    FeedbackPage,
    FeedbackRow,
    brief_of,
)
from warning_dispatch.model.states import CalleeState
from warning_dispatch.ports import Sealer
from warning_dispatch.store.feedback_rows import unsealed
from warning_dispatch.store.reading_callouts import superior_path
from warning_dispatch.store.sql import Sql, marks

COUNTY: Final = 6
"""Digits of a county's code."""
_REPORTS = """SELECT f.id, f.callee_id, f.at, f.sealed, u.code, u.name, c.tier, u.area, f.receiver_id, c.state,
 s.name, s.level, t.name, t.level, v.name, v.level
 FROM feedback f JOIN callee c ON c.id = f.callee_id JOIN unit u ON u.id = c.unit_id
 LEFT JOIN unit s ON s.id = u.superior_id LEFT JOIN unit t ON t.id = s.superior_id
 LEFT JOIN unit v ON v.id = t.superior_id WHERE c.callout_id = ? ORDER BY f.at DESC, f.id DESC"""

Reports = Sequence[tuple[FeedbackRow, int]]
"""Each with the person who made it, the newest first."""


def briefs_of(sql: Sql, sealer: Sealer, callee_ids: Sequence[int]) -> Mapping[int, FeedbackBrief]:
    """What was reported about each of these units of which anything was."""
    rows = sql.rows(
        "SELECT callee_id, at, sealed FROM feedback WHERE callee_id IN {ids} ORDER BY callee_id, at DESC, id DESC",
        sql.ids(callee_ids),
    )
    return {
        callee_id: brief_of([(at, unsealed(sealer, sealed)) for _, at, sealed in group])
        for callee_id, group in groupby(rows, key=lambda row: int(row[0]))
    }


def feedback_page(
    sql: Sql, sealer: Sealer, callout_id: int, tiers: Sequence[str], *, county: str, limit: int, offset: int
) -> FeedbackPage:
    """See superior_ports.FeedbackReadings."""
    rows = sql.rows(_REPORTS, callout_id)
    reports = [(_row(row, sealer, tiers), int(row[8] or 0)) for row in rows]
    here = [one for one, row in zip(reports, rows, strict=True) if row[9] != CalleeState.SUPERSEDED.value]
    wanted = [one for one, _ in reports if county in ("", one.county)]
    counts = [one for one in _counts(sql, callout_id, tiers, here) if county in ("", one.county)]
    return FeedbackPage(tuple(wanted[offset : offset + limit]), len(wanted), tuple(counts))


def _row(row: Sequence[Any], sealer: Sealer, tiers: Sequence[str]) -> FeedbackRow:
    return FeedbackRow(
        id=row[0],
        callee_id=row[1],
        unit_code=row[4],
        unit_name=row[5],
        path=superior_path(row[10:]),
        tier=tiers[row[6]],
        county=county_of(row[7]),
        at=row[2],
        said=unsealed(sealer, row[3]),
    )


def county_of(area: str) -> str:
    """The county of a unit's area; empty for what stands above the counties."""
    return area[:COUNTY] if len(area) >= COUNTY else ""


def _counts(sql: Sql, callout_id: int, tiers: Sequence[str], reports: Reports) -> list[FeedbackCount]:
    """By county and tier, in the order of the codes and of the plan; also where nobody has reported."""
    callees: defaultdict[tuple[str, int], int] = defaultdict(int)
    for area, tier, count in sql.rows(
        f"""SELECT substr(u.area, 1, {COUNTY}), c.tier, count(*) FROM callee c JOIN unit u ON u.id = c.unit_id
        WHERE c.callout_id = ? AND c.state <> {CalleeState.SUPERSEDED.value} GROUP BY 1, 2""",
        callout_id,
    ):
        callees[county_of(area), tier] += count
    codes = sorted({code for code, _ in callees if code})
    names = dict(sql.rows(f"SELECT code, name FROM unit WHERE code IN ({marks(codes)})", *codes) if codes else ())
    by_place: defaultdict[tuple[str, str], list[tuple[FeedbackRow, int]]] = defaultdict(list)
    for one, receiver in reports:
        by_place[one.county, one.tier].append((one, receiver))
    return [
        _count(code, names.get(code, code), tiers[tier], callees[code, tier], by_place[code, tiers[tier]])
        for code, tier in sorted(callees)
    ]


def _count(county: str, name: str, tier: str, callees: int, reports: Reports) -> FeedbackCount:
    by_unit: defaultdict[int, list[tuple[int, Feedback]]] = defaultdict(list)
    moved: dict[int, tuple[int, int, int]] = {}
    for one, receiver in reports:
        if one.said.replied:
            continue
        by_unit[one.callee_id].append((one.at, one.said))
        if one.said.moved is not None:
            moved.setdefault(one.callee_id, (receiver, one.at, one.said.moved))
    briefs = [brief_of(said) for said in by_unit.values()]
    return FeedbackCount(
        county=county,
        county_name=name,
        tier=tier,
        callees=callees,
        reported=len(briefs),
        on_post=sum(one.on_post for one in briefs),
        moved=sum(number for _, _, number in set(moved.values())),
        dangers=sum(one.dangers for one in briefs),
    )
