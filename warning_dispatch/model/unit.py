"""单位, 接收责任人, 联系方式: who is called and how."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class UnitLevel(IntEnum):
    """行政层级, by the length of the division code's groups."""

    CITY = 1
    COUNTY = 2
    TOWNSHIP = 3
    VILLAGE = 4


CODE_LENGTH = {UnitLevel.CITY: 4, UnitLevel.COUNTY: 6, UnitLevel.TOWNSHIP: 9, UnitLevel.VILLAGE: 12}
"""Digits of a division code at each level (统计用区划代码, groups 4-6-9-12)."""


class UnitKind(StrEnum):
    """单位类别."""

    DIVISION = "division"
    """行政区划: a county, township or village and the duty room that answers for it."""
    LEADER = "leader"
    """市/县领导: an office held by one leader."""
    DEPARTMENT = "department"
    """部门: of the city or of a county, with its sector."""
    BUREAU = "bureau"
    """气象局: the weather bureau itself, which the system calls when it needs a human."""
    KEY_UNIT = "key_unit"
    """气象灾害防御重点单位."""
    OUTLET = "outlet"
    """传播单位: media and operators that pass warnings on."""

    @property
    def chinese(self) -> str:
        """The word in workbooks and on paper."""
        return _KINDS[self]


_KINDS = {
    UnitKind.DIVISION: "行政区划",
    UnitKind.LEADER: "领导",
    UnitKind.DEPARTMENT: "部门",
    UnitKind.BUREAU: "气象局",
    UnitKind.KEY_UNIT: "重点单位",
    UnitKind.OUTLET: "传播单位",
}


class Role(IntEnum):
    """责任人角色. The values are bits of a role mask."""

    PRIMARY = 1
    """A岗: the person responsible."""
    DEPUTY = 2
    """B岗: the stand-in."""
    DUTY = 4
    """值班电话: the duty room's phone."""

    @property
    def key(self) -> str:
        """Lower-case name for files and JSON."""
        return self.name.lower()

    @property
    def chinese(self) -> str:
        """The word on Chinese pages and on paper: A岗, B岗, 值班."""
        return {Role.PRIMARY: "A岗", Role.DEPUTY: "B岗", Role.DUTY: "值班"}[self]


ROLES: tuple[Role, ...] = (Role.PRIMARY, Role.DEPUTY, Role.DUTY)
ALL_ROLES = 7


class Channel(IntEnum):
    """渠道. A small closed set of kinds; providers stand behind them as routes."""

    VOICE = 1
    SMS = 2
    EMAIL = 3
    OPERATOR = 4
    """人工: a task on the duty officer's work list; a human dials and records the answer."""

    @property
    def key(self) -> str:
        """Lower-case name for files and JSON."""
        return _CHANNEL_KEYS[self]


_CHANNEL_KEYS = {channel: channel.name.lower() for channel in Channel}
CHANNELS: tuple[Channel, ...] = tuple(Channel)


def reach_bit(role: Role, channel: Channel) -> int:
    """The bit of a unit's `reach` mask that says: this role has a usable endpoint on this channel."""
    return role << (3 * (channel - 1))


def reachable_roles(reach: int, channel: Channel) -> int:
    """The role mask that a unit's `reach` mask gives for one channel.

    The operator reaches whoever has a phone: a task needs no endpoint of its own.
    """
    if channel is Channel.OPERATOR:
        channel = Channel.VOICE
    return (reach >> (3 * (channel - 1))) & ALL_ROLES


def roles_in(mask: int) -> tuple[Role, ...]:
    """The roles of a mask, A before B before the duty phone."""
    return tuple(role for role in ROLES if mask & role)


@dataclass(frozen=True, slots=True)
class Unit:
    """单位: a node of the tree. `code` is the key everywhere; names repeat.

    `area` is the division code the unit belongs to (its own for a division), 4, 6, 9 or 12 digits.
    `sector` names a department's line (water, emergency …) or a key unit's (coal_mine, scenic …), empty for divisions.
    `certified_on`, `review_on` (days as 2026-04-20, empty when unknown), `measures` and `certificate` are of key units:
    when it was certified (认定) and under which number, when it is looked at again (复核), and what it must do when a
    warning comes (停工、加固、转移).
    """

    code: str
    name: str
    kind: UnitKind
    level: UnitLevel
    area: str
    superior: str | None
    sector: str = ""
    callable: bool = True
    certified_on: str = ""
    review_on: str = ""
    measures: str = ""
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class EndpointEntry:
    """联系方式 as entered: a channel and a number or address in clear."""

    channel: Channel
    address: str


@dataclass(frozen=True, slots=True)
class ReceiverEntry:
    """接收责任人 as entered: one person (or duty phone) of one unit.

    Days are written 2026-04-20, empty when nobody said. `serves_from` and `serves_until` are the first and the last day
    on which the person answers; `verified_on` and `verified_how`: when and how it was last made sure that this is still so.
    """

    unit_code: str
    role: Role
    name: str
    post: str
    language: str
    endpoints: tuple[EndpointEntry, ...]
    sample: bool = False
    serves_from: str = ""
    serves_until: str = ""
    verified_on: str = ""
    verified_how: str = ""


PersonKey = tuple[str, Role, str]
"""Unit, role and name: what makes two entries the same person."""


@dataclass(frozen=True, slots=True)
class EndpointView:
    """One usable endpoint of a unit as the engine sees it when it chooses whom to dial.

    `off_duty`: the unit's roster says that others of the role are on duty now.
    """

    endpoint_id: int
    receiver_id: int
    role: Role
    channel: Channel
    number_id: int
    rank: int
    off_duty: bool = False
