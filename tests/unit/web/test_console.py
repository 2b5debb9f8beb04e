"""The officers' console over the whole product: what it shows, what its buttons do, and that nothing happens twice."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from by_path import loaded
from starlette.requests import Request
from starlette.testclient import TestClient

from warning_dispatch.engine.endings import lift
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.console_views import CalleeQuery
from warning_dispatch.model.feedback import Feedback
from warning_dispatch.model.states import UNREACHED, CalleeState, CallOutState
from warning_dispatch.store.database import reading
from warning_dispatch.store.snapshot import fold_faults
from warning_dispatch.web.application import create_app
from warning_dispatch.web.console.atlas import Atlas
from warning_dispatch.web.console.callout import CallOutPage
from warning_dispatch.web.console.console import Console, ConsoleParts
from warning_dispatch.web.console.door import Asked, Officer
from warning_dispatch.web.console.screens import SLOT, Screens
from warning_dispatch.web.console.visits import Visit
from warning_dispatch.web.failures import ApiRefusalError
from warning_dispatch.web.pages import Pages

TESTS = Path(__file__).parents[2]
HTML = {"Accept": "text/html"}
FORM_WORDS = {"reason": "电话核实"}


def console_site() -> Any:
    """The module beside the test folders, by its path: tests are no package."""
    return loaded("tests_console_site", TESTS / "console_site.py")


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Three minutes into a red storm, with a warning set aside; each test takes units of its own."""
    bureau = console_site().Bureau(tmp_path_factory.mktemp("bureau"))
    bureau.callout = bureau.warn()
    bureau.play(180)
    bureau.aside = bureau.quarantined()
    yield bureau
    bureau.close()


@pytest.fixture
def desk(bureau: Any) -> Iterator[TestClient]:
    """An officer's browser."""
    with TestClient(bureau.app(), follow_redirects=False, headers=HTML) as client:
        yield client


def silent(bureau: Any, state: CalleeState = CalleeState.CALLING) -> Any:
    """A village in a state, that no test has touched yet."""
    found = bureau.read.page(bureau.callout, CalleeQuery(states=(state,), tier="villages", limit=1)).rows
    return found[0]


def button(do: str, row: Any) -> dict[str, str]:
    """What a button of the list sends."""
    return {"do": f"{do}:{row.callee_id}:{row.state.value}", **FORM_WORDS}


def state_of(bureau: Any, row: Any) -> CalleeState:
    """How a unit stands now."""
    state: CalleeState = bureau.read.story(bureau.callout, row.callee_id).row.state
    return state


# --- looking ----------------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """Notes what a screen reader lives by."""

    def __init__(self) -> None:
        """Nothing was read."""
        super().__init__()
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[dict[str, str]] = []
        self.headings: list[str] = []
        self.faults: list[str] = []
        self._inside = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """One element."""
        named = {name: value or "" for name, value in attributes}
        if "id" in named:
            self.ids.append(named["id"])
        if tag == "label":
            self.labelled.add(named.get("for", ""))
            self._inside += 1
        if tag in ("input", "select", "textarea") and named.get("type") != "hidden" and not self._inside:
            self.fields.append(named)
        if tag in ("h1", "h2"):
            self.headings.append(tag)
        if named.get("role") in ("img", "group", "region") and not named.get("aria-label"):
            self.faults.append(f"{tag} without a name")
        if tag == "th" and named.get("scope") not in ("col", "row"):
            self.faults.append("th without scope")
        if "style" in named or any(name.startswith("on") for name in named):
            self.faults.append(f"{tag}: inline style or script")

    def handle_endtag(self, tag: str) -> None:
        """The end of one."""
        self._inside -= tag == "label"


