"""The duty officer's work list as a page: what it shows, what one touch does, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from warning_dispatch.clock import VirtualClock
from warning_dispatch.web.application import create_app

SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def page(office: Any) -> Iterator[TestClient]:
    """A browser in front of the demo's pages."""
    app = create_app(office, office, public_url="http://x", live_page=True, body_limit=10, clock=office.clock)
    with TestClient(app) as client:
        yield client


def touch(page: TestClient, task: int, act: str, actor: str = "李", **more: str) -> Any:
    """One button of our own page."""
    headers = more.pop("headers", SAME)
    fields = {"task": str(task), "act": act, "actor": actor, "lang": "zh_CN", **more}
    return page.post("/tasks", data=fields, headers=headers, follow_redirects=False)


def test_the_list_shows_whom_to_ring_and_what_to_say(page: TestClient, office: Any) -> None:
    """Unit, role, masked number, script, how long it has waited; no number in clear; closed to scripts of others."""
    office.add_task("王副市长")
    answer = page.get("/tasks?lang=zh&actor=李")
    assert answer.status_code == 200
    for words in ("王副市长", "138****0001", "向您报告", "我来打", "本人答“收到”", "号码不对", "65 秒"):
        assert words in answer.text
    assert "+8626" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"


def test_an_empty_list_says_so(page: TestClient) -> None:
    """In both languages."""
    assert "没有等人拨打的任务" in page.get("/tasks").text
    assert "Nothing waits" in page.get("/tasks?lang=en").text


def test_taking_a_task_opens_its_number_and_no_other(page: TestClient, office: Any) -> None:
    """我来打: the number of that task in clear, to dial with one tap; it stands in no address and no redirect."""
    first, _ = office.add_task("王副市长"), office.add_task("张秘书长")
    answer = touch(page, first, "take")
    assert answer.status_code == 200
    assert answer.text.count("tel:+8626010000001") == 1
    assert "+8626010000002" not in answer.text
    assert "李" in answer.text
    assert office.tasks_done == [("take", first, "李", ""), ("number", first, "李", "")]
    assert "+8626" not in page.get("/tasks").text


@pytest.mark.parametrize("result", ["answered", "told-deputy", "no-answer", "busy", "wrong-number"])
def test_one_touch_records_a_result(page: TestClient, office: Any, result: str) -> None:
    """The result with its actor and remark; then the list by a redirect, so that reloading sends nothing again."""
    task = office.add_task("王副市长")
    answer = touch(page, task, result, note="刘秘书：马上报告")
    assert answer.status_code == 303
    assert office.tasks_done == [(result, task, "李", "刘秘书：马上报告")]
    again = page.get(f"/{answer.headers['location']}")
    assert 'value="李"' in again.text
    assert "没有等人拨打的任务" in again.text


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.example"}, {}],
)
def test_a_form_of_somebody_else_does_nothing(page: TestClient, office: Any, headers: dict[str, str]) -> None:
    """Only our own page acts: neither another site's form nor a request that does not say where it comes from."""
    task = office.add_task("王副市长")
    assert touch(page, task, "answered", headers=headers).status_code == 403  # type: ignore[arg-type] # ours
    assert office.tasks_done == []


def test_an_old_browser_is_known_by_its_origin(page: TestClient, office: Any) -> None:
    """Without Sec-Fetch-Site the Origin must be this very host."""
    task = office.add_task("王副市长")
    answer = touch(page, task, "busy", headers={"Origin": "http://testserver"})  # type: ignore[arg-type] # ours
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("task", "act", "actor", "status"),
    [(1, "answered", " ", 400), (1, "delete", "李", 400), (99, "answered", "李", 409), (99, "take", "李", 409)],
)
def test_what_cannot_be_done_is_said(
    page: TestClient, office: Any, task: int, act: str, actor: str, status: int
) -> None:
    """Nobody, no such act, no such task: the page says which, and nothing happens."""
    office.add_task("王副市长")
    answer = touch(page, task, act, actor)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert office.tasks_done == []


def test_a_number_that_is_none_is_no_task(page: TestClient, office: Any) -> None:
    """Whatever stands in the field."""
    office.add_task("王副市长")
    for said in ("", "x", "1" * 40, "-1"):
        fields = {"task": said, "act": "take", "actor": "李"}
        assert page.post("/tasks", data=fields, headers=SAME).status_code == 409


def test_who_comes_second_is_told_who_is_dialling(page: TestClient, office: Any) -> None:
    """Two officers never ring one leader at once."""
    task = office.add_task("王副市长", taken_by="王", taken_until=office.clock.now() + 60_000)
    answer = touch(page, task, "take")
    assert answer.status_code == 409
    assert "王 正在打" in answer.text


def test_what_people_wrote_is_escaped(page: TestClient, office: Any) -> None:
    """Neither a unit's name nor the officer's own brings markup."""
    office.add_task("<b>某</b>", script="<script>1</script>\n第二行")
    text = page.get("/tasks", params={"actor": '"><i>x'}).text
    assert "<b>某" not in text
    assert "<script>1" not in text
    assert "<i>x" not in text


def test_it_is_mounted_where_the_live_page_is(office: Any) -> None:
    """No login yet: the daemon's public address has no work list."""
    app = create_app(office, office, public_url="http://x", live_page=False, body_limit=10, clock=VirtualClock(0))
    with TestClient(app) as client:
        assert client.get("/tasks").status_code == 404
        assert client.post("/tasks", data={}).status_code == 404
