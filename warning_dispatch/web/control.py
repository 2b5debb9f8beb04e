"""The same acts as JSON for the command line, over the local socket of a running daemon.

No key is asked for: whoever may open the socket's file may act. Never bind this application to a port.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Final

from anyio import to_thread
from fastapi import APIRouter, FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse

from warning_dispatch.drill_ports import Drilling
from warning_dispatch.engine.tasks import TaskResult
from warning_dispatch.errors import DispatchError, FindingsError, NotFoundError, RefusedError
from warning_dispatch.model.register import RegisterCounts
from warning_dispatch.model.register_import import RegisterImport
from warning_dispatch.model.states import Means
from warning_dispatch.ports import Desk, ListAccount, ReadModels
from warning_dispatch.record_ports import RecordOffice
from warning_dispatch.registry.one_receiver import ReceiverWords, read_one
from warning_dispatch.renewal_ports import RenewalDesk
from warning_dispatch.response_ports import ResponseDesk
from warning_dispatch.web.api import intake_answer
from warning_dispatch.web.body import read_body
from warning_dispatch.web.called import callee_of
from warning_dispatch.web.documents import AckDocument, AckRequest, IntakeDocument, Said, intake_document
from warning_dispatch.web.drill_control import DrillControl
from warning_dispatch.web.failures import ApiRefusalError, Failures, status_of
from warning_dispatch.web.guard import Guard
from warning_dispatch.web.pages import Pages
from warning_dispatch.web.record_control import RecordControl
from warning_dispatch.web.renewal_control import RenewalControl
from warning_dispatch.web.response_control import ResponseControl

REGISTER_LIMIT: Final = 256 << 20
"""Bytes of a register as JSON: that of a prefecture is some 20 MB."""
_IMPORTS: Final = TypeAdapter(RegisterImport)


class ActRequest(BaseModel):
    """An officer's act on a call-out; `unit_code` where it concerns one unit."""

    model_config = ConfigDict(extra="forbid")

    callout_id: int
    actor: Said
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    unit_code: str = ""


class ControlAckRequest(BaseModel):
    """An answer to record, for a callee by its id or by its unit's code."""

    model_config = ConfigDict(extra="forbid")

    callout_id: int
    callee_id: int | None = None
    unit_code: str = ""
    actor: Said
    reason: Said
    means: Means = Means.OPERATOR

    @model_validator(mode="after")
    def _one_callee(self) -> ControlAckRequest:
        if (self.callee_id is None) == (not self.unit_code):
            raise ValueError("give either callee_id or unit_code")
        return self


class LineTestRequest(BaseModel):
    """What number the lines ring; empty: each route's own."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{3,15}$|^$")] = ""


LineTester = Callable[[str], Awaitable[Sequence[Mapping[str, object]]]]
"""Tries all lines of this process; the results as documents."""


class AddReceiverRequest(BaseModel):
    """A receiver to add to a unit of a call-out, in the officer's own words."""

    model_config = ConfigDict(extra="forbid")

    callout_id: int
    unit_code: Annotated[str, StringConstraints(max_length=40)]
    role: Annotated[str, StringConstraints(max_length=40)]
    name: Annotated[str, StringConstraints(max_length=200)] = ""
    phones: Annotated[list[Annotated[str, StringConstraints(max_length=100)]], Field(max_length=9)] = []
    mails: Annotated[list[Annotated[str, StringConstraints(max_length=300)]], Field(max_length=9)] = []
    post: Annotated[str, StringConstraints(max_length=100)] = ""
    language: Annotated[str, StringConstraints(max_length=20)] = ""
    actor: Said
    reason: Said


class AddedReceiverDocument(BaseModel):
    """The receiver is in the register; `called` names the call-outs in which the unit is called for it now."""

    callout_id: int
    unit_code: str
    receiver_id: int
    endpoints: int
    called: list[int]


class ListWrittenRequest(BaseModel):
    """A printable list that a command is about to write: by whom, why, how much is on it."""

    model_config = ConfigDict(extra="forbid")

    callout_id: int
    round: int
    actor: Said
    reason: Said
    units: int
    people: int
    phones: int


class ListWrittenDocument(BaseModel):
    """It is in the journal."""

    callout_id: int
    noted: bool = True


class ClaimRequest(BaseModel):
    """Alarms to claim; `alarm_ids` null: every open one."""

    model_config = ConfigDict(extra="forbid")

    alarm_ids: Annotated[list[int], Field(min_length=1)] | None
    actor: Said


