"""The desk of the yearly refresh: what pages and commands ask becomes use cases of the one writer (renewal_ports.RenewalDesk)."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import sqlalchemy

from warning_dispatch.clock import beijing_text
from warning_dispatch.engine import letters, renewing
from warning_dispatch.engine.lanes import Lane
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.renewal_letters import send_tests
from warning_dispatch.engine.renewing import HandInOrder, Who
from warning_dispatch.engine.storage_renewal import LinkHolder, ProofRecord
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.renewal import HandIn
from warning_dispatch.model.renewal_views import (
    CampaignView,
    ClosingReport,
    FilingSheet,
    HandedIn,
    PersonWords,
    ProofPage,
    WorkbookHandIn,
)
from warning_dispatch.model.states import Means
from warning_dispatch.model.unit import Channel, ReceiverEntry
from warning_dispatch.registry.filed_people import read_people, words_of
from warning_dispatch.registry.filed_workbook import FiledWorkbook, read_filed
from warning_dispatch.registry.receiver_sheets import Rules
from warning_dispatch.renewal.changes import TEXTS
from warning_dispatch.renewal.rules import RenewalRules
from warning_dispatch.store.database import reading
from warning_dispatch.store.people_rows import people_of
from warning_dispatch.store.register_reading import stored_units
from warning_dispatch.store.renewal_reading import RenewalTables, passed_token, require_holder
from warning_dispatch.store.sql import Sql
from warning_dispatch.tomlfiles import both

T = TypeVar("T")

MOST_TRIES = 8
"""Wrong answers to a link's step; then it must be sent anew by the bureau."""
LARGEST_WORKBOOK = 8 << 20
"""Bytes."""


class Office(Protocol):
    """The part of the daemon's desk that is needed here."""

    async def once(self, lane: Lane, work: Callable[[Ledger], T]) -> T:
        """A use case in a transaction of its own."""
        ...


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """What the installation decides. `samples`: whether sample numbers may be handed in; `linked`: links can be opened."""

    rules: RenewalRules
    samples: bool
    short_codes: Collection[str] = ()
    linked: bool = True


