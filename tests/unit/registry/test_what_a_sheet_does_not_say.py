"""A column that a sheet does not have says nothing: what stands in the register stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import xlsxwriter

from warning_dispatch.model.register import Register
from warning_dispatch.model.register_changes import ReceiverChange, UnitChange, changes_between
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.registry.change_lines import person_line, unit_line
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.receiver_sheets import Rules
from warning_dispatch.registry.sample_block import sample_mobile
from warning_dispatch.registry.workbook_import import WorkbookRead, merged, read_workbook

TREE = read_register(Path(__file__).resolve().parents[3] / "contacts").units
MINE = Unit(
    "141124101-k01",
    "某煤业",
    UnitKind.KEY_UNIT,
    UnitLevel.TOWNSHIP,
    "141124101",
    "141124",
    "coal_mine",
    callable=False,
    certified_on="2025-05-01",
    review_on="2027-05-01",
    measures="停产撤人",
    certificate="晋气证1号",
)
UNITS = (*TREE, MINE)
PHONE = sample_mobile(10)
PHONES = (EndpointEntry(Channel.VOICE, PHONE), EndpointEntry(Channel.SMS, PHONE))
MAIL = EndpointEntry(Channel.EMAIL, "a@example.invalid")
DEPUTY = ReceiverEntry(
    "141124100",
    Role.DEPUTY,
    "张三",
    "副镇长",
    "en",
    (*PHONES, MAIL),
    sample=True,
    serves_from="2026-06-01",
    serves_until="2026-08-31",
    verified_on="2026-06-30",
    verified_how="电话",
)


def read(folder: Path, *lines: str) -> WorkbookRead:
    """A CSV of these lines."""
    path = folder / "office.csv"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    found = read_workbook(path, UNITS, Rules("2026-07-01"))
    assert found.problems == ()
    return found


def test_units_keep_what_their_sheet_has_no_column_for(tmp_path: Path) -> None:
    """Code, name and kind of everything: no line, no review day, and nobody who is not called, is lost or called by it."""
    rows = [f"{unit.code},{unit.name},{unit.kind.chinese}" for unit in UNITS]
    found = read(tmp_path, "单位编码,单位名称,类别", *rows)
    before = Register(UNITS, ())
    assert changes_between(before, merged(before, found)).units == ()


def test_an_empty_cell_clears_and_a_new_unit_has_the_defaults(tmp_path: Path) -> None:
    """The column stands there, so that it says something; who is new is called, below the place of its code."""
    found = read(
        tmp_path,
        "单位编码,单位名称,类别,行业,叫应,复核日期",
        f"{MINE.code},{MINE.name},重点单位,,,",
        "141124101-k02,某化工,重点单位,,,",
    )
    assert found.units == (
        replace(MINE, sector="", callable=True, review_on=""),
        Unit("141124101-k02", "某化工", UnitKind.KEY_UNIT, UnitLevel.TOWNSHIP, "141124101", "141124101"),
    )


def test_people_keep_what_their_list_has_no_column_for(tmp_path: Path) -> None:
    """Code, role, name and mobile: term, verification, language, post and mail address stand as they stood."""
    before = Register(UNITS, (DEPUTY,))
    found = read(tmp_path, "单位编码,角色,姓名,手机,样本", f"141124100,B岗,张三,{PHONE},是")
    assert changes_between(before, merged(before, found)).nothing
    of_another = read(tmp_path, "单位编码,角色,姓名,手机,样本", f"141124100,B岗,李四,{PHONE},是")
    assert merged(before, of_another).receivers == (
        ReceiverEntry("141124100", Role.DEPUTY, "李四", "", "zh_CN", PHONES, sample=True),
    )


def test_a_column_of_people_that_is_there_counts_though_empty(tmp_path: Path) -> None:
    """A term that was taken out is taken out; a day of verification goes with how it was made."""
    before = Register(UNITS, (DEPUTY,))
    head = "单位编码,角色,姓名,手机,样本,任职起,任职止,核实日期,邮箱"
    found = read(tmp_path, head, f"141124100,B岗,张三,{PHONE},是,2026-06-01,,,")
    (entry,) = merged(before, found).receivers
    assert entry == replace(DEPUTY, endpoints=PHONES, serves_until="", verified_on="", verified_how="")


def test_what_one_sheet_is_silent_about_another_may_say(tmp_path: Path) -> None:
    """Two sheets list the same person: the term of one, the mobile of the other."""
    path = tmp_path / "office.xlsx"
    sheets = (
        (("单位编码", "角色", "姓名", "手机", "样本"), ("141124100", "B岗", "张三", PHONE, "是")),
        (
            ("单位编码", "角色", "姓名", "手机", "样本", "任职止"),
            ("141124100", "B岗", "张三", PHONE, "是", "2026-09-30"),
        ),
    )
    with xlsxwriter.Workbook(path) as made:
        for rows in sheets:
            sheet = made.add_worksheet()
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    found = read_workbook(path, UNITS, Rules("2026-07-01"))
    (entry,) = merged(Register(UNITS, (DEPUTY,)), found).receivers
    assert entry == replace(DEPUTY, serves_until="2026-09-30")


def test_a_change_shows_what_differs() -> None:
    """Term, verification and language stand on the line when they are what changes, and each field of a unit."""
    after = replace(DEPUTY, serves_until="", verified_on="", verified_how="", language="zh_CN")
    assert person_line(ReceiverChange(DEPUTY, after), str) == (
        "B岗 张三 副镇长 260****0010、a***@example.invalid term 2026-06-01—2026-08-31 verified 2026-06-30 电话 language en → "
        "B岗 张三 副镇长 260****0010、a***@example.invalid term 2026-06-01—… verified ∅ language zh_CN"
    )
    assert "term" not in person_line(ReceiverChange(DEPUTY, replace(DEPUTY, post="镇长")), str)
    assert person_line(ReceiverChange(None, DEPUTY), str) == "B岗 张三 副镇长 260****0010、a***@example.invalid"
    changed = replace(MINE, sector="", callable=True, kind=UnitKind.OUTLET)
    assert unit_line(UnitChange(MINE, changed), str) == (
        "kind 重点单位 → 传播单位  sector coal_mine → ∅  callable 否 → 是"
    )
    assert unit_line(UnitChange(None, MINE), str) == ""
