"""`callout response`, `callout tick`, the stages, and `contacts key-units`: the response by keyboard."""

from __future__ import annotations

import csv
import io
import sqlite3
import stat
from pathlib import Path
from typing import Any

COUNTY = "141124"
REASON = ("--reason", "电话 03:12：已到岗")


def journal_of(keyboard: Any) -> str:
    """Everything the journals tell."""
    with sqlite3.connect(keyboard.database) as connection:
        return "\n".join(row[0] for row in connection.execute("SELECT body FROM journal_block"))


def test_the_response_by_place(keyboard: Any) -> None:
    """Stage, sums and measures, for a person and for a program."""
    callout = keyboard.ingested()
    found = keyboard.asked("callout", "response", callout)
    assert (found["stage"], found["steps"][0]["actor"]) == ("response", "")
    assert any(one["code"] == COUNTY for one in found["areas"])
    out = keyboard.run("callout", "response", callout).out
    assert "应急响应" in out
    assert "临县" in out
    below = keyboard.asked("callout", "response", callout, "--area", COUNTY)
    assert any(one["code"] == "141124104" for one in below["areas"])
    keyboard.run("callout", "response", 99).complained("没有叫应")
    keyboard.run("callout", "response", callout, "--area", "nowhere").complained("没有这个地方")


def test_an_officer_ticks_for_a_unit(keyboard: Any) -> None:
    """What was heard is kept; the journal has ids only; nonsense is refused in words."""
    callout = keyboard.ingested()
    done = keyboard.asked("callout", "tick", callout, "141124-water", "duty_watch", *REASON)
    assert done["new"] == 1
    assert keyboard.asked("callout", "tick", callout, "141124-water", "duty_watch", *REASON)["new"] == 0
    keyboard.run("callout", "tick", callout, "141124-water", "no_such", *REASON).complained("没有这项措施")
    keyboard.run("callout", "tick", callout, "141124-water", "rain_village_move", *REASON).complained("不是该单位的")
    keyboard.run("callout", "tick", callout, "9999-x", "duty_watch", *REASON).complained("9999-x")
    keyboard.run("callout", "tick", callout, "141124-water", "duty_watch").misused("理由")
    told = journal_of(keyboard)
    assert '"action.done"' in told
    assert "已到岗" not in told


def test_the_stage_is_moved_with_a_reason(keyboard: Any) -> None:
    """Forward and back; the same stage twice is refused."""
    callout = keyboard.ingested()
    assert keyboard.run("callout", "stage-linkage", callout, "--reason", "政府决定停课").code == 0
    assert keyboard.asked("callout", "response", callout)["stage"] == "linkage"
    keyboard.run("callout", "stage-linkage", callout, "--reason", "x").complained("已经在这个阶段")
    keyboard.run("callout", "stage-response", callout).misused("理由")


def test_a_report_is_written_and_recorded(keyboard: Any, tmp_path: Path) -> None:
    """Text on the screen, a table and a workbook in files that only their owner reads."""
    callout = keyboard.ingested()
    text = keyboard.asked("callout", "response", callout, "--report", "text")["text"]
    assert "关于暴雨红色预警应急响应情况的报告" in text
    for form in ("csv", "xlsx"):
        path = tmp_path / f"report.{form}"
        assert keyboard.run("callout", "response", callout, "--report", form, "--to", path).code == 0
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (tmp_path / "report.csv").read_text("utf-8-sig").startswith("地方,")
    keyboard.run("callout", "response", callout, "--report", "csv").misused("--to")
    keyboard.run("callout", "response", callout, "--report", "csv", "--to", tmp_path / "no" / "x.csv").complained(
        "写不了"
    )
    assert journal_of(keyboard).count('"response.exported"') == 4


def test_the_list_of_key_units(keyboard: Any, tmp_path: Path) -> None:
    """Line, certificate, review, last call-out and measure: what an inspection asks; nobody's name or number."""
    rows = keyboard.asked("contacts", "key-units")["key_units"]
    assert len(rows) == 11
    assert {one["sector"] for one in rows} >= {"coal_mine", "scenic"}
    assert all(one["certificate"].startswith("示例证字") and one["review_on"] for one in rows)
    path = tmp_path / "key.csv"
    said = keyboard.run("contacts", "key-units", "--csv", path)
    assert said.code == 0
    assert "共 11 家" in said.out
    table = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))
    assert table[0][:4] == ["编码", "单位", "行业", "证书编号"]
    assert len(table) == 12
    assert any("煤矿" in row[2] for row in table[1:])
