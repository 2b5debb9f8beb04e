"""What came in ↔ rows: raw bytes with their verdict, alerts, chains."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from warning_dispatch.engine.records import ChainRecord, Hold, NewAlert, StoredAlert
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import ChainState
from warning_dispatch.model.unit import UnitKind, UnitLevel
from warning_dispatch.ports import Sealer
from warning_dispatch.routing.obligations import Holder
from warning_dispatch.routing.selection import TierSelection
from warning_dispatch.store.sql import Sql

RAW_CONTEXT = "raw_message"
ALERT_CONTEXT = "alert"


class AlertTable:
    """engine.storage.AlertRows."""

    def __init__(self, sql: Sql, sealer: Sealer) -> None:
        self._sql = sql
        self._sealer = sealer

    def keep_raw(self, raw: bytes, source: str, digest: str, now: int) -> int:
        """See the port."""
        key: int = self._sql.value(
            """INSERT INTO raw_message (received_at, source, digest, size, sealed, disposition, reasons)
            VALUES (?, ?, ?, ?, ?, ?, '[]') RETURNING id""",
            now,
            source,
            digest,
            len(raw),
            self._sealer.seal(raw, RAW_CONTEXT),
            Disposition.QUARANTINED.value,
        )
        return key

    def judge_raw(self, raw_id: int, disposition: Disposition, reasons: Sequence[str]) -> None:
        """See the port."""
        self._sql.run(
            "UPDATE raw_message SET disposition = ?, reasons = ? WHERE id = ?",
            disposition.value,
            json.dumps(list(reasons), ensure_ascii=False),
            raw_id,
        )

    def same_identity(self, issuer: str, identifier: str, sent: int) -> Sequence[StoredAlert]:
        """See the port."""
        rows = self._sql.rows(
            """SELECT id, content_digest, chain_id, disposition FROM alert
            WHERE issuer = ? AND identifier = ? AND sent = ? ORDER BY id""",
            issuer,
            identifier,
            sent,
        )
        return [StoredAlert(row[0], row[1], row[2], Disposition(row[3])) for row in rows]

    def change_hazard(self, chain_id: int, hazard: str) -> None:
        """See the port."""
        self._sql.run("UPDATE alert_chain SET hazard = ? WHERE id = ?", hazard, chain_id)

    def hold(self, chain_id: int, alert_id: int, hold: Hold | None) -> None:
        """See the port."""
        self._sql.run(
            """UPDATE alert_chain SET alert_id = ?, plan_name = ?, coverage = ?, valid_until = ?, valid_guessed = ?
            WHERE id = ?""",
            alert_id,
            hold.plan_name if hold else "",
            _coverage_to_json(hold.coverage if hold else ()),
            hold.valid_until if hold else None,
            int(hold.valid_guessed) if hold else 0,
            chain_id,
        )

    def holders(self, hazard: str, state: ChainState = ChainState.IN_FORCE) -> Sequence[Holder]:
        """See the port."""
        rows = self._sql.rows(
            """SELECT id, alert_id, colour, began_at, issuer_area, plan_name, coverage, valid_until, valid_guessed,
              raised_at FROM alert_chain WHERE hazard = ? AND state = ? AND plan_name <> '' ORDER BY id""",
            hazard,
            state.value,
        )
        return [
            Holder(
                chain_id=row[0],
                alert_id=row[1],
                colour=Colour(row[2]),
                began_at=row[3],
                issuer_area=row[4],
                plan_name=row[5],
                coverage=_coverage_from_json(row[6]),
                valid_until=row[7],
                valid_guessed=bool(row[8]),
                raised_at=row[9],
            )
            for row in rows
        ]

    def content(self, alert_id: int) -> str:
        """See the port."""
        sealed = self._sql.value("SELECT sealed FROM alert WHERE id = ?", alert_id)
        return self._sealer.unseal(sealed, ALERT_CONTEXT).decode()

    def chain_of(self, issuer: str, identifiers: Sequence[str]) -> ChainRecord | None:
        """See the port."""
        for identifier in identifiers:
            row = self._sql.one(
                """SELECT k.id, k.root, k.issuer, k.hazard, k.colour, k.state,
                  (SELECT coalesce(max(m.sent), 0) FROM alert m WHERE m.chain_id = k.id), k.coverage FROM alert_chain k
                WHERE k.issuer = ? AND (k.root = ? OR k.id IN
                  (SELECT chain_id FROM alert WHERE issuer = ? AND identifier = ?)) ORDER BY k.id DESC""",
                issuer,
                identifier,
                issuer,
                identifier,
            )
            if row is not None:
                colour = Colour(row[4]) if row[4] else None
                state, coverage = ChainState(row[5]), _coverage_from_json(row[7])
                return ChainRecord(row[0], row[1], row[2], row[3], colour, state, row[6], coverage)
        return None

    def new_chain(self, root: str, issuer: str, issuer_area: str, hazard: str, colour: int, now: int) -> int:
        """See the port."""
        key: int = self._sql.value(
            """INSERT INTO alert_chain (root, issuer, issuer_area, hazard, colour, state, began_at, raised_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id""",
            root,
            issuer,
            issuer_area,
            hazard,
            int(colour),
            ChainState.IN_FORCE.value,
            now,
            now,
        )
        return key

    def update_chain(self, chain_id: int, colour: int, state: ChainState, now: int) -> None:
        """See the port."""
        self._sql.run(
            """UPDATE alert_chain SET raised_at = CASE WHEN ? > colour THEN ? ELSE raised_at END, colour = ?, state = ?,
            ended_at = ? WHERE id = ?""",
            int(colour),
            now,
            int(colour),
            state.value,
            now if state is ChainState.ENDED else None,
            chain_id,
        )

    def insert(self, new: NewAlert) -> int:
        """See the port."""
        alert = new.alert
        key: int = self._sql.value(
            """INSERT INTO alert (raw_message_id, chain_id, dialect, identifier, issuer, sender, sent, received_at,
            status, msg_type, hazard, colour, headline, expires, content_digest, sealed, disposition, reasons)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id""",
            new.raw_message_id,
            new.chain_id,
            alert.dialect,
            alert.identifier,
            new.issuer,
            alert.sender,
            alert.sent,
            new.received_at,
            alert.status.value,
            alert.msg_type.value,
            new.hazard,
            int(new.colour or 0),
            new.headline,
            new.expires,
            new.content_digest,
            self._sealer.seal(new.sealed_json.encode(), ALERT_CONTEXT),
            new.disposition.value,
            json.dumps(list(new.reasons), ensure_ascii=False),
        )
        return key

    def rejudge(self, alert_id: int, chain_id: int | None, disposition: Disposition, reasons: Sequence[str]) -> None:
        """See the port."""
        self._sql.run(
            "UPDATE alert SET chain_id = ?, disposition = ?, reasons = ? WHERE id = ?",
            chain_id,
            disposition.value,
            json.dumps(list(reasons), ensure_ascii=False),
            alert_id,
        )


def _coverage_to_json(coverage: Sequence[TierSelection]) -> str:
    return json.dumps([asdict(one) for one in coverage], ensure_ascii=False, separators=(",", ":"))


def _coverage_from_json(text: str) -> tuple[TierSelection, ...]:
    return tuple(
        TierSelection(
            tier=one["tier"],
            kind=UnitKind(one["kind"]),
            level=UnitLevel(one["level"]),
            sectors=tuple(one["sectors"]),
            codes=tuple(one["codes"]),
            roots=tuple(one["roots"]),
            above=tuple(one["above"]),
            notice=one["notice"],
            name=one["name"],
        )
        for one in json.loads(text)
    )
