"""The pages of drills over doubles: what a form asks for, who may act, and what is said when it is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient

from warning_dispatch.clock import VirtualClock
from warning_dispatch.configuration import load_configuration
from warning_dispatch.drill_ports import Drilling
from warning_dispatch.drilling.scoring import report
from warning_dispatch.errors import DrillError, Finding, NotFoundError, RefusedError
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.drills import (
    CalleeFact,
    Comparison,
    DrillDay,
    DrillKind,
    DrillReport,
    DrillRequest,
    DrillState,
    DrillTier,
    DrillView,
    NumberFact,
)
from warning_dispatch.web.console.console import Console, ConsoleParts
from warning_dispatch.web.console.door import Asked, Officer
from warning_dispatch.web.console.drills import DrillDeskParts
from warning_dispatch.web.failures import ApiRefusalError, Failures
from warning_dispatch.web.pages import Pages

ROOT = Path(__file__).resolve().parents[3]
START = 1_785_000_000_000
VILLAGE = CalleeFact(
    "141124104200", "甲<b>村", "临县 白文镇", "villages", 600_000, START, None, "", "", 2, 1, "no_answer"
)
WRONG = NumberFact("141124104200", "甲村", "临县 白文镇", "primary", "voice", "139****0001", "empty_number")


class Doubles:
    """Readings and desk of drills, kept in lists."""

    def __init__(self) -> None:
        self.asked: list[DrillRequest] = []
        self.acts: list[tuple[object, ...]] = []
        self.fails: Exception | None = None
        self.view = DrillView(
            id=1,
            title="临县暴雨红色全员演练",
            kind=DrillKind.EVERYONE,
            state=DrillState.COMPOSED,
            hazard="rainstorm",
            hazard_name={"zh_CN": "暴雨", "en": "Rainstorm"},
            colour=Colour.RED,
            area_names=("临县",),
            tiers=(DrillTier("villages", {"zh_CN": "村", "en": "Villages"}),),
            people=0,
            valid=3_600_000,
            alert_id=None,
            starts_at=None,
            announce_at=None,
            created_at=START,
            created_by="王值班",
            first_by="",
            first_at=None,
            second_by="",
            second_at=None,
            announced_id=None,
            callout_id=None,
            began_at=None,
            ended_at=None,
            ended_by="",
            why="",
            score=None,
        )

    def drills(self, *, limit: int = 100) -> Sequence[DrillView]:
        """See the port."""
        return [self.view][:limit]

    def drill(self, drill_id: int) -> DrillView:
        """See the port."""
        if drill_id != 1:
            raise NotFoundError(f"没有演练 {drill_id} / there is no drill {drill_id}")
        return self.view

    def report(self, drill_id: int) -> DrillReport:
        """See the port."""
        self.drill(drill_id)
        return report([VILLAGE], [WRONG], interrupted=False)

    def comparison(self, drill_id: int, report: DrillReport) -> Comparison | None:
        """See the port."""
        del report
        return Comparison(drill_id, "上次演练", START, 61, 7, 10, 60_000, {"1": "丙村"}, {})

    def days(self) -> Sequence[DrillDay]:
        """See the port."""
        return [DrillDay(3, "2099-05-12", "汛前演练", DrillKind.EVERYONE, "", yearly=True)]

    async def compose(self, asked: DrillRequest, *, actor: str) -> int:
        """See the port."""
        if self.fails is not None:
            raise self.fails
        self.asked.append(asked)
        self.acts.append(("compose", actor))
        return 1

    async def release(self, drill_id: int, *, actor: str) -> bool:
        """See the port."""
        if self.fails is not None:
            raise self.fails
        self.acts.append(("release", drill_id, actor))
        return False

    async def stop(self, drill_id: int, *, actor: str, reason: str) -> None:
        """See the port."""
        self.acts.append(("stop", drill_id, actor, reason))

    async def add_day(self, day: DrillDay, *, actor: str) -> int:
        """See the port."""
        self.acts.append(("day", day.day, day.title, day.kind, day.yearly, actor))
        return 9

    async def drop_day(self, day_id: int, *, actor: str) -> None:
        """See the port."""
        self.acts.append(("drop", day_id, actor))

    def within(self, units: Sequence[str]) -> Doubles:
        """A part of it, for an officer of a county."""
        assert units
        return self

    def divisions(self, level: object, below: str = "") -> Sequence[tuple[str, str]]:
        """Counties of the form."""
        del level, below
        return [("141124", "临县")]


class Entrance:
    """Somebody who may act, or only look."""

    def __init__(self) -> None:
        self.may_act = True
        self.part: tuple[str, ...] | None = None

    async def enter(self, request: Request, asked: Asked) -> Officer:
        """See door.Entrance."""
        del request
        if asked is Asked.ACT and not self.may_act:
            raise ApiRefusalError(403, "forbidden_unit", {"scope": "act"})
        return Officer("user:wang", "王值班", may_act=self.may_act, sees=self.part, acts=self.part)

    async def form(self, request: Request, officer: Officer) -> Mapping[str, str]:
        """See door.Entrance."""
        del officer
        fields: dict[str, str] = {}
        for name, value in (await request.form()).multi_items():
            fields[name] = f"{fields[name]} {value}" if name in fields else str(value)
        return fields


@pytest.fixture
def doubles() -> Doubles:
    """Drills without a database."""
    return Doubles()


@pytest.fixture
def entrance() -> Entrance:
    """The door."""
    return Entrance()


@pytest.fixture
def desk(doubles: Doubles, entrance: Entrance) -> Iterator[TestClient]:
    """A browser at the console."""
    configuration = load_configuration(ROOT / "config")
    parts: Any = ConsoleParts(
        read=doubles,  # type: ignore[arg-type] # the pages of drills ask for divisions only
        desk=doubles,  # type: ignore[arg-type] # and act through their own desk
        entrance=entrance,
        drills=DrillDeskParts(Drilling(doubles, doubles), configuration, "1411"),
    )
    pages = Pages()
    app: Any = Starlette(routes=Console(parts, pages, VirtualClock(START), secure=False).routes())
    for kind, handler in _handlers(pages):
        app.add_exception_handler(kind, handler)
    with TestClient(app, follow_redirects=False) as client:
        yield client


def _handlers(pages: Pages) -> list[Any]:
    from fastapi import FastAPI  # noqa: PLC0415 - only to ask what is installed

    app = FastAPI()
    Failures(pages).install(app)
    return [(kind, handler) for kind, handler in app.exception_handlers.items() if isinstance(kind, type)]


FORM = {
    "kind": "everyone",
    "hazard": "rainstorm",
    "colour": "red",
    "area": "141124",
    "codes": "141121100 141121101",
    "tier": ["townships", "villages"],
    "valid": "60",
    "at": "2026-08-01T09:30",
    "announce": "45",
    "title": "汛前演练",
    "people": "",
}


def test_the_form_asks_for_what_was_written(desk: TestClient, doubles: Doubles) -> None:
    """Areas by box and by code, tiers, minutes, Beijing time; in the name of the account."""
    answer = desk.post("/console/drills/new", data=FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, "../../console/drills/1?done=drill_composed")
    (asked,) = doubles.asked
    assert asked.kind is DrillKind.EVERYONE
    assert asked.areas == ("141124", "141121100", "141121101")
    assert asked.tiers == ("townships", "villages")
    assert (asked.valid, asked.announce, asked.starts_at) == (3_600_000, 2_700_000, 1_785_547_800_000)
    assert doubles.acts == [("compose", "user:wang")]


def test_a_message_says_hazard_and_colour_itself(desk: TestClient, doubles: Doubles) -> None:
    """What the form happens to show does not overrule the message that the drill goes by."""
    desk.post("/console/drills/new", data={**FORM, "alert": "7"})
    assert (doubles.asked[0].alert_id, doubles.asked[0].hazard, doubles.asked[0].colour) == (7, "", "")


def test_the_named_list_as_people_write_it(desk: TestClient, doubles: Doubles) -> None:
    """Lines, commas and colons of both scripts."""
    desk.post("/console/drills/new", data={**FORM, "kind": "staff", "people": "1411-duty：值班\n141124，141121:A岗"})
    assert doubles.asked[0].people == ("1411-duty:值班", "141124", "141121:A岗")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kind": "nobody"}, "没有选择"),
        ({"alert": "七"}, "应为数字"),
        ({"valid": "1e9"}, "应为数字"),
        ({"at": "tomorrow"}, "应为 2026-05-12 09:30"),
        ({"announce": "9" * 40}, "应为数字"),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_is_lost(
    desk: TestClient, doubles: Doubles, changed: dict[str, str], said: str
) -> None:
    """Nothing was composed; the rest of the form stands as it was."""
    page = desk.post("/console/drills/new", data={**FORM, **changed})
    assert page.status_code == 422
    (name,) = changed
    assert f'id="{name}-said" role="alert">{said}</b>' in page.text
    assert 'value="汛前演练"' in page.text
    assert doubles.asked == []


def test_findings_of_the_engine_stand_beside_their_fields(desk: TestClient, doubles: Doubles) -> None:
    """All of them, in the language of the page."""
    doubles.fails = DrillError([Finding("--area", "名册里没有区划 141199 / the register has no division 141199")])
    assert "名册里没有区划 141199" in desk.post("/console/drills/new", data=FORM).text
    assert "the register has no division" in desk.post("/console/drills/new?lang=en", data=FORM).text


def test_who_may_only_look_sees_no_button_and_does_nothing(
    desk: TestClient, doubles: Doubles, entrance: Entrance
) -> None:
    """A viewer reads drills and reports; every act and the form are shut."""
    entrance.may_act = False
    for path in ("/console/drills", "/console/drills/1", "/console/drills/1/report"):
        page = desk.get(path)
        assert page.status_code == 200
        assert "<form" not in page.text
    for path in ("drills/new", "drills/1/release", "drills/1/stop", "drills/days", "drills/days/3/drop"):
        assert desk.post(f"/console/{path}", data=FORM).status_code == 403
    assert desk.get("/console/drills/new").status_code == 403
    assert doubles.acts == []


def test_acts_are_in_the_name_of_the_account(desk: TestClient, doubles: Doubles) -> None:
    """Release, stop, and the calendar."""
    assert desk.post("/console/drills/1/release").headers["location"].endswith("drills/1?done=drill_half")
    desk.post("/console/drills/1/stop", data={"reason": "改期"})
    desk.post("/console/drills/days", data={"day": "2027-05-12", "title": "汛前", "kind": "everyone", "yearly": "yes"})
    desk.post("/console/drills/days/3/drop")
    assert doubles.acts == [
        ("release", 1, "user:wang"),
        ("stop", 1, "user:wang", "改期"),
        ("day", "2027-05-12", "汛前", DrillKind.EVERYONE, True, "user:wang"),
        ("drop", 3, "user:wang"),
    ]


def test_a_day_that_is_none(desk: TestClient, doubles: Doubles) -> None:
    """It is said, and what was written stays."""
    page = desk.post("/console/drills/days", data={"day": "2027-02-30", "title": "汛前", "kind": "everyone"})
    assert "日期" in page.text
    assert 'value="汛前"' in page.text
    assert doubles.acts == []


def test_a_refusal_is_a_page_with_a_way_back(desk: TestClient, doubles: Doubles) -> None:
    """The second release by the same person, and a drill that is not there."""
    doubles.fails = RefusedError("已经放行过；须由另一人再放行一次 / another person must release it as well")
    page = desk.post("/console/drills/1/release")
    assert page.status_code == 409
    assert "须由另一人再放行一次" in page.text
    assert "console/drills/1" in page.text
    assert desk.get("/console/drills/7").status_code == 404


def test_the_report_says_what_to_mend(desk: TestClient) -> None:
    """Escaped names, the masked number with what is wrong with it, and the last drill."""
    page = desk.get("/console/drills/1/report").text
    assert "甲&lt;b&gt;村" in page
    assert "139****0001" in page
    assert "空号" in page
    assert "上次演练" in page
    assert "丙村" in page
    assert "Numbers to mend" in desk.get("/console/drills/1/report?lang=en").text


def test_an_officer_of_a_county_has_no_drills(desk: TestClient, doubles: Doubles, entrance: Entrance) -> None:
    """They reach beyond the county: neither shown nor done."""
    entrance.part = ("141124",)
    for path in ("drills", "drills/1", "drills/1/report", "drills/new"):
        assert desk.get(f"/console/{path}").status_code in (403, 409)
    for path in ("drills/new", "drills/1/release", "drills/1/stop", "drills/days", "drills/days/3/drop"):
        assert desk.post(f"/console/{path}", data=FORM).status_code in (403, 409)
    assert doubles.acts == []
