"""The officers' console in a real browser: a storm watched and handled by mouse and by keyboard, by two officers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from by_path import loaded
from playwright.sync_api import Browser, Page, expect

from warning_dispatch.model.console_views import CalleeQuery
from warning_dispatch.model.states import CalleeState, CallOutState

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TESTS = Path(__file__).parents[1]
LAPTOP = {"width": 1366, "height": 768}
PHONE = {"width": 360, "height": 740}
CONTRAST = """() => {
  const channel = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const c = parse(getComputedStyle(at).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const bad = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || !node.checkVisibility() || node.closest("svg, .unseen, .skip, :disabled, option")) continue;
    const style = getComputedStyle(node);
    const [a, b] = [light(parse(style.color)), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) bad.push(`${node.tagName}.${node.className} ${ratio.toFixed(2)} ${walk.currentNode.textContent.trim().slice(0, 20)}`);
  }
  return [...new Set(bad)];
}"""
SMALL_TARGETS = """() => [...document.querySelectorAll("button, input, select, a.button, .tabs a, .bar-top a, .pages a")]
  .filter((one) => one.checkVisibility() && one.type !== "hidden" && !["radio", "checkbox"].includes(one.type))
  .map((one) => [one.outerHTML.slice(0, 60), one.getBoundingClientRect()])
  .filter(([, box]) => box.height < 24 || box.width < 24).map(([name]) => name)"""


def console_site() -> Any:
    """The module beside the test folders, by its path: tests are no package."""
    return loaded("tests_console_site", TESTS / "console_site.py")


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A quiet bureau; the tests of this file are one night, in their order."""
    bureau = console_site().Bureau(tmp_path_factory.mktemp("bureau"), lines=60)
    yield bureau
    bureau.close()


@pytest.fixture(scope="module")
def desks(bureau: Any) -> Iterator[tuple[str, str]]:
    """Two officers, each at a desk of his own (two processes of the daemon on one database)."""
    site = console_site()
    with site.Served(bureau.app("王值班")) as one, site.Served(bureau.app("李值班")) as other:
        yield one.address, other.address


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Any]:
    """Opens pages whose requests stay on this machine and that find nothing to complain of."""
    contexts = []
    complaints: list[str] = []

    def opened(address: str, size: dict[str, int] | None = None, **options: Any) -> Page:
        context = browser.new_context(viewport=size or LAPTOP, locale="zh-CN", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: request.url.startswith("http://127.0.0.1") or complaints.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: said.type == "error" and "Failed to load" not in said.text and complaints.append(said.text),
        )
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def test_a_warning_appears_rings_and_is_noted_at_both_desks(
    bureau: Any, desks: tuple[str, str], open_page: Any
) -> None:
    """Without a reload: the banner, the title and the sound; one officer takes note, both desks are calm again."""
    one, other = (open_page(f"{address}/console/") for address in desks)
    expect(one.get_by_text("当前没有叫应")).to_be_visible()
    one.locator("[data-sound]").click()
    expect(one.locator("[data-sound]")).to_have_attribute("aria-pressed", "true")
    bureau.callout = bureau.warn()
    for page in (one, other):
        expect(page.locator(".fresh")).to_be_visible()
        expect(page).to_have_title(re.compile("【新】暴雨红色预警"))
    one.get_by_role("button", name="我已知悉").click()
    expect(one.locator(".done")).to_be_visible()
    expect(other.locator(".fresh")).to_be_hidden()
    expect(other).to_have_title(re.compile("值班台"))
    expect(other.locator(".card .meta")).to_contain_text("王值班")


def test_an_answer_moves_the_page_within_a_second(bureau: Any, desks: tuple[str, str], open_page: Any) -> None:
    """The count changes where it stands, and nothing else jumps."""
    bureau.play(120)
    page = open_page(f"{desks[0]}/console/callouts/{bureau.callout}")
    page.evaluate("window.stayed = true")
    row = bureau.read.page(bureau.callout, CalleeQuery(states=(CalleeState.CALLING,), tier="villages", limit=1)).rows[0]
    count = page.locator('[data-n="avillages"]')
    before = count.inner_text()
    with bureau.desk.lock:
        bureau.engine.acknowledge(
            bureau.clock.now(), bureau.callout, row.callee_id, actor="甲", reason="x", means=console_site().OPERATOR
        )
    expect(count).not_to_have_text(before)
    assert page.evaluate("window.stayed") is True


