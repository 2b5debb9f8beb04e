"""Strangers and broken browsers: whatever is sent anywhere, no 500, no line of a fault in the log, and every answer guarded."""

from __future__ import annotations

import http.client
import random
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from warning_dispatch.clock import stopwatch
from warning_dispatch.web.doors import DOORS, OPEN
from warning_dispatch.web.guard import HEADERS

pytestmark = pytest.mark.slow

PER_SECOND = 120
"""Requests for each second of `--fuzz`: so a run is the same whatever the machine."""
PAGES = (
    "/", "/login", "/logout", "/account", "/account/password", "/account/code", "/account/sessions/end", "/users", "/users/wang",
    "/users/add", "/tasks", "/readiness", "/register/changes", "/campaign", "/campaign/filings", "/campaign/awaiting",
    "/campaign/sheet/141124", "/console/", "/console/callouts", "/console/callouts/1", "/console/callouts/1/seen",
    "/console/callouts/1/act", "/console/callouts/1/units", "/console/callouts/1/units/1", "/console/callouts/1/units/1/act",
    "/console/callouts/1/units/1/receiver", "/console/alarms/claim", "/console/warnings", "/console/warnings/1",
    "/console/warnings/1/raw", "/console/warnings/1/release", "/console/start", "/static/console.css", "/static/again.js",
    "/r/abcdefghij234567", "/r/abcdefghij234567/list", "/r/abcdefghij234567/feedback", "/f/abcdefghij234567",
    "/f/abcdefghij234567/u/141124", "/f/abcdefghij234567/workbook", "/f/abcdefghij234567/approve", "/p/abcdefghij234567",
    "/hooks/voice-simulated/status", "/hooks/nobody/x", "/feeds/alerts.atom", "/feeds/alerts/1.xml", "/api/openapi.json",
    "/api/v1/alerts", "/api/v1/alerts/1", "/api/v1/heartbeats", "/api/v1/callouts", "/api/v1/callouts/1/callees",
    "/api/v1/callouts/1/unreached", "/api/v1/callouts/1/callees/1/ack", "/api/v1/register/changes", "/healthz", "/readyz",
    "/metrics", "/nothing/here",
)  # fmt: skip
ODD = (
    "", "0", "-1", "1e9", "9" * 40, "NaN", "null", "true", "[]", "{}", "%00", "\x00", "\ud800", "’; DROP TABLE unit;--",
    "<script>alert(1)</script>", "../../../etc/passwd", "..%2f..%2f", "{{7*7}}", "${jndi:ldap://x}", "一" * 3000, "\r\nX-Evil: 1",
    "\u202e\u0000\ufeff", "1 OR 1=1", "141124", "callee", "2026-13-45", "+8613800000000",
)  # fmt: skip
FIELDS = (
    "csrf", "name", "password", "code", "next", "reason", "seen", "actor", "unit", "callee", "callout", "act", "digits", "on_post",
    "people", "measures", "dangers", "hazard", "colour", "areas", "state", "sort", "page", "q", "tier", "phone", "role", "ids",
)  # fmt: skip
METHODS = ("GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW")
KINDS = (
    "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain",
    "application/xml", "text/html; charset=latin-9", "application/json; charset=utf-16", "",
)  # fmt: skip
GUARDED = {name.lower(): value for name, value in HEADERS.items()}


def text_of(rng: random.Random) -> str:
    """A value nobody asked for."""
    if rng.random() < 0.6:
        return rng.choice(ODD)
    return "".join(
        chr(rng.choice((rng.randrange(32), rng.randrange(32, 127), rng.randrange(0x80, 0xD7FF))))
        for _ in range(rng.randrange(40))
    )


def path_of(rng: random.Random) -> str:
    """A page's address, whole or with a part of it made odd, perhaps with a query."""
    path = rng.choice(PAGES)
    if rng.random() < 0.4:
        parts = path.split("/")
        parts[rng.randrange(1, len(parts))] = quote(text_of(rng), safe="%", errors="surrogatepass")
        path = "/".join(parts)
    if rng.random() < 0.4:
        pairs = [(rng.choice(FIELDS), text_of(rng)) for _ in range(rng.randrange(1, 4))]
        path += "?" + urlencode(pairs, errors="surrogatepass")
    return path


