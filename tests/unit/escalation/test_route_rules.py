"""Conditions of routes, and which of several goes first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.escalation.budgets import DAY, HOUR
from warning_dispatch.escalation.operators import Operator, operator_of
from warning_dispatch.escalation.route_rules import (
    Hours,
    RoutePlanning,
    RouteRule,
    admission,
    first_choice,
)

HOME, ABROAD, LANDLINE = "+8613800000000", "+85291234567", "+863588241234"
MIDNIGHT = 1_784_736_000_000
"""2026-07-23 00:00 in Beijing."""
NIGHT = Hours(22 * HOUR, 6 * HOUR)
DAYTIME = Hours(8 * HOUR, 22 * HOUR)


@pytest.mark.parametrize(
    ("number", "operator"),
    [
        (HOME, Operator.MOBILE),
        ("+8619812345678", Operator.MOBILE),
        ("+8618612345678", Operator.UNICOM),
        ("+8617091234567", Operator.UNICOM),
        ("+8618912345678", Operator.TELECOM),
        ("+8617001234567", Operator.TELECOM),
        ("+8613491234567", Operator.TELECOM),
        ("+8619212345678", Operator.BROADCAST),
        (LANDLINE, None),
        (ABROAD, None),
        ("+861381234567", None),
        ("", None),
    ],
)
def test_the_network_of_a_number(number: str, operator: Operator | None) -> None:
    """By its block; virtual operators by the network they run on; nothing is guessed."""
    assert operator_of(number) is operator


@given(st.integers(0, 10 * DAY), st.integers(0, 95), st.integers(0, 95))
def test_hours_hold_where_they_say(now: int, start: int, end: int) -> None:
    """They begin at a moment at which they hold, never in the past, never more than a day ahead, and not before it."""
    if start == end:
        return
    hours = Hours(start * HOUR // 4, end * HOUR // 4)
    begin = hours.begin_at(now)
    assert now <= begin < now + DAY
    assert hours.hold(begin)
    assert (begin == now) == hours.hold(now)
    assert begin == now or not hours.hold(begin - 1)


def test_hours_are_of_beijing() -> None:
    """Twenty-two o'clock is the bureau's, not Greenwich's."""
    assert NIGHT.hold(MIDNIGHT)
    assert NIGHT.begin_at(MIDNIGHT + 12 * HOUR) == MIDNIGHT + 22 * HOUR
    assert not DAYTIME.hold(MIDNIGHT)
    with pytest.raises(ValueError, match="begin when they end"):
        Hours(HOUR, HOUR)


ROUTES = frozenset({"own", "cloud"})


def test_what_is_not_public_never_goes_by_a_public_cloud() -> None:
    """Not if it is the only route, either: then a human is told."""
    rules = {"cloud": RouteRule(public_cloud=True)}
    assert admission(rules, ROUTES, HOME, 0, confidential=True).never == {"cloud"}
    assert admission(rules, ROUTES, HOME, 0, confidential=False).never == frozenset()
    only = admission(rules, frozenset({"cloud"}), HOME, 0, confidential=True)
    assert (only.nowhere, only.closed) == (True, {"cloud"})


def test_a_country_is_reached_or_not() -> None:
    """Whatever the route is good for at home, it does not ring abroad."""
    rules = {"own": RouteRule(countries=("+86",)), "cloud": RouteRule(countries=("+852", "+1"))}
    assert admission(rules, ROUTES, HOME, 0, confidential=False).never == {"cloud"}
    assert admission(rules, ROUTES, ABROAD, 0, confidential=False).never == {"own"}
    assert admission(rules, ROUTES, "+442071234567", 0, confidential=False).nowhere


