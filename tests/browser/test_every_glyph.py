"""Every unit name of the prefecture, rare characters and all, is drawn and nowhere cut: on lists, unit pages, phones and desks."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from by_path import loaded
from playwright.sync_api import Browser, Page

from warning_dispatch.clock import VirtualClock
from warning_dispatch.model.console_views import CalleeQuery
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import UnitLevel
from warning_dispatch.web import filing_view, superior
from warning_dispatch.web.application import Renewal, Superiors, create_app
from warning_dispatch.web.console import callout, listing

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TESTS = Path(__file__).parents[1]
WEB = TESTS / "unit" / "web"
WIDTHS = (320, 360, 1366)
ALL = 3_000
UNDRAWN = """([text, font]) => {
  const canvas = new OffscreenCanvas(48, 48), pen = canvas.getContext("2d", { willReadFrequently: true });
  const drawn = (letter) => {
    pen.clearRect(0, 0, 48, 48);
    pen.font = "32px " + font;
    pen.textBaseline = "top";
    pen.fillText(letter, 4, 4);
    return pen.getImageData(0, 0, 48, 48).data.join();
  };
  const boxes = new Set([drawn("\\u{E123}"), drawn("\\u{10FFFD}"), drawn(" ")]);
  return [...new Set(text)].filter((letter) => letter.trim() && boxes.has(drawn(letter)));
}"""
"""Letters that come out as the box for what a font lacks, or as nothing."""
CUT = """(names) => {
  const wanted = new Set(names), cut = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, name = node.textContent.trim();
    if (![...wanted].some((one) => wanted.has(name) || (name.length < 60 && name.includes(one)))) continue;
    if (!node.parentElement.checkVisibility() || node.parentElement.closest(".unseen, svg, option, datalist, [hidden]")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      let left = 0, right = document.documentElement.clientWidth;
      for (let at = node.parentElement; at && at !== document.body; at = at.parentElement) {
        const style = getComputedStyle(at);
        if (style.overflowX === "auto" || style.overflowX === "scroll") { left = -1e9; right = 1e9; break; }
        if (style.overflowX !== "visible") { const edge = at.getBoundingClientRect(); left = Math.max(left, edge.left); right = Math.min(right, edge.right); }
      }
      if (box.left < left - 1 || box.right > right + 1) { cut.push(name); break; }
    }
  }
  return cut;
}"""
"""Names of which a part lies outside what their frames show; what scrolls is not cut."""
SHOWN = """(names) => {
  const seen = new Set();
  const text = document.body.innerText;
  return names.filter((one) => !text.includes(one));
}"""


def names() -> list[str]:
    """Every unit's."""
    with (TESTS.parent / "contacts" / "divisions.csv").open(encoding="utf-8-sig", newline="") as file:
        return [row["name"] for row in csv.DictReader(file)]


NAMES = names()


def few() -> list[str]:
    """As many names as it takes to have every rare character, and the longest ones: for pages of one unit each."""
    rare = {sign for name in NAMES for sign in name if not _is_common(sign)}
    chosen = sorted(NAMES, key=len)[-6:]
    for sign in sorted(rare):
        chosen.append(next(name for name in NAMES if sign in name))
    return list(dict.fromkeys(chosen))


def _is_common(sign: str) -> bool:
    try:
        sign.encode("gb2312")
    except UnicodeError:
        return False
    return True


def wrong_with(page: Page, wanted: list[str]) -> list[str]:
    """Names that are missing, undrawn or cut, and a page that is wider than its screen."""
    font = page.evaluate("getComputedStyle(document.body).fontFamily")
    missing = [f"not there: {one}" for one in page.evaluate(SHOWN, wanted)]
    boxes = [f"no glyph: {one}" for one in page.evaluate(UNDRAWN, ["".join(wanted), font])]
    cut = [f"cut: {one}" for one in page.evaluate(CUT, wanted)]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*missing, *boxes, *cut, *([f"{wide} px beside the screen"] if wide > 0 else [])]


