"""备案表与小结: the filing sheet of a unit and the closing report as workbooks, stamped with who had them written and when."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from warning_dispatch.clock import beijing_text
from warning_dispatch.model.renewal import FilingState, HandIn, Unready
from warning_dispatch.model.renewal_views import ClosingReport, FilingRow, FilingSheet, Tally
from warning_dispatch.registry.workbook_export import A4
from warning_dispatch.registry.writing_numbers import written

STATE_WORDS = {
    FilingState.ASKED: "未报",
    FilingState.HANDED_IN: "待审",
    FilingState.RETURNED: "退回待改",
    FilingState.FILED: "已备案",
    FilingState.LAPSED: "逾期未报",
    FilingState.WITHDRAWN: "已撤销",
}
HOW_WORDS = {
    HandIn.AS_IS: "原样确认",
    HandIn.CORRECTED: "更正",
    HandIn.SUCCESSOR: "换人",
    HandIn.WORKBOOK: "工作簿",
    HandIn.COMMAND: "气象局录入",
}
UNREADY_WORDS = {
    Unready.NO_PERSON: "没有责任人",
    Unready.NO_NUMBER: "有人没有号码",
    Unready.BAD_NUMBER: "有坏号码",
    Unready.UNPROVED: "号码未证实",
    Unready.DENIED: "持有人否认",
    Unready.UNDELIVERED: "测试信息送不到",
}
SHEET_COLUMNS = ("单位编码", "单位名称", "角色", "姓名", "职务", "手机", "座机", "邮箱", "已证实", "核实日期", "备案")
WIDTHS = {
    "单位名称": 24,
    "问题": 24,
    "邮箱": 22,
    "手机": 22,
    "座机": 16,
    "角色": 7,
    "姓名": 11,
    "已证实": 8,
    "备案": 21,
}
"""Characters of a column, where they are not 13."""
TALLY_COLUMNS = ("应报", "已备案", "其中逾期报", "其中有变动", "待审", "未报", "退回", "逾期未报", "撤销", "%")
ROW_COLUMNS = ("单位编码", "单位名称", "类别", "报送单位", "状态", "方式", "报送时间", "函件", "问题")


def sheet_bytes(sheet: FilingSheet) -> bytes:
    """备案表 as .xlsx: the people of the unit and of the villages below it, lines for names and the stamp."""
    stamp = f"{sheet.title} 备案表 · 打印 {sheet.printed_by} · {beijing_text(sheet.printed_at)} · 内部资料 注意保密"
    memory = io.BytesIO()
    book = _Book(memory, "备案表", sheet.printed_by, stamp)
    place = "".join(sheet.place)
    book.begin("备案表", f"{place}{sheet.unit_name} 气象灾害预警接收责任人备案表", SHEET_COLUMNS)
    for unit in sheet.units:
        filed = STATE_WORDS[unit.state] if unit.state is not None else "未备案"
        if unit.filed_at is not None:
            filed += beijing_text(unit.filed_at, " %Y-%m-%d")
        for person in unit.people:
            numbers = ["、".join(written(one) for one in group) for group in (person.mobiles, person.landlines)]
            proved = "是" if person.proved else "否"
            who = (unit.unit_code, unit.name, person.role.chinese, person.name, person.post)
            book.row((*who, *numbers, "、".join(person.mails), proved, person.verified_on, filed))
        if not unit.people:
            book.row((unit.unit_code, unit.name, "", "", "", "", "", "", "", "", filed))
    book.line("")
    book.line(
        "填报人（签字）：                审核人（签字）：                单位（盖章）：                年    月    日"
    )
    book.close()
    return memory.getvalue()


def report_bytes(report: ClosingReport, actor: str, now: int) -> bytes:
    """小结 as .xlsx: sums by county, line and level, what remains, what is weak. Nobody's name or number."""
    campaign = report.progress.campaign
    stamp = f"{campaign.title} 小结 · 导出 {actor} · {beijing_text(now)}"
    memory = io.BytesIO()
    book = _Book(memory, f"{campaign.title} 小结", actor, stamp)
    for name, word, rows in (
        ("各县", "县（市、区）", report.progress.counties),
        ("各部门", "行业", report.progress.lines),
        ("各级", "层级", report.progress.levels),
    ):
        book.begin(name, f"{campaign.title}（截止 {campaign.due}）", (word, *TALLY_COLUMNS))
        for one in rows:
            book.row((one.name, *map(str, _tally_cells(one.tally))))
        book.row(("合计", *map(str, _tally_cells(report.progress.tally))))
    for name, units in (("未备案单位", report.open_units), ("有问题单位", report.problem_units)):
        book.begin(name, f"{campaign.title}（截止 {campaign.due}）", ROW_COLUMNS)
        for unit in units:
            book.row(_unit_cells(unit))
    book.begin("测试信息", "", ("项目", "数目"))
    proofs = report.progress.proofs
    for word, count in (
        ("已发", proofs.asked),
        ("已证实", proofs.proved),
        ("否认", proofs.denied),
        ("送不到", proofs.undelivered),
        ("未证实", proofs.lapsed),
    ):
        book.row((word, str(count)))
    for how, count in report.hand_ins:
        book.row((f"报送方式：{HOW_WORDS[how]}", str(count)))
    book.close()
    return memory.getvalue()


