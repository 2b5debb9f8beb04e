"""Who may push messages: by API key, by a signature over the body, or by a certificate that a proxy has verified.

A request that names a source (X-Warning-Source) must come the way that source is configured for; one without a name must
bring an API key with the scope alerts, and belongs to the source whose key it is. What a sender proves is only who it is;
whether its message may call anybody is judged by what the message says and what the source may say.

- Signature: see signing.py. The moment may be off by the source's window; a message that was sent before in the same words
  gets the first answer again and is not taken in twice, so that a copied request does nothing.
- Certificate: the header with the subject counts only from the configured proxies, by the address of the connection itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from anyio import to_thread
from starlette.requests import Request

from warning_dispatch.clock import Clock
from warning_dispatch.ports import ReadModels
from warning_dispatch.signing import SIGNATURE, TIMESTAMP, is_signed
from warning_dispatch.web.body import read_body
from warning_dispatch.web.failures import ApiRefusalError

SOURCE: Final = "X-Warning-Source"
ONCE: Final = "Idempotency-Key"
UNCONFIGURED: Final = "api"
"""The source of messages whose key belongs to no configured one."""
LONGEST_ONCE: Final = 200
SCOPE: Final = "alerts"


@dataclass(frozen=True, slots=True)
class Pusher:
    """A configured sender. `tag` as in raw_message.source; `window` in ms."""

    name: str
    tag: str
    auth: str
    api_key: str = ""
    secret: str = field(default="", repr=False)
    window: int = 300_000
    proxies: tuple[str, ...] = ()
    subject_header: str = "X-Client-Subject"
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pushed:
    """A message from somebody who has proved who it is. `item`: its name at the source; empty when it has none."""

    raw: bytes
    source: str
    item: str = ""


class PushDoor:
    """Reads a message from a request, once the sender is known."""

    def __init__(self, read: ReadModels, clock: Clock, pushers: Sequence[Pusher], body_limit: int) -> None:
        """`body_limit` in bytes."""
        self._read = read
        self._clock = clock
        self._by_name = {one.name: one for one in pushers}
        self._by_key = {one.api_key: one for one in pushers if one.auth == "key"}
        self._body_limit = body_limit

    async def admit(self, request: Request) -> Pushed:
        """The message and where it comes from. ApiRefusalError when it is nobody's, or no message."""
        return await self._admit(request, empty=False)

    async def admit_heartbeat(self, request: Request) -> str:
        """The source that says it is there."""
        return (await self._admit(request, empty=True)).source

    async def _admit(self, request: Request, *, empty: bool) -> Pushed:
        """Who is known by headers is asked before the body is read; a signature needs the body."""
        name = request.headers.get(SOURCE, "")
        if not name:
            source = await self._by_api_key(request)
            return Pushed(await self._body(request, empty=empty), source, _once(request))
        pusher = self._by_name.get(name)
        if pusher is None or pusher.auth == "key":
            raise ApiRefusalError(401, "source", {"source": name[:40]})
        if pusher.auth == "mtls":
            self._require_certificate(request, pusher)
            return Pushed(await self._body(request, empty=empty), pusher.tag, _once(request))
        seconds = self._moment(request, pusher)
        raw = await self._body(request, empty=empty)
        given = request.headers.get(SIGNATURE, "")
        if not is_signed(pusher.secret, seconds, raw, given):
            raise ApiRefusalError(401, "signature")
        return Pushed(raw, pusher.tag, f"hmac:{given.strip().lower()[-64:]}")

    async def _body(self, request: Request, *, empty: bool) -> bytes:
        return b"" if empty else await read_body(request, self._body_limit)

    async def _by_api_key(self, request: Request) -> str:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        key = key.strip() if scheme.lower() == "bearer" else ""
        scopes = await to_thread.run_sync(self._read.scopes_of_key, key) if key else frozenset()
        if not scopes:
            raise ApiRefusalError(401, "unauthorized", headers={"WWW-Authenticate": "Bearer"})
        if SCOPE not in scopes:
            raise ApiRefusalError(403, "forbidden", {"scope": SCOPE})
        if not self._by_key:
            return UNCONFIGURED
        pusher = self._by_key.get(await to_thread.run_sync(self._read.name_of_key, key))
        return pusher.tag if pusher else UNCONFIGURED

    @staticmethod
    def _require_certificate(request: Request, pusher: Pusher) -> None:
        peer = request.client.host if request.client else ""
        subject = request.headers.get(pusher.subject_header, "").strip()
        if not _is_among(peer, pusher.proxies) or subject not in pusher.subjects:
            raise ApiRefusalError(401, "certificate")

    def _moment(self, request: Request, pusher: Pusher) -> int:
        """The moment of the signature, s. Refused when it is far off: an old request is no new message."""
        said = request.headers.get(TIMESTAMP, "").strip()
        if not (said.isascii() and said.isdecimal() and len(said) < 12):  # noqa: PLR2004 - year 5138
            raise ApiRefusalError(401, "signature")
        if abs(int(said) * 1000 - self._clock.now()) > pusher.window:
            raise ApiRefusalError(401, "signature_time", {"seconds": pusher.window // 1000})
        return int(said)


def _is_among(peer: str, networks: Sequence[str]) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(one) for one in networks)


def _once(request: Request) -> str:
    """The sender's own name for the message, as far as it gives one."""
    said = request.headers.get(ONCE, "")
    if not said:
        return ""
    return f"once:{said}" if len(said) <= LONGEST_ONCE else f"once:{sha256(said.encode()).hexdigest()}"
