"""导出与模板: the register as a workbook that offices can work on, and that can be imported again.

Sheets: 责任人 (one row a person), 单位, 值班表, 填表说明. Every sheet carries the stamp, who exported it and when, on its
first row, on every printed page and in the file's properties. Cells are text, so that a spreadsheet leaves numbers alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xlsxwriter

from warning_dispatch.clock import beijing_text
from warning_dispatch.model.masking import mask
from warning_dispatch.model.register import Register
from warning_dispatch.model.roster import Shift
from warning_dispatch.model.unit import ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.registry.grids import FORMULA
from warning_dispatch.registry.writing_numbers import addresses_of, written

PEOPLE = (
    "单位编码",
    "县（市、区）",
    "乡镇（街道）",
    "单位名称",
    "角色",
    "姓名",
    "职务",
    "手机",
    "座机",
    "邮箱",
    "语言",
    "样本",
)
PEOPLE_MORE = ("任职起", "任职止", "核实日期", "核实方式", "问题")
UNITS = ("单位编码", "单位名称", "类别", "上级编码", "行业", "叫应", "证书编号", "认定日期", "复核日期", "应采取措施")
ROSTER = ("单位编码", "单位名称", "日期", "姓名", "起", "止")
_WIDTHS = {
    "单位编码": 15,
    "单位名称": 28,
    "姓名": 10,
    "职务": 22,
    "手机": 26,
    "座机": 20,
    "邮箱": 26,
    "应采取措施": 40,
    "问题": 24,
}
_LISTS: Mapping[str, Sequence[str]] = {
    "角色": ("A岗", "B岗", "值班"),
    "语言": ("zh_CN", "en"),
    "样本": ("", "是"),
    "叫应": ("是", "否"),
    "类别": tuple(one.chinese for one in UnitKind),
}
"""Columns that are chosen from a list."""
_SPARE_ROWS = 2_000
"""Rows below the last one that still have the lists."""
INSTRUCTIONS = (
    "填表说明 / How to fill this in",
    "1. 每人一行；值班电话也占一行，角色选“值班”，姓名可不填。 / One row a person; a duty phone is a row of its own.",
    "2. 单位编码最可靠；没有编码时写清县、乡镇和单位名称。 / The unit's code is best; else county, township and name.",
    "3. 角色从下拉列表选：A岗＝责任人，B岗＝替补，值班＝值班电话。 / Choose the role from the list.",
    "4. 手机、座机可以写多个，用“、”隔开；座机带区号；不要带分机号。 / Several numbers may stand in a cell, divided by 、.",
    "5. 本表写到的单位以本表为准，表中没有的人会被撤销；没有写到的不动。 / Whoever is missing from a unit named here is ended.",
    "6. 任职起、任职止不填表示现在起、长期；日期写 2026-04-20。 / Days as 2026-04-20; empty: from now on, for good.",
    "7. 值班表：每班一行，不写起止就是当日 08:00 到次日 08:00。 / Roster: without times from 08:00 to 08:00 of the next day.",
    "8. 重点单位写在“单位”表，编码为所在地编码加后缀，如 141124-k01；行业写煤矿、尾矿库、旅游景区等。 / Key units: sheet 单位.",
    "9. 填好后先试：warning-dispatch contacts import 文件 --dry-run，什么也不写入。 / Try it with --dry-run first.",
    "本表含个人信息，只用于预警叫应，请加密传递、用后销毁。 / Personal data: for warnings only; destroy it after use.",
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who had it exported, when (ms) and why; empty `actor`: a template, which holds nobody."""

    actor: str
    at: int
    reason: str = ""

    def __str__(self) -> str:
        """For the first row and every page."""
        if not self.actor:
            return "气象灾害预警接收责任人登记表"
        at = beijing_text(self.at, "%Y-%m-%d %H:%M:%S")
        return f"接收责任人名册 · 导出人 {self.actor} · {at} · {self.reason} · 内部资料 注意保密"


A4 = 9
"""The paper, as spreadsheets number it."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What goes into the file. `problems`: by unit, role and masked number. `masked`: numbers made unusable."""

    register: Register
    shifts: Sequence[Shift] = ()
    problems: Mapping[tuple[str, Role, str], str] = field(default_factory=dict)
    masked: bool = False


def workbook_bytes(content: Exported, stamp: Stamp, tick: Callable[[], None] = lambda: None) -> bytes:
    """The .xlsx."""
    memory = io.BytesIO()
    book = xlsxwriter.Workbook(memory, {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False})
    book.set_properties({"title": "接收责任人名册", "author": stamp.actor, "comments": str(stamp)})
    sheets = _Sheets(book, stamp)
    sheets.table("责任人", (*PEOPLE, *PEOPLE_MORE), people_rows(content, tick))
    sheets.table("单位", UNITS, [_unit_row(unit) for unit in content.register.units])
    sheets.table("值班表", ROSTER, _shift_rows(content))
    sheets.instructions()
    book.close()
    return memory.getvalue()


