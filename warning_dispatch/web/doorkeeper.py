"""门卫: stands before every page of the bureau. Inside guard.py, around the application; asks doors.py what to ask for.

1. What needs no login passes by. 2. A path without a door is not there. 3. Who is not logged in is led to the login.
4. Who has not the right, on any unit or on our whole area, is refused. 5. What changes something must come from a page of ours: its origin is ours,
and it carries the session's token. 6. A stream that stays open is cut when the session ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from warning_dispatch.clock import stopwatch
from warning_dispatch.errors import DispatchError
from warning_dispatch.model.people import Visit
from warning_dispatch.model.rights import Grant, may, units_with
from warning_dispatch.web.access import CSRF, VISIT
from warning_dispatch.web.body import read_body
from warning_dispatch.web.doors import (
    CHANGE_PASSWORD,
    DOORS,
    LOGIN,
    WITHOUT_CHANGE,
    Door,
    door_of,
    is_open,
    lies_below,
    root_of,
)
from warning_dispatch.web.failures import ApiRefusalError, Failures
from warning_dispatch.web.login_desk import LoginDesk, csrf_token, is_csrf_token
from warning_dispatch.web.origin import is_own_origin

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing, ever."""
LOOK_AGAIN: Final = 5.0
"""Seconds between two looks whether the session of an open stream still lives."""
CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = "x-csrf-token"
REFERRER: Final = "same-origin"
"""Stricter, and browsers say nothing of where a form comes from."""


def cookie_name(*, secure: bool) -> str:
    """The session's cookie. `__Host-`: only this host could have set it, over https, for all its paths."""
    return "__Host-wd" if secure else "wd"


class Doorkeeper:
    """ASGI middleware around the pages."""

    def __init__(
        self,
        app: ASGIApp,
        desk: LoginDesk,
        failures: Failures,
        *,
        public_url: str,
        body_limit: int,
        doors: Sequence[Door] = DOORS,
    ) -> None:
        """`public_url`: where browsers find us; https asks for the strict cookie."""
        self._app = app
        self._desk = desk
        self._failures = failures
        self._public_url = public_url
        self._body_limit = body_limit
        self._doors = doors
        self._cookie = cookie_name(secure=urlsplit(public_url).scheme == "https")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in, lead to the login, or refuse."""
        if scope["type"] != "http" or (is_open(scope["path"]) and not lies_below(scope["path"], LOGIN)):
            await self._app(scope, receive, send)
            return
        watch = _Watch(send)
        request = Request(scope, receive)
        if lies_below(scope["path"], LOGIN):
            await self._app(scope, receive, watch.send)
            return
        try:
            answer, receive = await self._ask(request, receive, watch)
        except ApiRefusalError as error:
            answer = self._failures.answer(request, error.status, error.name, fields=error.fields)
        except DispatchError as error:
            answer = self._failures.of_error(request, error)
        if answer is not None:
            await answer(scope, receive, watch.send)
            return
        try:
            await self._app(scope, receive, watch.send)
        except (ClientDisconnect, OSError):
            if not watch.over:
                raise

    async def _ask(self, request: Request, receive: Receive, watch: _Watch) -> tuple[Response | None, Receive]:
        """An answer instead of the page, or None; and what the page reads the request from."""
        path = request.url.path
        door = door_of(path, self._doors)
        if door is None:
            return self._failures.answer(request, 404, "not_found"), receive
        token = request.cookies.get(self._cookie, "")
        visit = await self._desk.visit(token) if token else None
        if visit is None:
            return self._to_login(request), receive
        if visit.account.must_change and path not in WITHOUT_CHANGE:
            return RedirectResponse(root_of(path) + CHANGE_PASSWORD.lstrip("/"), status_code=303), receive
        if not await self._opens(door, visit):
            return self._failures.answer(request, 403, "forbidden_page"), receive
        if request.method not in SAFE:
            receive = await self._checked(request, receive, token)
        setattr(request.state, VISIT, visit)
        setattr(request.state, CSRF, csrf_token(token))
        watch.still = lambda: self._still(token, door, visit.account.grants)
        return None, receive

    async def _still(self, token: str, door: Door, grants: Sequence[Grant]) -> bool:
        """Whether an open stream may go on: with other grants it would show another part, so the browser asks anew."""
        visit = await self._desk.visit(token)
        return visit is not None and visit.account.grants == grants and await self._opens(door, visit)

    async def _opens(self, door: Door, visit: Visit) -> bool:
        if door.right is None:
            return True
        grants, within = visit.account.grants, self._desk.within
        if not door.whole:
            return bool(units_with(grants, door.right))
        paths = await self._desk.paths_of([within])
        return may(grants, door.right, paths.get(within, ()))

    def _to_login(self, request: Request) -> Response:
        """A page goes to the login and comes back; what is not a page is told 401."""
        if "text/html" not in request.headers.get("accept", ""):
            return self._failures.answer(request, 401, "login")
        place = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        back = f"?next={quote(place, safe='')}" if request.method in SAFE and place != "/" else ""
        return RedirectResponse(root_of(request.url.path) + LOGIN.lstrip("/") + back, status_code=303)

    async def _checked(self, request: Request, receive: Receive, token: str) -> Receive:
        """What the page reads instead of the network, once it is known to be ours. ApiRefusalError (403) otherwise."""
        if not is_own_origin(request, self._public_url):
            raise ApiRefusalError(403, "foreign")
        body = b"" if request.headers.get("content-length") == "0" else await read_body(request, self._body_limit)
        given = request.headers.get(CSRF_HEADER) or await _field(request, body)
        if not is_csrf_token(given, token):
            raise ApiRefusalError(403, "stale")
        return _again(body, receive)


async def _field(request: Request, body: bytes) -> str:
    """The token in a form's body; empty when there is none."""
    try:
        async with Request(request.scope, _again(body, request.receive)).form() as form:
            return str(form.get(CSRF_FIELD, ""))
    except (MultiPartException, HTTPException):
        return ""


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever comes: the end of the connection."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def once_more() -> Message:
        return waiting.pop() if waiting else await receive()

    return once_more


class _SessionOverError(OSError):
    """The session of an open stream has ended."""


class _Watch:
    """Sends on; of a stream that stays open it asks now and then whether its session still lives."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._looked = stopwatch()
        self.still = _always
        self.over = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).setdefault("Referrer-Policy", REFERRER)
        elif message.get("more_body") and stopwatch() - self._looked >= LOOK_AGAIN:
            self._looked = stopwatch()
            if not await self.still():
                self.over = True
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
                raise _SessionOverError
        await self._send(message)


async def _always() -> bool:
    return True
