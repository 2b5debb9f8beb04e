"""What the officers' console shows of a call-out: shares by county and township, and one unit's whole story.

Shares are one grouped query whatever the number of units; a story is a handful of look-ups by key.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.console_views import (
    ActLine,
    AnswerLine,
    ClearLine,
    EndpointLine,
    OwnCallee,
    PersonLine,
    SeenElsewhere,
    ShareRow,
    TriedLine,
    UnitStory,
)
from warning_dispatch.model.states import AttemptState, BranchState, CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import CODE_LENGTH, Channel, Role, UnitKind, UnitLevel
from warning_dispatch.model.views import AlarmRow, CalleeRow
from warning_dispatch.ports import Sealer
from warning_dispatch.store.reading_alarms import alarms_of_unit
from warning_dispatch.store.register import NAME_CONTEXT, NUMBER_CONTEXT
from warning_dispatch.store.scope_sql import EVERYTHING, Scope
from warning_dispatch.store.sql import Sql, marks
from warning_dispatch.store.stood_sql import STOOD, duty_stood, stood

S = CalleeState
_STATES = {state.value: state for state in S}
_ROLES = {role.value: role for role in Role}
_COUNTY, _TOWNSHIP = CODE_LENGTH[UnitLevel.COUNTY], CODE_LENGTH[UnitLevel.TOWNSHIP]
_BELOW = {_COUNTY: _TOWNSHIP, _TOWNSHIP: CODE_LENGTH[UnitLevel.VILLAGE]}
"""Digits of a division → digits of those directly below it."""
TRIES_SHOWN = 200
"""Attempts of one unit, newest first."""
ACTS_SHOWN = 500
"""Blocks of the journal that are opened for an officer's acts."""
_MEMBERS = (
    (S.ACKNOWLEDGED, S.DUTY_ANSWERED),
    (S.CALLING, S.RELAYED),
    (S.UNCALLED, S.UNANSWERED, S.UNCONFIRMED),
    (S.WAITING,),
    (S.WAIVED, S.INFORMED),
    (S.STOPPED,),
)
"""Answered, calling, unreached, waiting, excused, stopped: the groups a person looks for."""
RowOf = Callable[[int, int], CalleeRow]
"""(call-out, callee) → its row in a list."""


