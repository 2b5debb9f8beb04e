"""`alarm`: what needs a human, and that somebody has it in hand."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def junk(keyboard: Any) -> Any:
    """Two broken files and what they raise: two alarms, one self-call."""
    for name in ("one", "two"):
        path = keyboard.folder / f"{name}.xml"
        path.write_text(f"<{name}", encoding="utf-8")
        keyboard.run("alert", "ingest", path)
    return keyboard


def test_nothing_is_open(keyboard: Any) -> None:
    """A quiet night says so."""
    assert keyboard.asked("alarm", "list") == {"alarms": []}
    assert "没有待认领的告警" in keyboard.run("alarm", "list").out
    assert keyboard.asked("alarm", "claim", "--all", "--actor", "wang") == {"claimed": [], "actor": "wang"}


def test_the_list_says_how_urgent_it_is(junk: Any) -> None:
    """Newest first, with colour and the self-call that rings for it; the call-outs' list does not show that call."""
    newest, oldest = junk.asked("alarm", "list")["alarms"]
    assert (newest["id"], oldest["id"], newest["kind"], newest["colour"]) == (2, 1, "quarantined", "red")
    assert newest["self_callout_id"] == oldest["self_callout_id"] == 1
    said = junk.run("alarm", "list").out
    assert "消息被隔离" in said
    assert "红" in said
    assert junk.asked("callout", "list")["callouts"] == []


def test_a_claim_takes_all_that_rings_together(junk: Any) -> None:
    """One id is enough; the list is empty, and --claimed says who."""
    assert junk.asked("alarm", "claim", "1", "--actor", "wang") == {"claimed": [1, 2], "actor": "wang"}
    assert junk.asked("alarm", "list") == {"alarms": []}
    kept = junk.asked("alarm", "list", "--claimed")["alarms"]
    assert [one["claimed_by"] for one in kept] == ["wang", "wang"]
    assert kept[0]["claimed_at"]
    said = junk.run("alarm", "claim", "1", "--actor", "li")
    assert said.code == 1
    assert "已经有人认领" in said.err


def test_a_wrong_number_and_no_number(junk: Any) -> None:
    """Refused, and wrong usage."""
    assert junk.run("alarm", "claim", "9", "--actor", "wang").code == 1
    assert junk.run("alarm", "claim", "--actor", "wang").code == 2
    assert junk.run("alarm", "claim", "1", "--all", "--actor", "wang").code == 2


def test_the_journal_is_whole_afterwards(junk: Any) -> None:
    """A self-call is journalled, folded and verified like any other."""
    junk.asked("alarm", "claim", "--all", "--actor", "wang")
    assert junk.run("journal", "verify").code == 0
