"""登记页: what a registrar's link shows, what waits for approval, the filing sheet. Masked, but for the sheet."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy

from warning_dispatch.clock import beijing_text
from warning_dispatch.engine.storage_renewal import LinkHolder
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.masking import mask
from warning_dispatch.model.register import mobile_addresses
from warning_dispatch.model.renewal import CampaignState, FilingState, HandIn, ProofState
from warning_dispatch.model.renewal_views import (
    AwaitingFiling,
    CampaignView,
    ClosingReport,
    FiledPerson,
    FiledUnit,
    FilingRow,
    FilingSheet,
    Progress,
    ProofPage,
    RenewalPage,
    SheetPerson,
    SheetUnit,
    ShownNumber,
)
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, UnitKind, UnitLevel
from warning_dispatch.ports import Sealer
from warning_dispatch.store import renewal_progress
from warning_dispatch.store.database import reading
from warning_dispatch.store.filing_rows import FILING_CONTEXT, people_from_json
from warning_dispatch.store.letter_rows import any_letter_waits, link_holder
from warning_dispatch.store.people_rows import StoredPerson, people_of
from warning_dispatch.store.register import NUMBER_CONTEXT
from warning_dispatch.store.sealing import derived_token, link_hash
from warning_dispatch.store.sql import Sql

_UNITS = """SELECT u.id, u.code, u.name, u.kind, u.level, f.id, f.state, f.version, f.how, f.handed_in_by, f.handed_in_at,
 f.note, f.proposed, s.name, t.name, f.registrar_id FROM filing f JOIN unit u ON u.id = f.unit_id
 LEFT JOIN unit s ON s.id = u.superior_id LEFT JOIN unit t ON t.id = s.superior_id"""


class RenewalTables:
    """renewal_ports.RenewalReadings on a database."""

    def __init__(
        self, database: sqlalchemy.Engine, sealer: Sealer, link_key: bytes, now: Callable[[], int], bureau: str = ""
    ) -> None:
        """`now` in ms tells the day; `bureau`: who asks, on the page behind a test message."""
        self._database = database
        self.sealer = self._sealer = sealer
        self._key = link_key
        self._now = now
        self._bureau = bureau

    def _today(self) -> str:
        return beijing_text(self._now(), "%Y-%m-%d")

    # --- progress -----------------------------------------------------------------------------------------

    def campaigns(self) -> Sequence[CampaignView]:
        """See the port."""
        with reading(self._database) as connection:
            return renewal_progress.campaigns(Sql(connection), self._today())

    def progress(self, campaign_id: int | None = None) -> Progress:
        """See the port."""
        with reading(self._database) as connection:
            return renewal_progress.progress(Sql(connection), campaign_id, self._today())

    def filings(
        self,
        campaign_id: int | None = None,
        *,
        states: Sequence[FilingState] = (),
        county: str = "",
        limit: int = 500,
        offset: int = 0,
    ) -> Sequence[FilingRow]:
        """See the port."""
        with reading(self._database) as connection:
            sql = Sql(connection)
            found = renewal_progress.one_campaign(sql, campaign_id, self._today())
            return renewal_progress.filing_rows(sql, found.id, states, county, limit=limit, offset=offset)

    def closing_report(self, campaign_id: int | None = None) -> ClosingReport:
        """See the port."""
        with reading(self._database) as connection:
            return renewal_progress.closing_report(Sql(connection), campaign_id, self._today())

    def letters_wait(self) -> bool:
        """Whether any letter could go now: whoever asks every moment must not write for it."""
        with reading(self._database) as connection:
            return any_letter_waits(Sql(connection), self._now())

    # --- pages --------------------------------------------------------------------------------------------

    def renewal_page(self, token: str, passed: str = "") -> RenewalPage:
        """See the port. 1. Whose link. 2. Whether the step is behind. 3. The units, and what waits for this approval."""
        with reading(self._database) as connection:
            sql = Sql(connection)
            holder = require_holder(sql, token, self._now())
            title, due, state = sql.one("SELECT title, due, state FROM campaign WHERE id = ?", holder.campaign_id)
            step_needed = not self.passes(sql, holder, token, passed)
            rows = sql.rows(
                f"{_UNITS} WHERE f.campaign_id = ? AND f.registrar_id IN {{ids}} AND u.valid_until IS NULL ORDER BY u.level, u.code",
                holder.campaign_id,
                sql.ids(holder.units),
            )
            units = self._filed_units(sql, rows, clear=not step_needed)
            own = sql.value("SELECT name FROM unit WHERE id IN {ids} ORDER BY level, id LIMIT 1", sql.ids(holder.units))
            awaiting = () if step_needed else self._awaiting(sql, _below(holder), clear=True)
        return RenewalPage(
            campaign_id=holder.campaign_id,
            title=title,
            due=due,
            open=state == CampaignState.OPEN.value and not holder.expired,
            step_needed=step_needed,
            own=str(own or ""),
            units=tuple(units),
            awaiting=tuple(awaiting),
            filed=sum(one.state is FilingState.FILED for one in units),
            total=len(units),
        )

    def awaiting(self, campaign_id: int | None = None) -> Sequence[AwaitingFiling]:
        """See the port."""
        with reading(self._database) as connection:
            only = ("AND f.campaign_id = ?", (campaign_id,)) if campaign_id else ("", ())
            return self._awaiting(Sql(connection), only, clear=False)

    def proof_page(self, token: str) -> ProofPage:
        """See the port."""
        with reading(self._database) as connection:
            sql = Sql(connection)
            row = sql.one(
                """SELECT p.state, n.masked, p.channel, p.number_id, p.unit_id FROM proof p JOIN number n ON n.id = p.number_id
                WHERE p.hash = ?""",
                link_hash(token),
            )
            if row is None:
                raise _no_link()
            units = sql.rows(
                """SELECT DISTINCT u.id, u.name FROM unit u WHERE u.id = ? OR u.id IN (SELECT unit_id FROM endpoint
                WHERE number_id = ? AND valid_until IS NULL) ORDER BY u.id""",
                row[4],
                row[3],
            )
        state = ProofState(row[0])
        return ProofPage(
            state is ProofState.ASKED, state, row[1], Channel(row[2]), tuple(one[1] for one in units), self._bureau
        )

    # --- the step -----------------------------------------------------------------------------------------

    def passes(self, sql: Sql, holder: LinkHolder, token: str, passed: str) -> bool:
        """Whether the step is behind: it was passed, or the person has no phone that could be asked for."""
        if passed and hmac.compare_digest(passed, passed_token(self._key, token)):
            return True
        return not self.phones(sql, holder)

    def phones(self, sql: Sql, holder: LinkHolder) -> frozenset[str]:
        """The last four digits of every phone of the holder, and of the number the link was sent to."""
        rows = sql.rows(
            """SELECT n.sealed FROM number n WHERE n.kind = 'phone' AND (n.id = ? OR n.id IN
            (SELECT number_id FROM endpoint WHERE receiver_id = ?))""",
            holder.number_id,
            holder.receiver_id,
        )
        clear = (self._sealer.unseal(row[0], NUMBER_CONTEXT).decode() for row in rows)
        return frozenset(number[-4:] for number in clear)

    # --- in clear -----------------------------------------------------------------------------------------

    def kept_endpoints(self, unit_id: int) -> Mapping[int, tuple[EndpointEntry, ...]]:
        """Number → endpoints, of whoever is in force at a unit or proposed for it: what a form refers to by id."""
        with reading(self._database) as connection:
            sql = Sql(connection)
            found: dict[int, dict[EndpointEntry, None]] = {}
            for person in people_of(sql, self._sealer, [unit_id])[unit_id]:
                for one in person.endpoints:
                    found.setdefault(one.number_id, {})[one.entry] = None
            sealed = sql.value(
                "SELECT proposed FROM filing WHERE unit_id = ? AND proposed IS NOT NULL ORDER BY id DESC LIMIT 1",
                unit_id,
            )
            for entry in self._proposed(sealed):
                for each in entry.endpoints:
                    number = sql.value(
                        "SELECT id FROM number WHERE blind_index = ?", self._sealer.blind_index(each.address)
                    )
                    if number is not None:
                        found.setdefault(number, {})[each] = None
        return {number: tuple(entries) for number, entries in found.items()}

    def people(self, unit_id: int) -> tuple[StoredPerson, ...]:
        """Everybody in force at a unit, in clear."""
        with reading(self._database) as connection:
            return people_of(Sql(connection), self._sealer, [unit_id])[unit_id]

    def people_of_unit(self, unit_code: str) -> tuple[StoredPerson, ...]:
        """Everybody in force at a unit by its code, in clear. NotFoundError: there is no such unit."""
        with reading(self._database) as connection:
            key: int | None = Sql(connection).value(
                "SELECT id FROM unit WHERE code = ? AND valid_until IS NULL", unit_code
            )
        if key is None:
            raise NotFoundError(f"名册里没有单位 {unit_code} / the register has no unit {unit_code}")
        return self.people(key)

    def sheet(self, unit_code: str, printed_by: str) -> FilingSheet:
        """备案表: a unit, and the villages of a township. To be called when it has been journalled."""
        with reading(self._database) as connection:
            sql = Sql(connection)
            row = sql.one(
                """SELECT u.id, u.name, u.level, u.kind, s.name, t.name FROM unit u LEFT JOIN unit s ON s.id = u.superior_id
                LEFT JOIN unit t ON t.id = s.superior_id WHERE u.code = ? AND u.valid_until IS NULL""",
                unit_code,
            )
            if row is None:
                raise NotFoundError(f"名册里没有单位 {unit_code} / the register has no unit {unit_code}")
            below = row[2] == UnitLevel.TOWNSHIP.value and row[3] == UnitKind.DIVISION.value
            units = [(row[0], unit_code, row[1])]
            if below:
                units += sql.rows(
                    """SELECT id, code, name FROM unit WHERE superior_id = ? AND valid_until IS NULL ORDER BY code""",
                    row[0],
                )
            people = people_of(sql, self._sealer, [key for key, _, _ in units])
            filings = {
                unit_id: (FilingState(state), filed_at)
                for unit_id, state, filed_at in sql.rows(
                    "SELECT unit_id, state, filed_at FROM filing WHERE unit_id IN {ids} ORDER BY id",
                    sql.ids(key for key, _, _ in units),
                )
            }
            campaign = sql.one("SELECT title, due FROM campaign ORDER BY id DESC LIMIT 1") or ("", "")
        return FilingSheet(
            title=campaign[0],
            unit_name=row[1],
            place=tuple(one for one in (row[5], row[4]) if one),
            due=campaign[1],
            units=tuple(
                SheetUnit(code, name, tuple(_sheet_person(one) for one in people[key]), *filings.get(key, (None, None)))
                for key, code, name in units
            ),
            printed_by=printed_by,
            printed_at=self._now(),
        )

    # --- inside -------------------------------------------------------------------------------------------

    def _filed_units(self, sql: Sql, rows: Sequence[Any], *, clear: bool) -> list[FiledUnit]:
        ids = [row[0] for row in rows]
        people = people_of(sql, self._sealer, ids)
        lacking = renewal_progress.problems_of(sql, ids)
        proofs = _proofs(sql)
        found = []
        for row in rows:
            key, code, name, kind, level, filing, state, version, how, by, at, note, proposed, above, top = row[:15]
            found.append(
                FiledUnit(
                    filing_id=filing,
                    unit_code=code,
                    name=name,
                    kind=UnitKind(kind),
                    level=UnitLevel(level),
                    place=tuple(str(one) for one in (top, above) if one),
                    state=FilingState(state),
                    version=version,
                    people=tuple(_shown(one, proofs, clear=clear) for one in people[key]),
                    proposed=tuple(_proposed(one, clear=clear) for one in self._proposed(proposed)),
                    how=HandIn(how) if how else None,
                    by=_who(str(by)),
                    handed_in_at=at,
                    note=self._opened(note),
                    problems=lacking.get(key, ()),
                )
            )
        return found

    def _awaiting(self, sql: Sql, only: tuple[str, tuple[object, ...]], *, clear: bool) -> list[AwaitingFiling]:
        rows = sql.rows(
            f"{_UNITS} WHERE f.state = {FilingState.HANDED_IN.value} {only[0]} AND u.valid_until IS NULL ORDER BY u.code",
            *only[1],
        )
        people = people_of(sql, self._sealer, [row[0] for row in rows])
        proofs = _proofs(sql)
        return [
            AwaitingFiling(
                filing_id=row[5],
                version=row[7],
                unit_code=row[1],
                name=row[2],
                place=tuple(one for one in (row[14], row[13]) if one),
                how=HandIn(row[8]),
                handed_in_at=row[10] or 0,
                by=_who(row[9]),
                before=tuple(_shown(one, proofs, clear=clear) for one in people[row[0]]),
                after=tuple(_proposed(one, clear=clear) for one in self._proposed(row[12])),
            )
            for row in rows
        ]

    def _proposed(self, sealed: object) -> tuple[ReceiverEntry, ...]:
        text = self._opened(sealed)
        return people_from_json(text) if text else ()

    def _opened(self, sealed: object) -> str:
        if not isinstance(sealed, bytes | memoryview):
            return ""
        return self._sealer.unseal(bytes(sealed), FILING_CONTEXT).decode()


def passed_token(link_key: bytes, token: str) -> str:
    """What whoever passed the step of a link holds from then on."""
    return derived_token(link_key, f"passed:{token.strip().lower()}")


def require_holder(sql: Sql, token: str, now: int) -> LinkHolder:
    """Who is behind a link at a moment (ms). NotFoundError: nobody."""
    found = link_holder(sql, token, now)
    if found is None:
        raise _no_link()
    return found


def _no_link() -> NotFoundError:
    return NotFoundError("没有这个链接，请核对短信 / there is no such link; check the message")


def _below(holder: LinkHolder) -> tuple[str, tuple[object, ...]]:
    """Filings of the campaign whose unit, or whose registrar's unit, lies right below the holder's; never the holder's own."""
    ids = ", ".join(map(str, sorted(holder.units))) or "NULL"
    return (
        f"""AND f.campaign_id = ? AND f.registrar_id NOT IN ({ids})
        AND (SELECT r.superior_id FROM unit r WHERE r.id = f.registrar_id) IN ({ids})""",
        (holder.campaign_id,),
    )


