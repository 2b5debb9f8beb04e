"""Headers on every answer, a log without secrets, errors without tracebacks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from warning_dispatch.clock import VirtualClock
from warning_dispatch.web.application import create_app
from warning_dispatch.web.failures import Failures
from warning_dispatch.web.guard import MOST_READ, Guard, transport_security
from warning_dispatch.web.pages import Pages

TOKEN = "abcdefghij234567"


class BrokenOffice:
    """Read models and desk that fail in a way nobody foresaw."""

    def __getattr__(self, name: str) -> Any:
        raise ZeroDivisionError(name)


@pytest.fixture
def broken(clock: VirtualClock) -> TestClient:
    """An application whose inside is broken."""
    office: Any = BrokenOffice()
    app = create_app(office, office, public_url="https://example.invalid", live_page=True, body_limit=10, clock=clock)
    return TestClient(app)


@pytest.mark.parametrize(
    "path",
    ["/", f"/r/{TOKEN}", "/healthz", "/readyz", "/api/openapi.json", "/api/v1/callouts", "/x", "/static/live.js"],
)
def test_every_answer_carries_the_security_headers(client: TestClient, office: Any, path: str) -> None:
    """Pages, JSON, refusals, files: none may be framed, sniffed, indexed or load from elsewhere."""
    office.add_link()
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "noindex" in headers["x-robots-tag"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "cache-control" in headers
    assert "strict-transport-security" not in headers


@pytest.mark.parametrize("path", ["/", f"/r/{TOKEN}", "/healthz", "/static/live.js", "/api/v1/callouts", "/login"])
def test_trace_and_made_up_methods_are_refused(client: TestClient, path: str) -> None:
    """Nothing of a request is ever sent back, whatever the method is called."""
    for method in ("TRACE", "TRACK", "CONNECT", "DEBUG"):
        answer = client.request(method, path, headers={"x-secret": "mulberry"})
        assert 400 <= answer.status_code < 500
        assert "mulberry" not in answer.text


@pytest.mark.parametrize(
    ("path", "bounded"),
    [("/login", True), ("/api/v1/callouts/1/callees/1/ack", True), ("/api/v1/alerts", False), ("/f/x/workbook", False)],
)
def test_no_stranger_fills_the_memory(path: str, *, bounded: bool) -> None:
    """What is read before anybody is known ends at a limit, announced or not; where more is taken the page bounds it itself."""
    read, said = 0, []

    async def reader(_scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal read
        while (message := await receive())["more_body"]:
            read += len(message["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def endless() -> Message:
        return {"type": "http.request", "body": b"a" * 65_536, "more_body": read < 4 * MOST_READ}

    async def send(message: Message) -> None:
        said.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": []}
    asyncio.run(Guard(reader, Failures(Pages()))(scope, endless, send))
    assert said[0]["status"] == (413 if bounded else 200)
    assert (read <= MOST_READ) is bounded


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://jy.example.invalid", "max-age=31536000; includeSubDomains"),
        ("https://jy.example.invalid/", "max-age=31536000; includeSubDomains"),
        ("https://bureau.example.invalid/jy", "max-age=31536000"),
        ("http://127.0.0.1:8411", ""),
    ],
)
def test_browsers_are_told_to_insist_on_https(address: str, said: str) -> None:
    """For every name below ours too; not where we stand below a path of a host with other sites of its own."""
    assert transport_security(address).get("Strict-Transport-Security", "") == said


def test_every_text_says_how_it_is_written(client: TestClient, office: Any) -> None:
    """No browser has to guess the characters, and no guess can make markup of them."""
    office.add_link()
    for path in ("/", f"/r/{TOKEN}", "/static/live.js", "/static/bureau.css", "/static/icon.svg", "/x"):
        kind = client.get(path, headers={"accept": "text/html"}).headers["content-type"]
        assert kind.endswith("; charset=utf-8"), (path, kind)


def test_the_log_never_shows_a_token(client: TestClient, office: Any) -> None:
    """One line per request with method, status and time; the path of a receiver's page and queries are masked."""
    office.add_link()
    with capture_logs() as lines:
        client.get(f"/r/{TOKEN}?lang=en")
        client.post(f"/r/{TOKEN}")
        client.get("/r/none")
    assert [(line["event"], line["method"], line["path"], line["status"]) for line in lines] == [
        ("request", "GET", "/r/***", 200),
        ("request", "POST", "/r/***", 303),
        ("request", "GET", "/r/***", 404),
    ]
    assert TOKEN not in str(lines)


@pytest.mark.parametrize(("path", "page"), [(f"/r/{TOKEN}", True), ("/", True), ("/api/v1/callouts", False)])
def test_an_unforeseen_failure_is_an_answer(broken: TestClient, path: str, page: bool) -> None:
    """500 in plain words with all headers, a log line with the error, no traceback and no token in it."""
    with capture_logs() as lines:
        answer = broken.get(path, headers={"Accept": "text/html", "Authorization": "Bearer x"})
    assert answer.status_code == 500
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["strict-transport-security"]
    assert answer.headers["content-type"].startswith("text/html" if page else "application/json")
    assert "ZeroDivisionError" not in answer.text
    assert lines[0]["event"] == "request_failed"
    assert TOKEN not in str(lines[0]["path"])


def test_a_person_gets_a_page_and_a_program_json(client: TestClient) -> None:
    """By Accept, in the language asked for."""
    page = client.get("/nothing?lang=en", headers={"Accept": "text/html,*/*"})
    assert page.status_code == 404
    assert "There is no such page" in page.text
    assert client.get("/nothing").json()["kind"] == "not_found"
    assert client.put(f"/r/{TOKEN}").status_code == 405
    assert "不能这样访问" in client.put(f"/r/{TOKEN}").text
