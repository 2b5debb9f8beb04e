"""应急联动 as pictures: what a link's units are asked, and what a call-out's units have reported, added up by place.

Grouped statements and what was reported, never a look-up per unit: a county's page costs the same with twenty villages
as with two thousand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy
from pydantic import TypeAdapter

from warning_dispatch.configuration.response import response_from_json
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.feedback import Feedback
from warning_dispatch.model.moved import MovedWord, counts_itself, told_once
from warning_dispatch.model.response import (
    AreaSum,
    AskedItem,
    AskedList,
    AskedUnit,
    ResponseOverview,
    Step,
    Tick,
    UnitReport,
    Words,
    has_answered,
)
from warning_dispatch.model.states import CalleeState, CallOutState, Stage
from warning_dispatch.model.unit import CODE_LENGTH, UnitKind, UnitLevel
from warning_dispatch.model.views import LinkUnit
from warning_dispatch.ports import ReadModels, Sealer
from warning_dispatch.response.counties import silent
from warning_dispatch.response.measures import due_since
from warning_dispatch.response.sums import Asking, Group, Line, Reported, by_measure, sum_up
from warning_dispatch.store.database import reading
from warning_dispatch.store.feedback_rows import FEEDBACK_CONTEXT
from warning_dispatch.store.response_rows import REMARK_CONTEXT, ResponseTable
from warning_dispatch.store.selection_sql import ends_of
from warning_dispatch.store.sql import Sql
from warning_dispatch.store.stood_sql import STOOD

MOST_OFFICES = 500
_ANSWERED = f"{CalleeState.ACKNOWLEDGED.value}, {CalleeState.DUTY_ANSWERED.value}"
_GONE = ", ".join(str(one.value) for one in (CalleeState.WAIVED, CalleeState.STOPPED, CalleeState.INFORMED))
_UNASKED = f"{CalleeState.WAIVED.value}, {CalleeState.INFORMED.value}"
_ASKED = f"{STOOD} IN ({_ANSWERED}) OR c.opened_at IS NOT NULL AND c.state NOT IN ({_UNASKED})"
"""Who was called for an answer, also where an end came first; whoever answered before its gate opened was asked too."""
_CALLED = f"c.opened_at IS NOT NULL AND {STOOD} NOT IN ({_GONE})"
_OURS = f"u.kind NOT IN ('{UnitKind.OUTLET.value}', '{UnitKind.BUREAU.value}')"
_HERE = f"c.state <> {CalleeState.SUPERSEDED.value}"
"""Whom a newer round took over is counted there, with what it has done and what it owes."""
_FEEDBACK = TypeAdapter(Feedback)
_LENGTHS = sorted(CODE_LENGTH.values())
_TOP = _LENGTHS[0]


@dataclass(slots=True)
class _Heard:
    """What was reported of a unit while the rows are being read."""

    code: str
    line: Line
    opened_at: int | None
    at: int
    on_post: bool = False
    moved: int | None = None
    moved_by: tuple[int | None, int] = (None, 0)
    """Who said it, and when."""
    danger: bool = False
    done: set[str] = field(default_factory=set)


class ResponseTables:
    """response_ports.ResponseReadings."""

    def __init__(self, database: sqlalchemy.Engine, sealer: Sealer, read: ReadModels, now: Callable[[], int]) -> None:
        """`read` has the links; `now` in ms."""
        self._database = database
        self._sealer = sealer
        self._read = read
        self._now = now

    # --- one person, one unit -----------------------------------------------------------------------------

    def asked(self, token: str) -> AskedList | None:
        """See the port."""
        view = self._read.link(token)
        if view.own:
            return None
        with reading(self._database) as connection:
            sql = Sql(connection)
            asking = self._asking(sql, view.callout_id)
            if asking is None:
                return None
            units = tuple(one for one in self._units(sql, asking, view.callout_id, view.units) if one.items)
            codes = _places(sql, [one.callee_id for one in units if one.answered])
        is_open = view.callout_state is not CallOutState.SUPERSEDED
        below = self.sum_of(view.callout_id, codes) if codes else None
        return AskedList(view.callout_id, asking.stage, is_open, units, below) if units else None

    def asked_of_unit(self, callout_id: int, callee_id: int) -> AskedUnit | None:
        """See the port."""
        with reading(self._database) as connection:
            sql = Sql(connection)
            asking = self._asking(sql, callout_id)
            row = sql.one(
                f"""SELECT u.name, {STOOD} IN ({_ANSWERED}) FROM callee c JOIN unit u ON u.id = c.unit_id
                WHERE c.id = ? AND c.callout_id = ?""",
                callee_id,
                callout_id,
            )
            if asking is None or row is None:
                return None
            lines = _lines(sql, callout_id, [callee_id])
            items = self._items(sql, asking, [callee_id], lines).get(callee_id, ())
        return AskedUnit(callee_id, row[0], "", bool(row[1]), items) if items else None

    def _units(self, sql: Sql, asking: Asking, callout_id: int, units: Sequence[LinkUnit]) -> list[AskedUnit]:
        ids = [one.callee_id for one in units]
        items = self._items(sql, asking, ids, _lines(sql, callout_id, ids))
        return [
            AskedUnit(one.callee_id, one.name, one.path, has_answered(one), items.get(one.callee_id, ()))
            for one in units
        ]

    def _items(
        self, sql: Sql, asking: Asking, ids: Sequence[int], lines: Mapping[int, tuple[Line, int | None]]
    ) -> Mapping[int, tuple[AskedItem, ...]]:
        ticks: dict[tuple[int, str], Tick] = {}
        for callee_id, action, at, actor, sealed in sql.rows(
            "SELECT callee_id, action, at, actor, sealed FROM action_done WHERE callee_id IN {ids}", sql.ids(ids)
        ):
            remark = self._sealer.unseal(bytes(sealed), REMARK_CONTEXT).decode() if sealed else ""
            ticks[callee_id, action] = Tick(action, at, remark, actor)
        within = asking.plan.within if asking.plan else 0
        found: defaultdict[int, list[AskedItem]] = defaultdict(list)
        for callee_id, (line, opened_at) in lines.items():
            for action in asking.owed(line):
                tick = ticks.get((callee_id, action.id))
                entered = asking.entered.get(action.stage)
                due = None if entered is None else due_since(entered, opened_at, within)
                late = tick is None and due is not None and due <= asking.now
                found[callee_id].append(AskedItem(action, tick, due, late))
        return {callee_id: tuple(items) for callee_id, items in found.items()}

    def _asking(self, sql: Sql, callout_id: int) -> Asking | None:
        """What the call-out asks now; None where nothing is configured."""
        record = ResponseTable(sql, self._sealer).load(callout_id)
        if record is None:
            return None
        return Asking(response_from_json(record.plan), record.stage, _entered(_steps(sql, callout_id)), self._now())

    # --- everybody, by place ------------------------------------------------------------------------------

    def sum_of(self, callout_id: int, codes: Sequence[str]) -> AreaSum:
        """See the port."""
        with reading(self._database) as connection:
            sql = Sql(connection)
            asking = self._asking(sql, callout_id) or _nothing(self._now())
            sums: list[AreaSum] = []
            for code in codes:
                groups, heard = self._groups(sql, asking, callout_id, code, len(code)), _heard(sql, callout_id, code)
                sums += sum_up(asking, groups, _reported(asking, heard), {}, len(code))
        return _added(codes[0] if len(codes) == 1 else "", "", sums)

    def overview(self, callout_id: int, below: str = "", *, words: int = 0) -> ResponseOverview:
        """See the port."""
        with reading(self._database) as connection:
            sql = Sql(connection)
            if sql.value("SELECT 1 FROM callout WHERE id = ?", callout_id) is None:
                what = f"没有叫应 {callout_id} / there is no call-out {callout_id}"
                raise NotFoundError(what)
            asking = self._asking(sql, callout_id) or _nothing(self._now())
            scope = below if len(below) in _LENGTHS[1:] else ""
            heard = _heard(sql, callout_id, scope)
            digits = next((one for one in _LENGTHS if one > max(len(scope), _TOP)), _LENGTHS[-1])
            groups = self._groups(sql, asking, callout_id, scope, digits)
            reported = _reported(asking, heard)
            names = _names(sql, callout_id)
            areas = sum_up(asking, groups, reported, names, digits)
            whole = sum_up(asking, groups, reported, names, len(scope) or _TOP)
            total = _added(scope, names.get(scope, ""), whole)
            return ResponseOverview(
                callout_id=callout_id,
                below=scope,
                path=tuple(
                    (scope[:one], names.get(scope[:one], scope[:one])) for one in _LENGTHS[1:] if one <= len(scope)
                ),
                stage=asking.stage,
                steps=tuple(_steps(sql, callout_id)),
                total=total,
                areas=self._with_silent(sql, asking, callout_id, areas),
                measures=by_measure(asking, groups, reported),
                offices=tuple(_offices(sql, asking, callout_id, scope, digits, heard)),
                words=tuple(self._words(sql, callout_id, scope, words, names)) if words else (),
            )

    def _with_silent(self, sql: Sql, asking: Asking, callout_id: int, areas: Sequence[AreaSum]) -> tuple[AreaSum, ...]:
        """The counties that should have reported by now are marked."""
        after = asking.plan.report_after if asking.plan else None
        if after is None:
            return tuple(areas)
        late, _ = silent(ResponseTable(sql, self._sealer).counties(callout_id), asking.now, after)
        rows = sql.rows("SELECT code FROM unit WHERE id IN {ids}", sql.ids(late))
        codes = {row[0] for row in rows}
        return tuple(replace(one, silent=one.code in codes) for one in areas)

    def _groups(self, sql: Sql, asking: Asking, callout_id: int, scope: str, digits: int) -> list[Group]:
        place = f"substr(u.area, 1, {int(digits)})"
        rows = sql.rows(
            f"""SELECT {place}, u.kind, u.level, u.sector,
              sum(CASE WHEN {_ASKED} THEN 1 ELSE 0 END),
              sum(CASE WHEN {STOOD} IN ({_ANSWERED}) THEN 1 ELSE 0 END),
              sum(CASE WHEN {_CALLED} THEN 1 ELSE 0 END),
              sum(CASE WHEN {_CALLED} AND c.opened_at <= ? THEN 1 ELSE 0 END)
            FROM callee c JOIN unit u ON u.id = c.unit_id
            WHERE c.callout_id = ? AND {_HERE} AND {_OURS} AND u.area >= ? AND u.area < ?
            GROUP BY {place}, u.kind, u.level, u.sector""",
            asking.called_before,
            callout_id,
            *ends_of(scope),
        )
        return [
            Group(row[0], Line(UnitKind(row[1]), UnitLevel(row[2]), row[3]), *(int(count) for count in row[4:]))
            for row in rows
        ]

    def _words(self, sql: Sql, callout_id: int, scope: str, limit: int, names: Mapping[str, str]) -> list[Words]:
        """What was written: dangers first, then the newest first."""
        found = []
        for at, code, name, kind, sealed in sql.rows(
            """SELECT f.at, u.code, u.name, u.kind, f.sealed FROM callee c JOIN feedback f ON f.callee_id = c.id
            JOIN unit u ON u.id = c.unit_id WHERE c.callout_id = ? AND u.area >= ? AND u.area < ?
            ORDER BY f.danger DESC, f.at DESC, f.id DESC LIMIT ?""",
            callout_id,
            *ends_of(scope),
            limit,
        ):
            said = _FEEDBACK.validate_json(self._sealer.unseal(bytes(sealed), FEEDBACK_CONTEXT))
            if said.measures or said.dangers:
                above = [code[:one] for one in _LENGTHS[1:] if one < len(code) and kind == UnitKind.DIVISION.value]
                path = "".join(names.get(one, "") for one in above)
                found.append(Words(at, code, path, name, said.measures, said.dangers))
        return found


def _nothing(now: int) -> Asking:
    return Asking(None, Stage.NONE, {}, now)


def _places(sql: Sql, callee_ids: Sequence[int]) -> list[str]:
    """Codes of the counties and townships among these callees."""
    rows = sql.rows(
        f"""SELECT u.code FROM callee c JOIN unit u ON u.id = c.unit_id WHERE c.id IN {{ids}} AND u.kind = ?
        AND u.level IN ({UnitLevel.COUNTY.value}, {UnitLevel.TOWNSHIP.value}) ORDER BY u.code""",
        sql.ids(callee_ids),
        UnitKind.DIVISION.value,
    )
    return [row[0] for row in rows]


def _steps(sql: Sql, callout_id: int) -> list[Step]:
    rows = sql.rows("SELECT stage, at, actor, reason FROM response_step WHERE callout_id = ? ORDER BY id", callout_id)
    return [Step(Stage(stage), at, actor, reason) for stage, at, actor, reason in rows]


def _entered(steps: Sequence[Step]) -> Mapping[Stage, int]:
    """Stage → from when its measures have been asked without a break; one that is entered asks for those before it too."""
    entered: dict[Stage, int] = {}
    for step in steps:
        entered = {stage: at for stage, at in entered.items() if stage <= step.stage}
        for stage in Stage:
            if stage is not Stage.NONE and stage <= step.stage:
                entered.setdefault(stage, step.at)
    return entered


def _lines(sql: Sql, callout_id: int, callee_ids: Sequence[int]) -> Mapping[int, tuple[Line, int | None]]:
    rows = sql.rows(
        """SELECT c.id, u.kind, u.level, u.sector, c.opened_at FROM callee c JOIN unit u ON u.id = c.unit_id
        WHERE c.id IN {ids} AND c.callout_id = ?""",
        sql.ids(callee_ids),
        callout_id,
    )
    return {row[0]: (Line(UnitKind(row[1]), UnitLevel(row[2]), row[3]), row[4]) for row in rows}


def _names(sql: Sql, callout_id: int) -> Mapping[str, str]:
    """Names of the divisions above villages that are called, and of the city."""
    rows = sql.rows(
        f"""SELECT u.code, u.name FROM unit u WHERE u.kind = ? AND u.valid_until IS NULL
        AND (u.level < {UnitLevel.VILLAGE.value} OR EXISTS (SELECT 1 FROM callee c
          WHERE c.callout_id = ? AND c.unit_id = u.id))""",
        UnitKind.DIVISION.value,
        callout_id,
    )
    return {row[0]: row[1] for row in rows}


def _heard(sql: Sql, callout_id: int, scope: str) -> Mapping[int, _Heard]:
    """Whoever has reported anything."""
    found: dict[int, _Heard] = {}

    def one(row: Sequence[Any], at: int) -> _Heard:
        line = Line(UnitKind(row[2]), UnitLevel(row[3]), row[4])
        heard = found.setdefault(row[0], _Heard(row[1], line, row[5], at))
        heard.at = min(heard.at, at)
        return heard

    who = "c.id, u.area, u.kind, u.level, u.sector, c.opened_at"
    within = "u.area >= ? AND u.area < ?"
    for row in sql.rows(
        f"""SELECT {who}, f.at, f.on_post, f.moved, f.danger, f.receiver_id FROM callee c JOIN feedback f ON f.callee_id = c.id
        AND f.by_reply = 0
        JOIN unit u ON u.id = c.unit_id WHERE c.callout_id = ? AND {_HERE} AND {within} ORDER BY f.at, f.id""",
        *(callout_id, *ends_of(scope)),
    ):
        heard = one(row, row[6])
        heard.on_post = heard.on_post or bool(row[7])
        if row[8] is not None:
            heard.moved, heard.moved_by = row[8], (row[10], row[6])
        heard.danger = heard.danger or bool(row[9])
    for row in sql.rows(
        f"""SELECT {who}, a.at, a.action FROM action_done a JOIN callee c ON c.id = a.callee_id
        JOIN unit u ON u.id = c.unit_id WHERE a.callout_id = ? AND {_HERE} AND {within}""",
        *(callout_id, *ends_of(scope)),
    ):
        one(row, row[6]).done.add(row[7])
    _count_once(found)
    return found


def _count_once(heard: Mapping[int, _Heard]) -> None:
    """People count with the first of the units that one report speaks of."""
    words = [
        MovedWord(key, one.code, counts_itself(one.line.kind, one.line.level), *one.moved_by, one.moved)
        for key, one in heard.items()
        if one.moved is not None
    ]
    first = {one.callee_id for one in told_once(words)}
    for key, one in heard.items():
        if key not in first:
            one.moved = None


def _reported(asking: Asking, heard: Mapping[int, _Heard]) -> list[Reported]:
    before = asking.called_before
    return [
        Reported(
            callee_id=callee_id,
            area=one.code,
            line=one.line,
            early=one.opened_at is not None and one.opened_at <= before,
            at=one.at,
            on_post=one.on_post,
            moved=one.moved,
            danger=one.danger,
            done=frozenset(one.done),
        )
        for callee_id, one in heard.items()
    ]


def _offices(
    sql: Sql, asking: Asking, callout_id: int, scope: str, digits: int, heard: Mapping[int, _Heard]
) -> list[UnitReport]:
    """The place's own offices, the divisions one level down, and key units below; in the order of their codes."""
    rows = sql.rows(
        f"""SELECT c.id, u.code, u.name, u.kind, u.level, u.sector, {STOOD}, c.opened_at FROM callee c
        JOIN unit u ON u.id = c.unit_id WHERE c.callout_id = ? AND {_HERE} AND {_OURS} AND u.area >= ? AND u.area < ?
        AND (u.kind = ? OR length(u.area) <= ? AND u.kind <> ? OR u.kind = ? AND length(u.area) <= ?)
        ORDER BY u.level, u.kind, u.code LIMIT {MOST_OFFICES}""",
        callout_id,
        *ends_of(scope),
        UnitKind.KEY_UNIT.value,
        len(scope) or _TOP,
        UnitKind.DIVISION.value,
        UnitKind.DIVISION.value,
        digits,
    )
    found = []
    for callee_id, code, name, kind, level, sector, state, opened_at in rows:
        line = Line(UnitKind(kind), UnitLevel(level), sector)
        owed = {one.id for one in asking.owed(line)} if opened_at is not None else set()
        one = heard.get(callee_id)
        done = one.done & owed if one else set()
        early = opened_at is not None and opened_at <= asking.called_before
        found.append(
            UnitReport(
                callee_id,
                code,
                name,
                line.kind,
                line.level,
                sector,
                CalleeState(state),
                done=len(done),
                owed=len(owed),
                late=len((asking.due(line) & owed) - done) if early else 0,
                reported_at=one.at if one else None,
                on_post=bool(one and one.on_post),
                moved=one.moved if one else None,
                danger=bool(one and one.danger),
            )
        )
    return found


def _added(code: str, name: str, sums: Sequence[AreaSum]) -> AreaSum:
    """Rows of different places as one."""
    counts = ("units", "answered", "reported", "on_post", "moved", "dangers", "done", "owed", "late")
    moments = [one.own_at for one in sums if one.own_at is not None]
    return AreaSum(
        code,
        name,
        **{key: sum(getattr(one, key) for one in sums) for key in counts},
        own_at=min(moments, default=None),
    )
