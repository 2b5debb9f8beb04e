"""报送的工作簿: a workbook that a registrar hands in, read against the units that this registrar files for."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from warning_dispatch.errors import Finding, RegisterError
from warning_dispatch.model.register import Register
from warning_dispatch.model.register_changes import ReceiverChange, changes_between
from warning_dispatch.model.unit import ReceiverEntry, Unit
from warning_dispatch.registry.change_lines import mark_of, person_line
from warning_dispatch.registry.receiver_sheets import Rules
from warning_dispatch.registry.workbook_import import merged, read_workbook
from warning_dispatch.tomlfiles import both

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods", ".csv")
LINES = 60
"""Changes that are shown; all of them are taken."""


@dataclass(frozen=True, slots=True)
class FiledWorkbook:
    """What it says. `people`: of every unit it names, as they would be. `lines`: what changes, masked."""

    people: Mapping[str, tuple[ReceiverEntry, ...]]
    changed: int
    lines: tuple[str, ...]
    problems: tuple[Finding, ...]
    notices: tuple[Finding, ...]


def read_filed(
    content: bytes,
    filename: str,
    units: Sequence[Unit],
    own: Collection[str],
    before: Sequence[ReceiverEntry],
    rules: Rules,
) -> FiledWorkbook:
    """Read it. `own`: codes that the registrar files for; `before`: their people. Whatever is no workbook is a problem."""
    suffix = Path(filename).suffix.lower()
    try:
        with tempfile.TemporaryDirectory(prefix="filing-") as folder:
            path = Path(folder) / f"workbook{suffix if suffix in SUFFIXES else '.xlsx'}"
            path.touch(mode=0o600)
            path.write_bytes(content)
            read = read_workbook(path, units, rules)
    except RegisterError as error:
        return FiledWorkbook({}, 0, (), error.findings, ())
    problems = [one.finding for one in read.problems]
    names = {unit.code: unit.name for unit in units}
    strangers = sorted(read.named - set(own))
    problems += [
        Finding(
            f"{filename}: {code} {names.get(code, '')}",
            both("该单位不归本单位报送", "this unit is not yours to file"),
            both("删去这些行", "take these rows out"),
        )
        for code in strangers
    ]
    known = {unit.code: unit for unit in units}
    changed_units = [unit.code for unit in read.units or () if known.get(unit.code) != unit]
    if changed_units:
        what = both(f"单位有改动：{'、'.join(changed_units[:5])}", f"units are changed: {', '.join(changed_units[:5])}")
        problems.append(Finding(filename, what, both("单位的增减和改名请联系气象局", "the bureau changes units")))
    register = Register(tuple(units), tuple(before))
    after = merged(register, read)
    named = sorted(read.named & set(own))
    people = {code: tuple(one for one in after.receivers if one.unit_code == code) for code in named}
    old = Register((), tuple(one for one in before if one.unit_code in people))
    changes = changes_between(old, Register((), tuple(entry for some in people.values() for entry in some)))
    lines = tuple(_lines(changes.receivers, names))
    return FiledWorkbook(
        people,
        len({one.unit_code for one in changes.receivers}),
        lines[:LINES],
        tuple(problems),
        tuple(read.notices),
    )


def _lines(changes: Sequence[ReceiverChange], names: Mapping[str, str]) -> Iterator[str]:
    for one in changes:
        yield f"{mark_of(one)} {names.get(one.unit_code, one.unit_code)}  {person_line(one, _WORDS.__getitem__)}"


_WORDS = {"term": both("任期", "term"), "verified": both("核实", "verified"), "language": both("语言", "language")}
