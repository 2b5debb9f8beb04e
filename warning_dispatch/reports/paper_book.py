"""A workbook that is also printed: A4, what it is on top of every page, who had it made below, Chinese type."""

from __future__ import annotations

import io
from typing import Any, Final

import xlsxwriter

from warning_dispatch.reports.stamp import Stamp

GREEN: Final = "#2E7D32"
A4: Final = 9
LONGEST: Final = 110
"""Characters of a part of a head or foot; Excel takes 255 of the whole."""


def open_book(memory: io.BytesIO, title: str, stamp: Stamp, organisation: str) -> Any:
    """Xlsxwriter's workbook, which has no types. Words stay words: nothing in them becomes a formula or a link."""
    book = xlsxwriter.Workbook(
        memory,
        {
            "in_memory": True,
            "strings_to_numbers": False,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "default_format_properties": {"font_name": "宋体", "font_size": 10},
        },
    )
    book.set_properties({"title": title, "author": stamp.who, "company": organisation})
    return book


def add_sheet(book: Any, name: str, mark: str, stamp: Stamp, *, landscape: bool) -> Any:
    """An empty sheet of it. `mark`: what stands on top of its pages."""
    sheet = book.add_worksheet(name)
    sheet.set_paper(A4)
    if landscape:
        sheet.set_landscape()
    sheet.set_header(f"&L&9{_escaped(mark)}&R&9{_escaped(name)}")
    sheet.set_footer(f"&L&8{_escaped(stamp.text)} · 内部资料&R&9第 &P 页 共 &N 页")
    return sheet


def _escaped(text: str) -> str:
    """& is a sign of its own there."""
    return text.replace("&", "&&")[:LONGEST]