def _proofs(sql: Sql) -> Mapping[int, ProofState]:
    """Number → where its newest test message stands."""
    return {number: ProofState(state) for number, state in sql.rows("SELECT number_id, state FROM proof ORDER BY id")}


def _shown(person: StoredPerson, proofs: Mapping[int, ProofState], *, clear: bool) -> FiledPerson:
    mobiles = mobile_addresses(one.entry for one in person.endpoints)
    numbers: dict[int, ShownNumber] = {}
    for one in person.endpoints:
        before = numbers.get(one.number_id)
        numbers[one.number_id] = ShownNumber(
            number_id=one.number_id,
            masked=one.masked,
            mail=one.entry.channel is Channel.EMAIL,
            mobile=one.entry.address in mobiles,
            proved=one.proved or bool(before and before.proved),
            proof=proofs.get(one.number_id),
            finding=one.finding or (before.finding if before else ""),
        )
    return _person(person.entry, person.receiver_id, numbers.values(), clear=clear)


def _proposed(entry: ReceiverEntry, *, clear: bool) -> FiledPerson:
    mobiles = mobile_addresses(entry.endpoints)
    numbers = {
        one.address: ShownNumber(0, mask(one.address), "@" in one.address, one.address in mobiles, False, None, "")
        for one in entry.endpoints
    }
    return _person(entry, 0, numbers.values(), clear=clear)


