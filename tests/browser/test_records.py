"""The records in a real browser: read by anybody, printed on A4, downloaded, without a word to anywhere else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from by_path import loaded
from playwright.sync_api import Browser, Page, expect
from python_calamine import CalamineWorkbook

pytestmark = pytest.mark.browser
TESTS = Path(__file__).parents[1]
SIZES = {"laptop": {"width": 1366, "height": 768}, "phone": {"width": 360, "height": 740}}
PAGES_IN_PDF = re.compile(rb"/Type\s*/Page[^s]")


def console_site() -> Any:
    """The module beside the test folders, by its path: tests are no package."""
    return loaded("tests_console_site", TESTS / "console_site.py")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """Address of a bureau after a county's storm, and its call-out."""
    site = console_site()
    bureau = site.Bureau(tmp_path_factory.mktemp("records"))
    over = bureau.one_that_is_over()
    with site.Served(bureau.app()) as served:
        yield served.address, over
    bureau.close()


@pytest.fixture
def page(browser: Browser, office: tuple[str, int], request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that notes what goes wrong in it, or leaves for elsewhere."""
    size = getattr(request, "param", "laptop")
    context = browser.new_context(viewport=SIZES[size], locale="zh-CN", timezone_id="Asia/Shanghai")
    made = context.new_page()
    trouble: list[str] = []
    made.on("console", lambda one: trouble.append(one.text) if one.type in ("error", "warning") else None)
    made.on("request", lambda one: None if one.url.startswith((office[0], "data:")) else trouble.append(one.url))
    yield made
    context.close()
    assert trouble == []


@pytest.mark.parametrize("page", list(SIZES), indirect=True)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_everybody_can_read_them(
    page: Page, office: tuple[str, int], barriers: Callable[[Page], list[str]], language: str
) -> None:
    """No barrier that axe knows of, nothing wider than the screen, on a laptop and on a small phone."""
    address, over = office
    for path in ("records", f"records/{over}", "records/season", "records/season?kind=drills"):
        page.goto(f"{address}/console/{path}{'&' if '?' in path else '?'}lang={language}")
        expect(page.locator("main h1")).to_be_visible()
        assert barriers(page) == [], path
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, path


def test_from_the_list_to_the_papers(
    page: Page, office: tuple[str, int], barriers: Callable[[Page], list[str]]
) -> None:
    """By the navigation to the record, its form and the page for leaders: each is one clean A4 document."""
    address, over = office
    page.goto(f"{address}/console/")
    page.get_by_role("link", name="记录", exact=True).click()
    page.locator("tbody th a").first.click()
    expect(page).to_have_url(re.compile(f"/console/records/{over}$"))
    page.get_by_role("link", name="领导一页纸").click()
    expect(page.locator("h1")).to_contain_text("叫应情况")
    assert barriers(page) == []
    summary = page.pdf(prefer_css_page_size=True)
    assert len(PAGES_IN_PDF.findall(summary)) == 1, "one page for leaders is one page"
    page.go_back()
    page.get_by_role("link", name="记录表（A4）").click()
    expect(page.get_by_text("负责人（签字）")).to_be_visible()
    assert barriers(page) == []
    assert page.evaluate("getComputedStyle(document.querySelector('table')).borderCollapse") == "collapse"
    assert len(PAGES_IN_PDF.findall(page.pdf(prefer_css_page_size=True))) >= 2


def test_what_is_handed_out_opens(page: Page, office: tuple[str, int], tmp_path: Path) -> None:
    """A click downloads the workbook; in clear only when a reason is written."""
    address, over = office
    page.goto(f"{address}/console/records/{over}")
    with page.expect_download() as begun:
        page.get_by_role("button", name="Excel（含图表）").click()
    begun.value.save_as(tmp_path / "record.xlsx")
    assert CalamineWorkbook.from_path(str(tmp_path / "record.xlsx")).sheet_names[0] == "记录表"
    page.get_by_role("button", name="记录表", exact=True).click()
    expect(page).to_have_url(re.compile(f"/console/records/{over}$"))
    page.get_by_label("含姓名、号码：").fill("上级核查")
    page.get_by_role("button", name="记录表", exact=True).click()
    expect(page.locator("h1")).to_contain_text("气象灾害预警叫应记录表")


def test_a_verdict_is_given_by_keyboard(page: Page, office: tuple[str, int]) -> None:
    """Chosen, reasoned, recorded, and said so."""
    address, over = office
    page.goto(f"{address}/console/records/{over}")
    page.get_by_label("检验结论").select_option("false")
    page.get_by_label("理由", exact=True).fill("实况 8 毫米")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="检验结论已记录")).to_be_visible()
    expect(page.get_by_role("cell", name="检验：空报")).to_be_visible()
