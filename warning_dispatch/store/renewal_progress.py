"""进度与小结: how far a campaign is, filing by filing and added up. Ids, names of units and counts; nobody's name or number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.renewal import (
    OPEN_FILING,
    CampaignState,
    FilingState,
    HandIn,
    LetterKind,
    LetterState,
    ProofState,
    Unready,
)
from warning_dispatch.model.renewal_views import (
    CampaignView,
    ClosingReport,
    FilingRow,
    Progress,
    ProofTally,
)
from warning_dispatch.model.unit import UnitKind, UnitLevel
from warning_dispatch.renewal.progress import Group, rows_by, tally
from warning_dispatch.renewal.registrars import REACHED_BY_TEXT
from warning_dispatch.renewal.reminders import day_ends
from warning_dispatch.renewal.rules import rules_from_json
from warning_dispatch.store.service_days import NOT_YET
from warning_dispatch.store.sql import Sql, marks

_REPORT = TypeAdapter(ClosingReport)
_COUNTY = "CASE WHEN length(u.area) >= 6 THEN substr(u.area, 1, 6) ELSE '' END"
_LETTERS = """SELECT x.unit_id, count(*) FROM letter l JOIN renewal_link_unit x ON x.link_id = l.link_id
 WHERE l.campaign_id = ? AND l.handed_at IS NOT NULL GROUP BY x.unit_id"""
"""Registrar's unit → letters that went."""
_SENT = f"({LetterState.HANDED.value}, {LetterState.ENDED.value})"


def campaigns(sql: Sql, today: str) -> Sequence[CampaignView]:
    """Every campaign, the newest first."""
    waiting = marks(OPEN_FILING)
    rows = sql.rows(
        f"""SELECT c.id, c.title, c.due, c.state, c.opened_at, c.opened_by, c.closed_at, c.rules,
        (SELECT count(*) FROM filing f WHERE f.campaign_id = c.id),
        (SELECT count(*) FROM filing f WHERE f.campaign_id = c.id AND f.state = {FilingState.FILED.value}),
        (SELECT count(*) FROM filing f WHERE f.campaign_id = c.id AND f.state IN ({waiting}))
        FROM campaign c ORDER BY c.id DESC""",
        *(state.value for state in OPEN_FILING),
    )
    return [
        CampaignView(
            id=row[0],
            title=row[1],
            due=row[2],
            state=CampaignState(row[3]),
            opened_at=row[4],
            opened_by=row[5],
            closed_at=row[6],
            approval=rules_from_json(row[7]).approval.value,
            total=row[8],
            filed=row[9],
            waiting=row[10],
            overdue=today > row[2] and row[3] == CampaignState.OPEN.value,
        )
        for row in rows
    ]


def one_campaign(sql: Sql, campaign_id: int | None, today: str) -> CampaignView:
    """This one, or the newest. NotFoundError: there is none."""
    known = campaigns(sql, today)
    found = next((one for one in known if campaign_id in (None, one.id)), None)
    if found is None:
        raise NotFoundError("没有年度更新备案 / there is no campaign → campaign open --due 2027-04-20")
    return found


def progress(sql: Sql, campaign_id: int | None, today: str) -> Progress:
    """How far it is."""
    view = one_campaign(sql, campaign_id, today)
    groups = _groups(sql, view)
    names = dict(sql.rows("SELECT area, name FROM unit WHERE kind = ? AND level = ?", "division", UnitLevel.COUNTY))
    proofs = dict(sql.rows("SELECT state, count(*) FROM proof WHERE campaign_id = ? GROUP BY state", view.id))
    letters = sql.rows(
        f"""SELECT kind, count(*) FROM letter WHERE campaign_id = ? AND state IN {_SENT}
        AND handed_at IS NOT NULL GROUP BY kind ORDER BY kind""",
        view.id,
    )
    unasked = sql.value(
        f"""SELECT count(*) FROM filing f JOIN unit r ON r.id = f.registrar_id
        WHERE f.campaign_id = ? AND (r.reach & {REACHED_BY_TEXT}) = 0 AND f.state <> ?""",
        view.id,
        FilingState.WITHDRAWN.value,
    )
    proved = sql.value(
        """SELECT count(DISTINCT e.unit_id) FROM endpoint e JOIN filing f ON f.unit_id = e.unit_id
        WHERE f.campaign_id = ? AND e.valid_until IS NULL AND e.proved_at IS NOT NULL""",
        view.id,
    )
    return Progress(
        campaign=view,
        tally=tally(groups),
        counties=rows_by(groups, lambda one: one.county, {**names, "": "市本级"}),
        lines=rows_by(groups, lambda one: one.sector, {}, empty=False),
        levels=rows_by(groups, lambda one: str(one.level), {str(one.value): one.name.lower() for one in UnitLevel}),
        proofs=ProofTally(
            asked=sum(proofs.values()),
            proved=proofs.get(ProofState.PROVED.value, 0),
            denied=proofs.get(ProofState.DENIED.value, 0),
            undelivered=proofs.get(ProofState.UNDELIVERED.value, 0),
            lapsed=proofs.get(ProofState.LAPSED.value, 0),
        ),
        letters=tuple((LetterKind(kind), count) for kind, count in letters),
        nobody_to_ask=int(unasked),
        units_proved=int(proved),
    )


def _groups(sql: Sql, view: CampaignView) -> list[Group]:
    rows = sql.rows(
        f"""SELECT {_COUNTY}, u.sector, u.level, f.state, CASE WHEN f.filed_at >= ? THEN 1 ELSE 0 END, f.changed, count(*)
        FROM filing f JOIN unit u ON u.id = f.unit_id WHERE f.campaign_id = ? GROUP BY 1, 2, 3, 4, 5, 6""",
        day_ends(view.due),
        view.id,
    )
    return [Group(row[0], row[1], row[2], FilingState(row[3]), bool(row[4]), bool(row[5]), row[6]) for row in rows]


