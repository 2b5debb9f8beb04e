"""The live page and its stream."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient

from warning_dispatch.clock import VirtualClock
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import AttemptState, CalleeState, CallOutState, Purpose
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.model.views import AttemptRow
from warning_dispatch.web.application import create_app
from warning_dispatch.web.live import LivePage
from warning_dispatch.web.pages import Pages


def storm(office: Any, village: str = "村", **changes: str) -> int:
    """A small call-out with one callee in each state that a page shows."""
    callout: int = office.add_callout(**changes)
    for state in CalleeState:
        if state is not CalleeState.SUPERSEDED:
            callee = office.add_callee(callout, "villages", f"{village}{state.value}", state=state)
            office.add_attempt(callout, callee, "no_answer")
            office.change(callout, callee, state=state)
    office.open_tier(callout, "leaders")
    return callout


def test_the_page_is_complete_without_any_script(client: TestClient, office: Any) -> None:
    """Signal, headline, tiers, measures, unreached and attempts stand in the first answer; it reloads by itself."""
    storm(office)
    page = client.get("/").text
    for text in (
        "暴雨红色预警",
        "发得出",
        "传得到",
        "叫得应",
        "市领导",
        "村（社区）",
        "未叫应",
        "村6",
        "无人接听",
        "等待开闸",
    ):
        assert text in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "<style" not in page
    assert " style=" not in page


def test_english_is_complete(client: TestClient, office: Any) -> None:
    """With English data nothing Chinese is left but the switch."""
    storm(office, village="village ", headline="headline", issuer="issuer")
    page = client.get("/?lang=en")
    assert page.headers["content-language"] == "en"
    assert "Red rainstorm warning" in page.text
    assert not re.search(r"[\u4e00-\u9fff]", page.text.replace("中文", ""))


def test_an_empty_office_is_calm(client: TestClient) -> None:
    """No call-out yet: the page says so in both languages."""
    assert "当前没有叫应" in client.get("/").text
    assert "No call-out is running" in client.get("/?lang=en").text


def test_the_gravest_live_callout_is_shown_unless_another_is_asked_for(client: TestClient, office: Any) -> None:
    """Red before a newer orange, a running one before an ended one; ?callout= chooses; a wrong one does no harm."""
    office.add_callout(colour=Colour.RED)
    office.add_callout(colour=Colour.ORANGE)
    assert "plate red" in client.get("/").text
    assert "暴雨橙色预警 #2" in client.get("/").text
    assert "plate orange" in client.get("/?callout=2").text
    for wrong in ("99", "x", "-1", "9" * 40):
        assert client.get(f"/?callout={wrong}").status_code == 200
    office.end(1)
    assert "plate orange" in client.get("/").text


@pytest.mark.parametrize("state", list(CallOutState))
def test_every_state_of_a_callout_and_of_an_attempt_has_its_words(
    client: TestClient, office: Any, state: CallOutState
) -> None:
    """Paused, lifted, closed, drills, later rounds, every channel, role and attempt state: the page is whole."""
    callout = office.add_callout(state=state, purpose=Purpose.DRILL, round=2)
    kinds = zip(AttemptState, (*Channel, Channel.VOICE), (*Role, None, None), strict=True)
    for number, (attempt, channel, role) in enumerate(kinds):
        office.records[callout].attempts.append(
            AttemptRow(number, "村", channel, role, "100****0000", attempt, "", 1, None, None, possible_duplicate=True)
        )
    chinese, english = client.get("/").text, client.get("/?lang=en").text
    assert "【演练】" in chinese
    assert "第 2 轮" in chinese
    assert "可能重复" in chinese
    assert "DRILL" in english


def test_the_live_page_is_only_for_the_demo(office: Any, clock: VirtualClock) -> None:
    """Without it there is no page and no stream at /, but receivers and machines are served."""
    app = create_app(office, office, public_url="https://example.invalid", live_page=False, body_limit=10, clock=clock)
    with TestClient(app) as client:
        assert client.get("/", headers={"Accept": "text/html"}).status_code == 404
        assert client.get("/live/events").status_code == 404
        office.add_link()
        assert client.get("/r/abcdefghij234567").status_code == 200


def test_static_files_are_named_by_their_content(client: TestClient) -> None:
    """A browser keeps them for ever under that name; nothing outside the folder is served."""
    page = client.get("/").text
    for address in re.findall(r'(?:href|src)="(static/[^"]+)"', page):
        assert "immutable" in client.get(f"/{address}").headers["cache-control"]
    plain = client.get("/static/live.css")
    assert plain.headers["cache-control"] == "no-cache"
    assert client.get("/static/live.css", headers={"If-None-Match": plain.headers["etag"]}).status_code == 304
    assert client.get("/static/../live.py").status_code == 404
    assert client.get("/static/..%2Flive.py").status_code == 404


async def opened(live: LivePage, query: bytes) -> AsyncIterator[Any]:
    """The stream's pieces, as a browser would get them."""
    scope = {"type": "http", "method": "GET", "path": "/live/events", "query_string": query, "headers": []}
    response = await live.events(Request(scope))
    assert isinstance(response, StreamingResponse)
    assert response.media_type == "text/event-stream"
    return aiter(response.body_iterator)


async def next_fragments(pieces: AsyncIterator[Any]) -> dict[str, str]:
    """What the next event brings."""
    lines = bytes(await anext(pieces)).decode().splitlines()
    assert lines[0] == "event: fragments"
    fragments: dict[str, str] = json.loads(lines[1].removeprefix("data: "))
    return fragments


async def test_the_stream_begins_with_everything_and_goes_on_with_what_changed(
    office: Any, clock: VirtualClock
) -> None:
    """A reconnected browser is right at once; afterwards only changed fragments travel, and none when none changed."""
    callout = storm(office)
    live = LivePage(office, Pages(), clock)
    pieces = await opened(live, b"showing=1")
    assert b"retry" in await anext(pieces)
    first = await next_fragments(pieces)
    assert set(first) == {"title", "banner", "elapsed", "alarms", "measures", "tiers", "curve", "unreached", "attempts"}
    assert await next_fragments(pieces) == {}
    office.answer(callout, office.callees(callout, states=[CalleeState.UNANSWERED])[0].callee_id)
    changed = await next_fragments(pieces)
    assert {"tiers", "measures", "unreached"} <= set(changed)
    assert "banner" not in changed
    again = await opened(live, b"showing=1")
    await anext(again)
    assert set(await next_fragments(again)) == set(first)


async def test_the_stream_tells_the_page_to_load_anew_when_the_first_callout_comes(
    office: Any, clock: VirtualClock
) -> None:
    """An empty page becomes a full one by itself."""
    live = LivePage(office, Pages(), clock)
    pieces = await opened(live, b"showing=0")
    await anext(pieces)
    assert await next_fragments(pieces) == {}
    storm(office)
    assert b"event: reload" in await anext(pieces)
    with pytest.raises(StopAsyncIteration):
        await anext(pieces)


async def test_closing_ends_the_streams(office: Any, clock: VirtualClock) -> None:
    """A server that stops is not held up by an open page."""
    storm(office)
    live = LivePage(office, Pages(), clock)
    pieces = await opened(live, b"showing=1")
    await anext(pieces)
    await next_fragments(pieces)
    live.close()
    with pytest.raises(StopAsyncIteration):
        await anext(pieces)
