"""Fetching by HTTP what a feed names, without being led astray: for addresses that somebody else has written.

1. An address must have the feed's scheme (an http link in an https feed is refused) and its host and port, or one of the hosts
   that are configured besides. 2. A redirect is followed only to an address that would be allowed itself.
3. A host is resolved once for each connection, the result is looked at, and the connection goes to that very address: what a
   second answer of the resolver says (DNS rebinding) is never asked. Only public addresses are connected to, but for the feed's
   own host where the bureau has said that it is inside. 4. Size and time are bounded while reading; nothing is unpacked.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx2

import warning_dispatch
from warning_dispatch.errors import DispatchError
from warning_dispatch.tomlfiles import both

MOST_REDIRECTS = 3
USER_AGENT = f"warning-dispatch/{warning_dispatch.__version__}"
OK, NO_CONTENT, NOT_MODIFIED = 200, 204, 304
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PORTS = {"http": 80, "https": 443}
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
"""IPv6 that stands for IPv4 behind a translator: what is behind it cannot be seen."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port → addresses."""


class FetchError(DispatchError):
    """It could not be fetched."""

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        """`retry_after`: seconds the server asks for."""
        self.retry_after = retry_after
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class FetchRules:
    """What may be fetched for one feed. `limit` in bytes, `timeout` in s for the whole of one fetch."""

    address: str
    hosts: tuple[str, ...] = ()
    private: bool = False
    limit: int = 8 << 20
    timeout: float = 20.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. `etag` and `modified` as the server said them."""

    status: int
    body: bytes = b""
    etag: str = ""
    modified: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


async def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses of a host by the machine's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def is_public(text: str) -> bool:
    """Whether an address belongs to the open internet. What stands for another address does not."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(str(address.ipv4_mapped))
        if address.sixtofour is not None or address.teredo is not None:
            return False
        if any(address in network for network in _TRANSLATED):
            return False
    return address.is_global and not address.is_multicast


class PinnedTransport(httpx2.AsyncBaseTransport):
    """Connects to the address that was looked at. TLS still asks for the host by name."""

    def __init__(self, rules: FetchRules, inner: httpx2.AsyncBaseTransport, resolve: Resolve = resolved) -> None:
        """`inner` makes the connections; it must not keep them, or one could serve another host."""
        self._own_host = httpx2.URL(rules.address).host
        self._private = rules.private
        self._inner = inner
        self._resolve = resolve

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """See httpx2. FetchError when every address of the host is closed to us."""
        host, port = request.url.host, request.url.port or _PORTS[request.url.scheme]
        try:
            addresses = await self._resolve(host, port)
        except OSError as error:
            raise FetchError(both(f"找不到主机 {host}", f"no such host: {host} ({type(error).__name__})")) from None
        inside = self._private and host == self._own_host
        open_ones = [one for one in addresses if inside or is_public(one)]
        if not open_ones:
            raise FetchError(both(f"{host} 是内网地址，不取", f"{host} is not on the open internet: not fetched"))
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=open_ones[0])
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._inner.aclose()


class Fetcher:
    """Fetches for one feed."""

    def __init__(self, rules: FetchRules, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        """`transport` as httpx2 has it; left out: real connections, pinned."""
        inner = httpx2.AsyncHTTPTransport(trust_env=False, limits=httpx2.Limits(max_keepalive_connections=0))
        self._rules = rules
        self._feed = httpx2.URL(rules.address)
        self._client = httpx2.AsyncClient(
            transport=transport or PinnedTransport(rules, inner), trust_env=False, timeout=rules.timeout
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def get(self, address: str, headers: Mapping[str, str] | None = None) -> Fetched:
        """The answer to a GET (200, 204, 304). FetchError for everything else, in words."""
        try:
            async with asyncio.timeout(self._rules.timeout):
                return await self._follow(address, headers or {})
        except TimeoutError:
            raise FetchError(both("超时", f"not within {self._rules.timeout} s")) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise FetchError(both("取不到", f"cannot be fetched: {type(error).__name__}")) from None

    async def _follow(self, address: str, headers: Mapping[str, str]) -> Fetched:
        url = httpx2.URL(address)
        for _ in range(MOST_REDIRECTS + 1):
            self._require_allowed(url)
            answer = await self._get(url, headers)
            if answer.status not in _REDIRECTS:
                return answer
            url = url.join(answer.headers.get("location", ""))
        raise FetchError(both("跳转太多", "too many redirects"))

    def _require_allowed(self, url: httpx2.URL) -> None:
        """Refuse what a feed must not lead us to."""
        port = url.port or _PORTS.get(url.scheme, 0)
        own_port = self._feed.port or _PORTS[self._feed.scheme]
        safe = url.scheme == "https" or (url.scheme == "http" and self._feed.scheme == "http")
        known = (url.host == self._feed.host and port == own_port) or (
            url.host in self._rules.hosts and port in (own_port, _PORTS.get(url.scheme))
        )
        if not safe or not known or url.userinfo:
            shown = f"{url.scheme}://{url.host}:{port}"[:120]
            raise FetchError(
                both(f"不许从 {shown} 取（可在 hosts 里许可）", f"not allowed to fetch from {shown}; see `hosts`")
            )

    async def _get(self, url: httpx2.URL, headers: Mapping[str, str]) -> Fetched:
        asked = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers}
        async with self._client.stream("GET", url, headers=asked, follow_redirects=False) as answer:
            if answer.status_code in _REDIRECTS or answer.status_code in (NO_CONTENT, NOT_MODIFIED):
                return Fetched(answer.status_code, headers=dict(answer.headers))
            if answer.status_code != OK:
                wait = answer.headers.get("retry-after", "")
                seconds = int(wait) if wait.isascii() and wait.isdecimal() else None
                raise FetchError(f"HTTP {answer.status_code}", retry_after=seconds)
            if answer.headers.get("content-encoding", "identity").lower() != "identity":
                raise FetchError(both("内容被压缩", "the content is compressed although this was not asked for"))
            body = await self._body(answer)
        return Fetched(OK, body, answer.headers.get("etag", ""), answer.headers.get("last-modified", ""))

    async def _body(self, answer: httpx2.Response) -> bytes:
        pieces = bytearray()
        async for piece in answer.aiter_raw():
            pieces += piece
            if len(pieces) > self._rules.limit:
                raise FetchError(both(f"超过 {self._rules.limit} 字节", f"more than {self._rules.limit} bytes"))
        return bytes(pieces)
