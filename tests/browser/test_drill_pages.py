"""Drills in a real browser: composed at one desk, released at two, watched, stopped, and read as a report."""

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
LAPTOP = {"width": 1366, "height": 768}
PHONE = {"width": 360, "height": 740}


def console_site() -> Any:
    """The module beside the test folders, by its path: tests are no package."""
    return loaded("tests_console_site", TESTS / "console_site.py")


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A quiet bureau; the tests of this file are one day, in their order."""
    bureau = console_site().Bureau(tmp_path_factory.mktemp("drills"), lines=60)
    yield bureau
    bureau.close()


@pytest.fixture(scope="module")
def desks(bureau: Any) -> Iterator[tuple[str, str]]:
    """Two officers, each at a desk of his own."""
    site = console_site()
    with site.Served(bureau.app("王值班")) as one, site.Served(bureau.app("李值班")) as other:
        yield one.address, other.address


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Any]:
    """Opens pages that find nothing to complain of."""
    contexts = []
    complaints: list[str] = []

    def opened(address: str, size: dict[str, int] | None = None) -> Page:
        context = browser.new_context(viewport=size or LAPTOP, locale="zh-CN")
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def test_what_is_wrong_comes_back_with_all_that_was_written(desks: tuple[str, str], open_page: Any) -> None:
    """No such division, too short a time: both are said, nothing is lost, nothing was composed."""
    page = open_page(f"{desks[0]}/console/drills/new")
    page.get_by_label("全员演练").check()
    page.get_by_label("其他区划编码").fill("141199")
    page.get_by_label("时长（分钟）").fill("7")
    page.get_by_label("名称（可不填）").fill("汛前演练")
    page.get_by_role("button", name="拟定").click()
    expect(page.locator("#area-said")).to_contain_text("名册里没有区划 141199")
    expect(page.get_by_label("名称（可不填）")).to_have_value("汛前演练")
    expect(page.get_by_label("其他区划编码")).to_have_value("141199")
    expect(page.get_by_label("全员演练")).to_be_checked()
    page.goto(f"{desks[0]}/console/drills")
    expect(page.get_by_text("还没有演练。", exact=True)).to_be_visible()


def test_from_the_form_over_two_desks_to_the_report(bureau: Any, desks: tuple[str, str], open_page: Any) -> None:
    """One officer cannot release it twice; the second one's click begins it; the counts move; it is stopped and scored."""
    one, other = open_page(f"{desks[0]}/console/drills/new"), open_page(f"{desks[1]}/console/drills")
    one.get_by_label("全员演练").check()
    one.get_by_label("临县").check()
    one.get_by_label("时长（分钟）").fill("60")
    one.get_by_role("button", name="拟定").click()
    expect(one.locator(".done")).to_have_text("已拟定，尚未拨号。")
    expect(one.get_by_text("还需 2 人放行")).to_be_visible()
    one.get_by_role("button", name="放行").click()
    expect(one.locator(".done")).to_have_text("已放行一次，还须另一人放行。")
    expect(one.get_by_role("button", name="放行")).to_have_count(0)
    assert bureau.read.callouts() == []
    other.reload()
    other.get_by_role("link", name="临县暴雨红色全员演练").click()
    other.get_by_role("button", name="放行").click()
    expect(other.locator(".done")).to_have_text("已放行。")
    expect(other.locator("h1")).to_contain_text("进行中")
    bureau.play(400)
    expect(other.locator(".big")).not_to_contain_text(re.compile(r"^0%"))
    expect(one.locator("h1")).to_contain_text("进行中")
    one.reload()
    one.get_by_label("理由").fill("演练到此结束")
    one.get_by_role("button", name="停止演练").click()
    expect(one.locator(".done")).to_have_text("已停止，不再发出任何演练信息。")
    one.get_by_role("link", name="评分报告").click()
    expect(one.get_by_role("heading", level=1)).to_contain_text("演练评分报告")
    expect(one.get_by_text("被叫单位").first).to_be_visible()


def test_a_warning_ends_the_drill_on_every_page(bureau: Any, desks: tuple[str, str], open_page: Any) -> None:
    """Whoever watches the drill sees at once that it is over."""
    bureau.play(4_000)
    drill = bureau.drill()
    page = open_page(f"{desks[0]}/console/drills/{drill}")
    bureau.play(120)
    expect(page.locator("h1")).to_contain_text("进行中")
    bureau.warn()
    expect(page.locator("h1")).to_contain_text("因真实预警中断")


def test_the_calendar_is_kept_by_hand(desks: tuple[str, str], open_page: Any) -> None:
    """A day is entered, leads to the form with its name, and is taken out again."""
    page = open_page(f"{desks[0]}/console/drills")
    page.locator("#day").fill("2027-05-12")
    page.locator("#name").fill("汛前全员演练")
    page.get_by_label("每年").check()
    page.get_by_role("button", name="加入日历").click()
    expect(page.locator(".done")).to_have_text("已写进日历。")
    page.get_by_role("link", name="拟定", exact=True).click()
    expect(page.get_by_label("名称（可不填）")).to_have_value("汛前全员演练")
    page.goto(f"{desks[0]}/console/drills")
    page.get_by_role("button", name="移出").click()
    expect(page.locator(".done")).to_have_text("已移出日历。")


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_everybody_can_use_the_pages(
    desks: tuple[str, str], open_page: Any, barriers: Any, size: dict[str, int], language: str
) -> None:
    """There is no barrier that axe finds, and nothing is wider than the screen."""
    page = open_page(f"{desks[0]}/console/drills", size)
    for path in ("drills", "drills/new", "drills/1", "drills/1/report", "drills/2/report"):
        page.goto(f"{desks[0]}/console/{path}?lang={language}")
        assert barriers(page) == [], path
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], path
