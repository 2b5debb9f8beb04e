"""The live page in a real browser: what a stranger sees first."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from warning_dispatch.model.states import UNREACHED, CalleeState

pytestmark = pytest.mark.browser

LAPTOP = {"viewport": {"width": 1366, "height": 768}}


@pytest.mark.parametrize("query", ["", "?lang=en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_important_is_on_the_first_screen(
    visit: Any, site: Any, storm: int, query: str, scheme: str
) -> None:
    """At 1366 x 768 nothing scrolls but the list of the unreached, and each panel is in view, in either light."""
    page = visit(**LAPTOP, color_scheme=scheme).new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.goto(f"{site.address}/{query}")
    for name in ("banner", "elapsed", "alarms", "measures", "tiers", "curve", "unreached", "attempts"):
        box = page.locator(f'[data-fragment="{name}"]').bounding_box()
        assert box is not None
        assert box["height"] > 20
        assert box["y"] + box["height"] <= 768
    assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [1366, 768]
    assert page.locator('[data-fragment="unreached"] li').count() >= 30
    assert page.locator('[data-fragment="attempts"] li').count() == 12
    assert errors == [], "the policy blocks nothing of ours"
    assert storm


def test_an_answer_moves_the_page(visit: Any, site: Any, storm: int) -> None:
    """Within two seconds of an answer the counts, the title and the list have moved, without a reload."""
    page = visit(**LAPTOP).new_page()
    page.goto(site.address)
    page.evaluate("window.stayed = true")
    silent = site.office.callees(storm, states=UNREACHED, limit=10_000)
    before = page.title()
    for row in silent:
        site.office.answer(storm, row.callee_id)
    note = page.locator(".chief .note")
    expect(note).to_have_text("无未叫应", timeout=2000)
    expect(page.locator('[data-fragment="unreached"] .nothing')).to_be_visible()
    assert page.title() != before
    assert page.evaluate("window.stayed") is True


def test_the_page_is_right_again_after_the_line_was_cut(visit: Any, site: Any, storm: int) -> None:
    """Offline it says so; back online it catches up by itself."""
    context = visit(**LAPTOP)
    page = context.new_page()
    page.route("**/live/events*", lambda route: route.abort())
    page.goto(site.address)
    expect(page.locator("[data-lost]")).to_be_visible()
    site.office.end(storm)
    page.unroute("**/live/events*")
    expect(page.locator(".state-cancelled")).to_be_visible(timeout=8000)
    expect(page.locator("[data-lost]")).to_be_hidden()


def test_the_first_callout_appears_by_itself(visit: Any, site: Any) -> None:
    """An open page over a quiet office turns into the call-out when the warning comes."""
    page = visit(**LAPTOP).new_page()
    page.goto(site.address)
    expect(page.get_by_text("当前没有叫应")).to_be_visible()
    callout = site.office.add_callout()
    site.office.add_callee(callout, "villages", "村", state=CalleeState.CALLING)
    expect(page.get_by_role("heading", name="暴雨红色预警")).to_be_visible(timeout=6000)


def test_the_list_keeps_its_place_while_the_page_moves(visit: Any, site: Any, storm: int) -> None:
    """Whoever reads down the list of the unreached is not thrown back to its top every second."""
    page = visit(**LAPTOP).new_page()
    page.goto(site.address)
    page.wait_for_timeout(300)
    page.locator("[data-keep-scroll]").evaluate("list => { list.scrollTop = 120 }")
    first = site.office.callees(storm, states=UNREACHED, limit=1)[0]
    site.office.answer(storm, first.callee_id)
    expect(page.locator('[data-fragment="unreached"]')).not_to_contain_text(
        f"{first.unit_name} {first.path}", timeout=2500
    )
    assert page.locator("[data-keep-scroll]").evaluate("list => list.scrollTop") == 120


def test_without_javascript_it_is_complete_and_reloads(visit: Any, site: Any, storm: int) -> None:
    """The same page by plain reloading."""
    page = visit(**LAPTOP, java_script_enabled=False).new_page()
    page.goto(site.address)
    assert page.locator("tbody tr").count() == 5
    assert page.locator(".curve .line").count() == 1
    with page.expect_navigation(timeout=8000):
        site.office.end(storm)
    assert "已解除" in page.locator("h1").inner_text()


def test_a_phone_shows_it_too(visit: Any, site: Any, storm: int) -> None:
    """No sideways scrolling of the page at 390 px; the chief measure comes first."""
    page = visit(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True).new_page()
    page.goto(site.address)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    top = "one => document.querySelector(one).getBoundingClientRect().top"  # at once: fragments are put in place meanwhile
    assert page.evaluate(top, ".chief") < page.evaluate(top, ".measure")
    assert storm