class TaskRequest(BaseModel):
    """An act on a task of the work list."""

    model_config = ConfigDict(extra="forbid")

    actor: Said
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""


class TaskDocument(BaseModel):
    """It is done. `until`: ms for which the machine waits; `number`: in clear, for whoever dials it."""

    attempt_id: int
    until: int | None = None
    number: str | None = None
    result: str | None = None


class ClaimDocument(BaseModel):
    """The alarms that were claimed, with all that rang together with them."""

    claimed: list[int]


class ActDocument(BaseModel):
    """The act was carried out."""

    callout_id: int
    act: str
    done: bool = True


def no_register(_coming: RegisterImport) -> RegisterCounts:
    """Where there is no register to take anything over (the demonstration's is its own)."""
    raise RefusedError("这里不能导入名册 / no register can be taken over here")


def create_control_app(
    read: ReadModels,
    desk: Desk,
    *,
    body_limit: int,
    samples: bool = True,
    register: Callable[[RegisterImport], RegisterCounts] = no_register,
    renewal: RenewalDesk | None = None,
    lines: LineTester | None = None,
    drills: Drilling | None = None,
    records: RecordOffice | None = None,
    response: ResponseDesk | None = None,
) -> FastAPI:
    """The application for the local socket: POST /acts/{act}, /alerts (and release), /ack, /alarms/claim, /receivers, /lists, /register.

    `body_limit` in bytes, of a message. `samples`: whether sample numbers may be added (no: real routes would have to dial
    them). `register` takes a register over, in a thread of its own. `renewal`: POST /campaign/… as well, `response`:
    POST /response/…, `records`: POST /records/…, `drills`: POST /drills/….
    """
    failures = Failures(Pages())

    def guarded(app: Any) -> Guard:
        return Guard(app, failures)

    app = FastAPI(title="warning-dispatch control", openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(guarded)
    app.include_router(Control(read, desk, body_limit=body_limit, samples=samples, register=register).router())
    if renewal is not None:
        app.include_router(RenewalControl(renewal).router())
    if lines is not None:
        app.include_router(line_router(lines))
    if drills is not None:
        app.include_router(DrillControl(drills.desk).router())
    if records is not None:
        app.include_router(RecordControl(records).router())
    if response is not None:
        app.include_router(ResponseControl(read, response).router())
    failures.install(app)
    app.add_exception_handler(DispatchError, _plain_error)
    return app


def line_router(test: LineTester) -> APIRouter:
    """POST /lines/test: each line of our own rings a number; takes as long as that takes."""
    router = APIRouter()

    @router.post("/lines/test")
    async def test_lines(asked: LineTestRequest) -> dict[str, Any]:
        return {"results": [dict(one) for one in await test(asked.number)]}

    return router


class Control:
    """The endpoints of the local socket."""

    def __init__(
        self,
        read: ReadModels,
        desk: Desk,
        *,
        body_limit: int,
        samples: bool,
        register: Callable[[RegisterImport], RegisterCounts],
    ) -> None:
        """`read` finds a unit's callee, the desk acts, `register` takes registers over."""
        self._register = register
        self._samples = samples
        self._read = read
        self._desk = desk
        self._body_limit = body_limit

    def router(self) -> APIRouter:
        """Every act."""
        router = APIRouter()
        router.add_api_route("/alerts", self.take_in, methods=["POST"])
        router.add_api_route("/alerts/{alert_id}/release", self.release, methods=["POST"])
        router.add_api_route("/acts/{act}", self.act, methods=["POST"])
        router.add_api_route("/ack", self.acknowledge, methods=["POST"])
        router.add_api_route("/receivers", self.add_receiver, methods=["POST"])
        router.add_api_route("/lists", self.list_written, methods=["POST"])
        router.add_api_route("/alarms/claim", self.claim, methods=["POST"])
        router.add_api_route("/register", self.take_over, methods=["POST"])
        router.add_api_route("/tasks/{attempt_id}/take", self.take_task, methods=["POST"])
        router.add_api_route("/tasks/{attempt_id}/number", self.task_number, methods=["POST"])
        router.add_api_route("/tasks/{attempt_id}/results/{result}", self.finish_task, methods=["POST"])
        return router

    async def take_in(
        self, request: Request, source: Annotated[str, Query(max_length=200)] = "command"
    ) -> JSONResponse:
        """Take in one message; `source` says where the command had it from."""
        raw = await read_body(request, self._body_limit)
        return intake_answer(await self._desk.take_in(raw, source))

    async def release(self, alert_id: int, body: AckRequest) -> IntakeDocument:
        """Let a message that was set aside call after all."""
        return intake_document(await self._desk.release(alert_id, actor=body.actor, reason=body.reason))

    async def act(self, act: str, body: ActRequest) -> ActDocument:
        """Carry out an officer's act."""
        await self._desk.act(act, body.callout_id, actor=body.actor, reason=body.reason, unit_code=body.unit_code)
        return ActDocument(callout_id=body.callout_id, act=act)

    async def add_receiver(self, body: AddReceiverRequest) -> AddedReceiverDocument:
        """Add somebody to a unit in mid-storm; refused with every finding, and then nothing is changed."""
        words = ReceiverWords(
            unit_code=body.unit_code,
            role=body.role,
            name=body.name,
            phones=tuple(body.phones),
            mails=tuple(body.mails),
            post=body.post,
            language=body.language,
        )
        called = await to_thread.run_sync(self._is_called, body.callout_id, words.unit_code.strip())
        entry = read_one(words, called=called, samples=self._samples)
        added = await self._desk.add_receiver(body.callout_id, entry, actor=body.actor, reason=body.reason)
        return AddedReceiverDocument(
            callout_id=body.callout_id,
            unit_code=entry.unit_code,
            receiver_id=added.receiver_id,
            endpoints=added.endpoints,
            called=list(added.called),
        )

    async def take_over(self, request: Request) -> JSONResponse:
        """Take a register over that a command has read and compared; all of it or nothing."""
        raw = await read_body(request, REGISTER_LIMIT)
        counts = await to_thread.run_sync(lambda: self._register(_import_in(raw)))
        return JSONResponse(asdict(counts))

    async def list_written(self, body: ListWrittenRequest) -> ListWrittenDocument:
        """Account for a list that a command is about to write."""
        await self._desk.list_written(ListAccount(**body.model_dump()))
        return ListWrittenDocument(callout_id=body.callout_id)

    async def acknowledge(self, body: ControlAckRequest) -> AckDocument:
        """Record an answer."""
        callee_id = body.callee_id
        if callee_id is None:
            callee_id = await to_thread.run_sync(callee_of, self._read, body.callout_id, body.unit_code)
        await self._desk.acknowledge(body.callout_id, callee_id, actor=body.actor, reason=body.reason, means=body.means)
        return AckDocument(callout_id=body.callout_id, callee_id=callee_id)

    def _is_called(self, callout_id: int, unit_code: str) -> bool:
        """Whether the call-out calls the unit; NotFoundError when there is no such call-out."""
        self._read.callout(callout_id)
        try:
            callee_of(self._read, callout_id, unit_code)
        except NotFoundError:
            return False
        return True

    async def take_task(self, attempt_id: int, body: TaskRequest) -> TaskDocument:
        """An officer is dialling."""
        return TaskDocument(attempt_id=attempt_id, until=await self._desk.tasks.take(attempt_id, actor=body.actor))

    async def task_number(self, attempt_id: int, body: TaskRequest) -> TaskDocument:
        """The number in clear."""
        return TaskDocument(attempt_id=attempt_id, number=await self._desk.tasks.number(attempt_id, actor=body.actor))

    async def finish_task(self, attempt_id: int, result: TaskResult, body: TaskRequest) -> TaskDocument:
        """What came of it."""
        await self._desk.tasks.finish(attempt_id, result, actor=body.actor, note=body.note)
        return TaskDocument(attempt_id=attempt_id, result=result)

    async def claim(self, body: ClaimRequest) -> ClaimDocument:
        """Somebody of the bureau has it in hand."""
        return ClaimDocument(claimed=list(await self._desk.claim_alarms(body.alarm_ids, actor=body.actor)))


def _import_in(raw: bytes) -> RegisterImport:
    try:
        return _IMPORTS.validate_json(raw)
    except ValidationError as error:  # its words would show what was sent
        raise ApiRefusalError(422, "invalid", {"findings": f"{error.error_count()} × register"}) from None


async def _plain_error(_request: Request, error: Exception) -> JSONResponse:
    """The error in its own words; the command prints it."""
    status = status_of(error)[0] if isinstance(error, DispatchError) else 500
    document: dict[str, object] = {"error": str(error), "kind": type(error).__name__}
    if isinstance(error, FindingsError):
        document["findings"] = [asdict(one) for one in error.findings]
    return JSONResponse(document, status_code=status)
