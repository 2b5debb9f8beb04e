"""年度更新备案 as pages, commands and the daemon ask for it: what is read, and who carries it out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from warning_dispatch.model.renewal import FilingState
from warning_dispatch.model.renewal_views import (
    AwaitingFiling,
    CampaignView,
    ClosingReport,
    FilingRow,
    FilingSheet,
    HandedIn,
    PersonWords,
    Progress,
    ProofPage,
    RenewalPage,
    WorkbookHandIn,
)


class RenewalReadings(Protocol):
    """Pictures of campaigns (年度更新备案). Reading never changes anything; numbers are masked."""

    def campaigns(self) -> Sequence[CampaignView]:
        """Every campaign, the newest first."""
        ...

    def renewal_page(self, token: str, passed: str = "") -> RenewalPage:
        """The page behind a registrar's link; `passed`: what `RenewalDesk.pass_step` gave. NotFoundError: no such link."""
        ...

    def proof_page(self, token: str) -> ProofPage:
        """The page behind a test message. NotFoundError: no such link."""
        ...

    def progress(self, campaign_id: int | None = None) -> Progress:
        """How far a campaign is; None: the newest. NotFoundError when there is none."""
        ...

    def filings(
        self,
        campaign_id: int | None = None,
        *,
        states: Sequence[FilingState] = (),
        county: str = "",
        limit: int = 500,
        offset: int = 0,
    ) -> Sequence[FilingRow]:
        """Filings by unit code; `states` empty: all. `county`: a division code, only what lies in it."""
        ...

    def awaiting(self, campaign_id: int | None = None) -> Sequence[AwaitingFiling]:
        """What waits for approval; names masked."""
        ...

    def closing_report(self, campaign_id: int | None = None) -> ClosingReport:
        """The closing report: as it was written when the campaign was closed, else as it would be now."""
        ...


class RenewalDesk(Protocol):
    """What pages and commands may ask about campaigns. Carried out by the one writer; GET shows, these change.

    With a `token` acts the registrar behind a link, `passed` is the proof of its step ("" where none is needed); what an
    officer does names the `actor`. RefusedError: the link has expired, the campaign is over, the step is missing.
    """

    async def pass_step(self, token: str, last_four: str) -> str:
        """The last four digits of the holder's phone: gives `passed`, for a cookie. RefusedError: wrong, or too many tries."""
        ...

    async def confirm_as_is(
        self, token: str, units: Sequence[tuple[str, int]], *, passed: str = ""
    ) -> Sequence[HandedIn]:
        """原样确认 of units, each as (code, version seen). One that somebody else handed in meanwhile is `refused`, the others count."""
        ...

    async def correct(
        self, token: str, unit_code: str, version: int, people: Sequence[PersonWords], *, passed: str = ""
    ) -> HandedIn:
        """更正: everybody who answers for the unit from now on; who is left out goes. ReceiverError with every finding."""
        ...

    async def name_successor(
        self, token: str, unit_code: str, version: int, leaving: int, successor: PersonWords, *, passed: str = ""
    ) -> HandedIn:
        """换人: `leaving` is the receiver_id of who goes. ReceiverError with every finding."""
        ...

    async def hand_in_workbook(
        self, token: str, content: bytes, filename: str, *, dry_run: bool = False, passed: str = ""
    ) -> WorkbookHandIn:
        """工作簿 for units of the registrar's own page; others that it names are problems. Nothing is taken while a problem stands."""
        ...

    async def ask_proof(
        self, token: str, unit_code: str, number_id: int, *, voice: bool = False, passed: str = ""
    ) -> None:
        """Send the test message to this number (again), or ring it and ask for a key (`voice`); once a day each."""
        ...

    async def own_sheet(self, token: str, unit_code: str, *, passed: str = "") -> FilingSheet:
        """备案表 of one of the registrar's units, in clear: an export, journalled before it is given."""
        ...

    async def approve(self, token: str, filings: Sequence[tuple[int, int]], *, passed: str = "") -> Sequence[HandedIn]:
        """The superior's registrar approves, each as (filing, version seen)."""
        ...

    async def send_back(self, token: str, filing_id: int, version: int, note: str, *, passed: str = "") -> HandedIn:
        """The superior's registrar sends it back, with what must be mended."""
        ...

    async def prove(self, token: str) -> ProofPage:
        """The holder of a number says that it is theirs."""
        ...

    async def deny(self, token: str) -> ProofPage:
        """Whoever holds the number says that it is not that person's."""
        ...

    # --- the bureau ---

    async def approve_as(self, actor: str, filings: Sequence[tuple[int, int]]) -> Sequence[HandedIn]:
        """The bureau approves."""
        ...

    async def send_back_as(self, actor: str, filing_id: int, version: int, note: str) -> HandedIn:
        """The bureau sends it back."""
        ...

    async def change_as(self, actor: str, unit_code: str, people: Sequence[PersonWords], note: str) -> HandedIn:
        """The bureau enters a change of a unit: with a campaign under way its filing, else a filing at once."""
        ...

    async def sheet_as(self, actor: str, unit_code: str, reason: str) -> FilingSheet:
        """备案表 for the bureau, in clear: journalled with actor and reason before it is given."""
        ...

    async def open_campaign(self, actor: str, title: str, due: str) -> CampaignView:
        """Open the campaign; RefusedError while another is open."""
        ...

    async def remind_now(self, actor: str, units: Sequence[str] = ()) -> int:
        """Remind who has not handed in (of these units; all), at most once a day each. How many messages."""
        ...

    async def close_campaign(self, actor: str, reason: str) -> ClosingReport:
        """Freeze it: links expire, what is open lapses, the closing report is written."""
        ...
