"""Logging in and staying in: what guessers, other people's pages and old sessions get."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pyotp
import pytest
from by_path import loaded
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Route
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from warning_dispatch.clock import VirtualClock
from warning_dispatch.errors import RefusedError
from warning_dispatch.model.lockout import HOUR
from warning_dispatch.model.rights import Grant, GrantKind
from warning_dispatch.web.application import create_app
from warning_dispatch.web.doors import DOORS, OPEN, door_of, is_open, own_place, root_of
from warning_dispatch.web.login_desk import MOST_WAITING, Form

SITE = "https://bureau.example"
COOKIE = "__Host-wd"
PAGE = {"accept": "text/html"}
OFFICER, ADMINISTRATOR, VIEWER = GrantKind.OFFICER, GrantKind.ADMINISTRATOR, GrantKind.VIEWER


def load_lodge() -> ModuleType:
    """The module of the real login: tests are no package, so it is loaded by its path."""
    return loaded("web_lodge", Path(__file__).with_name("lodge.py"))


class Browser:
    """One browser before the application."""

    def __init__(self, app: Any, address: str = "10.14.11.24", site: str = SITE) -> None:
        """`address`: where it stands."""
        self.client = TestClient(app, base_url=site, follow_redirects=False, client=(address, 40_000), headers=PAGE)
        self.site = site

    def get(self, path: str) -> Any:
        """A page."""
        return self.client.get(path)

    def post(self, path: str, csrf: str | None = None, origin: str | None = "own", **fields: str) -> Any:
        """A form; `csrf` None: the token of the account's page."""
        token = load_lodge().csrf_in(self.get("/account").text) if csrf is None else csrf
        headers = {} if origin is None else {"origin": self.site if origin == "own" else origin}
        return self.client.post(path, data={"csrf": token, **fields}, headers=headers)

    def log_in(self, name: str, password: str | None = None, code: str = "", place: str = "") -> Any:
        """Fill in the form and send it."""
        lodge = load_lodge()
        page = self.get("/login")
        fields = {
            "name": name,
            "password": lodge.PASSWORD if password is None else password,
            "code": code,
            "next": place,
        }
        headers = {"origin": self.site}
        return self.client.post("/login", data={"csrf": lodge.csrf_in(page.text), **fields}, headers=headers)


@pytest.fixture
def lodge(clock: VirtualClock) -> Iterator[Any]:
    """Accounts of the city and of two counties."""
    lodge = load_lodge().make_lodge(clock)
    lodge.add("boss", ADMINISTRATOR)
    lodge.add("city", OFFICER)
    lodge.add("lin", OFFICER, "141124")
    yield lodge
    lodge.engine.dispose()


@pytest.fixture
def app(office: Any, clock: VirtualClock, lodge: Any) -> Any:
    """The whole application, behind its login."""
    return create_app(office, office, public_url=SITE, live_page=True, body_limit=10_000, clock=clock, login=lodge.desk)


@pytest.fixture
def browser(app: Any) -> Browser:
    """A browser that has been nowhere yet."""
    return Browser(app)


# --- doors ------------------------------------------------------------------------------------------------


def test_every_page_has_a_door(app: Any) -> None:
    """A route of the bureau that stands in no table would be missed here and answer nobody."""
    paths = [route.path for route in app.routes if isinstance(route, Route)]
    assert [path for path in paths if not is_open(path) and door_of(path) is None] == []
    assert {"/", "/users", "/account/password", "/live/events"} <= set(paths)


def test_nothing_of_the_bureau_is_shown_to_a_stranger(app: Any, browser: Browser) -> None:
    """Every page leads to the login and back; every act leads to the login; what is no page is told 401."""
    for route in app.routes:
        if not isinstance(route, Route) or is_open(route.path):
            continue
        path = route.path.replace("{user_id:int}", "1").replace("{session_id:int}", "1").replace("{grant_id:int}", "1")
        for method in ("GET", "POST", "DELETE"):
            answer = browser.client.request(method, path)
            assert answer.status_code == 303, (method, path)
            assert "login" in answer.headers["location"]
        assert browser.client.get(path, headers={"accept": "text/event-stream"}).status_code == 401


