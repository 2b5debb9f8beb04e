"""样本责任人: an invented register for demos, drills on paper and tests, the same for the same seed.

No name here could be a person's and no number can reach anybody. The habits are those of real registers: some
villages have no B, some people answer for two villages, one clerk's phone stands for several villages, and the
leaders of a place share one duty room.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import count

from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.registry.sample_block import sample_landline, sample_mail, sample_mobile

_WITHOUT_DEPUTY = 0.02
"""So many villages have no B."""
_TWO_VILLAGES = 0.03
"""So many villages have the A of another village of their township."""
_CLERK_EVERY = 6
"""In every so-many-th township a clerk's mobile is the duty phone of some villages …"""
_CLERK_VILLAGES = 4
"""… so many of them at most."""
_ENGLISH_EVERY = 40
"""Every so-many-th department is written to in English."""

_POSTS: dict[UnitKind, dict[Role, str]] = {
    UnitKind.DIVISION: {Role.PRIMARY: "主要负责人", Role.DEPUTY: "分管负责人", Role.DUTY: "值班室"},
    UnitKind.LEADER: {Role.PRIMARY: "本人", Role.DEPUTY: "秘书", Role.DUTY: "总值班室"},
    UnitKind.DEPARTMENT: {Role.PRIMARY: "主要负责人", Role.DEPUTY: "分管负责人", Role.DUTY: "值班室"},
}
_BUREAU_POSTS = {"duty": "值班员", "shift": "带班领导", "director": "局长"}
"""By the end of the unit's code."""
_NAME_MARK = {Role.PRIMARY: "甲", Role.DEPUTY: "乙", Role.DUTY: "值班"}


_KEY_UNITS = (
    ("coal_mine", "示例煤矿", "停产撤人"),
    ("tailings", "示例尾矿库", "停产，坝体和下游人员转移"),
    ("reservoir", "示例水库", "三个责任人到岗，巡坝泄洪"),
    ("chemical", "示例化工厂", "停止装卸和露天作业"),
    ("construction", "示例建筑工地", "停工，撤出工棚人员"),
    ("scenic", "示例旅游景区", "停止接待，疏散游客"),
    ("school", "示例中学", "停止户外活动，按通知停课"),
    ("hospital", "示例医院", "备用电源和排水就绪，急救待命"),
    ("care_home", "示例敬老院", "老人转移至安全楼层"),
    ("passenger_transport", "示例客运公司", "停开危险路段班线"),
    ("farm", "示例养殖场", "加固圈舍，转移牲畜"),
)
"""Line, name, measures: one key unit of each, in places of their own."""


