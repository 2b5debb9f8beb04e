"""The yearly refresh in a real browser, on an old small phone, without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from warning_dispatch.model.renewal import FilingState

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True, "java_script_enabled": False}
WITH_SCRIPT = PHONE | {"java_script_enabled": True}
MOST_TAPS = 45
"""For a township that has nothing to change in forty villages and itself."""


@pytest.fixture
def township(refresh: Any) -> Any:
    """A site whose registrar answers for a township and forty villages."""
    refresh.renewal.add_township(40)
    return refresh


def entered(visit: Any, site: Any, *, query: str = "", phone: dict[str, Any] = PHONE) -> Page:
    """The registrar's page, the step behind."""
    page: Page = visit(**phone).new_page()
    page.goto(f"{site.address}/f/{site.token}{query}")
    page.fill("[name=four]", "0001")
    pressed(page, "button")
    return page


def pressed(page: Page, selector: str) -> None:
    """Tap, and wait for the page that follows."""
    with page.expect_navigation():
        page.locator(selector).first.tap()


@pytest.mark.parametrize(("query", "done"), [("", "全部单位都已报送"), ("?lang=en", "All units have been handed in")])
def test_forty_unchanged_villages_in_forty_five_taps(visit: Any, township: Any, query: str, done: str) -> None:
    """Every village is on the screen with its people and numbers, is ticked once, and one button hands all in; nothing is typed."""
    page = entered(visit, township, query=query)
    boxes = page.locator("input[type=checkbox]")
    taps = 0
    for index in range(boxes.count()):
        boxes.nth(index).tap()
        taps += 1
    pressed(page, "button.main")
    taps += 1
    assert taps <= MOST_TAPS
    assert done in page.locator(".say.ok").inner_text()
    assert all(one.state is FilingState.FILED for one in township.renewal.units)


def test_a_row_is_ticked_wherever_it_is_tapped(visit: Any, township: Any) -> None:
    """The whole row is the box's label: an old thumb need not hit the box."""
    page = entered(visit, township)
    page.get_by_text("第7村委会").tap()
    assert page.locator("input[type=checkbox]:checked").count() == 1


@pytest.mark.parametrize("query", ["", "?lang=en"])
@pytest.mark.parametrize(
    "path", ["", "/u/141124101205", "/u/141124101205/correct", "/u/141124101205/successor", "/workbook", "/approve"]
)
def test_every_page_is_legible_on_a_small_phone(
    visit: Any, township: Any, query: str, path: str, barriers: Any
) -> None:
    """No sideways scrolling, no letter below 18 px, nothing to press that is lower than 44 px, no barrier."""
    township.renewal.add_waiting()
    page = entered(visit, township, phone=WITH_SCRIPT)
    page.goto(f"{township.address}/f/{township.token}{path}{query}")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["viewport"]["width"]  # type: ignore[index]
    sizes = "[...document.querySelectorAll('.sheet *')].filter(e => e.offsetParent && e.innerText).map(e => parseFloat(getComputedStyle(e).fontSize))"
    assert min(page.evaluate(sizes)) >= 18
    heights = "[...document.querySelectorAll('button:not([aria-hidden]), .go, .fix')].filter(e => e.offsetParent).map(e => e.getBoundingClientRect().height)"
    assert min(page.evaluate(heights), default=44) >= 44
    assert barriers(page) == []


def test_a_correction_with_a_bad_number_loses_nothing(visit: Any, township: Any) -> None:
    """The error stands beside the field, what was written is still there, and mending it hands it in."""
    page = entered(visit, township)
    page.goto(f"{township.address}/f/{township.token}/u/141124101205/correct")
    page.fill("[name='p0.post']", "党总支书记")
    page.fill("[name='p0.phone']", "1380013")
    pressed(page, "button.main")
    wrong = page.locator(".f.wrong")
    assert wrong.count() == 1
    assert "11 位" in wrong.inner_text()
    assert page.input_value("[name='p0.phone']") == "1380013"
    assert page.input_value("[name='p0.post']") == "党总支书记"
    assert page.locator("[name='p0.kept']").is_checked()
    page.fill("[name='p0.phone']", "13800138000")
    pressed(page, "button.main")
    assert "已报送，待审核" in page.locator(".say").first.inner_text()
    name, _, people = township.renewal.calls[-1]
    assert (name, people[0].post, people[0].phones) == ("correct", "党总支书记", ("13800138000",))