def pages_of(bureau: Any) -> list[str]:
    """One address of each kind."""
    row = bureau.read.page(bureau.callout, CalleeQuery(tier="counties", limit=1)).rows[0]
    callout = f"/console/callouts/{bureau.callout}"
    return [
        "/console/",
        "/console/callouts",
        callout,
        f"{callout}?area=141124&show=all&sort=state&way=down&page=2",
        f"{callout}?area=141124104&show=calling",
        f"{callout}/units/{row.callee_id}",
        "/console/warnings",
        "/console/warnings?show=aside",
        f"/console/warnings/{bureau.aside}",
        "/console/start",
    ]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_is_whole_and_can_be_heard(bureau: Any, desk: TestClient, language: str) -> None:
    """In both languages: a heading, a name for every field and picture, each id once, nothing that the policy blocks."""
    for address in pages_of(bureau):
        page = desk.get(address, params={"lang": language} if "?" not in address else None)
        assert page.status_code == 200, address
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        reader = Reader()
        reader.feed(page.text)
        assert reader.faults == [], address
        assert reader.headings.count("h1") == 1, address
        assert len(reader.ids) == len(set(reader.ids)), address
        for field in reader.fields:
            assert field.get("id") in reader.labelled or field.get("aria-label"), (address, field)
        assert not re.search(r"(?:href|src|action)=\"(?:https?:)?//", page.text)


def test_the_language_stays_as_it_was_asked_for(desk: TestClient) -> None:
    """One click, and every later page is in that language."""
    assert desk.get("/console/?lang=en").headers["content-language"] == "en"
    assert desk.get("/console/warnings").headers["content-language"] == "en"
    assert desk.get("/console/?lang=zh").headers["content-language"] == "zh-CN"


def test_the_list_is_filtered_sorted_and_paged_by_the_server(bureau: Any, desk: TestClient) -> None:
    """The same rows as the read model has, whatever is asked; what makes no sense does no harm."""
    address = f"/console/callouts/{bureau.callout}"
    rows = bureau.read.page(bureau.callout, CalleeQuery(area="141124", tier="villages", limit=50, offset=50)).rows
    page = desk.get(f"{address}?area=141124&tier=villages&show=all&page=2").text
    assert [f'id="u{row.callee_id}"' in page for row in rows] == [True] * len(rows)
    for wrong in ("sort='; DROP TABLE callee", "page=0&area=x%27", "q=%25", "tier=none", "show=nonsense&page=99999"):
        assert desk.get(f"{address}?{wrong}").status_code == 200
    assert desk.get("/console/callouts/999").status_code == 404
    assert desk.get(f"{address}/units/1").status_code in (200, 404)


def test_the_map_counts_every_county_once(bureau: Any) -> None:
    """Shares by county add up to everybody below the city, and those of a county to the county's own."""
    view = bureau.read.callout(bureau.callout)
    below = [tier for tier in view.tiers if tier.name not in ("leaders", "departments", "outlets")]
    counties = bureau.read.shares(bureau.callout)
    assert sum(row.callees for row in counties) == sum(tier.callees for tier in below)
    linxian = next(row for row in counties if row.code == "141124")
    townships = bureau.read.shares(bureau.callout, "141124")
    assert townships[0].own
    assert sum(row.callees for row in townships) == linxian.callees
    assert sum(row.answered for row in townships) == linxian.answered


# --- acting -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("do", "after"), [("answered", CalleeState.ACKNOWLEDGED), ("told", CalleeState.ACKNOWLEDGED)])
def test_one_press_records_an_answer(bureau: Any, desk: TestClient, do: str, after: CalleeState) -> None:
    """With the officer's name and reason, told apart as own answer or 代报; then back to the list at that unit."""
    row = silent(bureau)
    answer = desk.post(f"/console/callouts/{bureau.callout}/units", data={**button(do, row), "back": "?show=open"})
    assert answer.status_code == 303
    assert answer.headers["location"].endswith(
        f"console/callouts/{bureau.callout}?show=open&done=unit_{do}#u{row.callee_id}"
    )
    story = bureau.read.story(bureau.callout, row.callee_id)
    assert story.row.state is after
    assert (story.answers[-1].actor, story.answers[-1].reason) == ("王值班", "电话核实")
    assert story.answers[-1].means.value == {"answered": "operator", "told": "superior"}[do]


def test_two_officers_cannot_do_it_twice(bureau: Any) -> None:
    """The second one, who still saw the old state, is told so on a page; there is one answer, one act."""
    first, second = (TestClient(bureau.app(name), follow_redirects=False, headers=HTML) for name in ("甲", "乙"))
    row = silent(bureau)
    address = f"/console/callouts/{bureau.callout}/units/{row.callee_id}/act"
    assert first.post(address, data=button("answered", row)).status_code == 303
    late = second.post(address, data=button("answered", row))
    assert late.status_code == 409
    assert "有人先了一步" in late.text
    assert second.post(address, data=button("recall", row)).status_code == 409
    story = bureau.read.story(bureau.callout, row.callee_id)
    assert [one.actor for one in story.answers] == ["甲"]
    assert [one for one in story.acts if one.unit_code] == []


