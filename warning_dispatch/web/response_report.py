"""信息报送: the response of a call-out, or of one place in it, as a text to copy, a table, a workbook. Pure but for xlsx.

It holds the units' own words: whoever takes it is named in the journal first.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import xlsxwriter

from warning_dispatch.clock import beijing_text
from warning_dispatch.model.response import AreaSum, ResponseOverview
from warning_dispatch.model.states import Purpose, Stage
from warning_dispatch.model.views import CallOutView
from warning_dispatch.web.catalogues import Catalogue

MOST_WORDS: Final = 1_000
"""Written reports that an export holds."""
FORMULA: Final = "=+-@\t\r"
Row = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Report:
    """What a report is made of. `now` in ms."""

    view: CallOutView
    found: ResponseOverview
    words: Catalogue
    now: int

    @property
    def title(self) -> str:
        """Heading and file name."""
        mark = self.words.text("report.drill") if self.view.purpose is Purpose.DRILL else ""
        return mark + self.words.text("report.title", signal=self._signal)

    @property
    def _signal(self) -> str:
        return self.words.signal(self.view.hazard_name, self.view.colour)

    def paragraphs(self) -> list[str]:
        """The report as it is sent on."""
        return list(self._paragraphs())

    def text(self) -> str:
        """Title, paragraphs, time."""
        return "\n".join([self.title, "", *self.paragraphs()]) + "\n"

    def _paragraphs(self) -> Iterator[str]:
        say, total, now = self.words.text, self.found.total, _moment(self.now)
        yield say(
            "report.begin" if self.found.stage is not Stage.NONE else "report.begin_plain",
            issuer=self.view.issuer,
            sent=_moment(self.view.started_at),
            signal=self._signal,
            now=now,
            place=self.found.name or say("console.response.all"),
            units=total.units,
            answered=total.answered,
            percent=round(100 * total.answered / total.units) if total.units else 0,
            **({"stage": say(f"stage.{self.found.stage.key}")} if self.found.stage is not Stage.NONE else {}),
        )
        yield say("report.posts", reported=total.reported, on_post=total.on_post)
        if self.found.stage is not Stage.NONE:
            yield say("report.measures", owed=total.owed, done=total.done, late=total.late)
        places = [say("report.moved_place", name=one.name, moved=one.moved) for one in self.found.areas if one.moved]
        by_place = say("report.moved_by", places=say("report.between").join(places)) if len(places) > 1 else ""
        yield say("report.moved", moved=total.moved) + by_place
        yield from self._dangers()
        late = [one.name for one in self.found.areas if one.silent]
        if self.found.stage is not Stage.NONE:
            yield say("report.silent", places=say("report.between").join(late)) if late else say("report.silent_none")
        yield say("report.sign", now=now)

    def _dangers(self) -> Iterator[str]:
        say = self.words.text
        if not self.found.total.dangers:
            yield say("report.dangers_none")
            return
        yield say("report.dangers", dangers=self.found.total.dangers)
        told = (one for one in self.found.words if one.dangers)
        for number, one in enumerate(told, start=1):
            time = beijing_text(one.at, "%m-%d %H:%M")
            yield say("report.danger", number=number, unit=one.path + one.unit, time=time, words=one.dangers)

    # --- tables -------------------------------------------------------------------------------------------

    def columns(self) -> list[str]:
        """Of the table of places."""
        return self.words.text("report.columns").split(",")

    def rows(self) -> list[Row]:
        """A row for each place, and the whole last."""
        whole = self.found.name or self.words.text("console.response.all")
        return [*(self._row(one, self._name(one)) for one in self.found.areas), self._row(self.found.total, whole)]

    def _name(self, one: AreaSum) -> str:
        own = any(other.code != one.code and other.code.startswith(one.code) for other in self.found.areas)
        return self.words.text("console.response.own", name=one.name) if own else one.name

    def _row(self, one: AreaSum, name: str) -> Row:
        counts = (one.units, one.answered, one.reported, one.on_post, one.moved, one.dangers)
        silent = self.words.text("console.response.silent") if one.silent else ""
        first = silent if one.own_at is None else beijing_text(one.own_at, "%m-%d %H:%M")
        return [name, *counts, one.owed, one.done, one.late, first]

    def sheets(self) -> Iterator[tuple[str, Sequence[str], Sequence[Row]]]:
        """(name, columns, rows) of the workbook."""
        say = self.words.text
        yield say("report.sheet"), self.columns(), self.rows()
        if self.found.measures:
            measures: list[Row] = [
                [one.action.text(self.words.language), one.owed, one.done, one.late] for one in self.found.measures
            ]
            yield say("report.measures_sheet"), say("report.measures_columns").split(","), measures
        offices: list[Row] = [
            [
                one.code,
                one.name,
                say(f"console.response.kinds.{one.kind.value}"),
                say(f"callee.{one.state.name.lower()}"),
                one.owed,
                one.done,
                one.late,
                "" if one.reported_at is None else _moment(one.reported_at),
                int(one.on_post),
                "" if one.moved is None else one.moved,
            ]
            for one in self.found.offices
        ]
        yield say("report.offices"), say("report.office_columns").split(","), offices
        words: list[Row] = [
            [_moment(one.at), one.code, one.path + one.unit, one.measures, one.dangers] for one in self.found.words
        ]
        yield say("report.words_sheet"), say("report.words_columns").split(","), words

    def csv_bytes(self) -> bytes:
        """The table of places, for any spreadsheet."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(self.columns())
        writer.writerows([harmless(cell) for cell in row] for row in self.rows())
        return out.getvalue().encode("utf-8-sig")

    def xlsx_bytes(self) -> bytes:
        """Everything, sheet by sheet."""
        memory = io.BytesIO()
        book = xlsxwriter.Workbook(memory, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
        bold = book.add_format({"bold": True, "bottom": 1})
        for name, columns, rows in self.sheets():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(columns) - 1, 14)
            sheet.write_row(0, 0, columns, bold)
            for number, row in enumerate(rows, start=1):
                sheet.write_row(number, 0, row)
        book.close()
        return memory.getvalue()


def _moment(at: int) -> str:
    return beijing_text(at, "%Y-%m-%d %H:%M")


def harmless(cell: str | int) -> str | int:
    """What a spreadsheet would calculate becomes text."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] and cell[0] in FORMULA else cell
