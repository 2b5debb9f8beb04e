"""The shipped tree: the real divisions of the prefecture and the offices beside them."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

from warning_dispatch.model.unit import Unit, UnitKind, UnitLevel
from warning_dispatch.registry.reading import read_receivers_file, read_register

CONTACTS = Path(__file__).parents[3] / "contacts"


@cache
def units() -> tuple[Unit, ...]:
    """The shipped tree."""
    return read_register(CONTACTS).units


def divisions(level: UnitLevel) -> list[Unit]:
    """Callable divisions of a level."""
    return [unit for unit in units() if unit.kind is UnitKind.DIVISION and unit.level is level and unit.callable]


def test_the_prefecture_has_13_counties_154_townships_and_2453_villages_to_call() -> None:
    """Every place of the prefecture is called, and nothing that has nobody to answer."""
    assert len(divisions(UnitLevel.COUNTY)) == 13
    assert len(divisions(UnitLevel.TOWNSHIP)) == 154
    assert len(divisions(UnitLevel.VILLAGE)) == 2453


def test_an_industrial_zone_is_called_as_a_township_and_not_as_a_village() -> None:
    """The three 虚拟社区 have no village head; their 管委会 answers at township level."""
    by_code = {unit.code: unit for unit in units()}
    quiet = [unit for unit in units() if unit.level is UnitLevel.VILLAGE and not unit.callable]
    assert sorted(unit.code for unit in quiet) == ["141122400498", "141123400498", "141127400498"]
    assert all(by_code[unit.superior or ""].callable for unit in quiet)


def test_the_city_itself_is_not_called_but_its_offices_are() -> None:
    """Nobody picks up a phone named 吕梁市: leaders, departments and the bureau do."""
    city = next(unit for unit in units() if unit.code == "1411")
    assert not city.callable
    assert city.superior is None
    of_city = Counter(unit.kind for unit in units() if unit.superior == "1411" and unit.callable)
    assert of_city[UnitKind.LEADER] == 5
    assert of_city[UnitKind.DEPARTMENT] == 17
    assert of_city[UnitKind.BUREAU] == 3


def test_an_office_carries_its_sector_its_place_and_its_superior() -> None:
    """A hazard finds its departments by sector, in the city and in each county."""
    by_code = {unit.code: unit for unit in units()}
    water = by_code["141124-water"]
    assert (water.name, water.sector, water.area, water.superior) == ("临县水利局", "water", "141124", "141124")
    assert water.level is UnitLevel.COUNTY
    assert sum(unit.sector == "water" for unit in units()) == 14
    assert by_code["1411-duty"].name == "吕梁市气象局值班室"


def test_the_head_of_a_place_has_the_title_of_the_place() -> None:
    """县长 of a county, 区长 of a district, 市长 of a city."""
    by_code = {unit.code: unit.name for unit in units()}
    assert by_code["141124-L1"] == "临县政府主要负责人（县长）"
    assert by_code["141102-L1"] == "离石区政府主要负责人（区长）"
    assert by_code["141181-L1"] == "孝义市政府主要负责人（市长）"


def test_superiors_stand_before_those_below_them_and_codes_are_unique() -> None:
    """Whoever walks the tree once, from the top, always knows the superior already."""
    seen: set[str] = set()
    for unit in units():
        assert unit.superior is None or unit.superior in seen
        assert unit.code not in seen
        seen.add(unit.code)


def test_names_repeat_so_only_codes_are_keys() -> None:
    """Eight villages are called 王家庄村委会; each of them is a unit of its own."""
    assert sum(unit.name == "王家庄村委会" for unit in units()) == 8


def test_the_example_of_receivers_can_be_read() -> None:
    """What we show as an example is one."""
    receivers = read_receivers_file(CONTACTS / "receivers.example.csv", units())
    assert len(receivers) == 12
    assert all(entry.sample for entry in receivers)
