"""叫应记录的发放: record_ports.RecordDesk.

Documents are made in a thread of their own, one after the other, and what is an export is put on the record before it is
handed out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from warning_dispatch.clock import Clock
from warning_dispatch.engine.export_accounts import judge, note_export
from warning_dispatch.engine.lanes import Lane
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.model.record_views import SeasonQuery, Verdict
from warning_dispatch.record_ports import Document, ExportAccount, ExportKind, RecordOffice, RecordReadings, Within
from warning_dispatch.reports.record_press import RecordPress
from warning_dispatch.reports.stamp import Stamp

T = TypeVar("T")


class Writing(Protocol):
    """The part of the daemon's desk that is needed here."""

    async def once(self, lane: Lane, work: Callable[[Ledger], T]) -> T:
        """A use case in a transaction of its own."""
        ...


class WriterRecordOffice:
    """record_ports.RecordOffice over the one writer."""

    def __init__(self, writing: Writing) -> None:
        """`writing` is the daemon's desk."""
        self._writing = writing

    async def exported(self, account: ExportAccount) -> None:
        """See the port."""
        await self._writing.once(Lane.ACT, lambda ledger: note_export(ledger, account))

    async def judged(self, callout_id: int, verdict: Verdict, *, actor: str, reason: str) -> None:
        """See the port."""
        await self._writing.once(
            Lane.ACT, lambda ledger: judge(ledger, callout_id, verdict, actor=actor, reason=reason)
        )


class RecordCounter:
    """record_ports.RecordDesk."""

    def __init__(self, press: RecordPress, read: RecordReadings, office: RecordOffice, clock: Clock) -> None:
        """The thread begins with the first document."""
        self._press = press
        self._read = read
        self._office = office
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="records")

    async def workbook(
        self, callout_id: int, *, within: Within, actor: str, reason: str = "", clear: bool = False
    ) -> Document:
        """See the port."""
        stamp = Stamp(actor, self._clock.now(), reason)
        form = await self._made(lambda: self._press.record(callout_id, within, clear=clear))
        document = await self._made(lambda: self._press.workbook(form, stamp))
        await self._office.exported(
            ExportAccount(ExportKind.WORKBOOK, callout_id, actor, reason, len(form.units), clear, within)
        )
        return document

    async def form(
        self, callout_id: int, *, within: Within, actor: str, reason: str = "", clear: bool = False, tier: str = ""
    ) -> Document:
        """See the port."""
        stamp = Stamp(actor, self._clock.now(), reason)
        form = await self._made(lambda: self._press.record(callout_id, within, clear=clear))
        document = await self._made(lambda: self._press.form(form, stamp, tier))
        if clear:
            await self._office.exported(
                ExportAccount(ExportKind.FORM, callout_id, actor, reason, len(form.units), clear, within)
            )
        return document

    async def summary(self, callout_id: int, *, within: Within, actor: str) -> Document:
        """See the port."""
        stamp = Stamp(actor, self._clock.now())
        return await self._made(lambda: self._press.summary(self._press.record(callout_id, within), stamp))

    async def unit_form(self, callout_id: int, callee_id: int, *, within: Within, actor: str) -> Document:
        """See the port."""
        stamp = Stamp(actor, self._clock.now())
        return await self._made(lambda: self._press.unit_form(self._press.record(callout_id, within), callee_id, stamp))

    async def journal(self, callout_id: int, *, actor: str) -> Document:
        """See the port."""
        await self._office.exported(ExportAccount(ExportKind.JOURNAL, callout_id, actor, "", 0))
        return await self._made(lambda: self._press.journal(callout_id))

    async def season_workbook(self, query: SeasonQuery, *, actor: str) -> Document:
        """See the port."""
        stamp = Stamp(actor, self._clock.now())
        reading = await self._made(lambda: self._read.season(query))
        document = await self._made(lambda: self._press.season(reading, stamp))
        units = sum(group.units for group in reading.groups)
        await self._office.exported(ExportAccount(ExportKind.SEASON, None, actor, "", units, within=query.within))
        return document

    async def judge(self, callout_id: int, verdict: Verdict, *, actor: str, reason: str) -> None:
        """See the port."""
        await self._office.judged(callout_id, verdict, actor=actor, reason=reason)

    async def _made(self, work: Callable[[], T]) -> T:
        """In the thread of the records: several who ask at once wait for each other, and never the engine for them."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
