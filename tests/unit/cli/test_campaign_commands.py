"""`campaign open | status | remind | approve | return | close | export` and `contacts change`, as a registrar types them."""

from __future__ import annotations

import shutil
import stat
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import python_calamine

from warning_dispatch.clock import SystemClock, beijing_text

CONTACTS = Path(__file__).parents[3] / "contacts"
TOWNSHIP = "141124101"


def in_days(days: int) -> str:
    """A day from today."""
    today = date.fromisoformat(beijing_text(SystemClock().now(), "%Y-%m-%d"))
    return (today + timedelta(days=days)).isoformat()


def phone(index: int) -> str:
    """A sample mobile."""
    return f"+862601{index:07d}"


@pytest.fixture
def opened(keyboard: Any) -> Any:
    """An installation with a campaign that is due in two weeks."""
    keyboard.asked("campaign", "open", "--due", in_days(14))
    return keyboard


def sheets_of(path: Path) -> dict[str, list[list[Any]]]:
    """A workbook's sheets as rows."""
    book = python_calamine.CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_a_campaign_is_opened_once(keyboard: Any) -> None:
    """Every unit that is called is asked; a second campaign beside it is refused, a day that is over too."""
    view = keyboard.asked("campaign", "open", "--due", in_days(14))
    assert view["title"] == f"{in_days(14)[:4]}年度更新备案"
    assert (view["state"], view["units"], view["filed"], view["overdue"]) == ("open", 2864, 0, False)
    keyboard.run("campaign", "open", "--due", in_days(20)).complained("已有一次更新备案", "campaign status")


def test_days_are_checked(keyboard: Any) -> None:
    """Whatever is no day, or is over, is said in plain words; without a day it is wrong usage."""
    keyboard.run("campaign", "open", "--due", "明年").complained("不是日期", "2027-04-20")
    keyboard.run("campaign", "open", "--due", in_days(-1)).complained("已经过去")
    keyboard.run("campaign", "open").misused("--due")


def test_without_a_campaign_every_command_says_so(keyboard: Any) -> None:
    """And what to type instead."""
    for words in (("status",), ("remind",), ("close", "--reason", "x"), ("export", keyboard.folder / "x.xlsx")):
        keyboard.run("campaign", *words).complained("campaign open")


def test_status_counts_by_county_and_line(opened: Any) -> None:
    """The numbers of the parts are those of the whole; nobody is overdue yet, so the exit code is 0."""
    said = opened.asked("campaign", "status")
    assert said["total"]["total"] == sum(one["total"] for one in said["counties"]) == 2864
    assert {one["key"] for one in said["lines"]} >= {"water", "emergency"}
    assert said["overdue"] == []
    only = opened.asked("campaign", "status", "--county", "141124")
    assert [one["name"] for one in only["counties"]] == ["临县"]
    picture = opened.run("campaign", "status", "--open", "--county", "141124")
    assert picture.code == 0
    assert "临县" in picture.out
    assert "由 白文镇 报送" in picture.out


def test_overdue_is_a_finding(opened: Any) -> None:
    """Once the campaign is closed, what is open is overdue: exit code 1, and every unit in the JSON."""
    opened.asked("campaign", "close", "--reason", "到期")
    said = opened.run("campaign", "status", "--json")
    assert said.code == 1
    assert len(said.document["overdue"]) == 2864
    assert said.document["campaign"]["state"] == "closed"


def test_an_import_counts_as_handed_in(opened: Any) -> None:
    """The units that the workbook names are filed by it, the others are not; new numbers get their test message."""
    path = opened.folder / "office.csv"
    path.write_text(f"单位编码,姓名,角色,职务,手机,样本\n{TOWNSHIP},样本新,A岗,书记,{phone(9)},是\n", encoding="utf-8")
    opened.asked("contacts", "import", path)
    said = opened.asked("campaign", "status")
    assert (said["total"]["filed"], said["total"]["changed"], said["proofs"]["asked"]) == (1, 1, 1)
    rows = {one["unit"]: one for one in opened.asked("campaign", "status", "--open")["open"]}
    assert TOWNSHIP not in rows
    assert "filing.imported" in opened.run("journal", "export", "register").out


