"""演练日历: when somebody is reminded of a drill, and when it comes again. PURE; days are written 2026-05-12."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

REMIND_BEFORE: tuple[int, ...] = (14, 3, 0)
"""Days before a drill on which the bureau is reminded: time to compose it, time to announce it, and the day itself."""
NEVER = -1
"""No reminder has been given."""


def due_reminder(day: str, today: str, told: int, before: Sequence[int] = REMIND_BEFORE) -> int | None:
    """The reminder to give now, as days before the drill; None: none. `told`: the last one that was given.

    Of several that were missed only the latest is given, and a day that has passed is reminded of no more.
    """
    left = (date.fromisoformat(day) - date.fromisoformat(today)).days
    due = [one for one in before if left <= one]
    if left < 0 or not due:
        return None
    latest = min(due)
    return latest if told == NEVER or latest < told else None


def is_past(day: str, today: str) -> bool:
    """Whether the day is over."""
    return day < today


def next_year(day: str) -> str:
    """The same day a year later; of 29 February the 28th."""
    then = date.fromisoformat(day)
    try:
        return then.replace(year=then.year + 1).isoformat()
    except ValueError:
        return (then - timedelta(days=1)).replace(year=then.year + 1).isoformat()