def test_what_needs_no_login_needs_none(browser: Browser, office: Any, doubles: ModuleType) -> None:
    """Receivers' pages, keys, probes and our own style sheets are as they were."""
    office.add_link()
    assert browser.get(f"/r/{doubles.TOKEN}").status_code == 200
    assert browser.get("/healthz").status_code == 200
    assert browser.get("/static/bureau.css").status_code == 200
    assert browser.client.get("/api/v1/callouts").status_code == 401
    assert browser.client.get("/api/v1/callouts", headers={"authorization": "Bearer reader"}).status_code in (200, 401)


def test_a_page_without_a_door_is_not_there(office: Any, clock: VirtualClock, lodge: Any) -> None:
    """Forgetting the row closes the page, also for those who may everything."""
    app = create_app(office, office, public_url=SITE, live_page=True, body_limit=10_000, clock=clock, login=lodge.desk)

    def forgotten(_request: Any) -> Any:
        pytest.fail("the page was reached")

    app.add_route("/forgotten", forgotten)
    browser = Browser(app)
    browser.log_in("city")
    for path in ("/forgotten", "/usersx", "/accounts", "/loginx", "/r", "/users/../forgotten"):
        assert browser.get(path).status_code == 404, path


@given(st.text(max_size=40))
def test_a_path_is_open_or_has_a_door_by_whole_parts(rest: str) -> None:
    """No path that only begins like an open one is open."""
    for prefix in OPEN:
        assert is_open(f"{prefix}/{rest}")
        assert is_open(prefix + rest) == (
            not rest
            or rest.startswith("/")
            or any(one.startswith(prefix) and is_open(prefix + rest) for one in OPEN if one != prefix)
        )
    for door in DOORS[1:]:
        found = door_of(f"{door.path}/{rest}")
        assert found is not None
        assert found.path.startswith(door.path)


# --- logging in -------------------------------------------------------------------------------------------


def test_a_login_leads_to_where_one_was_going(browser: Browser) -> None:
    """From the page, by the login, to the page; the cookie is the host's own and no script's."""
    away = browser.get("/account?x=1&lang=en")
    assert away.headers["location"] == "./login?next=%2Faccount%3Fx%3D1%26lang%3Den"
    answer = browser.log_in("city", place="/account?x=1&lang=en")
    assert (answer.status_code, answer.headers["location"]) == (303, "./account?x=1&lang=en")
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{COOKIE}="))
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
    assert browser.get("/account").status_code == 200
    assert browser.get("/login").headers["location"] == "./"


def test_over_http_the_cookie_is_plain(office: Any, clock: VirtualClock, lodge: Any) -> None:
    """On loopback without https a strict cookie would never come back."""
    app = create_app(
        office,
        office,
        public_url="http://127.0.0.1:8411",
        live_page=True,
        body_limit=10_000,
        clock=clock,
        login=lodge.desk,
    )
    browser = Browser(app, site="http://127.0.0.1:8411")
    answer = browser.log_in("city")
    assert answer.status_code == 303
    assert all("Secure" not in one for one in answer.headers.get_list("set-cookie"))
    assert browser.get("/account").status_code == 200


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "///evil.example", "javascript:alert(1)",
        "/login", "/logout", "/account\r\nX: y", "/users/../../x", "evil.example", "", "/r/abc", "/static/x", "http:account",
    ],
)  # fmt: skip
def test_nobody_is_sent_elsewhere(browser: Browser, place: str) -> None:
    """Whatever stands in `next`, the way leads to a page of ours."""
    assert browser.log_in("city", place=place).headers["location"] == "./"


@given(st.text(alphabet="/\\.:@?#a%\t\n evil", max_size=20))
def test_own_places_are_our_own(wanted: str) -> None:
    """Of any text only what begins with one slash and a known page passes."""
    place = own_place(wanted)
    assert place == "/" or (place == wanted and door_of(place.split("?")[0].split("#")[0]) is not None)
    assert not place.startswith(("//", "/\\"))


def test_the_way_up_is_relative() -> None:
    """Below a path of a proxy's own everything leads where it should."""
    assert [root_of(path) for path in ("/", "/users", "/users/7", "/users/7/grants/3/end")] == [
        "./", "./", "../", "../../../../",
    ]  # fmt: skip