def test_calling_again_is_noted_in_the_units_story(bureau: Any, desk: TestClient) -> None:
    """Who, why, when."""
    row = silent(bureau)
    desk.post(f"/console/callouts/{bureau.callout}/units", data=button("recall", row))
    acts = bureau.read.story(bureau.callout, row.callee_id).acts
    assert [(one.act, one.actor, one.reason) for one in acts if one.unit_code] == [("recall", "王值班", "电话核实")]
    page = desk.get(f"/console/callouts/{bureau.callout}/units/{row.callee_id}").text
    assert "再次呼叫" in page
    assert "王值班 · 电话核实" in page


def test_feedback_stands_in_the_units_story(bureau: Any, desk: TestClient) -> None:
    """What the village reported, in both languages; its brackets are no markup."""
    row = silent(bureau)
    said = Feedback(on_post=True, moved=37, measures="<b>转移", dangers="桥头进水", told="见到本人")
    with bureau.desk.lock:
        bureau.engine.once(
            bureau.clock.now(), lambda ledger: ledger.tx.feedback.add([row.callee_id], 1, ledger.now, said)
        )
    address = f"/console/callouts/{bureau.callout}/units/{row.callee_id}"
    page = desk.get(address).text
    for text in ("已到岗", "转移人数 37", "桥头进水", "见到本人"):
        assert text in page
    assert "<b>转移" not in page
    assert "People moved 37" in desk.get(f"{address}?lang=en").text


def test_what_somebody_wrote_is_one_step_from_the_alarm(bureau: Any, desk: TestClient) -> None:
    """The list of alarms names the unit and leads to its story, and there the words stand; brackets are no markup."""
    row = silent(bureau)

    def wrote(ledger: Any) -> None:
        ledger.tx.feedback.add([row.callee_id], 1, ledger.now, Feedback(replied="桥断了<b>快来人"))
        unit = ledger.tx.callees.load([row.callee_id])[row.callee_id].unit_id
        ledger.alarm("help_asked", "", bureau.callout, unit, about="1")

    with bureau.desk.lock:
        bureau.engine.once(bureau.clock.now(), wrote)
    address = f"/console/callouts/{bureau.callout}/units/{row.callee_id}"
    now = desk.get("/console/").text
    assert f'<a href="..{address}">{row.unit_name}</a> 回复里有险情' in now
    assert "桥断" not in now
    page = desk.get(address).text
    assert "<b>回复原文</b> 桥断了&lt;b&gt;快来人" in page
    assert "Wrote back" in desk.get(f"{address}?lang=en").text


def test_what_cannot_be_taken_back_is_asked_twice(bureau: Any, desk: TestClient) -> None:
    """A slip of the thumb waives nobody."""
    row = silent(bureau)
    address = f"/console/callouts/{bureau.callout}/units"
    asked = desk.post(address, data=button("waive", row))
    assert asked.status_code == 200
    assert 'name="sure"' in asked.text
    assert state_of(bureau, row) is row.state
    assert desk.post(address, data={**button("waive", row), "sure": "yes"}).status_code == 303
    assert state_of(bureau, row) is CalleeState.WAIVED


def test_numbers_are_in_clear_only_for_who_asked_and_the_journal_knows(bureau: Any, desk: TestClient) -> None:
    """Masked everywhere; shown once, after a note by ids; the note holds no number."""
    row = silent(bureau)
    clear = bureau.read.in_clear(bureau.callout, row.callee_id)
    number = clear[0].addresses[0][1]
    page = f"/console/callouts/{bureau.callout}/units/{row.callee_id}"
    assert number not in desk.get(page).text
    shown = desk.post(f"{page}/act", data=button("reveal", row))
    assert number in shown.text
    assert "data-stream" not in shown.text, "nothing comes later that would cover it"
    assert number not in desk.get(page).text
    with bureau.product.database.connect() as connection:
        bodies = (
            connection.exec_driver_sql("SELECT body FROM journal_block WHERE body LIKE '%revealed%'").scalars().all()
        )
    noted = [entry for body in bodies for entry in json.loads(body) if entry["k"] == "revealed"]
    assert noted[-1]["id"] == row.callee_id
    assert noted[-1]["actor"] == "王值班"
    assert number not in "".join(bodies)


