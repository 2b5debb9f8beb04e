"""Logging in, the own account and the accounts of others, in a real browser, by mouse and by keyboard, without a script."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyotp
import pytest
from by_path import loaded
from playwright.sync_api import Page, expect

from warning_dispatch.clock import VirtualClock
from warning_dispatch.model.rights import GrantKind
from warning_dispatch.web.application import create_app

pytestmark = pytest.mark.browser

LAPTOP = {"viewport": {"width": 1366, "height": 768}}
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
SIZES = pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["1366", "360"])
WITHOUT_SCRIPT = {"java_script_enabled": False}


ROOT = Path(__file__).parents[1]


@pytest.fixture
def lodge(site: Any) -> Iterator[Any]:
    """An administrator, the city's officer, and the officers of two counties."""
    lodge = loaded("web_lodge", ROOT / "unit" / "web" / "lodge.py").make_lodge(site.clock)
    lodge.add("boss", GrantKind.ADMINISTRATOR)
    lodge.add("city", GrantKind.OFFICER)
    lodge.add("lin", GrantKind.OFFICER, "141124")
    lodge.add("xing", GrantKind.OFFICER, "141123")
    yield lodge
    lodge.engine.dispose()


@pytest.fixture
def site() -> Any:
    """As in conftest.py, but that the server is made by `door`, when the accounts are there."""
    conftest = sys.modules.get("web_login_conftest") or loaded(
        "web_login_conftest", Path(__file__).with_name("conftest.py")
    )
    doubles = conftest.load_office()
    clock = VirtualClock(doubles.START)
    return conftest.Site(doubles.Office(clock), clock, "", [], doubles.TOKEN)


@pytest.fixture
def door(site: Any, lodge: Any) -> Iterator[Any]:
    """The running server, behind its login."""
    conftest = sys.modules["web_login_conftest"]
    app = create_app(
        site.office, site.office, public_url="http://127.0.0.1", live_page=True, body_limit=100_000, clock=site.clock, login=lodge.desk
    )  # fmt: skip
    server = conftest.Server(app)
    site.address = f"http://127.0.0.1:{server.port}"
    yield site
    server.stop()


def storm(site: Any) -> None:
    """A red rainstorm."""
    site.office.add_callout()


