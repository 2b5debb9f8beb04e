"""Two clocks are watched: a wall clock that was set is noticed, whatever else happens is not taken for that."""

from __future__ import annotations

from warning_dispatch.clock import SystemClock, VirtualClock
from warning_dispatch.engine.timekeeping import STEP_LIMIT, ClockWatch

HOUR = 3_600_000


def test_time_that_passes_is_no_step() -> None:
    """Downtime, however long, moves both clocks: nothing moves along, everybody overdue is called."""
    clock = VirtualClock(0)
    watch = ClockWatch(clock)
    clock.advance_to(8 * HOUR)
    assert watch.look().stepped == 0
    assert watch.look().now == 8 * HOUR


def test_a_step_is_reported_until_the_deadlines_have_moved() -> None:
    """Forward and back, to the millisecond; a move that failed is asked for again."""
    clock = VirtualClock(10 * HOUR)
    watch = ClockWatch(clock)
    clock.step(HOUR)
    clock.advance_to(12 * HOUR)
    assert watch.look().stepped == watch.look().stepped == HOUR
    watch.settled(HOUR)
    assert watch.look().stepped == 0
    clock.step(-HOUR)
    assert watch.look().stepped == -HOUR


def test_small_steps_are_added_up_not_lost() -> None:
    """Twenty seconds are left alone; twenty more and the whole forty move along."""
    clock = VirtualClock(0)
    watch = ClockWatch(clock)
    clock.step(20_000)
    assert watch.look().stepped == 0
    clock.advance_to(5 * HOUR)
    clock.step(20_000)
    assert watch.look().stepped == 40_000


def test_the_limit_itself_is_still_left_alone() -> None:
    """More than thirty seconds, not thirty."""
    clock = VirtualClock(0)
    watch = ClockWatch(clock)
    clock.step(STEP_LIMIT)
    assert watch.look().stepped == 0
    clock.step(1)
    assert watch.look().stepped == STEP_LIMIT + 1


class Sleepy(VirtualClock):
    """A clock whose reader is put to sleep for a minute right between two readings, once."""

    naps = 0

    def now(self) -> int:
        """The wall time, and then the nap."""
        found = super().now()
        if self.naps:
            self.naps -= 1
            self.advance_to(found + 60_000)
        return found


def test_a_process_put_to_sleep_between_two_readings_sees_no_step() -> None:
    """The readings are taken again: nobody's deadline moves because the machine was busy."""
    clock = Sleepy(0)
    watch = ClockWatch(clock)
    clock.naps = 1
    assert watch.look().stepped == 0


def test_the_machines_own_clocks_agree() -> None:
    """Both readings of the machine are milliseconds of the same pace."""
    watch = ClockWatch(SystemClock())
    assert watch.look().stepped == 0
