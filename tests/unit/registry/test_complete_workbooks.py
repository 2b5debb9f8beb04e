"""What a workbook that calls itself complete takes away, and what it cannot."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import python_calamine
import xlsxwriter

from warning_dispatch.model.register import Register, below
from warning_dispatch.model.register_changes import changes_between
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.registry.problems import ACCEPTED, Problems
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.receiver_sheets import Rules
from warning_dispatch.registry.sample import sample_receivers
from warning_dispatch.registry.sample_block import sample_mobile
from warning_dispatch.registry.workbook_export import Exported, people_rows, template_bytes
from warning_dispatch.registry.workbook_import import WorkbookRead, merged, read_workbook, tell_held

TREE = read_register(Path(__file__).resolve().parents[3] / "contacts").units
COUNTY = "141124"
MINE = Unit("141124101-k01", "某煤业", UnitKind.KEY_UNIT, UnitLevel.TOWNSHIP, "141124101", "141124101", "coal_mine")
PLANT = replace(MINE, code="141124101-k02", name="某化工")


def sheets_of(content: bytes) -> dict[str, list[list[str]]]:
    """A workbook's cells, by sheet."""
    found = python_calamine.load_workbook(io.BytesIO(content))
    return {name: found.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in found.sheet_names}


def read(folder: Path, sheets: Mapping[str, Sequence[Sequence[str]]], units: Sequence[Unit]) -> WorkbookRead:
    """These cells as a file, against these units."""
    path = folder / "county.xlsx"
    with xlsxwriter.Workbook(path) as made:
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    found = read_workbook(path, units, Rules("2026-07-01"), COUNTY)
    assert found.problems == ()
    return found


def county(units: Sequence[Unit]) -> list[Unit]:
    """Those of the county."""
    codes = below(units, COUNTY)
    return [unit for unit in units if unit.code in codes]


def filled(units: Sequence[Unit], people: Sequence[ReceiverEntry]) -> dict[str, list[list[str]]]:
    """Our own form for the county, with its people written into it."""
    sheets = sheets_of(template_bytes(county(units), units))
    form = sheets["责任人"]
    rows = people_rows(Exported(Register(tuple(units), tuple(people))), lambda: None)
    sheets["责任人"] = [*form[:2], *(row[: len(form[1])] for row in rows)]
    return sheets


def test_our_own_form_filled_in_takes_no_unit_away(tmp_path: Path) -> None:
    """Its sheet of units holds key units and outlets, here none: the county's divisions and departments stay, and everybody read."""
    people = sample_receivers(TREE, 1)
    own = [one for one in people if one.unit_code in {unit.code for unit in county(TREE)}]
    found = read(tmp_path, filled(TREE, own[1:]), TREE)
    assert (found.units, len(found.receivers)) == ((), len(own) - 1)
    changes = changes_between(
        Register(TREE, tuple(people)), merged(Register(TREE, tuple(people)), found, whole=True, within=COUNTY)
    )
    assert changes.units == ()
    assert [(one.before, one.after) for one in changes.receivers] == [(own[0], None)]


def test_a_sheet_of_units_speaks_for_the_kinds_it_lists(tmp_path: Path) -> None:
    """A mine that was struck out of the form is withdrawn; no village goes because the form does not list villages."""
    units = (*TREE, MINE, PLANT)
    sheets = filled(units, sample_receivers(county(TREE), 1))
    sheets["单位"] = [row for row in sheets["单位"] if PLANT.code not in row]
    before = Register(units, ())
    after = merged(before, read(tmp_path, sheets, units), whole=True, within=COUNTY)
    assert [one.before for one in changes_between(before, after).units] == [PLANT]


def test_a_unit_that_cannot_go_is_a_problem(tmp_path: Path) -> None:
    """Left out, but its people are listed, or a unit stays below it: said, and held if the registrar accepts that."""
    phone = (EndpointEntry(Channel.VOICE, sample_mobile(1)), EndpointEntry(Channel.SMS, sample_mobile(1)))
    chief = ReceiverEntry(PLANT.code, Role.PRIMARY, "样本甲", "", "zh_CN", phone, sample=True)
    below_it = replace(MINE, code="141124101-d01", kind=UnitKind.DEPARTMENT, superior="141124101-k03")
    units = (*TREE, MINE, PLANT, replace(MINE, code="141124101-k03"), below_it)
    sheets = filled(units, [chief])
    sheets["单位"] = [row for row in sheets["单位"] if not {PLANT.code, "141124101-k03"} & set(row)]
    before, found = Register(units, ()), read(tmp_path, sheets, units)
    after = merged(before, found, whole=True, within=COUNTY)
    assert changes_between(before, after).units == ()
    assert after.receivers == (chief,)
    problems = Problems()
    tell_held(before, found, COUNTY, problems)
    assert [(one.kind, one.finding.where.split()[0]) for one in problems.found] == [
        ("unlisted-unit", PLANT.code),
        ("unlisted-unit", "141124101-k03"),
    ]
    assert "unlisted-unit" in ACCEPTED


def test_a_unit_whose_row_was_refused_stays_as_it_stands(tmp_path: Path) -> None:
    """A kind that nobody understands, a superior that does not exist: accepting that must not withdraw the unit."""
    units = (*TREE, MINE, PLANT)
    head = "单位编码,单位名称,类别,上级编码"
    path = tmp_path / "units.csv"
    rows = (f"{MINE.code},某煤业,？,", f"{PLANT.code},某化工,重点单位,999", "141124101-k03,某库,重点单位,")
    path.write_text("\n".join((head, *rows)), encoding="utf-8")
    found = read_workbook(path, units, Rules("2026-07-01"), COUNTY)
    assert [(one.kind, one.row) for one in found.problems] == [("bad-unit", 2), ("bad-unit", 3)]
    before = Register(units, ())
    changes = changes_between(before, merged(before, found, whole=True, within=COUNTY)).units
    assert [(one.before, one.unit_code) for one in changes] == [(None, "141124101-k03")]
