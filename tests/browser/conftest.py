"""A real server on loopback over the office double, and a real browser that must not leave this machine."""

from __future__ import annotations

import asyncio
import csv
import random
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import uvicorn
from by_path import loaded
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Request, sync_playwright

from warning_dispatch.clock import VirtualClock, pause
from warning_dispatch.model.alarm_facts import written
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import Channel
from warning_dispatch.model.views import AlarmRow
from warning_dispatch.web.application import Renewal, Superiors, create_app

ROOT = Path(__file__).parents[2]
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HISTORIES = {
    CalleeState.UNCALLED: {"calls": 0, "last_outcome": ""},
    CalleeState.UNANSWERED: {"calls": 3, "last_outcome": "no_answer"},
    CalleeState.UNCONFIRMED: {"calls": 2, "last_outcome": "heard_no_key"},
}
AXE = ROOT / "build" / "axe" / "axe.min.js"
"""Put there by install.sh."""
BARRIERS = """async () => {
  const values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const found = await axe.run(document, { runOnly: { type: "tag", values } });
  return found.violations.map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 120)} (${one.nodes.length}) ${one.help}`);
}"""
PATIENCE = 200
"""Looks (of 50 ms) before a server counts as not starting or not stopping."""


def load_office() -> ModuleType:
    """The double's module."""
    return load("web_office_double", "office.py")


def load(name: str, file: str) -> Any:
    """A double of the web's unit tests, by its file."""
    return loaded(name, ROOT / "tests" / "unit" / "web" / file)


@dataclass
class Site:
    """The running server: its office, clock, address, and every address a browser asked for."""

    office: Any
    clock: VirtualClock
    address: str
    asked: list[str]
    token: str
    renewal: Any = None
    proof: str = ""
    superior: Any = None


class Server:
    """uvicorn in a thread on a free port."""

    def __init__(self, app: Any) -> None:
        """Start it and wait until it listens."""
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._app = app
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", ws="none")
        )
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        for _ in range(PATIENCE):
            if self._server.started:
                return
            pause(0.05)
        pytest.fail("the server did not start")

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.serve(sockets=[self._socket])

    def stop(self) -> None:
        """End the streams, then the server."""
        self._loop.call_soon_threadsafe(self._app.state.close)
        self._server.should_exit = True
        self._thread.join(PATIENCE / 20)
        self._socket.close()
        assert not self._thread.is_alive(), "the server did not stop"


@pytest.fixture
def site() -> Iterator[Site]:
    """A server with an empty office."""
    doubles = load_office()
    clock = VirtualClock(doubles.START)
    office = doubles.Office(clock)
    app = create_app(office, office, public_url="http://127.0.0.1", live_page=True, body_limit=1000, clock=clock)
    server = Server(app)
    yield Site(office, clock, f"http://127.0.0.1:{server.port}", [], doubles.TOKEN)
    server.stop()


@pytest.fixture
def refresh(site: Site) -> Iterator[Site]:
    """A server with the pages of the yearly refresh, over the double of its ports; what is asked is noted with `site`'s."""
    doubles = load("web_renewal_double", "renewal_office.py")
    renewal = doubles.RenewalOffice(site.clock)
    office = site.office
    app = create_app(
        office,
        office,
        public_url="http://127.0.0.1",
        live_page=True,
        body_limit=1000,
        clock=site.clock,
        renewal=Renewal(renewal, renewal),
    )
    server = Server(app)
    site.address = f"http://127.0.0.1:{server.port}"
    site.token, site.proof, site.renewal = doubles.TOKEN, doubles.PROOF_TOKEN, renewal
    yield site
    server.stop()


