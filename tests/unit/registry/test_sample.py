"""The sample register: like life, the same for the same seed, and harmless."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import phonenumbers
import pytest

from warning_dispatch.model.unit import Channel, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.sample import sample_receivers
from warning_dispatch.registry.sample_block import is_sample, sample_landline, sample_mobile

CONTACTS = Path(__file__).parents[3] / "contacts"
BUREAU = {"1411-duty", "1411-shift", "1411-director"}


@cache
def units() -> dict[str, Unit]:
    """The shipped tree by code."""
    return {unit.code: unit for unit in read_register(CONTACTS).units}


@cache
def sample() -> tuple[ReceiverEntry, ...]:
    """Its sample."""
    return sample_receivers(tuple(units().values()), 7)


def is_village(entry: ReceiverEntry) -> bool:
    """Whether it is a receiver of a village."""
    unit = units()[entry.unit_code]
    return unit.kind is UnitKind.DIVISION and unit.level is UnitLevel.VILLAGE


def roles_by_unit() -> dict[str, set[Role]]:
    """Which roles each unit has."""
    roles: dict[str, set[Role]] = defaultdict(set)
    for entry in sample():
        roles[entry.unit_code].add(entry.role)
    return roles


def numbers(role: Role, kind: UnitKind, level: UnitLevel) -> dict[str, list[str]]:
    """Unit codes by voice number."""
    found: dict[str, list[str]] = defaultdict(list)
    for entry in sample():
        unit = units()[entry.unit_code]
        if entry.role is role and unit.kind is kind and unit.level is level:
            found[next(each.address for each in entry.endpoints if each.channel is Channel.VOICE)].append(unit.code)
    return found


def test_no_number_of_the_sample_block_is_valid() -> None:
    """No library takes a sample number for one that could ring: 20,000 across each of the two blocks."""
    for index in range(0, 10_000_000, 499):
        for number in (sample_mobile(index), sample_landline(index)):
            assert not phonenumbers.is_valid_number(phonenumbers.parse(number, "CN")), number


def test_every_address_of_the_sample_is_of_the_block() -> None:
    """Practice never wakes real people."""
    assert all(entry.sample for entry in sample())
    assert all(is_sample(endpoint.address) for entry in sample() for endpoint in entry.endpoints)


def test_no_sample_name_could_be_a_persons() -> None:
    """All begin with 样本 (sample)."""
    assert all(entry.name.startswith("样本") for entry in sample())


def test_the_same_seed_gives_the_same_sample_and_another_seed_another() -> None:
    """A demo can be repeated."""
    assert sample_receivers(tuple(units().values()), 7) == sample()
    assert sample_receivers(tuple(units().values()), 8) != sample()


def test_every_callable_unit_has_an_a_and_no_other_unit_has_anybody() -> None:
    """A sample with holes at the top would show a broken chain."""
    assert {code for code, roles in roles_by_unit().items() if Role.PRIMARY in roles} == {
        unit.code for unit in units().values() if unit.callable
    }


def test_a_few_villages_have_no_b() -> None:
    """About 2 %, as in life."""
    villages = [roles for code, roles in roles_by_unit().items() if len(code) == 12 and "-" not in code]
    assert 0.01 < sum(Role.DEPUTY not in roles for roles in villages) / len(villages) < 0.03


def test_offices_have_a_b_and_a_duty_landline() -> None:
    """The duty room is called first; it has a landline and so no SMS."""
    for code, roles in roles_by_unit().items():
        if code not in BUREAU and (len(code) != 12 or "-" in code):
            assert roles == set(Role), code
    office_duties = [entry for entry in sample() if entry.role is Role.DUTY and not is_village(entry)]
    assert all(endpoint.channel is not Channel.SMS for entry in office_duties for endpoint in entry.endpoints)


def test_some_people_answer_for_two_villages_of_their_township() -> None:
    """About 3 %; never more than two villages, never across townships, under one name."""
    shared = [codes for codes in numbers(Role.PRIMARY, UnitKind.DIVISION, UnitLevel.VILLAGE).values() if len(codes) > 1]
    assert 0.015 < len(shared) / 2453 < 0.045
    names = {(entry.unit_code, entry.role): entry.name for entry in sample()}
    for first, second in shared:
        assert first[:9] == second[:9]
        assert names[first, Role.PRIMARY] == names[second, Role.PRIMARY]


def test_a_township_clerk_is_the_duty_phone_of_several_villages() -> None:
    """The clerk's "received" does not answer for the villages; the sample must show it."""
    served = numbers(Role.DUTY, UnitKind.DIVISION, UnitLevel.VILLAGE)
    assert any(len(codes) >= 3 for codes in served.values())
    assert all(len(codes) <= 4 and len({code[:9] for code in codes}) == 1 for codes in served.values())


@pytest.mark.parametrize(("level", "rooms"), [(UnitLevel.CITY, 1), (UnitLevel.COUNTY, 13)])
def test_the_leaders_of_a_place_share_one_duty_room(level: UnitLevel, rooms: int) -> None:
    """总值班室: one phone for all of them, and it must not ring five times."""
    assert len(numbers(Role.DUTY, UnitKind.LEADER, level)) == rooms


def test_the_bureau_has_its_desk_its_leader_on_duty_and_its_head() -> None:
    """The bureau calls itself in this order: desk, 带班领导, 局长."""
    found = [(entry.unit_code, entry.role, entry.post) for entry in sample() if entry.unit_code in BUREAU]
    assert found == [
        ("1411-duty", Role.PRIMARY, "值班员"),
        ("1411-duty", Role.DUTY, "值班台"),
        ("1411-shift", Role.PRIMARY, "带班领导"),
        ("1411-director", Role.PRIMARY, "局长"),
    ]


def test_a_handful_is_written_to_in_english() -> None:
    """Both languages are exercised."""
    languages = Counter(entry.language for entry in sample())
    assert set(languages) == {"zh_CN", "en"}
    assert 0 < languages["en"] < 30
