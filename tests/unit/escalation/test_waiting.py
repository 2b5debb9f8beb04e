"""The estimate for a unit that nobody could call yet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.escalation.waiting import USUAL_CALL, estimate, rounded

MINUTE = 60_000


def test_the_place_in_the_queue_by_the_lines() -> None:
    """180 before it, ten lines, calls of 40 seconds: about 12 minutes."""
    assert estimate(180, 10, 40_000) == 12 * MINUTE


def test_before_any_call_has_ended_the_usual_length_counts() -> None:
    """The first minutes of a call-out know nothing of this night yet."""
    assert estimate(90, 10, None) == estimate(90, 10, USUAL_CALL) == 6 * MINUTE


@pytest.mark.parametrize(("position", "lines"), [(None, 10), (5, None), (5, 0), (5, -1)])
def test_no_estimate_is_better_than_an_invented_one(position: int | None, lines: int | None) -> None:
    """Not in the queue, no limit of lines, or no line in service at all: nobody can know."""
    assert estimate(position, lines, 40_000) is None


@pytest.mark.parametrize(
    ("wait", "told"),
    [(1, 1), (60_000, 1), (60_001, 2), (1_190_000, 20), (1_260_000, 25), (3_590_000, 60), (3_700_000, 75)],
)
def test_rounded_up_to_what_such_a_guess_deserves(wait: int, told: int) -> None:
    """To the minute up to twenty, then five, then a quarter of an hour: never earlier than computed."""
    assert rounded(wait) == told * MINUTE


def test_hours_are_told_by_the_half() -> None:
    """Ten lines for 2,500 villages: the guess is coarse, and says so."""
    assert rounded(4 * 60 * MINUTE + 1) == 4 * 60 * MINUTE + 30 * MINUTE


@given(st.integers(1, 10**6), st.integers(1, 500), st.integers(1, 300_000))
def test_later_in_the_queue_is_never_sooner(position: int, lines: int, mean: int) -> None:
    """Never less than the plain division, never out of order, at least a minute."""
    told = estimate(position, lines, mean)
    assert told is not None
    assert told >= max(MINUTE, position * mean / lines)
    assert told <= (estimate(position + 1, lines, mean) or 0)
