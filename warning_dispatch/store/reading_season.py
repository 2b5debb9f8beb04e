"""季度统计: what a season's figures are made from. A fixed number of grouped statements whatever the number of units.

Units come counted by everything that figures are told by, the answer times in whole seconds; calls come counted by how
many people were called so often. Nothing is read person by person but the short lists of the most called.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.record_views import (
    Called,
    SeasonCallOut,
    SeasonGroup,
    SeasonQuery,
    SeasonReading,
    Verdict,
)
from warning_dispatch.model.states import CalleeState, CallOutState, Purpose
from warning_dispatch.model.unit import CODE_LENGTH, Channel, Role, UnitKind, UnitLevel
from warning_dispatch.store.reading_records import OPENED
from warning_dispatch.store.sql import Sql, marks
from warning_dispatch.store.stood_sql import STOOD, UNOPENED

_STATES = {state.value: state for state in CalleeState}
_ROLES = {role.value: role for role in Role}
_COUNTY = CODE_LENGTH[UnitLevel.COUNTY]
MOST_CALLED: Final = 20
SILENT_SHOWN: Final = 200
SILENT_FROM: Final = 3
"""Calls in vain from which a number counts as one that never answers."""
NIGHT_FROM, NIGHT_UNTIL = 22, 6
_HOUR: Final = 3_600_000
_BEIJING: Final = 8 * _HOUR
"""Ahead of UTC, the whole year."""

_BELOW = """WITH RECURSIVE below(id) AS (SELECT id FROM unit WHERE code IN ({codes})
 UNION SELECT u.id FROM unit u JOIN below b ON u.superior_id = b.id)"""
_CALLOUTS = """SELECT o.id, o.round, o.hazard, o.colour, o.state, o.started_at, o.ended_at, o.plan, o.verdict, o.chain_id
 FROM callout o WHERE o.started_at >= ? AND o.started_at < ? AND o.purpose = ? {hazard} ORDER BY o.started_at, o.id"""
_DELAY = f"""CASE WHEN c.answered_at IS NULL THEN NULL WHEN {OPENED} IS NULL OR c.answered_at < {OPENED} THEN 0
 ELSE (c.answered_at - {OPENED}) / 1000 END"""
_GROUPS = f"""SELECT c.callout_id, c.tier, CASE WHEN u.level > {UnitLevel.CITY.value} THEN substr(u.area, 1, {_COUNTY})
 ELSE '' END, CASE WHEN u.kind = '{UnitKind.DEPARTMENT.value}' THEN u.sector ELSE '' END, {STOOD}, {_DELAY},
 CASE WHEN {UNOPENED} THEN 1 ELSE 0 END, count(*) FROM callee c JOIN branch b ON b.id = c.branch_id JOIN unit u ON u.id = c.unit_id WHERE c.callout_id IN {{ids}}{{within}}
 AND c.state <> {CalleeState.SUPERSEDED.value} GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7"""
_LAST_OPENED = f"""SELECT c.callout_id, c.tier, max({OPENED}) FROM callee c JOIN branch b ON b.id = c.branch_id
 WHERE c.callout_id IN {{ids}}{{within}} AND c.state <> {CalleeState.SUPERSEDED.value} GROUP BY c.callout_id, c.tier"""
_CALLS = f"""SELECT a.receiver_id AS receiver_id, count(*) AS calls,
 sum(CASE WHEN {{night}} THEN 1 ELSE 0 END) AS nights,
 sum(CASE WHEN a.outcome IN ({{through}}) THEN 1 ELSE 0 END) AS heard,
 max(a.number_id) AS number_id, max(a.ended_at) AS last_at, max(a.id) AS last_id
 FROM attempt a JOIN receiver r ON r.id = a.receiver_id WHERE a.callout_id IN {{ids}}{{within}}
 AND a.channel = {Channel.VOICE.value} AND a.handed_at IS NOT NULL AND a.receiver_id IS NOT NULL GROUP BY a.receiver_id"""
_FALSE = f"""SELECT count(*) FROM attempt a JOIN receiver r ON r.id = a.receiver_id WHERE a.callout_id IN {{ids}}{{within}}
 AND a.channel = {Channel.VOICE.value} AND a.handed_at IS NOT NULL"""
_WHO = """SELECT x.receiver_id, u.code, u.name, s.name, r.role, n.masked, x.calls, x.nights, x.heard, l.outcome
 FROM ({calls}) x JOIN receiver r ON r.id = x.receiver_id JOIN unit u ON u.id = r.unit_id
 LEFT JOIN unit s ON s.id = u.superior_id LEFT JOIN number n ON n.id = x.number_id
 LEFT JOIN attempt l ON l.id = x.last_id"""

PlanReader = Callable[[str], CallChain]
HazardName = Callable[[str], Mapping[str, str]]


class SeasonPictures:
    """Reads on one connection."""

    def __init__(self, sql: Sql, plan: PlanReader, hazard_name: HazardName, reached: Collection[str]) -> None:
        """`reached`: outcomes that prove a call got through to a person."""
        self._sql = sql
        self._plan = plan
        self._hazard_name = hazard_name
        self._reached = tuple(sorted(reached))

    def season(self, query: SeasonQuery) -> SeasonReading:
        """See RecordReadings.season."""
        every = self._callouts(query)
        rows = [
            row for row in every if row[4] != CallOutState.SUPERSEDED.value
        ]  # the last round stands for the warning
        plans = {row[0]: self._plan(row[7]) for row in rows}
        ids = self._sql.ids(plans)
        within = _Within(query.within)
        groups = self._groups(ids, within, plans)
        opened = self._opened(ids, within)
        seen = {group.callout_id for group in groups}  # a part of the area was not called in every one
        callouts = tuple(self._callout(row, plans[row[0]], opened) for row in rows if row[0] in seen)
        calls = _CALLS.replace("{night}", _night("a.handed_at")).replace("{through}", marks(self._reached))
        calls = calls.replace("{within}", within.where("r.unit_id"))
        values = (*self._reached, self._sql.ids(row[0] for row in every))  # who was called was called in any round
        histogram = self._sql.rows(
            f"{within.before}SELECT calls, count(*), sum(nights) FROM ({calls}) x GROUP BY calls ORDER BY calls",
            *within.values,
            *values,
        )
        silent = f"x.heard = 0 AND x.calls >= {SILENT_FROM}"
        return SeasonReading(
            query=query,
            callouts=callouts,
            groups=groups,
            tiers={tier.name: tier.title for plan in plans.values() for tier in plan.tiers},
            counties=self._counties(),
            called=tuple((row[0], row[1]) for row in histogram),
            night_calls=int(sum(row[2] for row in histogram)),
            false_calls=self._false_calls(every, within),
            most=self._people(calls, within, values, "TRUE", MOST_CALLED),
            silent=self._people(calls, within, values, silent, SILENT_SHOWN),
            silent_total=self._sql.value(
                f"{within.before}SELECT count(*) FROM ({calls}) x WHERE {silent}", *within.values, *values
            ),
        )

    def _callouts(self, query: SeasonQuery) -> Sequence[Any]:
        hazard = ("AND o.hazard = ?", (query.hazard,)) if query.hazard else ("", ())
        purpose = Purpose.DRILL if query.drills else Purpose.CALL
        return self._sql.rows(
            _CALLOUTS.replace("{hazard}", hazard[0]), query.since, query.until, purpose.value, *hazard[1]
        )

    def _callout(
        self, row: Sequence[Any], plan: CallChain, opened: Mapping[tuple[int, int], int | None]
    ) -> SeasonCallOut:
        colour = Colour(row[3])
        moments = [
            at for (key, tier), at in opened.items() if key == row[0] and at is not None and not plan.tiers[tier].notice
        ]
        last = max(moments, default=None)
        return SeasonCallOut(
            callout_id=row[0],
            round=row[1],
            hazard=row[2],
            hazard_name=self._hazard_name(row[2]),
            colour=colour,
            state=CallOutState(row[4]),
            started_at=row[5],
            ended_at=row[6],
            target=plan.target.get(colour),
            last_opened=None if last is None else last - row[5],
            verdict=Verdict(row[8]) if row[8] else None,
        )

    def _groups(self, ids: str, within: _Within, plans: Mapping[int, CallChain]) -> tuple[SeasonGroup, ...]:
        statement = _GROUPS.replace("{within}", within.where("c.unit_id"))
        return tuple(
            SeasonGroup(key, plans[key].tiers[tier].name, county, sector, _STATES[state], delay, count, bool(unopened))
            for key, tier, county, sector, state, delay, unopened, count in self._sql.rows(
                f"{within.before}{statement}", *within.values, ids
            )
        )

    def _opened(self, ids: str, within: _Within) -> Mapping[tuple[int, int], int | None]:
        statement = _LAST_OPENED.replace("{within}", within.where("c.unit_id"))
        rows = self._sql.rows(f"{within.before}{statement}", *within.values, ids)
        return {(row[0], row[1]): row[2] for row in rows}

    def _counties(self) -> Mapping[str, str]:
        return dict(
            self._sql.rows(
                "SELECT code, name FROM unit WHERE kind = ? AND level = ?",
                UnitKind.DIVISION.value,
                UnitLevel.COUNTY.value,
            )
        )

    def _false_calls(self, rows: Sequence[Any], within: _Within) -> int:
        """Calls of the call-outs that came to nothing, earlier rounds of their warnings included."""
        nothing = [row for row in rows if row[8] in (Verdict.FALSE.value, Verdict.MISTAKE.value)]
        chains = {row[9] for row in nothing if row[9] is not None}
        judged = {row[0] for row in nothing}
        false = self._sql.ids(row[0] for row in rows if row[0] in judged or row[9] in chains)
        statement = _FALSE.replace("{within}", within.where("r.unit_id"))
        return int(self._sql.value(f"{within.before}{statement}", *within.values, false))

    def _people(self, calls: str, within: _Within, values: Sequence[Any], which: str, limit: int) -> tuple[Called, ...]:
        statement = _WHO.replace("{calls}", calls)
        rows = self._sql.rows(
            f"{within.before}{statement} WHERE {which} ORDER BY x.calls DESC, u.code, x.receiver_id LIMIT ?",
            *within.values,
            *values,
            limit,
        )
        return tuple(
            Called(
                receiver_id=row[0],
                unit_code=row[1],
                unit_name=row[2],
                path=row[3] or "",
                role=_ROLES[row[4]],
                number=row[5] or "",
                calls=row[6],
                nights=int(row[7]),
                heard=int(row[8]),
                last_outcome=row[9] or "",
            )
            for row in rows
        )


class _Within:
    """The units on and below some, as a part of statements; nothing where all are meant."""

    def __init__(self, codes: tuple[str, ...] | None) -> None:
        self.values: tuple[Any, ...] = codes or ()
        self.before = "" if codes is None else _BELOW.replace("{codes}", marks(codes)) + " "
        self._where = codes is not None

    def where(self, column: str) -> str:
        return f" AND {column} IN (SELECT id FROM below)" if self._where else ""


def _night(column: str) -> str:
    """Whether a moment lies in the night of the officers' clock."""
    hour = f"(({column} + {_BEIJING}) / {_HOUR}) % 24"
    return f"{hour} >= {NIGHT_FROM} OR {hour} < {NIGHT_UNTIL}"
