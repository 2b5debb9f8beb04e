"""Ticks and exports of the response as JSON for the command line, over the local socket; see control.py."""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints

from warning_dispatch.ports import ReadModels
from warning_dispatch.response_ports import ResponseDesk
from warning_dispatch.web.called import callee_of
from warning_dispatch.web.documents import Said

Code = Annotated[str, StringConstraints(max_length=40)]


class TickRequest(BaseModel):
    """An officer records that a unit has carried a measure out, and what was heard."""

    model_config = ConfigDict(extra="forbid")

    callout_id: int
    unit_code: Code
    action: Annotated[str, StringConstraints(max_length=100)]
    actor: Said
    remark: Said


class ExportRequest(BaseModel):
    """信息报送 is about to be written by a command."""

    model_config = ConfigDict(extra="forbid")

    callout_id: int
    actor: Said
    form: Annotated[str, StringConstraints(max_length=10)]
    area: Code = ""


class DoneDocument(BaseModel):
    """It is kept. `new`: ticks that were not there before."""

    callout_id: int
    new: int = 0


class ResponseControl:
    """The endpoints."""

    def __init__(self, read: ReadModels, desk: ResponseDesk) -> None:
        """`read` finds a unit's callee."""
        self._read = read
        self._desk = desk

    def router(self) -> APIRouter:
        """POST /response/ticks and /response/exports."""
        router = APIRouter()
        router.add_api_route("/response/ticks", self.tick, methods=["POST"])
        router.add_api_route("/response/exports", self.export, methods=["POST"])
        return router

    async def tick(self, body: TickRequest) -> DoneDocument:
        """See ResponseDesk.tick_for."""
        callee_id = await to_thread.run_sync(callee_of, self._read, body.callout_id, body.unit_code)
        new = await self._desk.tick_for(body.callout_id, callee_id, body.action, actor=body.actor, remark=body.remark)
        return DoneDocument(callout_id=body.callout_id, new=new)

    async def export(self, body: ExportRequest) -> DoneDocument:
        """See ResponseDesk.exported."""
        await self._desk.exported(body.callout_id, actor=body.actor, form=body.form, below=body.area)
        return DoneDocument(callout_id=body.callout_id)
