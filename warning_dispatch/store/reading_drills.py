"""Drills as people see them, and how everybody fared in one: a few grouped queries, nothing per person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Engine

from warning_dispatch.configuration.freezing import chain_from_json
from warning_dispatch.drilling.calendar import due_reminder, is_past
from warning_dispatch.drilling.scoring import compare, report
from warning_dispatch.engine.drill_records import DayRecord
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.drills import (
    DRILL_OVER,
    CalleeFact,
    Comparison,
    DrillDay,
    DrillKind,
    DrillReport,
    DrillState,
    DrillView,
    NumberFact,
)
from warning_dispatch.model.plan import Tier
from warning_dispatch.model.states import LIVE_CALLOUT
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.store.database import reading
from warning_dispatch.store.drill_rows import CONTENT, DrillTable
from warning_dispatch.store.reading_callouts import superior_path
from warning_dispatch.store.sql import Sql, marks

REPORT: TypeAdapter[DrillReport] = TypeAdapter(DrillReport)
_DRILLS = """SELECT id, kind, state, content, starts_at, announce_at, created_at, created_by, first_by, first_at,
 second_by, second_at, announced_id, callout_id, began_at, ended_at, ended_by, why, score FROM drill"""
_CALLEES = """SELECT c.id, u.code, u.name, c.tier, c.opened_at, c.answered_at, u.reach, s.name, s.level, t.name, t.level,
 v.name, v.level FROM callee c JOIN unit u ON u.id = c.unit_id LEFT JOIN unit s ON s.id = u.superior_id
 LEFT JOIN unit t ON t.id = s.superior_id LEFT JOIN unit v ON v.id = t.superior_id WHERE c.callout_id = ? ORDER BY c.id"""
_ATTEMPTS = """SELECT s.callee_id, a.channel, a.outcome FROM attempt a JOIN attempt_callee s ON s.attempt_id = a.id
 WHERE a.callout_id = ? AND a.handed_at IS NOT NULL ORDER BY a.id"""
_NUMBERS = """SELECT DISTINCT u.code, u.name, e.role, a.channel, n.masked, a.outcome, s.name, s.level, t.name, t.level,
 v.name, v.level FROM attempt a JOIN endpoint e ON e.id = a.endpoint_id JOIN unit u ON u.id = e.unit_id
 JOIN number n ON n.id = a.number_id LEFT JOIN unit s ON s.id = u.superior_id
 LEFT JOIN unit t ON t.id = s.superior_id LEFT JOIN unit v ON v.id = t.superior_id
 WHERE a.callout_id = ?"""
_DUE = f"""SELECT d.id FROM drill d LEFT JOIN callout o ON o.id = d.callout_id WHERE d.kind <> {DrillKind.PAPER.value}
 AND (d.state = {DrillState.RELEASED.value} AND (d.starts_at <= ? OR d.announced_id IS NULL AND d.announce_at <= ?)
   OR d.state = {DrillState.RUNNING.value} AND o.state NOT IN ({", ".join(str(one.value) for one in LIVE_CALLOUT)})) LIMIT 1"""
"""A released drill whose hour or announcement is due, or one whose call-out has come to its end."""
_COMPARABLE = (DrillState.DONE, DrillState.STOPPED)
_ROLES = {role.value: role.key for role in Role}


def drill_facts(
    sql: Sql, callout_id: int, mend: Collection[str], *, masked: bool = True
) -> tuple[list[CalleeFact], list[NumberFact]]:
    """How every unit that was asked fared in a call-out, and which numbers were found wrong (`mend`: outcomes).

    An office has answered when its duty room has: the gate opened by it. `masked` False: the numbers are invented.
    """
    row = sql.one("SELECT plan, colour FROM callout WHERE id = ?", callout_id)
    if row is None:
        raise NotFoundError(f"没有叫应 {callout_id} / there is no call-out {callout_id}")
    plan, colour = chain_from_json(row[0]), Colour(row[1])
    answers, tried = _answers(sql, callout_id), _tried(sql, callout_id)
    facts = []
    for key, code, name, tier, opened_at, answered_at, reach, *path in sql.rows(_CALLEES, callout_id):
        asked = plan.tiers[tier]
        if asked.notice:
            continue
        at, means, role = _answer(answers.get(key, ()), asked, answered_at)
        calls, texts, outcome = tried.get(key, (0, 0, ""))
        place = superior_path(path)
        limit = asked.ladders[colour].unreached_after
        facts.append(
            CalleeFact(
                code, name, place, asked.name, limit, opened_at, at, means, role, calls, texts, outcome, bool(reach)
            )
        )
    return facts, _numbers(sql, callout_id, mend, masked=masked)


def _answers(sql: Sql, callout_id: int) -> Mapping[int, Sequence[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    rows = sql.rows(
        "SELECT callee_id, at, means, role FROM acknowledgement WHERE callout_id = ? ORDER BY id", callout_id
    )
    for callee_id, at, means, role in rows:
        found[callee_id].append((at, means, role))
    return found


def _answer(answers: Sequence[Any], tier: Tier, answered_at: int | None) -> tuple[int | None, str, str]:
    """When, how and by which role a unit answered: the first who may open what waits for it."""
    speaks = tier.answering | tier.gate_roles
    for at, means, role in answers:
        if answered_at is not None or role & speaks:
            return min(at, at if answered_at is None else answered_at), means, _ROLES.get(role, "")
    return answered_at, "", ""


def _tried(sql: Sql, callout_id: int) -> Mapping[int, tuple[int, int, str]]:
    """Callee → calls and messages that reached a carrier, and what became of the last call."""
    found: dict[int, tuple[int, int, str]] = {}
    for callee_id, channel, outcome in sql.rows(_ATTEMPTS, callout_id):
        calls, texts, last = found.get(callee_id, (0, 0, ""))
        if channel == Channel.VOICE:
            found[callee_id] = calls + 1, texts, outcome or last
        else:
            found[callee_id] = calls, texts + 1, last
    return found


def _numbers(sql: Sql, callout_id: int, mend: Collection[str], *, masked: bool) -> list[NumberFact]:
    wrong = sorted(mend)
    rows = sql.rows(f"{_NUMBERS} AND a.outcome IN ({marks(wrong)}) ORDER BY u.code", callout_id, *wrong)
    return [
        NumberFact(
            row[0],
            row[1],
            superior_path(row[6:]),
            _ROLES.get(row[2], ""),
            Channel(row[3]).key,
            row[4] if masked else "",
            row[5],
        )
        for row in rows
    ]


def _reminds(day: DayRecord, today: str) -> bool:
    return due_reminder(day.day, today, day.told) is not None


class DrillTables:
    """drill_ports.DrillReadings over the tables."""

    def __init__(self, engine: Engine, hazards: Mapping[str, Mapping[str, str]], mend: Collection[str]) -> None:
        """`hazards`: names by key and language. `mend`: outcomes that say that a number is wrong."""
        self._engine = engine
        self._hazards = hazards
        self._mend = frozenset(mend)

    @contextmanager
    def _reading(self) -> Iterator[Sql]:
        with reading(self._engine) as connection:
            yield Sql(connection)

    def drills(self, *, limit: int = 100) -> Sequence[DrillView]:
        """See the port."""
        with self._reading() as sql:
            return [self._view(row) for row in sql.rows(f"{_DRILLS} ORDER BY id DESC LIMIT ?", limit)]

    def drill(self, drill_id: int) -> DrillView:
        """See the port."""
        with self._reading() as sql:
            return self._one(sql, drill_id)

    def report(self, drill_id: int) -> DrillReport:
        """See the port."""
        with self._reading() as sql:
            view = self._one(sql, drill_id)
            kept = sql.value("SELECT report FROM drill WHERE id = ?", drill_id)
            if kept is not None:
                return REPORT.validate_json(kept)
            if view.callout_id is None:
                raise NotFoundError(
                    f"演练 {drill_id} 还没有报告 / drill {drill_id} has no report yet → drill show {drill_id}"
                )
            return self._of(sql, view, view.callout_id)

    def comparison(self, drill_id: int, report: DrillReport) -> Comparison | None:
        """See the port."""
        states = ", ".join(str(one.value) for one in _COMPARABLE)
        with self._reading() as sql:
            kind = self._one(sql, drill_id).kind
            row = sql.one(
                f"""{_DRILLS} WHERE id < ? AND kind = ? AND state IN ({states}) AND report IS NOT NULL
                ORDER BY id DESC LIMIT 1""",
                drill_id,
                kind.value,
            )
            if row is None:
                return None
            old = REPORT.validate_json(sql.value("SELECT report FROM drill WHERE id = ?", row[0]))
        view = self._view(row)
        return compare(report, old, drill_id=view.id, title=view.title, began_at=view.began_at)

    def days(self) -> Sequence[DrillDay]:
        """See the port."""
        with self._reading() as sql:
            rows = sql.rows("SELECT id, day, title, kind, note, yearly, drill_id FROM drill_day ORDER BY day, id")
        return [
            DrillDay(row[0], row[1], row[2], DrillKind(row[3]), row[4], yearly=bool(row[5]), drill_id=row[6])
            for row in rows
        ]

    # --- for the daemon -----------------------------------------------------------------------------------

    def busy(self, today: str, now: int) -> bool:
        """Whether the writer has something to do: an hour that has come, a drill that is over, a reminder, a past day."""
        with self._reading() as sql:
            rows = DrillTable(sql)
            if sql.one(_DUE, now, now) is not None:
                return True
            return any(is_past(one.day, today) or _reminds(one, today) for one in rows.days())

    def unreported(self) -> Sequence[int]:
        """Drills that are over and whose report has not been kept yet."""
        over = ", ".join(str(one.value) for one in DRILL_OVER)
        with self._reading() as sql:
            rows = sql.rows(
                f"""SELECT d.id FROM drill d WHERE d.report IS NULL AND d.state IN ({over}) AND d.callout_id IS NOT NULL
                AND EXISTS (SELECT 1 FROM callout o WHERE o.id = d.callout_id) ORDER BY d.id"""
            )
        return [row[0] for row in rows]

    def to_play(self) -> Sequence[int]:
        """Drills on paper that nobody has played yet."""
        with self._reading() as sql:
            rows = sql.rows(
                "SELECT id FROM drill WHERE kind = ? AND state = ? AND report IS NULL ORDER BY id",
                DrillKind.PAPER.value,
                DrillState.RUNNING.value,
            )
        return [row[0] for row in rows]

    # --- inside -------------------------------------------------------------------------------------------

    def _of(self, sql: Sql, view: DrillView, callout_id: int) -> DrillReport:
        facts, numbers = drill_facts(sql, callout_id, self._mend)
        return report(facts, numbers, interrupted=view.state is DrillState.INTERRUPTED, finished_at=view.ended_at or 0)

    def _one(self, sql: Sql, drill_id: int) -> DrillView:
        row = sql.one(f"{_DRILLS} WHERE id = ?", drill_id)
        if row is None:
            raise NotFoundError(f"没有演练 {drill_id} / there is no drill {drill_id} → drill list")
        return self._view(row)

    def _view(self, row: Sequence[Any]) -> DrillView:
        content = CONTENT.validate_json(row[3])
        return DrillView(
            id=row[0],
            title=content.title,
            kind=DrillKind(row[1]),
            state=DrillState(row[2]),
            hazard=content.hazard,
            hazard_name=self._hazards.get(content.hazard, {"zh_CN": content.facts.hazard}),
            colour=content.colour,
            area_names=content.area_names,
            tiers=content.tiers,
            people=len(content.people or ()),
            valid=content.valid,
            alert_id=content.alert_id,
            starts_at=row[4],
            announce_at=row[5],
            created_at=row[6],
            created_by=row[7],
            first_by=row[8],
            first_at=row[9],
            second_by=row[10],
            second_at=row[11],
            announced_id=row[12],
            callout_id=row[13],
            began_at=row[14],
            ended_at=row[15],
            ended_by=row[16],
            why=row[17],
            score=row[18],
        )