def test_an_import_verifies_whom_it_files(opened: Any) -> None:
    """As the form does: today, by the campaign; a day of one's own since it opened stays, one from before does not."""
    today = in_days(0)
    path = opened.folder / "office.csv"
    rows = (
        f"{TOWNSHIP},样本新,A岗,{phone(9)},是,,",
        f"{TOWNSHIP},样本乙,B岗,{phone(8)},是,2020-01-01,电话",
        f"{TOWNSHIP},样本丙,B岗,{phone(7)},是,{today},上门",
    )
    path.write_text("单位编码,姓名,角色,手机,样本,核实日期,核实方式\n" + "\n".join(rows) + "\n", encoding="utf-8")
    opened.asked("contacts", "import", path)
    shown = opened.asked("contacts", "show", TOWNSHIP)["receivers"]
    title = opened.asked("campaign", "status")["campaign"]["title"]
    assert [(one["verified_on"], one["verified_how"]) for one in shown] == [
        (today, title),
        (today, title),
        (today, "上门"),
    ]
    assert {one["verified_on"] for one in opened.asked("contacts", "show", "141124102")["receivers"]} == {""}


def test_an_import_verifies_nobody_it_does_not_speak_of(opened: Any) -> None:
    """A row was left out: who is kept for it was not made sure of, and the unit is asked on; whom the list gives was."""
    today = in_days(0)
    before = opened.asked("contacts", "show", TOWNSHIP)["receivers"]
    path = opened.folder / "office.csv"
    rows = (f"{TOWNSHIP},{before[0]['name']},A岗,1390一二三四,是", f"{TOWNSHIP},样本新来,B岗,{phone(8)},是")
    path.write_text("单位编码,姓名,角色,手机,样本\n" + "\n".join(rows) + "\n", encoding="utf-8")
    opened.asked("contacts", "import", path, "--accept", "no-number", "--accept", "bad-number")
    days = {one["name"]: one["verified_on"] for one in opened.asked("contacts", "show", TOWNSHIP)["receivers"]}
    assert days == {**{one["name"]: "" for one in before}, "样本新来": today}
    assert opened.asked("campaign", "status")["campaign"]["filed"] == 0


def test_the_days_of_a_registers_folder_stand(opened: Any) -> None:
    """It says itself when somebody was made sure of; whoever has no day there is by its coming."""
    folder = opened.folder / "register"
    folder.mkdir()
    for name in ("divisions.csv", "offices.toml"):
        shutil.copy(CONTACTS / name, folder)
    rows = (
        f"{TOWNSHIP},A,样本甲,镇长,{phone(1)},zh_CN,yes,2020-01-01,电话",
        f"{TOWNSHIP},B,样本乙,副镇长,{phone(2)},zh_CN,yes,,",
    )
    head = "unit_code,role,name,post,mobile,language,sample,verified_on,verified_how\n"
    (folder / "receivers.csv").write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    opened.asked("contacts", "import", folder)
    shown = opened.asked("contacts", "show", TOWNSHIP)["receivers"]
    title = opened.asked("campaign", "status")["campaign"]["title"]
    assert [(one["verified_on"], one["verified_how"]) for one in shown] == [("2020-01-01", "电话"), (in_days(0), title)]
    assert opened.asked("campaign", "status")["campaign"]["filed"] == 1


def test_a_change_takes_the_same_way_with_and_without_a_campaign(keyboard: Any) -> None:
    """Somebody new in one role, the others stay; the history and the journal know it, numbers stay masked."""
    words = (
        "contacts",
        "change",
        TOWNSHIP,
        "--role",
        "A",
        "--name",
        "样本接任",
        "--phone",
        phone(77),
        "--reason",
        "调任",
    )
    said = keyboard.asked(*words)
    assert (said["state"], said["tests"]) == ("filed", 4)
    shown = keyboard.run("contacts", "show", TOWNSHIP)
    assert "样本接任" in shown.out
    assert phone(77)[3:] not in shown.out
    assert shown.out.count("B岗") == 1
    history = keyboard.run("contacts", "history", TOWNSHIP)
    assert "command" in history.out
    journal = keyboard.run("journal", "export", "register").out
    assert "filing.handed_in" in journal
    assert "调任" in journal
    assert phone(77)[4:] not in journal
    keyboard.asked("campaign", "open", "--due", in_days(14))
    keyboard.asked(
        "contacts", "change", TOWNSHIP, "--role", "B", "--name", "样本副", "--phone", phone(78), "--reason", "调任"
    )
    assert keyboard.asked("campaign", "status")["total"]["filed"] == 1