def _tally_cells(tally: Tally) -> Sequence[int]:
    return (
        tally.total,
        tally.filed,
        tally.late,
        tally.changed,
        tally.handed_in,
        tally.asked,
        tally.returned,
        tally.lapsed,
        tally.withdrawn,
        tally.percent,
    )


def _unit_cells(unit: FilingRow) -> tuple[str, ...]:
    return (
        unit.unit_code,
        unit.name,
        unit.kind.chinese,
        unit.registrar,
        STATE_WORDS[unit.state],
        HOW_WORDS[unit.how] if unit.how else "",
        "" if unit.handed_in_at is None else beijing_text(unit.handed_in_at, "%Y-%m-%d %H:%M"),
        str(unit.letters),
        "；".join(UNREADY_WORDS[one] for one in unit.problems),
    )


class _Book:
    """A workbook of plain tables whose cells are all text; every sheet and every printed page carries the stamp."""

    def __init__(self, memory: io.BytesIO, title: str, actor: str, stamp: str) -> None:
        self._book: Any = xlsxwriter.Workbook(
            memory, {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False}
        )
        self._book.set_properties({"title": title, "author": actor, "comments": stamp})
        self._stamp = stamp
        self._sheet: Any = None
        self._row = 0
        self._columns = 1
        self._text = self._book.add_format({"num_format": "@", "border": 1, "text_wrap": True, "valign": "top"})
        self._head = self._book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1, "align": "center"})
        self._title = self._book.add_format({"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"})
        self._signed = self._book.add_format({"valign": "vcenter"})
        self._faint = self._book.add_format({"italic": True, "font_color": "#7F7F7F"})

    def begin(self, name: str, title: str, columns: Sequence[str]) -> None:
        """Another sheet."""
        self._sheet = self._book.add_worksheet(name)
        self._sheet.merge_range(0, 0, 0, len(columns) - 1, title, self._title)
        self._sheet.set_row(0, 30)
        self._sheet.write_string(1, 0, self._stamp, self._faint)
        for index, column in enumerate(columns):
            self._sheet.write_string(2, index, column, self._head)
            self._sheet.set_column(index, index, WIDTHS.get(column, 13))
        self._columns = len(columns)
        self._row = 3
        self._sheet.freeze_panes(3, 0)
        self._sheet.set_landscape()
        self._sheet.set_paper(A4)
        self._sheet.fit_to_pages(1, 0)
        self._sheet.repeat_rows(2)
        self._sheet.set_header(f"&L{self._stamp.replace('&', '&&')[:240]}")
        self._sheet.set_footer("&R第 &P 页 共 &N 页")

    def row(self, cells: Sequence[str]) -> None:
        """One row."""
        for index, cell in enumerate(cells):
            self._sheet.write_string(self._row, index, cell, self._text)
        self._row += 1

    def line(self, text: str) -> None:
        """A line of its own below the table."""
        if text:
            self._sheet.merge_range(self._row, 0, self._row, self._columns - 1, text, self._signed)
            self._sheet.set_row(self._row, 40)  # room for a hand and a stamp
        self._row += 1

    def close(self) -> None:
        """Finish."""
        self._book.close()
