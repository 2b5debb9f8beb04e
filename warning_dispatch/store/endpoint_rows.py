"""Whom and how to reach: endpoints and numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from warning_dispatch.engine.records import AddedContact, Address, EndpointDetail
from warning_dispatch.escalation.roster import ROSTER_BACK, Rostered, off_duty
from warning_dispatch.model.texts import NamedUnit
from warning_dispatch.model.unit import Channel, EndpointView, ReceiverEntry, Role, UnitKind, UnitLevel
from warning_dispatch.ports import Sealer
from warning_dispatch.routing.areas import ancestors, trim
from warning_dispatch.store.duty_rows import ON_DUTY, STANDING, rosters_of
from warning_dispatch.store.register import NUMBER_CONTEXT, refresh_reach
from warning_dispatch.store.register_addition import add_receiver
from warning_dispatch.store.sql import Sql, marks

_CHANNELS = {channel.value: channel for channel in Channel}
_ROLES = {role.value: role for role in Role}
_LEVELS = ", ".join(str(level.value) for level in UnitLevel)
"""All of them: the index begins with the level."""

_OF_UNITS = f"""SELECT e.id, e.receiver_id, e.role, e.channel, e.number_id, e.rank, e.unit_id, u.name, r.language
 FROM endpoint e JOIN receiver r ON r.id = e.receiver_id JOIN unit u ON u.id = e.unit_id
 WHERE e.unit_id IN {{ids}} AND e.usable = 1 AND e.valid_until IS NULL AND r.valid_until IS NULL
 UNION ALL SELECT NULL, receiver_id, {ON_DUTY}, NULL, NULL, NULL, unit_id, NULL, NULL {STANDING}"""
"""Endpoints, and (without an id) who stands in the units' rosters: one statement of two parts, each with its own index."""


class EndpointTable:
    """engine.storage.EndpointRows."""

    def __init__(self, sql: Sql, sealer: Sealer) -> None:
        self._sql = sql
        self._sealer = sealer

    def of_units(self, unit_ids: Sequence[int], now: int) -> Mapping[int, Sequence[EndpointDetail]]:
        """See the port."""
        found: defaultdict[int, list[EndpointDetail]] = defaultdict(list)
        if not unit_ids:
            return found
        ids = self._sql.ids(unit_ids)
        rows = self._sql.rows(_OF_UNITS, ids, now, now, ids, now - ROSTER_BACK)
        shifts = [row for row in rows if row[0] is None]
        if shifts:
            rows = [row for row in rows if row[0] is not None]
        off = _left_out(rows, rosters_of((row[6], row[1], row[2]) for row in shifts)) if shifts else frozenset()
        for key, receiver, role, channel, number, rank, unit, name, language in rows:
            view = EndpointView(
                key, receiver, _ROLES[role], _CHANNELS[channel], number, rank, (receiver, channel) in off
            )
            found[unit].append(EndpointDetail(view, unit, name, language))
        return found

    def addresses(self, number_ids: Sequence[int]) -> Mapping[int, Address]:
        """See the port."""
        if not number_ids:
            return {}
        rows = self._sql.rows("SELECT id, sealed, sample FROM number WHERE id IN {ids}", self._sql.ids(number_ids))
        unseal = self._sealer.unseal
        return {row[0]: Address(unseal(row[1], NUMBER_CONTEXT).decode(), bool(row[2])) for row in rows}

    def places(self, unit_ids: Sequence[int]) -> Mapping[int, NamedUnit]:
        """See the port."""
        rows = self._sql.rows(
            """SELECT u.id, u.name, u.kind, u.level, s.id, s.name, t.id, t.name, v.id, v.name FROM unit u
            LEFT JOIN unit s ON s.id = u.superior_id LEFT JOIN unit t ON t.id = s.superior_id
            LEFT JOIN unit v ON v.id = t.superior_id WHERE u.id IN {ids}""",
            self._sql.ids(unit_ids),
        )
        return {
            row[0]: NamedUnit(
                name=row[1],
                level=UnitLevel(row[3]) if row[2] == UnitKind.DIVISION else None,
                superiors=tuple((row[at], row[at + 1]) for at in (4, 6, 8) if row[at] is not None),
            )
            for row in rows
        }

    def report_findings(self, findings: Sequence[tuple[int, str]], *, unusable: bool) -> None:
        """See the port. One number can stand at several units, and at each with a row of its own."""
        rows = self._sql.rows(
            """SELECT e.id, o.id, o.unit_id FROM endpoint e JOIN endpoint o ON o.number_id = e.number_id
            AND o.channel = e.channel AND o.valid_until IS NULL WHERE e.id IN {ids}""",
            self._sql.ids(endpoint_id for endpoint_id, _ in findings),
        )
        outcome = dict(findings)
        found = [(word, key) for key, word in {row[1]: outcome[row[0]] for row in rows}.items()]
        if not unusable:
            self._sql.many("UPDATE endpoint SET finding = ?text WHERE id = ?", found)
            return
        self._sql.many("UPDATE endpoint SET finding = ?text, usable = 0 WHERE id = ?", found)
        refresh_reach(self._sql.connection, {row[2] for row in rows})

    def add_receiver(self, unit_id: int, entry: ReceiverEntry, now: int, *, actor: str) -> AddedContact:
        """See the port."""
        return add_receiver(self._sql, self._sealer, unit_id, entry, now, actor=actor)

    def known_areas(self, codes: Iterable[str]) -> frozenset[str]:
        """See the port."""
        asked = sorted({area for code in map(trim, codes) for area in (code, *ancestors(code))})
        rows = self._sql.rows(
            f"""SELECT DISTINCT area FROM unit WHERE kind = 'division' AND level IN ({_LEVELS})
            AND area IN ({marks(asked)}) AND valid_until IS NULL""",
            *asked,
        )
        return frozenset(row[0] for row in rows)

    def division_names(self) -> Sequence[tuple[str, str]]:
        """See the port."""
        rows = self._sql.rows(
            "SELECT area, name FROM unit WHERE kind = 'division' AND valid_until IS NULL ORDER BY area"
        )
        return [(row[0], row[1]) for row in rows]

    def area_names(self, areas: Sequence[str]) -> Sequence[str]:
        """See the port."""
        found = {}
        for area in areas:
            name = self._sql.value("SELECT name FROM unit WHERE code = ?", area)
            if name is not None:
                found[area] = name
        return [found[area] for area in areas if area in found]


def _left_out(rows: Sequence[Any], rosters: Mapping[int, Sequence[Rostered]]) -> frozenset[tuple[int, int]]:
    """(receiver, channel) that the roster of their unit leaves out now.

    Channel by channel: whose phone is out of use may still get mail, and that is no reason to let the others sleep.
    """
    people: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for _, receiver, role, channel, _, _, unit, *_ in rows:
        people[unit, channel].append((receiver, role))
    return frozenset(
        (one, channel)
        for (unit, channel), holding in people.items()
        for one in off_duty(holding, rosters.get(unit, ()))
    )
