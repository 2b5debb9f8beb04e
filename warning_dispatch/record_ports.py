"""What the records of call-outs and of a season need from outside, and what pages and commands ask of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from warning_dispatch.model.console_views import UnitStory
from warning_dispatch.model.record_views import RecordForm, SeasonQuery, SeasonReading, Verdict
from warning_dispatch.model.views import CallOutView

Within = tuple[str, ...] | None
"""Codes of units on and below which somebody may see; None: all."""


class ExportKind(StrEnum):
    """What is handed out."""

    WORKBOOK = "workbook"
    """叫应记录表 as .xlsx."""
    FORM = "form"
    """叫应记录表 for paper, with names and numbers."""
    JOURNAL = "journal"
    """The journal as JSON Lines with its verifier."""
    SEASON = "season"
    """季度统计 as .xlsx."""


@dataclass(frozen=True, slots=True)
class ExportAccount:
    """An export that is about to be handed out: who, why, of what, how much. Never what it says.

    `callout_id` None: of a season. `clear`: with names and numbers, so that a reason is needed; `within`: of which units.
    """

    kind: ExportKind
    callout_id: int | None
    actor: str
    reason: str
    units: int
    clear: bool = False
    within: Within = None


class RecordReadings(Protocol):
    """What records are made from. Safe from any thread; a fixed number of statements whatever the number of units."""

    def record(self, callout_id: int, *, within: Within = None, clear: bool = False) -> RecordForm:
        """A call-out's record. `clear`: with names and numbers. NotFoundError when there is none, or none of it is theirs."""
        ...

    def story(self, callout_id: int, callee_id: int) -> UnitStory:
        """Everything about one unit of a call-out, numbers masked. NotFoundError when it is not called in it."""
        ...

    def record_list(self, *, limit: int = 50, offset: int = 0, drills: bool = False) -> Sequence[CallOutView]:
        """Call-outs that are over, newest first: real ones or drills."""
        ...

    def season(self, query: SeasonQuery) -> SeasonReading:
        """Everything that a season's figures are made from."""
        ...

    def journal_lines(self, callout_id: int) -> Sequence[str]:
        """The journal of a call-out as JSON Lines with hashes and the sealed head."""
        ...


class RecordOffice(Protocol):
    """Where exports and judgements are put on the record by the one writer; returns when it is committed."""

    async def exported(self, account: ExportAccount) -> None:
        """An export is about to be handed out. RefusedError without an actor, or in clear without a reason."""
        ...

    async def judged(self, callout_id: int, verdict: Verdict, *, actor: str, reason: str) -> None:
        """检验结论 of a call-out that is over; a later one replaces it."""
        ...


@dataclass(frozen=True, slots=True)
class Document:
    """A file that is handed out."""

    name: str
    media_type: str
    content: bytes
    style: str = ""
    """Of a page: the digest of its one style, as a content policy names it."""


class RecordDesk(Protocol):
    """叫应记录: forms, workbooks and journals, made off the engine's thread, one after the other."""

    async def workbook(
        self, callout_id: int, *, within: Within, actor: str, reason: str = "", clear: bool = False
    ) -> Document:
        """The record form as .xlsx, once the journal tells of it."""
        ...

    async def form(
        self, callout_id: int, *, within: Within, actor: str, reason: str = "", clear: bool = False, tier: str = ""
    ) -> Document:
        """The record form as an A4 page. In clear only after the journal tells of it; masked it is only looked at."""
        ...

    async def summary(self, callout_id: int, *, within: Within, actor: str) -> Document:
        """One page for leaders."""
        ...

    async def unit_form(self, callout_id: int, callee_id: int, *, within: Within, actor: str) -> Document:
        """The record of one unit: every attempt, every answer, what it reported. One A4 page as a rule."""
        ...

    async def journal(self, callout_id: int, *, actor: str) -> Document:
        """The journal with its verifier and the public key, as one archive."""
        ...

    async def season_workbook(self, query: SeasonQuery, *, actor: str) -> Document:
        """The season's figures as .xlsx."""
        ...

    async def judge(self, callout_id: int, verdict: Verdict, *, actor: str, reason: str) -> None:
        """See RecordOffice.judged."""
        ...
