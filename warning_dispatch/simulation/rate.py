"""How many messages a minute a simulated route takes."""

from __future__ import annotations

MINUTE = 60_000
"""In ms; also how many parts one message is counted in, so that the sums stay whole."""


class Rate:
    """A bucket that refills evenly and holds `burst` messages. Exact: no fractions."""

    def __init__(self, per_minute: int, burst: int) -> None:
        """Both in messages; the bucket starts full."""
        self._per_minute = per_minute
        self._size = burst * MINUTE
        self._held = self._size
        self._at: int | None = None

    def take(self, now: int) -> bool:
        """Take one message at `now` (ms, never going back); False when there is none."""
        if self._at is not None:
            self._held = min(self._size, self._held + (now - self._at) * self._per_minute)
        self._at = now
        if self._held < MINUTE:
            return False
        self._held -= MINUTE
        return True
