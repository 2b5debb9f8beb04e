"""叫应记录表: a call-out as its record has it. A dozen statements whatever the number of units.

What the rows keep is read from the rows; what they forget once it is over (who was unreached in between, what officers
did) is read from the journal, in one go.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from warning_dispatch.engine.ranges import from_ranges
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.record_views import (
    Answer,
    JournalMark,
    RecordAct,
    RecordFeedback,
    RecordForm,
    RecordHead,
    RecordTier,
    RecordUnit,
    Unreached,
    Verdict,
)
from warning_dispatch.model.states import UNREACHED, AttemptState, CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import CODE_LENGTH, Channel, Role, UnitKind, UnitLevel
from warning_dispatch.ports import Sealer
from warning_dispatch.store.feedback_rows import unsealed
from warning_dispatch.store.reading_alerts import content_of_alert
from warning_dispatch.store.register import NAME_CONTEXT, NUMBER_CONTEXT
from warning_dispatch.store.sql import Sql, marks
from warning_dispatch.store.stood_sql import STOOD

_ROLES = {role.value: role for role in Role}
_STATES = {state.value: state for state in CalleeState}
_NAMED_STATES = {state.name: state for state in UNREACHED}
_COUNTY, _TOWNSHIP = CODE_LENGTH[UnitLevel.COUNTY], CODE_LENGTH[UnitLevel.TOWNSHIP]
_CHINESE = "zh_CN"
HASH_DIGITS: Final = 16
_ACTS: Final = frozenset({"act", "seen", "receiver.added", "list.written", "record.exported", "callout.judged"})
"""What people did to a call-out as a whole or to a unit; answers stand with their units."""
_HEAD = f"""SELECT o.id, o.round, o.chain_id, o.purpose, o.state, o.hazard, o.colour, a.headline, a.identifier, a.sender,
 i.name, a.sent, o.started_at, o.ended_at, a.sealed, o.plan, o.seen_at, o.seen_by, o.verdict, o.verdict_by, o.verdict_at
 FROM callout o LEFT JOIN alert a ON a.id = o.alert_id LEFT JOIN unit i ON i.code = o.issuer_area
 WHERE o.id = ? AND o.purpose <> {Purpose.SELF.value}"""
_BELOW = """WITH RECURSIVE below(id) AS (SELECT id FROM unit WHERE code IN ({codes})
 UNION SELECT u.id FROM unit u JOIN below b ON u.superior_id = b.id)"""
OPENED: Final = f"""CASE WHEN b.opened_at IS NULL OR c.opened_at < b.opened_at
 OR c.opened_at IS NULL AND c.state = {CalleeState.STOPPED.value} THEN c.opened_at ELSE b.opened_at END"""
"""When a unit's gate opened: its branch's moment, since being called again moves the callee's; the callee's where it was
carried over from an earlier round, and where an end stopped it before its branch opened for others."""
_UNITS = f"""SELECT c.id, u.code, u.name, u.kind, u.level, u.area, u.sector, c.tier, {STOOD}, {OPENED}, c.answered_at,
 u.id FROM callee c JOIN branch b ON b.id = c.branch_id JOIN unit u ON u.id = c.unit_id
 WHERE c.callout_id = ?{{within}} ORDER BY c.tier, u.code"""
_HANDED = f"""SELECT c.id, a.channel, count(*), min(a.handed_at), max(CASE WHEN {{through}} THEN 1 ELSE 0 END),
 sum(a.possible_duplicate) FROM callee c JOIN attempt_callee ac ON ac.callee_id = c.id
 JOIN attempt a ON a.id = ac.attempt_id WHERE c.callout_id = ? AND a.handed_at IS NOT NULL
 AND a.purpose <> {Purpose.ALL_CLEAR.value} GROUP BY c.id, a.channel"""
_LAST = f"""SELECT callee_id, outcome FROM (SELECT ac.callee_id, a.outcome,
 row_number() OVER (PARTITION BY ac.callee_id ORDER BY a.ended_at DESC, a.id DESC) AS place
 FROM callee c JOIN attempt_callee ac ON ac.callee_id = c.id JOIN attempt a ON a.id = ac.attempt_id
 WHERE c.callout_id = ? AND a.channel = {Channel.VOICE.value} AND a.state = {AttemptState.ENDED.value} AND a.handed_at IS NOT NULL AND a.outcome IS NOT NULL) x
 WHERE place = 1"""
_TOTALS = f"""SELECT a.channel, count(DISTINCT a.id) FROM callee c JOIN attempt_callee ac ON ac.callee_id = c.id
 JOIN attempt a ON a.id = ac.attempt_id{{within}} WHERE c.callout_id = ? AND a.handed_at IS NOT NULL
 AND a.purpose <> {Purpose.ALL_CLEAR.value} GROUP BY a.channel"""
_ANSWERS = """SELECT k.callee_id, k.at, k.means, k.role, k.actor, k.reason, k.counted, r.name_sealed, r.post,
 n.masked, n.sealed FROM acknowledgement k LEFT JOIN receiver r ON r.id = k.receiver_id
 LEFT JOIN attempt a ON a.id = k.attempt_id LEFT JOIN number n ON n.id = a.number_id
 WHERE k.callout_id = ? ORDER BY k.id"""
_FEEDBACK = """SELECT f.callee_id, r.role, f.at, f.sealed, f.receiver_id FROM callee c JOIN feedback f ON f.callee_id = c.id
 LEFT JOIN receiver r ON r.id = f.receiver_id WHERE c.callout_id = ? ORDER BY f.at, f.id"""

HazardName = Callable[[str], Mapping[str, str]]
PlanReader = Callable[[str], CallChain]


class RecordPictures:
    """Reads on one connection."""

    def __init__(
        self, sql: Sql, sealer: Sealer, plan: PlanReader, hazard_name: HazardName, reached: Collection[str]
    ) -> None:
        """`reached`: outcomes that prove a call got through."""
        self._sql = sql
        self._sealer = sealer
        self._plan = plan
        self._hazard_name = hazard_name
        self._reached = tuple(sorted(reached))

    def one(self, callout_id: int, within: tuple[str, ...] | None, *, clear: bool) -> RecordForm:
        """See RecordReadings.record."""
        row = self._sql.one(_HEAD, callout_id)
        units = self._sql.rows(*self._units_statement(callout_id, within)) if row else ()
        if row is None or (within is not None and not units):
            raise NotFoundError(f"没有叫应 {callout_id} / there is no call-out {callout_id}")
        theirs = frozenset(unit[0] for unit in units)
        codes = frozenset(unit[1] for unit in units)
        mark, unreached, acts = self._journal(callout_id, {unit[11]: unit[1] for unit in units})
        feedback = [one for one in self._feedback(callout_id) if one.callee_id in theirs]
        calls = self._totals(callout_id, theirs if within is not None else None)
        return RecordForm(
            head=self._head(row, within),
            units=tuple(self._units(callout_id, units, unreached, feedback, clear=clear)),
            feedback=tuple(feedback),
            acts=tuple(one for one in acts if within is None or one.unit in codes),
            calls=calls.get(Channel.VOICE, 0),
            messages=calls.get(Channel.SMS, 0) + calls.get(Channel.EMAIL, 0),
            journal=mark,
            clear=clear,
        )

    # --- the head -----------------------------------------------------------------------------------------

    def _head(self, row: Sequence[Any], within: tuple[str, ...] | None) -> RecordHead:
        plan, colour = self._plan(row[15]), Colour(row[6])
        content = content_of_alert(self._sql, self._sealer, row[14], _CHINESE)
        rounds = self._sql.rows(
            "SELECT id FROM callout WHERE chain_id = ? AND id <> ? ORDER BY id", row[2] or 0, row[0]
        )
        return RecordHead(
            callout_id=row[0],
            round=row[1],
            rounds=tuple(one[0] for one in rounds),
            purpose=Purpose(row[3]),
            state=CallOutState(row[4]),
            hazard_name=self._hazard_name(row[5]),
            colour=colour,
            headline=row[7] or "",
            identifier=row[8] or "",
            issuer=row[9] or row[10] or "",
            sent=row[12] if row[11] is None else row[11],
            started_at=row[12],
            ended_at=row[13],
            area_names=content.area_names,
            plan_title=plan.title,
            tiers=tuple(
                RecordTier(
                    tier.name,
                    tier.title,
                    tier.ladders[colour].unreached_after if colour in tier.ladders else None,
                    tier.notice,
                )
                for tier in plan.tiers
            ),
            target=plan.target.get(colour),
            seen_at=row[16],
            seen_by=row[17] or "",
            verdict=Verdict(row[18]) if row[18] else None,
            verdict_by=row[19] or "",
            verdict_at=row[20],
            parts=tuple(self._names(within)) if within is not None else (),
        )

    def _names(self, codes: Sequence[str]) -> Iterator[str]:
        for (name,) in self._sql.rows(f"SELECT name FROM unit WHERE code IN ({marks(codes)}) ORDER BY code", *codes):
            yield name

    # --- units --------------------------------------------------------------------------------------------

    def _units_statement(self, callout_id: int, within: tuple[str, ...] | None) -> tuple[Any, ...]:
        if within is None:
            return _UNITS.replace("{within}", ""), callout_id
        statement = _BELOW.replace("{codes}", marks(within)) + _UNITS.replace(
            "{within}", " AND c.unit_id IN (SELECT id FROM below)"
        )
        return statement, *within, callout_id

    def _units(
        self,
        callout_id: int,
        rows: Sequence[Any],
        unreached: Mapping[int, Unreached],
        feedback: Sequence[RecordFeedback],
        *,
        clear: bool,
    ) -> Iterator[RecordUnit]:
        names = dict(
            self._sql.rows(
                "SELECT code, name FROM unit WHERE kind = ? AND level IN (?, ?)",
                UnitKind.DIVISION.value,
                UnitLevel.COUNTY.value,
                UnitLevel.TOWNSHIP.value,
            )
        )
        handed, last = self._handed(callout_id), dict(self._sql.rows(_LAST, callout_id))
        answers = self._answers(callout_id, clear=clear)
        reports: defaultdict[int, int] = defaultdict(int)
        for one in feedback:
            reports[one.callee_id] += not one.said.replied
        for row in rows:
            key, level, area = row[0], UnitLevel(row[4]), row[5]
            counts, first, through, repeated = handed.get(key, ({}, None, False, 0))
            yield RecordUnit(
                callee_id=key,
                code=row[1],
                name=row[2],
                kind=UnitKind(row[3]),
                level=level,
                area=area,
                sector=row[6],
                county=_division(names, area, _COUNTY) if level >= UnitLevel.COUNTY else ("", ""),
                township=_division(names, area, _TOWNSHIP) if level >= UnitLevel.TOWNSHIP else ("", ""),
                tier=row[7],
                state=_STATES[row[8]],
                opened_at=row[9],
                answered_at=row[10],
                answer=answers.get(key),
                voice=counts.get(Channel.VOICE, 0),
                texts=counts.get(Channel.SMS, 0),
                mails=counts.get(Channel.EMAIL, 0),
                tasks=counts.get(Channel.OPERATOR, 0),
                first_at=first,
                delivered=through,
                repeated=repeated,
                last_outcome=last.get(key, ""),
                unreached=unreached.get(key),
                feedback=reports.get(key, 0),
            )

    def _handed(self, callout_id: int) -> Mapping[int, tuple[Mapping[int, int], int | None, bool, int]]:
        """Callee → (by channel how often, the first time, whether anything got through, how many may be duplicates)."""
        through = f"a.delivered_at IS NOT NULL OR a.outcome IN ({marks(self._reached)})"
        found: dict[int, tuple[dict[int, int], int | None, bool, int]] = {}
        for key, channel, count, first, got, repeated in self._sql.rows(
            _HANDED.replace("{through}", through), *self._reached, callout_id
        ):
            counts, before, reached, twice = found.get(key, ({}, None, False, 0))
            counts[channel] = count
            found[key] = (counts, min(first, before or first), reached or bool(got), twice + int(repeated))
        return found

    def _totals(self, callout_id: int, theirs: frozenset[int] | None) -> Mapping[int, int]:
        """Channel → attempts handed over, each once; of some callees where they are named."""
        if theirs is None:
            return dict(self._sql.rows(_TOTALS.replace("{within}", ""), callout_id))
        statement = _TOTALS.replace("{within}", " AND c.id IN {ids}")
        return dict(self._sql.rows(statement, self._sql.ids(theirs), callout_id))

    def _answers(self, callout_id: int, *, clear: bool) -> Mapping[int, Answer]:
        """Callee → the answer that met its rule, else the last one that did not."""
        found: dict[int, Answer] = {}
        settled: set[int] = set()
        for key, at, means, role, actor, reason, counted, name, post, masked, number in self._sql.rows(
            _ANSWERS, callout_id
        ):
            if key in settled:
                continue
            if counted:
                settled.add(key)
            who = self._sealer.unseal(name, NAME_CONTEXT).decode() if clear and name else ""
            shown = self._sealer.unseal(number, NUMBER_CONTEXT).decode() if clear and number else masked or ""
            found[key] = Answer(at, Means(means), _ROLES.get(role), who, post or "", shown, actor, reason)
        return found

    def _feedback(self, callout_id: int) -> list[RecordFeedback]:
        return [
            RecordFeedback(key, _ROLES.get(role), at, unsealed(self._sealer, sealed), receiver_id)
            for key, role, at, sealed, receiver_id in self._sql.rows(_FEEDBACK, callout_id)
        ]

    # --- the journal --------------------------------------------------------------------------------------

    def _journal(
        self, callout_id: int, codes: Mapping[int, str]
    ) -> tuple[JournalMark, Mapping[int, Unreached], list[RecordAct]]:
        """What only the journal tells. `codes`: by the id of a unit. A block that somebody broke tells nothing."""
        stream = f"callout:{callout_id}"
        head = self._sql.one("SELECT entries, hash, sealed_at, tombstone FROM journal_head WHERE stream = ?", stream)
        mark = JournalMark(0, "", 0, buried=True)
        if head is not None:
            mark = JournalMark(head[0], bytes(head[1]).hex()[:HASH_DIGITS], head[2], bool(head[3]))
        moments: dict[int, tuple[int, list[CalleeState]]] = {}
        acts: list[RecordAct] = []
        for at, body in self._sql.stream("SELECT at, body FROM journal_block WHERE stream = ? ORDER BY seq", stream):
            for entry in _entries(body):
                kind = entry.get("k")
                if kind == "callee" and entry["to"] in _NAMED_STATES:
                    _pass(moments, [entry["id"]], at, entry["to"])
                elif kind == "callees.taken_over":
                    for name in entry["states"].keys() & _NAMED_STATES.keys():
                        _pass(moments, from_ranges(entry["states"][name]), at, name)
                elif kind in _ACTS:
                    acts.append(_act(at, entry, codes))
        return mark, {key: Unreached(at, tuple(states)) for key, (at, states) in moments.items()}, acts


def _entries(body: str) -> Sequence[Mapping[str, Any]]:
    try:
        found = json.loads(body)
    except ValueError:
        return ()
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else ()


def _pass(moments: dict[int, tuple[int, list[CalleeState]]], keys: Sequence[int], at: int, name: str) -> None:
    state = _NAMED_STATES[name]
    for key in keys:
        _, states = moments.setdefault(key, (at, []))
        if state not in states:
            states.append(state)


def _act(at: int, entry: Mapping[str, Any], codes: Mapping[int, str]) -> RecordAct:
    what = str(entry["k"])
    if what == "act":
        what = str(entry.get("act", ""))
    elif what == "record.exported":
        what += f".{entry.get('kind', '')}"
    elif what == "callout.judged":
        what += f".{entry.get('verdict', '')}"
    unit = entry.get("unit", "")
    code = unit if isinstance(unit, str) else codes.get(unit, "")
    return RecordAct(at, what, str(entry.get("actor") or entry.get("by") or ""), str(entry.get("why") or ""), code)


def _division(names: Mapping[str, str], area: str, digits: int) -> tuple[str, str]:
    code = area[:digits]
    return code, names.get(code, code)
