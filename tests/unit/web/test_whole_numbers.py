"""What a person, or somebody who plays with addresses, puts where a number belongs."""

from __future__ import annotations

import pytest

from warning_dispatch.web.console.listing import page_number
from warning_dispatch.web.filing_forms import pairs, whole


@pytest.mark.parametrize(("sent", "read"), [("7", 7), ("", 3), ("-1", 3), ("x", 3), (None, 3), ("9" * 15, 10**15 - 1)])
def test_a_number_is_read_and_anything_else_is_the_usual_one(sent: object, read: int) -> None:
    """Fields and addresses come from outside: what is no number is none, and breaks nothing."""
    assert whole(sent, 3) == read


@pytest.mark.parametrize("digits", [16, 19, 5_000])
def test_a_number_longer_than_any_of_ours_is_none(digits: int) -> None:
    """More than a database or Python would take: the page answers as for no number at all, not with an apology."""
    assert whole("9" * digits, 3) == 3
    assert pairs(["141124101205:" + "9" * digits, "141124101206:2"]) == [("141124101206", 2)]


@pytest.mark.parametrize(("sent", "read"), [("2", 2), ("0", 1), ("", 1), ("x", 1), ("99999", 99_999), ("100000", 1)])
def test_pages_are_counted_from_one(sent: str, read: int) -> None:
    """The lists of the duty desk."""
    assert page_number({"page": sent}) == read