def test_by_mouse_from_the_map_to_a_village_that_has_answered(
    bureau: Any, desks: tuple[str, str], open_page: Any
) -> None:
    """County on the map, township in the tree, village in the list, its answer recorded; the list comes back at it."""
    bureau.play(600)
    page = open_page(f"{desks[0]}/console/callouts/{bureau.callout}")
    page.locator(".cell", has_text="临县").click()
    expect(page.locator(".crumbs")).to_contain_text("临县")
    page.locator(".tree").get_by_role("link", name="白文镇").click()
    page.get_by_role("link", name="全部", exact=True).click()
    rows = page.locator("tr[id^=u]", has=page.locator(".deeds button[value^=answered]"))
    first = rows.first.get_attribute("id")
    name = rows.first.locator("th").inner_text()
    rows.first.get_by_role("button", name=f"应答: {name}").click()
    expect(page.locator(".done")).to_have_text("已登记应答。")
    assert page.url.endswith(f"#{first}")
    expect(page.locator(f"#{first} .state")).to_have_text("已应答")
    expect(page.locator(".crumbs")).to_contain_text("白文镇")


def test_by_keyboard_alone_a_unit_is_waived(bureau: Any, desks: tuple[str, str], open_page: Any) -> None:
    """Tab and Enter from the skip link to the confirmation; focus can be seen at every step."""
    row = bureau.read.page(bureau.callout, CalleeQuery(states=(CalleeState.UNANSWERED,), limit=1)).rows[0]
    page = open_page(f"{desks[0]}/console/callouts/{bureau.callout}?q={row.unit_name}")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    wanted = f'button[value^="waive:{row.callee_id}:"]'
    for _ in range(120):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle !== 'none' || document.activeElement.matches('.cell')"
        )
        if page.evaluate(f"document.activeElement.matches('{wanted}')"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#why")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type("：已撤离")
    page.keyboard.press("Enter")
    expect(page.locator(".done")).to_have_text("已免叫。")
    story = bureau.read.story(bureau.callout, row.callee_id)
    assert story.row.state is CalleeState.WAIVED
    assert story.acts[-1].reason == "值班台电话核实：已撤离"


def test_two_officers_press_for_the_same_village(bureau: Any, desks: tuple[str, str], open_page: Any) -> None:
    """The slower one's page still shows the old state (his line is cut): he is told, and nothing is done twice."""
    row = bureau.read.page(bureau.callout, CalleeQuery(states=(CalleeState.UNANSWERED,), limit=1)).rows[0]
    address = f"/console/callouts/{bureau.callout}/units/{row.callee_id}"
    one = open_page(f"{desks[0]}{address}")
    other = open_page(f"{desks[1]}{address}", java_script_enabled=False)
    one.get_by_role("button", name="登记本人应答").click()
    expect(one.locator("h1 .state")).to_have_text("已应答")
    other.get_by_role("button", name="上级已当面告知").click()
    expect(other.get_by_role("heading", name="有人先了一步")).to_be_visible()
    other.get_by_role("link", name="返回看最新情况").click()
    expect(other.locator("h1 .state")).to_have_text("已应答")
    assert [one.actor for one in bureau.read.story(bureau.callout, row.callee_id).answers] == ["王值班"]


def test_what_is_being_written_is_not_swept_away(bureau: Any, desks: tuple[str, str], open_page: Any) -> None:
    """While an officer types a reason the storm goes on, and his words stay; afterwards the list is fresh."""
    page = open_page(f"{desks[0]}/console/callouts/{bureau.callout}")
    page.locator("#reason").fill("李书记来电，")
    found = page.locator('[data-n="found"]')
    before = found.inner_text()
    rows = bureau.read.page(bureau.callout, CalleeQuery(states=(CalleeState.UNANSWERED,), limit=3)).rows
    with bureau.desk.lock:
        for row in rows:
            bureau.engine.acknowledge(
                bureau.clock.now(), bureau.callout, row.callee_id, actor="甲", reason="x", means=console_site().OPERATOR
            )
    expect(page.locator('[data-n="share"]')).to_be_visible()
    page.wait_for_timeout(1200)
    expect(page.locator("#reason")).to_have_value("李书记来电，")
    expect(page.locator("#reason")).to_be_focused()
    expect(found).to_have_text(before)
    page.keyboard.press("Tab")
    expect(found).not_to_have_text(before)


def told_of_acts(bureau: Any) -> str:
    """What the journal of the call-out has."""
    with bureau.product.database.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT body FROM journal_block WHERE stream = ?", (f"callout:{bureau.callout}",)
        )
        return "".join(rows.scalars())


def time_goes_by(bureau: Any, page: Page) -> None:
    """The storm goes on, and the stream has brought it."""
    bureau.play(5)
    page.wait_for_timeout(1200)


def test_a_button_stays_under_the_hand_and_the_reason_beside_it(
    bureau: Any, desks: tuple[str, str], open_page: Any
) -> None:
    """What came while the reason was typed, and comes while the mouse is down, takes neither the button nor the words away."""
    page = open_page(f"{desks[0]}/console/callouts/{bureau.callout}")
    words = "县长来电：先停一停，大坝泄洪在即"
    page.locator("#why").fill(words)
    time_goes_by(bureau, page)
    box = page.get_by_role("button", name="暂停").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    time_goes_by(bureau, page)
    page.mouse.up()
    expect(page.locator(".state-paused")).to_be_visible()
    assert words in told_of_acts(bureau)