def csv_bytes(content: Exported, stamp: Stamp, encoding: str) -> bytes:
    """The people as CSV, the stamp on top. `encoding`: utf-8-sig or gb18030."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([str(stamp)])
    writer.writerow((*PEOPLE, *PEOPLE_MORE))
    writer.writerows([[_harmless(cell) for cell in row] for row in people_rows(content, lambda: None)])
    return out.getvalue().encode(encoding)


def template_bytes(units: Sequence[Unit], tree: Sequence[Unit]) -> bytes:
    """An empty form with lists and instructions: a row for A and one for B of each of these units, if any."""
    memory = io.BytesIO()
    book = xlsxwriter.Workbook(memory, {"in_memory": True})
    sheets = _Sheets(book, Stamp("", 0))
    sheets.instructions()
    places = _Places(tree)
    rows = [
        [*places.of(unit), word, "", "", "", "", "", "", ""]
        for unit in units
        if unit.callable
        for word in (Role.PRIMARY.chinese, Role.DEPUTY.chinese)
    ]
    sheets.table("责任人", (*PEOPLE, *PEOPLE_MORE[:-1]), rows)
    sheets.table(
        "单位", UNITS, [_unit_row(unit) for unit in units if unit.kind in (UnitKind.KEY_UNIT, UnitKind.OUTLET)]
    )
    sheets.table("值班表", ROSTER, [])
    book.close()
    return memory.getvalue()


def write_new(path: Path, content: bytes) -> None:
    """Write the file under its name at once or not at all; for the owner only. OSError when it cannot be."""
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.touch(mode=0o600)
    unfinished.chmod(0o600)
    try:
        unfinished.write_bytes(content)
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)


def people_rows(content: Exported, tick: Callable[[], None]) -> list[list[str]]:
    """A row for each receiver, in the order of the register."""
    places = _Places(content.register.units)
    units = {unit.code: unit for unit in content.register.units}
    show = mask if content.masked else written
    rows = []
    for entry in content.register.receivers:
        mobiles, landlines, mails = addresses_of(entry)
        shown = ["、".join(show(one) for one in group) for group in (mobiles, landlines, mails)]
        known = [
            content.problems.get((entry.unit_code, entry.role, mask(one)), "") for one in (*mobiles, *landlines, *mails)
        ]
        more = [entry.serves_from, entry.serves_until, entry.verified_on, entry.verified_how]
        what = [entry.language, "是" if entry.sample else "", *more, "；".join(filter(None, known))]
        person = [entry.role.chinese, entry.name, entry.post]
        rows.append([*places.of(units[entry.unit_code]), *person, *shown, *what])
        tick()
    return rows


class _Places:
    """Code, county, township and name of a unit."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self._divisions = {unit.code: unit.name for unit in units if unit.kind is UnitKind.DIVISION}

    def of(self, unit: Unit) -> list[str]:
        county = self._divisions.get(unit.area[:6], "") if unit.level >= UnitLevel.COUNTY else ""
        township = self._divisions.get(unit.area[:9], "") if unit.level >= UnitLevel.TOWNSHIP else ""
        return [unit.code, county, township, unit.name]


def _unit_row(unit: Unit) -> list[str]:
    called = "是" if unit.callable else "否"
    days = [unit.certificate, unit.certified_on, unit.review_on, unit.measures]
    return [unit.code, unit.name, unit.kind.chinese, unit.superior or "", unit.sector, called, *days]


def _shift_rows(content: Exported) -> list[list[str]]:
    names = {unit.code: unit.name for unit in content.register.units}
    return [
        [
            one.unit_code,
            names.get(one.unit_code, ""),
            beijing_text(one.begins, "%Y-%m-%d"),
            one.name,
            beijing_text(one.begins, "%H:%M"),
            beijing_text(one.ends, "%H:%M"),
        ]
        for one in content.shifts
    ]


def _harmless(cell: str) -> str:
    """A number that begins with + stays; anything else that a spreadsheet would calculate becomes text."""
    if cell[:1] in FORMULA and not cell[1:].replace("、+", "").isdigit():
        return f"'{cell}"
    return cell


class _Sheets:
    """Writes the sheets of one workbook."""

    def __init__(self, book: Any, stamp: Stamp) -> None:
        """`book`: xlsxwriter's workbook, which has no types."""
        self._book = book
        self._stamp = str(stamp)
        self._text = book.add_format({"num_format": "@"})
        self._head = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1, "num_format": "@"})
        self._title = book.add_format({"italic": True, "font_color": "#7F7F7F"})
        self._wrapped = book.add_format({"text_wrap": True, "valign": "top"})

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A sheet: stamp, header, rows; lists for the columns that have them."""
        sheet = self._book.add_worksheet(name)
        sheet.write_string(0, 0, self._stamp, self._title)
        for index, column in enumerate(columns):
            sheet.write_string(1, index, column, self._head)
            sheet.set_column(index, index, _WIDTHS.get(column, 12), self._text)
            if column in _LISTS:
                choice = {"validate": "list", "source": list(_LISTS[column]), "ignore_blank": True}
                sheet.data_validation(2, index, len(rows) + _SPARE_ROWS, index, choice)
        write = sheet.write_string
        for number, row in enumerate(rows, 2):
            for index, cell in enumerate(row):
                if cell:
                    write(number, index, cell)
        sheet.freeze_panes(2, 4 if "姓名" in columns else 2)
        sheet.autofilter(1, 0, max(2, len(rows) + 1), len(columns) - 1)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0, 1)
        sheet.set_header(f"&L{_escaped(self._stamp)}")
        sheet.set_footer("&R第 &P 页 共 &N 页")

    def instructions(self) -> None:
        """What to write, in Chinese first."""
        sheet = self._book.add_worksheet("填表说明")
        sheet.set_column(0, 0, 100, self._wrapped)
        for number, line in enumerate(INSTRUCTIONS):
            sheet.write_string(number, 0, line, self._wrapped)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)


def _escaped(text: str) -> str:
    """For a page's header, which knows & as a sign of its own and takes 255 characters."""
    return text.replace("&", "&&")[:240]


def by_unit(receivers: Sequence[ReceiverEntry], codes: Collection[str]) -> tuple[ReceiverEntry, ...]:
    """The receivers of these units."""
    return tuple(entry for entry in receivers if entry.unit_code in codes)
