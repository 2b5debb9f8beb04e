"""`alert`: messages in, verdicts out."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_a_red_warning_starts_a_call_out(keyboard: Any) -> None:
    """The command answers what the API answers, and says that nobody is there to call."""
    said = keyboard.run("alert", "ingest", keyboard.warning(), "--json")
    assert said.code == 0
    [result] = said.document["results"]
    assert (result["disposition"], result["callouts"], result["file"]) == ("accepted", [1], "red.xml")
    assert "程序没有运行" in said.err


def test_a_message_from_standard_input(keyboard: Any) -> None:
    """A pipe is as good as a file."""
    said = keyboard.run("alert", "ingest", "-", typed=keyboard.warning().read_bytes())
    assert said.code == 0
    assert "已受理" in said.out


def test_the_same_message_twice(keyboard: Any) -> None:
    """A duplicate is nothing to worry about."""
    path = keyboard.warning()
    keyboard.asked("alert", "ingest", path)
    assert keyboard.asked("alert", "ingest", path)["results"][0]["disposition"] == "duplicate"


def test_junk_is_kept_and_refused_clearly(keyboard: Any) -> None:
    """What cannot be read is quarantined with its reason, listed, and raises an alarm."""
    junk = keyboard.folder / "junk.xml"
    junk.write_text("<alert", encoding="utf-8")
    said = keyboard.run("alert", "ingest", junk)
    assert said.code == 1
    assert "隔离" in said.out
    assert "XML" in said.out
    listed = keyboard.asked("alert", "list")
    assert (listed["alerts"], listed["unreadable"][0]["size"]) == ([], 6)
    assert keyboard.asked("callout", "list")["alarms"][0]["kind"] == "quarantined"
    assert "读不懂而隔离的消息" in keyboard.run("alert", "list").out


def test_a_missing_file_takes_nothing_in(keyboard: Any) -> None:
    """All files are read before the first is taken in; every missing one is named."""
    keyboard.run("alert", "ingest", keyboard.warning(), "nowhere.xml", "/nor/here.xml").complained(
        "nowhere.xml", "/nor/here.xml"
    )
    assert keyboard.asked("alert", "list")["alerts"] == []
    keyboard.run("alert", "ingest").misused("Missing argument")


def test_list_and_show(keyboard: Any) -> None:
    """Verdict and reasons can be read in words and by a program."""
    assert "还没有收到过消息" in keyboard.run("alert", "list").out
    keyboard.ingested()
    listed = keyboard.run("alert", "list").out
    assert "临县气象台发布暴雨红色预警信号" in listed
    shown = keyboard.run("alert", "show", 1)
    for words in ("暴雨", "红色", "已受理", "触发方案 county", "Alert · Actual"):
        assert words in shown.out
    assert keyboard.asked("alert", "show", 1)["reasons"] == ["trigger_county"]
    assert "trigger of chain county" in keyboard.run("alert", "show", 1, "--lang", "en").out


def test_what_does_not_exist(keyboard: Any, bare: Any) -> None:
    """A wrong number and a missing installation are told apart, each with what to do."""
    keyboard.run("alert", "show", 99).complained("没有消息 99", "alert list")
    refused = keyboard.run("alert", "show", 99, "--json")
    assert (refused.code, refused.document["kind"]) == (1, "NotFoundError")
    keyboard.run("alert", "show", "x").misused("ID")
    fresh = type(bare)(Path(bare.folder) / "elsewhere")
    fresh.run("alert", "list").complained("没有数据库", "warning-dispatch init")
    fresh.run("alert", "ingest", keyboard.warning()).complained("没有数据库")