def test_the_reason_stays_for_whoever_goes_on_to_the_button_by_keyboard(
    bureau: Any, desks: tuple[str, str], open_page: Any
) -> None:
    """Tab, a moment's thought, Enter: what was typed is what the journal gets."""
    page = open_page(f"{desks[0]}/console/callouts/{bureau.callout}")
    words = "泄洪已过，接着叫"
    page.locator("#why").fill(words)
    time_goes_by(bureau, page)
    page.keyboard.press("Tab")
    time_goes_by(bureau, page)
    expect(page.get_by_role("button", name="恢复")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".state-running")).to_be_visible()
    assert words in told_of_acts(bureau)


def test_what_was_chosen_stays_and_the_list_is_fresh(bureau: Any, desks: tuple[str, str], open_page: Any) -> None:
    """Fields that were left are as they were left, in a list that has gone on."""
    page = open_page(f"{desks[0]}/console/callouts/{bureau.callout}")
    found = page.locator('[data-n="found"]')
    before = found.inner_text()
    page.locator("#q").fill("白文")
    page.locator("#tier").select_option("villages")
    page.locator("#q").blur()
    row = bureau.read.page(bureau.callout, CalleeQuery(states=(CalleeState.UNANSWERED,), limit=1)).rows[0]
    with bureau.desk.lock:
        bureau.engine.acknowledge(
            bureau.clock.now(), bureau.callout, row.callee_id, actor="甲", reason="x", means=console_site().OPERATOR
        )
    expect(found).not_to_have_text(before)
    expect(page.locator("#tier")).to_have_value("villages")
    expect(page.locator("#q")).to_have_value("白文")


def test_a_lost_connection_is_told_and_comes_back_right(bureau: Any, desks: tuple[str, str], open_page: Any) -> None:
    """The line is cut, an officer elsewhere pauses; when it is back the page says so by itself."""
    page = open_page("about:blank")
    page.route(re.compile("/events"), lambda route: route.abort())
    page.goto(f"{desks[0]}/console/callouts/{bureau.callout}")
    expect(page.locator("[data-lost]")).to_be_visible()
    with bureau.desk.lock:
        bureau.engine.act(
            bureau.clock.now(),
            console_site().Act.PAUSE,
            bureau.callout,
            actor="乙",
            reason="x",
            seen=CallOutState.RUNNING,
        )
    page.unroute(re.compile("/events"))
    expect(page.locator(".state-paused")).to_be_visible(timeout=10_000)
    expect(page.locator("[data-lost]")).to_be_hidden()
    page.get_by_role("button", name="恢复").click()
    expect(page.locator(".state-running")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_can_be_read_and_hit(
    bureau: Any,
    desks: tuple[str, str],
    open_page: Any,
    language: str,
    scheme: str,
    barriers: Any,
) -> None:
    """Contrast of every text by WCAG AA, targets of 24 px, no sideways scrolling, on a laptop and on a small phone."""
    row = bureau.read.page(bureau.callout, CalleeQuery(states=(CalleeState.UNANSWERED,), limit=1)).rows[0]
    callout = f"/console/callouts/{bureau.callout}"
    for size in (LAPTOP, PHONE):
        page = open_page(f"{desks[0]}/console/?lang={language}", size, color_scheme=scheme, reduced_motion="reduce")
        for address in (
            "/console/",
            callout,
            f"{callout}/units/{row.callee_id}",
            "/console/warnings",
            "/console/warnings/1",
            "/console/start",
        ):
            page.goto(f"{desks[0]}{address}")
            assert barriers(page) == [], (address, size)
            assert page.evaluate(CONTRAST) == [], (address, size)
            assert page.evaluate(SMALL_TARGETS) == [], (address, size)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], (address, size)
            assert page.evaluate("document.getAnimations().length") == 0, "nothing moves for who asked for no motion"


def test_the_night_ends_by_two_presses_and_one_reason(bureau: Any, desks: tuple[str, str], open_page: Any) -> None:
    """Closing asks once more; afterwards no button is left that could wake anybody."""
    page = open_page(f"{desks[0]}/console/callouts/{bureau.callout}")
    page.get_by_role("button", name="办结").click()
    page.locator("#why").fill("天亮，雨停，已逐村核实")
    page.get_by_role("button", name="办结").click()
    expect(page.locator(".state-closed")).to_be_visible()
    assert page.locator(".deeds").count() == 0
    assert bureau.read.callout(bureau.callout).state is CallOutState.CLOSED
