"""A superior's own list in a real browser, on an old small phone, without JavaScript and without pictures."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

WECHAT = "Mozilla/5.0 (Linux; Android 8.1; M5) AppleWebKit/537.36 Chrome/78.0 Mobile Safari/537.36 MicroMessenger/8.0.1"
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True, "user_agent": WECHAT}
SMALLEST = PHONE | {"viewport": {"width": 320, "height": 480}}
SIZES = "[...document.querySelectorAll('.sheet *')].map(e => parseFloat(getComputedStyle(e).fontSize))"
TOUCHED = "[...document.querySelectorAll('.sheet a[href], button')].map(e => e.getBoundingClientRect().height)"


def open_list(visit: Any, site: Any, phone: dict[str, Any], query: str = "", *, script: bool = False) -> Page:
    """From the link by the step to the list."""
    context = visit(**phone, java_script_enabled=script)
    context.route("**/*.{png,jpg,svg,woff2}", lambda route: route.abort())
    page: Page = context.new_page()
    page.goto(f"{site.address}/r/{site.token}{query}")
    page.locator("a.go").first.tap()
    page.locator("input[name=four]").fill("0042")
    page.locator("button").tap()
    page.wait_for_selector(".u")
    return page


@pytest.mark.parametrize("query", ["", "?lang=en"])
@pytest.mark.parametrize("phone", [PHONE, SMALLEST], ids=["360", "320"])
def test_the_list_is_legible_and_every_number_in_reach(
    visit: Any, township: Any, query: str, phone: dict[str, Any]
) -> None:
    """No sideways scrolling, no letter below 18 px, nothing to tap lower than 44 px; at 200 % nothing is cut off either."""
    page = open_list(visit, township, phone, query, script=True)
    width = phone["viewport"]["width"]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert min(page.evaluate(SIZES)) >= 18
    assert min(page.evaluate(TOUCHED)) >= 44
    number = page.locator(".n").first
    assert number.get_attribute("href") == "tel:+8610000000001"
    page.evaluate("document.body.style.zoom = 2")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_told_in_person_with_two_taps_and_back(visit: Any, township: Any) -> None:
    """One unit, asked once more; the back button and a reload record nothing again."""
    page = open_list(visit, township, PHONE)
    page.locator(".t").first.tap()
    assert township.superior.told_units == []
    page.locator("button").tap()
    page.wait_for_selector(".u")
    assert township.superior.told_units == [101]
    assert "郝家墕101村" not in page.locator("ul").inner_text()
    page.go_back()
    page.reload()
    page.goto(f"{township.address}/r/{township.token}/list?page=2")
    assert page.locator(".u").count() == 2
    assert township.superior.told_units == [101]


def test_a_friend_with_the_link_sees_counts(visit: Any, township: Any) -> None:
    """The cookie is this phone's: another one with the same link is asked for the digits, and wrong ones are told."""
    open_list(visit, township, PHONE)
    friend: Page = visit(**PHONE).new_page()
    friend.goto(f"{township.address}/r/{township.token}/list")
    assert friend.locator(".n").count() == 0
    friend.locator("input[name=four]").fill("9999")
    friend.locator("button").tap()
    friend.wait_for_selector("[role=alert]")
    assert friend.locator(".n").count() == 0


@pytest.mark.parametrize("phone", [PHONE, SMALLEST], ids=["360", "320"])
def test_feedback_is_written_with_a_thumb(visit: Any, township: Any, phone: dict[str, Any]) -> None:
    """From the confirmed page to the form and the thanks; no sideways scrolling."""
    page: Page = visit(**phone).new_page()
    page.goto(f"{township.address}/r/{township.token}")
    page.locator("a.go").last.tap()
    page.locator("input[name=on_post]").check()
    page.locator("input[name=moved]").fill("37")
    assert page.evaluate("document.documentElement.scrollWidth") == phone["viewport"]["width"]
    page.locator("button").tap()
    page.wait_for_selector("[role=status]")
    assert [(one.on_post, one.moved) for one in township.superior.reports] == [(True, 37)]