class ConsolePictures:
    """Reads on one connection."""

    def __init__(self, sql: Sql, row_of: RowOf, scope: Scope = EVERYTHING) -> None:
        """`row_of` reads one callee as a row of a list; NotFoundError when there is none, NotYoursError outside the scope."""
        self._sql = sql
        self._row_of = row_of
        self._scope = scope

    # --- shares -------------------------------------------------------------------------------------------

    def shares(self, callout_id: int, below: str) -> Sequence[ShareRow]:
        """See ConsoleView.shares."""
        digits = _BELOW.get(len(below), _TOWNSHIP) if below else _COUNTY
        part = f"substr(u.area, 1, {digits})"
        where, values = (" AND u.area LIKE ?", [f"{below}%"]) if below.isdecimal() else ("", [])
        counts: defaultdict[str, dict[CalleeState, int]] = defaultdict(dict)
        for code, state, count in self._sql.rows(
            f"""SELECT {part}, {STOOD}, count(*) FROM callee c JOIN unit u ON u.id = c.unit_id
            WHERE c.callout_id = ? AND c.state <> {S.SUPERSEDED.value} AND length(u.area) >= {_COUNTY}{where}
            {self._scope.on("c.unit_id")} GROUP BY 1, 2""",
            callout_id,
            *values,
            *self._scope.values,
        ):
            counts[code][_STATES[state]] = count
        names = dict(
            self._sql.rows(f"SELECT code, name FROM unit WHERE code IN ({marks(tuple(counts))})", *counts)
            if counts
            else ()
        )
        return [_share(code, names.get(code, code), counts[code], own=code == below) for code in sorted(counts)]

    def reached(self, callout_id: int, outcomes: Sequence[str]) -> Mapping[int, tuple[int, int]]:
        """Tier → units to whom something was handed over, and to whom something got through (`outcomes` prove it of a call)."""
        through = f"a.delivered_at IS NOT NULL OR a.outcome IN ({marks(outcomes)})"
        rows = self._sql.rows(
            f"""SELECT tier, count(*), sum(got) FROM (SELECT c.tier AS tier, c.id,
              max(CASE WHEN {through} THEN 1 ELSE 0 END) AS got FROM callee c
              JOIN attempt_callee ac ON ac.callee_id = c.id JOIN attempt a ON a.id = ac.attempt_id
              WHERE c.callout_id = ? AND a.handed_at IS NOT NULL AND c.state <> {S.SUPERSEDED.value}
              {self._scope.on("c.unit_id")} GROUP BY c.tier, c.id) t GROUP BY tier""",
            *outcomes,
            callout_id,
            *self._scope.values,
        )
        return {tier: (handed, int(got)) for tier, handed, got in rows}

    # --- one unit -----------------------------------------------------------------------------------------

    def story(self, callout_id: int, callee_id: int) -> UnitStory:
        """See ConsoleView.story."""
        row = self._row_of(callout_id, callee_id)
        found = self._sql.one(
            f"""SELECT u.id, u.level, u.area, c.unreached_at, c.heard, b.state, b.gate_at, b.opened_by, s.id, su.name,
            {stood("s")} FROM callee c JOIN unit u ON u.id = c.unit_id JOIN branch b ON b.id = c.branch_id
            LEFT JOIN callee s ON s.id = b.superior_callee_id LEFT JOIN unit su ON su.id = s.unit_id WHERE c.id = ?""",
            callee_id,
        )
        superior: Sequence[Any] = found[8:11] if found[8] and self._holds(found[8]) else (None, "", 0)
        below = self._sql.one(
            f"""SELECT coalesce(sum(total), 0), coalesce(sum(answered), 0),
            coalesce(sum(CASE WHEN state = {BranchState.WAITING.value} THEN 1 ELSE 0 END), 0)
            FROM branch WHERE superior_callee_id = ?""",
            callee_id,
        )
        stood_below: int = self._sql.value(  # the kept count of answers is the gate's: whoever was stopped has left it
            f"""SELECT count(*) FROM branch b JOIN callee c ON c.branch_id = b.id
            WHERE b.superior_callee_id = ? AND {duty_stood("c")}""",
            callee_id,
        )
        return UnitStory(
            row=row,
            level=UnitLevel(found[1]),
            area=found[2],
            callout_id=callout_id,
            unreached_at=found[3],
            heard=found[4],
            branch_state=BranchState(found[5]),
            gate_at=found[6],
            opened_by=found[7] or "",
            superior_callee=superior[0],
            superior_name=superior[1] or "",
            superior_state=_STATES.get(superior[2]),
            below=int(below[0]),
            below_answered=int(below[1]) + stood_below,
            shut_below=int(below[2]),
            people=self._people(found[0]),
            tries=self._tries(callee_id),
            answers=self._answers(callee_id),
            acts=self.acts(callout_id, row.unit_code),
            alarms=self._alarms(found[0], callout_id),
            elsewhere=self._elsewhere(found[0], callout_id),
        )

    def _holds(self, callee_id: int) -> bool:
        """Whether a callee lies in the scope."""
        return bool(
            self._sql.one(
                f"SELECT 1 FROM callee c WHERE c.id = ?{self._scope.on('c.unit_id')}", callee_id, *self._scope.values
            )
        )

    def _people(self, unit_id: int) -> tuple[PersonLine, ...]:
        endpoints: defaultdict[int, list[EndpointLine]] = defaultdict(list)
        for receiver_id, channel, masked, usable, finding, proved_at in self._sql.rows(
            """SELECT e.receiver_id, e.channel, n.masked, e.usable, e.finding, e.proved_at FROM endpoint e
            JOIN number n ON n.id = e.number_id WHERE e.unit_id = ? AND e.valid_until IS NULL
            ORDER BY e.receiver_id, e.channel, e.rank, e.id""",
            unit_id,
        ):
            endpoints[receiver_id].append(EndpointLine(Channel(channel), masked, bool(usable), finding, proved_at))
        return tuple(
            PersonLine(key, _ROLES[role], post, tuple(endpoints.get(key, ())))
            for key, role, post in self._sql.rows(
                "SELECT id, role, post FROM receiver WHERE unit_id = ? AND valid_until IS NULL ORDER BY role, rank, id",
                unit_id,
            )
        )

    def _tries(self, callee_id: int) -> tuple[TriedLine, ...]:
        """What has gone, or still waits; what was dropped before it went is no event of anybody's."""
        rows = self._sql.rows(
            f"""SELECT a.id, a.channel, a.purpose, a.role, n.masked, a.state, a.route, a.outcome, a.due_at, a.claimed_at,
            a.handed_at, a.delivered_at, a.ended_at, a.possible_duplicate FROM attempt_callee ac
            JOIN attempt a ON a.id = ac.attempt_id LEFT JOIN number n ON n.id = a.number_id
            WHERE ac.callee_id = ? AND a.state <> {AttemptState.DROPPED.value}
            ORDER BY coalesce(a.claimed_at, a.due_at) DESC, a.id DESC LIMIT {TRIES_SHOWN}""",
            callee_id,
        )
        return tuple(
            TriedLine(
                id=row[0],
                channel=Channel(row[1]),
                purpose=Purpose(row[2]),
                role=_ROLES.get(row[3]),
                masked=row[4] or "",
                state=AttemptState(row[5]),
                route=row[6] or "",
                outcome=row[7] or "",
                due_at=row[8],
                claimed_at=row[9],
                handed_at=row[10],
                delivered_at=row[11],
                ended_at=row[12],
                possible_duplicate=bool(row[13]),
            )
            for row in rows
        )

    def _answers(self, callee_id: int) -> tuple[AnswerLine, ...]:
        return tuple(
            AnswerLine(at, Means(means), _ROLES.get(role), actor, reason, bool(counted))
            for at, means, role, actor, reason, counted in self._sql.rows(
                "SELECT at, means, role, actor, reason, counted FROM acknowledgement WHERE callee_id = ? ORDER BY id",
                callee_id,
            )
        )

    def acts(self, callout_id: int, unit_code: str) -> tuple[ActLine, ...]:
        """Officers' acts on the call-out and on a unit of it, oldest first, out of the journal."""
        found: list[ActLine] = []
        blocks = self._sql.rows(
            "SELECT at, body FROM journal_block WHERE stream = ? AND body LIKE ? ORDER BY seq DESC LIMIT ?",
            f"callout:{callout_id}",
            '%"k":"act"%',
            ACTS_SHOWN,
        )
        for at, body in reversed(blocks):
            found += [
                ActLine(at, entry["act"], entry["actor"], entry["why"], entry["unit"])
                for entry in json.loads(body)
                if entry.get("k") == "act" and entry.get("unit") in ("", unit_code)
            ]
        return tuple(found)

    def _alarms(self, unit_id: int, callout_id: int) -> tuple[AlarmRow, ...]:
        return alarms_of_unit(self._sql, unit_id, callout_id)

    def _elsewhere(self, unit_id: int, callout_id: int) -> tuple[SeenElsewhere, ...]:
        rows = self._sql.rows(
            f"""SELECT o.id, c.id, o.hazard, o.colour, o.state, {STOOD} FROM callee c JOIN callout o ON o.id = c.callout_id
            WHERE c.unit_id = ? AND o.id <> ? AND o.purpose <> {Purpose.SELF.value} ORDER BY o.id DESC LIMIT 10""",
            unit_id,
            callout_id,
        )
        return tuple(
            SeenElsewhere(row[0], row[1], row[2], Colour(row[3]), CallOutState(row[4]), _STATES[row[5]]) for row in rows
        )

    def in_clear(self, callout_id: int, callee_id: int, sealer: Sealer) -> Sequence[ClearLine]:
        """See ConsoleView.in_clear."""
        self._row_of(callout_id, callee_id)
        unit_id: int = self._sql.value("SELECT unit_id FROM callee WHERE id = ?", callee_id)
        addresses: defaultdict[int, list[tuple[Channel, str]]] = defaultdict(list)
        for receiver_id, channel, sealed in self._sql.rows(
            """SELECT e.receiver_id, e.channel, n.sealed FROM endpoint e JOIN number n ON n.id = e.number_id
            WHERE e.unit_id = ? AND e.valid_until IS NULL ORDER BY e.channel, e.rank, e.id""",
            unit_id,
        ):
            addresses[receiver_id].append((Channel(channel), sealer.unseal(sealed, NUMBER_CONTEXT).decode()))
        return [
            ClearLine(_ROLES[role], sealer.unseal(name, NAME_CONTEXT).decode(), post, tuple(addresses.get(key, ())))
            for key, role, name, post in self._sql.rows(
                """SELECT id, role, name_sealed, post FROM receiver WHERE unit_id = ? AND valid_until IS NULL
                ORDER BY role, rank, id""",
                unit_id,
            )
        ]


