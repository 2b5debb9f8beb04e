"""Could everybody be reached today, how sure is it, and what got worse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from warning_dispatch.model.register import Register
from warning_dispatch.model.roster import Shift
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.registry.readiness import (
    DAY,
    Evidence,
    Gap,
    Memory,
    Term,
    in_season,
    readiness,
    remembered,
    roster_gap,
    worse_than,
)
from warning_dispatch.registry.sample_block import sample_landline, sample_mobile

TERM = Term("2026-07-01", "2025-07-01", 0, 14 * DAY)
COUNTY = Unit("141124", "临县", UnitKind.DIVISION, UnitLevel.COUNTY, "141124", None)


def village(number: int) -> Unit:
    """A village of 临县."""
    code = f"141124101{number:03}"
    return Unit(code, f"村{number}", UnitKind.DIVISION, UnitLevel.VILLAGE, code, "141124")


def person(unit: Unit, phone: int = 1, role: Role = Role.PRIMARY, **changes: Any) -> ReceiverEntry:
    """Somebody with a mobile, verified in spring."""
    endpoints = tuple(EndpointEntry(channel, sample_mobile(phone)) for channel in (Channel.VOICE, Channel.SMS))
    entry = ReceiverEntry(unit.code, role, "样本甲", "", "zh_CN", endpoints, sample=True, verified_on="2026-04-20")
    return replace(entry, **changes)


ONE = village(1)


def gaps(unit: Unit, *people: ReceiverEntry, **known: Any) -> tuple[Gap, ...]:
    """Of one unit; everything is proved unless said otherwise."""
    evidence = Evidence(**{"bad": frozenset(), "proved": frozenset({unit.code}), "shifts": (), **known})
    return readiness(Register((unit,), people), TERM, evidence).gaps[unit.code]


def test_a_ready_unit_has_no_gap_and_the_full_score() -> None:
    """A and B with phones of their own, proved and verified."""
    people = (person(ONE), person(ONE, 2, Role.DEPUTY))
    assert gaps(ONE, *people) == ()
    found = readiness(Register((ONE,), people), TERM, Evidence(frozenset(), frozenset({ONE.code}), ()))
    assert (found.score, found.counties[0].score, found.unreachable) == (100, 100, ())


@pytest.mark.parametrize(
    ("people", "known", "gap"),
    [
        ((), {}, Gap.NO_RECEIVER),
        ((person(ONE, endpoints=(EndpointEntry(Channel.EMAIL, "a@example.invalid"),)),), {}, Gap.NO_PHONE),
        ((person(ONE, role=Role.DEPUTY),), {}, Gap.NO_PRIMARY),
        ((person(ONE),), {"bad": frozenset({ONE.code})}, Gap.BAD_NUMBER),
        ((person(ONE),), {"proved": frozenset()}, Gap.UNPROVED),
        ((person(ONE, endpoints=(EndpointEntry(Channel.VOICE, sample_landline(1)),)),), {}, Gap.ONE_CHANNEL),
        ((person(ONE), person(ONE, 1, Role.DEPUTY)), {}, Gap.SAME_PHONE),
        ((person(ONE, verified_on="2025-06-30"),), {}, Gap.STALE),
        ((person(ONE, verified_on=""),), {}, Gap.STALE),
        ((person(ONE),), {"shifts": (Shift(ONE.code, "样本甲", 0, DAY),)}, Gap.ROSTER_GAP),
        ((person(ONE),), {"unfiled": frozenset({ONE.code})}, Gap.NOT_FILED),
        ((person(ONE),), {"denied": frozenset({ONE.code})}, Gap.DENIED),
    ],
)
def test_each_weakness_is_seen(people: tuple[ReceiverEntry, ...], known: dict[str, Any], gap: Gap) -> None:
    """One of each kind."""
    assert gap in gaps(ONE, *people, **known)


def test_what_is_not_known_is_not_said() -> None:
    """Of files nobody knows what calls found or holders proved."""
    found = readiness(Register((ONE,), (person(ONE), person(ONE, 2, Role.DEPUTY))), TERM, Evidence())
    assert found.gaps[ONE.code] == ()


def test_somebody_with_too_many_villages_is_seen_at_each() -> None:
    """One clerk, four villages: nobody knows whose "received" it was."""
    villages = [village(number) for number in range(4)]
    many = readiness(Register(tuple(villages), tuple(person(one) for one in villages)), TERM, Evidence())
    few = readiness(Register(tuple(villages[:3]), tuple(person(one) for one in villages[:3])), TERM, Evidence())
    assert many.counted()[Gap.MANY_UNITS] == 4
    assert Gap.MANY_UNITS not in few.counted()


def test_a_key_unit_needs_measures_and_a_review() -> None:
    """What it must do when the warning comes, and a review that is not over."""
    key = Unit("141124-k01", "某煤业", UnitKind.KEY_UNIT, UnitLevel.COUNTY, "141124", "141124")
    good = replace(key, measures="停产撤人", review_on="2027-05-01")
    assert Gap.REVIEW_DUE in gaps(key, person(key))
    assert Gap.REVIEW_DUE in gaps(replace(good, review_on="2026-06-30"), person(key))
    assert Gap.REVIEW_DUE not in gaps(good, person(key))


def test_the_effect_is_told_by_county() -> None:
    """Two villages and the county's own duty room."""
    found = readiness(Register((COUNTY, village(1), village(2), village(3)), (person(village(3)),)), TERM, Evidence())
    (county,) = found.counties
    assert (county.name, county.units, len(county.unreachable), county.villages) == ("临县", 4, 3, 2)
    assert county.score == round(100 / 4)


def test_where_a_roster_ends() -> None:
    """Shifts may overlap and come in any order; a unit without a roster has no gap in it."""
    watch = [Shift("1", "乙", DAY, 2 * DAY), Shift("1", "甲", -DAY, DAY + 1), Shift("1", "丙", 3 * DAY, 9 * DAY)]
    assert roster_gap((), 0, DAY) is None
    assert roster_gap(watch, 0, 2 * DAY) is None
    assert roster_gap(watch, 0, 5 * DAY) == 2 * DAY


def test_what_got_worse_is_told_by_name_and_number() -> None:
    """A unit that was lost before is no news; what got better is none either."""
    before = readiness(Register((COUNTY, ONE), (person(ONE),)), TERM, Evidence())
    after = readiness(Register((COUNTY, ONE), (person(COUNTY, verified_on=""),)), TERM, Evidence())
    worse = worse_than(remembered(before), after)
    assert dict(worse.lost) == {"141124": (ONE.code,)}
    assert dict(worse.more) == {Gap.STALE: 1}
    assert worse_than(remembered(after), after).nothing
    assert worse_than(Memory((ONE.code,), {"stale": 9}), after).nothing


@pytest.mark.parametrize(("day", "inside"), [("2026-05-01", True), ("2026-10-15", True), ("2026-10-16", False)])
def test_the_season(day: str, inside: bool) -> None:
    """Both ends belong to it; one of the winter spans the New Year."""
    assert in_season(day, "05-01", "10-15") is inside
    assert in_season("2026-01-05", "11-01", "03-31")
    assert not in_season("2026-07-01", "11-01", "03-31")
