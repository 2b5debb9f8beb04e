"""责任人表: the rows of an office's sheet become receivers. Whatever is wrong is a problem with its place; what can be read is read.

A row names one person, or, where columns carry a role ("A岗手机", "值班电话"), several of one unit. What is given here
is what would be taken if every problem were accepted; the caller writes nothing while one stands.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from warning_dispatch.model.unit import Channel, EndpointEntry, PersonKey, ReceiverEntry, Role, Unit, UnitKind
from warning_dispatch.registry.addresses import AddressRefusedError, ReadNumber, read_cell, read_mail
from warning_dispatch.registry.days import read_day
from warning_dispatch.registry.grids import Cell, Grid, cell_text, column_letter, texts
from warning_dispatch.registry.headers import NUMBERS, Field, Header, HeaderColumn
from warning_dispatch.registry.problems import Problems
from warning_dispatch.registry.receivers import LANGUAGES_BY_WORD, LONGEST_NAME, ROLES_BY_WORD
from warning_dispatch.registry.sample_block import is_sample
from warning_dispatch.registry.unit_names import UnitIndex, UnitWords, Unplaced, plain
from warning_dispatch.tomlfiles import both

_T = TypeVar("_T")
ROLE_WORDS: Mapping[str, Role] = {
    **ROLES_BY_WORD,
    **dict.fromkeys(("a角", "第一责任人", "主要负责人", "主要领导", "正职", "负责人"), Role.PRIMARY),
    **dict.fromkeys(("b角", "第二责任人", "分管负责人", "分管领导", "副职", "备岗", "替补"), Role.DEPUTY),
    **dict.fromkeys(("值班室", "值班员", "值班人员"), Role.DUTY),
}
"""What offices write for a role, in lower case."""
NOTE = re.compile(r"^\s*(注|备注|说明|填表|填报|审核|制表|合计|总计|单位负责人[:：]|联系人[:：]|报送|盖章|（?盖章)")
"""How a line below the table begins."""
_YES = {"": False, "no": False, "否": False, "false": False, "yes": True, "是": True, "true": True, "样本": True}
_NAME_OF_A_ROOM = "值班室"
_DAYS = (Field.SERVES_FROM, Field.SERVES_UNTIL, Field.VERIFIED_ON)
SAID = {
    Field.POST: "post",
    Field.LANGUAGE: "language",
    Field.SERVES_FROM: "serves_from",
    Field.SERVES_UNTIL: "serves_until",
    Field.VERIFIED_ON: "verified_on",
    Field.VERIFIED_HOW: "verified_how",
}
"""What a list of people need not have a column for, and where a person keeps it."""
_MAY_BE_SILENT = {*SAID, Field.PHONE, Field.MAIL}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the installation decides. `today` as 2026-04-20; `short_codes`: numbers its lines can dial as they are.

    `sectors`: by kind of unit, the key of a line by its key or name; none: lines are taken as written.
    """

    today: str
    short_codes: Collection[str] = ()
    sectors: Mapping[UnitKind, Mapping[str, str]] = field(default_factory=dict)


Silent = Mapping[PersonKey, frozenset[Field]]
"""By person: what no column speaks of. PHONE stands for every number, MAIL for every address."""


def person_key(entry: ReceiverEntry) -> PersonKey:
    """Of whom it speaks."""
    return entry.unit_code, entry.role, entry.name


@dataclass(slots=True)
class ReceiverSheet:
    """What was read of a sheet. `units`: those whose people it lists; `partly`: those of which a row was left out."""

    receivers: list[ReceiverEntry] = field(default_factory=list)
    silent: dict[PersonKey, frozenset[Field]] = field(default_factory=dict)
    units: set[str] = field(default_factory=set)
    partly: set[str] = field(default_factory=set)


def is_receiver_sheet(header: Header) -> bool:
    """Whether the columns are those of people with phones."""
    fields = header.fields()
    return bool(fields & {*NUMBERS, Field.MAIL}) and (Field.NAME in fields or Field.DUTY_PHONE in fields)


