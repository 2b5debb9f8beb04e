"""应急联动 in a real browser: ticks by thumb on an old phone, the console's page of the response, a report to copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from by_path import loaded
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TESTS = Path(__file__).parents[1]
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
SIZES = {"1366": {"width": 1366, "height": 768}, "360": {"width": 360, "height": 740}}
WIDE = "document.documentElement.scrollWidth - window.innerWidth"
SMALLEST = "[...document.querySelectorAll('.sheet *')].map(e => parseFloat(getComputedStyle(e).fontSize))"


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Fifteen minutes into a red storm, with reports from below."""
    site = loaded("tests_console_site", TESTS / "console_site.py")
    bureau = site.Bureau(tmp_path_factory.mktemp("response"), lines=200)
    bureau.callout = bureau.warn()
    bureau.play(900)
    bureau.reports(bureau.callout)
    with site.Served(bureau.app()) as served:
        bureau.address = served.address
        yield bureau
    bureau.close()


def test_a_department_ticks_by_thumb_without_scripts(bureau: Any, browser: Browser) -> None:
    """From the warning's page to the list, a box, a word, the button: it stands there with its time; reloading sends nothing."""
    context = browser.new_context(**PHONE, java_script_enabled=False)
    page = context.new_page()
    token = bureau.link("1411-education", bureau.callout)
    page.goto(f"{bureau.address}/r/{token}?lang=zh")
    if page.locator("form.act button").count():
        with page.expect_navigation():
            page.locator("form.act button").tap()
    page.locator("a.go", has_text="落实措施").tap()
    page.wait_for_selector(".m")
    boxes = page.locator("input[type=checkbox]")
    before = boxes.count()
    assert before
    boxes.first.check()
    page.locator(".m input:not([type])").first.fill("已通知停课")
    with page.expect_navigation():
        page.locator("button").tap()
    assert page.locator("input[type=checkbox]").count() == before - 1
    assert "已通知停课" in page.locator("main").inner_text()
    page.reload()
    assert page.locator("input[type=checkbox]").count() == before - 1
    assert min(page.locator(".m").first.evaluate(f"() => {SMALLEST}")) >= 18
    context.close()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", SIZES)
def test_the_consoles_pages_have_no_barrier_and_fit(
    bureau: Any, browser: Browser, size: str, language: str, barriers: Any
) -> None:
    """The whole, a county, a unit's measures: by axe, and nothing beside the screen."""
    context = browser.new_context(viewport=SIZES[size], locale="zh-CN")
    page = context.new_page()
    rows = bureau.read.callees(bureau.callout, limit=5_000)
    unit = next(one.callee_id for one in rows if one.unit_code == "1411-water")
    for path in ("response", "response?area=141124", f"units/{unit}"):
        page.goto(
            f"{bureau.address}/console/callouts/{bureau.callout}/{path}{'&' if '?' in path else '?'}lang={language}"
        )
        assert page.evaluate(WIDE) <= 0, path
        assert barriers(page) == [], path
    context.close()


def test_an_officer_moves_the_stage_and_copies_the_report(bureau: Any, browser: Browser, barriers: Any) -> None:
    """With a reason; the page says so at once, and the report is a text and a sheet of paper."""
    page: Page = browser.new_page()
    page.goto(f"{bureau.address}/console/callouts/{bureau.callout}/response?lang=zh")
    page.locator("#why").fill("政府决定停课停工")
    page.get_by_role("button", name="转入应急联动").click()
    assert "政府决定停课停工" in page.locator("[data-fragment=stage]").inner_text()
    page.get_by_role("button", name="文稿").click()
    assert "一、值班值守" in page.locator("#copy").input_value()
    assert barriers(page) == []
    page.emulate_media(media="print")
    assert not page.locator(".hint").is_visible()
    page.close()