def test_a_change_says_everything_that_is_wrong_at_once(keyboard: Any) -> None:
    """A number that is none and a role nobody knows: both, with what to do, and nothing is written."""
    said = keyboard.run(
        "contacts", "change", TOWNSHIP, "--role", "X", "--name", "样本", "--phone", "123", "--reason", "x"
    )
    said.complained("角色", "电话")
    keyboard.run("contacts", "change", "999", "--role", "A", "--name", "样本", "--reason", "x").complained(
        "没有单位 999"
    )


def test_reminders_are_one_a_day(opened: Any) -> None:
    """By hand as by the calendar: the second time on a day nobody is written to; an unknown unit is named."""
    first = opened.asked("campaign", "remind")["letters"]
    assert first > 600
    assert opened.asked("campaign", "remind")["letters"] == 0
    opened.run("campaign", "remind", "999").complained("没有单位 999")


def test_a_unit_by_name_is_reminded_alone(opened: Any) -> None:
    """Its registrar only, by SMS and mail."""
    assert opened.asked("campaign", "remind", TOWNSHIP)["letters"] == 2


def test_the_report_is_a_workbook_without_people(opened: Any) -> None:
    """Sums and units; no name and no number of anybody; a file is never overwritten."""
    target = opened.folder / "report.xlsx"
    said = opened.asked("campaign", "export", target)
    assert said["report"]["total"]["total"] == 2864
    sheets = sheets_of(target)
    assert {"各县", "各部门", "各级", "未备案单位"} <= sheets.keys()
    assert len(sheets["未备案单位"]) == 3 + 2864
    assert "样本" not in str(sheets)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    opened.run("campaign", "export", target).complained("已存在")


def test_a_filing_sheet_is_on_the_record_and_stamped(opened: Any) -> None:
    """The township with its villages, in clear, with who printed it and when; the journal says so and names nobody."""
    target = opened.folder / "sheet.xlsx"
    opened.asked("campaign", "export", target, "--unit", TOWNSHIP, "--reason", "盖章")
    rows = sheets_of(target)["备案表"]
    text = "\n".join("|".join(map(str, row)) for row in rows)
    assert "白文镇" in text
    assert "zhiban" in text
    assert "单位（盖章）" in text
    assert len({row[0] for row in rows if str(row[0]).startswith(TOWNSHIP)}) > 10
    journal = opened.run("journal", "export", "register").out
    assert "sheet.exported" in journal
    assert "样本" not in journal


def test_sheets_of_a_county_are_one_file_a_registrar(opened: Any) -> None:
    """A file for each office and township of the county; villages stand on their township's."""
    folder = opened.folder / "sheets"
    said = opened.asked("campaign", "export", folder, "--sheets", "--county", "141130", "--reason", "盖章")
    names = {Path(one).stem for one in said["files"]}
    assert names == {path.stem for path in folder.iterdir()}
    assert "141130" in names
    assert not any(name.isdigit() and len(name) == 12 for name in names)


def test_approval_from_the_keyboard(keyboard: Any) -> None:
    """With nothing waiting there is nothing to approve, and an unknown number is named."""
    keyboard.asked("campaign", "open", "--due", in_days(14))
    assert keyboard.asked("campaign", "approve", "--all") == {"filings": []}
    keyboard.run("campaign", "approve", 7).complained("没有待审的备案 7", "campaign status --awaiting")
    keyboard.run("campaign", "return", 7, "--reason", "x").complained("没有待审的备案 7")
    keyboard.run("campaign", "approve").misused("--all")


def test_closing_needs_a_reason_and_ends_it(opened: Any) -> None:
    """The report is what the command answers; a second close is refused, and a new campaign may be opened."""
    opened.run("campaign", "close").misused("--reason")
    report = opened.asked("campaign", "close", "--reason", "到期")
    assert report["total"]["lapsed"] == len(report["overdue"]) == 2864
    opened.run("campaign", "close", "--reason", "x").complained("没有进行中的更新备案")
    opened.asked("campaign", "open", "--due", in_days(30), "--title", "补报")


def test_what_remains_overdue_is_a_finding_of_the_register(opened: Any) -> None:
    """`contacts check` counts it, until somebody files it after all."""
    assert "not_filed" not in opened.asked("contacts", "check")["gaps"]
    opened.asked("campaign", "close", "--reason", "到期")
    assert opened.asked("contacts", "check")["gaps"]["not_filed"] == 2864
    opened.asked(
        "contacts", "change", TOWNSHIP, "--role", "A", "--name", "样本", "--phone", phone(77), "--reason", "补报"
    )
    assert opened.asked("contacts", "check")["gaps"]["not_filed"] == 2863
