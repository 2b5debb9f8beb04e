"""Call-outs as people see them: views with their counts, lists of callees and attempts, the curve of answers.

Nothing is asked per person: counts come from one grouped query for all call-outs of a list, and what belongs to the
callees of a page (superiors, last outcome) is looked up for that page only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.console_views import CalleeOrder, CalleeQuery
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.states import LIVE_CALLOUT, AttemptState, CalleeState, CallOutState, Purpose
from warning_dispatch.model.unit import Channel, Role, UnitKind, UnitLevel
from warning_dispatch.model.views import AttemptRow, CalleeRow, CallOutView, CurvePoint, TierView
from warning_dispatch.store.scope_sql import EVERYTHING, Scope, not_yours
from warning_dispatch.store.sql import Sql, marks
from warning_dispatch.store.stood_sql import STOOD, stood

MOST_POINTS = 300
"""Points of a curve at most; more cannot be told apart on a screen."""
SECOND = 1_000

_SHOWN = tuple(state for state in CalleeState if state is not CalleeState.SUPERSEDED)
"""Callees of a replaced round are counted in the new one."""
_ROLES = {role.value: role for role in Role}
_STATES = {state.value: state for state in CalleeState}
_CITY = UnitLevel.CITY.value
_SELF = Purpose.SELF.value
_LIVE = ", ".join(str(state.value) for state in LIVE_CALLOUT)
_CALLOUTS = """SELECT o.id, o.alert_id, o.plan_name, o.plan, o.hazard, o.colour, a.sender, i.name, a.headline, o.state,
 o.purpose, o.round, o.started_at, o.ended_at, o.voice_until, o.validity_guessed
 FROM callout o LEFT JOIN alert a ON a.id = o.alert_id LEFT JOIN unit i ON i.code = o.issuer_area"""

HazardName = Callable[[str], Mapping[str, str]]
"""Hazard key → its name per language."""
PlanReader = Callable[[str], CallChain]


_SHARED = """SELECT DISTINCT d.callout_id, m.id, m.handed_at, m.delivered_at, m.outcome, m.claimed_at
 FROM attempt d JOIN attempt m ON m.id = d.merged_id AND m.callout_id <> d.callout_id AND m.claimed_at IS NOT NULL
 WHERE d.callout_id IN {ids} AND d.merged_id IS NOT NULL"""
"""Calls of other call-outs that named units of these."""
_BEGUN = """SELECT a.id, a.channel, a.role, n.masked, a.state, a.outcome, a.due_at, a.claimed_at, a.ended_at,
 a.possible_duplicate FROM attempt a LEFT JOIN number n ON n.id = a.number_id"""
_LATEST = "ORDER BY a.claimed_at DESC, a.id DESC LIMIT ?"


class CallOutPictures:
    """Reads on one connection."""

    def __init__(
        self,
        sql: Sql,
        plan_from_json: PlanReader,
        hazard_name: HazardName,
        reached: Collection[str],
        scope: Scope = EVERYTHING,
    ) -> None:
        """`reached`: outcomes that prove a call got through to its person (a key pressed, heard to the end).

        `scope`: nothing is counted or listed but its units, and no call-out but those that call one of them.
        """
        self._sql = sql
        self._scope = scope
        self._plan = plan_from_json
        self._hazard_name = hazard_name
        self._reached = tuple(sorted(reached))

    # --- views --------------------------------------------------------------------------------------------

    def latest(self, *, live_only: bool, limit: int) -> Sequence[CallOutView]:
        """See ReadModels.callouts."""
        where = f" AND o.state IN ({_LIVE})" if live_only else ""
        where += "" if self._scope.whole else f" AND o.id IN ({self._scope.callouts()})"
        return self._views(
            self._sql.rows(
                f"{_CALLOUTS} WHERE o.purpose <> {_SELF}{where} ORDER BY o.id DESC LIMIT ?", *self._scope.values, limit
            )
        )

    def ended(self, *, limit: int, offset: int, drills: bool) -> Sequence[CallOutView]:
        """See RecordReadings.record_list."""
        purpose = Purpose.DRILL if drills else Purpose.CALL
        where = f"WHERE o.purpose = ? AND o.state NOT IN ({_LIVE})"
        return self._views(
            self._sql.rows(f"{_CALLOUTS} {where} ORDER BY o.id DESC LIMIT ? OFFSET ?", purpose.value, limit, offset)
        )

    def one(self, callout_id: int) -> CallOutView:
        """See ReadModels.callout. NotYoursError when it calls nobody of the scope."""
        rows = self._sql.rows(f"{_CALLOUTS} WHERE o.id = ?", callout_id)
        if not rows:
            raise _not_found(callout_id)
        self.require(callout_id)
        return self._views(rows)[0]

    def require(self, callout_id: int) -> None:
        """NotYoursError when a call-out calls nobody of the scope."""
        if not self._scope.whole and not self._sql.one(
            f"SELECT 1 FROM callee c WHERE c.callout_id = ?{self._scope.on('c.unit_id')} LIMIT 1",
            callout_id,
            *self._scope.values,
        ):
            raise not_yours()

    def _views(self, rows: Sequence[Any]) -> list[CallOutView]:
        ids = self._sql.ids(row[0] for row in rows)
        counts = self._counts(ids)
        openings = self._openings(ids)
        attempts = self._attempts(ids) if self._scope.whole else self._own_attempts(ids)
        views = []
        for row in rows:
            plan, colour = self._plan(row[3]), Colour(row[5])
            tiers = tuple(
                _tier_view(tier.name, tier.title, openings.get((row[0], index)), counts.get((row[0], index), {}))
                for index, tier in enumerate(plan.tiers)
                if (colour in tier.ladders or (row[0], index) in openings)
                and not (self._somewhere(tier.select.kind) and (row[0], index) not in counts)
            )
            views.append(self._view(row, plan, tiers, attempts.get(row[0], (0, 0, 0, None))))
        return views

    def _somewhere(self, kind: UnitKind) -> bool:
        """Whether a tier with nobody in it is left out: of key units and outlets, and for whoever sees a part."""
        return kind in _NOT_EVERYWHERE or not self._scope.whole

    def _openings(self, ids: Any) -> Mapping[tuple[int, int], int | None]:
        """(call-out, tier) → when the first gate of it opened."""
        statement = (
            "SELECT callout_id, tier, min(opened_at) FROM branch WHERE callout_id IN {ids} GROUP BY callout_id, tier"
        )
        if not self._scope.whole:
            statement = f"""SELECT c.callout_id, c.tier, min(b.opened_at) FROM callee c JOIN branch b ON b.id = c.branch_id
             WHERE c.callout_id IN {{ids}}{self._scope.on("c.unit_id")} GROUP BY c.callout_id, c.tier"""
        return {(row[0], row[1]): row[2] for row in self._sql.rows(statement, ids, *self._scope.values)}

    def _view(
        self, row: Sequence[Any], plan: CallChain, tiers: tuple[TierView, ...], attempts: Sequence[Any]
    ) -> CallOutView:
        return CallOutView(
            id=row[0],
            alert_id=row[1],
            plan_name=row[2],
            plan_title=plan.title,
            hazard=row[4],
            hazard_name=self._hazard_name(row[4]),
            colour=Colour(row[5]),
            issuer=row[6] or row[7] or "",
            headline=row[8] or "",
            state=CallOutState(row[9]),
            purpose=Purpose(row[10]),
            round=row[11],
            started_at=row[12],
            ended_at=row[13],
            voice_until=row[14],
            validity_guessed=bool(row[15]),
            tiers=tiers,
            attempts=attempts[0],
            handed=attempts[1],
            delivered=attempts[2],
            first_attempt_at=attempts[3],
        )

    def _counts(self, ids: Any) -> Mapping[tuple[int, int], Mapping[CalleeState, int]]:
        """(call-out, tier) → how many callees are in each state."""
        found: defaultdict[tuple[int, int], dict[CalleeState, int]] = defaultdict(dict)
        for callout_id, tier, state, count in self._sql.rows(
            f"""SELECT c.callout_id, c.tier, {STOOD}, count(*) FROM callee c
            WHERE c.callout_id IN {{ids}}{self._scope.on("c.unit_id")} GROUP BY 1, 2, 3""",
            ids,
            *self._scope.values,
        ):
            found[callout_id, tier][_STATES[state]] = count
        return found

    def _attempts(self, ids: Any) -> Mapping[int, tuple[int, int, int, int | None]]:
        """Call-out → attempts begun, handed over, got through, and when the first began."""
        through = f"delivered_at IS NOT NULL OR outcome IN ({marks(self._reached)})"
        rows = self._sql.rows(
            f"""SELECT callout_id, count(*), count(handed_at), sum(CASE WHEN {through} THEN 1 ELSE 0 END),
            min(claimed_at) FROM (SELECT callout_id, handed_at, delivered_at, outcome, claimed_at FROM attempt
              WHERE callout_id IN {{ids}} AND claimed_at IS NOT NULL
              UNION ALL SELECT callout_id, handed_at, delivered_at, outcome, claimed_at FROM ({_SHARED}) s) t
            GROUP BY callout_id""",
            *self._reached,
            ids,
            ids,
        )
        return {row[0]: (row[1], row[2], int(row[3]), row[4]) for row in rows}

    def _own_attempts(self, ids: Any) -> Mapping[int, tuple[int, int, int, int | None]]:
        """The same, of the attempts that served one of the scope's units, wherever they were made."""
        through = f"delivered_at IS NOT NULL OR outcome IN ({marks(self._reached)})"
        rows = self._sql.rows(
            f"""SELECT callout_id, count(*), count(handed_at), sum(CASE WHEN {through} THEN 1 ELSE 0 END),
            min(claimed_at) FROM (SELECT DISTINCT c.callout_id, a.id, a.handed_at, a.delivered_at, a.outcome, a.claimed_at
              FROM callee c JOIN attempt_callee ac ON ac.callee_id = c.id JOIN attempt a ON a.id = ac.attempt_id
              WHERE c.callout_id IN {{ids}}{self._scope.on("c.unit_id")} AND a.claimed_at IS NOT NULL) t
            GROUP BY callout_id""",
            *self._reached,
            ids,
            *self._scope.values,
        )
        return {row[0]: (row[1], row[2], int(row[3]), row[4]) for row in rows}

    # --- lists --------------------------------------------------------------------------------------------

    def callees(
        self, callout_id: int, *, states: Sequence[CalleeState], tier: str, limit: int, offset: int
    ) -> Sequence[CalleeRow]:
        """See ReadModels.callees."""
        return self.page(callout_id, CalleeQuery(states=tuple(states), tier=tier, limit=limit, offset=offset))

    def page(self, callout_id: int, query: CalleeQuery) -> list[CalleeRow]:
        """A page of the callees that a query asks for."""
        tiers = self.tiers(callout_id)
        found = self._where(callout_id, query, tiers)
        if found is None:
            return []
        where, values = found
        # The page first, what belongs to it afterwards: callees that are passed over cost no look-up.
        rows = self._sql.rows(
            f"""SELECT p.*, s.name, s.level, t.name, t.level, v.name, v.level FROM
            (SELECT c.id, u.code, u.name, c.tier, c.state, c.calls, c.opened_at, c.next_at, c.answered_at, {STOOD} AS stood,
             u.superior_id FROM callee c JOIN unit u ON u.id = c.unit_id WHERE {where} ORDER BY {ordered(query)} LIMIT ? OFFSET ?) p
            LEFT JOIN unit s ON s.id = p.superior_id LEFT JOIN unit t ON t.id = s.superior_id
            LEFT JOIN unit v ON v.id = t.superior_id ORDER BY {ordered(query, "p", "p")}""",
            *values,
            query.limit,
            query.offset,
        )
        return self._rows(rows, tiers)

    def how_many(self, callout_id: int, query: CalleeQuery) -> int:
        """How many callees a query asks for on all its pages."""
        found = self._where(callout_id, query, self.tiers(callout_id))
        if found is None:
            return 0
        where, values = found
        count: int = self._sql.value(
            f"SELECT count(*) FROM callee c JOIN unit u ON u.id = c.unit_id WHERE {where}", *values
        )
        return count

    def _where(self, callout_id: int, query: CalleeQuery, tiers: Sequence[str]) -> tuple[str, list[Any]] | None:
        """The condition and its values; None when nothing can fulfil it."""
        where = f"c.callout_id = ?{self._scope.on('c.unit_id')}"
        values: list[Any] = [callout_id, *self._scope.values]
        if query.tier:
            if query.tier not in tiers:
                return None
            where += " AND c.tier = ?"
            values.append(tiers.index(query.tier))
        if query.states:
            where += f" AND {STOOD} IN ({', '.join(str(state.value) for state in query.states)})"
        if query.area:
            where += " AND u.area LIKE ?"
            values.append(f"{_literal(query.area)}%")
        if query.words:
            where += " AND u.name LIKE ?"
            values.append(f"%{_literal(query.words)}%")
        return where, values

    def _rows(self, rows: Sequence[Any], tiers: Sequence[str]) -> list[CalleeRow]:
        outcomes = self.last_outcomes([row[0] for row in rows])
        held = self._held([row[0] for row in rows])
        return [
            CalleeRow(
                callee_id=row[0],
                unit_code=row[1],
                unit_name=row[2],
                path=superior_path(row[11:]),
                tier=tiers[row[3]],
                state=_STATES[row[9]],
                calls=row[5],
                last_outcome=outcomes.get(row[0], ""),
                opened_at=row[6],
                next_at=row[7],
                answered_at=row[8],
                held=held.get(row[0], ("", None))[0],
                held_until=held.get(row[0], ("", None))[1],
                stopped=_STATES[row[4]] is CalleeState.STOPPED,
            )
            for row in rows
        ]

    def row(self, callout_id: int, callee_id: int) -> CalleeRow:
        """One callee as in a list. NotFoundError when the call-out has none of that number, NotYoursError outside the scope."""
        tiers = self.tiers(callout_id)
        rows = self._sql.rows(
            f"""SELECT c.id, u.code, u.name, c.tier, c.state, c.calls, c.opened_at, c.next_at, c.answered_at, {STOOD},
            u.superior_id, s.name, s.level, t.name, t.level, v.name, v.level FROM callee c JOIN unit u ON u.id = c.unit_id
            LEFT JOIN unit s ON s.id = u.superior_id LEFT JOIN unit t ON t.id = s.superior_id
            LEFT JOIN unit v ON v.id = t.superior_id WHERE c.id = ? AND c.callout_id = ?""",
            callee_id,
            callout_id,
        )
        if not rows:
            raise NotFoundError(
                f"叫应 {callout_id} 里没有对象 {callee_id} / call-out {callout_id} has no callee {callee_id}"
            )
        self.require_callees(callout_id, [callee_id])
        return self._rows(rows, tiers)[0]

    def require_callees(self, callout_id: int, callee_ids: Sequence[int]) -> None:
        """NotYoursError unless every one of these callees is of the call-out and of the scope."""
        if len(self.mine(callout_id, callee_ids)) < len(set(callee_ids)):
            raise not_yours()

    def mine(self, callout_id: int, callee_ids: Sequence[int]) -> frozenset[int]:
        """Those of a call-out's callees that lie in the scope."""
        rows = self._sql.rows(
            f"SELECT c.id FROM callee c WHERE c.callout_id = ? AND c.id IN {{ids}}{self._scope.on('c.unit_id')}",
            callout_id,
            self._sql.ids(callee_ids),
            *self._scope.values,
        )
        return frozenset(row[0] for row in rows)

    def _held(self, callee_ids: Sequence[int]) -> Mapping[int, tuple[str, int | None]]:
        """Whose next call waits for the budget of a number: why, and until when."""
        rows = self._sql.rows(
            f"""SELECT ac.callee_id, a.held_why, a.held_until FROM attempt_callee ac
            JOIN attempt a ON a.id = ac.attempt_id WHERE ac.callee_id IN {{ids}}
            AND a.state = {AttemptState.READY.value} AND a.held_until IS NOT NULL""",
            self._sql.ids(callee_ids),
        )
        return {callee_id: (why or "", until) for callee_id, why, until in rows}

    def tiers(self, callout_id: int) -> list[str]:
        """The names of a call-out's tiers. NotFoundError when there is none."""
        return [each.name for each in self.plan(callout_id).tiers]

    def plan(self, callout_id: int) -> CallChain:
        """The frozen plan. NotFoundError when there is no such call-out."""
        return self._plan(self._plan_text(callout_id))

    def _plan_text(self, callout_id: int) -> str:
        text: str | None = self._sql.value("SELECT plan FROM callout WHERE id = ?", callout_id)
        if text is None:
            raise _not_found(callout_id)
        return text

    def last_outcomes(self, callee_ids: Sequence[int]) -> Mapping[int, str]:
        """The outcome of each callee's latest ended attempt."""
        latest: dict[int, tuple[int, int, str]] = {}
        for callee_id, ended_at, attempt_id, outcome in self._sql.rows(
            f"""SELECT ac.callee_id, a.ended_at, a.id, a.outcome FROM attempt_callee ac
            JOIN attempt a ON a.id = ac.attempt_id
            WHERE ac.callee_id IN {{ids}} AND a.state = {AttemptState.ENDED.value}""",
            self._sql.ids(callee_ids),
        ):
            ended = (ended_at or 0, attempt_id, outcome or "")
            latest[callee_id] = max(ended, latest.get(callee_id, ended))
        return {callee_id: ended[2] for callee_id, ended in latest.items()}

    def latest_attempts(self, callout_id: int, limit: int) -> Sequence[AttemptRow]:
        """See ReadModels.latest_attempts. What only waits has not begun and is not shown; a call that names its units is."""
        rows = [
            *self._sql.rows(
                f"{_BEGUN} WHERE a.callout_id = ? AND a.claimed_at IS NOT NULL {_LATEST}", callout_id, limit
            ),
            *self._sql.rows(
                f"{_BEGUN} WHERE a.id IN (SELECT id FROM ({_SHARED}) s) {_LATEST}",
                self._sql.ids([callout_id]),
                limit,
            ),
        ]
        rows = sorted(rows, key=lambda row: (row[7], row[0]), reverse=True)[:limit]
        names = self._unit_names([row[0] for row in rows])
        return [
            AttemptRow(
                id=row[0],
                unit_name="、".join(names[row[0]]),
                channel=Channel(row[1]),
                role=_ROLES.get(row[2]),
                masked=row[3] or "",
                state=AttemptState(row[4]),
                outcome=row[5] or "",
                due_at=row[6],
                claimed_at=row[7],
                ended_at=row[8],
                possible_duplicate=bool(row[9]),
            )
            for row in rows
        ]

    def _unit_names(self, attempt_ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """The units that each attempt names, in the order of their codes."""
        found: defaultdict[int, list[str]] = defaultdict(list)
        for attempt_id, name in self._sql.rows(
            """SELECT ac.attempt_id, u.name FROM attempt_callee ac JOIN callee c ON c.id = ac.callee_id
            JOIN unit u ON u.id = c.unit_id WHERE ac.attempt_id IN {ids} ORDER BY u.code""",
            self._sql.ids(attempt_ids),
        ):
            found[attempt_id].append(name)
        return found

    # --- the curve ----------------------------------------------------------------------------------------

    def curve(self, callout_id: int) -> Sequence[CurvePoint]:
        """See ReadModels.curve. A unit counts from its first answer, where it is counted; one that was waived has not answered."""
        rows = self._sql.rows(
            f"""SELECT max(answered_at), count(*) FROM callee WHERE callout_id = ? AND answered_at IS NOT NULL
            AND state NOT IN ({CalleeState.WAIVED.value}, {CalleeState.SUPERSEDED.value}){self._scope.on("unit_id")} GROUP BY answered_at / {SECOND} ORDER BY 1""",
            callout_id,
            *self._scope.values,
        )
        points: list[CurvePoint] = []
        answered = 0
        for at, count in rows:
            answered += count
            points.append(CurvePoint(at, answered))
        return thinned(points)


def thinned(points: Sequence[CurvePoint]) -> Sequence[CurvePoint]:
    """At most `MOST_POINTS` points at equal steps of time, the last of each step: every one of them stays true."""
    if len(points) <= MOST_POINTS:
        return points
    start, span = points[0].at, points[-1].at - points[0].at + 1
    by_step = {(point.at - start) * MOST_POINTS // span: point for point in points}
    return list(by_step.values())


_NOT_EVERYWHERE = (UnitKind.KEY_UNIT, UnitKind.OUTLET)
"""Kinds of units that many places do not have: a tier of them with nobody in it is not shown."""


_ORDERS: Mapping[CalleeOrder, str] = {
    CalleeOrder.NAME: "{unit}.name",
    CalleeOrder.TIER: "{callee}.tier",
    CalleeOrder.STATE: stood("{callee}"),
    CalleeOrder.CALLS: "{callee}.calls",
    CalleeOrder.OPENED: "{callee}.opened_at",
    CalleeOrder.ANSWERED: "{callee}.answered_at",
}


def ordered(query: CalleeQuery, unit: str = "u", callee: str = "c") -> str:
    """What a list is sorted by, of these tables; what has no value comes last either way, and equals by their code."""
    way = " DESC" if query.descending else ""
    if query.order not in _ORDERS:
        return f"{unit}.code{way}"
    column = _ORDERS[query.order].format(unit=unit, callee=callee)
    return f"CASE WHEN {column} IS NULL THEN 1 ELSE 0 END, {column}{way}, {unit}.code"


def _literal(words: str) -> str:
    """Words as a pattern that means only themselves: the two signs of a pattern, and none beside them."""
    return words.replace("%", "").replace("_", "")


def superior_path(superiors: Sequence[Any]) -> str:
    """Name, level, name, level … from the nearest up, as "临县 白文镇": nearest last, the city left out."""
    pairs = zip(superiors[::2], superiors[1::2], strict=True)
    return " ".join(reversed([name for name, level in pairs if name is not None and level != _CITY]))


def _tier_view(
    name: str, title: Mapping[str, str], opened_at: int | None, counts: Mapping[CalleeState, int]
) -> TierView:
    by_name = {state.name.lower(): counts.get(state, 0) for state in _SHOWN}
    return TierView(name=name, title=title, opened_at=opened_at, callees=sum(by_name.values()), **by_name)


def _not_found(callout_id: int) -> NotFoundError:
    return NotFoundError(f"没有叫应 {callout_id} / there is no call-out {callout_id}")
