"""打印名单的编排: in which order a list is called from paper. Pure.

First what stands above the townships, tier by tier in the order of the plan: those are the first calls of the night.
Then a part for each county, so that it can be handed to one helper: township by township, each with its villages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warning_dispatch.model.printed import PrintedCallOut, PrintedPerson, PrintedUnit
from warning_dispatch.model.unit import Role, UnitLevel

_OFFICE_FIRST = (Role.DUTY, Role.PRIMARY, Role.DEPUTY)
"""An office has its duty room called first, a village its people."""


@dataclass(frozen=True, slots=True)
class Totals:
    """How many of a tier: units, people, phones, and units without any phone."""

    title: Mapping[str, str]
    units: int
    people: int
    phones: int
    unreachable: int


@dataclass(frozen=True, slots=True)
class Group:
    """Units below one heading; `head` is the superior itself when it is called, `name` names it all the same."""

    code: str
    name: str
    head: PrintedUnit | None
    units: tuple[PrintedUnit, ...]


@dataclass(frozen=True, slots=True)
class CountyPart:
    """The townships of a county with their villages. `office`: the county's own room, for reference."""

    code: str
    name: str
    office: PrintedUnit | None
    groups: tuple[Group, ...]

    @property
    def units(self) -> int:
        """Units in this part."""
        return sum(len(group.units) + (group.head is not None) for group in self.groups)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The list as it is printed."""

    totals: tuple[Totals, ...]
    front: tuple[tuple[Mapping[str, str], tuple[PrintedUnit, ...]], ...]
    counties: tuple[CountyPart, ...]


def arranged(callout: PrintedCallOut) -> Arrangement:
    """The whole call-out; every unit stands on it exactly once."""
    upper = [unit for unit in callout.units if unit.level <= UnitLevel.COUNTY]
    front = tuple(
        (title, units)
        for tier, title in enumerate(callout.tiers)
        if (units := tuple(unit for unit in upper if unit.tier == tier))
    )
    totals = tuple(
        _totals(title, members)
        for tier, title in enumerate(callout.tiers)
        if (members := [unit for unit in callout.units if unit.tier == tier])
    )
    return Arrangement(totals, front, _counties(callout.units))


def in_calling_order(unit: PrintedUnit) -> tuple[PrintedPerson, ...]:
    """The people of a unit as they are to be dialled."""
    if unit.level is UnitLevel.VILLAGE:
        return unit.people
    return tuple(sorted(unit.people, key=lambda person: _OFFICE_FIRST.index(person.role)))


def _totals(title: Mapping[str, str], units: Sequence[PrintedUnit]) -> Totals:
    return Totals(
        title=title,
        units=len(units),
        people=sum(len(unit.people) for unit in units),
        phones=sum(len(person.phones) for unit in units for person in unit.people),
        unreachable=sum(not any(person.phones for person in unit.people) for unit in units),
    )


def _counties(units: Sequence[PrintedUnit]) -> tuple[CountyPart, ...]:
    offices = {unit.code: unit for unit in units if unit.level is UnitLevel.COUNTY}
    heads = {unit.code: unit for unit in units if unit.level is UnitLevel.TOWNSHIP}
    names: dict[str, str] = {}
    members: defaultdict[str, defaultdict[str, list[PrintedUnit]]] = defaultdict(lambda: defaultdict(list))
    for unit in units:
        if unit.level <= UnitLevel.COUNTY:
            continue
        names.update(unit.superiors)
        county = unit.superiors[0][0] if unit.superiors else ""
        if unit.level is UnitLevel.TOWNSHIP:
            names[unit.code] = unit.name
            members[county][unit.code].extend(())
        else:
            township = unit.superiors[-1][0] if len(unit.superiors) > 1 else county
            members[county][township].append(unit)
    return tuple(
        CountyPart(
            code=county,
            name=names.get(county, ""),
            office=offices.get(county),
            groups=tuple(
                Group(code, names.get(code, ""), heads.get(code), tuple(listed))
                for code, listed in sorted(townships.items())
            ),
        )
        for county, townships in sorted(members.items())
    )
