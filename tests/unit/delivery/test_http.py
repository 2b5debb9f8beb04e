"""The one HTTP client against a real server on loopback: sent once, bounded, and honest about what it does not know."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import structlog

from warning_dispatch.delivery.http import Cause, HttpClient, HttpRequest, HttpRules, HttpTroubleError

QUICK = HttpRules(timeout_s=0.3, connect_s=0.2)
SECRET = "geheim-8613800138000"

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """Keeps what it was sent and answers as it is told."""

    url: str = ""
    seen: list[bytes] = field(default_factory=list)
    connections: int = 0


@asynccontextmanager
async def serving(behaviour: Behaviour) -> AsyncIterator[Server]:
    """A server that reads whole requests and then does as `behaviour` says."""
    server = Server()
    tasks: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        tasks.append(asyncio.current_task())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                body = await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b""
                server.seen.append(head + body)
                await behaviour(writer)
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/2010/Calls.json"
    try:
        yield server
    finally:
        listener.close()
        await listener.wait_closed()
        for task in tasks:
            if task is not None:
                task.cancel()
                await task


def says(status: str, body: bytes = b"{}", *headers: str) -> Behaviour:
    """A plain answer."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers])
        writer.write(head.encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return answer


async def hangs(_writer: asyncio.StreamWriter) -> None:
    """Never answers."""
    await asyncio.sleep(3600)


async def cuts(writer: asyncio.StreamWriter) -> None:
    """Hangs up without a word."""
    writer.close()


def cuts_after(head: bytes) -> Behaviour:
    """Hangs up in the middle of the answer."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        await writer.drain()
        writer.close()

    return answer


async def trouble_of(behaviour: Behaviour, rules: HttpRules = QUICK) -> tuple[HttpTroubleError, Server]:
    """What one POST to such a server ends in."""
    async with serving(behaviour) as server:
        client = HttpClient("voice", rules)
        try:
            with pytest.raises(HttpTroubleError) as caught:
                await client.send(HttpRequest("POST", server.url, form=[("To", "+8613800138000")]))
        finally:
            await client.close()
        return caught.value, server


async def test_form_document_and_query_arrive_as_they_were_meant() -> None:
    """What is sent is encoded by a serialiser, whatever it holds."""
    async with serving(says("201 Created", b'{"sid": "CA1"}')) as server:
        client = HttpClient("voice")
        answer = await client.send(
            HttpRequest(
                "POST",
                server.url,
                headers={"Authorization": "Basic eDp5"},
                query=[("a", "1&2"), ("a", "石盘村")],
                form=[("Event", "ringing"), ("Event", "answered"), ("Text", "暴雨 & <b>=")],
            )
        )
        await client.send(HttpRequest("POST", server.url, document={"名": ["暴雨", 1]}))
        await client.close()
    assert (answer.status, answer.document()) == (201, {"sid": "CA1"})
    first, second = server.seen
    assert b"POST /2010/Calls.json?a=1%262&a=%E7%9F%B3%E7%9B%98%E6%9D%91 HTTP/1.1" in first
    assert first.endswith(b"\r\n\r\nEvent=ringing&Event=answered&Text=%E6%9A%B4%E9%9B%A8+%26+%3Cb%3E%3D")
    assert b"authorization: basic edp5" in first.lower()
    assert json.loads(second.split(b"\r\n\r\n", 1)[1]) == {"名": ["暴雨", 1]}
    assert server.connections == 1


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_an_error_status_is_an_answer_and_the_request_is_never_repeated(status: int) -> None:
    """A POST that rings a telephone goes out once, whatever the provider answers."""
    async with serving(says(f"{status} Said", b'{"code": 20500}', "Retry-After: 7")) as server:
        client = HttpClient("voice")
        answer = await client.send(HttpRequest("POST", server.url, form=[("To", "x")]))
        await client.close()
    assert (answer.status, answer.document(), answer.headers["retry-after"]) == (status, {"code": 20500}, "7")
    assert len(server.seen) == 1


async def test_a_silence_after_sending_is_unsure() -> None:
    """The provider may have taken what it never answered."""
    trouble, server = await trouble_of(hangs)
    assert (trouble.cause, trouble.unsure, trouble.outcome) == (Cause.TIMED_OUT, True, "temporarily_refused")
    assert len(server.seen) == 1


async def test_an_answer_that_drips_ends_all_the_same() -> None:
    """A byte now and then keeps nobody waiting for ever."""

    async def drips(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 900\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.1)

    trouble, _ = await trouble_of(drips)
    assert (trouble.cause, trouble.unsure) == (Cause.TIMED_OUT, True)


@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [
        (cuts, Cause.CUT_OFF),
        (cuts_after(b"HTTP/1.1 201 Created\r\nContent-Length: 900\r\n\r\n{"), Cause.CUT_OFF),
        (cuts_after(b"HTTP/1.1 201 Cre"), Cause.CUT_OFF),
        (cuts_after(b"SSH-2.0-OpenSSH\r\n\r\n"), Cause.UNREADABLE),
        (says("201 Created", b"\x1f\x8b", "Content-Encoding: gzip"), Cause.UNREADABLE),
        (says("201 Created", b"x" * 5000), Cause.UNREADABLE),
    ],
)
async def test_what_was_sent_and_got_no_whole_answer_is_unsure(behaviour: Behaviour, cause: Cause) -> None:
    """A connection cut in mid-answer, an answer too long or none at all: sent once, and open what became of it."""
    trouble, server = await trouble_of(behaviour, HttpRules(timeout_s=2, limit=4096))
    assert (trouble.cause, trouble.unsure) == (cause, True)
    assert len(server.seen) == 1


async def test_an_error_status_stands_although_its_body_cannot_be_read() -> None:
    """A refusal is a refusal, even where its explanation is cut off or endless."""
    for behaviour in (
        says("503 Down", b"x" * 5000),
        cuts_after(b"HTTP/1.1 503 Down\r\nContent-Length: 900\r\n\r\n<html>"),
        says("503 Down", b"\x1f\x8b", "Content-Encoding: gzip"),
    ):
        async with serving(behaviour) as server:
            client = HttpClient("voice", HttpRules(limit=4096))
            answer = await client.send(HttpRequest("POST", server.url))
            await client.close()
        assert (answer.status, answer.body) == (503, b"")


async def test_a_redirect_is_refused() -> None:
    """Nothing is carried to an address that the provider's answer names."""
    trouble, server = await trouble_of(says("307 Elsewhere", b"", "Location: http://127.0.0.1:1/"))
    assert (trouble.cause, trouble.unsure, trouble.outcome) == (Cause.REDIRECTED, False, "misconfigured")
    assert len(server.seen) == 1


async def test_what_could_not_connect_surely_was_not_sent() -> None:
    """A closed port, a server that does not speak TLS: nothing has rung."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    client = HttpClient("voice", QUICK)
    async with serving(cuts) as server:
        for url in (f"http://127.0.0.1:{port}/", server.url.replace("http://", "https://")):
            with pytest.raises(HttpTroubleError) as caught:
                await client.send(HttpRequest("POST", url))
            assert (caught.value.cause, caught.value.unsure) == (Cause.NO_CONNECTION, False)
            assert caught.value.outcome == "provider_down"
    await client.close()


async def test_more_requests_than_connections_wait_for_their_turn() -> None:
    """A crowd is no time-out: the time of an exchange runs from its turn."""

    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        await says("200 OK")(writer)

    async with serving(slow) as server:
        client = HttpClient("voice", HttpRules(timeout_s=1.0, connect_s=0.4, connections=1))
        request = HttpRequest("POST", server.url)
        answers = await asyncio.gather(*(client.send(request) for _ in range(20)))
        await client.close()
    assert [answer.status for answer in answers] == [200] * 20
    assert (len(server.seen), server.connections) == (20, 1)


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1/x", "http://gateway.example/x", "ftp://127.0.0.1/", "https://", "::"]
)
async def test_no_secret_goes_over_the_network_in_clear(url: str) -> None:
    """Clear http is for this machine alone unless the bureau says that the gateway stands in its own network."""
    client = HttpClient("voice", QUICK)
    with pytest.raises(HttpTroubleError) as caught:
        await client.send(HttpRequest("POST", url))
    assert (caught.value.cause, caught.value.unsure) == (Cause.NOT_ALLOWED, False)
    await client.close()


async def test_no_proxy_of_the_environment_and_no_cookie(monkeypatch: pytest.MonkeyPatch) -> None:
    """What surrounds the daemon does not decide where numbers go; what one answer sets is not sent with the next."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serving(says("200 OK", b"{}", "Set-Cookie: id=1; Path=/")) as server:
        client = HttpClient("voice", QUICK)
        for _ in range(2):
            await client.send(HttpRequest("GET", server.url))
        await client.close()
    assert len(server.seen) == 2
    assert not any(b"cookie" in one.lower() for one in server.seen)


async def test_neither_log_nor_error_holds_an_address_a_number_or_a_secret() -> None:
    """Only the route, the status and the cause are written down."""
    with structlog.testing.capture_logs() as lines:
        async with serving(says("200 OK", SECRET.encode())) as server:
            client = HttpClient("voice", QUICK)
            request = HttpRequest(
                "POST", f"{server.url}?token={SECRET}", headers={"Authorization": SECRET}, form=[("To", SECRET)]
            )
            answer = await client.send(request)
            await client.close()
        trouble, _ = await trouble_of(hangs)
    shown = f"{lines} {request!r} {answer!r} {trouble!r} {trouble}"
    assert "geheim" not in shown
    assert "13800138000" not in shown
    assert {line["event"] for line in lines} == {"http.answer", "http.trouble"}
