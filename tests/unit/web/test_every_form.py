"""Bad input on every form: what is wrong is said beside its field, what was written stays, and nothing is half-saved.

The list below is of every address that takes a form; the last test fails for one that stands in neither half of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from by_path import loaded as loaded_by_path
from lxml import html
from starlette.routing import Route
from starlette.testclient import TestClient

from warning_dispatch.clock import VirtualClock
from warning_dispatch.model.drills import DrillKind, DrillRequest
from warning_dispatch.model.rights import GrantKind
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.response_ports import KeyUnits, ResponseParts
from warning_dispatch.store.database import reading
from warning_dispatch.store.schema import metadata
from warning_dispatch.store.sql import Sql
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
    Bad("/r/{token}/measures", f"{R}/measures", {"done": "201:move", "r:201:move": LONG, "r:201:patrol": "已巡"}, "r:201:move", "最多 100 个字", {"done": "201:move", "r:201:move": LONG, "r:201:patrol": "已巡"}),
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

ACTS = {"do": "recall:{unit}:{state}", "reason": LONG}
NEW = {"role": "deputy", "name": "李某", "post": "副主任", "phone": "12 13800000000", "reason": "主任出差"}
BY_HAND = {
    "hazard": "hail",
    "colour": "orange",
    "area": "141124",
    "headline": "冰雹将至",
    "text": "大冰雹",
    "instruction": "进屋",
    "reason": "雷达回波",
    "do": "begin",
}
TO_DRILL = {
    "kind": "staff",
    "hazard": "hail",
    "colour": "orange",
    "area": "141124",
    "codes": "141121100",
    "tier": "villages",
    "people": "甲:乙",
    "valid": "60",
    "announce": "5",
    "title": "汛前",
    "text": "词",
}
TO_PLAY = {
    "hazard": "hail",
    "colour": "orange",
    "area": "141124",
    "chain": "city",
    "against": "",
    "lines": "7,8",
    "hour": "5",
    "habits": "default",
    "storms": "3",
}
ONE, WHOLE = "/console/callouts/{callout:int}", "/console/callouts/{callout}"
UNITS, THE_UNIT = ONE + "/units/{callee:int}", WHOLE + "/units/{unit}"
RECORD, THE_RECORD = "/console/records/{callout:int}", "/console/records/{over}"


def but(sent: Mapping[str, str], **changed: str) -> dict[str, str]:
    """The same with other words in some fields."""
    return {**sent, **changed}


def kept_of(sent: Mapping[str, str], *others: str) -> dict[str, str]:
    """All that was sent, but for the button and `others`."""
    return {name: value for name, value in sent.items() if name not in ("do", *others)}


def all_kept(route: str, path: str, sent: Mapping[str, str], at: str, said: str) -> Bad:
    """A form of which every field must still stand as it was written."""
    return Bad(route, path, sent, at, said, kept_of(sent))


CONSOLE = (
    Bad(f"{ONE}/act", f"{WHOLE}/act", {"do": "pause", "seen": "1", "reason": " "}, "reason", "请写明理由"),
    Bad(f"{ONE}/act", f"{WHOLE}/act", {"do": "pause", "seen": "1", "reason": LONG}, "reason", "最多 200 个字", {"reason": LONG}),
    Bad(f"{ONE}/act", f"{WHOLE}/act", {"do": "close", "seen": "1", "sure": "yes", "reason": LONG}, "reason", "最多 200 个字", {"reason": LONG, "do": "close", "seen": "1", "sure": "yes"}),
    Bad(f"{ONE}/units", f"{WHOLE}/units", but(ACTS, reason="", back="?show=all&area=141124"), "reason", "请写明理由", {"back": "?show=all&area=141124"}),
    Bad(f"{ONE}/units", f"{WHOLE}/units", but(ACTS, back="?show=all"), "reason", "最多 200 个字", {"reason": LONG}),
    Bad(f"{UNITS}/act", f"{THE_UNIT}/act", but(ACTS, do="told:{unit}:{state}", reason=" "), "reason", "请写明理由"),
    Bad(f"{UNITS}/act", f"{THE_UNIT}/act", ACTS, "reason", "最多 200 个字", {"reason": LONG}),
    Bad(f"{UNITS}/act", f"{THE_UNIT}/act", but(ACTS, do="waive:{unit}:{state}", sure="yes", reason=""), "reason", "请写明理由", {"sure": "yes"}),
    all_kept(f"{UNITS}/receiver", f"{THE_UNIT}/receiver", NEW, "phone", "号码无效"),
    all_kept(f"{UNITS}/receiver", f"{THE_UNIT}/receiver", but(NEW, phone=""), "phone", "没有任何联系方式"),
    all_kept(f"{UNITS}/receiver", f"{THE_UNIT}/receiver", but(NEW, name="长" * 99), "name", "姓名超过"),
    all_kept(f"{UNITS}/receiver", f"{THE_UNIT}/receiver", but(NEW, reason=""), "reason", "请写明理由"),
    all_kept(f"{UNITS}/receiver", f"{THE_UNIT}/receiver", but(NEW, post=LONG), "post", "最多 100 个字"),
    all_kept(f"{UNITS}/measures", f"{THE_UNIT}/measures", {"action": "rain_rescue_ready", "remark": " "}, "remark", "请填写"),
    all_kept(f"{UNITS}/measures", f"{THE_UNIT}/measures", {"action": "rain_rescue_ready", "remark": LONG}, "remark", "最多 100 个字"),
    Bad(f"{UNITS}/measures", f"{THE_UNIT}/measures", {"action": "nothing", "remark": "电话"}, "action", "请选一条措施", {"remark": "电话"}),
    Bad(f"{ONE}/response/stage", f"{WHOLE}/response/stage", {"do": "stage-linkage", "seen": "1", "reason": LONG}, "reason", "最多 200 个字", {"reason": LONG}),
    Bad("/console/warnings/{raw:int}/release", "/console/warnings/{raw}/release", {"alert": "{alert}", "reason": ""}, "reason", "请写明理由", {"alert": "{alert}"}),
    Bad("/console/warnings/{raw:int}/release", "/console/warnings/{raw}/release", {"alert": "{alert}", "reason": LONG}, "reason", "最多 200 个字", {"reason": LONG}),
    all_kept("/console/start", "/console/start", but(BY_HAND, reason=""), "reason", "请写明理由"),
    Bad("/console/start", "/console/start", but(BY_HAND, hazard="locusts"), "hazard", "没有选择", kept_of(BY_HAND, "hazard")),
    Bad("/console/start", "/console/start", but(BY_HAND, colour="mauve"), "colour", "没有选择", kept_of(BY_HAND, "colour")),
    Bad("/console/start", "/console/start", but(BY_HAND, area=""), "area", "没有选择", kept_of(BY_HAND, "area")),
    Bad("/console/start", "/console/start", but(BY_HAND, area="999999"), "area", "", kept_of(BY_HAND, "area")),
    all_kept("/console/start", "/console/start", but(BY_HAND, headline=LONG), "headline", "最多 200 个字"),
    all_kept("/console/start", "/console/start", but(BY_HAND, headline="暴雨红色预警"), "headline", "标题会被读成"),
    all_kept("/console/start", "/console/start", but(BY_HAND, text="长" * 2001), "text", "最多 2000 个字"),
    all_kept("/console/start", "/console/start", but(BY_HAND, instruction="进\x07屋"), "instruction", "控制字符"),
    Bad("/console/drills/new", "/console/drills/new", but(TO_DRILL, kind="nobody"), "kind", "没有选择", kept_of(TO_DRILL, "kind")),
    all_kept("/console/drills/new", "/console/drills/new", but(TO_DRILL, valid="一"), "valid", "应为数字"),
    all_kept("/console/drills/new", "/console/drills/new", but(TO_DRILL, announce="x"), "announce", "应为数字"),
    all_kept("/console/drills/new", "/console/drills/new", but(TO_DRILL, at="tomorrow"), "at", "应为 2026"),
    all_kept("/console/drills/new", "/console/drills/new", but(TO_DRILL, title="长" * 61), "title", "最多 60 个字"),
    all_kept("/console/drills/new", "/console/drills/new", but(TO_DRILL, text="长" * 2001), "text", "最多 2000 个字"),
    all_kept("/console/drills/new", "/console/drills/new", TO_DRILL, "people", ""),
    all_kept("/console/drills/new", "/console/drills/new", but(TO_DRILL, codes="999999"), "area", "区划"),
    all_kept("/console/drills/days", "/console/drills/days", {"day": "2026-02-30", "title": "防汛日", "kind": "paper", "yearly": "yes", "note": "每年"}, "day", "看不懂"),
    all_kept("/console/drills/days", "/console/drills/days", {"day": "2026-05-12", "title": " ", "kind": "paper", "note": "每年"}, "title", "请填写"),
    all_kept("/console/drills/days", "/console/drills/days", {"day": "2026-05-12", "title": "防汛日", "kind": "paper", "note": LONG}, "note", "最多 200 个字"),
    Bad("/console/drills/{drill:int}/stop", "/console/drills/{drill}/stop", {"reason": ""}, "reason", "请写明理由"),
    Bad("/console/drills/{drill:int}/stop", "/console/drills/{drill}/stop", {"reason": LONG}, "reason", "最多 200 个字", {"reason": LONG}),
    Bad(f"{RECORD}/clear", f"{THE_RECORD}/clear", {"as": "form", "reason": " "}, "reason", "请写明理由"),
    Bad(f"{RECORD}/clear", f"{THE_RECORD}/clear", {"as": "form", "reason": LONG}, "reason", "最多 200 个字", {"reason": LONG}),
    all_kept(f"{RECORD}/verdict", f"{THE_RECORD}/verdict", {"verdict": "false", "reason": ""}, "reason", "请写明理由"),
    Bad(f"{RECORD}/verdict", f"{THE_RECORD}/verdict", {"verdict": "perhaps", "reason": "实况"}, "verdict", "请选一个", {"reason": "实况"}),
    all_kept("/console/records/season/workbook", "/console/records/season/workbook", {"year": "2026", "span": "own", "from": "2026-13-01", "to": "2026-07-01", "hazard": "rainstorm", "kind": "drills"}, "from", "日期应写成"),
    all_kept("/console/records/season/workbook", "/console/records/season/workbook", {"year": "1", "span": "year", "from": "", "to": ""}, "year", "年份不对"),
    all_kept("/console/planning", "/console/planning", but(TO_PLAY, lines="七"), "lines", "不是数字"),
    all_kept("/console/planning", "/console/planning", but(TO_PLAY, lines="99999"), "lines", "打不出电话"),
    all_kept("/console/planning", "/console/planning", but(TO_PLAY, storms="999"), "storms", "最多"),
    Bad("/console/planning", "/console/planning", but(TO_PLAY, chain="none"), "chain", "没有这个方案", kept_of(TO_PLAY, "chain")),
    Bad("/console/planning", "/console/planning", but(TO_PLAY, colour=""), "colour", "没有选择", kept_of(TO_PLAY, "colour")),
    Bad("/console/planning", "/console/planning", but(TO_PLAY, area="999999"), "area", "区划", kept_of(TO_PLAY, "area")),
)  # fmt: skip
"""Forms of the officers' pages, over the whole product."""

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
NOTHING_TYPED |= {
    f"{ONE}/seen": "one button",
    "/console/alarms/claim": "one button",
    f"{ONE}/response/report": "three buttons",
    "/console/drills/days/{day:int}/drop": "one button",
    "/console/drills/{drill:int}/release": "one button",
    f"{RECORD}/workbook": "one button",
    f"{RECORD}/journal": "one button",
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
    """What stands in the fields of that name: written, chosen, ticked."""
    values = set()
    for one in html.fromstring(page).xpath(f"//*[@name='{name}']"):
        if one.tag == "select":
            chosen = one.xpath(".//option[@selected]") or one.xpath(".//option")[:1]  # as a browser does
            values |= {str(option.get("value", option.text)) for option in chosen}
        elif one.tag == "textarea":
            values.add((one.text or "").strip())
        elif one.get("type") in ("checkbox", "radio"):
            values |= {one.get("value", "on")} if one.get("checked") is not None else set()
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
    asked = loaded("web_response_double", "response_office.py")
    response = asked.ResponseOffice(office)
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
        response=ResponseParts(response, response, KeyUnits(asked.KeyUnitOffice(clock.now()), {})),
    )
    return app, superior, response


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
    assert doubles_of[2].ticked == []
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


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Everything wired: a storm that is over, one under way, a warning set aside, a drill that waits."""
    made = loaded_by_path("tests_console_site", Path(__file__).parents[2] / "console_site.py").Bureau(
        tmp_path_factory.mktemp("forms")
    )
    made.over = made.one_that_is_over()
    made.callout = made.warn()
    made.play(60)
    made.aside = made.quarantined()
    asked = DrillRequest(DrillKind.EVERYONE, hazard="暴雨", colour="red", areas=("141124",), valid=3_600_000)
    made.composed = int(made.once(lambda ledger: made.engine.drills.compose(ledger, asked, "王值班")))
    yield made
    made.close()


@pytest.fixture(scope="module")
def officer(bureau: Any) -> Iterator[TestClient]:
    """An officer's browser."""
    with TestClient(bureau.app(), follow_redirects=False, headers={"Accept": "text/html"}) as client:
        yield client


