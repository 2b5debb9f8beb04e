"""电话簿: whom a plan would reach and how, as planning needs it. No name and no number stands in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from warning_dispatch.model.register import Register, mobile_addresses, ranked_endpoints
from warning_dispatch.model.unit import Channel, EndpointView, Unit

MOBILE = "1"
LANDLINE = "0"
MAIL = "m"
"""What a stand-in for a number or an address begins with: the simulated people tell a mobile from a landline by it."""


@dataclass(frozen=True, slots=True)
class Phonebook:
    """Units, the endpoints of each by its code, and what stands in for each number (number id → stand-in)."""

    units: tuple[Unit, ...]
    endpoints: Mapping[str, tuple[EndpointView, ...]]
    numbers: Mapping[int, str]


def stand_in(number_id: int, channel: Channel, *, mobile: bool) -> str:
    """What stands for a number in planning: the same number is the same person, and nobody can be rung by it."""
    if channel is Channel.EMAIL:
        return f"{MAIL}{number_id}"
    return f"{MOBILE if mobile else LANDLINE}{number_id}"


def phonebook_of(register: Register, *, in_clear: bool = False) -> Phonebook:
    """The phone book of a register as files give it. `in_clear`: of sample numbers, which can reach nobody."""
    ids: dict[str, int] = {}
    numbers: dict[int, str] = {}
    views: defaultdict[str, list[EndpointView]] = defaultdict(list)
    endpoint = 0
    for receiver, entry in enumerate(register.receivers, start=1):
        mobiles = mobile_addresses(entry.endpoints)
        for each in ranked_endpoints(entry):
            endpoint += 1
            number = ids.setdefault(each.address, len(ids) + 1)
            mine = each.address if in_clear else stand_in(number, each.channel, mobile=each.address in mobiles)
            numbers.setdefault(number, mine)
            views[entry.unit_code].append(EndpointView(endpoint, receiver, entry.role, each.channel, number, each.rank))
    return Phonebook(register.units, _tupled(views.items()), numbers)


def _tupled(views: Iterable[tuple[str, list[EndpointView]]]) -> dict[str, tuple[EndpointView, ...]]:
    return {code: tuple(listed) for code, listed in views}
