"""`alarm`: what needs a human, and that somebody has it in hand."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from warning_dispatch.clock import SystemClock
from warning_dispatch.ingest.samples import restamp


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
    assert keyboard.asked("alarm", "list") == {"alarms": [], "alarms_total": 0}
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
    assert junk.asked("alarm", "list")["alarms"] == []
    kept = junk.asked("alarm", "list", "--claimed")["alarms"]
    assert [one["claimed_by"] for one in kept] == ["wang", "wang"]
    assert kept[0]["claimed_at"]
    said = junk.run("alarm", "claim", "1", "--actor", "li")
    assert said.code == 1
    assert "已经有人认领" in said.err


def test_a_wrong_number_and_no_number(junk: Any) -> None:
    """Refused, and wrong usage."""
    assert junk.run("alarm", "claim", "9", "--actor", "wang").code == 1
    junk.run("alarm", "claim", "--actor", "wang").misused("写明告警编号，或用 --all")
    junk.run("alarm", "claim", "1", "--all", "--actor", "wang").misused("只能写一个")


def test_a_list_that_is_cut_says_so(junk: Any) -> None:
    """How many there are, and the command that shows all of them; of one call-out where that was asked for."""
    said = junk.run("alarm", "list", "--limit", "1").out
    assert "共 2 项，只列最新 1 项，全部见 alarm list --limit 2" in said
    assert "共" not in junk.run("alarm", "list").out
    callout = junk.ingested()
    with closing(sqlite3.connect(junk.database)) as database, database:
        row = "INSERT INTO alarm (at, kind, detail, callout_id) VALUES (?, 'no_contact', '', ?)"
        database.executemany(row, [(at, callout) for at in range(55)])
        database.executemany(row, [(at, None) for at in range(55)])
    shown = junk.run("callout", "show", callout).out
    assert "需人工处理 55 项" in shown
    assert f"全部见 alarm list --callout {callout} --limit 55" in shown
    assert "需人工处理 112 项" in junk.run("callout", "list").out
    found = junk.asked("alarm", "list", "--callout", callout, "--limit", 99)
    assert (len(found["alarms"]), found["alarms_total"]) == (55, 55)


def test_details_are_in_words(junk: Any) -> None:
    """Codes and ids are kept; the list says them in the reader's language."""
    old = junk.warning("12379-county-red-rain.xml", "old.xml")
    old.write_bytes(restamp(old.read_bytes(), SystemClock().now() - 172_800_000))
    junk.run("alert", "ingest", old)
    [newest, *_] = junk.asked("alarm", "list")["alarms"]
    assert newest["kind"] == "untriggered"
    assert newest["detail"]["alert"] == 1
    chinese, english = (junk.run("alarm", "list", "--lang", one).out for one in ("zh", "en"))
    assert re.search(r"消息 1：.*已过期|消息 1：.*太久", chinese)
    assert "报文 2：" in chinese
    assert "alert 1: " in english
    assert not re.search(r"too_old|expired_on_arrival|trigger_", chinese + english)


def test_who_answered_the_phone_is_shown_by_unit_and_role(junk: Any) -> None:
    """Not as a number of the register."""
    with closing(sqlite3.connect(junk.database)) as database, database:
        (key,) = database.execute(
            "SELECT r.id FROM receiver r JOIN unit u ON u.id = r.unit_id WHERE u.code = '141124' AND r.role = 1"
        ).fetchone()
        database.execute("UPDATE alarm SET claimed_at = 1, claimed_by = ?", (f"receiver:{key}",))
    said = junk.run("alarm", "list", "--claimed").out
    assert "临县 A岗" in said
    assert "receiver:" not in said


def test_the_journal_is_whole_afterwards(junk: Any) -> None:
    """A self-call is journalled, folded and verified like any other."""
    junk.asked("alarm", "claim", "--all", "--actor", "wang")
    assert junk.run("journal", "verify").code == 0
