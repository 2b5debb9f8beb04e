"""The outermost layer: security headers on every answer, one log line per request, and a last resort.

A page that needs more than nothing sets its own Content-Security-Policy; all else gets the closed one. Paths of
receivers' pages hold a secret, so the log never shows them, nor any query.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from warning_dispatch.clock import stopwatch
from warning_dispatch.model.people import Visit
from warning_dispatch.model.renewal import FILING_PATH, PROOF_PATH
from warning_dispatch.web.access import VISIT
from warning_dispatch.web.failures import REFUSAL, Failures

CLOSED_POLICY: Final = "default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
HEADERS: Final = {
    "Content-Security-Policy": CLOSED_POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""Set on every answer that does not say otherwise itself."""
TRANSPORT_SECURITY: Final = "max-age=31536000"
SUBDOMAINS: Final = "; includeSubDomains"
"""Said where the host is ours alone. Below a path of somebody's host it would close that one's other sites."""
Answered = Callable[[str, int, float], None]
"""(path, status, seconds) of an answer. The path holds secrets: nothing of it but its first part may be kept."""
MESSAGES: Final = "/api/v1/alerts"
"""Where messages are pushed: by bytes, with a limit of their own."""
MOST_READ: Final = 1 << 20
"""Bytes of the login form, and of a document sent to the API: far more than any has."""
CLOSE: Final = {"Connection": "close"}
SECRET_PATHS: Final = ("/r/", FILING_PATH, PROOF_PATH)
"""What follows is a link's token."""
QUIET_PATHS: Final = ("/healthz", "/readyz", "/metrics", "/static/", "/live/")
"""Asked again and again by machines: logged at debug only."""


REFUSED: Final = (401, 403)
"""Answers to whoever is not known, or may not: always in the log, with the reason and the account's number."""


def _is_quiet(path: str) -> bool:
    return path == "/" or path.startswith(QUIET_PATHS) or path.endswith("/events")


def masked_path(path: str) -> str:
    """A path as the log may show it: the token of a page behind a link is a secret, and what signs a callback too."""
    if path.startswith("/hooks/"):
        return "/".join(path.split("/", 3)[:3]) + "/***"
    secret = next((one for one in SECRET_PATHS if path.startswith(one)), None)
    return path if secret is None else f"{secret}***"


def transport_security(public_url: str) -> dict[str, str]:
    """The header for browsers that come to this address; none where it is not https."""
    parts = urlsplit(public_url)
    if parts.scheme != "https":
        return {}
    alone = parts.path.strip("/") == ""
    return {"Strict-Transport-Security": TRANSPORT_SECURITY + (SUBDOMAINS if alone else "")}


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(
        self,
        app: ASGIApp,
        failures: Failures,
        *,
        public_url: str = "",
        answered: Answered = lambda _path, _status, _seconds: None,
    ) -> None:
        """`public_url`: where it is https, browsers are told to insist on it. `answered`: told of each answer."""
        self._answered = answered
        self._app = app
        self._failures = failures
        self._headers = HEADERS | transport_security(public_url)
        self._log = structlog.get_logger("warning_dispatch.web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; websockets and lifespan events go by untouched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        watch = _Watch(send, self._headers)
        began = stopwatch()
        read = _Bounded(receive, MOST_READ) if _is_small(scope["path"]) else None
        try:
            await self._app(scope, read.receive if read else receive, watch.send)
        except _TooMuchError:
            await self._failures.answer(Request(scope), 413, "too_large", fields={"limit": MOST_READ}, headers=CLOSE)(
                scope, receive, watch.send
            )
        except ClientDisconnect:
            watch.status = watch.status or 499
        except Exception:
            self._log.exception("request_failed", method=scope["method"], path=masked_path(scope["path"]))
            if watch.status:  # the answer has begun: the server must break the connection
                raise
            await self._apology(Request(scope, receive))(scope, receive, watch.send)
        self._record(scope, watch.status, stopwatch() - began)

    def _apology(self, request: Request) -> Response:
        return self._failures.answer(request, 500, "trouble")

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        self._answered(scope["path"], status, seconds)
        refused = status in REFUSED
        quiet = not refused and _is_quiet(scope["path"])
        state: dict[str, Any] = scope.get("state") or {}
        visit = state.get(VISIT)
        facts = {"why": state.get(REFUSAL, "")} if refused else {}
        if isinstance(visit, Visit):
            facts["user"] = visit.account.id
        self._log.log(
            10 if quiet else 30 if refused else 20,
            "request",
            method=scope["method"],
            path=masked_path(scope["path"]),
            status=status,
            ms=round(seconds * 1000, 1),
            **facts,
        )


def _is_small(path: str) -> bool:
    """Whether what is sent there is a form or a small document, read whole by whoever answers; others bound it themselves."""
    return path == "/login" or (path.startswith("/api/") and path != MESSAGES)


class _TooMuchError(Exception):
    """More was sent than anybody there may send."""


class _Bounded:
    """Counts what is read of a body, and ends it."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._left = most

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _TooMuchError
        return message


class _Watch:
    """Adds the headers on the way out and remembers the status; 0 until the answer has begun."""

    def __init__(self, send: Send, headers: dict[str, str]) -> None:
        self._send = send
        self._headers = headers
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
        await self._send(message)
