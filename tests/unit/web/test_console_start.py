"""A warning begun by hand while its units are being called already: the page promises no call that will not be made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from by_path import loaded
from starlette.testclient import TestClient

from warning_dispatch.model.states import CallOutState

HTML = {"Accept": "text/html"}
HAND = {"hazard": "rainstorm", "colour": "red", "area": "141127", "reason": "实况已达标", "text": "岚县大雨"}


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A bureau where nothing runs."""
    module = loaded("tests_console_site", Path(__file__).parents[2] / "console_site.py")
    bureau = module.Bureau(tmp_path_factory.mktemp("start"))
    yield bureau
    bureau.close()


@pytest.fixture
def desk(bureau: Any) -> Iterator[TestClient]:
    """An officer's browser."""
    with TestClient(bureau.app(), follow_redirects=False, headers=HTML) as client:
        yield client


def pressed(bureau: Any, desk: TestClient, do: str, once: str, language: str = "zh_CN") -> Any:
    """The form, two seconds later: the number of a message is its second."""
    bureau.clock.advance_to(bureau.clock.now() + 2_000)
    return desk.post("/console/start", params={"lang": language}, data={**HAND, "do": do, "once": once})


def test_a_second_warning_is_attached_and_the_page_says_so(bureau: Any, desk: TestClient) -> None:
    """The first promises units and begins; the same again promises none, and goes to the call-out that runs."""
    first = pressed(bureau, desk, "preview", "a").text
    assert re.search(r"发起，叫应 \d+ 个单位", first)
    begun = pressed(bureau, desk, "begin", "a").headers["location"]
    assert begun.endswith("done=begun")
    number = re.findall(r"callouts/(\d+)", begun)[0]

    again = pressed(bureau, desk, "preview", "b").text
    assert "发起，叫应" not in again
    assert "不会叫应任何单位" not in again
    assert f"并入叫应 {number}，不会重新呼叫" in again
    assert f">并入叫应 {number}</button>" in again
    assert f"Goes with call-out {number}" in pressed(bureau, desk, "preview", "b", "en").text
    desk.get("/console/start", params={"lang": "zh_CN"})

    attached, twice = (pressed(bureau, desk, "begin", "b").headers["location"] for _ in range(2))
    assert attached == begun.replace("done=begun", "done=attached")
    for place in (attached, twice):
        assert "已并入正在进行的叫应，没有重新呼叫" in desk.get(place).text
    assert len(bureau.read.callouts(limit=5)) == 1


def test_attached_to_a_paused_call_out_nobody_is_called(bureau: Any, desk: TestClient) -> None:
    """The page says so, before and after, and where to go on: it promises no call that the pause keeps back."""
    pressed(bureau, desk, "begin", "c")
    number = bureau.read.callouts(live_only=True)[0].id
    running = {"do": "pause", "seen": str(CallOutState.RUNNING.value), "reason": "线路检修", "minutes": "30"}
    assert desk.post(f"/console/callouts/{number}/act", data=running).status_code == 303
    again = pressed(bureau, desk, "preview", "d").text
    assert f"叫应 {number} 暂停中：现在没有在叫" in again
    assert "接着叫" not in again
    assert "is paused: nobody is being called now" in pressed(bureau, desk, "preview", "d", "en").text
    desk.get("/console/start", params={"lang": "zh_CN"})
    for place in [pressed(bureau, desk, "begin", "d").headers["location"] for _ in range(2)]:
        assert place.endswith("done=attached_paused")
        page = desk.get(place).text
        assert "现在没有在叫" in page
        assert "接着叫" not in page
