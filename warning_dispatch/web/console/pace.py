"""How often open pages are looked at, so that many of them cost the engine nothing that shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Final

import anyio

EVERY: Final = 0.5
"""Seconds between two looks: an answer is on the page within one."""
SHARE: Final = 0.2
"""Of the time that goes by, all streams together look for so much of it at most: with many open they look less often."""


class Pace:
    """How often streams look. Whatever stands open, the engine in the same process has the machine.

    Looks go one after the other, so that the engine's thread contends with one and not with fifty; and the time between
    two of them grows with what one round of them all costs, which is more on a machine that has other things to do.
    """

    def __init__(self) -> None:
        """Nobody looks yet."""
        self._open: Counter[Hashable] = Counter()
        self._cost: dict[Hashable, float] = {}
        self.one = anyio.CapacityLimiter(1)

    @contextmanager
    def opened(self, key: Hashable) -> Iterator[None]:
        """While somebody looks."""
        self._open[key] += 1
        try:
            yield
        finally:
            self._open[key] -= 1
            if self._open[key] <= 0:
                del self._open[key]
                self._cost.pop(key, None)

    def took(self, key: Hashable, seconds: float) -> None:
        """What a look cost."""
        if key in self._open:
            self._cost[key] = seconds

    def is_open(self, key: Hashable) -> bool:
        """Whether anybody looks."""
        return key in self._open

    @property
    def every(self) -> float:
        """Seconds between two looks at the same thing."""
        return max(EVERY, sum(self._cost.values()) / SHARE)
