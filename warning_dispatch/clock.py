"""The only file that reads the time or sleeps. Everywhere else time is an argument.

Times are integer milliseconds since 1970-01-01 UTC.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """What tells the time."""

    def now(self) -> int:
        """Milliseconds since the epoch, UTC."""
        ...

    def monotonic(self) -> int:
        """Milliseconds of a clock that is never set and never stands still, not even while the machine sleeps."""
        ...

    def real_seconds(self, ms: int) -> float:
        """How many real seconds `ms` of this clock last."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Wall time."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> int:
        """Time since the boot, suspended or not (ADR 10); where there is no such clock, Python's monotonic one."""
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        return time.monotonic_ns() // 1_000_000

    def real_seconds(self, ms: int) -> float:
        """One second lasts one second."""
        return ms / 1000


class ServedClock(SystemClock):
    """The clock of a server that several machines go by. Between two looks at it this machine's own clock runs on."""

    def __init__(self, served: Callable[[], int], slow: int = 1_000) -> None:
        """`served` asks the server (ms since the epoch). An answer that took longer than `slow` ms tells nothing."""
        self._served = served
        self._slow = slow
        self._ahead = self._sample()[0]
        """ms by which the server's wall clock is ahead of our running one."""

    def look(self) -> None:
        """Ask again; what `served` raises passes through, and the clock runs on as before."""
        ahead, took = self._sample()
        if took <= self._slow:
            self._ahead = ahead

    def now(self) -> int:
        """The server's wall time."""
        return self.monotonic() + self._ahead

    def _sample(self) -> tuple[int, int]:
        before = self.monotonic()
        served = self._served()
        took = self.monotonic() - before
        return served - before - took // 2, took


class ScaledClock:
    """A clock that starts at `start` and runs `speed` times as fast as the machine's (demo)."""

    def __init__(self, start: int, speed: float) -> None:
        """`start` in ms; `speed` > 0."""
        self._start = start
        self._speed = speed
        self._origin = time.monotonic_ns()

    def now(self) -> int:
        """Scaled wall time."""
        return self._start + self.monotonic()

    def monotonic(self) -> int:
        """Scaled milliseconds since the clock was made."""
        return int((time.monotonic_ns() - self._origin) * self._speed) // 1_000_000

    def real_seconds(self, ms: int) -> float:
        """A scaled second is shorter."""
        return ms / 1000 / self._speed


class VirtualClock:
    """A clock that moves only when told: storms, planning, tests."""

    def __init__(self, start: int) -> None:
        """`start` in ms."""
        self._now = start
        self._origin = start

    def now(self) -> int:
        """The virtual moment."""
        return self._now

    def monotonic(self) -> int:
        """Virtual milliseconds since the start."""
        return self._now - self._origin

    def real_seconds(self, ms: int) -> float:  # noqa: ARG002 - virtual time costs no real time
        """Virtual time passes at once."""
        return 0.0

    def advance_to(self, moment: int) -> None:
        """Let time pass; never back."""
        self._now = max(self._now, moment)

    def step(self, by: int) -> None:
        """Somebody sets the wall clock `by` ms forward (or back): no time passes."""
        self._now += by
        self._origin += by


def stopwatch() -> float:
    """Seconds of a precise monotonic clock, for measuring how long a thing took."""
    return time.perf_counter()


def pause(seconds: float) -> None:
    """Sleep for real. For supervisors and back-off at start-up only."""
    time.sleep(seconds)


def utc_offset_of_this_machine() -> int:
    """How many ms the machine's own local time is ahead of UTC: its logs and timers go by it, nothing that we show."""
    return time.localtime().tm_gmtoff * 1000


def beijing_text(moment: int, pattern: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A moment as a person in Shanxi reads it."""
    return datetime.fromtimestamp(moment / 1000, UTC).astimezone(BEIJING).strftime(pattern)


def day_begins(day: str) -> int:
    """The first moment (ms UTC) of a day in Beijing, given as 2026-04-20. ValueError for what is no day."""
    return int(datetime.fromisoformat(day).replace(tzinfo=BEIJING).timestamp()) * 1000


def iso_text(moment: int) -> str:
    """A moment as ISO 8601 with the +08:00 offset, to the second."""
    return datetime.fromtimestamp(moment // 1000, UTC).astimezone(BEIJING).isoformat()