def sample_key_units(units: Sequence[Unit]) -> tuple[Unit, ...]:
    """示例重点单位: one of each line, by turns in a county and in a township, on the certificate of nobody."""
    counties = [unit for unit in units if unit.kind is UnitKind.DIVISION and unit.level is UnitLevel.COUNTY]
    townships = [unit for unit in units if unit.kind is UnitKind.DIVISION and unit.level is UnitLevel.TOWNSHIP]
    found = []
    for number, (sector, name, measures) in enumerate(_KEY_UNITS, start=1):
        places = (counties, townships)[number % 2] or counties
        place = places[number * len(places) // (len(_KEY_UNITS) + 1)]
        found.append(
            Unit(
                f"{place.code}-k{number:02d}",
                f"{place.name}{name}",
                UnitKind.KEY_UNIT,
                place.level,
                place.area,
                place.code,
                sector,
                certified_on="2025-05-20",
                review_on=f"2027-{3 + number % 6:02d}-20",
                measures=measures,
                certificate=f"示例证字〔2025〕第{number:03d}号",
            )
        )
    return tuple(found)


def sample_receivers(units: Sequence[Unit], seed: int) -> tuple[ReceiverEntry, ...]:
    """Receivers for every callable unit, in the order of `units`; each has at least an A.

    Deterministic: the same units and seed give the same receivers.
    """
    return tuple(_Sampler(units, seed).receivers())


class _Sampler:
    """Hands out names and numbers one after the other."""

    def __init__(self, units: Sequence[Unit], seed: int) -> None:
        self._units = [unit for unit in units if unit.callable]
        self._random = random.Random(seed)  # noqa: S311 - a repeatable sample, not cryptography
        # The seed also moves the numbers, so that two samples side by side do not share phones.
        self._mobiles = count(self._random.randrange(1_000_000))
        self._landlines = count(self._random.randrange(1_000_000))
        self._people = count(1)
        self._departments = count(1)
        self._rooms: dict[str, EndpointEntry] = {}
        self._clerks: dict[str, list[tuple[str, int]]] = {}
        self._township_primaries: dict[str, list[ReceiverEntry]] = {}

    def receivers(self) -> list[ReceiverEntry]:
        """All of them."""
        townships = sorted({unit.superior or "" for unit in self._units if _is_village(unit)})
        for township in townships[::_CLERK_EVERY]:
            self._clerks[township] = [(self._name("办"), next(self._mobiles))] * _CLERK_VILLAGES
        entries = []
        for unit in self._units:
            if unit.kind is UnitKind.BUREAU:
                entries += self._bureau(unit)
            else:
                entries += self._village(unit) if _is_village(unit) else self._office(unit)
        return entries

    def _bureau(self, unit: Unit) -> list[ReceiverEntry]:
        """The duty room has a desk and whoever sits at it a mobile; the shift leader and the director have theirs."""
        post = unit.code.rpartition("-")[2]
        person = self._person(
            unit, Role.PRIMARY, _BUREAU_POSTS.get(post, "负责人"), mail=sample_mail(f"{post}.{unit.area}")
        )
        return [person, self._duty(unit, "值班台", "zh_CN")] if post == "duty" else [person]

    def _village(self, unit: Unit) -> list[ReceiverEntry]:
        entries = [self._village_primary(unit)]
        if self._random.random() >= _WITHOUT_DEPUTY:
            entries.append(self._person(unit, Role.DEPUTY, "村（居）委会副主任"))
        serving = self._clerks.get(unit.superior or "")
        if serving:
            name, index = serving.pop()
            entries.append(_entry(unit, Role.DUTY, name, "乡镇包村干部", _mobile(index)))
        return entries

    def _village_primary(self, unit: Unit) -> ReceiverEntry:
        """A new person, or now and then one who has a village of the township already and only that one."""
        single = self._township_primaries.setdefault(unit.superior or "", [])
        post = "村（社区）党组织书记、村（居）委会主任"
        if self._random.random() < _TWO_VILLAGES and single:
            other = single.pop(self._random.randrange(len(single)))
            return _entry(unit, Role.PRIMARY, other.name, post, other.endpoints)
        entry = self._person(unit, Role.PRIMARY, post)
        single.append(entry)
        return entry

    def _office(self, unit: Unit) -> list[ReceiverEntry]:
        posts = _POSTS.get(unit.kind, _POSTS[UnitKind.DIVISION])
        english = unit.kind is UnitKind.DEPARTMENT and next(self._departments) % _ENGLISH_EVERY == 0
        language = "en" if english else "zh_CN"
        people = [
            self._person(unit, role, posts[role], language=language, mail=sample_mail(f"{role.key}.{unit.code}"))
            for role in (Role.PRIMARY, Role.DEPUTY)
        ]
        return [*people, self._duty(unit, posts[Role.DUTY], language)]

    def _duty(self, unit: Unit, post: str, language: str) -> ReceiverEntry:
        """The unit's own duty room; of leaders the one of their city or county."""
        room = f"leaders.{unit.area}" if unit.kind is UnitKind.LEADER else unit.code
        if room not in self._rooms:
            self._rooms[room] = EndpointEntry(Channel.VOICE, sample_landline(next(self._landlines)))
        mail = EndpointEntry(Channel.EMAIL, sample_mail(f"duty.{room}"))
        return _entry(unit, Role.DUTY, f"样本{post}", post, (self._rooms[room], mail), language=language)

    def _person(self, unit: Unit, role: Role, post: str, *, language: str = "zh_CN", mail: str = "") -> ReceiverEntry:
        endpoints = _mobile(next(self._mobiles))
        if mail:
            endpoints = (*endpoints, EndpointEntry(Channel.EMAIL, mail))
        return _entry(unit, role, self._name(_NAME_MARK[role]), post, endpoints, language=language)

    def _name(self, mark: str) -> str:
        return f"样本{mark}{next(self._people):04d}"


def _is_village(unit: Unit) -> bool:
    return unit.kind is UnitKind.DIVISION and unit.level is UnitLevel.VILLAGE


def _mobile(index: int) -> tuple[EndpointEntry, ...]:
    address = sample_mobile(index)
    return (EndpointEntry(Channel.VOICE, address), EndpointEntry(Channel.SMS, address))


def _entry(
    unit: Unit, role: Role, name: str, post: str, endpoints: tuple[EndpointEntry, ...], *, language: str = "zh_CN"
) -> ReceiverEntry:
    return ReceiverEntry(unit.code, role, name, post, language, endpoints, sample=True)