def seen_by(sql: Sql, callout_ids: Sequence[int]) -> Mapping[int, tuple[int, str]]:
    """See ConsoleView.seen_by."""
    return {
        key: (at, by)
        for key, at, by in sql.rows(
            "SELECT id, seen_at, seen_by FROM callout WHERE id IN {ids} AND seen_at IS NOT NULL", sql.ids(callout_ids)
        )
    }


def division_names(sql: Sql, scope: Scope, level: UnitLevel, below: str) -> Sequence[tuple[str, str]]:
    """See ConsoleView.divisions."""
    return [
        (code, name)
        for code, name in sql.rows(
            f"""SELECT code, name FROM unit WHERE kind = ? AND level = ? AND area LIKE ? AND valid_until IS NULL
            {scope.on("id")} ORDER BY code""",
            UnitKind.DIVISION.value,
            level.value,
            f"{below}%" if below.isdecimal() else "%",
            *scope.values,
        )
    ]


def own_callees(sql: Sql, scope: Scope, callout_ids: Sequence[int]) -> Mapping[int, tuple[OwnCallee, ...]]:
    """See ConsoleView.own."""
    found: defaultdict[int, tuple[OwnCallee, ...]] = defaultdict(tuple)
    if scope.whole:
        return found
    for callout_id, callee_id, name, state in sql.rows(
        f"""SELECT c.callout_id, c.id, u.name, {STOOD} FROM unit u JOIN callee c ON c.unit_id = u.id
        WHERE u.code IN ({marks(scope.values)}) AND c.callout_id IN {{ids}} ORDER BY u.code""",
        *scope.values,
        sql.ids(callout_ids),
    ):
        found[callout_id] = (*found[callout_id], OwnCallee(callee_id, name, _STATES[state]))
    return found


def _share(code: str, name: str, counts: Mapping[CalleeState, int], *, own: bool) -> ShareRow:
    answered, calling, unreached, waiting, excused, stopped = (
        sum(counts.get(state, 0) for state in states) for states in _MEMBERS
    )
    return ShareRow(
        code=code,
        name=name,
        callees=sum(counts.values()),
        answered=answered,
        calling=calling,
        unreached=unreached,
        waiting=waiting,
        excused=excused,
        stopped=stopped,
        own=own,
    )
