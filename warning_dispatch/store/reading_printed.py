"""A call-out for paper: units, people and phones in clear. For the printable list only, whose writing is journalled.

Four statements whatever the number of units; names and numbers are unsealed here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from warning_dispatch.engine.frozen import texts_from_json
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.printed import PrintedCallOut, PrintedPerson, PrintedUnit
from warning_dispatch.model.states import CalleeState, Purpose
from warning_dispatch.model.unit import Channel, Role, UnitLevel
from warning_dispatch.ports import Sealer
from warning_dispatch.store.reading_alerts import content_of_alert
from warning_dispatch.store.register import NAME_CONTEXT, NUMBER_CONTEXT
from warning_dispatch.store.sql import Sql
from warning_dispatch.store.stood_sql import STOOD

_CALLOUT = """SELECT o.id, o.round, o.supersedes_id, o.purpose, o.hazard, o.colour, a.sender, i.name, a.headline, a.sent,
 o.started_at, o.plan, o.texts, a.sealed
 FROM callout o LEFT JOIN alert a ON a.id = o.alert_id LEFT JOIN unit i ON i.code = o.issuer_area WHERE o.id = ?"""
_UNITS = f"""SELECT c.unit_id, u.code, u.name, u.level, c.tier, {STOOD}, c.answered_at, s.code, s.name, s.level,
 t.code, t.name, t.level FROM callee c JOIN unit u ON u.id = c.unit_id
 LEFT JOIN unit s ON s.id = u.superior_id LEFT JOIN unit t ON t.id = s.superior_id
 WHERE c.callout_id = ? ORDER BY u.code"""
_PEOPLE = """SELECT r.unit_id, r.id, r.role, r.name_sealed, r.post, r.language FROM callee c
 JOIN receiver r ON r.unit_id = c.unit_id
 WHERE c.callout_id = ? AND r.valid_until IS NULL ORDER BY r.unit_id, r.role, r.rank, r.id"""
_PHONES = f"""SELECT e.receiver_id, n.sealed, n.sample FROM callee c JOIN endpoint e ON e.unit_id = c.unit_id
 JOIN number n ON n.id = e.number_id WHERE c.callout_id = ? AND e.channel = {Channel.VOICE.value}
 AND e.usable = 1 AND e.valid_until IS NULL ORDER BY e.receiver_id, e.rank, e.id"""
_LANGUAGES = ("zh_CN", "en")
_OPERATOR, _PURPOSE = "operator", "call"


class PrintedPictures:
    """Reads on one connection."""

    def __init__(
        self,
        sql: Sql,
        sealer: Sealer,
        plan_from_json: Callable[[str], CallChain],
        hazard_name: Callable[[str], Mapping[str, str]],
    ) -> None:
        """`sealer` opens names, numbers and the stored alert."""
        self._sql = sql
        self._sealer = sealer
        self._plan = plan_from_json
        self._hazard_name = hazard_name

    def one(self, callout_id: int) -> PrintedCallOut:
        """The whole call-out. NotFoundError when there is none."""
        row = self._sql.one(_CALLOUT, callout_id)
        if row is None:
            raise NotFoundError(f"没有叫应 {callout_id} / there is no call-out {callout_id}")
        plan = self._plan(row[11])
        content = content_of_alert(self._sql, self._sealer, row[13], _LANGUAGES[0])
        texts = texts_from_json(row[12])
        scripts = {
            language: text.body
            for language in _LANGUAGES
            if (text := texts.by_key.get(f"{language}/{_OPERATOR}/{_PURPOSE}")) is not None
        }
        return PrintedCallOut(
            callout_id=row[0],
            round=row[1],
            supersedes=row[2],
            purpose=Purpose(row[3]),
            hazard_name=self._hazard_name(row[4]),
            colour=Colour(row[5]),
            issuer=row[6] or row[7] or "",
            headline=row[8] or "",
            sent=row[10] if row[9] is None else row[9],
            started_at=row[10],
            area_names=content.area_names,
            plan_title=plan.title,
            tiers=tuple(tier.title for tier in plan.tiers),
            scripts=scripts,
            units=tuple(self._units(callout_id)),
        )

    def _units(self, callout_id: int) -> list[PrintedUnit]:
        people = self._people(callout_id)
        return [
            PrintedUnit(
                code=row[1],
                name=row[2],
                level=UnitLevel(row[3]),
                tier=row[4],
                superiors=_superiors(row[7:]),
                state=CalleeState(row[5]),
                answered_at=row[6],
                people=tuple(people.get(row[0], ())),
            )
            for row in self._sql.rows(_UNITS, callout_id)
        ]

    def _people(self, callout_id: int) -> Mapping[int, list[PrintedPerson]]:
        """Unit → its people in force, A before B before the duty phone."""
        phones: defaultdict[int, list[str]] = defaultdict(list)
        samples: set[int] = set()
        for receiver_id, sealed, sample in self._sql.rows(_PHONES, callout_id):
            phones[receiver_id].append(self._sealer.unseal(sealed, NUMBER_CONTEXT).decode())
            if sample:
                samples.add(receiver_id)
        found: defaultdict[int, list[PrintedPerson]] = defaultdict(list)
        for unit_id, receiver_id, role, name, post, language in self._sql.rows(_PEOPLE, callout_id):
            found[unit_id].append(
                PrintedPerson(
                    role=Role(role),
                    name=self._sealer.unseal(name, NAME_CONTEXT).decode(),
                    post=post,
                    language=language,
                    phones=tuple(phones.get(receiver_id, ())),
                    sample=receiver_id in samples,
                )
            )
        return found


def _superiors(columns: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    """(code, name) of the superiors, the county first, the city left out."""
    triples = [columns[start : start + 3] for start in range(0, len(columns), 3)]
    return tuple(
        (code, name) for code, name, level in reversed(triples) if code is not None and level != UnitLevel.CITY
    )
