"""A workbook that would take the machine away is refused before it is opened; every ordinary one is read."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from warning_dispatch.errors import RegisterError
from warning_dispatch.registry import unpacking
from warning_dispatch.registry.grids import read_grids
from warning_dispatch.registry.unpacking import is_overgrown

SHEET = "xl/worksheets/sheet1.xml"
ODS = """<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:body><office:spreadsheet><table:table table:name="a">{rows}</table:table></office:spreadsheet></office:body>
</office:document-content>"""
CELL = '<table:table-cell office:value-type="string"{more}><text:p>x</text:p></table:table-cell>'

FIRST_AND_FAR = (
    f"<table:table-row>{CELL.format(more='')}</table:table-row>"
    '<table:table-row table:number-rows-repeated="1000000"><table:table-cell/></table:table-row>'
    f'<table:table-row><table:table-cell table:number-columns-repeated="900"/>{CELL.format(more="")}</table:table-row>'
)


def written(path: Path, *cells: tuple[int, int, str]) -> bytes:
    """A workbook with these cells: row, column, text; an empty text is only a look."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("名册")
        bold = book.add_format({"bold": True})
        for row, column, text in cells:
            sheet.write(row, column, text, bold)
    return path.read_bytes()


def with_sheet(content: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The same workbook, its sheet changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == SHEET else old.read(name))
    return out.getvalue()


def ods(rows: str) -> bytes:
    """A workbook of LibreOffice, as far as its size goes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("content.xml", ODS.format(rows=rows))
    return out.getvalue()


def test_two_cells_in_opposite_corners_end_no_process(tmp_path: Path) -> None:
    """The reader would ask for half a terabyte and take the daemon down: the file is refused, with what to do."""
    path = tmp_path / "far.xlsx"
    assert is_overgrown(written(path, (0, 0, "姓名"), (1_048_575, 16_383, "x")))
    with pytest.raises(RegisterError, match="太大") as refused:
        read_grids(path)
    assert "删去" in refused.value.findings[0].remedy


def test_looks_without_content_cost_nothing(tmp_path: Path) -> None:
    """Formatted empty rows down to the last are what spreadsheets leave behind: no reason to refuse."""
    path = tmp_path / "looks.xlsx"
    assert not is_overgrown(written(path, (0, 0, "姓名"), (1, 0, "张三"), (1_048_575, 16_383, "")))
    assert [grid.sheet for grid in read_grids(path)] == ["名册"]


def test_cells_that_do_not_say_where_they_are_count_too(tmp_path: Path) -> None:
    """A cell without an address stands in its row: a far row is as far as a far cell."""
    content = written(tmp_path / "a.xlsx", *((0, column, "x") for column in range(20)), (900_000, 0, "x"))
    nameless = with_sheet(content, lambda part: re.sub(rb'(<c) r="[A-Z]+[0-9]+"', rb"\1", part))
    assert nameless != content
    assert is_overgrown(nameless)
    narrow = written(tmp_path / "b.xlsx", (0, 0, "x"), (900_000, 0, "x"))
    assert not is_overgrown(with_sheet(narrow, lambda part: re.sub(rb'(<c) r="[A-Z]+[0-9]+"', rb"\1", part)))


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is for all parts together and is counted while unpacking."""
    content = written(tmp_path / "a.xlsx", (0, 0, "姓名"))
    padded = with_sheet(content, lambda part: part + b"\n" * 3_000_000)
    assert len(padded) < 20_000
    assert not is_overgrown(padded)
    monkeypatch.setattr(unpacking, "MOST_BYTES", 2_000_000)
    assert is_overgrown(padded)


def test_a_size_that_lies_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The directory of the zip may say 1 byte: what comes out is what counts."""
    content = with_sheet(written(tmp_path / "a.xlsx", (0, 0, "x")), lambda part: part + b"\n" * 3_000_000)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo(SHEET).file_size
    lying = content.replace(struct.pack("<I", size), struct.pack("<I", 1))
    assert lying != content
    monkeypatch.setattr(unpacking, "MOST_BYTES", 2_000_000)
    assert is_overgrown(lying)


def test_too_many_parts_and_elements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a zip of a million files nor a sheet of a million empty cells keeps the machine busy."""
    content = written(tmp_path / "a.xlsx", (0, 0, "x"))
    monkeypatch.setattr(unpacking, "MOST_ELEMENTS", 5)
    assert is_overgrown(content)
    monkeypatch.undo()
    monkeypatch.setattr(unpacking, "MOST_PARTS", 3)
    assert is_overgrown(content)


@pytest.mark.parametrize(
    ("rows", "overgrown"),
    [
        (f"<table:table-row>{CELL.format(more='')}</table:table-row>", False),
        ('<table:table-row table:number-rows-repeated="1048576"><table:table-cell/></table:table-row>', False),
        (
            '<table:table-row table:number-rows-repeated="1048576">'
            + CELL.format(more=' table:number-columns-repeated="16384"')
            + "</table:table-row>",
            True,
        ),
        (
            FIRST_AND_FAR,
            True,
        ),
    ],
)
def test_repetitions_count(rows: str, *, overgrown: bool) -> None:
    """A row that stands there a million times is a million rows, unless it is empty."""
    assert is_overgrown(ods(rows)) is overgrown


@pytest.mark.parametrize(
    "change",
    [
        lambda _part: b"\xff\xfe" + "<sheetData/>".encode("utf-16-le"),
        lambda part: part.replace(b"</sheetData>", b""),
    ],
)
def test_what_cannot_be_looked_through_is_refused(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    """What we cannot measure is not opened: it is told as damaged."""
    path = tmp_path / "odd.xlsx"
    path.write_bytes(with_sheet(written(path, (0, 0, "x")), change))
    with pytest.raises(RegisterError, match="损坏"):
        read_grids(path)
