"""What came in, as people see it: warnings in a list, messages that could not be read, and what a warning says."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.alert import Alert, AlertInfo, Disposition
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.views import AlertRow
from warning_dispatch.ports import Sealer
from warning_dispatch.routing.areas import trim
from warning_dispatch.store.alert_rows import ALERT_CONTEXT, RAW_CONTEXT, problems_from_json
from warning_dispatch.store.sql import Sql

_ALERT = TypeAdapter(Alert)
_ALERTS = """SELECT a.id, a.received_at, a.identifier, a.sender, a.status, a.msg_type, a.hazard, a.colour, a.headline,
 a.disposition, a.reasons, a.chain_id FROM alert a"""


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
        raise NotFoundError(f"没有消息 {alert_id} / there is no alert {alert_id}")
    problems = sql.value("SELECT problems FROM alert WHERE id = ?", alert_id)
    return replace(_alert_rows(sql, rows)[0], problems=problems_from_json(problems))


def alert_in_full(sql: Sql, sealer: Sealer, alert_id: int) -> Alert:
    """What a message says, as it was read. NotFoundError when there is none."""
    sealed = sql.value("SELECT sealed FROM alert WHERE id = ?", alert_id)
    if sealed is None:
        raise NotFoundError(f"没有消息 {alert_id} / there is no alert {alert_id}")
    return _ALERT.validate_json(sealer.unseal(sealed, ALERT_CONTEXT))


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


def one_message(sql: Sql, sealer: Sealer, raw_id: int) -> tuple[QuarantinedRow, bytes]:
    """A message as it came, whatever became of it, with its bytes. NotFoundError when there is none."""
    row = sql.one("SELECT id, received_at, source, size, digest, reasons, sealed FROM raw_message WHERE id = ?", raw_id)
    if row is None:
        raise NotFoundError(f"没有报文 {raw_id} / there is no message {raw_id} → alert list")
    return QuarantinedRow(row[0], row[1], row[2], row[3], row[4], tuple(json.loads(row[5]))), sealer.unseal(
        row[6], RAW_CONTEXT
    )


# --- what a warning says ----------------------------------------------------------------------------------


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
        geocodes=tuple(dict.fromkeys(code for area in areas for code in area.codes)),
    )


def _in_language(infos: Sequence[AlertInfo], language: str) -> list[AlertInfo]:
    return [info for info in infos if info.language[:2].lower() == language[:2].lower()]
