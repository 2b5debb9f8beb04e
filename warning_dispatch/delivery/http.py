"""The one HTTP client of all channels: pooled, bounded, and honest about what it does not know.

A request is sent once. Nothing is repeated, no redirect is followed, no cookie is kept, no proxy is taken from the
environment, and no address, body or header is logged: they carry numbers and secrets.

What cannot be read as an answer is an `HttpTroubleError` that says the one thing a channel must know: may the provider
have taken the request (`unsure`)? Until the first byte of it was written it surely has not; from then on a silence, a
cut connection or an answer that cannot be read leave it open. An error status is an answer like any other.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlencode

import httpx2
import structlog

import warning_dispatch
from warning_dispatch.clock import stopwatch
from warning_dispatch.errors import TransportError

USER_AGENT = f"warning-dispatch/{warning_dispatch.__version__}"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json; charset=utf-8"
IDLE_S = 20.0
"""A connection unused for longer is not used again: servers and firewalls drop idle ones, often silently."""
FIRST_REDIRECT, FIRST_ERROR = 300, 400

Pairs = Sequence[tuple[str, str]]


class Cause(StrEnum):
    """Why there is no answer."""

    NO_CONNECTION = "no_connection"
    """Not resolved, refused, no TLS: the request surely was not sent."""
    TIMED_OUT = "timed_out"
    """Sent; no answer in time."""
    CUT_OFF = "cut_off"
    """Sent; the connection ended before the answer did."""
    UNREADABLE = "unreadable"
    """The answer is too long, compressed although this was not asked for, or no HTTP."""
    REDIRECTED = "redirected"
    """The answer points elsewhere; it is not followed."""
    NOT_ALLOWED = "not_allowed"
    """The address would carry secrets and numbers over the network in clear, or is no address."""


_OUTCOMES = {
    Cause.NO_CONNECTION: "provider_down",
    Cause.REDIRECTED: "misconfigured",
    Cause.NOT_ALLOWED: "misconfigured",
}
"""Rows of the outcome table; what is not here is refused for now."""


class HttpTroubleError(TransportError):
    """The provider gave no answer that can be read."""

    def __init__(self, cause: Cause, *, unsure: bool = False) -> None:
        """`unsure`: the provider may have taken the request all the same."""
        self.cause = cause
        self.unsure = unsure
        super().__init__(str(cause), permanent=cause in (Cause.REDIRECTED, Cause.NOT_ALLOWED))

    @property
    def outcome(self) -> str:
        """The row of the outcome table for an attempt that ended so."""
        return _OUTCOMES.get(self.cause, "temporarily_refused")


@dataclass(frozen=True, slots=True)
class HttpRules:
    """How one provider is talked to.

    `connect_s` bounds each step before anything is sent (connection, TLS), `timeout_s` each step after it; both
    steps of the one and one of the other are the most that an exchange may take, however slowly an answer drips. `connections` at once; who
    sends more waits for a turn, and the time runs from there. `limit`: bytes of an answer. `proxy`: an address, or "" for none, whatever the
    environment says. `cleartext` allows http beyond this machine (a gateway inside the bureau's own network).
    """

    timeout_s: float = 15.0
    connect_s: float = 5.0
    connections: int = 8
    limit: int = 1 << 20
    proxy: str = field(default="", repr=False)
    cleartext: bool = False

    @property
    def longest_s(self) -> float:
        """The most that one exchange takes, its wait for a free connection apart."""
        return 2 * self.connect_s + self.timeout_s


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request. At most one of `form`, `document` (sent as JSON) and `content`. `headers` may carry secrets."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Pairs = field(default=(), repr=False)
    form: Pairs = field(default=(), repr=False)
    document: object = field(default=None, repr=False)
    content: bytes = field(default=b"", repr=False)
    target: bytes = field(default=b"", repr=False)
    """Path and query as they are to go over the wire, for who signs them; they replace those of the address."""

    def body(self) -> tuple[bytes, str]:
        """The bytes to send and their media type ("" when the caller's headers say it)."""
        if self.form:
            return urlencode(self.form).encode("ascii"), FORM
        if self.document is not None:
            return json.dumps(self.document, ensure_ascii=False, separators=(",", ":")).encode(), JSON
        return self.content, ""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What the provider said, whatever the status. `headers` by lower-case name."""

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def text(self) -> str:
        """The body as UTF-8, what is not is replaced."""
        return self.body.decode("utf-8", "replace")

    def document(self) -> object:
        """The body read as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class HttpClient:
    """Sends requests to one provider. Made anywhere, used in one event loop, closed there."""

    def __init__(
        self,
        name: str,
        rules: HttpRules | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """`name` of the route, for the log. `tls` replaces the machine's own trust. `transport` as httpx2 has it."""
        self._rules = rules or HttpRules()
        self._slots = asyncio.Semaphore(self._rules.connections)
        self._log = structlog.get_logger("delivery.http").bind(route=name)
        # Below httpx2's client: that one logs whole addresses, and keeps cookies.
        self._transport = transport or httpx2.AsyncHTTPTransport(
            verify=tls if tls is not None else True,
            trust_env=False,
            retries=0,
            proxy=httpx2.Proxy(self._rules.proxy) if self._rules.proxy else None,
            limits=httpx2.Limits(max_connections=self._rules.connections, keepalive_expiry=IDLE_S),
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._transport.aclose()

    async def send(self, request: HttpRequest) -> HttpAnswer:
        """Send once. HttpTroubleError when there is no answer; any status is an answer but a redirect."""
        started = stopwatch()
        try:
            answer = await self._exchange(request)
        except HttpTroubleError as trouble:
            self._log.info("http.trouble", cause=str(trouble.cause), unsure=trouble.unsure, ms=_ms_since(started))
            raise
        self._log.debug("http.answer", status=answer.status, ms=_ms_since(started))
        return answer

    async def _exchange(self, request: HttpRequest) -> HttpAnswer:
        outgoing = self._outgoing(request)
        wire = _Wire()
        outgoing.extensions["trace"] = wire.trace
        # Above what the steps have for themselves: httpx2 leaves a socket open that is cancelled in its handshake.
        try:
            async with self._slots, asyncio.timeout(self._rules.longest_s):
                return await self._answer(outgoing)
        except (TimeoutError, httpx2.TimeoutException):
            raise wire.trouble(Cause.TIMED_OUT) from None
        except httpx2.RemoteProtocolError as error:
            early = "disconnected" in str(error) or "closed" in str(error)
            raise wire.trouble(Cause.CUT_OFF if early else Cause.UNREADABLE) from None
        except (httpx2.HTTPError, OSError):
            raise wire.trouble(Cause.CUT_OFF) from None

    def _outgoing(self, request: HttpRequest) -> httpx2.Request:
        try:
            url = httpx2.URL(request.url)
            if request.query:
                url = url.copy_merge_params(list(request.query))
        except (httpx2.InvalidURL, ValueError):
            raise HttpTroubleError(Cause.NOT_ALLOWED) from None
        if not (url.host and (url.scheme == "https" or (url.scheme == "http" and self._may_be_clear(url.host)))):
            raise HttpTroubleError(Cause.NOT_ALLOWED)
        content, media_type = request.body()
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        if media_type:
            headers["Content-Type"] = media_type
        rules = self._rules
        timeout = httpx2.Timeout(rules.timeout_s, connect=rules.connect_s)
        headers |= request.headers
        extensions: dict[str, object] = {"timeout": timeout.as_dict()}
        if request.target:
            extensions["target"] = request.target
        return httpx2.Request(request.method, url, headers=headers, content=content, extensions=extensions)

    def _may_be_clear(self, host: str) -> bool:
        return self._rules.cleartext or is_loopback(host)

    async def _answer(self, outgoing: httpx2.Request) -> HttpAnswer:
        response = await self._transport.handle_async_request(outgoing)
        try:
            return await self._read(response)
        finally:
            await response.aclose()

    async def _read(self, response: httpx2.Response) -> HttpAnswer:
        """The answer. An error status says all that matters, so it stands even where its body cannot be read."""
        status = response.status_code
        headers = {name.lower(): value for name, value in response.headers.items()}
        if FIRST_REDIRECT <= status < FIRST_ERROR:
            raise HttpTroubleError(Cause.REDIRECTED)
        try:
            return HttpAnswer(status, await self._body(response, headers), headers)
        except (HttpTroubleError, httpx2.HTTPError):
            if status < FIRST_ERROR:
                raise
        return HttpAnswer(status, b"", headers)

    async def _body(self, response: httpx2.Response, headers: Mapping[str, str]) -> bytes:
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise HttpTroubleError(Cause.UNREADABLE, unsure=True)
        pieces = bytearray()
        async for piece in response.aiter_raw():
            pieces += piece
            if len(pieces) > self._rules.limit:
                raise HttpTroubleError(Cause.UNREADABLE, unsure=True)
        return bytes(pieces)


class _Wire:
    """Whether anything of one request has been written to a connection."""

    def __init__(self) -> None:
        self._begun = False

    async def trace(self, event: str, _info: Mapping[str, object]) -> None:
        """What httpcore2 tells of its steps."""
        if event.endswith("send_request_headers.started"):
            self._begun = True

    def trouble(self, cause: Cause) -> HttpTroubleError:
        return HttpTroubleError(cause, unsure=True) if self._begun else HttpTroubleError(Cause.NO_CONNECTION)


def _ms_since(started: float) -> int:
    return round((stopwatch() - started) * 1000)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
