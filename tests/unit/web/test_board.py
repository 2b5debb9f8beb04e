"""The bureau's pages of the register and of the yearly refresh, and what other departments are told of changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from warning_dispatch.clock import day_begins
from warning_dispatch.errors import StoreError
from warning_dispatch.model.register import Register
from warning_dispatch.model.register_changes import ChangeKind, RegisterChangeRow
from warning_dispatch.model.renewal import FilingState
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.registry.readiness import Evidence, Term, readiness
from warning_dispatch.web.register_look import ReadinessPicture

NOW = 1_785_000_000_000
COUNTY = Unit("141124", "临县", UnitKind.DIVISION, UnitLevel.COUNTY, "141124", None, callable=False)
TOWN = Unit("141124101", "白文镇", UnitKind.DIVISION, UnitLevel.TOWNSHIP, "141124101", "141124")
VILLAGES = tuple(
    Unit(f"1411241012{n:02d}", f"阳坡{n}村", UnitKind.DIVISION, UnitLevel.VILLAGE, f"1411241012{n:02d}", TOWN.code)
    for n in range(1, 5)
)


def receiver(unit: Unit, role: Role = Role.PRIMARY) -> ReceiverEntry:
    """Somebody with a mobile."""
    number = f"+86138000{int(unit.code[-4:]):05d}"
    phones = tuple(EndpointEntry(channel, number) for channel in (Channel.VOICE, Channel.SMS))
    return ReceiverEntry(unit.code, role, "样本", "书记", "zh_CN", phones)


def change(key: int, **fields: Any) -> RegisterChangeRow:
    """A successor named in a village."""
    row = {
        "id": key,
        "at": NOW,
        "actor": "王登记员",
        "source": "campaign",
        "unit_code": "141124101201",
        "unit_name": "阳坡1村",
        "subject": "receiver",
        "kind": ChangeKind.CHANGED,
        "what": ("name", "numbers"),
        "before": "A岗 张* 138****0001",
        "after": "A岗 李* 139****0002",
    }
    return RegisterChangeRow(**{**row, **fields})


@dataclass
class Look:
    """web.register_look.RegisterLook: a township, two of whose villages have nobody, one a bad number."""

    rows: list[RegisterChangeRow] = field(default_factory=list)
    asked: list[tuple[int, str, int | None, int]] = field(default_factory=list)
    broken: bool = False

    def readiness(self) -> ReadinessPicture:
        """See the port."""
        if self.broken:
            raise StoreError("away")
        people = (receiver(TOWN), receiver(VILLAGES[2]), receiver(VILLAGES[3], Role.DEPUTY))
        register = Register((COUNTY, TOWN, *VILLAGES), people)
        term = Term("2026-07-26", "2025-07-26", NOW, NOW)
        found = readiness(register, term, Evidence(frozenset({VILLAGES[2].code}), frozenset({TOWN.code}), ()))
        bad = {VILLAGES[2].code: [("138****1203", "empty_number")]}
        return ReadinessPicture(NOW, found, {one.code: one for one in register.units}, 3, bad)

    def changes(
        self, *, since: int = 0, unit: str = "", before: int | None = None, limit: int = 100
    ) -> Sequence[RegisterChangeRow]:
        """See the port."""
        self.asked.append((since, unit, before, limit))
        if self.broken:
            raise StoreError("away")
        return [one for one in self.rows if before is None or one.id < before][:limit]


@pytest.fixture
def look() -> Look:
    """The register."""
    return Look()


@pytest.fixture
def bureau(application: Callable[..., FastAPI], renewal: Any, look: Look) -> Iterator[TestClient]:
    """A browser in the bureau."""
    renewal.add_township(40)
    with TestClient(application("http://testserver", renewal, register=look), follow_redirects=False) as client:
        yield client


# --- readiness --------------------------------------------------------------------------------------------


def test_who_could_not_be_reached_today_is_said_first(bureau: TestClient) -> None:
    """In a sentence a leader understands, then county by county, then unit by unit with what to mend."""
    page = bureau.get("/readiness").text
    assert "临县有 2 个村今天叫不到" in page
    assert page.index("阳坡1村") < page.index("阳坡4村") < page.index("阳坡3村")
    assert "138****1203 空号" in page
    assert "没有 A 岗" in page
    english = bureau.get("/readiness?lang=en").text
    assert "2 villages of 临县 could not be reached today" in english


def test_a_county_names_every_unit_with_a_gap(bureau: TestClient) -> None:
    """Also those that are only weak."""
    page = bureau.get("/readiness?county=141124").text
    assert "临县：每个有缺口的单位" in page
    assert "超期未核实" in page
    assert "没有要补的" in bureau.get("/readiness?county=141125").text


# --- changes ----------------------------------------------------------------------------------------------


def test_filed_changes_show_who_when_what(bureau: TestClient, look: Look) -> None:
    """Masked as they come; what is too old says so; a full page leads on."""
    look.rows = [
        change(9),
        change(8, erased=True, before="", after=""),
        change(7, kind=ChangeKind.REMOVED, what=(), after=""),
    ]
    page = bureau.get("/register/changes?unit=141124").text
    for said in (
        "阳坡1村",
        "责任人变更",
        "姓名",
        "号码",
        "A岗 张* 138****0001",
        "王登记员",
        "更新备案",
        "明细已按期销毁",
        "责任人撤销",
    ):
        assert said in page
    assert look.asked[-1] == (0, "141124", None, 200)
    look.rows = [change(6, actor="link:12", source="page")]
    page = bureau.get("/register/changes").text
    assert "登记联系人" in page
    assert "link:12" not in page
    look.rows = [change(key) for key in range(300, 0, -1)]
    assert "before=101" in bureau.get("/register/changes").text


def test_another_department_reads_changes_with_its_own_key(bureau: TestClient, look: Look) -> None:
    """The scope register and no other; page by page, since a day."""
    look.rows = [change(key) for key in (9, 8, 7)]
    path = "/api/v1/register/changes"
    assert bureau.get(path).status_code == 401
    assert bureau.get(path, headers={"Authorization": "Bearer reader"}).status_code == 403
    with_key = {"Authorization": "Bearer registers"}
    first = bureau.get(f"{path}?since=2026-07-01&unit=141124&limit=2", headers=with_key).json()
    assert [one["id"] for one in first["changes"]] == [9, 8]
    assert first["changes"][0]["at"] == "2026-07-26T01:20:00+08:00"
    assert first["changes"][0]["what"] == ["name", "numbers"]
    assert look.asked[-1] == (day_begins("2026-07-01"), "141124", None, 3)
    last = bureau.get(f"{path}?before={first['next_before']}", headers=with_key).json()
    assert ([one["id"] for one in last["changes"]], last["next_before"]) == ([7], None)
    assert bureau.get(f"{path}?since=gestern", headers=with_key).status_code == 422


# --- the yearly refresh -----------------------------------------------------------------------------------


def test_progress_by_county_department_and_level(bureau: TestClient) -> None:
    """The share, who is late, what waits, what the proofs say; a county leads to its list."""
    page = bureau.get("/campaign").text
    for said in ("63%", "已过截止日期", "952", "5 个单位没有可通知的人", "柳林县", "水利", "村（社区）", "逾期补报"):
        assert said in page
    assert "campaign/filings?state=open&amp;county=141124" in page


def test_the_list_of_who_is_open(bureau: TestClient, renewal: Any) -> None:
    """By state and county, with who is asked for it and how often."""
    renewal.units[3] = replace(renewal.units[3], state=FilingState.FILED)
    page = bureau.get("/campaign/filings?state=open").text
    assert page.count("campaign/sheet/") == 40
    filed = bureau.get("/campaign/filings?state=filed&county=141124").text
    assert filed.count("campaign/sheet/") == 1
    assert "只看：临县" in filed
    assert bureau.get("/campaign/filings?state=nonsense").status_code == 200


def test_reminders_are_written_by_somebody(bureau: TestClient, renewal: Any) -> None:
    """With a name, and by a form of this site only."""
    assert bureau.post("/campaign", data={"actor": " "}).status_code == 422
    assert bureau.post("/campaign", data={"actor": "王"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert renewal.calls == []
    answer = bureau.post("/campaign", data={"actor": "王登记员"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.headers["location"] == "campaign?reminded=12"
    assert "已写好 12 条催报" in bureau.get("/campaign?reminded=12").text


def test_the_bureau_approves_and_sends_back(bureau: TestClient, renewal: Any) -> None:
    """Each with a name; sending back with a word of why; what somebody else decided is told."""
    renewal.add_waiting()
    assert "第2村委会" in bureau.get("/campaign/awaiting").text
    assert bureau.post("/campaign/awaiting", data={"f": "9:2"}).status_code == 422
    assert bureau.post("/campaign/awaiting", data={"actor": "王", "back": "9:2"}).status_code == 422
    stale = bureau.post("/campaign/awaiting", data={"actor": "王登记员", "f": "9:1"})
    assert "已经有人处理" in stale.text
    assert 'value="王登记员"' in stale.text
    assert renewal.calls == []
    assert bureau.post("/campaign/awaiting", data={"actor": "王登记员", "f": "9:2"}).status_code == 303
    assert renewal.calls == [("approve", 9, "王登记员")]
    renewal.add_waiting()
    bureau.post("/campaign/awaiting", data={"actor": "王登记员", "back": "9:2", "note": "号码不全"})
    assert renewal.calls[-1] == ("back", 9, "号码不全", "王登记员")


def test_a_sheet_in_clear_needs_a_name_and_a_reason(bureau: TestClient, renewal: Any) -> None:
    """GET only asks; POST prints, and it is on record with both."""
    assert "明文" in bureau.get("/campaign/sheet/141124101").text
    assert bureau.post("/campaign/sheet/141124101", data={"actor": "王登记员"}).status_code == 422
    assert renewal.calls == []
    page = bureau.post("/campaign/sheet/141124101", data={"actor": "王登记员", "reason": "盖章存档"})
    assert "王登记员 打印于" in page.text
    assert renewal.calls == [("sheet_as", "王登记员", "141124101", "盖章存档")]


@pytest.mark.parametrize(
    "path",
    ["readiness", "register/changes", "campaign", "campaign/filings", "campaign/awaiting", "campaign/sheet/1411"],
)
def test_every_page_is_english_too_and_needs_nothing_from_elsewhere(bureau: TestClient, path: str) -> None:
    """No script, no foreign address; names of places stay as they are."""
    page = bureau.get(f"/{path}?lang=en")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "style=" not in page.text
    for word in ("单位", "名单", "变动", "审核", "完好度"):
        assert word not in page.text


@pytest.mark.parametrize("path", ["readiness", "register/changes", "campaign", "campaign/filings", "campaign/awaiting"])
def test_a_database_that_is_away_is_said_plainly(bureau: TestClient, renewal: Any, look: Look, path: str) -> None:
    """A page in plain words."""
    renewal.broken = look.broken = True
    answer = bureau.get(f"/{path}", headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert "系统出了问题" in answer.text


@pytest.mark.parametrize(
    "path",
    ["readiness", "register/changes", "campaign", "campaign/filings", "campaign/awaiting", "campaign/sheet/1411"],
)
def test_without_the_live_page_they_do_not_exist(
    application: Callable[..., FastAPI], renewal: Any, look: Look, path: str
) -> None:
    """Until people can log in the bureau's pages stand behind the same door as the live page; a registrar's do not."""
    renewal.add_township(1)
    closed = TestClient(application("http://testserver", renewal, register=look, live_page=False))
    assert closed.get(f"/{path}").status_code == 404
    assert closed.get("/f/filingtoken23456").status_code == 200