def kept_rows(bureau: Any) -> list[int]:
    """How many rows every table has: nothing of a refused form may be among them."""
    with reading(bureau.product.database) as connection:
        sql = Sql(connection)
        return [int(sql.value(f"SELECT count(*) FROM {table}")) for table in metadata.tables]


@pytest.mark.parametrize("bad", CONSOLE, ids=lambda bad: f"{bad.path}-{bad.at}-{bad.said}")
def test_bad_input_at_the_console(bureau: Any, officer: TestClient, bad: Bad) -> None:
    """The same page again, in both languages, with the message by its field; no row is written."""
    rows = bureau.read.callees(bureau.callout, limit=5_000)
    unit = next(one for one in rows if one.unit_code == "1411-emergency")
    places = {
        "callout": bureau.callout,
        "over": bureau.over,
        "unit": unit.callee_id,
        "state": unit.state.value,
        "raw": bureau.aside,
        "alert": bureau.read.arrived_story(bureau.aside).events[0].alert_id,
        "drill": bureau.composed,
    }
    bad = replace(
        bad,
        path=bad.path.format(**places),
        sent={name: value.format(**places) for name, value in bad.sent.items()},
        kept={name: value.format(**places) for name, value in bad.kept.items()},
    )
    page = bad.path.removesuffix("/workbook")
    if officer.get(page).status_code in (404, 405):
        page = page.rpartition("/")[0]
    before, stored = officer.get(page), kept_rows(bureau)
    assert before.status_code == 200
    answer = officer.post(bad.path, data=dict(bad.sent))
    assert answer.status_code == 422
    told(answer, bad, before.text)
    assert kept_rows(bureau) == stored
    english = officer.post(f"{bad.path}?lang=en", data=dict(bad.sent)).text
    assert beside(english, bad.at)
    assert alerts(english)
    for words in alerts(english):
        assert re.search("[a-z]{3}", words)
        assert not bad.said or bad.said not in words


