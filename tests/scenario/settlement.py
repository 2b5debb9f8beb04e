"""Who lives in a town: units, receivers and their numbers, filled in once per shape and copied from then on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from typing import Any

from sqlalchemy import Engine

from warning_dispatch.model.register import Register
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.store.database import writing
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.sealing import AesSealer

DESK = "1411-duty"
BUREAU = {DESK: "气象局值班室", "1411-shift": "气象局带班领导", "1411-director": "气象局局长"}
"""Whom the bureau calls when it calls itself, in this order."""
Post = tuple[str, Role]
"""A unit's code and a role: who holds it is a receiver."""
BEFORE = 1_784_727_120_000
"""When the register was filled in: a minute before a town's clock begins, in ms."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A town as far as the register knows it. See `Town` for the words."""

    leaders: int
    counties: int
    townships: int
    villages: int
    clerks: frozenset[str] = frozenset()
    without: frozenset[Post] = frozenset()
    same_phone: tuple[tuple[Post, Post], ...] = ()
    second_phone: frozenset[Post] = frozenset()
    two_of: tuple[Post, ...] = ()
    mail: frozenset[Post] = frozenset()
    bureau: bool = False
    only: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Settlement:
    """A shape with its people: `numbers` by post, `image`: what a database that holds them and nothing else is copied from."""

    units: tuple[Unit, ...]
    numbers: Mapping[Post, str]
    image: Any


@cache
def keys() -> KeyRing:
    """The keys of every town: what was sealed for one can be copied into the next."""
    return KeyRing.simulated(1)


@cache
def _workbench(worlds: Any) -> Engine:
    """One database in which every register is filled in: its statements are compiled once."""
    engine: Engine = worlds.create()
    return engine


@lru_cache(maxsize=256)
def settle(shape: Shape, worlds: Any) -> Settlement:
    """Fill in the register of a shape; a second town of that shape, in the same kind of database, costs a copy."""
    units = tuple(unit for unit in _units(shape) if not shape.only or unit.code in shape.only)
    people = _People(shape)
    receivers = [people.receiver(unit, role) for unit in units for role in people.roles(unit)]
    kept = [one for one in receivers if (one.unit_code, one.role) not in shape.without]
    kept += [people.colleague(*post) for post in shape.two_of]
    database = _workbench(worlds)
    worlds.fill(database)
    with writing(database) as connection:
        replace_register(connection, AesSealer(keys()), Register(units, tuple(kept)), BEFORE)
    return Settlement(units, people.numbers, worlds.image_of(database))


class _People:
    """Hands out names and numbers."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._same_phone = dict(shape.same_phone)
        self.numbers: dict[Post, str] = {}

    def roles(self, unit: Unit) -> tuple[Role, ...]:
        if not unit.callable:
            return ()
        if unit.kind is UnitKind.BUREAU:
            return (Role.PRIMARY, Role.DUTY) if unit.code == DESK else (Role.PRIMARY,)
        if unit.level is UnitLevel.VILLAGE and unit.code not in self._shape.clerks:
            return (Role.PRIMARY, Role.DEPUTY)
        return (Role.PRIMARY, Role.DEPUTY, Role.DUTY)

    def receiver(self, unit: Unit, role: Role) -> ReceiverEntry:
        post = (unit.code, role)
        number = self.numbers.get(self._same_phone.get(post, ("", role))) or self._new_number(role)
        self.numbers[post] = number
        channels = (Channel.VOICE,) if role is Role.DUTY else (Channel.VOICE, Channel.SMS)
        endpoints = [EndpointEntry(channel, number) for channel in channels]
        if post in self._shape.second_phone:
            second = self.numbers[f"{unit.code}/2", role] = self._new_number(Role.DUTY)
            endpoints.append(EndpointEntry(Channel.VOICE, second))
        if post in self._shape.mail:
            address = self.numbers[f"{unit.code}@", role] = f"{role.key}.{unit.code}@sample.invalid"
            endpoints.append(EndpointEntry(Channel.EMAIL, address))
        return _entry(unit.code, role, "", endpoints)

    def colleague(self, code: str, role: Role) -> ReceiverEntry:
        """The other one who holds a post that is held by two."""
        number = self.numbers[f"{code}/b", role] = self._new_number(role)
        return _entry(code, role, "二", [EndpointEntry(channel, number) for channel in (Channel.VOICE, Channel.SMS)])

    def _new_number(self, role: Role) -> str:
        return f"+86260{2 if role is Role.DUTY else 1}{len(self.numbers):07d}"


def _entry(code: str, role: Role, mark: str, endpoints: Sequence[EndpointEntry]) -> ReceiverEntry:
    return ReceiverEntry(code, role, f"样本{code}{role.key}{mark}", "", "zh_CN", tuple(endpoints), sample=True)


def _units(shape: Shape) -> tuple[Unit, ...]:
    """A tree below 吕梁 with real-looking codes, leaders and two departments."""
    leaders = range(1, shape.leaders + 1)
    units = [Unit("1411", "吕梁市", UnitKind.DIVISION, UnitLevel.CITY, "1411", None, callable=False)]
    units += [
        Unit(f"1411-L{number}", f"市领导{number}", UnitKind.LEADER, UnitLevel.CITY, "1411", "1411")
        for number in leaders
    ]
    units += [
        Unit(f"1411-{sector}", sector, UnitKind.DEPARTMENT, UnitLevel.CITY, "1411", "1411", sector)
        for sector in ("water", "emergency")
    ]
    for number in range(1, shape.counties + 1):
        units += _county(f"14112{number}", number, shape)
    if shape.bureau:
        units += [Unit(code, name, UnitKind.BUREAU, UnitLevel.CITY, "1411", "1411") for code, name in BUREAU.items()]
    return tuple(units)


def _county(county: str, number: int, shape: Shape) -> list[Unit]:
    division, level = UnitKind.DIVISION, UnitLevel
    units = [
        Unit(county, f"县{number}", division, level.COUNTY, county, "1411"),
        Unit(f"{county}-L1", f"县{number}领导", UnitKind.LEADER, level.COUNTY, county, county),
        Unit(f"{county}-water", "水利局", UnitKind.DEPARTMENT, level.COUNTY, county, county, "water"),
    ]
    for t, v in product(range(shape.townships), range(-1, shape.villages)):
        township, name = f"{county}1{t:02d}", f"县{number}乡{t + 1}"
        if v < 0:
            units.append(Unit(township, name, division, level.TOWNSHIP, township, county))
        else:
            village = f"{township}2{v:02d}"
            units.append(Unit(village, f"{name}村{v + 1}", division, level.VILLAGE, village, township))
    return units
