"""Every page that people see, by axe and by its size: no barrier, nothing beside the screen, in both languages and sizes.

The console's and the login's own files look at theirs; an address that stands in no list here fails the last test.
SCREENSHOTS=folder keeps a picture of each.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from by_path import loaded
from playwright.sync_api import Browser, BrowserContext, Page
from starlette.routing import Route

from warning_dispatch.clock import VirtualClock
from warning_dispatch.model.feedback import Feedback
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.response_ports import KeyUnits, ResponseParts
from warning_dispatch.web.application import Renewal, Superiors, create_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HERE = Path(__file__)
WEB = HERE.parents[1] / "unit" / "web"
SIZES = {
    "1366": {"width": 1366, "height": 768},
    "360": {"width": 360, "height": 740},
    "320": {"width": 320, "height": 640},
}
LANGUAGES = ("zh", "en")
LINES = {"coal_mine": {"zh_CN": "煤矿", "en": "Coal mine"}}
CUT = """() => [...document.querySelectorAll("body *")].filter((one) => {
  const style = getComputedStyle(one);
  if (!one.checkVisibility() || one.clientWidth <= 1 || style.overflowX === "visible" || style.overflowX === "auto" || one.closest(".unseen, svg")) return false;
  return ["INPUT", "TEXTAREA", "SELECT"].includes(one.tagName) ? false : one.scrollWidth > one.clientWidth + 1;
}).map((one) => one.outerHTML.slice(0, 80))"""
"""Elements that hide a part of their text."""


@dataclass
class Whole:
    """A server with every page over the doubles, and the addresses behind secret links."""

    address: str
    links: dict[str, str]
    app: Any


@pytest.fixture(scope="module")
def whole() -> Iterator[Whole]:
    """A red storm, a township with a list, a campaign under way, a register with gaps, two tasks."""
    conftest = loaded("web_browser_conftest", HERE.with_name("conftest.py"))
    doubles = loaded("web_office_double", WEB / "office.py")
    registrars = loaded("web_renewal_double", WEB / "renewal_office.py")
    clock = VirtualClock(doubles.START)
    office = doubles.Office(clock)
    conftest.raise_storm(conftest.Site(office, clock, "", [], doubles.TOKEN))
    confirmed = office.link_unit(
        name="白文镇",
        path="临县",
        confirmed_at=clock.now(),
        confirmed_means=Means.LINK,
        state=CalleeState.ACKNOWLEDGED,
    )
    office.add_link(1, units=(confirmed,))
    office.work.clear()
    office.add_task("吕梁市人民政府副市长")
    office.add_task("吕梁市应急管理局局长", waited=5_000)
    superior = loaded("web_superior_double", WEB / "superior_office.py").SuperiorOffice(office, 18)
    superior.reports.append(Feedback(on_post=True))
    renewal = registrars.RenewalOffice(clock)
    renewal.add_township(40, spoilt=True)
    renewal.add_waiting()
    asked = loaded("web_response_double", WEB / "response_office.py")
    response = asked.ResponseOffice(office, 8)
    board = loaded("web_test_board", WEB / "test_board.py")
    look = board.Look([board.change(3), board.change(2, subject="unit", before="", after="新村")])
    app = create_app(
        office,
        office,
        public_url="http://127.0.0.1",
        live_page=True,
        body_limit=100_000,
        clock=clock,
        renewal=Renewal(renewal, renewal),
        superiors=Superiors(superior, superior),
        register=look,
        response=ResponseParts(response, response, KeyUnits(asked.KeyUnitOffice(clock.now()), LINES)),
    )
    server = conftest.Server(app)
    links = {"r": doubles.TOKEN, "f": registrars.TOKEN, "p": registrars.PROOF_TOKEN}
    yield Whole(f"http://127.0.0.1:{server.port}", links, app)
    server.stop()


PAGES = {
    "live": "/",
    "tasks": "/tasks?actor=李",
    "readiness": "/readiness",
    "readiness-county": "/readiness?county=141124",
    "changes": "/register/changes",
    "campaign": "/campaign",
    "filings": "/campaign/filings",
    "filings-all": "/campaign/filings?state=all",
    "awaiting": "/campaign/awaiting?actor=王登记员",
    "sheet-asked": "/campaign/sheet/141124101",
    "warning": "/r/{r}",
    "list": "/r/{r}/list",
    "list-2": "/r/{r}/list?page=2",
    "told": "/r/{r}/list?u=102",
    "feedback": "/r/{r}/feedback",
    "measures": "/r/{r}/measures",
    "measures-2": "/r/{r}/measures?page=2",
    "key-units": "/register/key-units",
    "filing": "/f/{f}",
    "filing-unit": "/f/{f}/u/141124101200",
    "filing-returned": "/f/{f}/u/141124101202",
    "filing-correct": "/f/{f}/u/141124101200/correct",
    "filing-successor": "/f/{f}/u/141124101205/successor",
    "filing-workbook": "/f/{f}/workbook",
    "filing-approve": "/f/{f}/approve",
    "proof": "/p/{p}",
    "wrong-link": "/r/zzzzzzzzzzzzzzzz",
    "missing": "/nothing",
}
"""Name → address. With the steps passed."""
STEPS = {"list-step": "/r/{r}/list", "filing-step": "/f/{f}"}
"""The same before it."""


@pytest.fixture(scope="module")
def known(whole: Whole, browser: Browser) -> Iterator[dict[str, BrowserContext]]:
    """A context of each size that has passed both steps."""
    contexts = {}
    for name, size in SIZES.items():
        context = browser.new_context(viewport=size, locale="zh-CN")
        for address, four in ((f"/r/{whole.links['r']}/list", "0042"), (f"/f/{whole.links['f']}", "0001")):
            page = context.new_page()
            page.goto(whole.address + address)
            page.locator("[name=four]").fill(four)
            with page.expect_navigation():
                page.locator("button").click()
            page.close()
        contexts[name] = context
    yield contexts
    for context in contexts.values():
        context.close()


def look_at(page: Page, whole: Whole, path: str, language: str, name: str) -> list[str]:
    """What is wrong with a page's size; keeps a picture where one is asked for."""
    page.goto(f"{whole.address}{path.format(**whole.links)}{'&' if '?' in path else '?'}lang={language}")
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [*([f"{wide} px beside the screen"] if wide > 0 else []), *page.evaluate(CUT)]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_barrier_and_fits(
    whole: Whole, known: dict[str, BrowserContext], name: str, barriers: Any
) -> None:
    """WCAG 2.2 A and AA by axe, nothing cut and nothing beside the screen, at 1366, 360 and 320 px in both languages."""
    wrong = []
    for size, context in known.items():
        page = context.new_page()
        for language in LANGUAGES:
            said = look_at(page, whole, PAGES[name], language, f"{name}-{language}-{size}")
            wrong += [f"{size} {language}: {one}" for one in (*said, *barriers(page))]
        page.close()
    assert wrong == []


