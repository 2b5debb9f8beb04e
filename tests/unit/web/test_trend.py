"""The plots of a season: every call-out at its day and its height, whatever the values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.web.console.trend import BOTTOM, HEIGHT, LEFT, MARKS, RIGHT, TOP, WIDTH, ceiling, trend

SINCE, UNTIL = 1_785_000_000_000, 1_800_000_000_000
POINTS = st.lists(st.tuples(st.integers(SINCE, UNTIL - 1), st.integers(1, 99), st.floats(0, 1)), max_size=20)


@given(points=POINTS)
def test_every_call_out_stands_within_the_picture(points: list[tuple[int, int, float]]) -> None:
    """In the order of time, none outside the frame, higher values higher up."""
    drawn = trend(points, SINCE, UNTIL, 1.0)
    assert len(drawn.dots) == len(points)
    assert [dot.x for dot in drawn.dots] == sorted(dot.x for dot in drawn.dots)
    for dot in drawn.dots:
        assert LEFT <= dot.x <= WIDTH - RIGHT
        assert TOP <= dot.y <= HEIGHT - BOTTOM
    by_value = sorted(drawn.dots, key=lambda dot: dot.value)
    assert [dot.y for dot in by_value] == sorted((dot.y for dot in by_value), reverse=True)
    assert bool(drawn.line) == (len(points) > 1)


def test_the_axis_runs_from_the_first_day_to_the_last() -> None:
    """The end of the span is its last moment, not the day after."""
    marks = trend([], SINCE, UNTIL, 1.0).marks
    assert len(marks) == MARKS
    assert (marks[0][1], marks[-1][1]) == (SINCE, UNTIL - 1)


@given(values=st.lists(st.floats(0, 1e7), max_size=9))
def test_the_top_is_above_everything(values: list[float]) -> None:
    """Four levels that a person reads easily."""
    top = ceiling(values)
    assert top >= max(values, default=0)
    assert top > 0
    assert top % 4 == 0
