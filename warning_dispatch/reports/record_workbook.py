"""叫应记录表（Excel）: one call-out as a workbook, with charts. Each sheet prints on A4 with its head on every page.

Every figure is taken from the same figures as the page's, and every sum of a sheet is the sum of the sheet 逐单位.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

from warning_dispatch.figures.callout import Figures, Line, Tally, figures_of, late_units
from warning_dispatch.model.record_views import IN_PERSON, RecordForm, RecordUnit
from warning_dispatch.reports.paper_book import GREEN, add_sheet, open_book
from warning_dispatch.reports.record_words import CALLOUT_STATES as STATE_WORDS
from warning_dispatch.reports.record_words import (
    CITY,
    DRILL_MARK,
    SIGNATURES,
    RecordWords,
    act_word,
    clock_time,
    form_number,
    how,
    in_the_end,
    lasted,
    moment,
    named,
    number_of,
    passage,
    person_of,
    role_word,
    scope_words,
    signal,
    target_words,
    titles_of,
    who,
)
from warning_dispatch.reports.stamp import Stamp

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SUMMARY, PLACES, CHARTS, UNITS, LATE, FEEDBACK, ACTS, CURVE = (
    "记录表", "分县分部门", "图表", "逐单位", "未叫应", "反馈", "处置经过", "应答曲线",
)  # fmt: skip
"""The sheets, in their order."""
TALLY_COLUMNS: Final = (
    "应叫", "应答", "叫应率", "本人应答", "值班登记", "上级代报", "带入等", "未呼", "未应答", "接听未确认", "叫应中",
    "已停止", "免叫", "已告知", "未开闸", "发得出", "传得到", "曾未叫应", "后叫到", "拨打", "短信", "邮件", "人工", "用时中位（秒）",
    "九成用时（秒）", "最慢（秒）",
)  # fmt: skip
"""What is told of every group of units; see figures.callout.Tally."""
UNIT_COLUMNS: Final = (
    "层级", "县（市、区）", "乡镇（街道）", "单位", "编码", "类别", "状态", "开闸", "首次呼出", "应答时间", "应答用时（秒）",
    "应答方式", "应答人", "应答号码", "拨打", "短信", "邮件", "人工", "传得到", "曾未叫应", "最后呼叫结果", "反馈", "备注",
)  # fmt: skip
LATE_COLUMNS: Final = (
    "序号", "层级", "县（市、区）", "乡镇（街道）", "单位", "编码", "列入未叫应", "情况", "拨打", "最后呼叫结果", "最终叫到方式",
    "应答时间", "应答人", "登记人、说明",
)  # fmt: skip
FEEDBACK_COLUMNS: Final = (
    "县（市、区）", "乡镇（街道）", "单位", "编码", "反馈人", "时间", "在岗", "措施", "转移人数", "险情", "上级说明、回复",
)  # fmt: skip
ACT_COLUMNS: Final = ("时间", "处置", "操作人", "单位", "理由")
_WIDTHS: Final = {
    "层级": 10, "县（市、区）": 7, "乡镇（街道）": 10, "单位": 17, "编码": 13, "类别": 8, "状态": 9, "开闸": 9, "应答用时（秒）": 7,
    "应答方式": 9, "应答人": 15, "应答号码": 12, "传得到": 6, "曾未叫应": 10, "最后呼叫结果": 11, "备注": 12, "情况": 18,
    "最终叫到方式": 16, "登记人、说明": 20, "措施": 30, "险情": 30, "上级说明、回复": 24, "时间": 19, "处置": 20, "操作人": 14, "理由": 40,
    "列入未叫应": 10, "反馈人": 8,
}  # fmt: skip
_TIME, _NARROW = 9, 5
_PARTS: Final = {
    "应答": GREEN, "叫应中": "#90CAF9", "未呼": "#FFB74D", "未应答": "#C62828", "接听未确认": "#8E24AA", "已停止": "#9E9E9E",
}  # fmt: skip
"""What a bar of the tiers is made of; together everybody who was asked."""
_PORTRAIT_COLUMNS: Final = 11
"""Columns of the first sheet."""


def record_workbook(form: RecordForm, words: RecordWords, stamp: Stamp) -> bytes:
    """The .xlsx."""
    memory = io.BytesIO()
    title = f"{DRILL_MARK if form.head.drill else ''}气象灾害预警叫应记录表"
    book = open_book(memory, title, stamp, words.organisation)
    figures = figures_of(form, titles_of(form.head), CITY, words.sectors)
    sheets = _Sheets(book, form, figures, words, stamp, title)
    sheets.summary()
    sheets.places()
    sheets.charts()
    sheets.table(UNITS, UNIT_COLUMNS, [unit_row(form, unit, words) for unit in form.units], freeze=4)
    sheets.table(LATE, LATE_COLUMNS, late_rows(form, words), freeze=5)
    sheets.table(FEEDBACK, FEEDBACK_COLUMNS, feedback_rows(form), freeze=3)
    sheets.table(ACTS, ACT_COLUMNS, act_rows(form), freeze=0)
    sheets.curve()
    book.close()
    return memory.getvalue()


# --- rows -------------------------------------------------------------------------------------------------


def tally_cells(one: Tally) -> list[Any]:
    """The figures of a group, in the order of TALLY_COLUMNS. Times in seconds."""
    return [
        one.asked, one.answered, one.rate, one.in_person, one.recorded, one.relayed, one.otherwise, one.uncalled,
        one.unanswered, one.unconfirmed, one.open, one.stopped, one.excused, one.informed, one.unopened, one.handed, one.delivered,
        one.ever_unreached, one.reached_late, one.calls, one.messages, one.mails, one.tasks,
        *(None if ms is None else ms // 1000 for ms in (one.median, one.slow, one.slowest)),
    ]  # fmt: skip


def unit_row(form: RecordForm, unit: RecordUnit, words: RecordWords) -> list[Any]:
    """A unit's line."""
    notes = []
    if unit.repeated:
        notes.append(f"{unit.repeated} 次可能重复")
    if unit.answer and unit.answered and unit.answer.reason and unit.answer.means not in IN_PERSON:
        notes.append(unit.answer.reason)
    delay = unit.delay
    return [
        named(form.head.tiers[unit.tier].title), unit.county[1] or CITY, unit.township[1], unit.name, unit.code,
        unit.kind.chinese, unit.state.chinese, clock_time(unit.opened_at), clock_time(unit.first_at),
        clock_time(unit.answered_at) if unit.answered else "", None if delay is None else delay // 1000, how(unit),
        who(unit), number_of(unit), unit.voice, unit.texts, unit.mails, unit.tasks, "是" if unit.delivered else "否",
        passage(unit) if unit.unreached or unit.is_unreached else "", words.outcome(unit.last_outcome), unit.feedback,
        "；".join(notes),
    ]  # fmt: skip


