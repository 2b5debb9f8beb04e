"""`report`: the record of a call-out and a season's figures, on the screen and as files that the journal tells of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook


@pytest.fixture
def over(keyboard: Any) -> Any:
    """A red warning of one county that was lifted."""
    keyboard.run("alert", "ingest", keyboard.warning())
    said = keyboard.run("callout", "cancel", 1, "--actor", "wang", "--reason", "雨停了")
    assert said.code == 0, said
    return keyboard


def entries(keyboard: Any, stream: str = "1") -> list[str]:
    """The lines of a journal that tell of exports and verdicts."""
    lines = keyboard.run("journal", "export", stream).out.splitlines()
    return [line for line in lines if "record.exported" in line or "callout.judged" in line]


def test_a_record_is_shown_and_read(over: Any) -> None:
    """For a person and for a program; looking leaves no entry."""
    document = over.asked("report", "callout", 1)
    whole = document["sum"]
    assert whole["asked"] == sum(one["asked"] for one in document["tiers"])
    assert document["tiers"][0]["name"]
    assert document["feedback"]["moved"] == 0
    assert document["drill"] is False
    shown = over.run("report", "callout", 1).out
    assert "应叫" in shown
    assert "合计" in shown
    assert "Asked" in over.run("report", "callout", 1, "--lang", "en").out
    assert entries(over) == []


def test_files_are_written_once_and_accounted_for(over: Any, tmp_path: Path) -> None:
    """Workbook, form and summary; a file that is there is never written over."""
    names = [tmp_path / name for name in ("r.xlsx", "r.html", "s.html")]
    done = over.asked(
        "report", "callout", 1, "--xlsx", names[0], "--html", names[1], "--summary", names[2], "--actor", "wang"
    )
    assert done["files"] == [str(name) for name in names]
    assert CalamineWorkbook.from_path(str(names[0])).sheet_names[0] == "记录表"
    assert "负责人（签字）" in names[1].read_text("utf-8")
    assert names[0].stat().st_mode & 0o077 == 0
    assert len(entries(over)) == 1, "the masked form is no export, the workbook is"
    over.run("report", "callout", 1, "--xlsx", names[0]).complained("文件已存在")


def test_in_clear_needs_a_reason(over: Any, tmp_path: Path) -> None:
    """Wrong usage without one; with one the journal has it."""
    form = tmp_path / "clear.html"
    over.run("report", "callout", 1, "--html", form, "--clear").misused("必须写明理由")
    assert not form.exists()
    over.asked("report", "callout", 1, "--html", form, "--tier", "all", "--clear", "--reason", "核查", "--actor", "li")
    assert '"clear":true' in entries(over)[-1]


def test_a_verdict_is_given_once_it_is_over(keyboard: Any) -> None:
    """Not while it runs; then it stands in the record, the season and the journal."""
    keyboard.run("alert", "ingest", keyboard.warning())
    judged = ("report", "verdict", 1, "false", "--actor", "wang", "--reason", "无降水")
    keyboard.run(*judged).complained("叫应还在进行")
    keyboard.run("callout", "cancel", 1, "--actor", "wang", "--reason", "雨停了")
    assert keyboard.asked(*judged) == {"callout_id": 1, "verdict": "false"}
    assert keyboard.asked("report", "callout", 1)["verdict"] == "false"
    season = keyboard.asked("report", "season")
    assert season["verdicts"]["false"] == 1
    assert season["verdicts"]["false_rate"] == 1
    assert "callout.judged" in entries(keyboard)[0]
    keyboard.run("report", "verdict", 1, "maybe", "--reason", "x").misused()
    keyboard.run("journal", "verify").out.index("记录完整")


def test_a_season_has_its_days(over: Any, tmp_path: Path) -> None:
    """This year has it, another does not; drills are not among real ones; days are written as days."""
    assert [one["callout_id"] for one in over.asked("report", "season")["callouts"]] == [1]
    assert over.asked("report", "season", "--year", 2001)["callouts"] == []
    assert over.asked("report", "season", "--drills")["callouts"] == []
    assert over.asked("report", "season", "--hazard", "snowstorm")["callouts"] == []
    assert "叫应 1 次" in over.run("report", "season").out
    over.run("report", "season", "--from", "soon").misused("2026-07-01")
    over.run("report", "season", "--from", "2026-09-01", "--to", "2026-01-01").misused("起日在止日之后")
    file = tmp_path / "season.xlsx"
    assert over.asked("report", "season", "--xlsx", file, "--actor", "wang")["files"] == [str(file)]
    assert '"kind":"season"' in entries(over, "system")[-1]


def test_a_call_out_that_is_not_there(over: Any) -> None:
    """Said in plain words."""
    over.run("report", "callout", 9).complained("没有叫应 9")
    over.run("report", "verdict", 9, "hit", "--reason", "x", "--actor", "w").complained("没有叫应 9")


def test_an_exported_journal_is_verified_by_what_lies_beside_it(over: Any, tmp_path: Path) -> None:
    """`journal export --out` puts verifier and key into the folder; they find it whole, and find what was changed."""
    file = tmp_path / "callout-1.jsonl"
    done = over.asked("journal", "export", 1, "--out", file)
    assert {Path(one).name for one in done["beside"]} == {"verify_journal.py", "journal.pub"}
    check = [sys.executable, "-I", "verify_journal.py", file.name, "--key", "journal.pub"]
    assert subprocess.run(check, cwd=tmp_path, check=False, capture_output=True).returncode == 0  # noqa: S603 - our own script
    file.write_text(file.read_text("utf-8").replace('"wang"', '"zhao"'), encoding="utf-8")
    assert subprocess.run(check, cwd=tmp_path, check=False, capture_output=True).returncode == 1  # noqa: S603 - our own script
    again = over.asked("journal", "export", 1, "--out", tmp_path / "again.jsonl")
    assert again["beside"] == []
