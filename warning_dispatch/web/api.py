"""/api/v1: what other systems send and ask. Keys are per system and scoped: alerts, read, act, register, feedback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request
from starlette.responses import JSONResponse

from warning_dispatch.clock import Clock
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.states import UNREACHED, CalleeState, Means
from warning_dispatch.model.views import IntakeResult
from warning_dispatch.ports import Desk, ReadModels
from warning_dispatch.superior_ports import FeedbackReadings
from warning_dispatch.web import documents
from warning_dispatch.web.documents import MOST, AckDocument, AckRequest, CalleeList, CallOutList, Id
from warning_dispatch.web.failures import ApiRefusalError
from warning_dispatch.web.feedback_documents import FeedbackApi
from warning_dispatch.web.list_documents import UnreachedDocument, unreached_document
from warning_dispatch.web.push import PushDoor
from warning_dispatch.web.register_documents import RegisterApi
from warning_dispatch.web.register_look import RegisterLook

BEARER: Final = HTTPBearer(auto_error=False, description="warning-dispatch key add")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=MOST)]
ListUnit = Annotated[str, Query(max_length=40, description="code of a superior; bureau for what the bureau holds")]
StateNames = Annotated[list[str] | None, Query(description="names of states, repeated or comma separated; unreached")]

RAW_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The bytes of one warning message (CAP 1.2 or its 12379 profile), as received.",
        "content": {"application/xml": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class Api:
    """The endpoints of /api/v1 over the read models and the desk."""

    def __init__(
        self,
        read: ReadModels,
        desk: Desk,
        clock: Clock,
        door: PushDoor,
        register: RegisterLook | None = None,
        feedback: FeedbackReadings | None = None,
    ) -> None:
        """`door` knows who may push messages; `register` None: nothing is told of it; nor of `feedback`."""
        self._register = register
        self._feedback = feedback
        self._read = read
        self._clock = clock
        self._desk = desk
        self._door = door

    def router(self, *, alerts: bool = True, people: bool = True) -> APIRouter:
        """Every route with the scope it needs: of the side that takes messages in, and of the one that people ask."""
        router = APIRouter(prefix="/api/v1")
        if alerts:
            self._add_intake(router)
        if people:
            self._add_questions(router)
        return router

    def _add_intake(self, router: APIRouter) -> None:
        router.add_api_route(
            "/alerts",
            self.take_in,
            methods=["POST"],
            status_code=202,
            response_model=documents.IntakeDocument,
            responses=_refusals(400, 413, 415) | {422: {"model": documents.IntakeDocument}},
            openapi_extra=RAW_BODY,
            dependencies=[Security(BEARER)],
        )
        router.add_api_route(
            "/heartbeats",
            self.heartbeat,
            methods=["POST"],
            responses=_refusals(),
            dependencies=[Security(BEARER)],
        )
        router.add_api_route(
            "/alerts/{alert_id}/release",
            self.release,
            methods=["POST"],
            responses=_refusals(400, 404, 409, 503),
            dependencies=[self._needs("act")],
        )

    def _add_questions(self, router: APIRouter) -> None:
        reads: Sequence[tuple[str, Callable[..., Any]]] = (
            ("/alerts/{alert_id}", self.alert),
            ("/callouts", self.callouts),
            ("/callouts/{callout_id}", self.callout),
            ("/callouts/{callout_id}/callees", self.callees),
            ("/callouts/{callout_id}/unreached", self.unreached),
        )
        for path, endpoint in reads:
            router.add_api_route(path, endpoint, responses=_refusals(404), dependencies=[self._needs("read")])
        if self._feedback is not None:
            router.add_api_route(
                "/callouts/{callout_id}/feedback",
                FeedbackApi(self._feedback).feedback,
                responses=_refusals(404),
                dependencies=[self._needs("feedback")],
            )
        if self._register is not None:
            router.add_api_route(
                "/register/changes",
                RegisterApi(self._register).register_changes,
                responses=_refusals(),
                dependencies=[self._needs("register")],
            )
        router.add_api_route(
            "/callouts/{callout_id}/callees/{callee_id}/ack",
            self.acknowledge,
            methods=["POST"],
            responses=_refusals(400, 404, 409, 503),
            dependencies=[self._needs("act")],
        )

    def _needs(self, scope: str) -> Any:
        """A dependency that lets only keys with `scope` in; it looks the key up in a worker thread."""

        def check(credentials: Credentials) -> None:
            key = credentials.credentials if credentials else ""
            scopes = self._read.scopes_of_key(key) if key else frozenset()
            if not scopes:
                raise ApiRefusalError(401, "unauthorized", headers={"WWW-Authenticate": "Bearer"})
            if scope not in scopes:
                raise ApiRefusalError(403, "forbidden", {"scope": scope})

        return Depends(check)

    async def take_in(self, request: Request) -> JSONResponse:
        """Take in one warning message. Answers after it is durably stored.

        With an API key, or for a source (X-Warning-Source) by signature or certificate as configured. A message with an
        Idempotency-Key, or signed in the same words, is taken in once and gets the first answer again.
        202 when it could be read (accepted, duplicate, conflict, stored); 422 when it is quarantined: it is kept,
        with the reasons, and a human is told.
        """
        pushed = await self._door.admit(request)
        return intake_answer(await self._desk.take_in(pushed.raw, pushed.source, pushed.item))

    async def heartbeat(self, request: Request) -> documents.HeartbeatDocument:
        """A sender says that it is there although it has nothing to send; its silence is an alarm where configured."""
        source = await self._door.admit_heartbeat(request)
        await self._desk.source_seen(source)
        return documents.HeartbeatDocument(source=source)

    async def release(self, alert_id: Id, body: AckRequest) -> documents.IntakeDocument:
        """Let a message that was quarantined or stored call after all: an officer has read it with its problems."""
        return documents.intake_document(await self._desk.release(alert_id, actor=body.actor, reason=body.reason))

    def alert(self, alert_id: Id) -> documents.AlertDocument:
        """One warning as received, with its verdict."""
        return documents.alert_document(self._read.alert(alert_id))

    def callouts(self, live: bool = False, limit: Limit = 100) -> CallOutList:
        """Call-outs, newest first; `live` leaves out those that have ended."""
        views = self._read.callouts(live_only=live, limit=limit)
        return CallOutList(callouts=[documents.callout_document(view) for view in views])

    def callout(self, callout_id: Id) -> documents.CallOutDocument:
        """One call-out: its tiers with counts, and how many are unreached."""
        return documents.callout_document(self._read.callout(callout_id))

    def callees(
        self, callout_id: Id, state: StateNames = None, tier: str = "", limit: Limit = 100, offset: Offset = 0
    ) -> CalleeList:
        """The units of a call-out in the order of their codes, by state and tier, with what was reported about each."""
        self._read.callout(callout_id)
        states = wanted_states(state or ())
        rows = self._read.callees(callout_id, states=states, tier=tier, limit=limit + 1, offset=offset)
        briefs = self._feedback.briefs([row.callee_id for row in rows[:limit]]) if self._feedback else {}
        return CalleeList(
            callees=[documents.callee_document(row, briefs.get(row.callee_id)) for row in rows[:limit]],
            limit=limit,
            offset=offset,
            next_offset=offset + limit if len(rows) > limit else None,
        )

    def unreached(
        self, callout_id: Id, unit: ListUnit = "", limit: Limit = 100, offset: Offset = 0
    ) -> UnreachedDocument:
        """Who has not answered below a unit, and below the superiors whose lists it holds; without one: everybody."""
        view = self._read.unreached(callout_id, now=self._clock.now(), unit_code=unit, limit=limit, offset=offset)
        return unreached_document(view, unit, limit=limit, offset=offset)

    async def acknowledge(self, callout_id: Id, callee_id: Id, body: AckRequest) -> AckDocument:
        """Record that a human of this unit said "received"."""
        await to_thread.run_sync(self._read.callout, callout_id)
        await self._desk.acknowledge(callout_id, callee_id, actor=body.actor, reason=body.reason, means=Means.OPERATOR)
        return AckDocument(callout_id=callout_id, callee_id=callee_id)


def intake_answer(result: IntakeResult) -> JSONResponse:
    """202 for what could be read, 422 for what was quarantined (and kept)."""
    status = 422 if result.disposition is Disposition.QUARANTINED else 202
    return JSONResponse(documents.intake_document(result).model_dump(mode="json"), status_code=status)


def wanted_states(names: Sequence[str]) -> tuple[CalleeState, ...]:
    """States by their names, repeated or comma separated; "unreached" stands for its three facts."""
    wanted: list[CalleeState] = []
    for name in (part.strip() for entry in names for part in entry.split(",")):
        if not name:
            continue
        found = UNREACHED if name == "unreached" else (documents.state_named(name),)
        wanted += [state for state in found if state is not None] or _unknown_state(name)
    return tuple(dict.fromkeys(wanted))


def _unknown_state(name: str) -> list[CalleeState]:
    known = ", ".join(["unreached", *(documents.key_of(state) for state in CalleeState)])
    raise ApiRefusalError(422, "unknown_state", {"state": name, "states": known})


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": documents.RefusalDocument} for status in (401, 403, *statuses)}