@pytest.fixture
def township(site: Site) -> Iterator[Site]:
    """A server whose receiver is a township with a list of its own; it has confirmed. What is asked is noted with `site`'s."""
    superior = load("web_superior_double", "superior_office.py").SuperiorOffice(site.office, 18)
    office = site.office
    app = create_app(
        office,
        office,
        public_url="http://127.0.0.1",
        live_page=False,
        body_limit=1000,
        clock=site.clock,
        superiors=Superiors(superior, superior),
    )
    confirmed = office.link_unit(
        name="白文镇",
        path="临县",
        confirmed_at=site.clock.now(),
        confirmed_means=Means.LINK,
        state=CalleeState.ACKNOWLEDGED,
    )
    office.add_link(units=(confirmed,))
    server = Server(app)
    site.address, site.superior = f"http://127.0.0.1:{server.port}", superior
    yield site
    server.stop()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """The driver. Ended with its file: it keeps an event loop running, which tests of our own coroutines would trip over."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    """One Chromium for the tests of a file."""
    browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
    yield browser
    browser.close()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Any]:
    """Opens contexts; whatever they ask for is noted, and at the end nothing may have left for elsewhere."""
    contexts: list[BrowserContext] = []

    def note(request: Request) -> None:
        site.asked.append(request.url)

    def open_context(**options: Any) -> BrowserContext:
        context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", **options)
        context.on("request", note)
        contexts.append(context)
        return context

    yield open_context
    for context in contexts:
        context.close()
    abroad = [url for url in site.asked if not url.startswith((site.address, "data:"))]
    assert abroad == [], "pages need no address outside"


@pytest.fixture(scope="session")
def barriers() -> Callable[[Page], list[str]]:
    """What axe finds against WCAG 2.2 A and AA in a page, each with the first place; nothing where axe is not installed."""
    rules = AXE.read_text(encoding="utf-8") if AXE.is_file() else ""

    def look(page: Page) -> list[str]:
        if not rules:
            return []
        page.evaluate(rules)
        return [str(one) for one in page.evaluate(BARRIERS)]

    return look


@pytest.fixture
def storm(site: Site) -> int:
    """A red rainstorm over the whole prefecture, four minutes in: the call-out's id."""
    return raise_storm(site)


def raise_storm(site: Site) -> int:
    """Every county, township and village of the shipped tree, most called, many answered, some unreached."""
    dice = random.Random(23)
    callout = site.office.add_callout()
    office = site.office
    names = {code: name for code, name, _ in _divisions()}
    for number in range(8):
        office.add_callee(callout, "leaders", f"市领导岗位{number + 1}")
    for name in ("水利局", "应急管理局", "规划和自然资源局", "住房和城乡建设局", "交通运输局", "农业农村局"):
        office.add_callee(callout, "departments", name)
    for code, name, tier in _divisions():
        office.add_callee(callout, tier, name, code=code, path=" ".join(_path(code, names)))
    steps = (
        ("leaders", 0, 1.0),
        ("departments", 1, 1.0),
        ("counties", 12, 0.9),
        ("townships", 55, 0.85),
        ("villages", 90, 0.55),
    )
    rows = {
        tier: [row.callee_id for row in office.records[callout].callees if row.tier == tier] for tier, _, _ in steps
    }
    begin = office.clock.now()
    for tier, after, share in steps:
        office.clock.advance_to(begin + after * 1000)
        office.open_tier(callout, tier)
        for callee in rows[tier]:
            _live_through(site, callout, callee, dice, share)
    office.clock.advance_to(begin + 252_000)
    _let_answer(site, callout, rows, dice, begin)
    facts = written(minutes=15, units=14, dark=11)
    office.raised.append(AlarmRow(1, office.clock.now() - 20_000, "blackout_suspected", facts, callout, "临县克虎镇"))
    return callout


def _divisions() -> list[tuple[str, str, str]]:
    tiers = {"county": "counties", "township": "townships", "village": "villages"}
    with (ROOT / "contacts" / "divisions.csv").open(encoding="utf-8-sig", newline="") as file:
        return [
            (row["code"], row["name"], tiers[row["level"]]) for row in csv.DictReader(file) if row["level"] in tiers
        ]


def _path(code: str, names: dict[str, str]) -> list[str]:
    return [names[code[:length]] for length in (6, 9) if len(code) > length and code[:length] in names]


def _live_through(site: Site, callout: int, callee: int, dice: random.Random, share: float) -> None:
    site.office.add_attempt(callout, callee, "delivered", Channel.SMS)
    if dice.random() < 0.8:
        happened = dice.choice(("no_answer", "busy", "switched_off", "heard_no_key", "key_pressed"))
        site.office.add_attempt(callout, callee, "key_pressed" if dice.random() < share else happened)


def _let_answer(site: Site, callout: int, rows: dict[str, list[int]], dice: random.Random, begin: int) -> None:
    shares = {
        "leaders": (1, 0.75),
        "departments": (3, 1.0),
        "counties": (14, 0.93),
        "townships": (60, 0.88),
        "villages": (92, 0.62),
    }
    for tier, (after, share) in shares.items():
        for callee in rows[tier]:
            if dice.random() < share:
                at = min(begin + int((after + dice.expovariate(1 / (12 + after / 2))) * 1000), site.office.clock.now())
                site.office.change(
                    callout, callee, state=CalleeState.ACKNOWLEDGED, answered_at=at, last_outcome="key_pressed"
                )
            elif tier != "leaders" and dice.random() < 0.35:
                state = dice.choices(
                    (CalleeState.UNANSWERED, CalleeState.UNCALLED, CalleeState.UNCONFIRMED), (6, 3, 1)
                )[0]
                site.office.change(callout, callee, state=state, **HISTORIES[state])