class WriterRenewalDesk:
    """renewal_ports.RenewalDesk over the one writer; what only looks is read beside it."""

    def __init__(
        self,
        office: Office,
        read: RenewalTables,
        database: sqlalchemy.Engine,
        link_key: bytes,
        now: Callable[[], int],
        settings: DeskSettings,
    ) -> None:
        """`now` in ms; the parts are wired in bootstrap."""
        self._office = office
        self._read = read
        self._database = database
        self._key = link_key
        self._now = now
        self._settings = settings

    # --- the registrar behind a link ----------------------------------------------------------------------

    async def pass_step(self, token: str, last_four: str) -> str:
        """See the port. Whoever came by the link and knows the phone has proved the address it was sent to.

        Every try is counted in the transaction that says what came of it, and a right one forgets them: fifty at once are fifty.
        """
        holder, digits = await asyncio.to_thread(self._holder_and_digits, token)
        wanted = last_four.strip().encode()

        def look(ledger: Ledger) -> bool:
            if ledger.tx.letters.note_try(holder.id) > MOST_TRIES:
                raise RefusedError(both("输错次数太多，请联系气象局", "too many wrong tries: call the bureau"))
            right = any(hmac.compare_digest(wanted, one.encode()) for one in digits)
            if right:
                ledger.tx.letters.note_use(holder.id, ledger.now)
                ledger.tx.proofs.prove_numbers([holder.number_id], ledger.now)
            return right

        if not await self._office.once(Lane.ACT, look):
            raise RefusedError(both("后四位不对", "these are not the last four digits"))
        return passed_token(self._key, token)

    def _holder_and_digits(self, token: str) -> tuple[LinkHolder, frozenset[str]]:
        with reading(self._database) as connection:
            sql = Sql(connection)
            holder = require_holder(sql, token, self._now())
            return holder, self._read.phones(sql, holder)

    async def _who(self, token: str, passed: str) -> Who:
        """Who is behind the link, if the step is behind them."""

        def look() -> LinkHolder:
            with reading(self._database) as connection:
                sql = Sql(connection)
                holder = require_holder(sql, token, self._now())
                if not self._read.passes(sql, holder, token, passed):
                    raise RefusedError(both("请先输入手机号后四位", "enter the last four digits of the phone first"))
                return holder

        holder = await asyncio.to_thread(look)
        if holder.expired:
            raise RefusedError(
                both("链接已失效，变动请联系气象局", "this link has expired; tell the bureau about changes")
            )
        return Who(f"link:{holder.id}", holder.units, holder.campaign_id)

    async def confirm_as_is(
        self, token: str, units: Sequence[tuple[str, int]], *, passed: str = ""
    ) -> Sequence[HandedIn]:
        """See the port."""
        orders = [HandInOrder(code, HandIn.AS_IS, None, version) for code, version in units]
        return await self._hand_in(orders, await self._who(token, passed), "page")

    async def correct(
        self, token: str, unit_code: str, version: int, people: Sequence[PersonWords], *, passed: str = ""
    ) -> HandedIn:
        """See the port."""
        return await self._one(await self._who(token, passed), unit_code, HandIn.CORRECTED, version, people, "page")

    async def name_successor(
        self, token: str, unit_code: str, version: int, leaving: int, successor: PersonWords, *, passed: str = ""
    ) -> HandedIn:
        """See the port. Everybody else stays as they are."""
        who = await self._who(token, passed)
        unit_id = await asyncio.to_thread(self._unit_id, unit_code)
        people = await asyncio.to_thread(self._read.people, unit_id)
        if not any(one.receiver_id == leaving for one in people):
            raise RefusedError(both("此人已不在册，请刷新", "this person is no longer on file: reload"))
        words = [
            successor
            if one.receiver_id == leaving
            else words_of(one.entry, [each.number_id for each in one.endpoints], one.receiver_id)
            for one in people
        ]
        return await self._one(who, unit_code, HandIn.SUCCESSOR, version, words, "page")

    async def hand_in_workbook(
        self, token: str, content: bytes, filename: str, *, dry_run: bool = False, passed: str = ""
    ) -> WorkbookHandIn:
        """See the port."""
        who = await self._who(token, passed)
        if len(content) > LARGEST_WORKBOOK:
            raise RefusedError(both("文件太大", "the file is too large"))
        read = await asyncio.to_thread(self._read_workbook, who, content, filename)
        picture = WorkbookHandIn(False, len(read.people), read.changed, read.lines, read.problems, read.notices, ())
        if dry_run or read.problems:
            return picture
        orders = [HandInOrder(code, HandIn.WORKBOOK, people) for code, people in read.people.items()]
        results = await self._hand_in(orders, who, "workbook")
        return replace(picture, taken=True, results=tuple(results))

    def _read_workbook(self, who: Who, content: bytes, filename: str) -> FiledWorkbook:
        with reading(self._database) as connection:
            sql = Sql(connection)
            units = stored_units(connection)
            own = dict(
                sql.rows(
                    """SELECT u.code, u.id FROM filing f JOIN unit u ON u.id = f.unit_id
                    WHERE f.campaign_id = ? AND f.registrar_id IN {ids} AND u.valid_until IS NULL""",
                    who.campaign_id,
                    sql.ids(who.units or ()),
                )
            )
            found = people_of(sql, self._read.sealer, list(own.values()))
        before = [person.entry for people in found.values() for person in people]
        rules = Rules(beijing_text(self._now(), "%Y-%m-%d"), self._settings.short_codes)
        return read_filed(content, filename, units, own, before, rules)

    async def ask_proof(
        self, token: str, unit_code: str, number_id: int, *, voice: bool = False, passed: str = ""
    ) -> None:
        """See the port."""
        who = await self._who(token, passed)
        unit_id = await asyncio.to_thread(self._own_unit, who, unit_code)
        kept = await asyncio.to_thread(self._read.kept_endpoints, unit_id)
        channels = (Channel.VOICE,) if voice else TEXTS
        endpoints = [one for one in kept.get(number_id, ()) if one.channel in channels]
        if not endpoints:
            what = both("座机收不到测试信息，请选语音测试", "a landline takes no message: ask for a test call")
            raise RefusedError(what)
        samples = self._settings.samples
        await self._office.once(
            Lane.ACT,
            lambda ledger: send_tests(
                ledger.tx,
                ledger.now,
                [(unit_id, one, samples) for one in endpoints],
                {},
                who.campaign_id,
                again=True,
            ),
        )

    async def own_sheet(self, token: str, unit_code: str, *, passed: str = "") -> FilingSheet:
        """See the port."""
        who = await self._who(token, passed)
        await asyncio.to_thread(self._own_unit, who, unit_code)
        return await self._sheet(who.by, unit_code, "own sheet", both("登记联系人", "the registrar"))

    async def approve(self, token: str, filings: Sequence[tuple[int, int]], *, passed: str = "") -> Sequence[HandedIn]:
        """See the port."""
        who = await self._who(token, passed)
        return await self._office.once(Lane.ACT, lambda ledger: renewing.approve(ledger, filings, who))

    async def send_back(self, token: str, filing_id: int, version: int, note: str, *, passed: str = "") -> HandedIn:
        """See the port."""
        who = await self._who(token, passed)
        return await self._office.once(
            Lane.ACT, lambda ledger: renewing.send_back(ledger, filing_id, version, note, who)
        )

    # --- the holder of a number ---------------------------------------------------------------------------

    async def prove(self, token: str) -> ProofPage:
        """See the port."""
        await self._say(token, letters.prove)
        return await asyncio.to_thread(self._read.proof_page, token)

    async def deny(self, token: str) -> ProofPage:
        """See the port."""
        await self._say(token, letters.deny)
        return await asyncio.to_thread(self._read.proof_page, token)

    async def _say(self, token: str, act: Callable[[Ledger, Sequence[ProofRecord], str], int]) -> None:
        def work(ledger: Ledger) -> None:
            proof = ledger.tx.proofs.by_token(token)
            if proof is None:
                raise NotFoundError(both("没有这个链接，请核对短信", "there is no such link; check the message"))
            act(ledger, [proof], Means.LINK)

        await self._office.once(Lane.ANSWER, work)

    # --- the bureau ---------------------------------------------------------------------------------------

    async def approve_as(self, actor: str, filings: Sequence[tuple[int, int]]) -> Sequence[HandedIn]:
        """See the port."""
        return await self._office.once(Lane.ACT, lambda ledger: renewing.approve(ledger, filings, Who(actor)))

    async def send_back_as(self, actor: str, filing_id: int, version: int, note: str) -> HandedIn:
        """See the port."""
        return await self._office.once(
            Lane.ACT, lambda ledger: renewing.send_back(ledger, filing_id, version, note, Who(actor))
        )

    async def change_as(self, actor: str, unit_code: str, people: Sequence[PersonWords], note: str) -> HandedIn:
        """See the port. The bureau is trusted: what it enters is in force at once."""
        return await self._one(Who(actor, why=note.strip()), unit_code, HandIn.COMMAND, None, people, "command")

    async def sheet_as(self, actor: str, unit_code: str, reason: str) -> FilingSheet:
        """See the port."""
        await asyncio.to_thread(self._unit_id, unit_code)
        return await self._sheet(actor, unit_code, reason, actor)

    async def open_campaign(self, actor: str, title: str, due: str) -> CampaignView:
        """See the port."""
        if not self._settings.linked:
            what = both("没有公开的网页地址，链接谁也打不开", "there is no public address: nobody could open a link")
            raise RefusedError(f"{what} → [web] public_url")
        day = renewing.require_day(due)
        name = title.strip() or f"{day[:4]}年度更新备案"
        rules = self._settings.rules
        key = await self._office.once(Lane.ACT, lambda ledger: renewing.open_campaign(ledger, name, day, rules, actor))
        found = await asyncio.to_thread(self._read.campaigns)
        return next(one for one in found if one.id == key)

    async def remind_now(self, actor: str, units: Sequence[str] = ()) -> int:
        """See the port."""
        return await self._office.once(Lane.ACT, lambda ledger: renewing.remind_now(ledger, actor, units))

    async def close_campaign(self, actor: str, reason: str) -> ClosingReport:
        """See the port."""
        key = await self._office.once(Lane.ACT, lambda ledger: renewing.close_campaign(ledger, actor, reason))
        return await asyncio.to_thread(self._read.closing_report, key)

    # --- inside -------------------------------------------------------------------------------------------

    async def _one(
        self,
        who: Who,
        unit_code: str,
        how: HandIn,
        version: int | None,
        words: Sequence[PersonWords],
        source: str,
    ) -> HandedIn:
        people = await asyncio.to_thread(self._people, unit_code, words)
        (result,) = await self._hand_in([HandInOrder(unit_code, how, people, version)], who, source)
        if result.refused:
            raise RefusedError(result.refused)
        return result

    async def _hand_in(self, orders: Sequence[HandInOrder], who: Who, source: str) -> Sequence[HandedIn]:
        rules = self._settings.rules
        return await self._office.once(
            Lane.ACT, lambda ledger: renewing.hand_in(ledger, orders, who, rules, source=source)
        )

    def _people(self, unit_code: str, words: Sequence[PersonWords]) -> tuple[ReceiverEntry, ...]:
        kept = self._read.kept_endpoints(self._unit_id(unit_code))
        return read_people(unit_code, words, kept, samples=self._settings.samples)

    async def _sheet(self, by: str, unit_code: str, reason: str, printed_by: str) -> FilingSheet:
        """The journal first: who sees it in clear stands there even if the paper jams."""
        entry = {"k": "sheet.exported", "unit": unit_code, "actor": by, "why": reason}
        await self._office.once(Lane.ACT, lambda ledger: ledger.note_register(entry))
        return await asyncio.to_thread(self._read.sheet, unit_code, printed_by)

    def _own_unit(self, who: Who, unit_code: str) -> int:
        """The key of a unit that the link files for."""
        with reading(self._database) as connection:
            sql = Sql(connection)
            key: int | None = sql.value(
                """SELECT u.id FROM filing f JOIN unit u ON u.id = f.unit_id WHERE u.code = ? AND f.campaign_id = ?
                AND f.registrar_id IN {ids}""",
                unit_code,
                who.campaign_id,
                sql.ids(who.units or ()),
            )
        if key is None:
            raise RefusedError(both("该单位不归这个链接报送", "this link does not file for this unit"))
        return key

    def _unit_id(self, unit_code: str) -> int:
        with reading(self._database) as connection:
            key: int | None = Sql(connection).value(
                "SELECT id FROM unit WHERE code = ? AND valid_until IS NULL", unit_code
            )
        if key is None:
            raise NotFoundError(both(f"名册里没有单位 {unit_code}", f"the register has no unit {unit_code}"))
        return key