def test_another_network_comes_last_and_is_taken_all_the_same() -> None:
    """Numbers are carried over: a hint never leaves anybody unreached."""
    rules = {"own": RouteRule(order=0, operators=frozenset({Operator.UNICOM})), "cloud": RouteRule(order=1)}
    said = admission(rules, ROUTES, HOME, 0, confidential=False)
    assert (said.never, said.unliked) == (frozenset(), {"own"})
    assert first_choice({"own": 9, "cloud": 1}, rules, said.unliked) == "cloud"
    assert first_choice({"own": 9}, rules, said.unliked) == "own"


def test_a_provider_that_does_not_ring_here_comes_last() -> None:
    """Its kind knows; it is still there when nothing else is, and for other countries it is as good as any."""
    rules = {"abroad": RouteRule(order=0, cannot_ring=("+86",)), "own": RouteRule(order=1)}
    routes = frozenset(rules)
    assert admission(rules, routes, HOME, 0, confidential=False).unliked == {"abroad"}
    assert admission(rules, routes, ABROAD, 0, confidential=False).unliked == frozenset()


def test_hours_make_it_wait_only_when_nothing_else_can_go() -> None:
    """One route open is enough; with all of them shut the first to open is waited for."""
    rules = {"own": RouteRule(hours=DAYTIME), "cloud": RouteRule(hours=Hours(7 * HOUR, 23 * HOUR))}
    shut = admission(rules, ROUTES, HOME, MIDNIGHT, confidential=False)
    assert (shut.shut, shut.opens_at, shut.nowhere) == (ROUTES, MIDNIGHT + 7 * HOUR, False)
    assert admission({"own": rules["own"]}, ROUTES, HOME, MIDNIGHT, confidential=False).opens_at is None


rule = st.builds(
    RouteRule,
    order=st.integers(0, 3),
    countries=st.sampled_from([(), ("+86",), ("+852",), ("+86", "+852")]),
    operators=st.frozensets(st.sampled_from(Operator), max_size=2),
    public_cloud=st.booleans(),
    hours=st.sampled_from([None, NIGHT, DAYTIME]),
)


@given(
    rules=st.dictionaries(st.sampled_from("abcd"), rule, min_size=1),
    number=st.sampled_from([HOME, ABROAD, LANDLINE]),
    now=st.integers(0, 3 * DAY),
    confidential=st.booleans(),
    room=st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9)),
)
def test_nothing_goes_where_it_may_not_and_nobody_waits_without_need(
    rules: dict[str, RouteRule], number: str, now: int, confidential: bool, room: dict[str, int]
) -> None:
    """The sets are disjoint and complete; a wait ends when something opens; order decides among those that are liked."""
    routes = frozenset(rules)
    said = admission(rules, routes, number, now, confidential=confidential)
    may = {name for name in routes if rules[name].may_ever(number, confidential=confidential)}
    assert routes - said.never == may
    assert not said.never & said.shut
    assert said.nowhere == (not may)
    assert (said.opens_at is not None) == (bool(may) and may == said.shut)
    if said.opens_at is not None:
        assert said.opens_at > now
        assert admission(rules, routes, number, said.opens_at, confidential=confidential).shut != may
    left = {name: count for name, count in room.items() if name in routes - said.closed}
    if left:
        chosen = first_choice(left, rules, said.unliked)
        liked = {name for name in left if name not in said.unliked}
        assert not liked or chosen in liked
        assert rules[chosen].order == min(rules[name].order for name in liked or left)


def test_what_nobody_could_reach_is_found_before_the_season() -> None:
    """A plan whose only voice route cannot ring here, or keeps office hours, is a finding."""
    planning = RoutePlanning({"cloud": RouteRule(countries=("+1",), public_cloud=True)})
    assert not planning.reaches(HOME)
    ours = RoutePlanning({"own": RouteRule(countries=("+86",), hours=DAYTIME)})
    assert ours.reaches(HOME)
    assert not RoutePlanning({"cloud": RouteRule(public_cloud=True)}).reaches(HOME, confidential=True)
    hours = [MIDNIGHT + hour * HOUR for hour in range(24)]
    assert len(ours.silent_at(HOME, hours)) == 10
    assert ours.silent_at(ABROAD, hours) == []
