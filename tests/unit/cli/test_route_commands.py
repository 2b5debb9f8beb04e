"""`route list`: what the officer sees when a provider fails."""

from __future__ import annotations

import sqlite3
from typing import Any

from warning_dispatch.bootstrap import route_plans
from warning_dispatch.escalation.budgets import HOUR, Window
from warning_dispatch.escalation.operators import Operator
from warning_dispatch.escalation.route_rules import Hours, RouteRule
from warning_dispatch.settings import load_settings


def test_a_route_that_is_down_says_why_and_when_it_is_tried(keyboard: Any) -> None:
    """One line for each provider, in the order in which they are taken: state, reason, lines, balance."""
    keyboard.ingested()
    file = keyboard.folder / "state" / "warning-dispatch.db"
    with sqlite3.connect(file) as connection:
        connection.execute(
            """UPDATE route SET phase = 1, openings = 1, down_until = 1784727240000, down_why = 'balance_exhausted',
            balance = '0.30 元', probed_at = 1784727180000 WHERE channel = 1"""
        )
    connection.close()
    said = keyboard.run("route", "list")
    line = next(line for line in said.out.splitlines() if "voice-simulated" in line)
    for word in ("语音", "停用：余额不足", "07-22 21:34:00 试呼", "0/30", "0.30 元", "07-22 21:33:00"):
        assert word in line
    assert [line.split()[0] for line in said.out.splitlines()[1:]] == [
        "voice-simulated",
        "sms-simulated",
        "email-simulated",
        "operator",
    ]
    document = keyboard.asked("route", "list")["routes"][0]
    assert (document["state"], document["why"]) == ("down", "balance_exhausted")


def test_before_the_first_start_there_are_none(keyboard: Any) -> None:
    """Rows are made when the product opens; until then that is said, and nothing breaks."""
    assert keyboard.run("route", "list").code == 0


def test_the_file_becomes_rules(tmp_path: Any) -> None:
    """Order as they stand or as they say; conditions and budgets as the engine takes them."""
    (tmp_path / "warning-dispatch.toml").write_text(
        """[[routes]]
name = "own"
channel = "voice"
adapter = "simulated"
operators = ["mobile"]
hours = { from = "08:00", until = "22:00" }
[[routes]]
name = "cloud"
channel = "sms"
adapter = "simulated"
order = 7
countries = ["+86"]
public_cloud = true
per_number = { hour = 5, day = 50 }
[[routes]]
name = "free"
channel = "sms"
adapter = "simulated"
""",
        encoding="utf-8",
    )
    own, cloud, free = route_plans(load_settings(tmp_path, {}))
    assert own.rule == RouteRule(0, (), frozenset({Operator.MOBILE}), hours=Hours(8 * HOUR, 22 * HOUR))
    assert cloud.rule == RouteRule(7, ("+86",), public_cloud=True)
    assert (free.rule, free.per_number) == (RouteRule(2), None)
    assert own.per_number is not None
    assert len(own.per_number.windows) == 3
    assert cloud.per_number is not None
    assert cloud.per_number.windows == (Window(HOUR, 5), Window(24 * HOUR, 50))
