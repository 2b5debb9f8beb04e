"""应急联动 on the pages: a phone ticks, the console moves the stage, sums up, and gives reports away on the record."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from by_path import loaded
from starlette.testclient import TestClient

from warning_dispatch.model.states import CalleeState, Stage
from warning_dispatch.store.database import reading
from warning_dispatch.store.snapshot import fold_faults
from warning_dispatch.store.sql import Sql

TESTS = Path(__file__).parents[2]
HTML = {"Accept": "text/html"}
WATER = "1411-water"
SMALL = 15_000
"""Bytes of a page that an old phone opens on a bad line."""


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Three minutes into a red storm; departments have answered."""
    bureau = loaded("tests_console_site", TESTS / "console_site.py").Bureau(tmp_path_factory.mktemp("response"))
    bureau.callout = bureau.warn()
    bureau.play(180)
    yield bureau
    bureau.close()


@pytest.fixture
def client(bureau: Any) -> Iterator[TestClient]:
    """Somebody's browser."""
    with TestClient(bureau.app(), follow_redirects=False, headers=HTML) as client:
        yield client


def callee(bureau: Any, code: str) -> int:
    """A unit of the call-out."""
    rows = bureau.read.callees(bureau.callout, limit=5_000)
    return next(one.callee_id for one in rows if one.unit_code == code)


def entries(bureau: Any, kind: str) -> list[str]:
    """Journal blocks that tell of something."""
    with reading(bureau.product.database) as connection:
        rows = Sql(connection).rows("SELECT body FROM journal_block WHERE body LIKE ?", f'%"{kind}"%')
    return [str(row[0]) for row in rows]


def confirmed_link(bureau: Any, client: TestClient, code: str = WATER) -> str:
    """The link of a unit whose person has pressed the button."""
    token = str(bureau.link(code, bureau.callout))
    assert client.post(f"/r/{token}").status_code == 303
    return token


def test_before_the_answer_the_list_is_only_shown(bureau: Any, client: TestClient) -> None:
    """What will be asked stands on the warning's page; the page of ticks leads back to it, and a forged tick is refused."""
    rows = bureau.read.callees(bureau.callout, states=(CalleeState.CALLING,), limit=5_000)
    row = next(one for one in rows if one.tier == "townships")
    token = bureau.link(row.unit_code, bureau.callout)
    assert "包村干部到村，组织危险区人员提前转移" in client.get(f"/r/{token}?lang=zh").text
    assert client.get(f"/r/{token}/measures").headers["location"] == f"../{token}"
    sent = {"done": f"{row.callee_id}:duty_watch"}
    assert client.post(f"/r/{token}/measures", data=sent).status_code == 409
    assert not bureau.response.read.asked(token).done
    assert client.get("/r/" + "a" * 16 + "/measures").status_code == 404


def test_a_measure_is_ticked_with_a_remark(bureau: Any, client: TestClient) -> None:
    """GET shows, POST ticks, once; the page is small, without scripts, and says when."""
    token = confirmed_link(bureau, client)
    assert f'href="{token}/measures' in client.get(f"/r/{token}").text
    shown = client.get(f"/r/{token}/measures?lang=zh")
    assert shown.status_code == 200
    assert len(shown.content) < SMALL
    assert "<script" not in shown.text
    key = f"{callee(bureau, WATER)}:rain_reservoirs"
    assert f'value="{key}"' in shown.text
    sent = {"done": key, f"r:{key}": "<b>三座水库到人", "page": "1"}
    answer = client.post(f"/r/{token}/measures", data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, "measures?page=1")
    after = client.get(f"/r/{token}/measures?lang=zh").text
    assert f'value="{key}"' not in after
    assert "&lt;b&gt;三座水库到人" in after
    assert client.post(f"/r/{token}/measures", data=sent).status_code == 303
    told = entries(bureau, "action.done")
    assert len(told) == 1
    assert "水库" not in told[0]


@pytest.mark.parametrize(
    ("done", "said", "status"),
    [
        ("", "没有勾选任何一项", 422),
        ("nonsense", "看不懂", 422),
        ("7", "看不懂", 422),
        ("{own}:no_such_measure", "没有这项措施", 409),
        ("{own}:rain_sites", "不是该单位的", 409),
        ("{other}:duty_watch", "不能替该单位", 409),
        ("{own}:" + "x" * 200, "看不懂", 422),
    ],
)
def test_what_cannot_be_ticked_is_said_on_the_list(
    bureau: Any, client: TestClient, done: str, said: str, status: int
) -> None:
    """An unknown measure, another unit's, nothing at all: in words, and nothing is kept."""
    token = confirmed_link(bureau, client)
    value = done.format(own=callee(bureau, WATER), other=callee(bureau, "1411-housing"))
    answer = client.post(f"/r/{token}/measures?lang=zh", data={"done": value} if value else {})
    assert answer.status_code == status
    assert said in answer.text


