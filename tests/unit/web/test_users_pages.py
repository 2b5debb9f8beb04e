"""Accounts kept by page, the own account, and what a county's officer sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from starlette.routing import Route

from warning_dispatch.clock import VirtualClock
from warning_dispatch.model.rights import Grant, GrantKind, Right
from warning_dispatch.web.access import Access
from warning_dispatch.web.application import create_app
from warning_dispatch.web.catalogues import load_catalogues
from warning_dispatch.web.doorkeeper import Doorkeeper
from warning_dispatch.web.doors import Door
from warning_dispatch.web.failures import ApiRefusalError, Failures
from warning_dispatch.web.pages import Pages

OFFICER, ADMINISTRATOR, VIEWER, REGISTRAR = (
    GrantKind.OFFICER,
    GrantKind.ADMINISTRATOR,
    GrantKind.VIEWER,
    GrantKind.REGISTRAR,
)
SECRET = re.compile(r"<code>([^<]+)</code>")
NEW = {"name": "wang", "full_name": "王某某", "kind": "officer", "unit": "临县"}


@pytest.fixture
def login(loaded: Any) -> Any:
    """The module with the browser."""
    return loaded("web_test_login", "test_login.py")


@pytest.fixture
def lodge(clock: VirtualClock, login: Any) -> Iterator[Any]:
    """An administrator of the whole area, one of a county, and two officers."""
    lodge = login.load_lodge().make_lodge(clock)
    lodge.add("boss", ADMINISTRATOR)
    lodge.add("linboss", ADMINISTRATOR, "141124")
    lodge.add("lin", OFFICER, "141124")
    lodge.add("xing", OFFICER, "141123")
    yield lodge
    lodge.engine.dispose()


@pytest.fixture
def app(office: Any, clock: VirtualClock, lodge: Any, login: Any) -> Any:
    """The whole application, behind its login."""
    return create_app(
        office, office, public_url=login.SITE, live_page=True, body_limit=10_000, clock=clock, login=lodge.desk
    )


@pytest.fixture
def enter(app: Any, login: Any) -> Any:
    """A browser in which somebody is logged in."""

    def logged_in(name: str, password: str | None = None) -> Any:
        browser = login.Browser(app)
        assert browser.log_in(name, password).status_code == 303
        return browser

    return logged_in


# --- the own account --------------------------------------------------------------------------------------


def test_another_password(enter: Any, lodge: Any, login: Any) -> None:
    """Every fault beside its field and nothing changed; then the new one counts, here I stay, elsewhere I am out."""
    here, there = enter("lin"), enter("lin")
    before = lodge.people.password_hash(3)
    answer = here.post("/account/password", old="wrong", new="short", again="different")
    assert answer.status_code == 422
    for words in ("现在的密码不对", "至少要 12 个字符", "两次输入不一样"):
        assert words in answer.text
    old = login.load_lodge().PASSWORD
    for new, words in (("password1234", "太常见"), (old, "与现在的密码相同")):
        assert words in here.post("/account/password", old=old, new=new, again=new).text
    assert lodge.people.password_hash(3) == before
    new = "三月的风吹过吕梁山的桃花沟"
    assert here.post("/account/password", old=old, new=new, again=new).headers["location"] == "../account?done=password"
    assert "其他地方的登录都已退出" in here.get("/account?done=password").text
    assert there.get("/account").status_code == 303
    enter("lin", new)


def test_guessing_the_old_password_in_a_session_is_guessing(enter: Any) -> None:
    """A browser left open does not let its finder try a thousand passwords."""
    browser = enter("lin")
    assert browser.post("/account/code/off", old="a wrong password").status_code == 303, (
        "there is nothing to switch off"
    )
    answers = [browser.post("/account/password", old="a wrong password").text for _ in range(12)]
    assert sum("现在的密码不对" in one for one in answers) == 5
    assert "密码错得太多" in answers[-1]


def test_a_password_of_somebody_elses_must_be_changed_first(enter: Any, lodge: Any, app: Any, login: Any) -> None:
    """Until then there is one page."""
    lodge.add("new", OFFICER, "141124", must_change=True)
    browser = enter("new")
    for route in app.routes:
        if isinstance(route, Route) and route.path in ("/", "/account", "/live/events", "/users"):
            assert browser.get(route.path).headers["location"].endswith("account/password")
    page = browser.get("/account/password")
    assert "请先换成自己的" in page.text
    token, new = login.load_lodge().csrf_in(page.text), "a password of her own"
    browser.post("/account/password", token, old=login.load_lodge().PASSWORD, new=new, again=new)
    assert browser.get("/account").status_code == 200


def test_one_time_codes(enter: Any, lodge: Any, clock: VirtualClock, app: Any, login: Any) -> None:
    """Asked for once a first one has been proved; each lets in once; a wrong one is a wrong try; off again by password."""
    browser = enter("lin")
    page = browser.post("/account/code", begin="1").text
    found = SECRET.search(page)
    assert found
    secret = found.group(1).replace(" ", "")
    assert "<svg" in page
    codes = pyotp.TOTP(secret)
    assert "数字不对" in browser.post("/account/code", code="000000").text
    assert enter("lin"), "not proved yet: no code is asked for"
    now = codes.generate_otp(clock.now() // 30_000)
    assert browser.post("/account/code", code=f" {now[:3]} {now[3:]}").headers["location"] == "../account?done=code_on"
    fresh = login.Browser(app)
    assert fresh.log_in("lin").status_code == 401
    assert fresh.log_in("lin", code=now).status_code == 401, "it was used to begin with"
    clock.advance_to(clock.now() + 30_000)
    now = codes.generate_otp(clock.now() // 30_000)
    assert fresh.log_in("lin", code=now).status_code == 303
    assert login.Browser(app).log_in("lin", code=now).status_code == 401, "nobody who looked over the shoulder"
    assert browser.post("/account/code/off", old=login.load_lodge().PASSWORD).status_code == 303
    assert enter("lin")
    assert [kind for kind in lodge.kinds() if kind.startswith("code")] == ["code.on", "code.off"]


def test_sessions_are_shown_and_ended(enter: Any) -> None:
    """Each with its place and time; one ends from another; the last button ends all."""
    here, there, other = enter("lin"), enter("lin"), enter("xing")
    page = here.get("/account").text
    assert "就是这里" in page
    assert page.count("10.14.11.24") == 2
    [ending] = re.findall(r'action="([^"]*account/sessions/\d+/end)"', page)
    assert other.post("/" + ending.lstrip("./")).status_code == 303
    assert there.get("/account").status_code == 200, "nobody ends another's"
    here.post("/" + ending.lstrip("./"))
    assert there.get("/account").status_code == 303
    assert here.get("/account").status_code == 200
    again = enter("lin")
    assert here.post("/account/sessions/end").headers["location"].endswith("login")
    assert again.get("/account").status_code == 303
    assert here.get("/account").status_code == 303


# --- the accounts -----------------------------------------------------------------------------------------


def test_only_administrators_come_in(enter: Any) -> None:
    """An officer is told so and changes nothing; the page is not even named."""
    browser = enter("lin")
    assert "账号管理" not in browser.get("/account").text
    for answer in (
        browser.get("/users"),
        browser.post("/users", **NEW),
        browser.get("/users/1"),
        browser.post("/users/4/end"),
    ):
        assert answer.status_code == 403
        assert "没有权限" in answer.text


def test_an_account_is_added(enter: Any, lodge: Any) -> None:
    """The drawn password is shown once, opens the door, and must be changed; the unit may be named by its name."""
    boss = enter("boss")
    answer = boss.post("/users", **NEW)
    assert answer.status_code == 200
    found = SECRET.search(answer.text)
    assert found
    account = lodge.people.account("wang", lodge.clock.now())
    assert (account.full_name, account.must_change) == ("王某某", True)
    assert account.grants == (Grant(OFFICER, "141124"),)
    assert found.group(1) not in boss.get("/users").text
    assert enter("wang", found.group(1)).get("/").headers["location"].endswith("account/password")
    assert lodge.entries()[-2]["actor"] == "user:boss"


def test_bad_input_is_told_beside_the_field_and_nothing_is_saved(enter: Any, lodge: Any) -> None:
    """Everything wrong at once; what was typed is still there."""
    boss = enter("boss")
    before = lodge.kinds()
    answer = boss.post("/users", name="two words", full_name="李<b>某", kind="king", unit="巴黎")
    assert answer.status_code == 422
    for words in (
        "请填写账号，不含空格",
        "请选择身份",
        "名册里没有这个单位",
        'value="two words"',
        'value="巴黎"',
        "李&lt;b&gt;某",
    ):
        assert words in answer.text
    taken = boss.post("/users", **{**NEW, "name": "lin"})
    assert (taken.status_code, "已经有了" in taken.text) == (409, True)
    for name in ("", "x" * 101):
        assert boss.post("/users", **{**NEW, "name": name}).status_code == 422
    assert lodge.kinds() == before


def test_a_county_administrator_keeps_the_own_county(enter: Any, lodge: Any) -> None:
    """Sees, changes and grants inside it only: not the city's accounts, not the next county's, no right beyond."""
    browser = enter("linboss")
    page = browser.get("/users").text
    assert "lin某某" in page
    assert "xing" not in page
    assert "boss某某" not in page.replace("linboss某某", "")
    before = lodge.kinds()
    for account in (1, 4, 99):
        assert browser.get(f"/users/{account}").status_code == 404
        for act in ("end", "password", "unlock", "code/off", "grant", "grants/1/end"):
            assert browser.post(f"/users/{account}/{act}", kind="viewer", unit="141124").status_code == 404
    for unit in ("1411", "141123", "蔚汾镇"):
        answer = browser.post("/users/3/grant", kind="officer", unit=unit)
        assert answer.status_code == 422
        assert "不归您管" in answer.text
        assert browser.post("/users", **{**NEW, "unit": unit}).status_code == 422
    assert lodge.kinds() == before
    assert browser.post("/users/3/grant", kind="registrar", unit="白文镇").status_code == 303
    assert Grant(REGISTRAR, "141124101") in lodge.people.account("lin", 0).grants
    lodge.people.grant(3, Grant(VIEWER, "141123"), actor="test", now=1)
    assert browser.get("/users/3").status_code == 404, "somebody who works elsewhere too is the city's affair"


def test_rights_are_given_and_taken(enter: Any, lodge: Any) -> None:
    """And the last administrator keeps theirs, in words."""
    boss = enter("boss")
    assert boss.post("/users/3/grant", kind="viewer", unit="1411").status_code == 303
    [held] = [one for one in lodge.people.account("lin", 0).held if one.grant.kind is VIEWER]
    assert boss.post(f"/users/3/grants/{held.id}/end").status_code == 303
    assert lodge.people.account("lin", 0).grants == (Grant(OFFICER, "141124"),)
    lodge.people.end(2, actor="test", now=1)
    [own] = lodge.people.account("boss", 0).held
    for path in (f"/users/1/grants/{own.id}/end", "/users/1/end"):
        answer = boss.post(path)
        assert (answer.status_code, "最后一个管理员" in answer.text) == (409, True)
    assert boss.get("/users").status_code == 200


def test_help_for_somebody_who_is_locked_out(enter: Any, lodge: Any, app: Any, login: Any) -> None:
    """The list says until when; unlocking, another password, and the lost telephone, each with one button."""
    boss, guesser = enter("boss"), login.Browser(app, "10.9.9.9")
    for _ in range(6):
        guesser.log_in("lin", "wrong")
    assert "已锁定至" in boss.get("/users").text
    assert boss.post("/users/3/unlock").status_code == 303
    assert enter("lin")
    found = SECRET.search(boss.post("/users/3/password").text)
    assert found
    assert login.Browser(app).log_in("lin").status_code == 401
    assert enter("lin", found.group(1))
    lodge.people.propose_code(3, "JBSWY3DPEHPK3PXP")
    lodge.people.confirm_code(3, 0, actor="test", now=1)
    assert "关闭验证码" in boss.get("/users/3").text
    assert boss.post("/users/3/code/off").status_code == 303
    assert not lodge.people.account("lin", 0).has_code
    assert boss.post("/users/3/end").status_code == 303
    assert "已停用" in boss.get("/users/3").text


# --- rights by unit ---------------------------------------------------------------------------------------


def test_the_first_page_is_the_whole_or_the_own_console(enter: Any, office: Any) -> None:
    """The live page knows nothing of units and is the city's; a county's officer goes to the console of the own units."""
    office.add_callout()
    lin, boss = enter("lin"), enter("boss")
    assert "data-stream" in boss.get("/").text
    assert "boss某某" in boss.get("/").text
    answer = lin.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "console/")
    assert lin.client.get("/live/events").status_code == 403


class Asked:
    """A request as far as access looks at it."""

    def __init__(self, visit: Any) -> None:
        """`visit` as the doorkeeper leaves it."""
        self.state = type("State", (), {"visit": visit})()


async def test_what_pages_ask_before_they_act(lodge: Any) -> None:
    """On every unit named, or not at all; lists are cut to the own; nobody, and no unit, has no right."""
    from warning_dispatch.model.people import Visit  # noqa: PLC0415 - beside its only use

    access = Access(lodge.desk.paths_of)
    lin: Any = Asked(Visit(lodge.people.account("lin", 0), 1))
    await access.require(lin, Right.ACT, "141124101", "141124")
    for right, codes in (
        (Right.ACT, ("141124101", "141123")),
        (Right.REGISTER, ("141124",)),
        (Right.ACT, ()),
        (Right.SEE, ("999",)),
    ):
        with pytest.raises(ApiRefusalError) as refused:
            await access.require(lin, right, *codes)
        assert refused.value.status == 403
    codes = ["1411", "141124", "141124101", "141123", "999"]
    assert await access.among(lin, Right.ACT, codes) == {"141124", "141124101"}
    assert await access.among(Asked(None), Right.SEE, codes) == frozenset()  # type: ignore[arg-type]
    assert not await access.has(Asked(None), Right.SEE, "1411")  # type: ignore[arg-type]
    assert await access.part(lin, Right.ACT, "1411") == ("141124",)
    assert await access.part(lin, Right.REGISTER, "1411") == ()
    assert await access.part(Asked(None), Right.SEE, "1411") == ()  # type: ignore[arg-type]
    city: Any = Asked(Visit(lodge.people.account("boss", 0), 1))
    assert await access.part(city, Right.SEE, "1411") is None
    assert await Access(None).part(lin, Right.SEE, "1411") is None, "the demonstration has no doors"
    lodge.people.grant(lodge.people.account("lin", 0).id, Grant(GrantKind.OFFICER, "141124101"), actor="test", now=1)
    lodge.people.grant(lodge.people.account("lin", 0).id, Grant(GrantKind.OFFICER, "141123"), actor="test", now=1)
    lin = Asked(Visit(lodge.people.account("lin", 0), 1))
    assert await access.part(lin, Right.ACT, "1411") == ("141123", "141124"), "a township of the own county is in it"
    assert await Access(None).has(Asked(None), Right.ACT, "999"), "the demonstration has no doors"  # type: ignore[arg-type]


def test_english_pages_are_english(enter: Any, login: Any, app: Any) -> None:
    """Asked for once, remembered; nothing Chinese is left but the names and the switch."""
    boss = enter("boss")
    boss.get("/account?lang=en")
    chinese = re.compile(r"[\u4e00-\u9fff]+")
    for path in ("/account", "/account/password", "/account/code", "/users", "/users/3"):
        found = set(chinese.findall(boss.get(path).text)) - {"中文", "某某", "吕梁市", "临县", "兴县"}
        assert found == set(), path
    assert "Log in" in login.Browser(app).get("/login?lang=en").text
    assert load_catalogues()["en"].text("login.title") == "Log in"


async def test_a_page_that_knows_no_units_is_for_the_whole_area(clock: VirtualClock, lodge: Any) -> None:
    """Its door asks for the right on our own area: a county's officer is refused, the city's comes in; and it asks for the right."""
    lodge.add("city", OFFICER)
    lodge.add("viewer", VIEWER)
    doors = (Door("/board", Right.ACT, whole=True),)
    reached: list[str] = []

    async def board(scope: Any, _receive: Any, _send: Any) -> None:
        reached.append(scope["path"])

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    keeper = Doorkeeper(board, lodge.desk, Failures(Pages()), public_url="https://a.b", body_limit=10, doors=doors)
    for name, statuses in (("lin", [403]), ("viewer", [403]), ("boss", [403]), ("city", [])):
        sent: list[Any] = []
        lodge.sessions.open(lodge.sessions.begin(name, "", clock.now()), name, browser="", step=0, now=clock.now())
        headers = [(b"cookie", f"__Host-wd={name}".encode()), (b"accept", b"text/html")]
        scope = {"type": "http", "method": "GET", "path": "/board", "query_string": b"", "headers": headers}
        await keeper({**scope, "scheme": "https", "server": ("a.b", 443), "root_path": ""}, receive, send)
        assert [one["status"] for one in sent if "status" in one] == statuses, name
    assert reached == ["/board"]