def body_of(rng: random.Random, kind: str, csrf: str) -> bytes:
    """A form, JSON, or noise, not always what the type says."""
    choice = rng.random()
    if choice < 0.5:
        pairs = [("csrf", csrf)] if rng.random() < 0.7 else []
        pairs += [(rng.choice(FIELDS), text_of(rng)) for _ in range(rng.randrange(6))]
        return urlencode(pairs, errors="surrogatepass").encode()
    if choice < 0.7:
        return (
            "{"
            + ",".join(
                f'"{name}":{rng.choice(("1", "null", "[]", chr(34) * 2, "1e999"))}' for name in rng.sample(FIELDS, 3)
            )
            + "}"
        ).encode()
    if choice < 0.85 and "multipart" in kind:
        part = f'--x\r\nContent-Disposition: form-data; name="{rng.choice(FIELDS)}"; filename="a.xlsx"\r\n\r\n'
        return part.encode() + rng.randbytes(rng.randrange(200)) + (b"\r\n--x--\r\n" if rng.random() < 0.5 else b"")
    return rng.randbytes(rng.randrange(400))


def headers_of(rng: random.Random, station: Any, kind: str) -> dict[str, str]:
    """Who asks: nobody, the officer's browser, a system with a key; and what browsers and attackers add."""
    headers = {"Content-Type": kind} if kind else {}
    if rng.random() < 0.5:
        headers["Cookie"] = (
            station.session if rng.random() < 0.8 else "wd=" + quote(text_of(rng), errors="surrogatepass")
        )
    if rng.random() < 0.6:
        headers["Origin"] = rng.choice((f"http://127.0.0.1:{station.port}", "https://evil.example", "null", ""))
    if rng.random() < 0.3:
        headers["Authorization"] = rng.choice(
            (f"Bearer {station.key}", "Bearer x", "Basic !!!", "Basic eDp5", "Digest", "")
        )
    if rng.random() < 0.5:
        headers["Accept"] = rng.choice(("text/html", "*/*", "application/json", ";;;", "text/html;q=x"))
    for name in (
        "Accept-Language",
        "X-Forwarded-For",
        "If-None-Match",
        "If-Modified-Since",
        "Last-Event-ID",
        "Range",
        "Content-Encoding",
    ):
        if rng.random() < 0.1:
            headers[name] = quote(text_of(rng), safe=" ,;=*/", errors="surrogatepass")
    return headers


def requests(seed: int, count: int, station: Any, csrf: str) -> Iterator[tuple[str, str, bytes | None, dict[str, str]]]:
    """So many requests, the same for a seed."""
    for number in range(count):
        rng = random.Random(f"{seed}/abuse/{number}")
        method, path, kind = rng.choice(METHODS), path_of(rng), rng.choice(KINDS)
        while path.startswith("/live/events") or "/events" in path:  # a stream does not end by itself
            path = path_of(rng)
        body = body_of(rng, kind, csrf) if method in ("POST", "PUT", "PATCH") else None
        yield method, path, body, headers_of(rng, station, kind)


def faults(answer: Any, path: str) -> list[str]:
    """What is wrong with an answer, whatever it was asked."""
    found = [f"{answer.status}"] if answer.status >= 500 and answer.status != http.client.SERVICE_UNAVAILABLE else []
    found += [f"no {name}" for name in GUARDED if name not in answer.headers]
    if "server" in answer.headers or "x-powered-by" in answer.headers:
        found.append("says what it is")
    if "x-evil" in answer.headers:
        found.append("a header was smuggled in")
    policy = answer.headers.get("content-security-policy", "")
    found += [
        f"policy allows {word}"
        for word in ("unsafe-inline", "unsafe-eval", "http:", "https:", "data:", "*")
        if re.search(rf"(?<![\w-]){re.escape(word)}", policy) and not (word == "data:" and "img-src" in policy)
    ]
    for cookie in answer.cookies:
        lowered = cookie.lower()
        found += [f"cookie without {word}" for word in ("httponly", "samesite=") if word not in lowered]
    if b"Traceback" in answer.body:
        found.append("shows a traceback")
    return [f"{one}: {path}" for one in found]


def csrf_of(station: Any) -> str:
    """The token of the officer's forms."""
    page = station.ask("GET", "/account", headers={"Cookie": station.session, "Accept": "text/html"})
    token = re.search(rb'name="csrf" value="([^"]+)"', page.body)
    assert token, page
    return token[1].decode()


