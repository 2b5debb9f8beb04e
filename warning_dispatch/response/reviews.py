"""复核: when key units are looked at again, and on which mornings the duty officer is reminded. PURE."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from warning_dispatch.model.key_units import Review
from warning_dispatch.model.unit import Unit, UnitKind

REMIND_AGAIN = (7, 1, 0)
"""Days before the review on which the bureau is reminded once more."""


def review_of(review_on: str, today: str, soon_days: int) -> Review:
    """How a review stands; days as 2026-04-20."""
    if review_on < today:
        return Review.OVERDUE
    return Review.SOON if _days(today, review_on) <= soon_days else Review.FINE


def to_remind(units: Iterable[Unit], today: str, soon_days: int) -> tuple[Unit, ...]:
    """Called key units whose review is due in `soon_days` days, or in a few, to the day: a reminder for each, not every day."""
    days = {soon_days, *(one for one in REMIND_AGAIN if one < soon_days)}
    return tuple(
        unit
        for unit in units
        if unit.kind is UnitKind.KEY_UNIT and unit.callable and unit.review_on and _days(today, unit.review_on) in days
    )


def _days(today: str, then: str) -> int:
    return (date.fromisoformat(then) - date.fromisoformat(today)).days
