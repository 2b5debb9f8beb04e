"""推演 in a real browser: asked by form, watched while it is played, read as sentences, plot and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from by_path import loaded
from playwright.sync_api import Browser, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TESTS = Path(__file__).parents[1]
PHONE = {"width": 360, "height": 740}
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def console_site() -> Any:
    """The module beside the test folders, by its path: tests are no package."""
    return loaded("tests_console_site", TESTS / "console_site.py")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A quiet bureau's console."""
    site = console_site()
    bureau = site.Bureau(tmp_path_factory.mktemp("planning"), lines=60)
    with site.Served(bureau.app()) as served:
        yield served.address
    bureau.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of an officer, whose errors fail the test."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    assert [one for one in errors if "status of 422" not in one] == [], "a refused form is no fault of the page"


def asked(page: Page, address: str) -> None:
    """A county on four and twelve lines, against the strict chain."""
    page.goto(f"{address}/console/planning")
    page.select_option("#area", "141129")
    page.fill("#lines", "4, 12")
    page.select_option("#against", "strict")
    page.fill("#storms", "3")
    page.click("button[type=submit].main")


def test_from_the_form_to_the_plot(page: Page, address: str, barriers: Any) -> None:
    """The page shows how far it is and then, by itself, what came of it; without a barrier in either state."""
    page.goto(f"{address}/console/")
    page.click("nav >> text=推演")
    expect(page.locator("h1")).to_have_text("推演")
    assert barriers(page) == []
    asked(page, address)
    expect(page.locator(".plot svg")).to_be_visible(timeout=60_000)
    expect(page.locator(".gain").first).to_have_text(re.compile(r"4 → 12 条线：95% 应答 \d+ → \d+ 分钟"))
    expect(page.locator(".plot polyline")).to_have_count(4)
    expect(page.locator("table.rows").first.locator("tbody tr")).to_have_count(4)
    assert barriers(page) == []
    page.locator("summary").nth(1).click()
    expect(page.locator("details").nth(1).locator("tbody tr").first).to_be_visible()


def test_in_english_on_a_phone(page: Page, address: str, barriers: Any) -> None:
    """Nothing is wider than the phone but what scrolls by itself."""
    asked(page, address)
    expect(page.locator(".plot svg")).to_be_visible(timeout=60_000)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type] # a size
    page.goto(page.url.split("?")[0] + "?lang=en")
    expect(page.locator(".gain").first).to_contain_text("95 % after")
    assert not page.evaluate(SIDEWAYS)
    assert barriers(page) == []


def test_what_is_wrong_stands_beside_its_field(page: Page, address: str) -> None:
    """All of it at once, and what was chosen stays."""
    page.goto(f"{address}/console/planning")
    page.select_option("#hour", "15")
    page.fill("#lines", "0 x")
    page.click("button[type=submit].main")
    expect(page.locator("#lines-said")).to_contain_text("0 条线路打不出电话")
    expect(page.locator("#lines-said")).to_contain_text("“x”不是数字")
    expect(page.locator("#hour")).to_have_value("15")
    expect(page.locator("#lines")).to_have_value("0 x")
