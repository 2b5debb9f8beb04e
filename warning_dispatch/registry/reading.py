"""读入名册: the register from a folder of files, all or nothing.

The folder holds `divisions.csv` (the tree), `offices.toml` (what stands beside it) and, optionally,
`receivers.csv` (who answers). The columns are described in contacts/README.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from warning_dispatch.errors import Finding, RegisterError
from warning_dispatch.model.register import Register
from warning_dispatch.model.unit import ReceiverEntry, Unit
from warning_dispatch.registry.divisions import read_divisions
from warning_dispatch.registry.offices import Offices, read_offices
from warning_dispatch.registry.problems import Problem
from warning_dispatch.registry.receiver_sheets import Rules
from warning_dispatch.registry.units_from_divisions import Division, units_from_divisions
from warning_dispatch.registry.workbook_import import WorkbookRead, read_workbook

DIVISIONS_FILE = "divisions.csv"
OFFICES_FILE = "offices.toml"
RECEIVERS_FILE = "receivers.csv"
LAST_DAY = "9999-12-31"
"""A folder's file is read without a calendar: no day in it lies in the future."""


@dataclass(frozen=True, slots=True)
class FolderRead:
    """A register's folder as read. `notices`: what is only told (columns that are not read …)."""

    register: Register
    notices: tuple[Finding, ...] = ()


def read_register(folder: Path) -> Register:
    """Units and receivers of a folder; without receivers.csv there are none.

    Raises RegisterError with every finding of every file when there is any.
    """
    return read_folder(folder, Rules(LAST_DAY)).register


def read_folder(folder: Path, rules: Rules) -> FolderRead:
    """See read_register; `rules`: of the installation."""
    units, findings = _read_units(folder)
    read: WorkbookRead | None = None
    if (folder / RECEIVERS_FILE).exists():
        read, problems = _read_receivers(folder / RECEIVERS_FILE, units, rules)
        # Against a broken tree good codes look unknown: what is said of them helps nobody before it is whole.
        findings += [one.finding for one in problems if one.kind != "unknown-unit" or not findings]
    if findings:
        raise RegisterError(findings)
    if read is None:
        return FolderRead(Register(tuple(units), ()))
    return FolderRead(Register(tuple(units), read.receivers), read.notices)


def read_receivers_file(path: Path, units: Sequence[Unit]) -> tuple[ReceiverEntry, ...]:
    """The receivers of one file for known units. Raises RegisterError with every finding."""
    read, problems = _read_receivers(path, units, Rules(LAST_DAY))
    if read is None or problems:
        raise RegisterError([one.finding for one in problems])
    return read.receivers


def _read_receivers(path: Path, units: Sequence[Unit], rules: Rules) -> tuple[WorkbookRead | None, Sequence[Problem]]:
    """A file of receivers by the one reader there is, that of the offices' workbooks; every problem of it."""
    try:
        read = read_workbook(path, units, rules)
    except RegisterError as error:
        return None, [Problem("", finding) for finding in error.findings]
    return read, read.problems


def _read_units(folder: Path) -> tuple[list[Unit], list[Finding]]:
    offices = read_offices(folder / OFFICES_FILE)
    if not isinstance(offices, Offices):
        _, findings = read_divisions(folder / DIVISIONS_FILE, None)
        return [], [*offices, *findings]
    divisions, findings = read_divisions(folder / DIVISIONS_FILE, offices.city.code)
    units = units_from_divisions(divisions, offices)
    return units, [*findings, *_office_findings(divisions, offices)]


def _office_findings(divisions: Sequence[Division], offices: Offices) -> list[Finding]:
    """Offices given twice, and exceptions that except nothing."""
    findings = []
    for key, place in (("city_offices", offices.city_offices), ("county_offices", offices.county_offices)):
        sectors = Counter(department.sector for department in place.departments)
        findings += [
            Finding(
                f"{OFFICES_FILE}: {key}.departments",
                f"部门重复，编码会相同 / department given twice: {sector}",
                "每个 sector 只能一个部门 / one department a sector",
            )
            for sector, times in sectors.items()
            if times > 1
        ]
    if not divisions:
        return findings
    possible = {unit.code for unit in units_from_divisions(divisions, offices.model_copy(update={"absent": ()}))}
    for key, codes in (("absent", offices.absent), ("renamed", offices.renamed)):
        findings += [
            Finding(f"{OFFICES_FILE}: {key}", f"没有这个单位 / no such unit: {code}", "核对编码 / check the code")
            for code in codes
            if code not in possible
        ]
    return findings
