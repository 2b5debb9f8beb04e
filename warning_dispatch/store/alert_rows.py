"""What came in ↔ rows: raw bytes with their verdict, alerts, chains."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from warning_dispatch.engine.records import ChainRecord, Hold, KeptAlert, NewAlert, StoredAlert
from warning_dispatch.model.alert import Disposition, Problem
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import ChainState
from warning_dispatch.model.unit import UnitKind, UnitLevel
from warning_dispatch.ports import Sealer
from warning_dispatch.routing.areas import trim
from warning_dispatch.routing.obligations import Holder
from warning_dispatch.routing.selection import TierSelection
from warning_dispatch.store.sql import Sql

RAW_CONTEXT = "raw_message"
ALERT_CONTEXT = "alert"
MOST_CODES = 5_000
"""Division codes of one message that are kept: more than a province has townships."""
MOST_REFERENCES = 100
"""Of one message; what is beyond is no chain any more."""


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

    def same_identity(self, issuer: str, identifier: str, sent: int, part: str) -> Sequence[StoredAlert]:
        """See the port."""
        rows = self._sql.rows(
            """SELECT id, content_digest, chain_id, disposition, dialect FROM alert
            WHERE issuer = ? AND identifier = ? AND sent = ? AND part = ? ORDER BY id""",
            issuer,
            identifier,
            sent,
            part,
        )
        return [StoredAlert(row[0], row[1], row[2], Disposition(row[3]), row[4]) for row in rows]

    def kept(self, alert_id: int) -> KeptAlert | None:
        """See the port."""
        row = self._sql.one(
            "SELECT id, disposition, chain_id, reasons, problems, content_digest FROM alert WHERE id = ?", alert_id
        )
        if row is None:
            return None
        reasons, problems = tuple(json.loads(row[3])), problems_from_json(row[4])
        return KeptAlert(row[0], Disposition(row[1]), row[2], reasons, problems, row[5])

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

    def link(self, issuer: str, identifier: str, references: Sequence[str]) -> None:
        """See the port."""
        others = [one for one in dict.fromkeys(references) if one != identifier][:MOST_REFERENCES]
        pairs = [(identifier, one) for one in others] + [(one, identifier) for one in others]
        self._sql.many(
            "INSERT INTO alert_link (issuer, identifier, other) VALUES (?text, ?text, ?text) ON CONFLICT DO NOTHING",
            [(issuer, one, other) for one, other in pairs],
        )

    def linked(self, issuer: str, identifiers: Sequence[str]) -> Sequence[ChainRecord]:
        """See the port. CROSS JOIN keeps SQLite's planner to the order from the few to the many."""
        seeds = list(dict.fromkeys(identifiers))[:MOST_REFERENCES]
        rows = self._sql.rows(
            f"""WITH RECURSIVE seed(identifier) AS ({" UNION ".join("SELECT CAST(? AS TEXT)" for _ in seeds)}),
            hangs(identifier) AS (SELECT identifier FROM seed UNION SELECT e.other FROM hangs h
              CROSS JOIN alert_link e WHERE e.issuer = ? AND e.identifier = h.identifier),
            mine(id) AS (SELECT k.id FROM hangs h CROSS JOIN alert_chain k WHERE k.issuer = ? AND k.root = h.identifier
              UNION SELECT m.chain_id FROM hangs h CROSS JOIN alert m WHERE m.issuer = ? AND m.identifier = h.identifier)
            SELECT k.id, k.root, k.issuer, k.hazard, k.colour, k.state, k.coverage, k.part
            FROM mine CROSS JOIN alert_chain k WHERE k.id = mine.id AND k.state <> ? ORDER BY k.id""",
            *seeds,
            issuer,
            issuer,
            issuer,
            ChainState.MERGED.value,
        )
        return [self._chain(row, self._newest(row[0])) for row in rows]

    @staticmethod
    def _chain(row: Any, newest: tuple[int, int, str]) -> ChainRecord:
        return ChainRecord(
            id=row[0],
            root=row[1],
            issuer=row[2],
            hazard=row[3],
            colour=Colour(row[4]) if row[4] else None,
            state=ChainState(row[5]),
            last_sent=newest[0],
            coverage=_coverage_from_json(row[6]),
            part=row[7],
            newest=newest,
        )

    def _newest(self, chain_id: int) -> tuple[int, int, str]:
        """See ChainRecord.newest; of a chain without a message the beginning of time."""
        row = self._sql.one(
            """SELECT sent, CASE msg_type WHEN 'Alert' THEN 0 ELSE 1 END AS kind, identifier FROM alert
            WHERE chain_id = ? ORDER BY sent DESC, kind DESC, identifier DESC LIMIT 1""",
            chain_id,
        )
        return (row[0], row[1], row[2]) if row is not None else (0, 0, "")

    def head(self, chain_id: int) -> int:
        """See the port."""
        return int(self._sql.value("SELECT coalesce(alert_id, 0) FROM alert_chain WHERE id = ?", chain_id) or 0)

    def merge(self, chain_id: int, into: int, now: int) -> None:
        """See the port."""
        self._sql.run("UPDATE alert SET chain_id = ? WHERE chain_id = ?", into, chain_id)
        self._sql.run(
            "UPDATE alert_chain SET state = ?, plan_name = '', coverage = '[]', ended_at = ? WHERE id = ?",
            ChainState.MERGED.value,
            now,
            chain_id,
        )

    def new_chain(
        self, root: str, issuer: str, issuer_area: str, hazard: str, colour: int, now: int, part: str = ""
    ) -> int:
        """See the port."""
        key: int = self._sql.value(
            """INSERT INTO alert_chain (root, part, issuer, issuer_area, hazard, colour, state, began_at, raised_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id""",
            root,
            part,
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
            """INSERT INTO alert (raw_message_id, chain_id, dialect, identifier, part, issuer, sender, sent, received_at,
            status, msg_type, hazard, colour, headline, expires, content_digest, sealed, disposition, reasons, problems)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id""",
            new.raw_message_id,
            new.chain_id,
            alert.dialect,
            alert.identifier,
            alert.part,
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
            problems_to_json(new.problems),
        )
        codes = [code for info in alert.infos for area in info.areas for code in area.codes]
        areas = {trim(code) for code in codes[:MOST_CODES]}
        self._sql.many(
            "INSERT INTO alert_area (area, alert_id) VALUES (?text, ?)", [(area, key) for area in sorted(areas)]
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


def problems_to_json(problems: Sequence[Problem]) -> str:
    """What a reader noted, as it is kept."""
    return json.dumps([asdict(one) for one in problems], ensure_ascii=False, separators=(",", ":"))


def problems_from_json(text: str) -> tuple[Problem, ...]:
    """The same, read again."""
    return tuple(Problem(**one) for one in json.loads(text))


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
            spared=tuple(one["spared"]),
        )
        for one in json.loads(text)
    )
