"""Medians, quantiles and shares: of values that were there, whatever they are."""

from __future__ import annotations

import statistics as reference

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.figures.statistics import added, counted, mean, median, quantile, share, total, until_share

VALUES = st.lists(st.integers(0, 5_000), max_size=60)
SOME = st.lists(st.integers(0, 5_000), min_size=1, max_size=60)


@given(values=SOME)
def test_the_median_is_a_value_in_the_middle(values: list[int]) -> None:
    """As the library's lower median: the time of a unit that was there."""
    assert median(counted(values)) == reference.median_low(values)


@given(values=SOME, part=st.floats(0.01, 1))
def test_a_quantile_is_the_smallest_that_enough_do_not_exceed(values: list[int], part: float) -> None:
    """At least that share is not greater, and of any smaller value less than that."""
    found = quantile(counted(values), part)
    assert found in values
    assert sum(one <= found for one in values) >= part * len(values) - 1e-6
    smaller = [one for one in values if one < found]
    assert len(smaller) < part * len(values) + 1e-6


@given(values=SOME, parts=st.lists(st.floats(0.01, 1), min_size=2, max_size=2))
def test_a_larger_share_takes_no_less_time(values: list[int], parts: list[float]) -> None:
    """Quantiles rise."""
    low, high = (quantile(counted(values), part) for part in sorted(parts))
    assert low is not None
    assert high is not None
    assert low <= high


@given(lists=st.lists(VALUES, max_size=4))
def test_counts_add_up(lists: list[list[int]]) -> None:
    """Counting parts and adding them is counting the whole."""
    assert added(map(counted, lists)) == counted([one for values in lists for one in values])
    assert total(added(map(counted, lists))) == sum(map(len, lists))


@given(values=SOME, silent=st.integers(0, 20), part=st.floats(0.05, 1))
def test_how_long_until_a_share_had_answered(values: list[int], silent: int, part: float) -> None:
    """The moment at which that many of all asked had answered; never, when too many stayed silent."""
    asked = len(values) + silent
    found = until_share(counted(values), asked, part)
    if found is None:
        assert len(values) < part * asked + 1e-6
    else:
        assert sum(one <= found for one in values) >= part * asked - 1e-6


def test_of_nothing_there_is_nothing() -> None:
    """No zero is invented where nobody answered."""
    assert (median({}), quantile({}, 0.9), mean({}), share(0, 0), until_share({}, 0, 0.95)) == (None,) * 5


@given(values=SOME)
def test_the_mean_is_the_librarys(values: list[int]) -> None:
    """Calls per person."""
    assert mean(counted(values)) == pytest.approx(reference.fmean(values))