@pytest.fixture(scope="module")
def patched() -> Iterator[None]:
    """Lists show everything on one page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(superior, "PAGE", ALL)
        patch.setattr(filing_view, "UNITS_A_PAGE", ALL)
        patch.setattr(listing, "ROWS", ALL)
        patch.setattr(callout, "ROWS", ALL)
        yield


@pytest.fixture(scope="module")
def phones(patched: None) -> Iterator[dict[str, str]]:
    """A server whose superior and whose registrar answer for every unit there is: the addresses of their pages."""
    del patched
    conftest = loaded("web_browser_conftest", Path(__file__).with_name("conftest.py"))
    doubles = loaded("web_office_double", WEB / "office.py")
    registrars = loaded("web_renewal_double", WEB / "renewal_office.py")
    own = loaded("web_superior_double", WEB / "superior_office.py")
    clock = VirtualClock(doubles.START)
    office = doubles.Office(clock)
    office.add_callout()
    confirmed = office.link_unit(
        name="白文镇", path="临县", confirmed_at=clock.now(), confirmed_means=Means.LINK, state=CalleeState.ACKNOWLEDGED
    )
    office.add_link(units=(confirmed,))
    above = own.SuperiorOffice(office, len(NAMES))
    above.units = [own.replace(one, name=name) for one, name in zip(above.units, NAMES, strict=True)]
    renewal = registrars.RenewalOffice(clock)
    renewal.units = [renewal._unit(f"{number:012}", name, UnitLevel.VILLAGE, 1) for number, name in enumerate(NAMES, 1)]
    app = create_app(
        office,
        office,
        public_url="http://127.0.0.1",
        live_page=False,
        body_limit=1000,
        clock=clock,
        renewal=Renewal(renewal, renewal),
        superiors=Superiors(above, above),
    )
    server = conftest.Server(app)
    address = f"http://127.0.0.1:{server.port}"
    yield {"list": f"{address}/r/{doubles.TOKEN}/list", "filing": f"{address}/f/{registrars.TOKEN}"}
    server.stop()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("which", "four"), [("list", "0042"), ("filing", "0001")])
def test_every_name_behind_a_link(
    phones: dict[str, str], browser: Browser, chinese: None, which: str, four: str, width: int
) -> None:
    """A superior's list and a registrar's list of the whole prefecture; then the pages of single units."""
    del chinese
    context = browser.new_context(viewport={"width": width, "height": 740})
    page = context.new_page()
    page.goto(phones[which])
    page.locator("[name=four]").fill(four)
    with page.expect_navigation():
        page.locator("button").click()
    assert wrong_with(page, NAMES) == []
    for name in few():
        number = NAMES.index(name)
        path = f"?u={101 + number}" if which == "list" else f"/u/{number + 1:012}"
        page.goto(phones[which] + path)
        assert wrong_with(page, [name]) == []
        if which == "filing":
            page.goto(f"{phones[which]}{path}/correct")
            assert wrong_with(page, [name]) == []
    context.close()


@pytest.fixture(scope="module")
def desk(patched: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """The duty desk under a red warning for the whole prefecture."""
    del patched
    site = loaded("tests_console_site", TESTS / "console_site.py")
    bureau = site.Bureau(tmp_path_factory.mktemp("bureau"), lines=60)
    bureau.warn()
    with site.Served(bureau.app()) as served:
        yield bureau, served.address
    bureau.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_every_name_at_the_duty_desk(desk: tuple[Any, str], browser: Browser, chinese: None, width: int) -> None:
    """The list of a call-out over the whole prefecture, and the pages of single units."""
    del chinese
    bureau, address = desk
    found = bureau.read.page(1, CalleeQuery(limit=ALL)).rows
    context = browser.new_context(viewport={"width": width, "height": 740})
    page = context.new_page()
    page.goto(f"{address}/console/callouts/1?show=all")
    shown = sorted({row.unit_name for row in found} & set(NAMES))
    assert len(shown) > len(set(NAMES)) * 0.9
    assert wrong_with(page, shown) == []
    for name in few():
        row = next((one for one in found if one.unit_name == name), None)
        if row is not None:
            page.goto(f"{address}/console/callouts/1/units/{row.callee_id}")
            assert wrong_with(page, [name]) == []
    context.close()


@pytest.fixture(scope="module")
def chinese(browser: Browser) -> None:
    """Left out where the machine has no Chinese font at all: then every name would be boxes."""
    page = browser.new_page()
    boxes = page.evaluate(UNDRAWN, ["一村", "sans-serif"])
    page.close()
    if boxes:
        pytest.skip("no Chinese font on this machine; Debian: apt-get install fonts-noto-cjk")


def test_what_is_cut_or_undrawn_would_be_found(browser: Browser, chinese: None) -> None:
    """The looks above find an ellipsis, a name that hangs out of its frame, one that is missing, and a letter no font has."""
    del chinese
    page = browser.new_page(viewport={"width": 320, "height": 740})
    cell = "width: 60px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap"
    page.set_content(f'<p style="{cell}">郝家墕甲乙丙丁村</p><p>圪垯村</p>')
    assert wrong_with(page, ["郝家墕甲乙丙丁村", "圪垯村"]) == ["cut: 郝家墕甲乙丙丁村"]
    assert wrong_with(page, ["没有这个村"]) == ["not there: 没有这个村"]
    page.set_content("<p>\ue999村</p>")
    assert wrong_with(page, ["\ue999村"]) == ["no glyph: \ue999"]
    page.close()