def test_what_was_written_stays_when_it_is_refused(bureau: Any, client: TestClient) -> None:
    """A remark that is too long is said; the box is still ticked and the words are still there."""
    token = confirmed_link(bureau, client)
    key = f"{callee(bureau, WATER)}:rain_flash_floods"
    answer = client.post(f"/r/{token}/measures?lang=zh", data={"done": key, f"r:{key}": "长" * 101})
    assert answer.status_code == 422
    assert "最多 100 个字" in answer.text
    assert f'value="{key}" checked' in answer.text
    assert "长" * 101 in answer.text


def test_a_machine_that_reads_ahead_ticks_nothing(bureau: Any, client: TestClient) -> None:
    """As with the button itself."""
    token = confirmed_link(bureau, client)
    key = f"{callee(bureau, WATER)}:rain_flash_floods"
    headers = {"Sec-Purpose": "prefetch"}
    assert client.post(f"/r/{token}/measures", data={"done": key}, headers=headers).status_code == 403
    assert f'value="{key}"' in client.get(f"/r/{token}/measures").text


def test_the_console_shows_and_sums(bureau: Any, client: TestClient) -> None:
    """County by county and measure by measure; a place by its code, nothing else."""
    page = client.get(f"/console/callouts/{bureau.callout}/response?lang=zh")
    assert page.status_code == 200
    for word in ("应急响应", "临县", "水库、淤地坝、河道专人巡查值守", "吕梁市水利局", "示例煤矿"):
        assert word in page.text
    county = client.get(f"/console/callouts/{bureau.callout}/response?area=141124&lang=zh").text
    assert "白文镇" in county
    assert client.get(f"/console/callouts/{bureau.callout}/response?area=x").status_code == 404
    assert client.get("/console/callouts/999/response").status_code == 404


def test_an_officer_moves_the_stage_as_it_was_seen(bureau: Any, client: TestClient) -> None:
    """With a reason; without one, or for a call-out that has changed, nothing is done."""
    where = f"/console/callouts/{bureau.callout}/response/stage"
    seen = str(bureau.read.callout(bureau.callout).state.value)
    assert client.post(where, data={"do": "stage-linkage", "seen": seen}).status_code == 422
    assert client.post(where, data={"do": "cancel", "seen": seen, "reason": "x"}).status_code == 409
    assert client.post(where, data={"do": "stage-linkage", "seen": "5", "reason": "x"}).status_code == 409
    assert bureau.response.read.overview(bureau.callout).stage is Stage.RESPONSE
    done = client.post(where, data={"do": "stage-linkage", "seen": seen, "reason": "政府决定停课停工"})
    assert done.status_code == 303
    page = client.get(f"/console/callouts/{bureau.callout}/response?lang=zh").text
    assert "政府决定停课停工" in page
    assert bureau.response.read.overview(bureau.callout).stage is Stage.LINKAGE
    back = client.post(where, data={"do": "stage-response", "seen": seen, "reason": "缓和"})
    assert back.status_code == 303


def test_an_officer_records_what_was_heard(bureau: Any, client: TestClient) -> None:
    """On the unit's page: which measure, and what was said; a measure of another unit is refused."""
    unit = callee(bureau, "1411-emergency")
    where = f"/console/callouts/{bureau.callout}/units/{unit}"
    assert "抢险救援队伍和物资前置备勤" in client.get(f"{where}?lang=zh").text
    assert client.post(f"{where}/measures", data={"action": "rain_rescue_ready", "remark": " "}).status_code == 422
    assert client.post(f"{where}/measures", data={"action": "rain_sites", "remark": "x"}).status_code == 422
    sent = {"action": "rain_rescue_ready", "remark": "电话：队伍已集结"}
    assert client.post(f"{where}/measures", data=sent).status_code == 303
    assert "电话：队伍已集结" in client.get(where).text


@pytest.mark.parametrize("form", ["print", "csv", "xlsx"])
def test_a_report_leaves_on_the_record(bureau: Any, client: TestClient, form: str) -> None:
    """As a text to copy, a table, a workbook; the journal has been told who took it before it leaves."""
    before = len(entries(bureau, "response.exported"))
    where = f"/console/callouts/{bureau.callout}/response/report"
    answer = client.post(where, data={"form": form, "area": ""})
    assert answer.status_code == 200
    assert len(entries(bureau, "response.exported")) == before + 1
    if form == "print":
        assert "一、值班值守" in answer.text
        assert "<textarea" in answer.text
    elif form == "csv":
        rows = answer.content.decode("utf-8-sig").splitlines()
        assert rows[0].startswith("地方,叫应单位")
        assert rows[-1].startswith("全市,")
    else:
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            assert "xl/worksheets/sheet4.xml" in book.namelist()
    assert client.post(where, data={"form": "pdf"}).status_code == 409
    assert client.post(where, data={"form": "csv", "area": "../etc"}).status_code == 404


def test_the_journal_still_tells_the_state(bureau: Any) -> None:
    """After all of it."""
    with reading(bureau.product.database) as connection:
        assert fold_faults(connection) == []