def read_receiver_sheet(
    grid: Grid, header: Header, index: UnitIndex, rules: Rules, problems: Problems, tick: Callable[[], None]
) -> ReceiverSheet:
    """Read every row. `tick` is called for each."""
    reader = _SheetReader(grid, header, index, rules, problems)
    reader.look_at_columns()
    for number in range(header.first_data, len(grid.rows)):
        reader.row(number)
        tick()
    return reader.finish()


@dataclass(frozen=True, slots=True)
class _Read:
    """A person as a row names it. `given`: the row says the role; `silent`: see Silent."""

    row: int
    entry: ReceiverEntry
    given: bool
    silent: frozenset[Field]


class _SheetReader:
    """Reads one sheet."""

    def __init__(self, grid: Grid, header: Header, index: UnitIndex, rules: Rules, problems: Problems) -> None:
        self._grid = grid
        self._header = header
        self._index = index
        self._rules = rules
        self._problems = problems
        self._below = index.named_by(grid.sheet) if grid.sheet else ""
        self._groups = _groups(header.columns)
        self._shared = {column.field: column for column in reversed(header.columns) if column.role is None}
        self._titles = {column.title for column in header.columns}
        self._entries: list[_Read] = []
        self._units: set[str] = set()
        self._partly: set[str] = set()
        self._skipped: list[int] = []
        self._empty: list[int] = []

    # --- the sheet as a whole -----------------------------------------------------------------------------

    def look_at_columns(self) -> None:
        """Columns that nobody knows: harmless ones are told, those that hold numbers are a problem."""
        grid, header = self._grid, self._header
        where = grid.place(header.first_data)
        unknown = [column for column in header.columns if column.field is None]
        for column in unknown:
            if any(_looks_like_a_number(row[column.index]) for row in _behind(grid, header, column)):
                what = both(f"不认识的列“{column.title}”里有号码", f"unknown column {column.title!r} holds numbers")
                remedy = both("改成 手机、座机 或 联系电话", "call it 手机, 座机 or 联系电话")
                self._problems.add("unknown-column", self._at(header.first_data, column), what, remedy)
        rest = "、".join(column.title for column in unknown)
        if rest:
            self._problems.tell(where, both(f"未读入的列：{rest}", f"columns that are not read: {rest}"))
        if header.titles:
            what = both(f"前 {header.titles} 行作标题，未读入", f"the first {header.titles} rows are taken for titles")
            self._problems.tell(grid.place(1), what)
        if grid.hidden:
            what = both(f"有隐藏内容，也已读入：{grid.hidden}", f"hidden, and read all the same: {grid.hidden}")
            self._problems.tell(where, what, both("不要的请删除", "delete what is not meant"))
        if not self._below and not self._shared.keys() & set(_UNIT_FIELDS):
            what = both("没有单位列，工作表名也不是单位", "no column and no sheet name says which unit")
            remedy = both("加“单位编码”或“单位名称”列", "add a column 单位编码 or 单位名称")
            self._problems.add("", where, what, remedy)

    def finish(self) -> ReceiverSheet:
        """What was read, with roles by order where no column gives them, and one person once."""
        if self._skipped:
            first, last = self._skipped[0] + 1, self._skipped[-1] + 1
            what = both(
                f"{len(self._skipped)} 行说明、表头或空行未读入（第 {first} 至 {last} 行）",
                f"{len(self._skipped)} rows are notes and were not read",
            )
            self._problems.tell(self._grid.place(first), what)
        if self._empty:
            what = both(
                f"{len(self._empty)} 行只有单位没有人，按没写处理", f"{len(self._empty)} rows name a unit and nobody"
            )
            self._problems.tell(self._grid.place(self._empty[0] + 1), what)
        entries = self._with_roles()
        silent: dict[PersonKey, frozenset[Field]] = {}
        for one in entries:
            key = person_key(one.entry)
            silent[key] = silent.get(key, one.silent) & one.silent
        return ReceiverSheet(list(self._once(entries)), silent, self._units, self._partly)

    def _with_roles(self) -> list[_Read]:
        """Where the sheet gives no role: the only person of a unit is A; several are a problem for the whole sheet."""
        seen: defaultdict[str, int] = defaultdict(int)
        by_order = False
        placed = []
        for one in self._entries:
            role, code = one.entry.role, one.entry.unit_code
            if not one.given:
                by_order = by_order or seen[code] > 0
                role = Role.DEPUTY if seen[code] else Role.PRIMARY
                seen[code] += 1
            placed.append(one if role is one.entry.role else replace(one, entry=replace(one.entry, role=role)))
        if by_order:
            what = both(
                "没有“角色”列，而有的单位不止一人", "no column gives the role, and some units have several people"
            )
            remedy = both("加“角色”列，写 A岗、B岗、值班", "add a column 角色 with A岗, B岗, 值班")
            self._problems.add("role-by-order", self._grid.place(self._header.first_data), what, remedy)
        return placed

    def _once(self, entries: Sequence[_Read]) -> Iterator[ReceiverEntry]:
        """The same unit, role and name is one person; two different rows of one are a problem."""
        first: dict[PersonKey, tuple[int, ReceiverEntry]] = {}
        for row, entry in ((one.row, one.entry) for one in entries):
            key = person_key(entry)
            row_before, before = first.get(key, (row, entry))
            if before is not entry and entry.name != _NAME_OF_A_ROOM and before != entry:
                what = both(
                    f"与第 {row_before + 1} 行是同一单位、角色和姓名",
                    f"same unit, role and name as row {row_before + 1}",
                )
                remedy = both("合并为一行，一格可写多个号码", "merge them; a cell may hold several numbers")
                self._problems.add("same-person", self._grid.place(row + 1), what, remedy, row + 1)
            if before is entry:
                first[key] = (row, entry)
                continue
            endpoints = tuple(dict.fromkeys((*before.endpoints, *entry.endpoints)))
            first[key] = (row_before, replace(before, endpoints=endpoints))
        return iter([entry for _, entry in first.values()])

    # --- one row ------------------------------------------------------------------------------------------

    def row(self, number: int) -> None:
        """One row, from 0."""
        cells = texts(self._grid.rows[number])
        filled = [text for text in cells if text]
        if not filled:
            return
        if self._is_note(cells, filled):
            self._skipped.append(number)
            return
        people = [group for group in self._groups if self._filled(cells, group)]
        unit = self._unit(number, cells)
        if unit is None or people:
            taken = [self._person(number, cells, unit, role, columns) for role, columns in people]
            if unit is not None:
                self._units.add(unit.code)
                self._partly.update([unit.code] if not all(taken) else ())
        else:
            self._empty.append(number)

    def _is_note(self, cells: Sequence[str], filled: Sequence[str]) -> bool:
        """A line below the table, or the header again on the next printed page."""
        if self._titles.issuperset(filled):
            return True
        names_somebody = any(self._filled(cells, group) for group in self._groups)
        if NOTE.match(filled[0]) and len(filled) < max(3, len(self._header.columns) - 1):
            return not any(_looks_like_a_number(cell) for cell in cells) or ":" in filled[0] or "：" in filled[0]
        return len(filled) == 1 and not names_somebody and len(filled[0]) > LONGEST_NAME // 2

    def _filled(self, cells: Sequence[str], group: tuple[Role | None, Mapping[Field, list[HeaderColumn]]]) -> bool:
        keys = (Field.NAME, *NUMBERS, Field.MAIL)
        return any(_text(cells, column) for key in keys for column in group[1].get(key, ()))

    def _unit(self, number: int, cells: Sequence[str]) -> Unit | None:
        """The row's unit, or None with a problem."""
        said = {key: self._said(cells, key) for key in _UNIT_FIELDS}
        words = UnitWords(*said.values())
        column = next((self._shared[key] for key in _UNIT_FIELDS if key in self._shared), None)
        if words.nothing:
            if self._below and column is None:
                return self._known(self._below)
            what = both("没有写单位", "the row names no unit")
            remedy = both("填单位；若是合并单元格，请逐行填写", "enter it; a merged cell must be filled row by row")
            self._problems.add("unknown-unit", self._at(number, column), what, remedy, number + 1)
            return None
        found = self._index.place(words, self._below)
        if isinstance(found, Unplaced):
            self._problems.add("unknown-unit", self._at(number, column), found.what, found.remedy, number + 1)
            return None
        named = words.unit or words.village
        if words.code and named and not _same_name(named, found.name):
            what = both(f"编码是“{found.name}”，名称却写“{named}”", f"the code is {found.name}, the name says {named}")
            remedy = both("核对是哪一个", "which of the two is meant?")
            self._problems.add("code-and-name", self._at(number, column), what, remedy, number + 1)
        return found

    def _known(self, code: str) -> Unit | None:
        found = self._index.place(UnitWords(code=code))
        return found if isinstance(found, Unit) else None

    def _said(self, cells: Sequence[str], key: Field) -> str:
        column = self._shared.get(key)
        return _text(cells, column) if column else ""

    # --- one person ---------------------------------------------------------------------------------------

    def _person(
        self,
        number: int,
        cells: Sequence[str],
        unit: Unit | None,
        role: Role | None,
        columns: Mapping[Field, list[HeaderColumn]],
    ) -> bool:
        """Whether the person was taken, or needs not be; False with every problem. `unit` None: it was not found."""
        given, role = self._role(number, cells, role)
        name = self._name(number, cells, role or Role.PRIMARY, columns)
        endpoints = self._endpoints(number, cells, columns)
        language = self._choice(number, cells, Field.LANGUAGE, LANGUAGES_BY_WORD)
        sample = self._choice(number, cells, Field.SAMPLE, _YES) or False
        one_kind = not endpoints or self._one_kind(number, columns, endpoints, sample=sample)
        days = {key: self._day(number, cells, key) for key in _DAYS}
        if unit is None or role is None or not name or language is None or not endpoints or not one_kind:
            return False
        if days[Field.SERVES_UNTIL] and days[Field.SERVES_UNTIL] < self._rules.today:
            what = both(f"任期已于 {days[Field.SERVES_UNTIL]} 届满，未登记", "the term is over: not taken")
            self._problems.tell(self._grid.place(number + 1), what)
            return True
        post = "".join(_text(cells, column) for column in columns.get(Field.POST, ())[:1])
        entry = ReceiverEntry(
            unit.code,
            role,
            name,
            post,
            language,
            tuple(endpoints),
            sample,
            days[Field.SERVES_FROM],
            days[Field.SERVES_UNTIL],
            days[Field.VERIFIED_ON],
            self._said(cells, Field.VERIFIED_HOW),
        )
        self._entries.append(_Read(number, entry, given, self._silent(columns)))
        return True

    def _silent(self, columns: Mapping[Field, list[HeaderColumn]]) -> frozenset[Field]:
        """What the sheet has no column for, of a person with these columns. A day of verification is one with its how."""
        said = self._shared.keys() | columns.keys()
        if said & set(NUMBERS):
            said |= {Field.PHONE}
        if Field.VERIFIED_ON in said:
            said |= {Field.VERIFIED_HOW}
        return frozenset(_MAY_BE_SILENT - said)

    def _role(self, number: int, cells: Sequence[str], role: Role | None) -> tuple[bool, Role | None]:
        """(whether the row or its column gives it, the role); None with a problem."""
        column = self._shared.get(Field.ROLE)
        if role is not None or column is None:
            return role is not None, role or Role.PRIMARY
        word = _text(cells, column)
        found = ROLE_WORDS.get(word.lower().replace(" ", ""))
        if found is None:
            what = both(f"不认识的角色“{word}”", f"unknown role: {word!r}") if word else both("没有写角色", "no role")
            self._problems.add(
                "unknown-role",
                self._at(number, column),
                what,
                both("写 A岗、B岗 或 值班", "A岗, B岗, 值班"),
                number + 1,
            )
        return True, found

    def _name(self, number: int, cells: Sequence[str], role: Role, columns: Mapping[Field, list[HeaderColumn]]) -> str:
        """A duty room needs no name of a person. Empty with a problem."""
        found = columns.get(Field.NAME, ())
        name = _text(cells, found[0]) if found else ""
        if not name.isascii():  # 张 三 is 张三; "Anna Li" keeps its blank
            name = re.sub(r"\s+", "", name)
        if not name and role is Role.DUTY:
            return _NAME_OF_A_ROOM
        column = found[0] if found else None
        if not name:
            what = both("没有姓名", "no name")
            self._problems.add(
                "no-name", self._at(number, column), what, both("填写姓名", "enter the name"), number + 1
            )
        elif len(name) > LONGEST_NAME:
            what = both(f"姓名超过 {LONGEST_NAME} 字", "the name is too long")
            self._problems.add("no-name", self._at(number, column), what, both("只写姓名", "the name only"), number + 1)
            return ""
        return name

    def _endpoints(
        self, number: int, cells: Sequence[str], columns: Mapping[Field, list[HeaderColumn]]
    ) -> list[EndpointEntry]:
        found: dict[EndpointEntry, None] = {}
        problems = len(self._problems.found)
        for key in NUMBERS:
            for column in columns.get(key, ()):
                for one in self._numbers(number, column):
                    channels = (Channel.VOICE, Channel.SMS) if one.mobile else (Channel.VOICE,)
                    found.update(dict.fromkeys(EndpointEntry(channel, one.address) for channel in channels))
        for column in columns.get(Field.MAIL, ()):
            found.update(dict.fromkeys(EndpointEntry(Channel.EMAIL, one) for one in self._mails(number, cells, column)))
        if not found and len(self._problems.found) == problems:
            column_ = next((column for key in NUMBERS for column in columns.get(key, ())), None)
            what = both("没有任何联系方式", "no way to reach this receiver")
            remedy = both("至少填一个号码或邮箱", "enter at least one number or address")
            self._problems.add("no-number", self._at(number, column_), what, remedy, number + 1)
        return list(found)

    def _numbers(self, number: int, column: HeaderColumn) -> Iterator[ReadNumber]:
        cell = self._cell(number, column)
        was_number = isinstance(cell, int | float) and not isinstance(cell, bool)
        for one in read_cell(cell_text(cell), self._rules.short_codes, was_number=was_number):
            if isinstance(one, ReadNumber):
                if one.mended:
                    what = both(
                        "区号的 0 被表格软件去掉了，已补上", "the zero of the area code was lost and is put back"
                    )
                    self._problems.tell(self._at(number, column), what)
                yield one
                continue
            kind = "extension" if one.main else "bad-number"
            self._problems.add(kind, self._at(number, column), str(one), one.remedy, number + 1)
            if one.main:
                yield ReadNumber(one.main, mobile=False)

    def _mails(self, number: int, cells: Sequence[str], column: HeaderColumn) -> Iterator[str]:
        for written in re.split(r"[;；,，、\s]+", _text(cells, column)):
            if not written:
                continue
            try:
                yield read_mail(written)
            except AddressRefusedError as refused:
                self._problems.add("bad-mail", self._at(number, column), str(refused), refused.remedy, number + 1)

    def _one_kind(
        self,
        number: int,
        columns: Mapping[Field, list[HeaderColumn]],
        endpoints: Sequence[EndpointEntry],
        *,
        sample: bool,
    ) -> bool:
        """Sample numbers reach nobody, so they stand only in rows that say so, and those hold nothing else."""
        kinds = {is_sample(one.address) for one in endpoints}
        if kinds == {sample}:
            return True
        column = next((column for key in (*NUMBERS, Field.MAIL) for column in columns.get(key, ())), None)
        if sample:
            what = both("标为样本，却不是样本号码", "marked as sample, but could reach somebody")
            remedy = both("真实号码的“样本”列留空", "leave the sample column empty for a real one")
        else:
            what = both("是样本号码，打不通任何人", "a sample, which cannot reach anybody")
            remedy = both("填真实号码，或“样本”列写 是", "enter a real one, or 是 in the sample column")
        self._problems.add("", self._at(number, column), what, remedy, number + 1)
        return False

    def _choice(self, number: int, cells: Sequence[str], key: Field, choices: Mapping[str, _T]) -> _T | None:
        word = self._said(cells, key)
        if word.lower() not in choices:
            what = both(f"不认识“{word}”", f"unknown: {word!r}")
            remedy = both("可写 ", "one of ") + "、".join(one for one in choices if one)
            self._problems.add("", self._at(number, self._shared.get(key)), what, remedy, number + 1)
            return None
        return choices[word.lower()]

    def _day(self, number: int, cells: Sequence[str], key: Field) -> str:
        column = self._shared.get(key)
        if column is None or not _text(cells, column):
            return ""
        try:
            return read_day(self._cell(number, column))
        except ValueError:
            what = both(f"不是日期：{_text(cells, column)}", f"not a day: {_text(cells, column)}")
            self._problems.add(
                "bad-day", self._at(number, column), what, both("写 2026-04-20", "as 2026-04-20"), number + 1
            )
            return ""

    def _cell(self, number: int, column: HeaderColumn) -> Cell:
        """What the file holds there."""
        row = self._grid.rows[number]
        return row[column.index] if column.index < len(row) else ""

    def _at(self, number: int, column: HeaderColumn | None) -> str:
        """The place of a cell."""
        title = f"{column_letter(column.index)} {column.title}" if column else ""
        return self._grid.place(number + 1, title)


