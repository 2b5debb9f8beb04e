"""The REST interface: calls and messages are made, listed, looked at and ended; and how it fails."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from itertools import count
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from warning_dispatch.bootstrap import serve
from warning_dispatch.clock import Clock
from warning_dispatch.simulation.faults import Faults

from .callbacks import ACCOUNT, TOKEN, Callbacks
from .calls import Call, Lines
from .messages import Message, Post
from .people import People
from .witness import Witness

AUTHORIZATION = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
MESSAGES = {20003: "Authenticate", 20429: "Too Many Requests", 20500: "Internal Server Error", 21211: "Invalid 'To'"}


async def _no_tap(_link: str) -> None:
    """Nobody taps."""


class TwilioServer:
    """Twilio. `rang` is the truth about who was called."""

    def __init__(
        self,
        clock: Clock,
        *,
        public: str = "https://jiaoying.example.cn",
        local: str = "http://127.0.0.1:1",
        people: People | None = None,
        witness: Witness | None = None,
        faults: Faults | None = None,
        seed: int = 1,
        sms_route: str = "sms",
        tap: Callable[[str], Awaitable[None]] = _no_tap,
    ) -> None:
        """`public`: the address in callbacks, `local` where the daemon listens."""
        self.clock = clock
        self.people = people or People(seed)
        self.witness = witness or Witness()
        self.callbacks = Callbacks(clock, public, local, faults or Faults(), seed)
        self.lines = Lines(self.callbacks, self.people, self.witness)
        self.post = Post(self.callbacks, self.people, self.witness, f"{public}/hooks/{sms_route}/reply", tap)
        self.failing: Iterator[str | tuple[int, int]] = iter(())
        """What happens to the requests that make something, one after the other.

        "" goes well, "hang" and "cut" take it and do not answer (well), (status, code) refuses.
        """
        self.asked: list[tuple[str, str]] = []
        self.port = 0
        self.hangs_for = 1.0
        """Real seconds; longer than its client waits."""
        self._serial = count(1)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def rang(self) -> list[Call]:
        """Every call, in the order they were made."""
        return list(self.lines.calls.values())

    @property
    def sent(self) -> list[Message]:
        """Every message, in the order they were taken."""
        return list(self.post.messages.values())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[TwilioServer]:
        """Up, then down and silent."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = int(listener.getsockname()[1])
        base = "/2010-04-01/Accounts/{account}"
        routes = [
            Route(f"{base}/Calls.json", self.calls, methods=["GET", "POST"]),
            Route(f"{base}/Calls/{{sid}}.json", self.call, methods=["GET", "POST"]),
            Route(f"{base}/Messages.json", self.messages, methods=["GET", "POST"]),
            Route(f"{base}/Balance.json", self.balance),
        ]
        serving = asyncio.create_task(serve(Starlette(routes=routes), host="127.0.0.1", port=self.port))  # type: ignore[arg-type]
        await listening(self.port)
        try:
            yield self
        finally:
            await self.callbacks.close()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    # --- requests ---------------------------------------------------------------------------------------------

    async def calls(self, request: Request) -> Response:
        """Make one, or list those to a number."""
        if (refusal := self._refusal(request)) is not None:
            return refusal
        if request.method == "GET":
            listed = [one for one in reversed(self.rang) if one.to == request.query_params.get("To")]
            return JSONResponse({"calls": [self._shown(one) for one in listed], **_page("calls")})
        form = await request.form()
        if not (str(form.get("Twiml")) and len(str(form["Twiml"])) <= 4_000 and form.get("StatusCallback")):
            return _error(400, 21205)
        failure = next(self.failing, "")
        if isinstance(failure, tuple):
            return _error(*failure)
        call = Call(
            sid=f"CA{next(self._serial):032x}",
            to=str(form["To"]),
            sender=str(form["From"]),
            twiml=str(form["Twiml"]),
            ring_ms=int(str(form["Timeout"])) * 1000,
            status_url=str(form["StatusCallback"]),
            machine_url=str(form.get("AsyncAmdStatusCallback", "")),
            created_at=self.clock.now(),
        )
        self.lines.begin(call)
        return await self._answer(failure, JSONResponse(self._shown(call), 201))

    async def call(self, request: Request) -> Response:
        """Look at one, or end it."""
        if (refusal := self._refusal(request)) is not None:
            return refusal
        call = self.lines.calls.get(request.path_params["sid"])
        if call is None:
            return _error(404, 20404)
        if request.method == "POST" and (await request.form()).get("Status") == "canceled":
            self.lines.cancel(call)
        return JSONResponse(self._shown(call))

    async def messages(self, request: Request) -> Response:
        """Send one, or list those to a number."""
        if (refusal := self._refusal(request)) is not None:
            return refusal
        if request.method == "GET":
            listed = [one for one in reversed(self.sent) if one.to == request.query_params.get("To")]
            return JSONResponse({"messages": [self._shown(one) for one in listed], **_page("messages")})
        form = await request.form()
        failure = next(self.failing, "")
        if isinstance(failure, tuple):
            return _error(*failure)
        if str(form["To"]) in self.post.opted_out:
            return _error(400, 21610)
        message = Message(
            sid=f"SM{next(self._serial) + (1 << 40):032x}",
            to=str(form["To"]),
            sender=str(form.get("From") or form.get("MessagingServiceSid")),
            body=str(form["Body"]),
            status_url=str(form.get("StatusCallback", "")),
            created_at=self.clock.now(),
        )
        self.post.begin(message)
        return await self._answer(failure, JSONResponse(self._shown(message), 201))

    async def balance(self, request: Request) -> Response:
        """What is left."""
        return self._refusal(request) or JSONResponse({"account_sid": ACCOUNT, "balance": "12.5", "currency": "USD"})

    # --- answers ----------------------------------------------------------------------------------------------

    def _refusal(self, request: Request) -> Response | None:
        self.asked.append((request.method, request.url.path))
        if request.headers.get("authorization") != AUTHORIZATION or request.path_params["account"] != ACCOUNT:
            return _error(401, 20003)
        return None

    async def _answer(self, failure: str, answer: Response) -> Response:
        if failure == "hang":
            await asyncio.sleep(self.hangs_for)
        if failure == "cut":
            answer.headers["content-length"] = str(int(answer.headers["content-length"]) + 50)
        return answer

    @staticmethod
    def _shown(one: Call | Message) -> dict[str, Any]:
        made = formatdate(one.created_at / 1000)
        shown = {"sid": one.sid, "to": one.to, "from": one.sender, "status": one.status, "date_created": made}
        return {**shown, "body": one.body} if isinstance(one, Message) else shown


def _page(key: str) -> dict[str, Any]:
    return {"page": 0, "page_size": 20, "next_page_uri": None, "uri": f"/2010-04-01/{key}"}


def _error(status: int, code: int) -> Response:
    message = MESSAGES.get(code, "refused")
    return JSONResponse({"code": code, "message": message, "more_info": "https://…", "status": status}, status)


async def listening(port: int) -> None:
    """Wait until somebody answers there."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
            continue
        writer.close()
        await writer.wait_closed()
        return
