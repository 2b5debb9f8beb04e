"""Everything that came in, as the console lists it: each event of each message, and what could not be read at all."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.console_views import Arrived, ArrivedPage, ArrivedStory
from warning_dispatch.model.unit import UnitKind
from warning_dispatch.ports import Sealer
from warning_dispatch.store.alert_rows import RAW_CONTEXT, problems_from_json
from warning_dispatch.store.reading_alerts import alert_in_full
from warning_dispatch.store.scope_sql import Scope, not_yours
from warning_dispatch.store.sql import Sql, marks

_VERDICT = "coalesce(a.disposition, r.disposition)"
_COLUMNS = f"""r.id, r.received_at, r.source, r.size, {_VERDICT}, coalesce(a.reasons, r.reasons), a.id, a.identifier,
 a.sender, a.status, a.msg_type, a.hazard, a.colour, a.headline, a.chain_id"""
_ABOVE = (2, 4, 6, 9)
"""Digits of the divisions that a smaller one lies in."""
_ARRIVED = "FROM raw_message r LEFT JOIN alert a ON a.raw_message_id = r.id"


def _concerns(scope: Scope) -> tuple[list[str], list[str]]:
    """The condition for messages that concern a scope.

    1. Their chain calls one of its units. 2. Their chain was begun by an issuer of its own area. 3. They name one of its
    divisions, or a larger area that it lies in, whatever became of them.
    """
    if scope.whole:
        return [], []
    division = f"SELECT area FROM unit WHERE kind = '{UnitKind.DIVISION.value}'"
    chains = f"""SELECT o.chain_id FROM callout o WHERE o.id IN ({scope.callouts()})
     UNION SELECT h.id FROM alert_chain h WHERE h.issuer_area IN ({division} AND code IN ({marks(scope.values)}))"""
    above = sorted(
        {code[:digits] for code in scope.values for digits in _ABOVE if digits < len(code.partition("-")[0])}
    )
    named = f"""SELECT n.alert_id FROM alert_area n WHERE n.area IN ({marks(above)})
     OR n.area IN ({division} AND id IN ({scope.units()}))"""
    condition = f"(a.chain_id IN ({chains}) OR a.id IN ({named}))"
    return [condition], [*scope.values, *scope.values, *above, *scope.values]


def arrived_page(
    sql: Sql, scope: Scope, *, dispositions: Sequence[Disposition], words: str, limit: int, offset: int
) -> ArrivedPage:
    """See ConsoleView.arrived."""
    conditions, own = _concerns(scope)
    values: list[Any] = list(own)
    if dispositions:
        conditions.append(f"{_VERDICT} IN ({marks(dispositions)})")
        values += [one.value for one in dispositions]
    if words:
        pattern = f"%{words.replace('%', '').replace('_', '')}%"
        conditions.append("(a.headline LIKE ? OR a.identifier LIKE ? OR a.sender LIKE ? OR r.source LIKE ?)")
        values += [pattern] * 4
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    total: int = sql.value(f"SELECT count(*) {_ARRIVED} {where}", *values)
    rows = sql.rows(
        f"SELECT {_COLUMNS} {_ARRIVED} {where} ORDER BY r.id DESC, a.id LIMIT ? OFFSET ?", *values, limit, offset
    )
    return ArrivedPage(_arrived(sql, rows, scope), total)


def arrived_story(sql: Sql, sealer: Sealer, scope: Scope, raw_id: int) -> ArrivedStory:
    """See ConsoleView.arrived_story."""
    raw = sql.one(
        "SELECT received_at, source, size, digest, disposition, reasons, sealed FROM raw_message WHERE id = ?", raw_id
    )
    if raw is None:
        raise NotFoundError(f"没有报文 {raw_id} / there is no message {raw_id}")
    conditions, own = _concerns(scope)
    where = " AND ".join(["r.id = ?", *conditions])
    rows = sql.rows(f"SELECT {_COLUMNS} {_ARRIVED} WHERE {where} ORDER BY a.id", raw_id, *own)
    if not rows:
        raise not_yours()
    chains = sorted({row[14] for row in rows if row[14] is not None})
    related = sql.rows(f"SELECT {_COLUMNS} {_ARRIVED} WHERE a.chain_id IN {{ids}} ORDER BY a.id", sql.ids(chains))
    events = _arrived(sql, [row for row in rows if row[6] is not None], scope)
    problems = dict(
        sql.rows("SELECT id, problems FROM alert WHERE id IN {ids}", sql.ids(one.alert_id or 0 for one in events))
    )
    return ArrivedStory(
        raw_id=raw_id,
        received_at=raw[0],
        source=raw[1],
        size=raw[2],
        digest=raw[3],
        disposition=Disposition(raw[4]),
        reasons=tuple(json.loads(raw[5])),
        raw=sealer.unseal(raw[6], RAW_CONTEXT) if scope.whole else None,
        events=events,
        texts=tuple(_said(sql, sealer, one.alert_id) for one in events if one.alert_id is not None),
        problems=tuple((key, problems_from_json(text)) for key, text in sorted(problems.items())),
        chain=_arrived(sql, related, scope),
    )


def _said(sql: Sql, sealer: Sealer, alert_id: int) -> tuple[int, str, str]:
    """What an event of a message says, in Chinese where it does."""
    infos = alert_in_full(sql, sealer, alert_id).infos
    info = next((one for one in infos if one.language.startswith("zh")), infos[0] if infos else None)
    return (alert_id, info.description, info.instruction) if info else (alert_id, "", "")


def _arrived(sql: Sql, rows: Sequence[Any], scope: Scope) -> tuple[Arrived, ...]:
    """A message that was acted upon shows every call-out of its chain, any other only those begun by itself."""
    own = "" if scope.whole else f" AND id IN ({scope.callouts()})"
    chains = {row[6]: row[14] for row in rows if row[4] == Disposition.ACCEPTED and row[14] is not None}
    of_alert: defaultdict[int, list[int]] = defaultdict(list)
    of_chain: defaultdict[int, list[int]] = defaultdict(list)
    for callout_id, alert_id, chain_id in sql.rows(
        f"SELECT id, alert_id, chain_id FROM callout WHERE (alert_id IN {{ids}} OR chain_id IN {{ids}}){own} ORDER BY id",
        sql.ids(row[6] for row in rows if row[6] is not None),
        sql.ids(chains.values()),
        *scope.values,
    ):
        of_alert[alert_id].append(callout_id)
        of_chain[chain_id].append(callout_id)
    return tuple(
        Arrived(
            raw_id=row[0],
            received_at=row[1],
            source=row[2],
            size=row[3],
            disposition=Disposition(row[4]),
            reasons=tuple(json.loads(row[5])),
            alert_id=row[6],
            identifier=row[7] or "",
            sender=row[8] or "",
            status=row[9] or "",
            msg_type=row[10] or "",
            hazard=row[11] or "",
            colour=Colour(row[12]) if row[12] else None,
            headline=row[13] or "",
            callouts=tuple(of_chain[chains[row[6]]] if row[6] in chains else of_alert.get(row[6] or 0, ())),
        )
        for row in rows
    )
