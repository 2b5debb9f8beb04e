"""Tables from CSV files: encodings, headers and rows, with every problem by file, row and column.

UTF-8 (with or without a byte-order mark) and GB18030 are read; a spreadsheet on a Chinese Windows saves the
latter. Rows are counted as a spreadsheet counts them: the header is row 1.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from warning_dispatch.errors import Finding

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ZIP_MARK = b"PK\x03\x04"
_DAMAGE = 10
"""If fewer than one in so many non-ASCII bytes fail as UTF-8, the file is damaged UTF-8 and not GB18030."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key, other headers it goes by, whether it must be there."""

    key: str
    aliases: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number and its trimmed cells by column key; an absent optional column gives ""."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TableRead:
    """What could be read of a table, and what could not."""

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]


def place(file: str, row: int, column: str = "") -> str:
    """Where in a table: "receivers.csv 第 12 行 mobile"."""
    return f"{file} 第 {row} 行 row {row}" + (f" [{column}]" if column else "")


def read_table(path: Path, columns: Sequence[Column]) -> TableRead:
    """Read a CSV file. Raises nothing for bad content: it is all in `findings`."""
    name = path.name
    try:
        content = path.read_bytes()
    except OSError as error:
        return _nothing(name, f"读不了 / cannot be read: {error.strerror}", "检查文件 / check the file")
    text = decode(content)
    if isinstance(text, Finding):
        return _nothing(name, text.what, text.remedy)
    try:
        lines = list(_lines(text))
    except csv.Error as error:
        return _nothing(name, f"不是 CSV / not CSV: {error}", "另存为 CSV UTF-8 / save it as CSV UTF-8")
    if not lines:
        return _nothing(name, "文件是空的 / the file is empty", "至少要有标题行 / it needs its header row")
    return _rows(name, lines, columns)


def decode(content: bytes) -> str | Finding:
    """The text of a file in UTF-8 or GB18030, or why there is none (a Finding without a place)."""
    if content.startswith((*_UTF16_MARKS, _ZIP_MARK)):
        return Finding(
            "",
            "不是 UTF-8 或 GB18030 文本 / neither UTF-8 nor GB18030 text",
            "在表格软件里另存为“CSV UTF-8” / save it as “CSV UTF-8” in the spreadsheet",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        failure = error
    damaged = content.decode("utf-8", "replace").count("\N{REPLACEMENT CHARACTER}")
    if damaged * _DAMAGE >= sum(byte > 127 for byte in content):  # noqa: PLR2004 - the end of ASCII
        try:
            return content.decode("gb18030")
        except UnicodeDecodeError as error:
            failure = error
    row = content.count(b"\n", 0, failure.start) + 1
    return Finding(
        "",
        f"第 {row} 行有坏字节，编码不是 UTF-8 或 GB18030 / bad bytes in row {row}: neither UTF-8 nor GB18030",
        "从原文件重新另存为“CSV UTF-8” / save the original again as “CSV UTF-8”",
    )


def _nothing(where: str, what: str, remedy: str) -> TableRead:
    return TableRead((), (Finding(where, what, remedy),))


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """Every line that is not blank, with the number of its first physical line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines = []
    begin = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            lines.append((begin, cells))
        begin = reader.line_num + 1
    return lines


def _rows(file: str, lines: list[tuple[int, list[str]]], columns: Sequence[Column]) -> TableRead:
    header_number, header = lines[0]
    keys, findings = _header(file, header_number, header, columns)
    if findings:
        return TableRead((), tuple(findings))
    empty = {column.key: "" for column in columns}
    rows = []
    for number, cells in lines[1:]:
        if any(cell.strip() for cell in cells[len(keys) :]):
            findings.append(
                Finding(
                    place(file, number),
                    f"有 {len(cells)} 格，标题只有 {len(keys)} 列 / more cells than the header has columns",
                    "含逗号的内容要加引号 / quote what holds a comma",
                )
            )
            continue
        filled = {key: cell.strip() for key, cell in zip(keys, cells, strict=False)}
        rows.append(Row(number, {**empty, **filled}))
    return TableRead(tuple(rows), tuple(findings))


def _header(file: str, number: int, header: list[str], columns: Sequence[Column]) -> tuple[list[str], list[Finding]]:
    known = {alias.lower(): column.key for column in columns for alias in (column.key, *column.aliases)}
    titles = [title.strip() for title in header]
    while titles and not titles[-1]:
        titles.pop()
    findings = [
        Finding(
            place(file, number, title),
            f"不认识的列 / unknown column: {title!r}",
            f"可用的列 / columns: {', '.join(column.key for column in columns)}",
        )
        for title in titles
        if title.lower() not in known
    ]
    keys = [known.get(title.lower(), "") for title in titles]
    findings += [
        Finding(place(file, number, key), f"列重复 / column given twice: {key}", "只留一列 / keep one")
        for key in sorted({key for key in keys if key and keys.count(key) > 1})
    ]
    missing = [column.key for column in columns if column.required and column.key not in keys]
    if missing:
        listed = ", ".join(missing)
        findings.append(
            Finding(place(file, number), f"缺少列 / missing columns: {listed}", "补上标题 / add these headers")
        )
    return keys, findings
