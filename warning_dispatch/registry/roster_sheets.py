"""值班表: rows of unit, day and names become shifts; without times a shift lasts from 08:00 to 08:00 of the next day. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from datetime import time as time_of_day

from warning_dispatch.clock import BEIJING
from warning_dispatch.model.roster import Shift
from warning_dispatch.model.unit import Unit
from warning_dispatch.registry.days import read_day, read_moment
from warning_dispatch.registry.grids import Cell, Grid, cell_text, column_letter
from warning_dispatch.registry.headers import NUMBERS, Field, Header
from warning_dispatch.registry.problems import Problems
from warning_dispatch.registry.receiver_sheets import NOTE
from warning_dispatch.registry.unit_names import UnitIndex, UnitWords, Unplaced
from warning_dispatch.tomlfiles import both

HANDOVER = 8 * 60
"""Minutes of the day at which the watch changes where a roster does not say."""
_DAY = 24 * 60
_NAMES = re.compile(r"[、,，;；/\s]+")
_UNIT_FIELDS = (Field.UNIT_CODE, Field.UNIT, Field.COUNTY, Field.TOWNSHIP, Field.VILLAGE)


def is_roster_sheet(header: Header) -> bool:
    """Whether the columns are those of a roster."""
    fields = header.fields()
    return {Field.DAY, Field.NAME} <= fields and not fields & {*NUMBERS, Field.MAIL}


def read_roster_sheet(grid: Grid, header: Header, index: UnitIndex, problems: Problems) -> list[tuple[str, Shift]]:
    """Every shift with the place it stands in (its person is looked up later, when everybody is known)."""
    reader = _RosterReader(grid, header, index, problems)
    return [shift for number in range(header.first_data, len(grid.rows)) for shift in reader.row(number)]


class _RosterReader:
    """Reads one sheet."""

    def __init__(self, grid: Grid, header: Header, index: UnitIndex, problems: Problems) -> None:
        self._grid = grid
        self._index = index
        self._problems = problems
        self._columns = {column.field: column for column in reversed(header.columns)}
        self._below = index.named_by(grid.sheet) if grid.sheet else ""

    def row(self, number: int) -> Iterator[tuple[str, Shift]]:
        """The shifts of a row."""
        cells = self._grid.rows[number]
        filled = [text for cell in cells if (text := cell_text(cell))]
        if not filled or (NOTE.match(filled[0]) and len(filled) < len(Field.DAY)):
            return
        unit = self._unit(number, cells)
        hours = self._hours(number, cells)
        if unit is None or hours is None:
            return
        for name in _NAMES.split(cell_text(self._cell(cells, Field.NAME))):
            if name:
                yield self._at(number, Field.NAME), Shift(unit.code, name, *hours)

    def _unit(self, number: int, cells: Sequence[Cell]) -> Unit | None:
        words = UnitWords(*(cell_text(self._cell(cells, key)) for key in _UNIT_FIELDS))
        if words.nothing and self._below:
            words = UnitWords(code=self._below)
        found = self._index.place(words, self._below) if not words.nothing else None
        if isinstance(found, Unit):
            return found
        what = found.what if isinstance(found, Unplaced) else both("没有写单位", "the row names no unit")
        remedy = found.remedy if isinstance(found, Unplaced) else both("填单位编码", "give its code")
        self._problems.add("unknown-unit", self._at(number, Field.UNIT_CODE), what, remedy, number + 1)
        return None

    def _hours(self, number: int, cells: Sequence[Cell]) -> tuple[int, int] | None:
        """Begin and end in ms; an end that is not later than the begin is on the next day."""
        try:
            day = read_day(self._cell(cells, Field.DAY))
            begins = read_moment(self._cell(cells, Field.BEGINS))
            ends = read_moment(self._cell(cells, Field.ENDS))
            midnight = _midnight(day)
        except ValueError as error:
            what = both(f"日期或时间看不懂：{error}", f"no day or no time: {error}")
            remedy = both("日期写 2026-07-01，时间写 08:00", "a day as 2026-07-01, a time as 08:00")
            self._problems.add("bad-shift", self._at(number, Field.DAY), what, remedy, number + 1)
            return None
        first = HANDOVER if begins is None else begins
        last = first + _DAY if ends is None else ends if ends > first else ends + _DAY
        return midnight + first * 60_000, midnight + last * 60_000

    def _cell(self, cells: Sequence[Cell], key: Field) -> Cell:
        column = self._columns.get(key)
        return cells[column.index] if column is not None and column.index < len(cells) else ""

    def _at(self, number: int, key: Field) -> str:
        column = self._columns.get(key)
        return self._grid.place(number + 1, f"{column_letter(column.index)} {column.title}" if column else "")


def _midnight(day: str) -> int:
    """The beginning of a Beijing day in ms. ValueError for no day."""
    begin = datetime.combine(date.fromisoformat(day), time_of_day(), BEIJING)
    return int(begin.astimezone(UTC).timestamp()) * 1000
