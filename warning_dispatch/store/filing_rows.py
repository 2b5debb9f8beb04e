"""Campaigns and filings ↔ rows. What a filing proposes is sealed: it names people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from warning_dispatch.engine.storage_renewal import CampaignRecord, FilingRecord
from warning_dispatch.model.renewal import CampaignState, FilingState, HandIn, LetterState, ProofState
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, UnitLevel
from warning_dispatch.ports import Sealer
from warning_dispatch.renewal.changes import addresses
from warning_dispatch.renewal.filing import FilingEvent, from_states, move
from warning_dispatch.renewal.registrars import BY_THE_SUPERIOR, MOST_STEPS, REACHED_BY_TEXT
from warning_dispatch.renewal.rules import RenewalRules, rules_from_json, rules_to_json
from warning_dispatch.store.renewal_progress import report_json
from warning_dispatch.store.sql import Sql, marks

FILING_CONTEXT = "filing"
"""The sealing context of filing.proposed and filing.note."""
_BY_THE_SUPERIOR = " OR ".join(
    f"(u.kind = '{kind.value}'" + (f" AND u.level = {UnitLevel(level).value})" if level else ")")
    for kind, level in BY_THE_SUPERIOR
)
_COLUMNS = """f.id, f.campaign_id, f.unit_id, u.code, f.registrar_id, f.state, f.version, f.how, f.changed, f.handed_in_at,
 f.handed_in_by, f.filed_at, f.decided_by, f.note, f.proposed, f.compared FROM filing f JOIN unit u ON u.id = f.unit_id"""
_OF_UNITS = {
    FilingEvent.UNIT_GONE: " AND unit_id IN (SELECT id FROM unit WHERE valid_until IS NOT NULL)",
    FilingEvent.UNIT_BACK: " AND unit_id IN (SELECT id FROM unit WHERE valid_until IS NULL)",
}
"""Which units an event about all filings is about, where not about every one."""


class FilingTable:
    """engine.storage_renewal.CampaignRows."""

    def __init__(self, sql: Sql, sealer: Sealer) -> None:
        self._sql = sql
        self._sealer = sealer

    # --- campaigns ----------------------------------------------------------------------------------------

    def open_one(self) -> CampaignRecord | None:
        """See the port."""
        row = self._sql.one(
            f"""SELECT id, title, due, state, rules, opened_at, reminded FROM campaign
            WHERE state = {CampaignState.OPEN.value}{self._sql.for_update}"""
        )
        return None if row is None else _campaign(row)

    def add(self, title: str, due: str, rules: RenewalRules, now: int, actor: str) -> CampaignRecord:
        """See the port."""
        key = self._sql.value(
            """INSERT INTO campaign (title, due, state, rules, opened_at, opened_by) VALUES (?, ?, ?, ?, ?, ?)
            RETURNING id""",
            title,
            due,
            CampaignState.OPEN.value,
            rules_to_json(rules),
            now,
            actor,
        )
        return CampaignRecord(key, title, due, CampaignState.OPEN, rules, now, None)

    def set_reminded(self, campaign_id: int, step: int) -> bool:
        """See the port."""
        changed = self._sql.run(
            "UPDATE campaign SET reminded = ? WHERE id = ? AND (reminded IS NULL OR reminded < ?)",
            step,
            campaign_id,
            step,
        )
        return changed == 1

    def close(self, campaign_id: int, now: int, actor: str) -> None:
        """See the port."""
        run = self._sql.run
        run(
            "UPDATE campaign SET state = ?, closed_at = ?, closed_by = ? WHERE id = ?",
            CampaignState.CLOSED.value,
            now,
            actor,
            campaign_id,
        )
        run("UPDATE renewal_link SET expired_at = ? WHERE campaign_id = ? AND expired_at IS NULL", now, campaign_id)
        run(
            "UPDATE letter SET state = ?, ended_at = ? WHERE campaign_id = ? AND state = ?",
            LetterState.DROPPED.value,
            now,
            campaign_id,
            LetterState.READY.value,
        )
        run(
            "UPDATE proof SET state = ?, ended_at = ? WHERE campaign_id = ? AND state = ?",
            ProofState.LAPSED.value,
            now,
            campaign_id,
            ProofState.ASKED.value,
        )

    def write_report(self, campaign_id: int, today: str) -> str:
        """See the port."""
        report = report_json(self._sql, campaign_id, today)
        self._sql.run("UPDATE campaign SET report = ? WHERE id = ?", report, campaign_id)
        return report

    # --- filings ------------------------------------------------------------------------------------------

    def ask_all(self, campaign_id: int) -> int:
        """See the port. First whoever files for it, then, as long as nobody there can be written to, the unit above."""
        count = self._sql.run(
            f"""INSERT INTO filing (campaign_id, unit_id, registrar_id, state)
            SELECT ?, u.id, CASE WHEN (s.reach & {REACHED_BY_TEXT}) <> 0 AND ({_BY_THE_SUPERIOR}) THEN s.id ELSE u.id END,
            {FilingState.ASKED.value} FROM unit u LEFT JOIN unit s ON s.id = u.superior_id
            WHERE u.valid_until IS NULL AND u.callable = 1 ORDER BY u.id""",
            campaign_id,
        )
        for _ in range(MOST_STEPS):
            self._climb(campaign_id)
        return count

    def _climb(self, campaign_id: int) -> None:
        """The unit above is asked where the one that is asked has no address; at the top it stays."""
        self._sql.run(
            f"""UPDATE filing SET registrar_id = (SELECT u.superior_id FROM unit u WHERE u.id = filing.registrar_id)
            WHERE campaign_id = ? AND registrar_id IN (SELECT u.id FROM unit u
            WHERE (u.reach & {REACHED_BY_TEXT}) = 0 AND u.superior_id IS NOT NULL)""",
            campaign_id,
        )

    def filings_of(self, campaign_id: int | None, unit_codes: Sequence[str]) -> Mapping[str, FilingRecord]:
        """See the port."""
        units = self.unit_ids(unit_codes)
        found = self._of_units(campaign_id, list(units.values()))
        missing = [key for code, key in units.items() if code not in found]
        if missing:
            self._sql.many(
                f"""INSERT INTO filing (campaign_id, unit_id, registrar_id, state) VALUES (?, ?, ?, {FilingState.ASKED.value})""",
                [(campaign_id, key, key) for key in missing],
            )
            found = {**found, **self._of_units(campaign_id, missing)}
        return found

    def _of_units(self, campaign_id: int | None, unit_ids: Sequence[int]) -> dict[str, FilingRecord]:
        """Without a campaign: the newest that is not filed yet."""
        if campaign_id is None:
            rows = self._sql.rows(
                f"""SELECT {_COLUMNS} WHERE f.campaign_id IS NULL AND f.unit_id IN {{ids}}
                AND f.state IN (?, ?, ?) ORDER BY f.id{self._locked}""",
                self._sql.ids(unit_ids),
                FilingState.ASKED.value,
                FilingState.HANDED_IN.value,
                FilingState.RETURNED.value,
            )
        else:
            rows = self._sql.rows(
                f"SELECT {_COLUMNS} WHERE f.campaign_id = ? AND f.unit_id IN {{ids}} ORDER BY f.id{self._locked}",
                campaign_id,
                self._sql.ids(unit_ids),
            )
        return {row[3]: self._filing(row) for row in rows}

    @property
    def _locked(self) -> str:
        return "" if self._sql.is_sqlite else " FOR UPDATE OF f"

    def filings(self, filing_ids: Sequence[int]) -> Mapping[int, FilingRecord]:
        """See the port."""
        rows = self._sql.rows(
            f"SELECT {_COLUMNS} WHERE f.id IN {{ids}} ORDER BY f.id{self._locked}", self._sql.ids(filing_ids)
        )
        return {row[0]: self._filing(row) for row in rows}

    def save(self, records: Sequence[FilingRecord]) -> None:
        """See the port."""
        self._sql.many(
            """UPDATE filing SET state = ?, version = ?, how = ?text, changed = ?, handed_in_at = ?, handed_in_by = ?text,
            filed_at = ?, decided_by = ?text, note = ?bytea, proposed = ?bytea, compared = ?bytea WHERE id = ?""",
            [
                (
                    one.state.value,
                    one.version,
                    one.how.value if one.how else "",
                    int(one.changed),
                    one.handed_in_at,
                    one.handed_in_by,
                    one.filed_at,
                    one.decided_by,
                    self._sealed(one.note),
                    None if one.proposed is None else self._sealed(people_to_json(one.proposed)),
                    one.compared,
                    one.id,
                )
                for one in records
            ],
        )

    def move_all(self, campaign_id: int, event: FilingEvent, now: int) -> int:
        """See the port. The table decides from where; every state it leaves goes into one and the same."""
        states = from_states(event)
        (into,) = {move(state, event) for state in states}
        return self._sql.run(
            f"""UPDATE filing SET state = ?, version = version + 1, proposed = NULL,
            filed_at = CASE WHEN ? = {FilingState.ASKED.value} THEN NULL ELSE coalesce(filed_at, ?) END
            WHERE campaign_id = ? AND state IN ({marks(states)}){_OF_UNITS.get(event, "")}""",
            into.value,
            into.value,
            now if into is FilingState.FILED else None,
            campaign_id,
            *(state.value for state in states),
        )

    def of_number(self, number_id: int) -> Sequence[FilingRecord]:
        """See the port. Who has the number in force; of what waits, whose proof or number it is, if it proposes that number."""
        in_force = "SELECT unit_id FROM endpoint WHERE number_id = ? AND valid_until IS NULL"
        rows = self._sql.rows(
            f"""SELECT {_COLUMNS} LEFT JOIN campaign c ON c.id = f.campaign_id
            WHERE (f.campaign_id IS NULL OR c.state = {CampaignState.OPEN.value})
            AND (f.state = {FilingState.FILED.value} AND f.unit_id IN ({in_force})
              OR f.state = {FilingState.HANDED_IN.value} AND f.unit_id IN ({in_force}
              UNION SELECT unit_id FROM proof WHERE number_id = ?)) ORDER BY f.id{self._locked}""",
            number_id,
            number_id,
            number_id,
        )
        blind = self._sql.value("SELECT blind_index FROM number WHERE id = ?", number_id)
        found = map(self._filing, rows)
        return [one for one in found if one.state is FilingState.FILED or self._proposes(one, bytes(blind))]

    def _proposes(self, record: FilingRecord, blind: bytes) -> bool:
        return any(self._sealer.blind_index(one) == blind for one in addresses(record.proposed or ()))

    def proposed(self) -> frozenset[str]:
        """See the port."""
        rows = self._sql.rows(
            "SELECT proposed FROM filing WHERE state = ? AND proposed IS NOT NULL", FilingState.HANDED_IN.value
        )
        return addresses([person for row in rows for person in people_from_json(self._opened(row[0]))])

    def unit_ids(self, unit_codes: Sequence[str]) -> Mapping[str, int]:
        """See the port."""
        found: dict[str, int] = {}
        for start in range(0, len(unit_codes), 500):
            some = unit_codes[start : start + 500]
            found.update(
                self._sql.rows(
                    f"SELECT code, id FROM unit WHERE valid_until IS NULL AND code IN ({marks(some)})", *some
                )
            )
        return {code: found[code] for code in unit_codes if code in found}

    def superiors(self, unit_ids: Sequence[int]) -> Mapping[int, int | None]:
        """See the port."""
        rows = self._sql.rows("SELECT id, superior_id FROM unit WHERE id IN {ids}", self._sql.ids(unit_ids))
        return {row[0]: row[1] for row in rows}

    def _filing(self, row: Any) -> FilingRecord:
        proposed = self._opened(row[14])
        return FilingRecord(
            id=row[0],
            campaign_id=row[1],
            unit_id=row[2],
            unit_code=row[3],
            registrar_id=row[4],
            state=FilingState(row[5]),
            version=row[6],
            how=HandIn(row[7]) if row[7] else None,
            changed=bool(row[8]),
            handed_in_at=row[9],
            handed_in_by=row[10],
            filed_at=row[11],
            decided_by=row[12],
            note=self._opened(row[13]),
            proposed=people_from_json(proposed) if proposed else None,
            compared=None if row[15] is None else bytes(row[15]),
        )

    def _sealed(self, text: str) -> bytes | None:
        return self._sealer.seal(text.encode(), FILING_CONTEXT) if text else None

    def _opened(self, sealed: bytes | None) -> str:
        return self._sealer.unseal(bytes(sealed), FILING_CONTEXT).decode() if sealed else ""


def _campaign(row: Any) -> CampaignRecord:
    return CampaignRecord(row[0], row[1], row[2], CampaignState(row[3]), rules_from_json(row[4]), row[5], row[6])


def people_to_json(people: Sequence[ReceiverEntry]) -> str:
    """As it is sealed; nobody at all is a list, too."""
    return json.dumps([asdict(one) for one in people], ensure_ascii=False)


def people_from_json(text: str) -> tuple[ReceiverEntry, ...]:
    """As it was sealed."""
    return tuple(
        ReceiverEntry(
            **{
                **one,
                "role": Role(one["role"]),
                "endpoints": tuple(
                    EndpointEntry(Channel(each["channel"]), each["address"]) for each in one["endpoints"]
                ),
            }
        )
        for one in json.loads(text)
    )
