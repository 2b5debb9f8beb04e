"""The console cut to an officer's units: what a county's officer sees and does, and what is not theirs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from by_path import loaded
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from warning_dispatch.model.console_views import CalleeQuery
from warning_dispatch.model.rights import Grant, GrantKind
from warning_dispatch.model.states import UNREACHED, CalleeState, CallOutState
from warning_dispatch.store.database import reading
from warning_dispatch.store.snapshot import fold_faults

TESTS = Path(__file__).parents[2]
SITE = "http://127.0.0.1"
OWN, FOREIGN = "141124", "141123"
OPEN = (CalleeState.CALLING, *UNREACHED)
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


def console_site() -> Any:
    """The module beside the test folders, by its path: tests are no package."""
    return loaded("tests_console_site", TESTS / "console_site.py")


class Browser:
    """An officer's browser, logged in."""

    def __init__(self, bureau: Any, name: str) -> None:
        """Log in."""
        self.client = TestClient(bureau.site, base_url=SITE, follow_redirects=False, headers={"accept": "text/html"})
        page = self.client.get("/login").text
        found = CSRF.search(page)
        assert found
        fields = {"csrf": found.group(1), "name": name, "password": console_site().PASSWORD}
        assert self.client.post("/login", data=fields, headers={"origin": SITE}).status_code == 303
        token = CSRF.search(self.client.get("/account").text)
        assert token
        self.token = token.group(1)

    def get(self, path: str) -> Any:
        """A page."""
        return self.client.get(path)

    def post(self, path: str, **fields: str) -> Any:
        """A form of ours."""
        return self.client.post(path, data={"csrf": self.token, **fields}, headers={"origin": SITE})


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Four minutes into a red storm over the whole prefecture; officers of the city, of 临县, of 白文镇, and one of two kinds."""
    bureau = console_site().Bureau(tmp_path_factory.mktemp("bureau"))
    bureau.callout = bureau.warn()
    bureau.play(240)
    bureau.aside = bureau.quarantined()
    login = bureau.login(city="1411", lin=OWN, town="141124101", both=OWN)
    account = login.people.account("both", 0)
    login.people.grant(account.id, Grant(GrantKind.VIEWER, "1411"), actor="test", now=1)
    bureau.site = bureau.gated(login)
    yield bureau
    bureau.close()


@pytest.fixture(scope="module")
def city(bureau: Any) -> Browser:
    """The city's officer."""
    return Browser(bureau, "city")


@pytest.fixture(scope="module")
def lin(bureau: Any) -> Browser:
    """临县's officer."""
    return Browser(bureau, "lin")


def a_callee(bureau: Any, area: str, *states: CalleeState, skip: int = 0) -> Any:
    """A village below a division, in one of these states."""
    query = CalleeQuery(states=states, area=area, tier="villages", limit=1, offset=skip)
    return bureau.read.page(bureau.callout, query).rows[0]


def order(do: str, row: Any) -> dict[str, str]:
    """What a button of the list sends."""
    return {"do": f"{do}:{row.callee_id}:{row.state.value}", "reason": "电话核实"}


def acts_of(bureau: Any) -> list[dict[str, Any]]:
    """What the journal of the call-out says of acts and answers, with who did it."""
    with reading(bureau.product.database) as connection:
        rows = connection.exec_driver_sql("SELECT body FROM journal_block WHERE stream LIKE 'callout:%' ORDER BY seq")
        entries = [entry for (body,) in rows for entry in json.loads(body)]
    return [entry for entry in entries if entry.get("actor") or entry.get("by")]


def numbers(page: str) -> dict[str, str]:
    """The figures that a page marks."""
    found = re.findall(r'data-n="(\w+)">\s*([\d,%]+)', page)
    return dict(found)


# --- what is shown ----------------------------------------------------------------------------------------


