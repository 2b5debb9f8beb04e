"""What came in, as people see it: warnings in a list, messages that could not be read, and a receiver's page."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from warning_dispatch.engine.causes import sentences
from warning_dispatch.engine.frozen import texts_from_json
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.alert import Alert, AlertInfo, Disposition
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import UnitKind
from warning_dispatch.model.views import AlertRow, LinkView
from warning_dispatch.ports import Sealer
from warning_dispatch.routing.areas import trim
from warning_dispatch.store.alarm_rows import open_causes
from warning_dispatch.store.alert_rows import ALERT_CONTEXT
from warning_dispatch.store.reading_callouts import superior_path
from warning_dispatch.store.sealing import link_hash
from warning_dispatch.store.sql import Sql

_ALERT = TypeAdapter(Alert)
_ALERTS = """SELECT a.id, a.received_at, a.identifier, a.sender, a.status, a.msg_type, a.hazard, a.colour, a.headline,
 a.disposition, a.reasons, a.chain_id FROM alert a"""
_LINK = """SELECT o.id, c.id, l.receiver_id, r.language, u.name, u.kind, s.name, s.level, t.name, t.level, v.name,
 v.level, o.hazard, o.colour, o.purpose, o.state, c.state, o.started_at, a.sender, a.sent, a.headline, a.expires,
 a.sealed, i.name
 FROM link l JOIN receiver r ON r.id = l.receiver_id JOIN unit u ON u.id = r.unit_id
 JOIN callout o ON o.id = l.callout_id JOIN callee c ON c.callout_id = l.callout_id AND c.unit_id = r.unit_id
 LEFT JOIN unit s ON s.id = u.superior_id LEFT JOIN unit t ON t.id = s.superior_id
 LEFT JOIN unit v ON v.id = t.superior_id
 LEFT JOIN alert a ON a.id = o.alert_id LEFT JOIN unit i ON i.code = o.issuer_area
 WHERE l.hash = ?"""


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A message that could not be read at all, so that no alert stands for it. `digest` is SHA-256, `size` in bytes."""

    raw_id: int
    received_at: int
    source: str
    size: int
    digest: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """What a receiver reads of a warning, in one language."""

    headline: str = ""
    description: str = ""
    instruction: str = ""
    expires: int | None = None
    area_names: tuple[str, ...] = ()
    geocodes: tuple[str, ...] = ()


# --- lists ------------------------------------------------------------------------------------------------


def latest_alerts(sql: Sql, limit: int) -> Sequence[AlertRow]:
    """See ReadModels.alerts."""
    return _alert_rows(sql, sql.rows(f"{_ALERTS} ORDER BY a.id DESC LIMIT ?", limit))


def one_alert(sql: Sql, alert_id: int) -> AlertRow:
    """See ReadModels.alert."""
    rows = sql.rows(f"{_ALERTS} WHERE a.id = ?", alert_id)
    if not rows:
        raise NotFoundError(f"There is no alert {alert_id}.")
    return _alert_rows(sql, rows)[0]


def _alert_rows(sql: Sql, rows: Sequence[Any]) -> list[AlertRow]:
    """A message that was acted upon shows every call-out of its chain, any other only those begun by itself."""
    chains = {row[0]: row[11] for row in rows if row[9] == Disposition.ACCEPTED and row[11] is not None}
    of_alert: defaultdict[int, list[int]] = defaultdict(list)
    of_chain: defaultdict[int, list[int]] = defaultdict(list)
    for callout_id, alert_id, chain_id in sql.rows(
        "SELECT id, alert_id, chain_id FROM callout WHERE alert_id IN {ids} OR chain_id IN {ids} ORDER BY id",
        sql.ids(row[0] for row in rows),
        sql.ids(chains.values()),
    ):
        of_alert[alert_id].append(callout_id)
        of_chain[chain_id].append(callout_id)
    return [
        AlertRow(
            id=row[0],
            received_at=row[1],
            identifier=row[2],
            sender=row[3],
            status=row[4],
            msg_type=row[5],
            hazard=row[6],
            colour=Colour(row[7]) if row[7] else None,
            headline=row[8],
            disposition=Disposition(row[9]),
            reasons=tuple(json.loads(row[10])),
            callouts=tuple(of_chain[chains[row[0]]] if row[0] in chains else of_alert[row[0]]),
        )
        for row in rows
    ]


def latest_quarantined(sql: Sql, limit: int) -> Sequence[QuarantinedRow]:
    """Quarantined messages without an alert, newest first."""
    rows = sql.rows(
        """SELECT id, received_at, source, size, digest, reasons FROM raw_message
        WHERE disposition = ? AND id NOT IN (SELECT raw_message_id FROM alert) ORDER BY id DESC LIMIT ?""",
        Disposition.QUARANTINED.value,
        limit,
    )
    return [
        QuarantinedRow(raw_id, received_at, source, size, digest, tuple(json.loads(reasons)))
        for raw_id, received_at, source, size, digest, reasons in rows
    ]


# --- the receiver's page ----------------------------------------------------------------------------------