def test_enter_in_a_field_hands_in_and_adds_nobody(visit: Any, township: Any) -> None:
    """The key on a phone's keyboard does what the large button does."""
    page = entered(visit, township)
    page.goto(f"{township.address}/f/{township.token}/u/141124101205/correct")
    with page.expect_navigation():
        page.locator("[name='p0.post']").press("Enter")
    assert township.renewal.calls[-1][0] == "correct"


def test_a_successor_is_named_in_a_minute(visit: Any, township: Any) -> None:
    """From the person who has gone straight to the form, who leaves chosen already."""
    page = entered(visit, township)
    page.goto(f"{township.address}/f/{township.token}/u/141124101206")
    pressed(page, "text=此人已换")
    assert page.locator("[name=who]:checked").count() == 1
    page.fill("[name=name]", "样本接")
    page.fill("[name=phone]", "13800000009")
    pressed(page, "button.main")
    assert "已报、待审核的责任人" in page.content()
    assert township.renewal.calls[-1][0] == "successor"


def test_a_previewers_get_confirms_nothing(visit: Any, township: Any) -> None:
    """A chat program fetches link and proof by GET, also what it finds on them: nothing changes, nothing is shown."""
    context = visit(
        extra_http_headers={"User-Agent": "MicroMessenger", "Sec-Purpose": "prefetch"}, java_script_enabled=False
    )
    page = context.new_page()
    for address in (f"/f/{township.token}", f"/p/{township.proof}", f"/f/{township.token}/u/141124101"):
        page.goto(township.address + address)
        assert "样本" not in page.content()
        for link in page.locator("a").all():
            context.request.get(f"{township.address}/f/{link.get_attribute('href') or ''}")
    assert township.renewal.calls == []


@pytest.mark.parametrize(("query", "done"), [("", "已确认，谢谢"), ("?lang=en", "Confirmed, thank you")])
def test_one_tap_proves_a_number(visit: Any, refresh: Any, query: str, done: str) -> None:
    """The holder opens the link, taps once, types nothing."""
    page: Page = visit(**PHONE).new_page()
    page.goto(f"{refresh.address}/p/{refresh.proof}{query}")
    assert page.locator("input").count() == 0
    pressed(page, "button.main")
    assert done in page.locator(".say.ok").inner_text()
    assert page.locator("button").count() == 0


def test_the_sheet_fits_a4(visit: Any, township: Any) -> None:
    """Printed, the sheet of a township is a few pages of A4, with its head on each and room for the stamp."""
    page = entered(visit, township, phone={"viewport": {"width": 1366, "height": 768}, "has_touch": True})
    page.goto(f"{township.address}/f/{township.token}/u/141124101")
    pressed(page, "text=打印备案表")
    page.emulate_media(media="print")
    assert page.locator(".hint").is_hidden()
    made = page.pdf(prefer_css_page_size=True)
    pages = made.count(b"/Type /Page\n") or made.count(b"/Type /Page ")
    assert 1 <= pages <= 4


@pytest.mark.parametrize("path", ["campaign", "campaign/filings", "campaign/awaiting"])
@pytest.mark.parametrize("query", ["", "?lang=en"])
def test_the_bureaus_pages_fit_its_screen(visit: Any, township: Any, path: str, query: str, barriers: Any) -> None:
    """No sideways scrolling at 1366 × 768, nor, for a glance, on a phone; no barrier."""
    township.renewal.add_waiting()
    for width, height in ((1366, 768), (360, 740)):
        page = visit(viewport={"width": width, "height": height}).new_page()
        page.goto(f"{township.address}/{path}{query}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert barriers(page) == []
