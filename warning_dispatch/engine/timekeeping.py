"""The wall clock is set by people and by NTP; deadlines must not notice.

A deadline is a row and a wall-clock moment. `ClockWatch` compares the wall clock with one that is never set; when the
two part, the engine moves every deadline along in one transaction before anything sees the new time, so that a gate
opens and a phone rings after the same real time as before. Downtime is no step: neither a stop of the process nor a
sleep of the machine parts the two clocks (ADR 10).

Over a restart there is nothing to compare with but the last reading a turn wrote down; see engine/clock_steps.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from warning_dispatch.clock import Clock

STEP_LIMIT = 30_000
"""ms by which the clocks may part before the deadlines move along. What is less is added up, not forgotten."""
READING_EVERY = 10_000
"""ms between readings written down: how much of a stop can be mistaken for a step back."""
AT_ONCE = 1_000
"""ms within which two clocks must be read to be compared: a process may be put to sleep between any two lines."""


class ClockRows(Protocol):
    """What depends on the wall clock, over all tables, and the clock's last reading."""

    def move(self, by: int) -> Sequence[int]:
        """Move every deadline by so many ms, facts not; the live call-outs. See store/clock_rows.py for the rule."""
        ...

    def moved(self) -> int:
        """By how many ms all deadlines have been moved since the beginning, by whomever."""
        ...

    def last_reading(self) -> int | None:
        """The wall time a turn last wrote down; None before the first."""
        ...

    def keep_reading(self, now: int) -> None:
        """Write the wall time down."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """The wall time, and by how much it was set since the clocks last agreed; 0 while that is within the limit."""

    now: int
    stepped: int


class ClockWatch:
    """Notices that the wall clock was set."""

    def __init__(self, clock: Clock, limit: int = STEP_LIMIT) -> None:
        """From now on. `limit` in ms."""
        self._clock = clock
        self._limit = limit
        now, running = self._both()
        self._apart = now - running

    def look(self) -> Reading:
        """Both clocks, now. The same step is reported until it is `settled`."""
        now, running = self._both()
        stepped = now - running - self._apart
        return Reading(now, stepped if abs(stepped) > self._limit else 0)

    def settled(self, stepped: int) -> None:
        """The deadlines have moved along by so much."""
        self._apart += stepped

    def _both(self) -> tuple[int, int]:
        """Wall time and running time of one moment."""
        while True:
            before = self._clock.monotonic()
            now = self._clock.now()
            running = self._clock.monotonic()
            if running - before <= AT_ONCE:
                return now, running


class Readings:
    """Writes the wall time down now and then, for the next start."""

    def __init__(self) -> None:
        """Nothing is written yet."""
        self._kept: int | None = None

    def keep(self, rows: ClockRows, now: int) -> None:
        """Write it if the last one is old, or lies ahead because the clock was set back."""
        if self._kept is None or not 0 <= now - self._kept < READING_EVERY:
            rows.keep_reading(now)
            self._kept = now
