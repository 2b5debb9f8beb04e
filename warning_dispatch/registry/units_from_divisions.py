"""从区划和机构清单生成单位树: division rows and the list of offices become the tree of units. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from warning_dispatch.model.unit import Unit, UnitKind, UnitLevel
from warning_dispatch.registry.offices import Offices, PlaceOffices

_HEADS = {"县": "县长", "区": "区长", "市": "市长", "旗": "旗长"}
"""What the head of a place is called, by the last character of its name."""


@dataclass(frozen=True, slots=True)
class Division:
    """区划: one row of divisions.csv. `parent` is the code of the division above."""

    code: str
    name: str
    level: UnitLevel
    parent: str


def units_from_divisions(divisions: Sequence[Division], offices: Offices) -> list[Unit]:
    """The whole tree, every unit after its superior.

    The city with its leaders, departments and the posts of the weather bureau; each county with its leaders and
    departments; townships; villages. The city itself is not called (its leaders and departments are), nor are villages
    whose name ends as `offices.not_called` says.
    """
    city = offices.city
    root = Unit(city.code, city.name, UnitKind.DIVISION, UnitLevel.CITY, city.code, None, callable=False)
    units = [root, *_of_place(root, offices.city_offices, offices), *_bureau(root, offices)]
    levels = (UnitLevel.COUNTY, UnitLevel.TOWNSHIP, UnitLevel.VILLAGE)
    for level in levels:
        for division in divisions:
            if division.level is level:
                unit = _division_unit(division, offices.not_called)
                units.append(unit)
                if level is UnitLevel.COUNTY:
                    units.extend(_of_place(unit, offices.county_offices, offices))
    return units


def _division_unit(division: Division, not_called: tuple[str, ...]) -> Unit:
    return Unit(
        division.code,
        division.name,
        UnitKind.DIVISION,
        division.level,
        division.code,
        division.parent,
        callable=not (division.level is UnitLevel.VILLAGE and division.name.endswith(not_called)),
    )


def _bureau(root: Unit, offices: Offices) -> Iterator[Unit]:
    """Its duty room, its shift leader and its director: whom the bureau calls when it calls itself."""
    bureau = offices.bureau
    for post, title in (("duty", bureau.duty), ("shift", bureau.shift), ("director", bureau.director)):
        name = f"{bureau.name}{title}"
        yield Unit(f"{root.code}-{post}", name, UnitKind.BUREAU, UnitLevel.CITY, root.area, root.code)


def _of_place(unit: Unit, place: PlaceOffices, offices: Offices) -> Iterator[Unit]:
    """The leaders' offices and departments of the city or of one county."""
    named = _names(unit.name, place)
    for suffix, name, kind, sector in named:
        code = f"{unit.code}-{suffix}"
        if code not in offices.absent:
            shown = offices.renamed.get(code, name)
            yield Unit(code, shown, kind, unit.level, unit.area, unit.code, sector)


def _names(name: str, place: PlaceOffices) -> Iterable[tuple[str, str, UnitKind, str]]:
    words = {"{place}": name, "{head}": _HEADS.get(name[-1:], "主要负责人")}
    for number, leader in enumerate(place.leaders, start=1):
        yield f"L{number}", _filled(leader, words), UnitKind.LEADER, ""
    for department in place.departments:
        yield department.sector, _filled(department.name, words), UnitKind.DEPARTMENT, department.sector


def _filled(pattern: str, words: dict[str, str]) -> str:
    for mark, word in words.items():
        pattern = pattern.replace(mark, word)
    return pattern
