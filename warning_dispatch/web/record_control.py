"""Exports and judgements of the command line, over the local socket; see control.py."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from warning_dispatch.model.record_views import Verdict
from warning_dispatch.record_ports import ExportAccount, ExportKind, RecordOffice
from warning_dispatch.web.documents import Said


class ExportRequest(BaseModel):
    """An export that a command is about to write: record_ports.ExportAccount."""

    model_config = ConfigDict(extra="forbid")

    kind: ExportKind
    callout_id: int | None
    actor: Said
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    units: int
    clear: bool = False
    within: Annotated[list[Annotated[str, StringConstraints(max_length=40)]], Field(max_length=1_000)] | None = None


class VerdictRequest(BaseModel):
    """检验结论 of a call-out."""

    model_config = ConfigDict(extra="forbid")

    callout_id: int
    verdict: Verdict
    actor: Said
    reason: Said


class NotedDocument(BaseModel):
    """It is in the journal."""

    callout_id: int | None
    noted: bool = True


class RecordControl:
    """The endpoints."""

    def __init__(self, office: RecordOffice) -> None:
        """`office` puts it on the record."""
        self._office = office

    def router(self) -> APIRouter:
        """Both."""
        router = APIRouter(prefix="/records")
        router.add_api_route("/exports", self.exported, methods=["POST"])
        router.add_api_route("/verdicts", self.judged, methods=["POST"])
        return router

    async def exported(self, body: ExportRequest) -> NotedDocument:
        """Account for an export that a command is about to write."""
        within = None if body.within is None else tuple(body.within)
        await self._office.exported(
            ExportAccount(body.kind, body.callout_id, body.actor, body.reason, body.units, body.clear, within)
        )
        return NotedDocument(callout_id=body.callout_id)

    async def judged(self, body: VerdictRequest) -> NotedDocument:
        """Record a verdict."""
        await self._office.judged(body.callout_id, body.verdict, actor=body.actor, reason=body.reason)
        return NotedDocument(callout_id=body.callout_id)
