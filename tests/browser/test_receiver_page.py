"""The receiver's page in a real browser, on an old small phone, without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 640}, "is_mobile": True, "has_touch": True, "java_script_enabled": False}
SMALLEST = PHONE | {"viewport": {"width": 320, "height": 480}}
RARE = "墕垯圐圙堎"


def open_link(visit: Any, site: Any, *, query: str = "", phone: dict[str, Any] = PHONE) -> Page:
    """The page behind the link, on a phone."""
    page: Page = visit(**phone).new_page()
    page.goto(f"{site.address}/r/{site.token}{query}")
    return page


def box_of(page: Page, selector: str) -> dict[str, float]:
    """Where an element stands, in CSS pixels."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    return dict(box)


@pytest.mark.parametrize("query", ["", "?lang=en"])
@pytest.mark.parametrize("phone", [PHONE, SMALLEST], ids=["360", "320"])
def test_the_page_is_legible_and_the_button_in_reach(
    visit: Any, site: Any, query: str, phone: dict[str, Any], barriers: Any
) -> None:
    """No sideways scrolling; the button is at least 64 px high, wide, and on the first screen; no letter below 18 px."""
    site.office.add_link()
    context = visit(**phone | {"java_script_enabled": True})
    page = context.new_page()
    page.goto(f"{site.address}/r/{site.token}{query}")
    width, height = phone["viewport"]["width"], phone["viewport"]["height"]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    button = box_of(page, "button")
    assert button["height"] >= 64
    assert button["width"] >= width * 0.8
    assert button["y"] + button["height"] <= height
    assert box_of(page, "h1")["y"] < height / 3
    sizes = "[...document.querySelectorAll('.sheet *')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    assert min(page.evaluate(sizes)) >= 18
    assert barriers(page) == []


@pytest.mark.parametrize(("query", "done"), [("", "已确认"), ("?lang=en", "Confirmed")])
def test_one_tap_confirms_without_javascript(visit: Any, site: Any, query: str, done: str) -> None:
    """The village head opens the link, taps once and sees that it counted; reloading asks nothing and adds nothing."""
    site.office.add_link()
    page = open_link(visit, site, query=query)
    assert site.office.confirmations == []
    page.locator("button").tap()
    assert done in page.locator(".done strong").inner_text()
    assert page.locator("button").count() == 0
    assert page.url.startswith(f"{site.address}/r/{site.token}")
    page.reload()
    assert done in page.locator(".done strong").inner_text()
    assert site.office.confirmations == [site.token]


def test_a_double_tap_is_one_answer(visit: Any, site: Any) -> None:
    """A nervous thumb does no harm."""
    site.office.add_link()
    page = open_link(visit, site)
    page.locator("button").dblclick()
    page.wait_for_selector(".done")
    assert site.office.confirmations == [site.token]


def test_a_prefetch_does_not_confirm(visit: Any, site: Any) -> None:
    """A browser that reads ahead, and a preview that posts as one, leave the warning unanswered."""
    site.office.add_link()
    context = visit(extra_http_headers={"Sec-Purpose": "prefetch"})
    page = context.new_page()
    page.goto(f"{site.address}/r/{site.token}")
    page.locator("button").click()
    assert "不算确认" in page.content()
    assert site.office.confirmations == []


def test_the_language_is_switched_by_a_link(visit: Any, site: Any) -> None:
    """From Chinese to English and back."""
    site.office.add_link()
    page = open_link(visit, site)
    page.get_by_text("English", exact=True).tap()
    assert page.locator("button").inner_text() == "I have received it"
    page.get_by_text("中文", exact=True).tap()
    assert page.locator("button").inner_text() == "我已收到"


def test_rare_village_characters_are_drawn(visit: Any, site: Any) -> None:
    """Every character of the names of this prefecture's villages has a glyph of a Chinese font: no boxes."""
    site.office.add_link(units=(site.office.link_unit(name=RARE, path=""),))
    context = visit()
    page = context.new_page()
    page.goto(f"{site.address}/r/{site.token}")
    session = context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": root, "selector": ".to"})["nodeId"]
    fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    chinese = [font for font in fonts if "CJK" in font["familyName"]]
    if not chinese:
        pytest.skip("no Noto CJK font on this machine; Debian: apt-get install fonts-noto-cjk")
    letters = len("致：" + RARE)
    assert sum(font["glyphCount"] for font in chinese) == letters
    assert sum(font["glyphCount"] for font in fonts) == letters


def test_an_ended_warning_asks_for_nothing(visit: Any, site: Any) -> None:
    """The page that was open when the warning was lifted: the tap says so instead of failing."""
    callout = site.office.add_callout()
    site.office.add_link(callout)
    page = open_link(visit, site)
    site.office.end(callout)
    page.locator("button").tap()
    assert "预警已解除" in page.locator(".over").inner_text()
    assert page.locator("button").count() == 0
    assert site.office.confirmations == []
