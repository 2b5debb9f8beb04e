"""日期的写法: days as people write them, made 2026-04-20. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from warning_dispatch.registry.grids import Cell, cell_text

_DAY = re.compile(r"(\d{4})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?")
_EIGHT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_EXCEL_EPOCH = date(1899, 12, 30)
_EXCEL_DAYS = range(30_000, 70_000)
"""Serial numbers of days between 1982 and 2091."""
_MOMENT = re.compile(r"(\d{1,2})[:：时](\d{1,2})?分?")


def read_day(cell: Cell) -> str:
    """The day as 2026-04-20; empty for an empty cell. ValueError for what is no day."""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, int | float) and not isinstance(cell, bool) and int(cell) in _EXCEL_DAYS:
        return (_EXCEL_EPOCH + timedelta(days=int(cell))).isoformat()
    text = cell_text(cell)
    if not text:
        return ""
    found = _DAY.fullmatch(text) or _EIGHT.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day = (int(part) for part in found.groups())
    return date(year, month, day).isoformat()


def read_moment(cell: Cell) -> int | None:
    """A time of the day in minutes; None for an empty cell. ValueError for what is none. 24:00 is the end of the day."""
    if isinstance(cell, float) and 0 <= cell < 1:
        return round(cell * 24 * 60)
    text = cell_text(cell)
    if not text:
        return None
    found = _MOMENT.match(text)
    hour, minute = (int(found.group(1)), int(found.group(2) or 0)) if found else (99, 0)
    if hour > 24 or minute > 59 or hour * 60 + minute > 24 * 60:  # noqa: PLR2004 - a day
        raise ValueError(text)
    return hour * 60 + minute
