"""The acts of drills as JSON for the command line, over the local socket; see control.py."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from warning_dispatch.drill_ports import DrillDesk
from warning_dispatch.model.drills import DrillDay, DrillKind, DrillRequest
from warning_dispatch.web.documents import Said

_Short = Annotated[str, StringConstraints(max_length=200)]
_Code = Annotated[str, StringConstraints(max_length=60)]
Kind = Literal["paper", "staff", "everyone"]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")

    actor: Said


class ComposeRequest(_Request):
    """model.drills.DrillRequest; spans and moments in ms."""

    kind: Kind
    title: _Short = ""
    alert_id: int | None = None
    hazard: _Short = ""
    colour: _Short = ""
    areas: Annotated[list[_Code], Field(max_length=2_000)] = []
    tiers: Annotated[list[_Code], Field(max_length=100)] = []
    plan: _Short = ""
    people: Annotated[list[_Code], Field(max_length=5_000)] = []
    headline: _Short = ""
    text: Annotated[str, StringConstraints(max_length=2_000)] = ""
    instruction: Annotated[str, StringConstraints(max_length=2_000)] = ""
    valid: int | None = None
    starts_at: int | None = None
    announce: Annotated[int, Field(ge=0)] = 0
    day_id: int | None = None

    def asked(self) -> DrillRequest:
        """As the desk takes it."""
        fields = self.model_dump(exclude={"actor", "kind"})
        lists = {name: tuple(fields[name]) for name in ("areas", "tiers", "people")}
        return DrillRequest(**{**fields, **lists, "kind": DrillKind[self.kind.upper()]})


class ReleaseRequest(_Request):
    """Release a drill."""


class StopRequest(_Request):
    """Stop or withdraw a drill."""

    reason: Said


class DayRequest(_Request):
    """Enter a day."""

    day: Annotated[str, StringConstraints(max_length=10)]
    title: _Short
    kind: Kind
    note: _Short = ""
    yearly: bool = False


class DrillControl:
    """The endpoints."""

    def __init__(self, desk: DrillDesk) -> None:
        """The desk acts."""
        self._desk = desk

    def router(self) -> APIRouter:
        """Every act, as POST below /drills."""
        router = APIRouter(prefix="/drills")
        for path, act in (
            ("/compose", self.compose),
            ("/days", self.add_day),
            ("/days/{day_id}/drop", self.drop_day),
            ("/{drill_id}/release", self.release),
            ("/{drill_id}/stop", self.stop),
        ):
            router.add_api_route(path, act, methods=["POST"], response_model=None)
        return router

    async def compose(self, body: ComposeRequest) -> dict[str, Any]:
        """Write a drill down."""
        return {"drill_id": await self._desk.compose(body.asked(), actor=body.actor)}

    async def release(self, drill_id: int, body: ReleaseRequest) -> dict[str, Any]:
        """Release it."""
        return {"complete": await self._desk.release(drill_id, actor=body.actor)}

    async def stop(self, drill_id: int, body: StopRequest) -> dict[str, Any]:
        """End it."""
        await self._desk.stop(drill_id, actor=body.actor, reason=body.reason)
        return {"drill_id": drill_id}

    async def add_day(self, body: DayRequest) -> dict[str, Any]:
        """Enter a day."""
        day = DrillDay(0, body.day, body.title, DrillKind[body.kind.upper()], body.note, yearly=body.yearly)
        return {"day_id": await self._desk.add_day(day, actor=body.actor)}

    async def drop_day(self, day_id: int, body: ReleaseRequest) -> dict[str, Any]:
        """Take it out."""
        await self._desk.drop_day(day_id, actor=body.actor)
        return {"day_id": day_id}
