"""表格: the sheets of an office's workbook as rows of cells, whatever program saved it (.xlsx, .xls, .et, .csv).

A cell is what the file holds: text, a number, a day. Vertically merged cells are filled downwards, since every row of
a merged block means the same unit; horizontally merged ones stay in their first column, since a title or a note is one
text. Rows are counted as a spreadsheet counts them, from 1.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from lxml import etree
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from warning_dispatch.errors import Finding, RegisterError
from warning_dispatch.registry.tables import decode
from warning_dispatch.registry.unpacking import is_overgrown
from warning_dispatch.tomlfiles import both

Cell = str | float | int | bool | date | datetime | time | timedelta
"""What a cell holds; an empty one holds ""."""
_ZIP = b"PK\x03\x04"
_BOOKS = (_ZIP, b"\xd0\xcf\x11\xe0")
"""How a workbook begins: a zip (.xlsx, .ods), or a compound file (.xls, and .et as WPS saves it)."""
FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet takes for a formula at the start of a cell of a CSV; behind an apostrophe it is text."""
_MOST_ROWS, _MOST_COLUMNS = 200_000, 200
_LETTERS = 26
_HIDDEN_ROW = re.compile(
    rb"<row [^>]*?\br=\"(\d+)\"[^>]*?\bhidden=\"(?:1|true)\"|<row [^>]*?\bhidden=\"(?:1|true)\"[^>]*?\br=\"(\d+)\""
)
_HIDDEN_COLUMNS = re.compile(rb"<col (?=[^>]*\bhidden=\"(?:1|true)\")(?=[^>]*\bmin=\"(\d+)\")(?=[^>]*\bmax=\"(\d+)\")")
_SHEETS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}sheet"
_REF = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet. `sheet` is empty for a CSV. `wide`: header cells that span columns, as (row, first, last), from 0.

    `hidden`: what is hidden in it, in words for a person; `veiled`: the sheet itself is.
    """

    file: str
    sheet: str
    rows: tuple[tuple[Cell, ...], ...]
    wide: tuple[tuple[int, int, int], ...] = ()
    hidden: str = ""
    veiled: bool = False

    def place(self, row: int, column: str = "") -> str:
        """Where: "名册.xlsx【临县】第 12 行 row 12 [E 手机]". `row` from 1."""
        sheet = f"【{self.sheet}】" if self.sheet else " "
        return f"{self.file}{sheet}第 {row} 行 row {row}" + (f" [{column}]" if column else "")


def read_grids(path: Path) -> list[Grid]:
    """Every sheet of a file, empty ones left out. RegisterError when it cannot be read, with what to do."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _refused(
            path, both("读不了", f"cannot be read: {error.strerror}"), both("检查文件", "check it")
        ) from None
    if content.startswith(_BOOKS):  # by content: a CSV is often renamed, and a renamed one is still a CSV
        return _workbook(path, content)
    return [_csv(path, content)]