def test_a_session_cannot_be_fixed_beforehand(browser: Browser, lodge: Any) -> None:
    """A token that somebody slipped into the browser is not the one that is logged in; each login has its own."""
    browser.client.cookies.set(COOKIE, "slipped-in-by-somebody", domain="bureau.example")
    browser.log_in("city")
    first = browser.client.cookies[COOKIE]
    assert first != "slipped-in-by-somebody"
    browser.client.cookies.delete(COOKIE)
    browser.log_in("city")
    assert browser.client.cookies[COOKIE] != first
    assert len(first) >= 43
    assert lodge.kinds().count("session.opened") == 2


def test_wrong_is_wrong(browser: Browser, lodge: Any) -> None:
    """Name, password, code, ended account: one and the same answer; the name stays in its field, the password does not."""
    lodge.people.end(lodge.add("gone", OFFICER), actor="test", now=lodge.clock.now())
    answers = [
        browser.log_in("city", "wrong"),
        browser.log_in("nobody"),
        browser.log_in("gone"),
        browser.log_in("city", "x" * 5000),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert all("账号、密码或验证码不对" in answer.text for answer in answers)
    assert 'value="nobody"' in answers[1].text
    assert load_lodge().PASSWORD not in answers[1].text
    assert browser.get("/account").status_code == 303


def test_missing_fields_are_named_beside_them(browser: Browser) -> None:
    """And are no try."""
    answer = browser.log_in("", "")
    assert answer.status_code == 422
    assert "请填写账号" in answer.text
    assert "请填写密码" in answer.text
    assert [browser.log_in("city", "").status_code for _ in range(20)] == [422] * 20


def test_the_login_form_is_ours_too(browser: Browser) -> None:
    """A page elsewhere cannot log anybody into an account of its own: no cookie, no token, another origin."""
    lodge = load_lodge()
    fields = {"name": "city", "password": lodge.PASSWORD}
    for csrf, origin in (("", SITE), ("0" * 40, SITE), ("own", "https://evil.example"), ("own", "null")):
        token = lodge.csrf_in(browser.get("/login").text) if csrf == "own" else csrf
        answer = browser.client.post("/login", data={**fields, "csrf": token}, headers={"origin": origin})
        assert answer.status_code == 403
        assert COOKIE not in browser.client.cookies


def test_a_thousand_guesses_are_a_handful(browser: Browser, lodge: Any, clock: VirtualClock) -> None:
    """Guessing every second for a quarter of an hour tries eight passwords; the page says how long; then one gets in again."""
    answers = []
    for _ in range(1000):
        answers.append(browser.log_in("city", "a wrong password"))
        clock.advance_to(clock.now() + 1000)
    tried = [answer for answer in answers if answer.status_code == 401]
    closed = [answer for answer in answers if answer.status_code == 429]
    assert len(tried) == 4
    assert len(closed) == 996
    assert "约 1 分钟后再试" in closed[0].text
    assert 60 <= int(closed[-1].headers["retry-after"]) <= 900
    assert browser.log_in("city").status_code == 429, "not even with the right one"
    assert lodge.kinds().count("login.locked") <= 6, "counted, not one for each guess"
    lodge.people.unlock("city", actor="test", now=clock.now())
    assert browser.log_in("city").status_code == 303


def test_somebody_elses_guesses_do_not_end_a_session(app: Any, browser: Browser) -> None:
    """Whoever is in stays in while the door is closed."""
    browser.log_in("city")
    stranger = Browser(app, "10.99.0.1")
    for _ in range(8):
        stranger.log_in("city", "wrong")
    assert stranger.log_in("city").status_code == 429
    assert browser.get("/account").status_code == 200


def test_an_address_that_tries_every_name_is_shut_out(app: Any, clock: VirtualClock) -> None:
    """One password against all names is stopped by the address; another address is not; a proxy's word counts only if named."""
    spraying = Browser(app, "10.99.0.1")
    statuses = [spraying.log_in(f"name{number}", "summer is here").status_code for number in range(40)]
    assert statuses.count(401) == 29
    assert set(statuses[30:]) == {429}
    assert spraying.log_in("city").status_code == 429
    spraying.client.headers["x-forwarded-for"] = "10.99.0.2"
    assert spraying.log_in("city").status_code == 429
    assert Browser(app, "10.99.0.3").log_in("city").status_code == 303
    assert clock.now()


def test_a_named_proxy_is_believed_in_its_own_word(office: Any, clock: VirtualClock) -> None:
    """The last address it wrote counts, not what the browser wrote before it."""
    lodge = load_lodge().make_lodge(clock, proxies=frozenset({"127.0.0.1"}))
    lodge.add("boss", ADMINISTRATOR)
    app = create_app(office, office, public_url=SITE, live_page=True, body_limit=10_000, clock=clock, login=lodge.desk)
    browser = Browser(app, "127.0.0.1")
    browser.client.headers["x-forwarded-for"] = "1.2.3.4, 10.14.11.30"
    browser.log_in("boss")
    page = browser.get("/account").text
    assert "10.14.11.30" in page
    assert "1.2.3.4" not in page
    lodge.engine.dispose()


async def test_guessing_does_not_take_the_machine(lodge: Any) -> None:
    """Of a hundred logins at once some are looked at, two at a time, the rest are told to come again."""
    form = Form("nobody", "wrong", "")
    answers = await asyncio.gather(
        *(lodge.desk.log_in(form, f"10.0.0.{number}", "") for number in range(100)), return_exceptions=True
    )
    refused = [one for one in answers if isinstance(one, RefusedError)]
    assert all(not isinstance(one, BaseException) or isinstance(one, RefusedError) for one in answers)
    assert len(answers) - len(refused) <= 2 * MOST_WAITING + 100
    locked = [one for one in answers if getattr(one, "locked_until", 0)]
    assert len(locked) >= 90, "a hundred at the same moment are a hundred tries"


# --- staying in -------------------------------------------------------------------------------------------


def test_a_session_ends_when_nobody_uses_it_and_in_any_case(browser: Browser, clock: VirtualClock) -> None:
    """Unused for twelve hours it is over; used every hour it is over after a day and a half."""
    browser.log_in("city")
    clock.advance_to(clock.now() + 12 * HOUR)
    assert browser.get("/account").status_code == 303
    browser.log_in("city")
    for hour in range(1, 37):
        clock.advance_to(clock.now() + HOUR)
        assert browser.get("/account").status_code == (200 if hour < 36 else 303), hour


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(app: Any, browser: Browser, lodge: Any, method: str) -> None:
    """No page, asked for by an address alone, changes a row or an entry."""
    browser.log_in("boss")
    before = lodge.everything()
    for route in app.routes:
        if isinstance(route, Route) and door_of(route.path) and "/live" not in route.path:
            path = (
                route.path.replace("{user_id:int}", "2").replace("{session_id:int}", "1").replace("{grant_id:int}", "2")
            )
            browser.client.request(method, path)
    assert lodge.everything() == before


@pytest.mark.parametrize(
    ("csrf", "origin"),
    [
        ("", "own"),
        ("0" * 40, "own"),
        ("own", "https://evil.example"),
        ("own", "null"),
        ("own", "http://bureau.example:81"),
        ("own", "x"),
    ],
)
def test_a_form_that_is_not_ours_changes_nothing(browser: Browser, lodge: Any, csrf: str, origin: str) -> None:
    """No token, a wrong one, another's origin, none of a hidden frame: refused, in words, and nothing has changed."""
    browser.log_in("boss")
    token = load_lodge().csrf_in(browser.get("/account").text) if csrf == "own" else csrf
    before = lodge.everything()
    for path in ("/users/2/end", "/account/sessions/end", "/logout", "/users"):
        answer = browser.post(path, token, origin, name="new", kind="officer", unit="1411")
        assert answer.status_code == 403
        assert "没有执行" in answer.text
    assert lodge.everything() == before
    assert browser.get("/account").status_code == 200


def test_a_field_that_comes_twice_is_read_once(browser: Browser, lodge: Any) -> None:
    """Door and page take the same one of two values; what stands in the address is no field of a form."""
    browser.log_in("city")
    own = load_lodge().csrf_in(browser.get("/account").text)
    headers = {"origin": SITE, "content-type": "application/x-www-form-urlencoded"}
    for path, body in (
        ("/logout", f"csrf={own}&csrf=forged"),
        (f"/logout?csrf={own}", "csrf=forged"),
        (f"/logout?csrf={own}", ""),
    ):
        assert browser.client.post(path, content=body, headers=headers).status_code in (400, 403)
    assert browser.get("/account").status_code == 200
    assert "session.ended" not in lodge.kinds()


def test_the_token_of_another_session_is_wrong(app: Any, browser: Browser) -> None:
    """A token belongs to one session: not to the person, not to the installation."""
    browser.log_in("city")
    other = Browser(app)
    other.log_in("city")
    foreign = load_lodge().csrf_in(other.get("/account").text)
    assert browser.post("/logout", foreign).status_code == 403
    assert browser.post("/logout").status_code == 303


def test_browsers_that_say_less_are_taken_at_their_token(browser: Browser) -> None:
    """An old one sends no origin; one that says it came from another site is refused even so."""
    browser.log_in("city")
    token = load_lodge().csrf_in(browser.get("/account").text)
    crossed = browser.client.post("/logout", data={"csrf": token}, headers={"sec-fetch-site": "cross-site"})
    assert crossed.status_code == 403
    assert browser.post("/logout", token, None).status_code == 303


def test_a_body_too_large_is_refused_at_the_door(browser: Browser) -> None:
    """And what cannot be read as a form has no token."""
    browser.log_in("city")
    headers = {"origin": SITE}
    assert browser.client.post("/logout", data={"csrf": "x" * 20_000}, headers=headers).status_code == 413
    broken = {**headers, "content-type": "multipart/form-data; boundary=x"}
    assert browser.client.post("/logout", content=b"--y\r\nbroken", headers=broken).status_code == 403


def test_logging_out_ends_the_session_itself(browser: Browser, lodge: Any) -> None:
    """Not only the cookie: the token is worth nothing afterwards."""
    browser.log_in("city")
    token = browser.client.cookies[COOKIE]
    answer = browser.post("/logout")
    assert answer.status_code == 303
    assert answer.headers["clear-site-data"] == '"cache"', "the way back shows nothing"
    browser.client.cookies.set(COOKIE, token, domain="bureau.example")
    assert browser.get("/account").status_code == 303
    assert lodge.kinds()[-1] == "session.ended"
    assert lodge.entries()[-1]["actor"] == "user:city"


def test_logging_in_again_ends_the_session_before(browser: Browser, lodge: Any) -> None:
    """One browser has one session: the token of before is worth nothing, whoever it was."""
    browser.log_in("city")
    before = browser.client.cookies[COOKIE]
    page = browser.get("/account").text
    assert page
    fields = {"name": "lin", "password": load_lodge().PASSWORD, "code": "", "next": ""}
    other = Browser(browser.client.app)
    form = load_lodge().csrf_in(other.get("/login").text)
    other.client.cookies.set(COOKIE, before, domain="bureau.example")
    answer = other.client.post("/login", data={"csrf": form, **fields}, headers={"origin": SITE})
    assert answer.status_code == 303
    assert browser.get("/account").status_code == 303
    assert [kind for kind in lodge.kinds() if kind.startswith("session")] == [
        "session.opened", "session.opened", "session.ended",
    ]  # fmt: skip


def test_who_is_refused_is_in_the_log(browser: Browser) -> None:
    """Logins that fail, pages that are not one's own, forms that are not ours: with the reason, by number and never by name."""
    with capture_logs() as logs:
        browser.log_in("lin", "a wrong password")
        browser.log_in("nobody-has-this", "a wrong password")
        browser.log_in("lin")
        browser.get("/users")
        browser.post("/logout", csrf="forged")
    failed = [one for one in logs if one["event"] == "login.failed"]
    assert [(one["user"], one["failures"]) for one in failed] == [(3, 1), (0, 1)]
    [opened] = [one for one in logs if one["event"] == "login.opened"]
    assert (opened["user"], opened["code"]) == (3, False)
    refused = [(one["path"], one["status"], one["why"], one["user"]) for one in logs if one.get("why")]
    assert refused == [("/users", 403, "forbidden_page", 3), ("/logout", 403, "stale", 3)]
    assert all(one["log_level"] == "warning" for one in logs if one.get("why"))
    assert "nobody-has-this" not in str(logs)


def test_the_language_is_kept_in_a_strict_cookie(browser: Browser) -> None:
    """Over https every cookie has the name that browsers keep for whoever came by https."""
    answer = browser.get("/login?lang=en")
    names = [one.partition("=")[0] for one in answer.headers.get_list("set-cookie")]
    assert sorted(names) == ["__Host-wd-language", "__Host-wd-login"]
    assert all("Secure" in one for one in answer.headers.get_list("set-cookie"))
    assert 'lang="en"' in browser.get("/login").text


def test_an_ended_account_is_out_at_the_next_look(browser: Browser, lodge: Any) -> None:
    """And a right that is taken back closes its pages at once."""
    user = lodge.add("second", ADMINISTRATOR)
    browser.log_in("second")
    assert browser.get("/users").status_code == 200
    held = lodge.people.account("second", 0).held[0]
    lodge.people.grant(user, Grant(VIEWER, "1411"), actor="test", now=1)
    lodge.people.end_grant(user, held.id, actor="test", now=1)
    assert browser.get("/users").status_code == 403
    assert "没有权限" in browser.get("/users").text
    lodge.people.end(user, actor="test", now=1)
    assert browser.get("/account").status_code == 303


async def test_an_open_stream_is_cut_when_the_session_ends(
    app: Any, browser: Browser, lodge: Any, monkeypatch: Any
) -> None:
    """The live page of somebody who was sent away stops within moments."""
    monkeypatch.setattr("warning_dispatch.web.doorkeeper.LOOK_AGAIN", 0.0)
    browser.log_in("city")
    token = browser.client.cookies[COOKIE]
    headers = [(b"cookie", f"{COOKIE}={token}".encode()), (b"host", b"bureau.example")]
    scope = {
        "type": "http", "method": "GET", "path": "/live/events", "raw_path": b"/live/events", "query_string": b"", "headers": headers,
        "scheme": "https", "server": ("bureau.example", 443), "client": ("10.0.0.1", 1), "http_version": "1.1", "root_path": "", "asgi": {"spec_version": "2.4"},
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) == 3:
            lodge.sessions.end_all(2, actor="test", now=1)

    await asyncio.wait_for(app(scope, receive, send), 20)
    assert sent[0]["status"] == 200
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert app.state.close() is None


# --- nothing leaks ----------------------------------------------------------------------------------------


def test_no_password_token_or_secret_leaks(browser: Browser, lodge: Any) -> None:
    """Not into the tables, the journal, the log or an address."""
    secret = ""
    with capture_logs() as logs:
        browser.log_in("city", "a wrong password")
        browser.log_in("city")
        page = browser.post("/account/code", begin="1", old=load_lodge().PASSWORD).text
        secret = page.split("<code>")[1].split("</code>")[0].replace(" ", "")
        browser.post("/account/code", code=pyotp.TOTP(secret).generate_otp(lodge.clock.now() // 30_000))
        browser.post("/account/password", old=load_lodge().PASSWORD, new="quite another one", again="quite another one")
    said = str(logs).encode() + lodge.everything()
    token = browser.client.cookies[COOKIE]
    for hidden in (
        load_lodge().PASSWORD,
        "a wrong password",
        "quite another one",
        token,
        secret,
        "city某某",
        "10.14.11.24",
    ):
        assert hidden.encode() not in said, hidden
    assert len(secret) == 32
    assert "code.on" in lodge.kinds()
    assert "user.password" in lodge.kinds()


def test_the_pages_keep_the_strict_headers(browser: Browser) -> None:
    """No script, nothing from elsewhere, no frame, nothing kept; and browsers may say which page of ours a form is from."""
    browser.log_in("boss")
    for path in ("/login?x", "/account", "/account/password", "/account/code", "/users", "/users/1"):
        answer = browser.get(path)
        if answer.status_code == 303:
            continue
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "<script" not in answer.text
        assert " style=" not in answer.text
