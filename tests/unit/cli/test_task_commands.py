"""`task`: whom the duty officer rings by hand, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from warning_dispatch.bootstrap import open_product
from warning_dispatch.clock import SystemClock
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.ports import Receipt
from warning_dispatch.settings import load_settings

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def tasks(keyboard: Any) -> Any:
    """A red warning for the whole prefecture: the leaders' tasks stand on the list."""
    keyboard.run("alert", "ingest", keyboard.warning("12379-red-rain-city.xml"))
    settings = load_settings(ROOT / "config", {}, state_dir=str(keyboard.folder / "state"))
    product = open_product(settings)
    now = SystemClock().now()
    batch = product.engine.turn(now, Inbox()).batch
    receipts = [Receipt(one.attempt_id, accepted=True) for one in batch]
    product.engine.turn(SystemClock().now(), Inbox(receipts=receipts))
    product.close()
    return keyboard


def test_nothing_waits(keyboard: Any) -> None:
    """A quiet night says so."""
    assert keyboard.asked("task", "list") == {"tasks": []}
    assert "没有等人拨打的任务" in keyboard.run("task", "list").out


def test_the_list_is_whom_to_ring_and_what_to_say(tasks: Any) -> None:
    """Masked numbers, the script, how long it has waited; as a program reads it and as a person does."""
    listed = tasks.asked("task", "list")["tasks"]
    assert listed
    assert all("*" in one["phone"] and "向您报告" in one["script"] for one in listed)
    said = tasks.run("task", "list").out
    assert "向您报告" in said
    assert "已等" in said


def test_take_number_and_result(tasks: Any) -> None:
    """我来打 gives number, script and what to type next; the result is recorded and the task is gone."""
    first, *others = [one["id"] for one in tasks.asked("task", "list")["tasks"]]
    taken = tasks.asked("task", "take", first, "--actor", "li")
    assert taken["number"].startswith("+8626")
    assert taken["until"]
    assert f"task result {first} answered" in tasks.run("task", "take", first, "--actor", "li").out
    tasks.run("task", "take", first, "--actor", "wang").complained("li 正在打")
    assert tasks.asked("task", "list")["tasks"][0]["taken_by"] == "li"
    assert tasks.asked("task", "number", others[0], "--actor", "li")["number"] != taken["number"]
    done = tasks.asked("task", "result", first, "answered", "--actor", "li", "--note", "本人")
    assert done == {"id": first, "result": "answered"}
    assert "无人接听" in tasks.run("task", "result", others[0], "no-answer", "--actor", "li").out
    assert {first, others[0]}.isdisjoint(one["id"] for one in tasks.asked("task", "list")["tasks"])


def test_what_is_no_task_is_refused(tasks: Any) -> None:
    """A wrong number of a task, and a result that there is not."""
    tasks.run("task", "take", 999_999, "--actor", "li").complained("任务单上没有 999999")
    tasks.run("task", "result", 999_999, "busy", "--actor", "li").complained("没有人工任务")
    tasks.run("task", "result", 1, "maybe", "--actor", "li").misused("maybe")