class LinkPictures:
    """Reads on one connection."""

    def __init__(self, sql: Sql, sealer: Sealer, hazard_name: Callable[[str], Mapping[str, str]]) -> None:
        """`sealer` opens the stored alert."""
        self._sql = sql
        self._sealer = sealer
        self._hazard_name = hazard_name

    def show(self, token: str) -> LinkView:
        """See ReadModels.link."""
        row = self._sql.one(_LINK, link_hash(token))
        if row is None:
            raise NotFoundError("There is no such link.")
        content = self._content(row)
        confirmed = self._confirmation(row[1], row[2], CalleeState(row[16]))
        return LinkView(
            callout_id=row[0],
            callee_id=row[1],
            unit_name=_full_name(row[4], row[5], row[6:12]),
            language=row[3],
            hazard_name=self._hazard_name(row[12]),
            colour=Colour(row[13]),
            issuer=row[18] or row[23] or "",
            sent=row[17] if row[19] is None else row[19],
            headline=content.headline,
            description=content.description,
            instruction=content.instruction,
            area_names=content.area_names or area_names(self._sql, content.geocodes),
            expires=content.expires,
            drill=row[14] == Purpose.DRILL.value,
            callout_state=CallOutState(row[15]),
            callee_state=CalleeState(row[16]),
            confirmed_at=confirmed[0] if confirmed else None,
            confirmed_means=Means(confirmed[1]) if confirmed else None,
            own=row[14] == Purpose.SELF.value,
            causes=self._causes(row[0], row[3]) if row[14] == Purpose.SELF.value else (),
        )

    def _causes(self, callout_id: int, language: str) -> tuple[str, ...]:
        """What the bureau calls itself for, as it stands now."""
        texts = texts_from_json(self._sql.value("SELECT texts FROM callout WHERE id = ?", callout_id))
        return tuple(sentences(texts, language, open_causes(self._sql, [callout_id]).get(callout_id, ())))

    def _content(self, row: Sequence[Any]) -> Content:
        """What the alert says; nothing for a call-out that was begun by hand."""
        sealed, headline, expires = row[22], row[20], row[21]
        if sealed is None:
            return Content()
        alert = _ALERT.validate_json(self._sealer.unseal(sealed, ALERT_CONTEXT))
        return content_of(alert, row[3]) or Content(headline=headline, expires=expires)

    def _confirmation(self, callee_id: int, receiver_id: int, state: CalleeState) -> tuple[int, str] | None:
        """When and how this link has nothing more to confirm.

        By the receiver's own word, whatever it was worth; or, once the unit is acknowledged, by the first answer
        that counted. While an answer of somebody else leaves the unit open (the duty room of an office, one of
        several who must answer), this receiver is still asked.
        """
        anybody = int(state is CalleeState.ACKNOWLEDGED)
        row = self._sql.one(
            """SELECT at, means FROM acknowledgement WHERE callee_id = ?
            AND (receiver_id = ? OR (counted = 1 AND ? = 1)) ORDER BY at, id LIMIT 1""",
            callee_id,
            receiver_id,
            anybody,
        )
        return None if row is None else (row[0], row[1])


def area_names(sql: Sql, geocodes: Sequence[str]) -> tuple[str, ...]:
    """Names of divisions for codes without a description, as far as the register knows them."""
    codes = dict.fromkeys(trim(code) for code in geocodes)
    names = (sql.value("SELECT name FROM unit WHERE code = ?", code) for code in codes)
    return tuple(name for name in names if name is not None)


def content_of_alert(sql: Sql, sealer: Sealer, sealed: bytes | None, language: str) -> Content:
    """What a stored alert says, with the names of its areas; nothing where there is no alert."""
    if sealed is None:
        return Content()
    content = content_of(_ALERT.validate_json(sealer.unseal(sealed, ALERT_CONTEXT)), language) or Content()
    return content if content.area_names else replace(content, area_names=area_names(sql, content.geocodes))


def content_of(alert: Alert, language: str) -> Content | None:
    """What the alert says of its gravest event, in `language`, else in Chinese, else in what there is."""
    gravest = max((info.colour or 0 for info in alert.infos), default=0)
    leading = [info for info in alert.infos if (info.colour or 0) == gravest]
    if not leading:
        return None
    spoken = _in_language(leading, language) or _in_language(leading, "zh") or leading
    areas = [area for info in spoken for area in info.areas]
    first = spoken[0]
    return Content(
        headline=first.headline,
        description=first.description,
        instruction=first.instruction,
        expires=first.expires,
        area_names=tuple(dict.fromkeys(area.description for area in areas if area.description)),
        geocodes=tuple(dict.fromkeys(code for area in areas for code in area.geocodes)),
    )


def _in_language(infos: Sequence[AlertInfo], language: str) -> list[AlertInfo]:
    return [info for info in infos if info.language[:2].lower() == language[:2].lower()]


def _full_name(name: str, kind: str, superiors: Sequence[Any]) -> str:
    """A division with its superiors, because names repeat: 临县白文镇郝家墕村. An office carries its place already."""
    if kind != UnitKind.DIVISION:
        return name
    return superior_path(superiors).replace(" ", "") + name
