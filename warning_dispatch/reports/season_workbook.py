"""季度统计（Excel）: a season as a workbook, with the plots of its course."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

from warning_dispatch.clock import beijing_text
from warning_dispatch.figures.season import SeasonFigures, SeasonLine, SeasonNames, season_figures
from warning_dispatch.model.record_views import Called, SeasonReading
from warning_dispatch.reports.paper_book import GREEN, add_sheet, open_book
from warning_dispatch.reports.record_words import (
    CALLOUT_STATES,
    CITY,
    DRILL_MARK,
    VERDICTS,
    RecordWords,
    lasted,
    moment,
    named,
    percent,
    role_word,
)
from warning_dispatch.reports.stamp import Stamp

OVERVIEW, CALLOUTS, GROUPS, CHARTS, MOST, SILENT = "概况", "逐次", "分层级县部门", "趋势图", "拨打最多", "从不接听"
GROUP_COLUMNS: Final = ("应叫", "应答", "叫应率", "未叫应", "用时中位（秒）", "九成用时（秒）")
CALLOUT_COLUMNS: Final = (
    "叫应", "轮次", "启动时间", "灾种", "颜色", "状态", *GROUP_COLUMNS, "95% 用时（秒）", "最后开闸（秒）", "目标（秒）",
    "对照目标", "检验结论",
)  # fmt: skip
PEOPLE_COLUMNS: Final = ("上级", "单位", "编码", "角色", "号码", "拨打", "其中夜间", "接通", "最后结果")


def names_of(words: RecordWords) -> SeasonNames:
    """The Chinese names."""
    return SeasonNames(named, lambda at: beijing_text(at, "%Y-%m"), CITY, words.sectors)


def season_workbook(reading: SeasonReading, words: RecordWords, stamp: Stamp) -> bytes:
    """The .xlsx."""
    memory = io.BytesIO()
    title = f"{DRILL_MARK if reading.query.drills else ''}气象灾害预警叫应统计"
    book = open_book(memory, title, stamp, words.organisation)
    _Season(book, reading, season_figures(reading, names_of(words)), words, stamp, title).write()
    book.close()
    return memory.getvalue()


def overview(reading: SeasonReading, figures: SeasonFigures) -> list[tuple[str, str]]:
    """What is told of the whole season: name and value."""
    verdicts, fatigue, whole = figures.verdicts, figures.fatigue, figures.whole
    return [
        ("时段", f"{moment(reading.query.since, '%Y-%m-%d')} 至 {moment(reading.query.until - 1, '%Y-%m-%d')}"),
        ("叫应次数", str(len(figures.callouts))),
        ("应叫（单位次）", f"{whole.asked:,}"),
        ("应答（单位次）", f"{whole.answered:,}"),
        ("叫应率", percent(whole.rate)),
        ("应答用时中位", lasted(None if whole.median is None else whole.median * 1000) or "—"),
        ("九成应答用时", lasted(None if whole.slow is None else whole.slow * 1000) or "—"),
        ("最后一层按目标时间开始叫应", f"{figures.on_time}/{figures.timed} 次"),
        ("叫应率达到 95%", f"{figures.met_goal}/{len(figures.callouts)} 次"),
        (
            "检验：应验 / 空报 / 误发 / 未检验",
            f"{verdicts.hits} / {verdicts.false} / {verdicts.mistakes} / {verdicts.open}",
        ),
        ("空报率（占已检验）", percent(verdicts.false_rate)),
        ("空报、误发时拨打（次）", f"{verdicts.false_calls:,}"),
        ("被叫过的人（部）", f"{fatigue.people:,}"),
        ("拨打（次）", f"{fatigue.calls:,}"),
        ("人均被叫", "—" if fatigue.mean is None else f"{fatigue.mean:.1f} 次"),
        ("被叫次数中位 / 九成 / 最多", f"{fatigue.median or 0} / {fatigue.often or 0} / {fatigue.most}"),
        ("夜间（22 时至 6 时）占比", percent(fatigue.night_share)),
        ("多次拨打从不接听的号码", str(figures.silent_total)),
    ]


class _Season:
    """Writes the sheets."""

    def __init__(
        self, book: Any, reading: SeasonReading, figures: SeasonFigures, words: RecordWords, stamp: Stamp, title: str
    ) -> None:
        """`book`: xlsxwriter's workbook, which has no types."""
        self._book, self._reading, self._figures = book, reading, figures
        self._words, self._stamp, self._title = words, stamp, title
        thin = {"border": 1, "border_color": "#808080", "valign": "vcenter"}
        make = book.add_format
        self._heading = make({"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"})
        self._part = make({"bold": True, "font_size": 12})
        self._label = make({**thin, "bold": True, "bg_color": "#EEF3F8", "align": "center", "text_wrap": True})
        self._text = make({**thin, "num_format": "@"})
        self._number = make({**thin, "num_format": "#,##0"})
        self._rate = make({**thin, "num_format": "0.0%"})

    def write(self) -> None:
        """All of them."""
        self._overview()
        self._callouts()
        counties, months = self._groups()
        self._charts(counties, months)
        self._people(MOST, self._figures.most)
        self._people(SILENT, self._figures.silent)

    def _overview(self) -> None:
        sheet = self._sheet(OVERVIEW, landscape=False)
        sheet.set_column(0, 0, 36)
        sheet.set_column(1, 1, 44)
        sheet.set_row(0, 32)
        sheet.merge_range(0, 0, 0, 1, self._title, self._heading)
        for row, (name, value) in enumerate(overview(self._reading, self._figures), 2):
            sheet.write_string(row, 0, name, self._label)
            sheet.write_string(row, 1, value, self._text)
        sheet.fit_to_pages(1, 1)

    def _callouts(self) -> None:
        rows = []
        for line in self._figures.callouts:
            one = line.callout
            held = {True: "达到", False: "未达到", None: "—"}[line.on_time]
            rows.append(
                [
                    one.callout_id, one.round, moment(one.started_at), named(one.hazard_name), f"{one.colour.chinese}色",
                    CALLOUT_STATES[one.state], *_cells(line.share), line.goal_after,
                    None if one.last_opened is None else one.last_opened // 1000,
                    None if one.target is None else one.target // 1000, held,
                    VERDICTS[one.verdict] if one.verdict else "未检验",
                ]
            )  # fmt: skip
        self._table(self._sheet(CALLOUTS), 0, CALLOUT_COLUMNS, rows, rate=8)

    def _groups(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Every grouping below the other; where the counties and the months stand."""
        sheet, row = self._sheet(GROUPS, landscape=False), 0
        sheet.set_column(0, 0, 18)
        sheet.set_column(1, len(GROUP_COLUMNS), 11)
        places: dict[str, tuple[int, int]] = {}
        for name, lines in self._named_groups():
            sheet.write_string(row, 0, f"分{name}", self._part)
            cells = [[line.name, *_cells(line.share)] for line in lines]
            self._table(sheet, row + 1, (name, *GROUP_COLUMNS), cells, rate=3)
            places[name] = (row + 2, row + 1 + len(lines))
            row += len(lines) + 3
        sheet.fit_to_pages(1, 0)
        return places["县（市、区）"], places["月"]

    def _named_groups(self) -> Sequence[tuple[str, Sequence[SeasonLine]]]:
        figures = self._figures
        return (
            ("层级", figures.tiers), ("县（市、区）", figures.counties), ("条线", figures.departments),
            ("灾种", figures.hazards), ("月", figures.months),
        )  # fmt: skip

    def _charts(self, counties: tuple[int, int], months: tuple[int, int]) -> None:
        sheet = self._sheet(CHARTS, landscape=False)
        count = len(self._figures.callouts)
        plots = (
            ("逐次叫应率", "line", CALLOUTS, (1, count), 2, 8, "0%"),
            ("逐次应答用时中位（秒）", "line", CALLOUTS, (1, count), 2, 10, "0"),
            ("分月叫应率", "column", GROUPS, months, 0, 3, "0%"),
            ("分县（市、区）叫应率", "column", GROUPS, counties, 0, 3, "0%"),
        )
        for place, (title, kind, where, (first, last), names, values, shape) in enumerate(plots):
            chart = self._book.add_chart({"type": kind})
            series: dict[str, Any] = {
                "name": title,
                "categories": [where, first, names, max(first, last), names],
                "values": [where, first, values, max(first, last), values],
            }
            series |= (
                {"line": {"color": GREEN, "width": 2}, "marker": {"type": "circle", "size": 5}}
                if kind == "line"
                else {"fill": {"color": GREEN}, "gap": 60}
            )
            chart.add_series(series)
            chart.set_title({"name": title, "name_font": {"size": 12}})
            chart.set_y_axis({"min": 0, "num_format": shape, **({"max": 1} if shape == "0%" else {})})
            chart.set_legend({"none": True})
            chart.set_size({"width": 660, "height": 250})
            sheet.insert_chart(place * 13, 0, chart)
        sheet.fit_to_pages(1, 1)

    def _people(self, name: str, people: Sequence[Called]) -> None:
        rows = [
            [
                one.path, one.unit_name, one.unit_code, role_word(one.role), one.number, one.calls, one.nights, one.heard,
                self._words.outcome(one.last_outcome),
            ]
            for one in people
        ]  # fmt: skip
        sheet = self._sheet(name)
        self._table(sheet, 0, PEOPLE_COLUMNS, rows, rate=-1)
        for column, width in enumerate((14, 22, 16, 8, 16, 8, 10, 8, 16)):
            sheet.set_column(column, column, width)

    def _table(self, sheet: Any, top: int, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, rate: int) -> None:
        """A table with its head in row `top`; `rate`: the column of shares."""
        for column, name in enumerate(columns):
            sheet.write_string(top, column, name, self._label)
        for row, cells in enumerate(rows, top + 1):
            for column, cell in enumerate(cells):
                if isinstance(cell, int | float):
                    sheet.write_number(row, column, cell, self._rate if column == rate else self._number)
                else:
                    sheet.write_string(row, column, cell or "", self._text)
        if top == 0:
            sheet.set_column(0, len(columns) - 1, 11)
            sheet.set_row(0, 32)
            sheet.freeze_panes(1, 0)
            sheet.repeat_rows(0)
            sheet.fit_to_pages(1, 0)

    def _sheet(self, name: str, *, landscape: bool = True) -> Any:
        return add_sheet(self._book, name, self._title, self._stamp, landscape=landscape)


def _cells(one: Any) -> list[Any]:
    return [one.asked, one.answered, one.rate, one.unreached, one.median, one.slow]
