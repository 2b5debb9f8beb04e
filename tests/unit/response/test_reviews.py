"""复核: how reviews of key units stand, and on which mornings the bureau is reminded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from warning_dispatch.model.key_units import Review
from warning_dispatch.model.unit import Unit, UnitKind, UnitLevel
from warning_dispatch.response.reviews import review_of, to_remind

TODAY = "2027-03-01"
MINE = Unit("141124-k01", "某煤矿", UnitKind.KEY_UNIT, UnitLevel.COUNTY, "141124", "141124", "coal_mine")


@pytest.mark.parametrize(
    ("review_on", "found"),
    [
        ("", Review.OVERDUE),
        ("2027-02-28", Review.OVERDUE),
        ("2027-03-01", Review.SOON),
        ("2027-03-31", Review.SOON),
        ("2027-04-01", Review.FINE),
    ],
)
def test_how_a_review_stands(review_on: str, found: Review) -> None:
    """A day that nobody wrote is overdue; the day itself is not yet."""
    assert review_of(review_on, TODAY, 30) is found


def test_reminded_on_a_few_mornings_not_every_day() -> None:
    """A month, a week, a day before, and on the day: four times in all."""
    mine = replace(MINE, review_on="2027-03-31")
    days = [f"2027-03-{day:02d}" for day in range(1, 32)]
    assert [day for day in days if to_remind([mine], day, 30)] == [
        "2027-03-01",
        "2027-03-24",
        "2027-03-30",
        "2027-03-31",
    ]


def test_only_key_units_that_are_called() -> None:
    """A department has no review, an ended key unit needs none, and one without a day stands in the list of gaps."""
    others = [
        replace(MINE, kind=UnitKind.DEPARTMENT, review_on="2027-03-31"),
        replace(MINE, callable=False, review_on="2027-03-31"),
        MINE,
    ]
    assert to_remind(others, TODAY, 30) == ()