def log_in(page: Page, site: Any, name: str, path: str = "/", password: str | None = None) -> None:
    """By keyboard alone: the first field has the focus, Tab goes on, Enter sends."""
    page.goto(site.address + path)
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(sys.modules["web_lodge"].PASSWORD if password is None else password)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def picture(page: Page, name: str) -> None:
    """A picture for whoever asked for pictures."""
    folder = os.environ.get("WARNING_DISPATCH_TEST_PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def check_page(page: Page) -> None:
    """Nothing scrolls sideways; whatever is pressed is large enough for a thumb."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    heights = page.evaluate("[...document.querySelectorAll('main button, main input:not([type=hidden]), main select')]"
                            ".filter(e => e.offsetParent).map(e => e.getBoundingClientRect().height)")  # fmt: skip
    assert all(height >= 44 for height in heights)


@SIZES
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_fits_and_says_nothing_to_the_console(
    visit: Any, door: Any, lodge: Any, size: dict[str, Any], language: str, barriers: Any
) -> None:
    """At both sizes, in both languages: no sideways scrolling, no blocked style, buttons for thumbs, no barrier."""
    storm(door)
    errors: list[str] = []
    context = visit(**size)
    page = context.new_page()
    page.on("console", lambda message: errors.append(message.text))
    shot = f"{language}-{size['viewport']['width']}"
    page.goto(f"{door.address}/login?lang={language}")
    check_page(page)
    assert barriers(page) == []
    picture(page, f"login-{shot}")
    log_in(page, door, "lin", "/login", "wrong")
    expect(page.locator("[role=alert]")).to_be_visible()
    picture(page, f"login-wrong-{shot}")
    log_in(page, door, "boss", "/login")
    for name, path in (("account", "/account"), ("password", "/account/password"), ("users", "/users"), ("user", "/users/3"), ("code-why", "/account/code")):  # fmt: skip
        page.goto(door.address + path)
        check_page(page)
        assert barriers(page) == []
        picture(page, f"{name}-{shot}")
    page.locator("button.chief").click()
    expect(page.locator(".picture svg")).to_be_visible()
    check_page(page)
    assert barriers(page) == []
    picture(page, f"code-{shot}")
    page.goto(f"{door.address}/users")
    page.locator("#name").fill("lin")
    page.locator("#unit").fill("临县")
    page.locator("#kind").select_option("officer")
    page.locator("section button.chief").click()
    expect(page.locator("#fault-name")).to_be_visible()
    check_page(page)
    assert barriers(page) == []
    picture(page, f"users-fault-{shot}")
    page.goto(door.address)
    picture(page, f"live-{shot}")
    other = visit(**size).new_page()
    other.goto(f"{door.address}/login?lang={language}")
    log_in(other, door, "lin", "/login")
    other.goto(f"{door.address}/users")
    picture(other, f"forbidden-{shot}")
    refused = [error for error in errors if "401" not in error and "409" not in error and "422" not in error]
    assert refused == [], "the policy blocks nothing of ours"
    assert lodge


def test_a_countys_officer_comes_in_without_a_script(visit: Any, door: Any, lodge: Any) -> None:
    """Two officers in two browsers: each lands at the console of the own units, and the accounts are not theirs."""
    pages = {name: visit(**LAPTOP, **WITHOUT_SCRIPT).new_page() for name in ("lin", "xing")}
    for name, page in pages.items():
        log_in(page, door, name)
        expect(page).to_have_url(f"{door.address}/console/")
        page.goto(f"{door.address}/account")
        expect(page.locator(".who")).to_have_text(f"{name}某某")
        page.goto(f"{door.address}/users")
        expect(page.locator("h1")).to_have_text("没有权限")
    assert lodge.kinds().count("session.opened") == 2


def test_the_city_sees_the_whole_and_leaves_by_keyboard(visit: Any, door: Any, lodge: Any) -> None:
    """The live page goes on for the city's officer; the account is one step away, and so is the way out."""
    storm(door)
    page = visit(**LAPTOP).new_page()
    log_in(page, door, "city")
    expect(page.locator(".plate")).to_be_visible()
    page.locator("a.account").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("city某某")
    page.locator("header button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("登录")
    page.go_back()
    page.reload()
    expect(page.locator("h1")).to_have_text("登录")
    assert lodge.kinds()[-1] == "session.ended"


def test_the_first_way_of_a_new_officer(visit: Any, door: Any, lodge: Any) -> None:
    """An administrator adds somebody by mouse; with the password that is shown once the officer comes in and must change it."""
    boss = visit(**LAPTOP, **WITHOUT_SCRIPT).new_page()
    log_in(boss, door, "boss", "/users")
    boss.locator("#name").fill("wanghong")
    boss.locator("#full_name").fill("王红")
    boss.locator("#kind").select_option("officer")
    boss.locator("#unit").fill("临县")
    boss.locator("section button.chief").click()
    drawn = boss.locator(".secret code").inner_text()
    picture(boss, "drawn")
    officer = visit(**PHONE, **WITHOUT_SCRIPT).new_page()
    log_in(officer, door, "wanghong", "/", drawn)
    expect(officer.locator("h1")).to_have_text("更改密码")
    picture(officer, "must-change")
    for field, text in (("old", drawn), ("new", "short"), ("again", "short")):
        officer.locator(f"#{field}").fill(text)
    officer.locator("button.chief").tap()
    expect(officer.locator("#fault-new")).to_contain_text("至少要 12 个字符")
    for field, text in (("old", drawn), ("new", "三月的风吹过吕梁山的桃花沟"), ("again", "三月的风吹过吕梁山的桃花沟")):
        officer.locator(f"#{field}").fill(text)
    officer.locator("button.chief").tap()
    expect(officer.locator("[role=status]")).to_contain_text("密码已更改")
    assert lodge.people.account("wanghong", 0).full_name == "王红"


def test_codes_by_the_picture(visit: Any, door: Any, lodge: Any) -> None:
    """The secret under the picture gives the codes that are asked for from then on."""
    page = visit(**LAPTOP, **WITHOUT_SCRIPT).new_page()
    log_in(page, door, "lin", "/account/code")
    page.locator("button.chief").click()
    codes = pyotp.TOTP(page.locator("code").inner_text().replace(" ", ""))
    page.locator("#code").fill(codes.generate_otp(door.clock.now() // 30_000))
    page.locator("button.chief").click()
    expect(page.locator("[role=status]")).to_contain_text("验证码已开启")
    page.locator("header button").click()
    door.clock.advance_to(door.clock.now() + 30_000)
    log_in(page, door, "lin", "/login")
    expect(page.locator("[role=alert]")).to_be_visible()
    page.locator("#password").fill(sys.modules["web_lodge"].PASSWORD)
    page.locator("#code").fill(codes.generate_otp(door.clock.now() // 30_000))
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{door.address}/console/")
    assert lodge


def test_a_session_ended_from_the_other_browser(visit: Any, door: Any, lodge: Any) -> None:
    """The telephone that was left in the office is logged out from the desk."""
    phone, desk = visit(**PHONE).new_page(), visit(**LAPTOP).new_page()
    log_in(phone, door, "lin")
    log_in(desk, door, "lin", "/account")
    desk.locator(".rows button").first.click()
    expect(desk.locator("[role=status]")).to_be_visible()
    phone.reload()
    expect(phone.locator("h1")).to_have_text("登录")
    assert lodge.kinds()[-1] == "session.ended"


def test_a_form_on_another_page_is_refused(visit: Any, door: Any, lodge: Any) -> None:
    """Somebody else's page that sends a form to us with the officer's cookies: nothing happens."""
    page = visit(**LAPTOP).new_page()
    log_in(page, door, "boss")
    expect(page.locator("a.account")).to_be_visible()
    before = lodge.kinds()
    elsewhere = f'<form method="post" action="{door.address}/users/3/end"><button>free gift</button></form>'
    page.goto(f"data:text/html,{quote(elsewhere)}")
    page.locator("button").click()
    expect(page.locator("h1")).to_have_text(
        "当前没有叫应"
    )  # the cookie stays at home: led to the login, and on from there
    assert lodge.kinds() == before
    assert not lodge.people.account("lin", 0).ended_at