def late_rows(form: RecordForm, words: RecordWords) -> list[list[Any]]:
    """未叫应清单: who was unreached, and how each was reached in the end."""
    rows = []
    for place, unit in enumerate(late_units(form.units), 1):
        answer = unit.answer if unit.answered else None
        told = "：".join(filter(None, (person_of(answer.actor), answer.reason))) if answer else ""
        rows.append(
            [
                place, named(form.head.tiers[unit.tier].title), unit.county[1] or CITY, unit.township[1], unit.name,
                unit.code, clock_time(unit.unreached.first_at) if unit.unreached else "", passage(unit), unit.voice,
                words.outcome(unit.last_outcome), in_the_end(unit), clock_time(unit.answered_at) if unit.answered else "",
                who(unit), told,
            ]
        )  # fmt: skip
    return rows


def feedback_rows(form: RecordForm) -> list[list[Any]]:
    """What was reported."""
    units = {unit.callee_id: unit for unit in form.units}
    return [
        [
            units[one.callee_id].county[1] or CITY, units[one.callee_id].township[1], units[one.callee_id].name,
            units[one.callee_id].code, role_word(one.role), moment(one.at), "在岗" if one.said.on_post else "",
            one.said.measures, one.said.moved, one.said.dangers, one.said.words,
        ]
        for one in form.feedback
    ]  # fmt: skip