def test_a_new_red_warning_rings_until_an_officer_has_seen_it(bureau: Any, desk: TestClient) -> None:
    """The first to take note ends it at every desk; a later one changes nothing."""
    assert "data-rings" in desk.get("/console/").text
    assert "【新】" in desk.get("/console/").text
    address = f"/console/callouts/{bureau.callout}/seen"
    assert desk.post(address, data={"x": "1"}).status_code == 303
    other = TestClient(bureau.app("乙"), follow_redirects=False, headers=HTML)
    other.post(address, data={"x": "1"})
    assert bureau.read.seen_by([bureau.callout])[bureau.callout][1] == "王值班"
    assert "data-rings" not in other.get("/console/").text


def test_pausing_what_somebody_else_has_paused_is_told(bureau: Any, desk: TestClient) -> None:
    """Each act on the whole names the state it was seen in."""
    address = f"/console/callouts/{bureau.callout}/act"
    running = {"seen": str(CallOutState.RUNNING.value), **FORM_WORDS}
    assert desk.post(address, data={"do": "pause", **running}).status_code == 303
    assert desk.post(address, data={"do": "pause", **running}).status_code == 409
    paused = {"seen": str(CallOutState.PAUSED.value), **FORM_WORDS}
    assert desk.post(address, data={"do": "resume", **paused}).status_code == 303
    assert bureau.read.callout(bureau.callout).state is CallOutState.RUNNING
    for wrong in ({"do": "explode", **running}, {"do": "pause", "seen": "x"}):
        assert desk.post(address, data=wrong).status_code == 409
    assert desk.post(address, data={"do": "pause", "seen": "1", "reason": " "}).status_code == 422


def test_an_alarm_is_claimed_once(bureau: Any, desk: TestClient) -> None:
    """The second officer is told that somebody has it."""
    alarm = next(one for one in bureau.read.alarms(open_only=True).rows)
    assert desk.post("/console/alarms/claim", data={"alarm": str(alarm.id)}).status_code == 303
    assert desk.post("/console/alarms/claim", data={"alarm": str(alarm.id)}).status_code == 409
    assert desk.post("/console/alarms/claim", data={"alarm": "x"}).status_code == 409


@pytest.mark.parametrize("digits", [16, 20, 5_000])
def test_a_number_longer_than_any_of_ours_is_refused(bureau: Any, desk: TestClient, digits: int) -> None:
    """More than a database or Python would take, from whoever plays with forms: refused like a name that is none."""
    long = "9" * digits
    release = f"/console/warnings/{bureau.aside}/release"
    assert desk.post("/console/alarms/claim", data={"alarm": long}).status_code == 409
    assert desk.post(release, data={"alert": long, **FORM_WORDS}).status_code == 409


def test_a_receiver_is_added_on_the_spot(bureau: Any, desk: TestClient) -> None:
    """Called at once; what is wrong is listed with its remedy, and nothing is changed."""
    row = silent(bureau)
    page = f"/console/callouts/{bureau.callout}/units/{row.callee_id}"
    before = len(bureau.read.story(bureau.callout, row.callee_id).people)
    bad = desk.post(f"{page}/receiver", data={"role": "primary", "name": "", "phone": "12", **FORM_WORDS})
    assert bad.status_code == 422
    sample = bureau.read.in_clear(bureau.callout, row.callee_id)[0].addresses[0][1]
    good = {"role": "deputy", "name": "李四", "phone": sample, **FORM_WORDS}
    assert desk.post(f"{page}/receiver", data=good).status_code == 303
    assert len(bureau.read.story(bureau.callout, row.callee_id).people) == before + 1


# --- warnings ---------------------------------------------------------------------------------------------

HAND = {"hazard": "rainstorm", "colour": "red", "area": "141127", "reason": "实况已达标", "text": "岚县大雨"}


