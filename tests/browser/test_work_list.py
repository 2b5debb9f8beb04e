"""The work list in a real browser: timers run, one touch acts, and nothing is lost under the hands of somebody who types."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.unit import Role

pytestmark = pytest.mark.browser

LAPTOP = {"viewport": {"width": 1366, "height": 768}}
PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def tasks(site: Any) -> list[int]:
    """Two leaders are to be rung, one of them in an orange warning."""
    site.office.work.clear()
    return [
        site.office.add_task("吕梁市人民政府副市长"),
        site.office.add_task("吕梁市应急管理局局长", role=Role.DEPUTY, colour=Colour.ORANGE, waited=5_000),
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_an_officer_rings_and_records(visit: Any, site: Any, tasks: list[int], device: Any, scheme: str) -> None:
    """Name, take, number, result: four touches; the task is gone, the other one stays, the policy blocks nothing of ours."""
    page = visit(**device, color_scheme=scheme).new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.goto(f"{site.address}/tasks")
    page.get_by_label("值班员").fill("李")
    page.get_by_role("button", name="就是我").click()
    expect(page.locator("article")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert ":" in (page.locator("[data-since]").first.text_content() or "")
    page.locator("article").first.get_by_role("button", name="我来打").click()
    expect(page.locator("a.clear")).to_have_text("+8626010000001")
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"work-list-{device['viewport']['width']}-{scheme}.png", full_page=True)
    page.locator(".remark").first.fill("刘秘书")
    page.locator("article").first.get_by_role("button", name="本人答“收到”").click()
    expect(page.locator("article")).to_have_count(1)
    assert [one[:3] for one in site.office.tasks_done][-3:] == [
        ("take", tasks[0], "李"),
        ("number", tasks[0], "李"),
        ("answered", tasks[0], "李"),
    ]
    assert errors == []


def test_a_new_task_comes_by_itself_but_never_under_the_hands(visit: Any, site: Any, tasks: list[int]) -> None:
    """The list is fresh within seconds; whoever is writing a remark keeps what is written."""
    page = visit(**LAPTOP).new_page()
    page.goto(f"{site.address}/tasks?actor=李")
    remark = page.locator(".remark").first
    remark.fill("正在通话")
    site.office.add_task("吕梁市水利局局长")
    page.wait_for_timeout(4_500)
    assert remark.input_value() == "正在通话"
    expect(page.locator("article")).to_have_count(len(tasks))
    remark.fill("")
    page.locator("h1").click()
    expect(page.locator("article")).to_have_count(len(tasks) + 1, timeout=9_000)