def test_nothing_that_is_sent_breaks_the_daemon(station: Any, pytestconfig: pytest.Config) -> None:
    """Thousands of odd requests from nobody, from an officer's browser and from a key: each gets a guarded answer."""
    seed, seconds = pytestconfig.getoption("--fuzz-seed"), pytestconfig.getoption("--fuzz")
    began, found = stopwatch(), []
    csrf = csrf_of(station)
    statuses: dict[int, int] = {}
    for number, (method, path, body, headers) in enumerate(requests(seed, round(seconds * PER_SECOND), station, csrf)):
        if number % 200 == 199:  # the officer's session may have been ended by what was sent
            station.log_in()
        try:
            answer = station.ask(method, path, body, headers)
        except (http.client.InvalidURL, ValueError):
            continue  # not even Python's client would send it
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        refused_by_the_server = answer.status == http.client.BAD_REQUEST and "x-frame-options" not in answer.headers
        if not refused_by_the_server:  # what is no HTTP does not reach us: the server itself answers
            found += [f"#{number} {method} {one}" for one in faults(answer, path)]
    assert found == [], found[:20]
    assert station.troubles() == [], station.troubles()[:5]
    assert station.ask("GET", "/readyz").status == http.client.OK
    assert len(statuses) > 5, statuses
    assert stopwatch() - began < 3_600


def test_every_page_is_guarded_and_kept_nowhere(station: Any) -> None:
    """Each page, before and behind the login: a closed policy, no sniffing, no frame, no referrer; pages are not stored."""
    paths = dict.fromkeys((*PAGES, *OPEN, *(door.path for door in DOORS)))
    found: list[str] = []
    for path in paths:
        if path.startswith("/live"):
            continue
        for cookie in ("", station.session):
            answer = station.ask("GET", path, headers={"Accept": "text/html", **({"Cookie": cookie} if cookie else {})})
            found += faults(answer, path)
            if not path.startswith(("/static", "/feeds")) and answer.headers.get("cache-control") != "no-store":
                found.append(f"may be stored: {path}")
    assert found == []


def test_the_outside_has_only_what_the_internet_needs(station: Any) -> None:
    """On the second listener there is no page of the bureau, no login, no API, no figure: not even for an officer."""
    open_there = {"/r", "/f", "/p", "/hooks", "/feeds", "/static", "/healthz"}
    for path in PAGES:
        headers = {"Cookie": station.session, "Authorization": f"Bearer {station.key}", "Accept": "text/html"}
        answer = station.ask("GET", path, headers=headers, outside=True)
        if f"/{path.split('/')[1]}" not in open_there:
            assert answer.status == http.client.NOT_FOUND, path
        assert faults(answer, path) == []
    assert station.ask("GET", "/healthz", outside=True).status == http.client.OK
    assert station.ask("GET", "/feeds/alerts.atom", outside=True).status == http.client.OK
    assert station.ask("GET", "/static/console.css", outside=True).status == http.client.OK
    wrong = station.ask("GET", "/r/abcdefghij234567", outside=True)
    assert wrong.status in (http.client.NOT_FOUND, http.client.GONE, http.client.TOO_MANY_REQUESTS), wrong.status


def test_cookies_are_secure_where_the_address_is() -> None:
    """Every cookie that is set takes its `secure` from the public address; none is readable by a script."""
    from pathlib import Path  # noqa: PLC0415 - only this test reads sources

    web = Path(__file__).resolve().parents[2] / "warning_dispatch" / "web"
    calls: Sequence[str] = [
        call
        for file in web.rglob("*.py")
        for call in re.findall(r"\.set_cookie\((?:[^()]|\([^()]*\))*\)", file.read_text(encoding="utf-8"))
    ]
    assert len(calls) >= 5
    assert [call for call in calls if "httponly=True" not in call or "samesite=" not in call] == []
    assert [call for call in calls if "secure=" not in call] == []
    named = ("set_cookie(name", "set_cookie(self._cookie", "set_cookie(self._door_cookie")
    assert [call for call in calls if not call.lstrip(".").startswith(named)] == [], "names: cookies.py, doorkeeper.py"


def test_a_body_that_never_ends_is_cut_off(station: Any) -> None:
    """A form of many megabytes is refused before it is read; the daemon goes on."""
    huge = b"a" * (40 << 20)
    with suppress(ConnectionError, BrokenPipeError):
        answer = station.ask("POST", "/login", huge, {"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status in (http.client.REQUEST_ENTITY_TOO_LARGE, http.client.FORBIDDEN, http.client.BAD_REQUEST)
    assert station.ask("GET", "/readyz").status == http.client.OK
