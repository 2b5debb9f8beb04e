"""导入工作簿: an office's workbook read against the register: what it says, what is wrong with it, what it would make of it.

Each sheet is known by its columns: people with phones, units, or a roster. A workbook speaks for the units it names
and no others; `whole` makes it speak for everything (below `within`), and what it leaves out then goes (ADR 19): people,
and units of the kinds that its sheet of units lists.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from warning_dispatch.errors import Finding, RegisterError
from warning_dispatch.model.register import Register, below
from warning_dispatch.model.roster import Shift
from warning_dispatch.model.unit import Channel, PersonKey, ReceiverEntry, Unit
from warning_dispatch.registry.grids import Grid, read_grids
from warning_dispatch.registry.headers import LOOKED_AT, Field, Header, find_header
from warning_dispatch.registry.problems import Problem, Problems
from warning_dispatch.registry.receiver_sheets import (
    SAID,
    ReceiverSheet,
    Rules,
    Silent,
    is_receiver_sheet,
    person_key,
    read_receiver_sheet,
)
from warning_dispatch.registry.roster_sheets import is_roster_sheet, read_roster_sheet
from warning_dispatch.registry.unit_names import UnitIndex
from warning_dispatch.registry.unit_sheets import is_unit_sheet, read_unit_sheet
from warning_dispatch.tomlfiles import both

NOT_DATA = ("说明", "填表说明", "填写说明", "下拉项", "选项", "instructions")
"""Sheets of our own workbooks that hold no rows."""


@dataclass(frozen=True, slots=True)
class WorkbookRead:
    """What a workbook says. `shifts` with the places they stand in.

    `named`: units whose people it lists. `partly`: those of them of which a row was left out, so that it cannot say who
    has gone.

    `units` None: it has no sheet of units. `silent`: by person what it has no column for, which is then kept.
    """

    units: tuple[Unit, ...] | None
    receivers: tuple[ReceiverEntry, ...]
    named: frozenset[str]
    partly: frozenset[str]
    shifts: tuple[tuple[str, Shift], ...]
    problems: tuple[Problem, ...]
    notices: tuple[Finding, ...]
    silent: Silent = field(default_factory=dict)


def row_count(grids: Sequence[Grid]) -> int:
    """How many rows there are to read, for a progress bar."""
    return sum(len(grid.rows) for grid in grids)


def read_workbook(
    path: Path,
    units: Sequence[Unit],
    rules: Rules,
    within: str = "",
    progress: Callable[[int], Callable[[], None]] = lambda _total: lambda: None,
) -> WorkbookRead:
    """Read a file against the units of the register.

    `progress` is told how many rows there are and gives what to call for each. RegisterError when the file cannot be
    read at all, or no sheet of it holds anything of ours.
    """
    grids = read_grids(path)
    tick = progress(row_count(grids))
    problems = Problems()
    sheets = _known_sheets(path, grids, problems)
    known = {unit.code: unit for unit in units}
    changed: dict[str, Unit] = {}
    for grid, header in sheets:
        if is_unit_sheet(header):
            of_sheet = {one.code: one for one in read_unit_sheet(grid, header, known, problems, rules.sectors)}
            changed |= of_sheet
            known |= of_sheet
    index = UnitIndex(tuple(known.values()), within)
    people: list[ReceiverSheet] = []
    named: set[str] = set()
    partly: set[str] = set()
    shifts: list[tuple[str, Shift]] = []
    for grid, header in sheets:
        if is_receiver_sheet(header):
            read = read_receiver_sheet(grid, header, index, rules, problems, tick)
            people.append(read)
            named |= read.units
            partly |= read.partly
        elif is_roster_sheet(header):
            shifts += read_roster_sheet(grid, header, index, problems)
    has_units = any(is_unit_sheet(header) for _, header in sheets)
    receivers, silent = _across_sheets(path, people, problems)
    return WorkbookRead(
        tuple(changed.values()) if has_units else None,
        receivers,
        frozenset(named),
        frozenset(partly),
        tuple(shifts),
        tuple(problems.found),
        tuple(problems.notices),
        silent,
    )


def merged(before: Register, read: WorkbookRead, *, whole: bool = False, within: str = "") -> Register:
    """The register as it would be: units added and changed, the people of the named units replaced.

    Who stays keeps what the workbook has no column for.
    `whole`: whatever lies below `within` (empty: everything) and is not in the workbook goes; of units see `left_out`.
    Nobody goes from a unit of which a row was left out.
    """
    scope = below(before.units, within) if whole else set(read.named)
    going = left_out(before, read, within).going if whole else frozenset()
    units = {unit.code: unit for unit in before.units if unit.code not in going}
    units.update({unit.code: unit for unit in read.units or ()})
    listed = {person_key(entry) for entry in read.receivers}
    stood = {person_key(entry): entry for entry in reversed(before.receivers)}
    kept_people = [
        entry
        for entry in before.receivers
        if entry.unit_code not in scope or (entry.unit_code in read.partly and person_key(entry) not in listed)
    ]
    receivers = [entry for entry in kept_people if entry.unit_code in units]
    receivers += [_kept(entry, stood.get(person_key(entry)), read.silent) for entry in read.receivers]
    order = {code: position for position, code in enumerate(units)}
    return Register(tuple(units.values()), tuple(sorted(receivers, key=lambda one: (order[one.unit_code], one.role))))


def people_kept(before: Register, read: WorkbookRead) -> tuple[PersonKey, ...]:
    """Who stays because a row of their unit was left out, and not because the workbook lists them."""
    keys = {person_key(entry) for entry in before.receivers if entry.unit_code in read.partly}
    return tuple(sorted(keys - {person_key(entry) for entry in read.receivers}))


def _kept(entry: ReceiverEntry, stood: ReceiverEntry | None, silent: Silent) -> ReceiverEntry:
    """The person as read, with what nobody said of it as it stood. Sample and real numbers never mix."""
    unsaid = silent.get(person_key(entry), frozenset())
    if stood is None or not unsaid:
        return entry
    kept = [
        one
        for one in stood.endpoints
        if (Field.MAIL if one.channel is Channel.EMAIL else Field.PHONE) in unsaid and stood.sample is entry.sample
    ]
    return _with(replace(entry, endpoints=tuple(dict.fromkeys((*entry.endpoints, *kept)))), stood, unsaid)


def _with(entry: ReceiverEntry, other: ReceiverEntry, fields: Collection[Field]) -> ReceiverEntry:
    """These fields of another's."""
    facts: dict[str, Any] = {SAID[key]: getattr(other, SAID[key]) for key in fields if key in SAID}
    return replace(entry, **facts)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Codes of the units that a complete workbook does not list: those that go, and those that are held."""

    going: frozenset[str]
    held: frozenset[str]


def left_out(before: Register, read: WorkbookRead, within: str) -> LeftOut:
    """The units below `within` that a complete workbook withdraws.

    Only of the kinds that its sheet of units lists: the form's holds key units and outlets, a county's its departments,
    and an empty one says nothing. Held is a unit whose people the workbook lists, and one above a unit that stays.
    """
    listed = {unit.code: unit for unit in read.units or ()}
    kinds = {unit.kind for unit in listed.values()}
    scope = below(before.units, within)
    missing = {one.code for one in before.units if one.kind in kinds and one.code in scope and one.code not in listed}
    superiors = {unit.code: unit.superior for unit in (*before.units, *listed.values())}
    seen: set[str | None] = {None}
    for code in (superiors.keys() - missing) | read.named:
        above: str | None = code
        while above not in seen:
            seen.add(above)
            above = superiors.get(above or "")
    return LeftOut(frozenset(missing - seen), frozenset(missing & seen))


def tell_held(before: Register, read: WorkbookRead, within: str, problems: Problems) -> None:
    """A complete workbook without a unit that cannot go contradicts itself: the registrar says which is meant."""
    held = left_out(before, read, within).held
    for unit in before.units:
        if unit.code in held:
            what = both(
                "单位表没有该单位，而表中有它的人，或它下面还有单位",
                "not in the sheet of units, though its people are listed, or units stay below it",
            )
            remedy = both(
                "补进单位表；要撤销就删去它的人，并改其下级", "list it; or take its people out, and move what is below"
            )
            problems.add("unlisted-unit", f"{unit.code} {unit.name}", what, remedy)


def placed_shifts(read: WorkbookRead, register: Register, accepted_from: Problems) -> list[Shift]:
    """The shifts whose person the register has; the others are problems."""
    people = {(entry.unit_code, entry.name) for entry in register.receivers}
    placed = []
    for where, shift in read.shifts:
        if (shift.unit_code, shift.name) in people:
            placed.append(shift)
            continue
        what = both(f"{shift.unit_code} 没有责任人“{shift.name}”", f"{shift.unit_code} has nobody called {shift.name}")
        remedy = both("先登记该人，或改姓名", "register this person first, or mend the name")
        accepted_from.add("unknown-person", where, what, remedy)
    return placed


def _known_sheets(path: Path, grids: Sequence[Grid], problems: Problems) -> list[tuple[Grid, Header]]:
    """Sheets with a header of ours. RegisterError when there is none."""
    found: list[tuple[Grid, Header]] = []
    others: list[Grid] = []
    for grid in grids:
        header = find_header(grid)
        if header and (is_receiver_sheet(header) or is_unit_sheet(header) or is_roster_sheet(header)):
            found.append((grid, header))
        elif grid.sheet not in NOT_DATA:
            others.append(grid)
    if not found:
        what = both(
            f"前 {LOOKED_AT} 行里找不到表头（至少要有 单位、姓名、电话）", f"no header in the first {LOOKED_AT} rows"
        )
        remedy = both("按模板填写：contacts template 文件名.xlsx", "use the template: contacts template FILE.xlsx")
        where = "、".join(f"{path.name}【{grid.sheet}】" if grid.sheet else path.name for grid in others) or path.name
        raise RegisterError([Finding(where, what, remedy)])
    for grid in others:
        what = both("看不出是什么表，没有读入", "no table of ours, not read")
        where = f"{grid.file}【{grid.sheet}】"
        if grid.veiled:
            problems.tell(where, both("隐藏的工作表，没有读入", "a hidden sheet, not read"))
        else:
            problems.add("unknown-sheet", where, what, both("补表头，或删去该表", "give it a header, or delete it"))
    return found


def _across_sheets(
    path: Path, sheets: Sequence[ReceiverSheet], problems: Problems
) -> tuple[tuple[ReceiverEntry, ...], Silent]:
    """One person once, also where several sheets list them: what one has no column for another may say."""
    found: dict[PersonKey, ReceiverEntry] = {}
    silent: dict[PersonKey, frozenset[Field]] = {}
    for entry, unsaid in ((one, sheet.silent[person_key(one)]) for sheet in sheets for one in sheet.receivers):
        key = person_key(entry)
        before = found.get(key)
        if before is None:
            found[key], silent[key] = entry, unsaid
            continue
        if before != entry:
            what = both(
                f"{entry.unit_code} 的“{entry.name}”在两个工作表里不同，已合并",
                f"{entry.name} of {entry.unit_code} differs between two sheets: merged",
            )
            problems.tell(path.name, what)
        both_numbers = replace(before, endpoints=tuple(dict.fromkeys((*before.endpoints, *entry.endpoints))))
        found[key] = _with(both_numbers, entry, silent[key] - unsaid)
        silent[key] &= unsaid
    return tuple(found.values()), silent