def alerts(page: str) -> list[str]:
    """What a screen reader says at once."""
    return [str(one.text_content()) for one in html.fromstring(page).xpath("//main//*[@role='alert']")]


def test_a_season_that_cannot_be(officer: TestClient) -> None:
    """The form that is sent by its address says it beside its field too."""
    address = "/console/records/season?span=own&year=2026&from=2026-08-01&to=2026-07-01"
    page = officer.get(address)
    assert page.status_code == 422
    assert "起日在止日之后" in beside(page.text, "from")
    assert (value_of(page.text, "from"), value_of(page.text, "to")) == ({"2026-08-01"}, {"2026-07-01"})


def test_what_the_page_has_no_place_for_is_a_page_of_its_own(bureau: Any, officer: TestClient) -> None:
    """A unit that has nothing to tick has no form for it: the refusal is still told."""
    rows = bureau.read.callees(bureau.callout, limit=5_000)
    unit = next(one for one in rows if one.tier == "townships")
    answer = officer.post(
        f"/console/callouts/{bureau.callout}/units/{unit.callee_id}/measures", data={"action": "x", "remark": "y"}
    )
    assert answer.status_code == 422
    assert "请选一条措施" in answer.text
    assert f"callouts/{bureau.callout}/units/{unit.callee_id}" in answer.text


def test_no_form_is_left_out(doubles_of: Any, door: Any, bureau: Any) -> None:
    """Whoever adds an address that takes a form adds what becomes of bad input, or says that nothing is typed there."""
    takes = {
        route.path
        for app in (doubles_of[0], door, bureau.app())
        for route in app.routes
        if isinstance(route, Route)
        and "POST" in (route.methods or ())
        and not route.path.startswith(("/api", "/hooks"))
    }
    assert takes == {one.route for one in (*FORMS, *BEHIND, *CONSOLE)} | set(NOTHING_TYPED)