def test_a_countys_pages_hold_nothing_of_another_county(bureau: Any, lin: Browser) -> None:
    """Every page, whole and by its stream's first look: no other county's name, township or village."""
    foreign = {"兴县", "岚县", "方山县", "蔚汾镇"}
    row = a_callee(bureau, OWN, *OPEN)
    callout = f"/console/callouts/{bureau.callout}"
    for address in (
        "/console/",
        "/console/callouts",
        callout,
        f"{callout}?show=all&page=2",
        f"{callout}?area={FOREIGN}&show=all",
        f"{callout}?q=兴县&show=all",
        f"{callout}/units/{row.callee_id}",
        "/console/warnings",
        "/console/warnings/1",
        "/console/start",
        "/tasks",
    ):
        answer = lin.get(address)
        assert answer.status_code == 200, address
        inside = answer.text.replace('value="兴县"', "")
        assert not [name for name in foreign if name in inside], address


def test_a_countys_figures_agree_with_the_citys_for_that_county(bureau: Any, city: Browser, lin: Browser) -> None:
    """The county's tile on the city's map, and the sum of the county's own page."""
    callout = f"/console/callouts/{bureau.callout}"
    share = next(row for row in bureau.read.shares(bureau.callout) if row.code == OWN)
    page = lin.get(callout).text
    tiers = numbers(page)
    assert sum(int(tiers[key].replace(",", "")) for key in tiers if key[0] == "a" and key != "alarms") == share.answered
    assert f"：{share.answered} / {share.asked} 已应答" in city.get(callout).text
    listed = numbers(lin.get(f"{callout}?show=all").text)["found"]
    assert int(listed.replace(",", "")) == share.callees
    rows = bureau.read.shares(bureau.callout, OWN)
    assert page.count('class="cell ') == len([row for row in rows if not row.own]), "the townships are tiles"
    assert "各乡镇应答" in page


def test_a_townships_officer_sees_villages(bureau: Any) -> None:
    """The same one level down: tiles are villages, and nothing can be begun by hand in a township's name."""
    town = Browser(bureau, "town")
    page = town.get(f"/console/callouts/{bureau.callout}?show=all").text
    assert "各村应答" in page
    assert int(numbers(page)["found"]) == len(re.findall('class="cell ', page)) + 1
    assert "人工发起由县、市值班员操作" in town.get("/console/warnings").text
    assert town.get("/console/start").status_code == 403


def test_who_sees_all_and_acts_on_a_part_has_buttons_there_only(bureau: Any) -> None:
    """A viewer of the city who is an officer of one county."""
    both = Browser(bureau, "both")
    callout = f"/console/callouts/{bureau.callout}"
    page = both.get(f"{callout}?area={FOREIGN}&show=calling").text
    assert 'value="recall:' not in page
    assert 'value="recall:' in both.get(f"{callout}?area={OWN}&show=calling").text
    mixed = both.get(f"{callout}?show=all&sort=code").text
    assert 'class="plate' in mixed
    assert 'name="do" value="pause"' not in mixed
    foreign = a_callee(bureau, FOREIGN, *OPEN)
    assert both.get(f"{callout}/units/{foreign.callee_id}").status_code == 200
    assert both.post(f"{callout}/units", **order("answered", foreign)).status_code == 403


# --- what is done -----------------------------------------------------------------------------------------


def test_own_units_are_handled_and_the_journal_knows_for_whom(bureau: Any, lin: Browser) -> None:
    """An answer recorded, a call again, people in clear, a receiver added: the actor with the unit they act for."""
    row = a_callee(bureau, OWN, *OPEN)
    callout = f"/console/callouts/{bureau.callout}"
    assert lin.post(f"{callout}/units", **order("recall", row)).status_code == 303
    row = bureau.read.story(bureau.callout, row.callee_id).row
    shown = lin.post(f"{callout}/units", **order("reveal", row))
    assert shown.status_code == 200
    assert "people clear" in shown.text
    row = bureau.read.story(bureau.callout, row.callee_id).row
    assert lin.post(f"{callout}/units/{row.callee_id}/act", **order("answered", row)).status_code == 303
    done = acts_of(bureau)[-3:]
    assert {entry.get("actor") or entry["by"] for entry in done} == {f"user:lin@{OWN}"}
    assert bureau.read.story(bureau.callout, row.callee_id).answers[-1].actor == f"user:lin@{OWN}"


