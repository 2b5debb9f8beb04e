"""Bad input on every form: what is wrong is said beside its field, what was written stays, and nothing is half-saved.

The list below is of every address that takes a form; the last test fails for one that stands in neither half of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest
from lxml import html
from starlette.routing import Route
from starlette.testclient import TestClient

from warning_dispatch.clock import VirtualClock
from warning_dispatch.model.rights import GrantKind
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.web.application import Renewal, Superiors, create_app

R, F = "/r/abcdefghij234567", "/f/filingtoken23456"
UNIT = "141124101200"
LONG = "长" * 201


@dataclass(frozen=True)
class Bad:
    """One form, filled in badly. `at`: the field beside which it is said; `kept`: what must still stand where."""

    route: str
    path: str
    sent: Mapping[str, str]
    at: str
    said: str
    kept: Mapping[str, str] = field(default_factory=dict)


FORMS = (
    Bad("/r/{token}/list", f"{R}/list", {"do": "step", "four": "9999"}, "four", "末四位不对", {"four": "9999"}),
    Bad("/r/{token}/list", f"{R}/list", {"u": "102", "words": LONG}, "words", "最多 200 个字", {"words": LONG}),
    Bad("/r/{token}/feedback", f"{R}/feedback", {"moved": "三十", "measures": "转移"}, "moved", "只写数字", {"moved": "三十", "measures": "转移"}),
    Bad("/r/{token}/feedback", f"{R}/feedback", {"moved": "3", "dangers": LONG}, "dangers", "最多 200 个字", {"moved": "3", "dangers": LONG}),
    Bad("/f/{token}", F, {"do": "step", "four": "9999"}, "four", "末四位不对", {"four": "9999"}),
    Bad("/f/{token}/u/{code}/correct", f"{F}/u/{UNIT}/correct", {"version": "1", "p0.id": "0", "p0.role": "primary", "p0.name": "李某", "p0.phone": "12"}, "p0.phone", "", {"p0.name": "李某", "p0.phone": "12"}),
    Bad("/f/{token}/u/{code}/successor", f"{F}/u/{UNIT}/successor", {"version": "1", "who": "0", "name": "李某", "phone": "13900000002"}, "who", "请选择", {"name": "李某", "phone": "13900000002"}),
    Bad("/f/{token}/workbook", f"{F}/workbook", {"look": "1"}, "file", "文件"),
    Bad("/f/{token}/approve", f"{F}/approve", {"back": "9:2", "note": ""}, "note", "要改什么"),
    Bad("/f/{token}/approve", f"{F}/approve", {"back": "9:2", "note": LONG}, "note", "最多 200 个字", {"note": LONG}),
    Bad("/campaign", "/campaign", {"actor": " "}, "actor", "请填经办人"),
    Bad("/campaign/awaiting", "/campaign/awaiting", {"back": "9:2", "note": "号码不全"}, "actor", "请填经办人", {"note": "号码不全"}),
    Bad("/campaign/awaiting", "/campaign/awaiting", {"actor": "王", "back": "9:2"}, "note", "要改什么", {"actor": "王"}),
    Bad("/campaign/awaiting", "/campaign/awaiting", {"actor": "王", "back": "9:2", "note": LONG}, "note", "最多 200 个字", {"actor": "王", "note": LONG}),
    Bad("/campaign/sheet/{code}", "/campaign/sheet/141124101", {"actor": "王"}, "reason", "请填理由", {"actor": "王"}),
    Bad("/campaign/sheet/{code}", "/campaign/sheet/141124101", {"reason": "存档"}, "actor", "请填经办人", {"reason": "存档"}),
    Bad("/tasks", "/tasks", {"task": "1", "act": "take", "note": "刘秘书"}, "actor", "姓名", {"note": "刘秘书"}),
    Bad("/tasks", "/tasks", {"actor": "李", "task": "1", "act": "busy", "note": LONG}, "note", "最多 200 个字", {"note": LONG}),
)  # fmt: skip
"""Forms of the pages that stand open in the demonstration, and of those behind a link."""

BEHIND = (
    Bad("/login", "/login", {"name": "lin", "password": ""}, "password", "密码", {"name": "lin"}),
    Bad("/login", "/login", {"name": " ", "password": "x"}, "name", "账号"),
    Bad("/account/password", "/account/password", {"old": "wrong", "new": "quite another one", "again": "quite another one"}, "old", "不对"),
    Bad("/account/password", "/account/password", {"old": "", "new": "short", "again": "short"}, "new", ""),
    Bad("/account/password", "/account/password", {"old": "", "new": "quite another one", "again": "x"}, "again", "不"),
    Bad("/account/code", "/account/code", {"code": "123456"}, "code", ""),
    Bad("/account/code", "/account/code", {"begin": "1", "old": "wrong"}, "old", "不对"),
    Bad("/users", "/users", {"name": "a b", "full_name": "王某某", "kind": "officer", "unit": "临县"}, "name", "", {"name": "a b", "full_name": "王某某", "unit": "临县", "kind": "officer"}),
    Bad("/users", "/users", {"name": "wang", "full_name": "王某某", "kind": "", "unit": "临县"}, "kind", "", {"name": "wang", "full_name": "王某某", "unit": "临县"}),
    Bad("/users", "/users", {"name": "wang", "full_name": "王某某", "kind": "officer", "unit": "没有的县"}, "unit", "", {"name": "wang", "unit": "没有的县", "kind": "officer"}),
    Bad("/users", "/users", {"name": "lin", "full_name": "王某某", "kind": "officer", "unit": "临县"}, "name", "", {"name": "lin", "full_name": "王某某"}),
    Bad("/users/{user_id:int}/grant", "/users/2/grant", {"kind": "officer", "unit": "没有的县"}, "unit", "", {"unit": "没有的县", "kind": "officer"}),
)  # fmt: skip
"""Forms behind the login."""

NOTHING_TYPED = {
    "/r/{token}": "one button",
    "/p/{token}": "two buttons",
    "/f/{token}/u/{code}/sheet": "one button",
    "/logout": "one button",
    "/account/code/off": "asks for the password: test_users_pages",
    "/account/sessions/{session_id:int}/end": "one button",
    "/account/sessions/end": "one button",
    "/users/{user_id:int}/grants/{grant_id:int}/end": "one button",
    "/users/{user_id:int}/end": "one button",
    "/users/{user_id:int}/unlock": "one button",
    "/users/{user_id:int}/password": "one button",
    "/users/{user_id:int}/code/off": "one button",
}
"""Addresses whose forms have nothing to fill in wrongly, and the one that another file looks at."""


def beside(page: str, name: str) -> str:
    """Everything that is said beside the fields of that name: in their label, their frame, or what describes them."""
    tree = html.fromstring(page)
    texts = []
    for one in tree.xpath(f"//*[@name='{name}']"):
        frames = one.xpath("ancestor::label | ancestor::fieldset | ancestor::*[contains(@class, 'field')][1]")
        named = [f"//*[@id='{key}']" for key in (one.get("aria-describedby") or "").split()]
        labels = [f"//label[@for='{one.get('id')}']"] if one.get("id") else []
        frames += [found for path in (*named, *labels) for found in tree.xpath(path)]
        texts += [
            str(found.text_content())
            for found in frames
            if one.get("aria-invalid")
            or one.tag == "select"
            or one.get("type") == "radio"
            or found.get("role") == "alert"
        ]
    return " ".join(texts)


def value_of(page: str, name: str) -> set[str]:
    """What stands in the fields of that name."""
    values = set()
    for one in html.fromstring(page).xpath(f"//*[@name='{name}']"):
        if one.tag == "select":
            values |= {str(chosen.get("value")) for chosen in one.xpath(".//option[@selected]")}
        elif one.tag == "textarea":
            values.add((one.text or "").strip())
        else:
            values.add(one.get("value", ""))
    return values


def told(answer: Any, bad: Bad, before: str) -> None:
    """The three promises, but for what was saved."""
    assert answer.status_code in (400, 401, 409, 422), answer.status_code
    words = beside(answer.text, bad.at)
    assert words, f"nothing is said beside {bad.at}"
    assert bad.said in words
    assert words != beside(before, bad.at), "the same as before it was sent"
    for name, value in bad.kept.items():
        assert value in value_of(answer.text, name), name


@pytest.fixture
def doubles_of(loaded: Callable[[str, str], ModuleType], office: Any, renewal: Any, clock: VirtualClock) -> Any:
    """The application with every open page, what it keeps, and a browser that has passed both steps."""
    superior = loaded("web_superior_double", "superior_office.py").SuperiorOffice(office)
    renewal.add_township(4)
    renewal.add_waiting()
    office.add_callout()
    office.work.clear()
    office.add_task("吕梁市人民政府副市长")
    confirmed = office.link_unit(
        name="白文镇", path="临县", confirmed_at=clock.now(), confirmed_means=Means.LINK, state=CalleeState.ACKNOWLEDGED
    )
    office.add_link(units=(confirmed,))
    board = loaded("web_test_board", "test_board.py")
    app = create_app(
        office,
        office,
        public_url="http://testserver",
        live_page=True,
        body_limit=100_000,
        clock=clock,
        renewal=Renewal(renewal, renewal),
        superiors=Superiors(superior, superior),
        register=board.Look(),
    )
    return app, superior


@pytest.fixture
def browser(doubles_of: Any) -> Iterator[TestClient]:
    """A browser."""
    with TestClient(doubles_of[0], follow_redirects=False, headers={"Origin": "http://testserver"}) as client:
        yield client


@pytest.mark.parametrize("bad", FORMS, ids=lambda bad: f"{bad.route}-{bad.at}-{len(str(bad.sent))}")
def test_bad_input_is_told_beside_its_field(
    browser: TestClient, doubles_of: Any, office: Any, renewal: Any, bad: Bad
) -> None:
    """Kept as it was written; and no desk was asked to do anything."""
    if bad.sent.get("do") != "step":
        browser.post(f"{R}/list", data={"do": "step", "four": "0042"})
        browser.post(F, data={"do": "step", "four": "0001"})
    superior, done = doubles_of[1], list(renewal.calls)
    before = browser.get(bad.path).text
    answer = browser.post(bad.path, data=dict(bad.sent), headers={"Accept": "text/html"})
    told(answer, bad, before)
    assert (superior.told_units, superior.reports, renewal.calls) == ([], [], done)
    assert len(office.work) == 1


@pytest.fixture
def login(loaded: Any) -> Any:
    """The module with the browser of the login."""
    return loaded("web_test_login", "test_login.py")


@pytest.fixture
def lodge(clock: VirtualClock, login: Any) -> Iterator[Any]:
    """An administrator and an officer."""
    lodge = login.load_lodge().make_lodge(clock)
    lodge.add("boss", GrantKind.ADMINISTRATOR)
    lodge.add("lin", GrantKind.OFFICER, "141124")
    yield lodge
    lodge.engine.dispose()


@pytest.fixture
def door(office: Any, clock: VirtualClock, lodge: Any, login: Any) -> Any:
    """The application behind its login."""
    return create_app(
        office, office, public_url=login.SITE, live_page=True, body_limit=10_000, clock=clock, login=lodge.desk
    )


@pytest.mark.parametrize("bad", BEHIND, ids=lambda bad: f"{bad.route}-{bad.at}-{len(str(bad.sent))}")
def test_bad_input_behind_the_login(door: Any, lodge: Any, login: Any, bad: Bad) -> None:
    """The same, and no account, grant or password has changed; what was secret is not sent back."""
    browser = login.Browser(door)
    asked = bad.path.removesuffix("/grant")
    if bad.path == "/login":
        before = browser.get("/login").text
        answer = browser.post("/login", csrf=login.load_lodge().csrf_in(before), **bad.sent)
    else:
        assert browser.log_in("boss").status_code == 303
        if bad.path == "/account/code":
            browser.post("/account/code", begin="1", old=login.load_lodge().PASSWORD)
        before = browser.get(asked).text
        answer = browser.post(bad.path, **bad.sent)
    told(answer, bad, before)
    accounts = lodge.people.accounts(lodge.clock.now())
    assert [(one.name, len(one.held), one.has_code) for one in accounts] == [("boss", 1, False), ("lin", 1, False)]
    for secret in ("password", "old", "new", "again"):
        if bad.sent.get(secret):
            assert bad.sent[secret] not in value_of(answer.text, secret)
    assert login.Browser(door).log_in("boss").status_code == 303


def test_no_form_is_left_out(doubles_of: Any, door: Any) -> None:
    """Whoever adds an address that takes a form adds what becomes of bad input, or says that nothing is typed there."""
    takes = {
        route.path
        for app in (doubles_of[0], door)
        for route in app.routes
        if isinstance(route, Route)
        and "POST" in (route.methods or ())
        and not route.path.startswith(("/api", "/hooks"))
    }
    assert takes == {one.route for one in (*FORMS, *BEHIND)} | set(NOTHING_TYPED)