def filing_rows(
    sql: Sql,
    campaign_id: int,
    states: Sequence[FilingState] = (),
    county: str = "",
    *,
    limit: int = 500,
    offset: int = 0,
) -> Sequence[FilingRow]:
    """Filings by unit code."""
    where = f" AND f.state IN ({marks(states)})" if states else ""
    inside = " AND u.area LIKE ?" if county else ""
    rows = sql.rows(
        f"""SELECT f.id, u.id, u.code, u.name, {_COUNTY}, u.kind, u.level, u.sector, r.name, f.state, f.how, f.handed_in_at,
        f.filed_at, f.registrar_id FROM filing f JOIN unit u ON u.id = f.unit_id JOIN unit r ON r.id = f.registrar_id
        WHERE f.campaign_id = ?{where}{inside} ORDER BY u.code LIMIT ? OFFSET ?""",
        campaign_id,
        *(state.value for state in states),
        *([f"{county}%"] if county else []),
        limit,
        offset,
    )
    lacking = problems_of(sql, [row[1] for row in rows])
    letters = dict(sql.rows(_LETTERS, campaign_id))
    return [_filing_row(row, lacking.get(row[1], ()), letters.get(row[13], 0)) for row in rows]


def _filing_row(row: Any, lacking: tuple[Unready, ...], letters: int) -> FilingRow:
    return FilingRow(
        filing_id=row[0],
        unit_code=row[2],
        name=row[3],
        county=row[4],
        kind=UnitKind(row[5]),
        level=UnitLevel(row[6]),
        sector=row[7],
        registrar=row[8],
        state=FilingState(row[9]),
        how=HandIn(row[10]) if row[10] else None,
        handed_in_at=row[11],
        filed_at=row[12],
        letters=letters,
        proved=Unready.UNPROVED not in lacking,
        problems=lacking,
    )


_LACKING: Mapping[Unready, str] = {
    Unready.NO_PERSON: """SELECT u.id FROM unit u WHERE u.id IN {ids} AND NOT EXISTS
     (SELECT 1 FROM receiver r WHERE r.unit_id = u.id AND r.valid_until IS NULL)""",
    Unready.NO_NUMBER: """SELECT DISTINCT r.unit_id FROM receiver r WHERE r.unit_id IN {ids} AND r.valid_until IS NULL
     AND NOT EXISTS (SELECT 1 FROM endpoint e WHERE e.receiver_id = r.id AND e.valid_until IS NULL)""",
    Unready.BAD_NUMBER: f"""SELECT DISTINCT unit_id FROM endpoint WHERE unit_id IN {{ids}} AND usable = 0
     AND finding <> '{NOT_YET}' AND valid_until IS NULL""",
    Unready.UNPROVED: """SELECT u.id FROM unit u WHERE u.id IN {ids} AND NOT EXISTS (SELECT 1 FROM endpoint e
     WHERE e.unit_id = u.id AND e.usable = 1 AND e.valid_until IS NULL AND e.proved_at IS NOT NULL)""",
    Unready.DENIED: f"""SELECT DISTINCT e.unit_id FROM endpoint e JOIN proof p ON p.number_id = e.number_id
     WHERE e.unit_id IN {{ids}} AND e.valid_until IS NULL AND e.proved_at IS NULL AND p.state = {ProofState.DENIED.value}""",
    Unready.UNDELIVERED: f"""SELECT DISTINCT e.unit_id FROM endpoint e JOIN proof p ON p.number_id = e.number_id
     AND p.channel = e.channel WHERE e.unit_id IN {{ids}} AND e.valid_until IS NULL AND e.proved_at IS NULL
     AND p.state = {ProofState.UNDELIVERED.value}""",
}
"""What is lacking → the units it is lacking of."""


def problems_of(sql: Sql, unit_ids: Sequence[int]) -> Mapping[int, tuple[Unready, ...]]:
    """What each unit lacks; units that lack nothing are left out."""
    found: dict[int, list[Unready]] = {}
    ids = sql.ids(unit_ids)
    for lacking, statement in _LACKING.items():
        for (unit_id,) in sql.rows(statement, ids):
            found.setdefault(unit_id, []).append(lacking)
    return {unit_id: tuple(words) for unit_id, words in found.items()}


# --- the closing report -----------------------------------------------------------------------------------


def closing_report(sql: Sql, campaign_id: int | None, today: str) -> ClosingReport:
    """As it was kept, else as it would be now."""
    view = one_campaign(sql, campaign_id, today)
    kept = str(sql.value("SELECT report FROM campaign WHERE id = ?", view.id))
    return _REPORT.validate_json(kept) if kept else _report(sql, view, today)


def report_json(sql: Sql, campaign_id: int, today: str) -> str:
    """The report as it is now, to be kept."""
    return _REPORT.dump_json(_report(sql, one_campaign(sql, campaign_id, today), today)).decode()


def _report(sql: Sql, view: CampaignView, today: str) -> ClosingReport:
    hand_ins = sql.rows(
        f"""SELECT how, count(*) FROM filing WHERE campaign_id = ? AND how <> '' AND state = {FilingState.FILED.value}
        GROUP BY how ORDER BY how""",
        view.id,
    )
    rows = filing_rows(sql, view.id, limit=1_000_000)
    left = (*OPEN_FILING, FilingState.LAPSED)
    return ClosingReport(
        progress=progress(sql, view.id, today),
        hand_ins=tuple((HandIn(how), count) for how, count in hand_ins),
        open_units=tuple(one for one in rows if one.state in left),
        problem_units=tuple(one for one in rows if one.problems and one.state is FilingState.FILED),
    )
