"""Whose turn it is when lines are scarce."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.configuration import Configuration
from warning_dispatch.escalation.order import TURN_BITS, first_turn, order_key, place, rank, turn_of
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.unit import UnitLevel

R, O = Colour.RED, Colour.ORANGE  # noqa: E741 - the two colours


def places(chain: CallChain) -> dict[str, int]:
    """Tier → its place."""
    return {tier.name: place(chain.tiers, index) for index, tier in enumerate(chain.tiers)}


def test_rank_goes_before_turn() -> None:
    """Practice last, red before orange, upper before lower, never called before called in vain: in this order."""
    ranked = [
        rank(colour, at, tried=tried, practice=practice)
        for practice, colour, at, tried in product((False, True), (R, O), (0, 5, 63), (False, True))
    ]
    assert ranked == sorted(set(ranked))
    keys = [order_key(one, turn) for one in ranked for turn in (0, 7, 1 << 30)]
    assert keys == sorted(keys)
    assert max(keys) < 1 << 62


def test_villages_of_all_plans_stand_together(configuration: Configuration) -> None:
    """What counts is the level: a county's own warning does not pass its villages before those of the city's."""
    city, county = places(configuration.chain("city")), places(configuration.chain("county"))
    assert city["villages"] == county["villages"]
    assert city["townships"] == county["townships"]
    assert county["leaders"] < city["counties"] == county["county_office"] < city["townships"]
    assert city["leaders"] < city["departments"] < county["leaders"]
    assert county["city_emergency"] < county["villages"]


def test_upper_tiers_of_every_shipped_plan_come_first(configuration: Configuration) -> None:
    """Whatever waits for a tier stands behind it."""
    for chain in configuration.chains:
        found = places(chain)
        for tier in chain.tiers:
            if tier.opens_after is not None:
                assert found[tier.opens_after] < found[tier.name], (chain.name, tier.name)


def test_tiers_of_one_level_keep_their_order(configuration: Configuration) -> None:
    """Two sorts of departments: first the first."""
    tiers = configuration.chain("city").tiers
    departments = next(tier for tier in tiers if tier.name == "departments")
    assert [place([departments] * 6, index) - place([departments], 0) for index in range(6)] == [0, 1, 2, 3, 3, 3]
    assert max(place([tier], 0) for tier in tiers if tier.select.level is UnitLevel.VILLAGE) < 64


@given(ranked=st.integers(0, 1_023), turn=st.integers(0, (1 << TURN_BITS) - 1))
def test_a_turn_can_be_read_off_its_key(ranked: int, turn: int) -> None:
    """The head of a queue says which turn is being served."""
    assert turn_of(order_key(ranked, turn)) == turn
    assert order_key(ranked, turn) < order_key(ranked + 1, 0)


def served(arrivals: list[tuple[int, str, int]]) -> list[str]:
    """One line serves one a moment; `arrivals` are (moment, county, how many). In which order the counties are called."""
    queue: list[tuple[int, int, str]] = []
    last: dict[str, int] = {}
    order: list[str] = []
    serial = moment = 0
    arrivals = sorted(arrivals)
    while arrivals or queue:
        while arrivals and arrivals[0][0] <= moment:
            _, county, count = arrivals.pop(0)
            if not queue:
                last.clear()
            turn = first_turn(last.get(county, 0), min(queue)[0] if queue else None)
            for number in range(turn, turn + count):
                queue.append((number, serial, county))
                serial += 1
            last[county] = turn + count - 1
        if queue:
            queue.sort()
            order.append(queue.pop(0)[2])
        moment += 1
    return order


def test_two_counties_alternate() -> None:
    """504 villages and 20: after forty calls the small county is done, not after 524."""
    order = served([(0, "large", 504), (0, "small", 20)])
    assert Counter(order[:40]) == {"large": 20, "small": 20}


@pytest.mark.parametrize("late", [20, 300])
def test_a_county_that_comes_late_shares_from_then_on(late: int) -> None:
    """Neither behind the 504 nor with all of its own before them."""
    order = served([(0, "first", 504), (250, "second", late)])
    assert set(order[:250]) == {"first"}
    for length in range(2, 2 * min(late, 250), 2):
        assert abs(Counter(order[250 : 250 + length])["second"] - length // 2) <= 1


def test_townships_that_open_one_after_the_other_are_one_county() -> None:
    """23 gates that open in turn give a county no more turns than one gate."""
    gates = [(minute, "many", 22) for minute in range(23)]
    order = served([*gates, (1, "one", 100)])
    assert abs(Counter(order[1:181])["many"] - 90) <= 2


@given(
    arrivals=st.lists(st.tuples(st.integers(0, 60), st.sampled_from("abc"), st.integers(1, 12)), min_size=1, max_size=9)
)
def test_nobody_is_passed_over(arrivals: list[tuple[int, str, int]]) -> None:
    """Everybody who came is called, and called once."""
    order = served(arrivals)
    wanted: Counter[str] = Counter()
    for _, county, count in arrivals:
        wanted[county] += count
    assert Counter(order) == wanted