def _person(entry: ReceiverEntry, receiver_id: int, numbers: Iterable[ShownNumber], *, clear: bool) -> FiledPerson:
    return FiledPerson(
        receiver_id=receiver_id,
        role=entry.role,
        name=entry.name if clear else f"{entry.name[:1]}*",
        post=entry.post,
        language=entry.language,
        numbers=tuple(numbers),
        serves_from=entry.serves_from,
        serves_until=entry.serves_until,
        verified_on=entry.verified_on,
    )


def _who(by: str) -> str:
    """Who handed in, as a role: behind a link stands the registrar, everybody else is of the bureau."""
    if not by:
        return ""
    return "登记联系人 / the registrar" if by.startswith("link:") else "气象局 / the bureau"


def _sheet_person(person: StoredPerson) -> SheetPerson:
    entry = person.entry
    mobiles = mobile_addresses(entry.endpoints)
    every = dict.fromkeys(one.address for one in entry.endpoints)
    return SheetPerson(
        role=entry.role,
        name=entry.name,
        post=entry.post,
        mobiles=tuple(one for one in every if one in mobiles),
        landlines=tuple(one for one in every if one not in mobiles and "@" not in one),
        mails=tuple(one for one in every if "@" in one),
        proved=any(one.proved for one in person.endpoints),
        verified_on=entry.verified_on,
    )
