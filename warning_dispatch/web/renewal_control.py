"""The acts of the yearly refresh as JSON for the command line, over the local socket; see control.py."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from warning_dispatch.model.renewal_views import CampaignView, ClosingReport, FilingSheet, HandedIn, PersonWords
from warning_dispatch.renewal_ports import RenewalDesk
from warning_dispatch.web.documents import Said

Code = Annotated[str, StringConstraints(max_length=40)]
_Short = Annotated[str, StringConstraints(max_length=200)]
_CAMPAIGN, _REPORT = TypeAdapter(CampaignView), TypeAdapter(ClosingReport)
_HANDED_IN, _SHEET = TypeAdapter(HandedIn), TypeAdapter(FilingSheet)


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")

    actor: Said


class OpenRequest(_Request):
    """Open a campaign; `title` empty: named after the year of `due`."""

    due: Annotated[str, StringConstraints(max_length=10)]
    title: Annotated[str, StringConstraints(max_length=60)] = ""


class RemindRequest(_Request):
    """Remind who has not handed in; no units: all."""

    units: Annotated[list[Code], Field(max_length=5_000)] = []


class CloseRequest(_Request):
    """Close the open campaign."""

    reason: Said


class ApproveRequest(_Request):
    """Filings to approve, each with the version that was seen."""

    filings: Annotated[list[tuple[int, int]], Field(max_length=5_000)]


class ReturnRequest(_Request):
    """A filing to send back, and what must be mended."""

    filing_id: int
    version: int
    note: Said


class PersonRequest(BaseModel):
    """model.renewal_views.PersonWords."""

    model_config = ConfigDict(extra="forbid")

    role: _Short
    name: _Short = ""
    post: _Short = ""
    phones: Annotated[list[_Short], Field(max_length=9)] = []
    mails: Annotated[list[Annotated[str, StringConstraints(max_length=300)]], Field(max_length=9)] = []
    kept: Annotated[list[int], Field(max_length=20)] = []
    language: _Short = ""
    receiver_id: int = 0
    serves_from: _Short = ""
    serves_until: _Short = ""

    def words(self) -> PersonWords:
        """As the desk takes it."""
        return PersonWords(
            role=self.role,
            name=self.name,
            post=self.post,
            phones=tuple(self.phones),
            mails=tuple(self.mails),
            kept=tuple(self.kept),
            language=self.language,
            receiver_id=self.receiver_id,
            serves_from=self.serves_from,
            serves_until=self.serves_until,
        )


class ChangeRequest(_Request):
    """Everybody who answers for a unit from now on."""

    unit_code: Code
    people: Annotated[list[PersonRequest], Field(max_length=50)]
    reason: Said


class SheetRequest(_Request):
    """A filing sheet, in clear."""

    unit_code: Code
    reason: Said


class RenewalControl:
    """The endpoints."""

    def __init__(self, desk: RenewalDesk) -> None:
        """The desk acts."""
        self._desk = desk

    def router(self) -> APIRouter:
        """Every act, as POST /campaign/<act>."""
        router = APIRouter(prefix="/campaign")
        for path, act in (
            ("/open", self.open),
            ("/remind", self.remind),
            ("/close", self.close),
            ("/approve", self.approve),
            ("/return", self.send_back),
            ("/change", self.change),
            ("/sheet", self.sheet),
        ):
            router.add_api_route(path, act, methods=["POST"], response_model=None)
        return router

    async def open(self, body: OpenRequest) -> dict[str, Any]:
        """Open it."""
        return _json(_CAMPAIGN, await self._desk.open_campaign(body.actor, body.title, body.due))

    async def remind(self, body: RemindRequest) -> dict[str, Any]:
        """Remind."""
        return {"letters": await self._desk.remind_now(body.actor, body.units)}

    async def close(self, body: CloseRequest) -> dict[str, Any]:
        """Close it."""
        return _json(_REPORT, await self._desk.close_campaign(body.actor, body.reason))

    async def approve(self, body: ApproveRequest) -> dict[str, Any]:
        """Approve."""
        done = await self._desk.approve_as(body.actor, body.filings)
        return {"filings": [_json(_HANDED_IN, one) for one in done]}

    async def send_back(self, body: ReturnRequest) -> dict[str, Any]:
        """Send it back."""
        return _json(_HANDED_IN, await self._desk.send_back_as(body.actor, body.filing_id, body.version, body.note))

    async def change(self, body: ChangeRequest) -> dict[str, Any]:
        """Change a unit's people."""
        people = [one.words() for one in body.people]
        return _json(_HANDED_IN, await self._desk.change_as(body.actor, body.unit_code, people, body.reason))

    async def sheet(self, body: SheetRequest) -> dict[str, Any]:
        """A sheet, once it is on the record."""
        return _json(_SHEET, await self._desk.sheet_as(body.actor, body.unit_code, body.reason))


def _json(kind: TypeAdapter[Any], value: object) -> dict[str, Any]:
    found: dict[str, Any] = kind.dump_python(value, mode="json")
    return found