@pytest.mark.parametrize("name", STEPS)
def test_a_step_has_no_barrier_and_fits(whole: Whole, browser: Browser, name: str, barriers: Any) -> None:
    """What whoever only has the link sees."""
    for size, viewport in SIZES.items():
        context = browser.new_context(viewport=viewport, locale="zh-CN")
        page = context.new_page()
        for language in LANGUAGES:
            assert look_at(page, whole, STEPS[name], language, f"{name}-{language}-{size}") == []
            assert barriers(page) == []
        context.close()


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_the_filing_sheet_has_no_barrier_and_fits_its_paper(
    whole: Whole, browser: Browser, medium: Any, barriers: Any
) -> None:
    """备案表 in clear, after name and reason: on every screen, and on A4 without the hint and without a nav."""
    for size, viewport in SIZES.items():
        context = browser.new_context(viewport=viewport, locale="zh-CN")
        page = context.new_page()
        for language in LANGUAGES:
            page.goto(f"{whole.address}/campaign/sheet/141124101?lang={language}")
            page.locator("[name=actor]").fill("王登记员")
            page.locator("[name=reason]").fill("盖章存档")
            with page.expect_navigation():
                page.locator("button").click()
            page.emulate_media(media=medium)
            if folder := os.environ.get("SCREENSHOTS"):
                page.screenshot(path=Path(folder) / f"sheet-{language}-{size}-{medium}.png", full_page=True)
            assert page.locator(".hint").is_visible() is (medium == "screen")
            if medium == "screen":
                assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
                assert barriers(page) == []
            page.emulate_media(media="screen")
        context.close()


