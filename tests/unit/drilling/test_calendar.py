"""When somebody is reminded of a drill."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.drilling.calendar import NEVER, REMIND_BEFORE, due_reminder, is_past, next_year


@given(day=st.dates(date(2020, 1, 1), date(2090, 1, 1)), looks=st.lists(st.integers(-40, 10), min_size=1))
def test_each_reminder_comes_once_and_none_after_the_day(day: date, looks: list[int]) -> None:
    """However often the daemon looks, and however long it was down."""
    told, given_ = NEVER, []
    for offset in sorted(looks):
        found = due_reminder(day.isoformat(), (day + timedelta(days=offset)).isoformat(), told)
        if found is not None:
            assert offset <= 0
            assert -offset <= found
            told = found
            given_.append(found)
    assert given_ == sorted(set(given_), reverse=True)
    assert set(given_) <= set(REMIND_BEFORE)


def test_of_several_missed_ones_only_the_nearest_is_given() -> None:
    """A daemon that was down for a fortnight says it once."""
    assert due_reminder("2026-05-12", "2026-05-11", NEVER) == 3
    assert due_reminder("2026-05-12", "2026-05-12", 3) == 0
    assert due_reminder("2026-05-12", "2026-05-12", 0) is None
    assert due_reminder("2026-05-12", "2026-04-01", NEVER) is None


@pytest.mark.parametrize(("day", "after"), [("2026-05-12", "2027-05-12"), ("2028-02-29", "2029-02-28")])
def test_a_year_later(day: str, after: str) -> None:
    """The same day, or the last of February."""
    assert next_year(day) == after
    assert is_past(day, after)
    assert not is_past(day, day)