def column_letter(index: int) -> str:
    """0 → A, 27 → AB."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, _LETTERS)
        letters = chr(ord("A") + rest) + letters
    return letters


def _refused(path: Path, what: str, remedy: str) -> RegisterError:
    return RegisterError([Finding(path.name, what, remedy)])


# --- CSV --------------------------------------------------------------------------------------------------


def _csv(path: Path, content: bytes) -> Grid:
    text = decode(content)
    if isinstance(text, Finding):
        raise _refused(path, text.what, text.remedy)
    first = text.partition("\n")[0]
    delimiter = "\t" if first.count("\t") > first.count(",") else ";" if first.count(";") > first.count(",") else ","
    rows: list[tuple[Cell, ...]] = []
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for cells in reader:
            while len(rows) < reader.line_num - 1:  # a cell with line breaks: rows are counted as lines
                rows.append(())
            rows.append(tuple(cells))
    except csv.Error as error:
        raise _refused(
            path, both("不是 CSV", f"not CSV: {error}"), both("另存为 CSV UTF-8", "save it as CSV UTF-8")
        ) from None
    return Grid(path.name, "", tuple(rows))


# --- workbooks --------------------------------------------------------------------------------------------


def _workbook(path: Path, content: bytes) -> list[Grid]:
    try:
        if content.startswith(_ZIP) and is_overgrown(content):
            what = both(
                "解开来太大，或有的单元格远在表外",
                "it unpacks to far too much, or has cells far away from the table",
            )
            remedy = both("删去数据以外的内容，另存为 .xlsx", "delete what stands beside the table, save it as .xlsx")
            raise _refused(path, what, remedy)
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
            hidden = _hidden(content)
            grids = [
                _sheet(path, workbook, meta.name, veiled=meta.visible is not SheetVisibleEnum.Visible, hidden=hidden)
                for meta in workbook.sheets_metadata
                if meta.typ is SheetTypeEnum.WorkSheet
            ]
    except PasswordError:
        what = both("工作簿加了密码", "the workbook has a password")
        raise _refused(path, what, both("去掉密码后另存", "save it without one")) from None
    except (CalamineError, ValueError) as error:
        what = both("不是表格文件，或已损坏", f"not a workbook, or damaged: {str(error)[:80]}")
        remedy = both("用表格软件打开，另存为 .xlsx", "open it in a spreadsheet and save it as .xlsx")
        raise _refused(path, what, remedy) from None
    return [grid for grid in grids if any(any(cell != "" for cell in row) for row in grid.rows)]


def _sheet(path: Path, workbook: CalamineWorkbook, name: str, *, veiled: bool, hidden: Mapping[str, str]) -> Grid:
    sheet = workbook.get_sheet_by_name(name)
    if sheet.total_height > _MOST_ROWS or sheet.total_width > _MOST_COLUMNS:
        what = both(
            f"工作表“{name}”太大：{sheet.total_height} 行 {sheet.total_width} 列",
            f"sheet {name!r} is too large: {sheet.total_height} rows, {sheet.total_width} columns",
        )
        remedy = both("删去数据以外的空行空列", "delete the empty rows and columns around the table")
        raise _refused(path, what, remedy)
    rows = [list(row) for row in sheet.to_python(skip_empty_area=False)]
    wide = []
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if right > left:
            wide.append((top, left, right))
        if top < len(rows) and left < len(rows[top]):
            for below in range(top + 1, min(bottom + 1, len(rows))):
                rows[below][left] = rows[top][left]
    return Grid(path.name, name, tuple(tuple(row) for row in rows), tuple(wide), hidden.get(name, ""), veiled)


def _hidden(content: bytes) -> Mapping[str, str]:
    """What is hidden, by sheet: only .xlsx tells. Anything odd in there is no reason to refuse the workbook."""
    found: dict[str, str] = {}
    if not content.startswith(_ZIP):
        return found
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name, part in _sheet_parts(archive):
                said = _hidden_in(archive.read(part))
                if said:
                    found[name] = said
    except (KeyError, ValueError, zipfile.BadZipFile, etree.XMLSyntaxError):
        return {}
    return found


def _sheet_parts(archive: zipfile.ZipFile) -> list[tuple[str, str]]:
    """Name of each sheet and of the part of the archive that holds it."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    targets = {
        one.get("Id"): str(one.get("Target"))
        for one in etree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), parser)
    }
    book = etree.fromstring(archive.read("xl/workbook.xml"), parser)
    found = []
    for sheet in book.iter(_SHEETS):
        target = targets.get(sheet.get(_REF), "")
        found.append((str(sheet.get("name")), target.lstrip("/") if target.startswith("/") else f"xl/{target}"))
    return found


def _hidden_in(part: bytes) -> str:
    columns: list[str] = []
    for first, last in _HIDDEN_COLUMNS.findall(part.partition(b"<sheetData")[0]):
        columns += [column_letter(index - 1) for index in range(int(first), min(int(last), _MOST_COLUMNS) + 1)]
    rows = [one or other for one, other in _HIDDEN_ROW.findall(part)]
    return "、".join(
        [f"{letter} 列" for letter in columns[:5]] + ([f"{len(rows)} 行（{int(rows[0])}…）"] if rows else [])
    )


def texts(cells: Sequence[Cell]) -> list[str]:
    """The cells of a row as texts."""
    return [cell_text(cell) for cell in cells]


def cell_text(cell: Cell) -> str:
    """What a person sees in the cell; a whole number has no decimals, a day is 2026-04-20."""
    if isinstance(cell, str):
        text = cell.strip()
        return text[1:] if text[:1] == "'" and text[1:2] in FORMULA else text
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return _time_text(cell)


def _time_text(cell: int | date | datetime | time | timedelta) -> str:
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d" if cell.time() == time() else "%Y-%m-%d %H:%M")
    if isinstance(cell, time):
        return cell.strftime("%H:%M")
    return str(cell)
