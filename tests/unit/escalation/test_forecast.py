"""How long until 95 % have answered: rounded, never more than can be known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.escalation.forecast import before, course, remaining

MINUTE = 60_000


def test_nobody_to_call_and_no_line_have_no_estimate() -> None:
    """Where it would be an invention there is none."""
    assert before([], 10) is before([(0, 0)], 10) is before([(0, 100)], 0) is None
    assert remaining([], 100, 10) is None
    assert remaining([(0, 1)], 100, MINUTE) is None, "one answer is no pace"


def test_without_scarce_lines_it_takes_as_long_as_its_ladder() -> None:
    """Lines do not matter for a handful; a tier that opens later comes on top."""
    alone = before([(0, 100)], None)
    assert alone == before([(0, 100)], 10_000)
    assert before([(0, 5), (5 * MINUTE, 100)], None) == (alone or 0) + 5 * MINUTE


@given(units=st.integers(20, 5000), lines=st.integers(1, 300))
def test_more_units_take_longer_and_more_lines_less(units: int, lines: int) -> None:
    """The estimate never goes the wrong way."""
    here = before([(0, units)], lines)
    if here is not None:
        assert (before([(0, units)], lines + 10) or 0) <= here
        longer = before([(0, 2 * units)], lines)
        assert longer is None or longer >= here


@given(st.lists(st.tuples(st.integers(0, 600_000), st.integers(0, 3000)), max_size=5), st.integers(1, 200))
def test_a_course_only_rises_and_never_passes_all(tiers: list[tuple[int, int]], lines: int) -> None:
    """It is drawn beside the curve of answers."""
    points = course(tiers, lines)
    assert points == sorted(points)
    assert all(answered <= sum(units for _, units in tiers) for _, answered in points)
    assert [one for _, one in points] == sorted(one for _, one in points)


def test_the_present_pace_tells_the_rest() -> None:
    """A hundred a minute, half of a thousand done: 450 are missing, five minutes at the most."""
    points = [(minute * MINUTE, minute * 100) for minute in range(1, 6)]
    assert remaining(points, 1000, 5 * MINUTE) == 5 * MINUTE


def test_it_is_over_at_95_percent() -> None:
    """From then on nothing is estimated any more."""
    assert remaining([(1, 95)], 100, 2) == 0
    assert remaining([(1, 94)], 100, 2) != 0