def test_another_countys_unit_is_refused_and_logged(bureau: Any, lin: Browser) -> None:
    """By whatever address its number is forged into: 403, a line in the log, and nothing done."""
    row = a_callee(bureau, FOREIGN, *OPEN)
    callout, key = f"/console/callouts/{bureau.callout}", row.callee_id
    before = acts_of(bureau)
    with capture_logs() as logs:
        assert lin.get(f"{callout}/units/{key}").status_code == 403
        assert lin.get(f"{callout}/units/{key}/events").status_code == 403
        for do in ("recall", "answered", "told", "reveal", "waive", "open-gate"):
            assert lin.post(f"{callout}/units", **order(do, row)).status_code == 403, do
            assert lin.post(f"{callout}/units/{key}/act", **order(do, row), sure="yes").status_code == 403, do
        added = lin.post(f"{callout}/units/{key}/receiver", role="primary", phone="13800000000", reason="x")
        assert added.status_code == 403
    refused = [line for line in logs if line["event"] == "not_yours"]
    assert len(refused) == 15
    assert {line["who"] for line in refused} == {f"user:lin@{OWN}"}
    assert all(line["log_level"] == "warning" for line in refused)
    assert acts_of(bureau) == before
    assert "不在您的范围内" in added.text


def test_what_reaches_beyond_is_shown_as_the_bureaus_and_refused(bureau: Any, lin: Browser) -> None:
    """Pausing, lifting, closing, taking note, claiming, releasing, bytes as they came: with who may do it."""
    callout = f"/console/callouts/{bureau.callout}"
    page = lin.get(callout).text
    assert "暂停、开闸、解除、办结整次叫应，由吕梁市气象台值班员操作" in page
    assert 'value="pause"' not in page
    state = str(CallOutState.RUNNING.value)
    for path, fields in (
        (f"{callout}/act", {"do": "pause", "seen": state, "reason": "x"}),
        (f"{callout}/act", {"do": "close", "seen": state, "reason": "x", "sure": "yes"}),
        (f"{callout}/act", {"do": "open-gate", "seen": state, "reason": "x", "sure": "yes"}),
        (f"{callout}/seen", {}),
        ("/console/alarms/claim", {"alarm": "1"}),
        (f"/console/warnings/{bureau.aside}/release", {"alert": "2", "reason": "x"}),
    ):
        answer = lin.post(path, **fields)
        assert answer.status_code == 403, path
        assert "由吕梁市气象台值班员操作" in answer.text, path
    assert lin.get("/console/warnings/1/raw").status_code == 403
    aside = lin.get(f"/console/warnings/{bureau.aside}").text
    assert "由吕梁市气象台值班员审核释放" in aside, "it names their area, and calls nobody yet"
    assert 'action="' not in aside.partition("<main")[2]
    shown = lin.get("/console/warnings/1").text
    assert "由吕梁市气象台值班员查看" in shown
    assert "<pre" not in shown
    assert "转移" in shown, "what it tells those who are called"
    assert bureau.read.callout(bureau.callout).state is CallOutState.RUNNING
    assert bureau.read.seen_by([bureau.callout]) == {}


def test_planning_is_the_bureaus(lin: Browser, city: Browser) -> None:
    """Lines and chains are everybody's: a county's officer has no way there, by link or by address."""
    assert 'console/planning"' not in lin.get("/console/").text
    assert lin.get("/console/planning").status_code == 403
    assert lin.post("/console/planning", lines="10").status_code == 403
    assert city.get("/console/planning").status_code != 403


