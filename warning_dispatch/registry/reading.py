"""读入名册: the register from a folder of files, all or nothing.

The folder holds `divisions.csv` (the tree), `offices.toml` (what stands beside it) and, optionally,
`receivers.csv` (who answers). The columns are described in contacts/README.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from warning_dispatch.errors import Finding, RegisterError
from warning_dispatch.model.register import Register
from warning_dispatch.model.unit import ReceiverEntry, Unit
from warning_dispatch.registry.divisions import read_divisions
from warning_dispatch.registry.offices import Offices, read_offices
from warning_dispatch.registry.receivers import read_receivers
from warning_dispatch.registry.units_from_divisions import Division, units_from_divisions

DIVISIONS_FILE = "divisions.csv"
OFFICES_FILE = "offices.toml"
RECEIVERS_FILE = "receivers.csv"


def read_register(folder: Path) -> Register:
    """Units and receivers of a folder; without receivers.csv there are none.

    Raises RegisterError with every finding of every file when there is any.
    """
    units, findings = _read_units(folder)
    receivers: list[ReceiverEntry] = []
    if (folder / RECEIVERS_FILE).exists():
        # Against a broken tree good codes would look unknown, so they are checked only when it is whole.
        codes = None if findings else {unit.code for unit in units}
        receivers, more = read_receivers(folder / RECEIVERS_FILE, codes)
        findings += more
    if findings:
        raise RegisterError(findings)
    return Register(tuple(units), tuple(receivers))


def read_receivers_file(path: Path, units: Sequence[Unit]) -> tuple[ReceiverEntry, ...]:
    """The receivers of one file for known units. Raises RegisterError with every finding."""
    receivers, findings = read_receivers(path, {unit.code for unit in units})
    if findings:
        raise RegisterError(findings)
    return tuple(receivers)


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
