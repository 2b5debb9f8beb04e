"""Where the commands of the yearly refresh act and look: through the running daemon if there is one, else by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Protocol, TypeVar

import httpx2
from pydantic import TypeAdapter

from warning_dispatch.bootstrap import open_product
from warning_dispatch.bootstrap.renewal import EngineOffice, renewal_desk
from warning_dispatch.cli.office import PATIENCE, DaemonOffice, daemon_answers, opened_database, require_database
from warning_dispatch.clock import SystemClock
from warning_dispatch.model.renewal_views import CampaignView, ClosingReport, FilingSheet, HandedIn, PersonWords
from warning_dispatch.renewal_ports import RenewalDesk
from warning_dispatch.settings import Settings
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.renewal_reading import RenewalTables
from warning_dispatch.store.sealing import AesSealer

T = TypeVar("T")
_CAMPAIGN, _REPORT = TypeAdapter(CampaignView), TypeAdapter(ClosingReport)
_HANDED_IN, _SHEET = TypeAdapter(HandedIn), TypeAdapter(FilingSheet)


class CampaignOffice(Protocol):
    """What the commands ask for; the bureau's part of renewal_ports.RenewalDesk."""

    @property
    def daemon(self) -> bool:
        """Whether a running daemon does it, so that letters go at once."""
        ...

    def open(self, actor: str, title: str, due: str) -> CampaignView:
        """Open a campaign."""
        ...

    def remind(self, actor: str, units: Sequence[str]) -> int:
        """Remind now; how many letters."""
        ...

    def close(self, actor: str, reason: str) -> ClosingReport:
        """Close the campaign."""
        ...

    def approve(self, actor: str, filings: Sequence[tuple[int, int]]) -> Sequence[HandedIn]:
        """Approve filings."""
        ...

    def send_back(self, actor: str, filing_id: int, version: int, note: str) -> HandedIn:
        """Send a filing back."""
        ...

    def change(self, actor: str, unit_code: str, people: Sequence[PersonWords], reason: str) -> HandedIn:
        """Enter a change."""
        ...

    def sheet(self, actor: str, unit_code: str, reason: str) -> FilingSheet:
        """A filing sheet, once it is on the record."""
        ...


class DaemonCampaigns:
    """The daemon does it, asked over its local socket."""

    daemon = True

    def __init__(self, office: DaemonOffice) -> None:
        """`office` reaches web.renewal_control."""
        self._office = office

    def open(self, actor: str, title: str, due: str) -> CampaignView:
        """See the port."""
        return _CAMPAIGN.validate_python(self._ask("open", actor=actor, title=title, due=due))

    def remind(self, actor: str, units: Sequence[str]) -> int:
        """See the port."""
        return int(self._ask("remind", actor=actor, units=list(units))["letters"])

    def close(self, actor: str, reason: str) -> ClosingReport:
        """See the port."""
        return _REPORT.validate_python(self._ask("close", actor=actor, reason=reason))

    def approve(self, actor: str, filings: Sequence[tuple[int, int]]) -> Sequence[HandedIn]:
        """See the port."""
        said = self._ask("approve", actor=actor, filings=[list(one) for one in filings])
        return [_HANDED_IN.validate_python(one) for one in said["filings"]]

    def send_back(self, actor: str, filing_id: int, version: int, note: str) -> HandedIn:
        """See the port."""
        said = self._ask("return", actor=actor, filing_id=filing_id, version=version, note=note)
        return _HANDED_IN.validate_python(said)

    def change(self, actor: str, unit_code: str, people: Sequence[PersonWords], reason: str) -> HandedIn:
        """See the port."""
        words = [asdict(one) for one in people]
        return _HANDED_IN.validate_python(
            self._ask("change", actor=actor, unit_code=unit_code, people=words, reason=reason)
        )

    def sheet(self, actor: str, unit_code: str, reason: str) -> FilingSheet:
        """See the port."""
        return _SHEET.validate_python(self._ask("sheet", actor=actor, unit_code=unit_code, reason=reason))

    def _ask(self, act: str, **document: Any) -> Mapping[str, Any]:
        return self._office.ask(f"/campaign/{act}", document)


class DirectCampaigns:
    """The command does it itself: no daemon runs."""

    daemon = False

    def __init__(self, desk: RenewalDesk) -> None:
        """`desk` over an engine that nothing else uses."""
        self._desk = desk

    def open(self, actor: str, title: str, due: str) -> CampaignView:
        """See the port."""
        return _now(self._desk.open_campaign(actor, title, due))

    def remind(self, actor: str, units: Sequence[str]) -> int:
        """See the port."""
        return _now(self._desk.remind_now(actor, units))

    def close(self, actor: str, reason: str) -> ClosingReport:
        """See the port."""
        return _now(self._desk.close_campaign(actor, reason))

    def approve(self, actor: str, filings: Sequence[tuple[int, int]]) -> Sequence[HandedIn]:
        """See the port."""
        return _now(self._desk.approve_as(actor, filings))

    def send_back(self, actor: str, filing_id: int, version: int, note: str) -> HandedIn:
        """See the port."""
        return _now(self._desk.send_back_as(actor, filing_id, version, note))

    def change(self, actor: str, unit_code: str, people: Sequence[PersonWords], reason: str) -> HandedIn:
        """See the port."""
        return _now(self._desk.change_as(actor, unit_code, people, reason))

    def sheet(self, actor: str, unit_code: str, reason: str) -> FilingSheet:
        """See the port."""
        return _now(self._desk.sheet_as(actor, unit_code, reason))


def _now(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


@contextmanager
def open_campaigns(settings: Settings) -> Iterator[CampaignOffice]:
    """The daemon if it answers, else the database. Errors of ours say what is missing."""
    if daemon_answers(settings.control_socket):
        transport = httpx2.HTTPTransport(uds=str(settings.control_socket))
        with httpx2.Client(transport=transport, base_url="http://daemon", timeout=PATIENCE) as client:
            yield DaemonCampaigns(DaemonOffice(client))
        return
    require_database(settings)
    product, clock = open_product(settings), SystemClock()
    try:
        yield DirectCampaigns(renewal_desk(settings, product, EngineOffice(product.engine, clock), clock))
    finally:
        product.close()


@contextmanager
def open_campaign_reading(settings: Settings) -> Iterator[RenewalTables]:
    """Pictures of campaigns; reading disturbs nobody and needs no daemon."""
    with opened_database(settings) as database:
        keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
        yield RenewalTables(
            database, AesSealer(keys), keys.link_key, SystemClock().now, settings.ingest.hand_issuer_name
        )