def test_a_county_begins_by_hand_for_itself_in_its_own_name(bureau: Any, lin: Browser) -> None:
    """By the county's plan, from the county's station; for another county it is refused, also with one's own beside it."""
    form = {"hazard": "snowstorm", "colour": "red", "reason": "实况达标", "once": "county-1"}
    page = lin.get("/console/start").text
    assert "以临县气象台名义发布" in page
    assert 'value="1411"' not in page
    assert 'value="141124101"' in page
    for area in (FOREIGN, "1411", f"{OWN} {FOREIGN}", "141123100", "x"):
        assert lin.post("/console/start", **form, area=area, do="begin").status_code == 403, area
    shown = lin.post("/console/start", **form, area="141124101", do="preview")
    assert shown.status_code == 200
    assert "县值班室" in shown.text
    answer = lin.post("/console/start", **form, area="141124101", do="begin")
    assert answer.status_code == 303
    begun = int(re.findall(r"callouts/(\d+)", answer.headers["location"])[0])
    view = bureau.read.callout(begun)
    assert (view.plan_name, view.issuer) == ("county", "临县气象台")
    assert lin.get(f"/console/callouts/{begun}").status_code == 200
    assert "临县气象台" in lin.get("/console/warnings").text
    with reading(bureau.product.database) as connection:
        source = connection.exec_driver_sql("SELECT source FROM raw_message ORDER BY id DESC LIMIT 1").scalar()
    assert source == f"hand:user:lin@{OWN}"


def test_tasks_of_another_county_are_neither_shown_nor_touched(bureau: Any, lin: Browser) -> None:
    """The city's leaders stand on the city's list; by its number a task is refused."""
    (task, *_) = bureau.read.tasks()
    with capture_logs() as logs:
        for act in ("take", "number", "answered"):
            assert lin.post("/tasks", task=str(task.attempt_id), act=act).status_code == 403
    assert len([line for line in logs if line["event"] == "not_yours"]) == 3
    assert f"#{task.attempt_id}<" not in lin.get("/tasks").text


def test_measures_and_reports_of_the_own_place_only(bureau: Any, lin: Browser) -> None:
    """联动: the county's own sums, and its own report; another place, and the stage, are not theirs."""
    response = f"/console/callouts/{bureau.callout}/response"
    page = lin.get(response).text
    assert "白文镇" in page
    assert not [name for name in ("兴县", "蔚汾镇", "吕梁市水利局") if name in page]
    assert lin.get(f"{response}?area=141124101").status_code == 200
    assert lin.get(f"{response}?area={FOREIGN}").status_code == 403
    assert lin.get(f"{response}/events?area={FOREIGN}").status_code == 403
    report = lin.post(f"{response}/report", form="csv")
    assert report.status_code == 200
    assert "兴县" not in report.content.decode("utf-8-sig")
    assert lin.post(f"{response}/report", form="csv", area=FOREIGN).status_code == 403
    row = a_callee(bureau, FOREIGN, *OPEN)
    tick = f"/console/callouts/{bureau.callout}/units/{row.callee_id}/measures"
    assert lin.post(tick, action="x", remark="x").status_code == 403
    moved = lin.post(f"{response}/stage", do="stage-1", seen="1", reason="x")
    assert moved.status_code == 403


def test_a_red_one_rings_at_the_county_until_the_county_has_answered(bureau: Any, lin: Browser, city: Browser) -> None:
    """It is their own answer that ends the sound, not whether the city has seen it."""
    begun = bureau.read.callouts(limit=1)[0].id
    (county,) = bureau.read.within((OWN,)).own([begun])[begun]
    assert county.state is CalleeState.CALLING
    assert "本单位尚未应答" in lin.get("/console/").text
    done = lin.post(
        f"/console/callouts/{begun}/units/{county.callee_id}/act",
        do=f"answered:{county.callee_id}:{county.state.value}",
        reason="值班室已收到",
    )
    assert done.status_code == 303
    assert "data-rings" not in lin.get("/console/").text
    assert "data-rings" in city.get("/console/").text


def test_after_all_of_it_the_journal_still_tells_the_stored_state(bureau: Any) -> None:
    """Acts of both officers fold to what is stored."""
    with reading(bureau.product.database) as connection:
        assert list(fold_faults(connection)) == []