@dataclass
class Office:
    """The officers' pages over the whole product: its addresses behind numbers, and the application."""

    address: str
    places: dict[str, int]
    app: Any


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A storm that is over, one under way with reports, a message set aside, a drill that is over, a sheet."""
    site = loaded("tests_console_site", HERE.parents[1] / "console_site.py")
    bureau = site.Bureau(tmp_path_factory.mktemp("pages"), lines=60)
    drill = bureau.drill()
    bureau.play(120)
    bureau.end_drill(drill)
    over = bureau.one_that_is_over()
    callout = bureau.warn()
    bureau.play(180)
    unit = next(one for one in bureau.read.callees(callout, limit=5_000) if one.unit_code == "1411-emergency")
    places = {"callout": callout, "over": over, "callee": unit.callee_id, "drill": drill, "raw": bureau.quarantined()}
    app = bureau.app()
    with site.Served(app) as served:
        yield Office(served.address, places, app)
    bureau.close()


CONSOLE = (
    "/console/",
    "/console/callouts",
    "/console/callouts/{callout}",
    "/console/callouts/{callout}/units/{callee}",
    "/console/callouts/{callout}/response",
    "/console/warnings",
    "/console/warnings/{raw}",
    "/console/start",
    "/console/planning",
    "/console/drills",
    "/console/drills/new",
    "/console/drills/{drill}",
    "/console/drills/{drill}/report",
    "/console/records",
    "/console/records/season",
    "/console/records/{over}",
    "/console/records/{over}/form",
    "/console/records/{over}/summary",
)
"""Pages of the officers, each looked at below; in the dark, and with what happens on them, by the files of each."""
REFUSED = (
    ("/console/callouts/{callout}/units/{callee}", "form[action$=receiver]", {"phone": "12", "reason": ""}),
    ("/console/callouts/{callout}", "form[action$=act]", {"reason": " "}),
    ("/console/callouts/{callout}/response", "form[action$=stage]", {"reason": " "}),
    ("/console/start", "form.fields", {"text": "大雨", "reason": " "}),
    ("/console/drills/new", "form.fields", {"valid": "一", "announce": "x"}),
    ("/console/drills", "form.fields", {"title": " ", "note": "每年"}),
    ("/console/records/{over}", "form[action$=clear]", {"reason": " "}),
    ("/console/planning", "form.fields", {"lines": "七"}),
)
"""Page, form, and what is written badly there."""
SEND = (
    """(form) => { form.noValidate = true; form.requestSubmit(form.querySelector("button[type=submit], button")); }"""
)


@pytest.mark.parametrize("path", CONSOLE)
def test_a_page_of_the_console_has_no_barrier_and_fits(
    office: Office, browser: Browser, path: str, barriers: Any
) -> None:
    """WCAG 2.2 A and AA by axe, and nothing beside the screen, on a laptop and a phone in both languages."""
    wrong = []
    for size in ("1366", "360"):
        context = browser.new_context(viewport=SIZES[size], locale="zh-CN")
        page = context.new_page()
        for language in LANGUAGES:
            page.goto(f"{office.address}{path.format(**office.places)}?lang={language}")
            paper = path.endswith(("/form", "/summary"))
            wide = 0 if paper else page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            found = [*([f"{wide} px beside the screen"] if wide > 0 else []), *barriers(page)]
            wrong += [f"{size} {language}: {one}" for one in found]
        context.close()
    assert wrong == []


@pytest.mark.parametrize(("path", "form", "written"), REFUSED, ids=lambda one: str(one)[:60])
def test_a_refused_form_can_be_read_and_mended(
    office: Office, browser: Browser, path: str, form: str, written: dict[str, str], barriers: Any
) -> None:
    """The message stands in view, named by its field, which has the focus; what was written is still there."""
    for size in ("1366", "360"):
        context = browser.new_context(viewport=SIZES[size], locale="zh-CN")
        page = context.new_page()
        for language in LANGUAGES:
            page.goto(f"{office.address}{path.format(**office.places)}?lang={language}")
            for name, words in written.items():
                page.locator(f"{form} [name={name}]").evaluate("(one, words) => { one.value = words }", words)
            with page.expect_navigation():
                page.locator(form).first.evaluate(SEND)
            if folder := os.environ.get("SCREENSHOTS"):
                name = path.format(**office.places).strip("/").replace("/", "-")
                page.screenshot(path=Path(folder) / f"refused-{name}-{language}-{size}.png", full_page=True)
            wrong = page.locator(f"{form} [aria-invalid=true]").first
            said = page.locator(f"#{(wrong.get_attribute('aria-describedby') or '').split()[-1]}")
            assert said.inner_text().strip()
            assert said.is_visible()
            assert wrong.evaluate("one => one === document.activeElement")
            for field, words in written.items():
                assert page.locator(f"{form} [name={field}]").input_value() == words
            assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
            assert barriers(page) == []
        context.close()


def test_no_page_of_the_console_is_left_out(office: Office) -> None:
    """Whoever adds an address of the officers' pages adds it above, or says why it is no page."""
    shown = {re.sub(r"\{(\w+)\}", r"{\1:int}", path.replace("{over}", "{callout}")) for path in CONSOLE}
    asked = {
        route.path
        for route in office.app.routes
        if isinstance(route, Route)
        and "GET" in (route.methods or ())
        and route.path.startswith("/console")
        and not route.path.endswith("/events")
    }
    assert asked - shown == OTHERWISE


OTHERWISE = {
    "/console/warnings/{raw:int}/raw",  # a download
    "/console/records/{callout:int}/units/{callee:int}/form",  # the form for paper, of one unit
    "/console/planning/{sheet:int}",  # shows what was played: test_planning_page
}
"""Addresses of the console that are looked at elsewhere, or are no page."""


def test_no_page_is_left_out(whole: Whole) -> None:
    """Whoever adds an address adds it here, or to the files that look at the console and at the login."""
    shown = {urlsplit(path).path for path in (*PAGES.values(), *STEPS.values())} | ELSEWHERE
    shown = {re.sub(r"\{[rfp]\}", "{token}", path) for path in shown}
    shown = {re.sub(r"/u/\d+", "/u/{code}", re.sub(r"/sheet/\d+", "/sheet/{code}", path)) for path in shown}
    asked = {
        route.path
        for route in whole.app.routes
        if isinstance(route, Route) and "GET" in (route.methods or ()) and not route.path.startswith(NO_PAGE)
    }
    assert asked - shown == set()


NO_PAGE = ("/api", "/feeds", "/static", "/healthz", "/readyz", "/metrics", "/live/events")
"""What programs fetch."""
ELSEWHERE = {"/f/{token}/template.xlsx"}
"""A download."""
