"""config/response.toml broken once in each way: found at its place, in both languages, with every other slip beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from warning_dispatch.configuration import load_configuration
from warning_dispatch.errors import Finding
from warning_dispatch.model.colour import Colour

ROOT = Path(__file__).resolve().parents[3]
FILE = "response.toml"
FIRST = 'id = "duty_watch"'


@pytest.fixture
def folder(folder: Path) -> Path:
    """With the response beside the rest."""
    (folder / FILE).write_text((ROOT / "config" / FILE).read_text("utf-8"), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        (FIRST, 'id = "Duty Watch"', "actions[0].id", "值不合要求"),
        ('id = "consult"', 'id = "duty_watch"', "actions[2].id", "already stands at"),
        ('stage = "preparation"', 'stage = "panic"', "actions[0].stage", "unknown stage"),
        ('units = ["leader"]', "units = []", "actions[2].units", "at least one"),
        ('units = ["leader"]', 'units = ["mayor"]', "actions[2].units", "unknown unit kind"),
        ('sectors = ["emergency"]', 'sectors = ["fire"]', "actions[4].sectors", "has no fire"),
        ('hazards = ["rainstorm"]', 'hazards = ["tsunami"]', "actions[4].hazards", "has no tsunami"),
        ('measure = "stop"', 'measure = "flee"', ".measure", "unknown kind of measure"),
        ('measure = "stop"\n', "", ".measure", "key units need a measure"),
        (FIRST, FIRST + '\nmeasure = "stop"', "actions[0].measure", "others have none"),
        (FIRST, FIRST + '\ncolour = "red"', "actions[0].colour", "unknown key"),
        ('orange = "60m"\n', "", "within.orange", "by when"),
        ('red = "30m"\norange', 'red = "soon"\norange', "within.red", "expected a duration"),
        ('units = ["township"]', 'units = ["township"]\nsectors = ["water"]', ".sectors", "only departments"),
        ('units = ["leader"]', 'units = ["leader", "key_unit"]', "actions[2].units", "stand by themselves"),
    ],
)  # fmt: skip
def test_each_slip_is_found(
    broken: Callable[[str, str, str], tuple[Finding, ...]], old: str, new: str, where: str, what: str
) -> None:
    """Where, what and the remedy."""
    found = broken(FILE, old, new)
    assert any(where in one.where and what in one.what for one in found), found


def test_several_slips_are_found_together(broken: Callable[[str, str, str], tuple[Finding, ...]]) -> None:
    """A registrar mends a file once."""
    broken(FILE, 'stage = "preparation"', 'stage = "panic"')
    found = broken(FILE, 'hazards = ["rainstorm"]', 'hazards = ["tsunami"]')
    assert {one.where.split("actions")[1][:3] for one in found} == {"[0]", "[4]"}


def test_a_list_that_no_phone_can_show_is_refused(
    folder: Path, findings_of: Callable[[Path], tuple[Finding, ...]]
) -> None:
    """Thirteen measures for one department."""
    one = '\n[[actions]]\nid = "more_{}"\nstage = "response"\nunits = ["department"]\nzh_CN = "做"\nen = "do"\n'
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write("".join(one.format(number) for number in range(13)))
    assert any("12" in str(finding) for finding in findings_of(folder))


def test_without_the_file_nothing_is_asked(folder: Path) -> None:
    """A bureau that wants calls only removes it; a key unit's line that no hazard knows is refused all the same."""
    (folder / FILE).unlink()
    assert load_configuration(folder).response.plan("rainstorm", Colour.RED) is None


def test_a_hazards_key_sector_must_exist(broken: Callable[[str, str, str], tuple[Finding, ...]]) -> None:
    """[key_sectors] is the one list."""
    found = broken("hazards.toml", 'key_sectors = ["coal_mine"', 'key_sectors = ["gold_mine"')
    assert any(one.where.endswith("rainstorm.key_sectors") for one in found)
