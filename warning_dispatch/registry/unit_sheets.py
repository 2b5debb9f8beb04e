"""单位表: units that no list of divisions holds (部门, 重点单位, 传播单位), and changes to those it does. Pure.

A column that the sheet does not have says nothing: a unit that is known keeps what stands there. An empty cell clears.
A row with a problem leaves its unit as it stands: accepting the problem must not withdraw it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from warning_dispatch.errors import Finding
from warning_dispatch.model.unit import CODE_LENGTH, Unit, UnitKind, UnitLevel
from warning_dispatch.registry.days import read_day
from warning_dispatch.registry.grids import Cell, Grid, cell_text, column_letter
from warning_dispatch.registry.headers import NUMBERS, Field, Header
from warning_dispatch.registry.problems import Problems
from warning_dispatch.registry.receiver_sheets import NOTE
from warning_dispatch.tomlfiles import both

Sectors = Mapping[UnitKind, Mapping[str, str]]
"""By kind: key or name of a line → its key."""
KIND_WORDS: Mapping[str, UnitKind] = {
    **{kind.value: kind for kind in UnitKind},
    **dict.fromkeys(("行政区划", "区划"), UnitKind.DIVISION),
    **dict.fromkeys(("领导", "领导岗位"), UnitKind.LEADER),
    **dict.fromkeys(("部门", "成员单位"), UnitKind.DEPARTMENT),
    "气象局": UnitKind.BUREAU,
    **dict.fromkeys(("重点单位", "气象灾害防御重点单位"), UnitKind.KEY_UNIT),
    **dict.fromkeys(("传播单位", "媒体", "广播电视"), UnitKind.OUTLET),
}
"""What offices write for a kind."""
_CODE = re.compile(r"\d{4}(?:\d{2}(?:\d{3}(?:\d{3})?)?)?(?:-[A-Za-z0-9_]+)?")
_LEVELS = {length: level for level, length in CODE_LENGTH.items()}
_ATTRIBUTES = {
    Field.SUPERIOR: "superior",
    Field.SECTOR: "sector",
    Field.CALLED: "callable",
    Field.CERTIFIED_ON: "certified_on",
    Field.REVIEW_ON: "review_on",
    Field.MEASURES: "measures",
    Field.CERTIFICATE: "certificate",
}
"""What a sheet need not have, and where a unit keeps it."""
_YES = {"": True, "是": True, "yes": True, "否": False, "no": False}


def is_unit_sheet(header: Header) -> bool:
    """Whether the columns are those of units."""
    fields = header.fields()
    return {Field.UNIT_CODE, Field.UNIT, Field.KIND} <= fields and not fields & {*NUMBERS, Field.NAME}


def read_unit_sheet(
    grid: Grid, header: Header, known: Mapping[str, Unit], problems: Problems, sectors: Sectors | None = None
) -> list[Unit]:
    """Every unit of the sheet; superiors must be in the sheet or `known`. `sectors` None: lines are taken as written."""
    reader = _UnitReader(grid, header, known, problems, sectors or {})
    read = [(number, unit) for number in range(header.first_data, len(grid.rows)) if (unit := reader.row(number))]
    codes = {*known, *(unit.code for _, unit in read)}
    units: dict[str, Unit] = {}
    for number, unit in read:
        if unit.superior is not None and unit.superior not in codes:
            what = both(f"上级不存在：{unit.superior}", f"no such superior: {unit.superior}")
            reader.wrong(number, Field.SUPERIOR, what, both("核对上级编码", "check the code"))
            if unit.code in known:
                units.setdefault(unit.code, known[unit.code])
        elif unit.code in units:
            what = both(f"编码重复：{unit.code}", f"the code stands twice: {unit.code}")
            reader.wrong(number, Field.UNIT_CODE, what, both("每个编码一行", "one row a code"))
        else:
            units[unit.code] = unit
    return list(units.values())


class _UnitReader:
    """Reads one sheet."""

    def __init__(
        self, grid: Grid, header: Header, known: Mapping[str, Unit], problems: Problems, sectors: Sectors
    ) -> None:
        self._known = known
        self._sectors = sectors
        self._grid = grid
        self._problems = problems
        self._columns = {column.field: column for column in reversed(header.columns)}

    def row(self, number: int) -> Unit | None:
        """The unit of a row, of a row with a problem as it stands; None for a blank row, a note, and a stranger with a problem."""
        cells = self._grid.rows[number]
        filled = [text for cell in cells if (text := cell_text(cell))]
        if not filled or (NOTE.match(filled[0]) and len(filled) < len(_YES)):
            return None
        code, name = self._text(cells, Field.UNIT_CODE), self._text(cells, Field.UNIT)
        kind = KIND_WORDS.get(self._text(cells, Field.KIND).lower())
        called = _YES.get(self._text(cells, Field.CALLED).lower())
        area = code.partition("-")[0]
        level = _LEVELS.get(len(area)) if _CODE.fullmatch(code) else None
        if level is None or ("-" in code) is (kind is UnitKind.DIVISION):
            what = both(f"编码不对：{code}", f"not a code: {code}")
            remedy = both("区划 4、6、9、12 位；其他单位为所在地编码加后缀，如 141124-k01", "such as 141124-k01")
            self.wrong(number, Field.UNIT_CODE, what, remedy)
            return None
        if kind is None or called is None or not name:
            key = Field.KIND if kind is None else Field.UNIT if not name else Field.CALLED
            what = both(f"看不懂：{self._text(cells, key) or '（空）'}", "cannot be read")
            self.wrong(number, key, what, both("类别：部门、重点单位、传播单位 …；叫应：是、否", "see the notes"))
            return self._known.get(code)
        said: dict[Field, Any] = {
            Field.SUPERIOR: self._text(cells, Field.SUPERIOR) or _above(code, area, level),
            Field.SECTOR: self._sector(number, cells, kind),
            Field.CALLED: called,
            Field.CERTIFIED_ON: self._day(number, cells, Field.CERTIFIED_ON),
            Field.REVIEW_ON: self._day(number, cells, Field.REVIEW_ON),
            Field.MEASURES: self._text(cells, Field.MEASURES),
            Field.CERTIFICATE: self._text(cells, Field.CERTIFICATE),
        }
        before = self._known.get(code)
        if before is not None:
            said |= {key: getattr(before, _ATTRIBUTES[key]) for key in said.keys() - self._columns.keys()}
        return Unit(code, name, kind, level, area, **{_ATTRIBUTES[key]: value for key, value in said.items()})

    def _sector(self, number: int, cells: Sequence[Cell], kind: UnitKind) -> str:
        """The key of a line, which may be written by its name; one that nobody knows is kept, and said."""
        written = self._text(cells, Field.SECTOR)
        known = self._sectors.get(kind, {})
        if not written or not known or written in known:
            return known.get(written, written)
        what = both(f"行业目录中没有“{written}”", f"no such sector: {written}")
        where = self._grid.place(number + 1, self._columns[Field.SECTOR].title)
        remedy = both("可写：" + "、".join(name for name in known if not name.isascii()), "see config/hazards.toml")
        self._problems.notices.append(Finding(where, what, remedy))
        return written

    def wrong(self, number: int, key: Field, what: str, remedy: str) -> None:
        """A problem with a cell."""
        column = self._columns.get(key)
        title = f"{column_letter(column.index)} {column.title}" if column else ""
        self._problems.add("bad-unit", self._grid.place(number + 1, title), what, remedy, number + 1)

    def _day(self, number: int, cells: Sequence[Cell], key: Field) -> str:
        column = self._columns.get(key)
        if column is None or column.index >= len(cells):
            return ""
        try:
            return read_day(cells[column.index])
        except ValueError as error:
            what, remedy = both(f"不是日期：{error}", f"not a day: {error}"), both("写 2026-04-20", "as 2026-04-20")
            self._problems.add("bad-day", self._grid.place(number + 1, column.title), what, remedy, number + 1)
            return ""

    def _text(self, cells: Sequence[Cell], key: Field) -> str:
        column = self._columns.get(key)
        return cell_text(cells[column.index]) if column is not None and column.index < len(cells) else ""


def _above(code: str, area: str, level: UnitLevel) -> str | None:
    """The superior that the code itself says: its place, or for a division the division above; the city has none."""
    if "-" in code:
        return area
    return area[: CODE_LENGTH[UnitLevel(level - 1)]] if level is not UnitLevel.CITY else None