def counts(bureau: Any) -> Mapping[str, int]:
    """How much there is of what a preview might leave behind."""
    tables = ("raw_message", "alert", "callout", "callee", "attempt", "journal_block", "alarm", "alert_chain")
    with bureau.product.database.connect() as connection:
        return {name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() for name in tables}


def test_a_preview_tells_whom_it_would_call_and_leaves_no_trace(bureau: Any, desk: TestClient) -> None:
    """Units by tier and about how long; not a row more anywhere."""
    before = counts(bureau)
    form = {
        **HAND,
        "hazard": "snowstorm" if "snowstorm" in bureau.product.configuration.hazards.hazards else "rainstorm",
    }
    page = desk.post("/console/start", data={**form, "do": "preview", "once": "a"})
    assert page.status_code == 200
    assert counts(bureau) == before
    assert 'value="begin"' in page.text or "不会叫应" in page.text


def test_beginning_by_hand_happens_once_however_often_it_is_pressed(bureau: Any, desk: TestClient) -> None:
    """A hazard that is not running yet: one message, one call-out, and the browser goes there."""
    hazard = next(key for key in bureau.product.configuration.hazards.hazards if key != "rainstorm")
    form = {**HAND, "hazard": hazard, "do": "begin", "once": "same"}
    bureau.clock.advance_to(bureau.clock.now() + 2_000)  # the number of a message is its second
    before = counts(bureau)["raw_message"]
    first, again = (desk.post("/console/start", data=form) for _ in range(2))
    assert counts(bureau)["raw_message"] == before + 1
    assert first.status_code == again.status_code == 303
    assert first.headers["location"] == again.headers["location"]


def test_another_warning_from_the_same_page_is_another_one(bureau: Any, desk: TestClient) -> None:
    """Back to the preview, another county, begun: it is taken in, and the browser goes to its own call-out."""
    hazard = [key for key in bureau.product.configuration.hazards.hazards if key != "rainstorm"][1]
    form = {**HAND, "hazard": hazard, "once": "kept by every preview"}
    other = {**form, "area": "141124"}
    for one in (form, other):
        bureau.clock.advance_to(bureau.clock.now() + 2_000)
        assert 'value="kept by every preview"' in desk.post("/console/start", data={**one, "do": "preview"}).text
    before = counts(bureau)
    places = []
    for one in (form, other, other):
        bureau.clock.advance_to(bureau.clock.now() + 2_000)
        places.append(desk.post("/console/start", data={**one, "do": "begin"}).headers["location"])
    after = counts(bureau)
    assert [after[name] - before[name] for name in ("raw_message", "callout")] == [2, 2]
    assert places[0] != places[1] == places[2]


def test_what_called_nobody_can_be_begun_once_more(bureau: Any, desk: TestClient) -> None:
    """Two of one second have one number, and the second is set aside: its page can begin the same words anew."""
    hazard = [key for key in bureau.product.configuration.hazards.hazards if key != "rainstorm"][2]
    form = {**HAND, "hazard": hazard, "do": "begin", "once": "first"}
    bureau.clock.advance_to(bureau.clock.now() + 2_000)
    assert desk.post("/console/start", data=form).status_code == 303
    other = {**form, "area": "141124"}
    aside = desk.post("/console/start", data=other)
    assert "不会叫应" in aside.text
    [once] = re.findall(r'name="once" value="([^"]+)"', aside.text)
    bureau.clock.advance_to(bureau.clock.now() + 2_000)
    assert desk.post("/console/start", data={**other, "once": once}).status_code == 303


def test_what_is_missing_by_hand_is_told_all_at_once(desk: TestClient) -> None:
    """Nothing is composed; what was typed is still there."""
    page = desk.post("/console/start", data={"hazard": "rainstorm", "text": "大雨", "do": "preview"})
    assert page.status_code == 422
    for name, words in (("colour", "没有选择"), ("area", "没有选择"), ("why", "请写明理由")):
        assert f'id="{name}-said" role="alert">{words}</b>' in page.text
    assert ">大雨</textarea>" in page.text


def test_a_message_is_shown_with_its_bytes_and_fetched_as_a_file(bureau: Any, desk: TestClient) -> None:
    """As it came, to the byte, and never as a page of ours."""
    story = bureau.read.arrived_story(bureau.aside)
    fetched = desk.get(f"/console/warnings/{bureau.aside}/raw")
    assert fetched.content == story.raw
    assert fetched.headers["content-disposition"].startswith("attachment")
    page = desk.get(f"/console/warnings/{bureau.aside}").text
    assert "隔离" in page
    assert "&lt;alert&gt;" in page


