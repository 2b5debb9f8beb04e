"""重点单位清单 on the screen, on paper and as a table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from by_path import loaded
from starlette.testclient import TestClient

from warning_dispatch.clock import VirtualClock
from warning_dispatch.response_ports import KeyUnits, ResponseParts
from warning_dispatch.web.application import create_app

WEB = Path(__file__).parent
HTML = {"Accept": "text/html"}


def browser() -> TestClient:
    """Before an office double with three key units."""
    doubles = loaded("web_office_double", WEB / "office.py")
    clock = VirtualClock(doubles.START)
    office = doubles.Office(clock)
    doubles = loaded("web_response_double", WEB / "response_office.py")
    asked = doubles.ResponseOffice(office)
    listed = KeyUnits(doubles.KeyUnitOffice(clock.now()), {"coal_mine": {"zh_CN": "煤矿", "en": "Coal mine"}})
    app = create_app(
        office, office, public_url="http://127.0.0.1", live_page=True, body_limit=1000, clock=clock,
        response=ResponseParts(asked, asked, listed),
    )  # fmt: skip
    return TestClient(app, headers=HTML)


def test_the_page_says_what_an_inspection_asks() -> None:
    """Line by its name, certificate, last call-out, measure and drill; overdue and due soon stand out."""
    with browser() as client:
        page = client.get("/register/key-units?lang=zh").text
    for words in (
        "共 3 家，其中复核已到期 1 家",
        "煤矿",
        "样本证字〔2025〕第001号",
        "暴雨红色预警",
        "已到期",
        "快到期",
        "未填行业",
    ):
        assert words in page


def test_the_table_is_for_any_spreadsheet() -> None:
    """A row for each, with how its review stands."""
    with browser() as client:
        answer = client.get("/register/key-units?form=csv&lang=zh")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][-1] == "复核状态"
    assert [row[-1] for row in rows[1:]] == ["", "快到期", "已到期"]
    assert "attachment" in answer.headers["content-disposition"]


def test_without_a_look_there_is_no_page() -> None:
    """A process that takes in messages only."""
    doubles = loaded("web_office_double", WEB / "office.py")
    clock = VirtualClock(doubles.START)
    office = doubles.Office(clock)
    app = create_app(office, office, public_url="http://127.0.0.1", live_page=True, body_limit=1000, clock=clock)
    with TestClient(app, headers=HTML) as client:
        assert client.get("/register/key-units").status_code == 404
