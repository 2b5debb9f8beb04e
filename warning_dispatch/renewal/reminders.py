"""催报: when reminders are due. PURE. Days are written 2027-04-20, times of the day 08:30."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """`days`: before (negative) and after the day on which filings are due. Letters go between the two hours only."""

    days: tuple[int, ...] = (-14, -7, -3, -1, 1, 3, 7)
    begins: str = "08:30"
    ends: str = "18:00"

    def by_day(self, time: str) -> bool:
        """Whether letters may go at a time of the day: never at night."""
        return self.begins <= time < self.ends


def step_due(schedule: Schedule, due: str, opened: str, today: str, done: int | None) -> int | None:
    """The reminder to send today, as its day counted from the day due; None: none is.

    Several that were missed (the daemon was down, or it was night) are one. Nothing is sent on the day the campaign was
    opened: everybody has just been asked. `done`: the last one that was sent.
    """
    end = date.fromisoformat(due)
    come = [
        step
        for step in schedule.days
        if opened < (end + timedelta(days=step)).isoformat() <= today and (done is None or step > done)
    ]
    return max(come, default=None)


def day_begins(day: str) -> int:
    """The moment (ms) at which a day begins in Beijing, which knows no summer time."""
    return (date.fromisoformat(day) - _EPOCH).days * 86_400_000 - 8 * 3_600_000


def day_ends(day: str) -> int:
    """The moment at which it is over."""
    return day_begins(day) + 86_400_000


def is_overdue(due: str, today: str) -> bool:
    """Whether the day is over."""
    return today > due


def days_left(due: str, today: str) -> int:
    """Days from today until it is due; negative when it is over."""
    return (date.fromisoformat(due) - date.fromisoformat(today)).days
