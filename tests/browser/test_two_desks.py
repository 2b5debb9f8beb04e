"""Two officers at once, the city's and a county's, in the same storm: what each sees, does, and may not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from by_path import loaded
from playwright.sync_api import Browser, Page, expect

from warning_dispatch.model.console_views import CalleeQuery
from warning_dispatch.model.states import UNREACHED, CalleeState, CallOutState

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TESTS = Path(__file__).parents[1]
LAPTOP = {"width": 1366, "height": 768}
PHONE = {"width": 360, "height": 740}
COUNTY, OTHER = "141124", "141123"


def console_site() -> Any:
    """The module beside the test folders, by its path: tests are no package."""
    return loaded("tests_console_site", TESTS / "console_site.py")


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Twelve minutes into a red storm; the tests of this file are one night, in their order."""
    bureau = console_site().Bureau(tmp_path_factory.mktemp("bureau"), lines=60)
    bureau.callout = bureau.warn()
    bureau.play(720)
    yield bureau
    bureau.close()


@pytest.fixture(scope="module")
def address(bureau: Any) -> Iterator[str]:
    """The real application behind its login, on a port."""
    app = bureau.gated(bureau.login(city="1411", lin=COUNTY))
    with console_site().Served(app) as served:
        yield served.address


@pytest.fixture
def desks(browser: Browser, address: str) -> Iterator[Any]:
    """Logs officers in, each in a browser of their own; nothing may be asked of another host, and no script may fail."""
    contexts, complaints = [], []

    def opened(name: str, size: dict[str, int] | None = None, **options: Any) -> Page:
        context = browser.new_context(viewport=size or LAPTOP, locale="zh-CN", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: request.url.startswith(address) or complaints.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{address}/login")
        page.fill("#name", name)
        page.fill("[name=password]", console_site().PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "login" not in url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def number(page: Page, name: str) -> int:
    """A figure of a page."""
    return int(page.locator(f'[data-n="{name}"]').inner_text().split("/")[0].replace(",", ""))


def figures(page: Page, where: str) -> list[int]:
    """All figures of a kind."""
    return [int(text.split("/")[0].replace(",", "")) for text in page.locator(where).all_inner_texts()]


def a_village(bureau: Any, area: str) -> Any:
    """One that has not answered."""
    query = CalleeQuery(states=UNREACHED, tier="villages", area=area, limit=1)
    return bureau.read.page(bureau.callout, query).rows[0]


def test_the_countys_figures_are_the_citys_for_that_county(bureau: Any, address: str, desks: Any) -> None:
    """At the same time on two screens: the tile of the city's map, and the county's own page; no other county is there."""
    city, county = desks("city"), desks("lin")
    expect(county).to_have_url(re.compile("/console/$"))
    expect(county.locator(".officer")).to_contain_text("临县")
    for page in (city, county):
        page.goto(f"{address}/console/callouts/{bureau.callout}")
    said = city.locator(".cell", has_text="临县").get_attribute("aria-label") or ""
    answered, asked, unreached = map(int, re.findall(r"：(\d+) / (\d+) 已应答，未叫应 (\d+)", said)[0])
    assert sum(figures(county, ".tiers [data-n^=a]")) == answered
    assert sum(figures(county, ".tiers [data-n^=u]")) == unreached
    assert number(county, "found") == unreached
    county.get_by_role("link", name="全部", exact=True).click()
    expect(county.locator("#list")).to_contain_text("临县")
    assert number(county, "found") == asked
    expect(county.locator(".cell", has_text="白文镇")).to_be_visible()
    expect(county.locator(".cell", has_text="兴县")).to_have_count(0)
    expect(county.locator("main")).not_to_contain_text("兴县")


def test_what_the_county_does_is_on_the_citys_page_within_a_second(bureau: Any, address: str, desks: Any) -> None:
    """An answer recorded at the county's desk moves both pages, and neither loads anew."""
    city, county = desks("city"), desks("lin")
    for page in (city, county):
        page.goto(f"{address}/console/callouts/{bureau.callout}")
        page.evaluate("window.stayed = true")
    row = a_village(bureau, COUNTY)
    before = {page: page.locator('[data-n="avillages"]').inner_text() for page in (city, county)}
    other = desks("lin", PHONE)
    other.goto(f"{address}/console/callouts/{bureau.callout}/units/{row.callee_id}")
    other.get_by_role("button", name="登记本人应答").click()
    expect(other.locator("h1 .state")).to_have_text("已应答")
    for page in (city, county):
        expect(page.locator('[data-n="avillages"]')).not_to_have_text(before[page])
        assert page.evaluate("window.stayed") is True
    city.goto(f"{address}/console/callouts/{bureau.callout}/units/{row.callee_id}")
    expect(city.locator(".panel", has_text="经过")).to_contain_text("user:lin@141124")


def test_both_press_for_the_same_village(bureau: Any, address: str, desks: Any) -> None:
    """The slower one is told and nothing is done twice, whoever sits where."""
    row = a_village(bureau, COUNTY)
    place = f"{address}/console/callouts/{bureau.callout}/units/{row.callee_id}"
    city, county = desks("city"), desks("lin", java_script_enabled=False)
    for page in (city, county):
        page.goto(place)
    city.get_by_role("button", name="登记本人应答").click()
    expect(city.locator("h1 .state")).to_have_text("已应答")
    county.get_by_role("button", name="上级已当面告知").click()
    expect(county.get_by_role("heading", name="有人先了一步")).to_be_visible()
    assert [one.actor for one in bureau.read.story(bureau.callout, row.callee_id).answers] == ["user:city"]


def test_a_forged_address_or_form_is_refused(bureau: Any, address: str, desks: Any) -> None:
    """Another county's village, by GET and by POST out of the county's own page: 403, in words, and nothing done."""
    row = a_village(bureau, OTHER)
    county = desks("lin")
    answer = county.goto(f"{address}/console/callouts/{bureau.callout}/units/{row.callee_id}")
    assert answer is not None
    assert answer.status == 403
    expect(county.get_by_role("heading", name="不在您的范围内")).to_be_visible()
    expect(county.locator("main")).not_to_contain_text(row.unit_name)
    county.goto(f"{address}/console/callouts/{bureau.callout}")
    county.locator(".deeds button[value^=answered]").first.evaluate(
        f"button => button.value = 'answered:{row.callee_id}:{row.state.value}'"
    )
    with county.expect_response(lambda response: response.request.method == "POST") as posted:
        county.locator(f'.deeds button[value="answered:{row.callee_id}:{row.state.value}"]').click()
    assert posted.value.status == 403
    expect(county.get_by_role("heading", name="不在您的范围内")).to_be_visible()
    state: CalleeState = bureau.read.story(bureau.callout, row.callee_id).row.state
    assert state is row.state


def test_what_is_the_citys_is_shown_with_who_may_do_it(bureau: Any, address: str, desks: Any) -> None:
    """The city pauses; the county sees it at once and has no button to go on."""
    city, county = desks("city"), desks("lin")
    for page in (city, county):
        page.goto(f"{address}/console/callouts/{bureau.callout}")
    expect(county.locator(".theirs").first).to_contain_text("由吕梁市气象台值班员操作")
    expect(county.get_by_role("button", name="暂停")).to_have_count(0)
    city.get_by_role("button", name="暂停").click()
    for page in (city, county):
        expect(page.locator(".state-paused")).to_be_visible()
    expect(county.get_by_role("button", name="恢复")).to_have_count(0)
    city.get_by_role("button", name="恢复").click()
    expect(county.locator(".state-running")).to_be_visible()
    assert bureau.read.callout(bureau.callout).state is CallOutState.RUNNING


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_the_county_can_be_read(
    bureau: Any, address: str, desks: Any, language: str, barriers: Any
) -> None:
    """No barrier by WCAG, no sideways scrolling, on a laptop and on a small phone."""
    row = a_village(bureau, COUNTY)
    callout = f"/console/callouts/{bureau.callout}"
    for size in (LAPTOP, PHONE):
        page = desks("lin", size)
        for path in (
            "/console/",
            callout,
            f"{callout}/units/{row.callee_id}",
            f"{callout}/units/1",
            "/console/warnings",
            "/console/warnings/1",
            "/console/start",
        ):
            page.goto(f"{address}{path}?lang={language}")
            assert barriers(page) == [], (path, size)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], (path, size)


def test_the_county_begins_by_hand_for_its_own(bureau: Any, address: str, desks: Any) -> None:
    """In the name of its own station, previewed and begun; it rings at the county's desk until the county has answered."""
    county = desks("lin")
    county.goto(f"{address}/console/warnings")
    county.get_by_role("link", name="人工发起").click()
    expect(county.locator("main")).to_contain_text("以临县气象台名义发布")
    county.select_option("#hazard", "snowstorm")
    county.check('input[name="area"][value="141124101"]')
    county.fill("#why", "实况积雪已达标")
    county.get_by_role("button", name="预估").click()
    expect(county.locator("main")).to_contain_text("县值班室")
    county.get_by_role("button", name=re.compile("发起，叫应")).click()
    expect(county.locator(".done")).to_have_text("已发起。")
    county.goto(f"{address}/console/")
    expect(county.locator(".fresh")).to_contain_text("本单位尚未应答")
    county.locator(".fresh").get_by_role("link", name="登记临县应答").click()
    county.get_by_role("button", name="登记本人应答").click()
    county.goto(f"{address}/console/")
    expect(county.locator(".fresh")).to_be_hidden()
    assert bureau.read.callouts(limit=1)[0].plan_name == "county"