def test_what_was_set_aside_is_released_once(bureau: Any, desk: TestClient) -> None:
    """With a reason; a second time it is refused."""
    alert = bureau.read.arrived_story(bureau.aside).events[0].alert_id
    address = f"/console/warnings/{bureau.aside}/release"
    assert desk.post(address, data={"alert": str(alert), "reason": ""}).status_code == 422
    assert desk.post(address, data={"alert": str(alert), "reason": "已电话核实"}).status_code == 303
    assert desk.post(address, data={"alert": str(alert), "reason": "已电话核实"}).status_code == 409


# --- the door ---------------------------------------------------------------------------------------------


class Shut:
    """An entrance for nobody."""

    def __init__(self) -> None:
        """Nobody came yet."""
        self.asked: list[Asked] = []

    async def enter(self, _request: Request, asked: Asked) -> Officer:
        """Nobody comes in."""
        self.asked.append(asked)
        raise ApiRefusalError(403, "forbidden", {"scope": asked.value})

    async def form(self, _request: Request, _officer: Officer) -> Mapping[str, str]:
        """Nobody gets so far."""
        raise AssertionError


def test_nothing_of_the_console_stands_beside_the_door(bureau: Any) -> None:
    """Every route asks the entrance first, and a form asks for the right to act."""
    shut = Shut()
    parts = ConsoleParts(bureau.read, bureau.desk, shut)
    app = create_app(
        bureau.read,
        bureau.desk,
        public_url="http://x",
        live_page=False,
        body_limit=10,
        clock=bureau.clock,
        console=parts,
    )
    routes = Console(parts, Pages(), bureau.clock, secure=False).routes()
    with TestClient(app) as client:
        for route in routes:
            path = re.sub(r"\{[^}]*\}", "1", getattr(route, "path", ""))
            methods = getattr(route, "methods", set())
            method = "POST" if "POST" in methods else "GET"
            assert client.request(method, path, headers=HTML).status_code == 403, path
            if method == "POST":
                assert shut.asked[-1] is Asked.ACT
    assert len(shut.asked) == len(routes)


class Numbered(console_site().OpenEntrance):  # type: ignore[misc] # loaded by its path
    """An entrance whose officers have a token for their forms, as a login gives them."""

    def __init__(self, name: str, token: str) -> None:
        """One officer."""
        super().__init__(name)
        self._officer = Officer(name, name, may_act=True, form_token=token)


def test_officers_share_a_look_but_never_a_token(bureau: Any) -> None:
    """Each page and each event has its own officer's token in every form, and no other's."""
    for token, foreign in (("token-of-jia", "token-of-yi"), ("token-of-yi", "token-of-jia")):
        parts = ConsoleParts(bureau.read, bureau.desk, Numbered("甲", token))
        app = create_app(
            bureau.read,
            bureau.desk,
            public_url="http://x",
            live_page=False,
            body_limit=10,
            clock=bureau.clock,
            console=parts,
        )
        with TestClient(app) as client:
            page = client.get(f"/console/callouts/{bureau.callout}?show=all").text
        assert page.count(f'name="csrf" value="{token}"') == page.count('method="post"') > 0
        assert foreign not in page
        assert SLOT not in page


async def test_the_stream_carries_the_officers_own_token(bureau: Any) -> None:
    """Two streams over one look."""
    screens = Screens(Pages())
    words = Pages().catalogues["zh_CN"]
    page = CallOutPage(bureau.desk, bureau.clock, Atlas())
    for token in ("token-of-jia", "token-of-yi"):
        scope = {
            "type": "http", "method": "GET", "path": f"/console/callouts/{bureau.callout}", "headers": [],
            "path_params": {"callout": bureau.callout}, "query_string": b"show=all",
        }  # fmt: skip
        officer = Officer("甲", "甲", may_act=True, form_token=token)
        visit = Visit(Request(scope), officer, words, "console", bureau.read, bureau.read)
        pieces = screens.stream(page.screen(visit), words, visit.frame(), "")
        await anext(pieces)
        _, fragments = await next_event(pieces)
        assert f'value="{token}"' in fragments["list"]
        assert SLOT not in "".join(fragments.values())


