"""Reminders come on their days, once, never at night, and what was missed is one."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.clock import beijing_text
from warning_dispatch.renewal.reminders import Schedule, day_begins, day_ends, days_left, is_overdue, step_due

DUE = "2027-04-20"
SCHEDULE = Schedule()


def later(day: str, days: int) -> str:
    """A day some days later."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def test_each_day_of_the_schedule_has_its_reminder() -> None:
    """Opened three weeks before: seven reminders on seven days, none of them twice."""
    sent: list[tuple[str, int]] = []
    done: int | None = None
    for days in range(60):
        today = later("2027-03-30", days)
        step = step_due(SCHEDULE, DUE, "2027-03-30", today, done)
        if step is not None:
            sent.append((today, step))
            done = step
    assert sent == [(later(DUE, step), step) for step in SCHEDULE.days]


def test_opened_late_starts_with_what_is_still_to_come() -> None:
    """Nobody is reminded on the day they were asked, nor of days before."""
    assert step_due(SCHEDULE, DUE, "2027-04-19", "2027-04-19", None) is None
    assert step_due(SCHEDULE, DUE, "2027-04-06", "2027-04-06", None) is None
    assert step_due(SCHEDULE, DUE, "2027-04-06", "2027-04-13", None) == -7


@given(st.integers(-40, 0), st.lists(st.integers(0, 12), max_size=20), st.sets(st.integers(-30, 30), max_size=8))
def test_after_a_pause_one_reminder_and_not_the_missed_burst(opened: int, gaps: list[int], days: set[int]) -> None:
    """However long the daemon was down, a look gives at most one reminder, and steps only rise."""
    schedule = Schedule(tuple(sorted(days)))
    day, done, sent = later(DUE, opened), None, []
    for gap in gaps:
        day = later(day, gap)
        step = step_due(schedule, DUE, later(DUE, opened), day, done)
        if step is not None:
            sent.append(step)
            done = step
            assert step_due(schedule, DUE, later(DUE, opened), day, done) is None
    assert sent == sorted(set(sent))
    assert set(sent) <= days


def test_letters_go_by_day_only() -> None:
    """The hours are the schedule's: the first minute counts, the last does not."""
    assert [SCHEDULE.by_day(time) for time in ("00:00", "08:29", "08:30", "17:59", "18:00", "23:00")] == [
        False,
        False,
        True,
        True,
        False,
        False,
    ]


@given(st.dates(date(2026, 1, 1), date(2040, 12, 31)))
def test_a_day_is_a_beijing_day(day: date) -> None:
    """What was filed in its last second was in time, a second later it is late."""
    text = day.isoformat()
    assert beijing_text(day_begins(text)) == f"{text} 00:00:00"
    assert beijing_text(day_ends(text) - 1000) == f"{text} 23:59:59"
    assert day_ends(text) == day_begins(later(text, 1))


def test_overdue_begins_when_the_day_is_over() -> None:
    """The day itself still counts."""
    assert not is_overdue(DUE, DUE)
    assert is_overdue(DUE, "2027-04-21")
    assert (days_left(DUE, "2027-04-18"), days_left(DUE, DUE), days_left(DUE, "2027-04-23")) == (2, 0, -3)
