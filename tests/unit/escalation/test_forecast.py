"""How long until 95 % have answered: rounded, never more than can be known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.escalation.forecast import before, remaining

MINUTE = 60_000


def test_nobody_to_call_and_no_line_have_no_estimate() -> None:
    """Where it would be an invention there is none."""
    assert before(0, 10, []) is None
    assert before(100, 0, []) is None
    assert remaining([], 100, 10) is None
    assert remaining([(0, 1)], 100, MINUTE) is None, "one answer is no pace"


def test_a_small_call_out_takes_as_long_as_its_ladder() -> None:
    """Lines do not matter for a handful; each hold comes on top."""
    assert before(5, None, []) == before(5, 100, []) == 5 * MINUTE
    assert before(5, None, [60_000, 120_000]) == 8 * MINUTE


@given(units=st.integers(1, 5000), lines=st.integers(1, 300))
def test_more_units_take_longer_and_more_lines_less(units: int, lines: int) -> None:
    """The estimate never goes the wrong way."""
    here = before(units, lines, [])
    assert here is not None
    assert (before(units + 100, lines, []) or 0) >= here
    assert (before(units, lines + 10, []) or 0) <= here


def test_the_present_pace_tells_the_rest() -> None:
    """A hundred a minute, half of a thousand done: 450 are missing, five minutes at the most."""
    points = [(minute * MINUTE, minute * 100) for minute in range(1, 6)]
    assert remaining(points, 1000, 5 * MINUTE) == 5 * MINUTE


def test_it_is_over_at_95_percent() -> None:
    """From then on nothing is estimated any more."""
    assert remaining([(1, 95)], 100, 2) == 0
    assert remaining([(1, 94)], 100, 2) != 0
