"""Fetching for a feed: not led to other hosts, not into the bureau's network, not without end."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Callable, Sequence

import httpx2
import pytest

from warning_dispatch.ingest.fetching import Fetcher, FetchError, FetchRules, PinnedTransport, is_public

FEED = "https://feeds.example/alerts.atom"
Answer = Callable[[httpx2.Request], httpx2.Response]


def fetcher(answer: Answer, addresses: Sequence[str] = ("8.8.8.8",), **rules: object) -> tuple[Fetcher, list[str]]:
    """A fetcher whose resolver says `addresses`, and where it connected."""
    connected: list[str] = []

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    def handle(request: httpx2.Request) -> httpx2.Response:
        connected.append(
            f"{request.url.host} as {request.extensions.get('sni_hostname')} for {request.headers['host']}"
        )
        return answer(request)

    made = FetchRules(FEED, **rules)
    return Fetcher(made, PinnedTransport(made, httpx2.MockTransport(handle), resolve)), connected


def said(body: bytes, **headers: str) -> httpx2.Response:
    """An answer whose body comes in pieces."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 40):
            yield body[start : start + 40]

    return httpx2.Response(
        200, content=pieces(), headers={key.replace("_", "-"): value for key, value in headers.items()}
    )


def fine(_request: httpx2.Request) -> httpx2.Response:
    """A server that answers."""
    return said(b"body", ETag='"1"', Last_Modified="then")


async def test_the_connection_goes_to_the_address_that_was_looked_at() -> None:
    """TLS and the server still hear the name; a second answer of the resolver is never asked for."""
    fetch, connected = fetcher(fine, ["10.0.0.1", "8.8.4.4"])
    answer = await fetch.get(FEED)
    assert (answer.body, answer.etag, answer.modified) == (b"body", '"1"', "then")
    assert connected == ["8.8.4.4 as feeds.example for feeds.example"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address to refuse, not one to listen on
        "224.0.0.1",
        "::1",
        "fd00::1",
        "fe80::1%eth0",
        "::ffff:127.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
    ],
)
async def test_no_address_inside_is_ever_reached(address: str) -> None:
    """Whatever a name resolves to: loopback, private, link-local, and what stands for them in IPv6."""
    assert not is_public(address)
    fetch, connected = fetcher(fine, [address])
    with pytest.raises(FetchError, match="open internet"):
        await fetch.get(FEED)
    assert connected == []


async def test_only_the_feeds_own_host_may_be_inside() -> None:
    """`private` is for the feed the bureau chose; another host that resolves into the network stays closed."""
    fetch, connected = fetcher(fine, ["10.0.0.1"], private=True, hosts=("other.example",))
    assert (await fetch.get(FEED)).body == b"body"
    with pytest.raises(FetchError, match="open internet"):
        await fetch.get("https://other.example/1.xml")
    assert len(connected) == 1


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/1.xml",
        "http://feeds.example/1.xml",
        "https://feeds.example:8443/1.xml",
        "https://user:secret@feeds.example/1.xml",
        "https://feeds.example.evil.example/1.xml",
        "https://allowed.example:22/1.xml",
        "file:///etc/passwd",
        "ftp://feeds.example/1.xml",
        "//elsewhere.example/1.xml",
    ],
)
async def test_a_feed_cannot_send_us_elsewhere(address: str) -> None:
    """Neither another host, nor another port, nor from https to http; and nothing that is no HTTP."""
    fetch, connected = fetcher(fine, hosts=("allowed.example",))
    with pytest.raises(FetchError):
        await fetch.get(address)
    assert connected == []
    assert (await fetch.get("https://allowed.example/1.xml")).body == b"body"


async def test_a_redirect_is_followed_at_home_only() -> None:
    """Within the host yes, to another no, and not for ever."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        target = {"/out": "https://elsewhere.example/", "/down": "http://feeds.example/", "/loop": "/loop"}
        path = request.url.path
        if path == "/in":
            return httpx2.Response(302, headers={"Location": "/alerts.atom"})
        return httpx2.Response(301, headers={"Location": target[path]}) if path in target else fine(request)

    fetch, connected = fetcher(answer)
    assert (await fetch.get("https://feeds.example/in")).body == b"body"
    for path in ("/out", "/down", "/loop"):
        with pytest.raises(FetchError):
            await fetch.get(f"https://feeds.example{path}")
    assert {one.split()[0] for one in connected} == {"8.8.8.8"}


async def test_size_is_bounded_and_nothing_is_unpacked() -> None:
    """A body is counted while it comes; a packed one, which nobody asked for, is refused unread."""
    fetch, _ = fetcher(lambda _: said(b"x" * 101), limit=100)
    with pytest.raises(FetchError, match="100"):
        await fetch.get(FEED)
    bomb = gzip.compress(b"0" * 10_000)
    fetch, _ = fetcher(lambda _: said(bomb, Content_Encoding="gzip"))
    with pytest.raises(FetchError, match="compressed"):
        await fetch.get(FEED)


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
async def test_what_is_no_answer_is_said(status: int) -> None:
    """The status is the trouble that the officer reads; a server may say when to come again."""
    fetch, _ = fetcher(lambda _: httpx2.Response(status, headers={"Retry-After": "120"}))
    with pytest.raises(FetchError, match=str(status)) as caught:
        await fetch.get(FEED)
    assert caught.value.retry_after == 120


async def test_a_connection_that_fails_is_trouble_in_words() -> None:
    """No traceback of a library reaches the source."""

    def broken(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    fetch, _ = fetcher(broken)
    with pytest.raises(FetchError, match="ConnectError"):
        await fetch.get(FEED)
    await fetch.close()