_UNIT_FIELDS = (Field.UNIT_CODE, Field.UNIT, Field.COUNTY, Field.TOWNSHIP, Field.VILLAGE)


def _groups(columns: Sequence[HeaderColumn]) -> list[tuple[Role | None, Mapping[Field, list[HeaderColumn]]]]:
    """The people of a row: the row's own person, then those whose columns carry a role; a duty phone is a receiver."""
    groups: defaultdict[Role | None, defaultdict[Field, list[HeaderColumn]]] = defaultdict(lambda: defaultdict(list))
    for column in columns:
        if column.field is Field.DUTY_PHONE:
            groups[Role.DUTY][Field.DUTY_PHONE].append(column)
        elif column.field is not None:
            groups[column.role][column.field].append(column)
    personal = {Field.NAME, *NUMBERS, Field.MAIL}
    return [(role, group) for role, group in groups.items() if personal & group.keys()]


def _text(cells: Sequence[str], column: HeaderColumn | None) -> str:
    if column is None or column.index >= len(cells):
        return ""
    return cells[column.index]


def _behind(grid: Grid, header: Header, column: HeaderColumn) -> Iterator[Sequence[Cell]]:
    return (row for row in grid.rows[header.first_data :] if len(row) > column.index)


def _looks_like_a_number(cell: Cell) -> bool:
    return bool(re.search(r"(?<!\d)(?:1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?!\d)", cell_text(cell)))


def _same_name(said: str, name: str) -> bool:
    """Whether a written name can be the unit's: equal, or one holds the other."""
    one, other = plain(said), plain(name)
    return one == other or one in other or other in one or one[:2] == other[:2]
