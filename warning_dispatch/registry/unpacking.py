"""解包限度: what a workbook would grow to, found out before anything unpacks it for good.

A workbook is a zip. Ten kilobytes of it may hold gigabytes, and two cells in opposite corners make the reader ask for a table
of every cell between them: the process would be ended for want of memory, and the calling with it. So every part is inflated
here first, within limits, and the corners of every sheet are looked for, in .xlsx and .ods alike. The sizes that the zip
itself gives are not believed.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

from lxml import etree

MOST_PARTS = 2_000
MOST_BYTES = 64 << 20
"""Of all parts together, unpacked: the register of a whole prefecture takes less than 10 MB."""
MOST_CELLS = 4_000_000
"""Of one sheet, from its first corner to its last, with the empty ones between."""
MOST_ELEMENTS = 4_000_000
_HEAD = 30
_NAME_LENGTH, _EXTRA_LENGTH = 26, 28
_STORED, _DEFLATED = 0, 8
_LETTERS = 26
_MOST_DIGITS = 10
_REFERENCE = re.compile(r"([A-Za-z]{1,7})([0-9]{1,10})")
_VALUE_TYPE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value-type"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
"""How a text in UTF-16 begins: no program writes a sheet so, and what is looked for below would not be seen in it."""


class _OvergrownError(Exception):
    """More than a workbook may hold."""


def is_overgrown(content: bytes) -> bool:
    """Whether a zip would unpack to more than a workbook of ours may. ValueError when it is none, or none that we read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
        raise ValueError("zip") from error
    if len(parts) > MOST_PARTS:
        return True
    left = MOST_BYTES
    try:
        for part in parts:
            unpacked = _unpacked(content, part, left)
            left -= len(unpacked)
            _measure(unpacked)
    except _OvergrownError:
        return True
    return False


def _unpacked(content: bytes, part: zipfile.ZipInfo, most: int) -> bytes:
    """A part, where every reader finds it: by its own head. Never more than `most` bytes."""
    head = content[part.header_offset : part.header_offset + _HEAD]
    if len(head) < _HEAD:
        raise ValueError("head")
    lengths = (int.from_bytes(head[at : at + 2], "little") for at in (_NAME_LENGTH, _EXTRA_LENGTH))
    start = part.header_offset + _HEAD + sum(lengths)
    packed = content[start : start + part.compress_size]
    if part.compress_type not in (_STORED, _DEFLATED):
        raise ValueError("method")
    try:
        inflated = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most + 1) if part.compress_type else packed
    except zlib.error as error:
        raise ValueError("deflate") from error
    if len(inflated) > most:
        raise _OvergrownError
    return inflated


def _measure(part: bytes) -> None:
    """Read a sheet through without keeping it; other parts of the workbook are none."""
    if part.startswith(_WIDE):
        raise ValueError("encoding")
    target: Any = _Xlsx() if b"sheetData" in part else _Ods() if b"table-row" in part else None
    if target is None:
        return
    parser = etree.XMLParser(
        target=target, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    try:
        etree.fromstring(part, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError("xml") from error


class _Sheet:
    """Counts the elements and remembers the corners."""

    def __init__(self) -> None:
        self._elements = 0
        self._corners: list[int] = []

    def _count(self) -> None:
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise _OvergrownError

    def _stand(self, row: int, column: int) -> None:
        """There is something in this cell."""
        if not self._corners:
            self._corners = [row, column, row, column]
        top, left, bottom, right = self._corners
        top, left, bottom, right = min(top, row), min(left, column), max(bottom, row), max(right, column)
        self._corners = [top, left, bottom, right]
        if (bottom - top + 1) * (right - left + 1) > MOST_CELLS:
            raise _OvergrownError

    def close(self) -> None:
        """What the parser asks for at the end."""


class _Xlsx(_Sheet):
    """Sheets of .xlsx: a cell says where it stands, or stands beside the one before. Empty ones, which only have a look, are free."""

    def __init__(self) -> None:
        super().__init__()
        self._row = self._column = self._cell_row = 0
        self._in_cell = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """A row, a cell, or what is in a cell."""
        self._count()
        name, said = tag.rpartition("}")[2], attributes.get("r", "")
        if name == "row":
            self._row = int(said) if said.isdecimal() and len(said) <= _MOST_DIGITS else self._row + 1
            self._column = 0
        elif name == "c":
            place = _REFERENCE.fullmatch(said)
            self._column = _column(place[1]) if place else self._column + 1
            self._cell_row = int(place[2]) if place else self._row
            self._in_cell = True
        elif self._in_cell:
            self._stand(self._cell_row, self._column)

    def end(self, tag: str) -> None:
        """A cell is over."""
        if tag.rpartition("}")[2] == "c":
            self._in_cell = False


class _Ods(_Sheet):
    """Sheets of .ods: rows and cells may say that they stand there many times over."""

    def __init__(self) -> None:
        super().__init__()
        self._row = self._column = self._row_end = self._column_end = 0
        self._in_cell = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """A table, a row, a cell, or what is in a cell."""
        self._count()
        name = tag.rpartition("}")[2]
        if name == "table":
            self._corners, self._row_end = [], 0
        elif name == "table-row":
            self._row, self._column_end = self._row_end + 1, 0
            self._row_end += _repeated(attributes, "number-rows-repeated")
        elif name in ("table-cell", "covered-table-cell"):
            self._column = self._column_end + 1
            self._column_end += _repeated(attributes, "number-columns-repeated")
            self._in_cell = True
            if _VALUE_TYPE in attributes:
                self._fill()
        elif self._in_cell:
            self._fill()

    def _fill(self) -> None:
        self._stand(self._row, self._column)
        self._stand(self._row_end, self._column_end)

    def end(self, tag: str) -> None:
        """A cell is over."""
        if tag.rpartition("}")[2] in ("table-cell", "covered-table-cell"):
            self._in_cell = False


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * _LETTERS + ord(letter) - ord("A") + 1
    return number


def _repeated(attributes: Mapping[str, str], name: str) -> int:
    said = attributes.get(f"{_TABLE}{name}", "1")
    return int(said) if said.isdecimal() and len(said) <= _MOST_DIGITS else 1