def act_rows(form: RecordForm) -> list[list[Any]]:
    """What people did."""
    names = {unit.code: unit.name for unit in form.units}
    return [
        [moment(one.at), act_word(one), person_of(one.actor), names.get(one.unit, one.unit), one.reason]
        for one in form.acts
    ]


# --- sheets -----------------------------------------------------------------------------------------------


class _Sheets:
    """Writes the sheets of one workbook."""

    def __init__(
        self, book: Any, form: RecordForm, figures: Figures, words: RecordWords, stamp: Stamp, title: str
    ) -> None:
        """`book`: xlsxwriter's workbook, which has no types."""
        self._book, self._form, self._figures = book, form, figures
        self._words, self._stamp, self._title = words, stamp, title
        self._tier_rows = self._county_rows = (0, 0)
        thin = {"border": 1, "border_color": "#808080", "valign": "vcenter"}
        make = book.add_format
        self._heading = make({"bold": True, "font_size": 18, "align": "center", "valign": "vcenter"})
        self._small = make({"font_size": 9, "font_color": "#404040", "align": "right"})
        self._part = make({"bold": True, "font_size": 12, "bottom": 2})
        self._label = make({**thin, "bold": True, "bg_color": "#EEF3F8", "align": "center", "text_wrap": True})
        self._value = make({**thin, "text_wrap": True})
        self._text = make({**thin, "num_format": "@"})
        self._number = make({**thin, "num_format": "#,##0"})
        self._rate = make({**thin, "num_format": "0.0%"})
        self._sum = make({**thin, "bold": True, "num_format": "#,##0", "top": 2})
        self._sum_rate = make({**thin, "bold": True, "num_format": "0.0%", "top": 2})
        self._sum_text = make({**thin, "bold": True, "top": 2})
        self._signature = make({"font_size": 12, "valign": "bottom"})

    # --- the first sheet ----------------------------------------------------------------------------------

    def summary(self) -> None:
        """记录表: head, tiers, targets, feedback, signatures, on one page."""
        sheet = self._sheet(SUMMARY, landscape=False)
        last = _PORTRAIT_COLUMNS - 1
        sheet.set_column(0, 0, 14)
        sheet.set_column(1, last, 8.6)
        sheet.set_row(0, 34)
        sheet.merge_range(0, 0, 0, last, self._title, self._heading)
        head = f"编号：{form_number(self._form.head)}　　制表单位：{self._words.organisation}"
        sheet.merge_range(1, 0, 1, last, head, self._small)
        row = self._head(sheet, 2)
        row = self._tiers(sheet, row + 1)
        row = self._measures(sheet, row + 1)
        row = self._targets(sheet, row + 1)
        sheet.set_row(row + 1, 40)
        for place, name in enumerate(SIGNATURES):
            sheet.write_string(row + 1, 1 + 3 * place, f"{name}（签字）：", self._signature)
        sheet.write_string(row + 3, 0, "日期：　　　　年　　月　　日", self._signature)
        sheet.print_area(0, 0, row + 3, last)
        sheet.fit_to_pages(1, 1)

    def _head(self, sheet: Any, row: int) -> int:
        head = self._form.head
        verdict = "未检验"
        if head.verdict:
            verdict = {"hit": "应验", "false": "空报", "mistake": "误发"}[head.verdict.value]
        fields = (
            (("预警", signal(head)), ("预警标识", head.identifier or "—")),
            (("发布单位", head.issuer), ("发布时间", moment(head.sent))),
            (("影响区域", "、".join(head.area_names) or "—"), None),
            (("叫应方案", named(head.plan_title)), ("轮次", f"第 {head.round} 轮" + self._rounds())),
            (("启动时间", moment(head.started_at)), ("结束时间", moment(head.ended_at) or "未结束")),
            (("状态", STATE_WORDS[head.state]), ("检验结论", verdict)),
            (("范围", scope_words(self._form)), ("知悉", self._seen())),
            (("叫应记录", self._journal()), None),
        )
        for first, second in fields:
            sheet.set_row(row, 30 if second is None else 18)
            sheet.write_string(row, 0, first[0], self._label)
            if second is None:
                sheet.merge_range(row, 1, row, _PORTRAIT_COLUMNS - 1, first[1], self._value)
            else:
                sheet.merge_range(row, 1, row, 4, first[1], self._value)
                sheet.write_string(row, 5, second[0], self._label)
                sheet.merge_range(row, 6, row, _PORTRAIT_COLUMNS - 1, second[1], self._value)
            row += 1
        return row

    def _rounds(self) -> str:
        rounds = self._form.head.rounds
        return f"（另有叫应 {'、'.join(map(str, rounds))}）" if rounds else ""

    def _seen(self) -> str:
        head = self._form.head
        return f"{person_of(head.seen_by)} {clock_time(head.seen_at)}" if head.seen_at else "—"

    def _journal(self) -> str:
        mark = self._form.journal
        if mark.buried:
            return "已按保存期限销毁；未叫应经过和处置经过不再可查"
        return f"{mark.entries} 条，末块校验值 {mark.hash}…，封于 {moment(mark.sealed_at)}"

    def _tiers(self, sheet: Any, row: int) -> int:
        """The tiers in the figures that fit a page; all of them stand on the sheet 分县分部门."""
        columns = (
            "应叫",
            "应答",
            "叫应率",
            "本人应答",
            "值班登记",
            "上级代报",
            "未叫应",
            "停止等",
            "曾未叫应",
            "用时中位",
        )
        sheet.merge_range(row, 0, row, _PORTRAIT_COLUMNS - 1, "一、分层级叫应情况", self._part)
        self._labels(sheet, row + 1, ("层级", *columns))
        at = first = row + 2
        for line in (*self._figures.tiers, Line("", "合计", self._figures.whole)):
            one, whole = line.tally, line.name == "合计"
            cells = (
                one.asked, one.answered, one.rate, one.in_person, one.recorded + one.otherwise, one.relayed,
                one.unreached, one.stopped + one.open, one.ever_unreached,
            )  # fmt: skip
            sheet.write_string(at, 0, line.name, self._sum_text if whole else self._value)
            for column, cell in enumerate(cells, 1):
                self._cell(sheet, at, column, cell, sums=whole, rate=column == 3)  # noqa: PLR2004 - 叫应率
            sheet.write_string(at, len(columns), lasted(one.median), self._sum_text if whole else self._value)
            at += 1
        self._tier_rows = (first, at - 2)
        return at

    def _measures(self, sheet: Any, row: int) -> int:
        whole, moved = self._figures.whole, self._figures.feedback
        sheet.merge_range(row, 0, row, _PORTRAIT_COLUMNS - 1, "二、三个环节与反馈", self._part)
        pairs = (
            ("发得出（单位）", whole.handed), ("传得到（单位）", whole.delivered), ("叫得应（单位）", whole.answered),
            ("拨出电话（次）", self._form.calls), ("发出信息（条）", self._form.messages),
            ("反馈单位", moved.units), ("在岗", moved.on_post), ("已采取措施", moved.measures), ("转移人数", moved.moved),
            ("报告险情", moved.dangers),
        )  # fmt: skip
        for place, (name, value) in enumerate(pairs):
            line, column = row + 1 + place // 5 * 2, place % 5 * 2
            right = _PORTRAIT_COLUMNS - 1 if place % 5 == 4 else column + 1  # noqa: PLR2004 - the last of five
            sheet.merge_range(line, column, line, right, name, self._label)
            sheet.merge_range(line + 1, column, line + 1, right, value, self._number)
        return row + 5

    def _targets(self, sheet: Any, row: int) -> int:
        sheet.merge_range(row, 0, row, _PORTRAIT_COLUMNS - 1, "三、对照目标", self._part)
        spans = ((0, 3), (4, 6), (7, 8), (9, 10))
        lines = [("项目", "目标", "实际", "结论"), *(target_words(one) for one in self._figures.targets)]
        goal = lasted(self._figures.reached_goal) if self._figures.reached_goal is not None else "未达到"
        lines.append(("全部应叫单位的 95% 应答用时", "—", goal, "—"))
        for at, cells in enumerate(lines, row + 1):
            style = self._label if at == row + 1 else self._value
            for (left, right), cell in zip(spans, cells, strict=True):
                if left == right:
                    sheet.write_string(at, left, cell, style)
                else:
                    sheet.merge_range(at, left, at, right, cell, style)
        return row + 1 + len(lines)

    # --- places and charts --------------------------------------------------------------------------------

    def places(self) -> None:
        """分县分部门: every figure by tier, county and department; the sums below each."""
        sheet = self._sheet(PLACES)
        sheet.set_column(0, 0, 16)
        sheet.set_column(1, len(TALLY_COLUMNS), 7)
        row = self._group(sheet, 0, "分层级", "层级", self._figures.tiers)
        first = row + 2
        row = self._group(sheet, row, "分县（市、区）", "县（市、区）", self._figures.counties)
        self._county_rows = (first, first + len(self._figures.counties) - 1)
        self._group(sheet, row, "分部门（条线）", "条线", self._figures.departments)
        sheet.fit_to_pages(1, 0)

    def _group(self, sheet: Any, row: int, title: str, name: str, lines: Sequence[Line]) -> int:
        sheet.write_string(row, 0, title, self._part)
        self._labels(sheet, row + 1, (name, *TALLY_COLUMNS))
        row += 2
        for line in lines:
            sheet.write_string(row, 0, line.name, self._value)
            for column, cell in enumerate(tally_cells(line.tally), 1):
                self._cell(sheet, row, column, cell, rate=column == 3)  # noqa: PLR2004 - 叫应率
            row += 1
        whole = self._figures.whole if name != "条线" else None
        if whole is not None:
            sheet.write_string(row, 0, "合计", self._sum_text)
            for column, cell in enumerate(tally_cells(whole), 1):
                self._cell(sheet, row, column, cell, sums=True, rate=column == 3)  # noqa: PLR2004 - 叫应率
            row += 1
        return row + 1

    def charts(self) -> None:
        """图表: answers over time, tiers, counties."""
        sheet = self._sheet(CHARTS, landscape=False)
        sheet.set_column(0, 9, 9.3)
        sheet.insert_chart(0, 0, self._curve_chart())
        sheet.insert_chart(18, 0, self._tier_chart())
        sheet.insert_chart(36, 0, self._county_chart())
        sheet.print_area(0, 0, 54, 9)
        sheet.fit_to_pages(1, 1)

    def _curve_chart(self) -> Any:
        chart = self._book.add_chart({"type": "scatter", "subtype": "straight"})
        last = max(1, len(self._figures.curve)) + 1
        chart.add_series(
            {
                "name": "应答单位",
                "categories": [CURVE, 1, 0, last, 0],
                "values": [CURVE, 1, 1, last, 1],
                "line": {"color": GREEN, "width": 2.25},
            }
        )
        return self._titled(chart, "应答累计曲线", "启动后（分钟）", "单位", legend=False)

    def _tier_chart(self) -> Any:
        chart = self._book.add_chart({"type": "bar", "subtype": "percent_stacked"})
        first, last = 2, 1 + len(self._figures.tiers)
        for name, fill in _PARTS.items():
            column = 1 + TALLY_COLUMNS.index(name)
            chart.add_series(
                {
                    "name": name,
                    "categories": [PLACES, first, 0, last, 0],
                    "values": [PLACES, first, column, last, column],
                    "fill": {"color": fill},
                    "gap": 60,
                }
            )
        chart.set_y_axis({"reverse": True})
        return self._titled(chart, "分层级叫应情况", "", "", legend=True)

    def _county_chart(self) -> Any:
        chart = self._book.add_chart({"type": "column"})
        first, last = self._county_rows
        chart.add_series(
            {
                "name": "叫应率",
                "categories": [PLACES, first, 0, last, 0],
                "values": [PLACES, first, 3, last, 3],
                "fill": {"color": GREEN},
                "data_labels": {"value": True, "num_format": "0%", "font": {"size": 8}},
                "gap": 60,
            }
        )
        self._titled(chart, "分县（市、区）叫应率", "", "", legend=False)
        chart.set_y_axis({"min": 0, "max": 1, "num_format": "0%", "major_gridlines": {"visible": True}})
        return chart

    def _titled(self, chart: Any, title: str, across: str, up: str, *, legend: bool) -> Any:
        chart.set_title({"name": title, "name_font": {"size": 12}})
        chart.set_size({"width": 700, "height": 345})
        if across:
            chart.set_x_axis({"name": across, "min": 0, "major_gridlines": {"visible": True}})
            chart.set_y_axis({"name": up, "min": 0})
        chart.set_legend({"position": "bottom"} if legend else {"none": True})
        return chart

    def curve(self) -> None:
        """应答曲线: the chart's figures."""
        sheet = self._sheet(CURVE, landscape=False)
        sheet.set_column(0, 1, 16)
        self._labels(sheet, 0, ("启动后（分钟）", "已应答单位"))
        for row, (at, units) in enumerate([(0, 0), *self._figures.curve], 1):
            sheet.write_number(row, 0, round(at / 60_000, 2), self._text)
            sheet.write_number(row, 1, units, self._number)
        sheet.repeat_rows(0)

    # --- tables -------------------------------------------------------------------------------------------

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, freeze: int) -> None:
        """A sheet with one line each, its head on every page."""
        sheet = self._sheet(name)
        self._labels(sheet, 0, columns)
        for index, column in enumerate(columns):
            sheet.set_column(index, index, _WIDTHS.get(column, _TIME if len(column) > 2 else _NARROW))  # noqa: PLR2004 - short words
        count = len(rows)
        for at, row in enumerate(rows, 1):
            for place, cell in enumerate(row):
                self._cell(sheet, at, place, cell)
        if not count:
            sheet.write_string(1, 0, "无", self._value)
        sheet.freeze_panes(1, freeze)
        sheet.autofilter(0, 0, max(1, count), len(columns) - 1)
        sheet.repeat_rows(0)
        sheet.fit_to_pages(1, 0)

    def _sheet(self, name: str, *, landscape: bool = True) -> Any:
        mark = f"{self._title}　{form_number(self._form.head)}"
        sheet = add_sheet(self._book, name, mark, self._stamp, landscape=landscape)
        sheet.set_margins(left=0.5, right=0.5, top=0.75, bottom=0.7)
        return sheet

    def _labels(self, sheet: Any, row: int, columns: Sequence[str]) -> None:
        sheet.set_row(row, 32)
        for column, name in enumerate(columns):
            sheet.write_string(row, column, name, self._label)

    def _cell(self, sheet: Any, row: int, column: int, cell: Any, *, sums: bool = False, rate: bool = False) -> None:
        if isinstance(cell, int | float):
            style = (self._sum_rate if sums else self._rate) if rate else (self._sum if sums else self._number)
            sheet.write_number(row, column, cell, style)
        else:
            sheet.write_string(row, column, cell or "", self._sum_text if sums else self._text)
