"""接收责任人名册: the units and receivers as one value, as files give it and the database takes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit


@dataclass(frozen=True, slots=True)
class Register:
    """名册: every unit and every receiver. Units come before what lies below them."""

    units: tuple[Unit, ...]
    receivers: tuple[ReceiverEntry, ...]


@dataclass(frozen=True, slots=True)
class RegisterCounts:
    """What taking over a register did. The first four count what is in force afterwards."""

    units: int
    receivers: int
    endpoints: int
    numbers: int
    units_added: int
    units_changed: int
    units_ended: int
    receivers_added: int
    receivers_ended: int
    endpoints_added: int
    endpoints_ended: int


@dataclass(frozen=True, slots=True)
class PeopleCounts:
    """What taking over the people of some units did."""

    receivers_added: int
    receivers_ended: int
    endpoints_added: int
    endpoints_ended: int


@dataclass(frozen=True, slots=True)
class RankedEndpoint:
    """An endpoint with its place (0 first) among the receiver's endpoints of the same channel."""

    channel: Channel
    address: str
    rank: int


def below(units: Sequence[Unit], within: str) -> set[str]:
    """The codes of a unit and of all below it; of all units when it is empty."""
    if not within:
        return {unit.code for unit in units}
    found = {within}
    waiting = True
    while waiting:
        more = {unit.code for unit in units if unit.superior in found} - found
        found |= more
        waiting = bool(more)
    return found


def mobile_addresses(endpoints: Iterable[EndpointEntry]) -> frozenset[str]:
    """The phones that take text: what stands on the SMS channel is a mobile, any other phone a landline."""
    return frozenset(endpoint.address for endpoint in endpoints if endpoint.channel is Channel.SMS)


def ranked_endpoints(entry: ReceiverEntry) -> tuple[RankedEndpoint, ...]:
    """Which phone rings first: of a duty room its landline, of a person the mobile; else as entered."""
    mobiles = mobile_addresses(entry.endpoints)
    landline_first = entry.role is Role.DUTY
    ordered = sorted(dict.fromkeys(entry.endpoints), key=lambda each: (each.address in mobiles) is landline_first)
    seen: dict[Channel, int] = {}
    ranked = []
    for each in ordered:
        rank = seen.get(each.channel, 0)
        seen[each.channel] = rank + 1
        ranked.append(RankedEndpoint(each.channel, each.address, rank))
    return tuple(ranked)
