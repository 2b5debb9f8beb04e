"""Counts add up, whichever way they are looked at."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.model.renewal import FilingState
from warning_dispatch.renewal.progress import Group, rows_by, tally

groups = st.lists(
    st.builds(
        Group,
        st.sampled_from(["", "141124", "141102"]),
        st.sampled_from(["", "water"]),
        st.integers(1, 4),
        st.sampled_from(list(FilingState)),
        st.booleans(),
        st.booleans(),
        st.integers(1, 50),
    ),
    max_size=20,
)


@given(groups)
def test_rows_add_up_to_the_whole(found: list[Group]) -> None:
    """The counties together are the campaign, and every filing is in exactly one state."""
    whole = tally(found)
    rows = rows_by(found, lambda one: one.county, {})
    assert sum(row.tally.total for row in rows) == whole.total
    assert sum(row.tally.filed for row in rows) == whole.filed
    states = (whole.asked, whole.handed_in, whole.returned, whole.filed, whole.lapsed, whole.withdrawn)
    assert sum(states) == whole.total
    assert whole.late <= whole.filed
    assert whole.changed <= whole.filed


@given(groups)
def test_a_hundred_percent_means_all(found: list[Group]) -> None:
    """Rounded down: one that is missing is seen."""
    whole = tally(found)
    counted = whole.total - whole.withdrawn
    assert 0 <= whole.percent <= 100
    assert (whole.percent == 100) == (whole.filed >= counted)


def test_lines_leave_out_who_has_none() -> None:
    """Villages have no department line."""
    found = [Group("141124", sector, 2, FilingState.FILED, False, False, 1) for sector in ("", "water")]
    assert [row.key for row in rows_by(found, lambda one: one.sector, {}, empty=False)] == ["water"]