def test_a_form_of_another_site_does_nothing(bureau: Any, desk: TestClient) -> None:
    """Whatever it asks for."""
    row = silent(bureau)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        address = f"/console/callouts/{bureau.callout}/units"
        assert desk.post(address, data=button("answered", row), headers=headers).status_code == 409
    assert state_of(bureau, row) is row.state


# --- the stream -------------------------------------------------------------------------------------------


async def pieces_of(bureau: Any, have: str = "") -> AsyncIterator[Any]:
    """The stream of the first page, as a browser that has `have` gets it."""
    parts = ConsoleParts(bureau.read, bureau.desk, console_site().OpenEntrance("甲"))
    console = Console(parts, Pages(), bureau.clock, secure=False)
    route = next(one for one in console.routes() if getattr(one, "path", "") == "/console/events")
    headers = [(b"last-event-id", have.encode())] if have else []
    scope = {
        "type": "http", "method": "GET", "path": "/console/events", "headers": headers, "path_params": {},
        "query_string": b"root=../", "scheme": "http", "server": ("x", 80),
    }  # fmt: skip
    response = await route.endpoint(Request(scope))  # type: ignore[attr-defined]
    return aiter(response.body_iterator)


async def next_event(pieces: AsyncIterator[Any]) -> tuple[str, dict[str, str]]:
    """(id, fragments) of the next event."""
    lines = dict(line.split(": ", 1) for line in bytes(await anext(pieces)).decode().strip().splitlines())
    return lines["id"], json.loads(lines["data"])


async def test_a_lost_connection_comes_back_with_what_it_missed_and_no_more(bureau: Any) -> None:
    """Everything at first; after a break only what changed since the last event, from whichever process."""
    pieces = await pieces_of(bureau)
    assert b"retry" in await anext(pieces)
    last, first = await next_event(pieces)
    assert set(first) == {"title", "fresh", "cards", "alarms", "work", "routes", "over"}
    row = silent(bureau)
    bureau.engine.acknowledge(
        bureau.clock.now(), bureau.callout, row.callee_id, actor="甲", reason="x", means=console_site().OPERATOR
    )
    again = await pieces_of(bureau, last)
    await anext(again)
    _, missed = await next_event(again)
    assert "cards" in missed
    assert "over" not in missed
    assert "fresh" not in missed


def test_unknown_units_are_not_found(bureau: Any) -> None:
    """A unit of another call-out is none of this one."""
    for ask in (bureau.read.story, bureau.read.in_clear):
        with pytest.raises(NotFoundError):
            ask(bureau.callout, 99_999_999)
    assert bureau.read.page(bureau.callout, CalleeQuery(states=UNREACHED, tier="nowhere")).total == 0


def test_an_office_that_was_lifted_shows_its_answer_and_offers_nothing(bureau: Any, desk: TestClient) -> None:
    """Its duty room had answered: it stays in that list, with the time, and no button would find it open."""
    query = CalleeQuery(states=(CalleeState.DUTY_ANSWERED,), limit=200)
    before = bureau.read.page(bureau.callout, query)
    row = before.rows[0]
    bureau.engine.once(
        bureau.clock.now(), lambda ledger: lift(ledger, bureau.callout, [row.callee_id], reason="lifted")
    )
    after = bureau.read.page(bureau.callout, query)
    assert (after.total, after.rows[0].state, after.rows[0].stopped) == (before.total, CalleeState.DUTY_ANSWERED, True)
    unit = desk.get(f"/console/callouts/{bureau.callout}/units/{row.callee_id}").text
    listed = desk.get(f"/console/callouts/{bureau.callout}?show=all&q={row.unit_name}").text
    for page in (unit, listed):
        assert "值班已应答" in page
        for do in ("recall", "told-leader", "waive"):
            assert f'value="{do}:{row.callee_id}:' not in page


def test_after_all_of_it_the_journal_still_tells_the_stored_state(bureau: Any) -> None:
    """Whatever the buttons of these tests did, folding each call-out's journal gives its rows."""
    with reading(bureau.product.database) as connection:
        assert list(fold_faults(connection)) == []
