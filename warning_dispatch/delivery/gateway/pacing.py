"""步调: requests evenly spread, so that a batch does not go out in one moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


class Pace:
    """So many turns a second, one after another; none: at once. Of one event loop."""

    def __init__(
        self,
        per_second: int | None,
        now: Callable[[], float] = _loop_time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`per_second`: as the provider documents it. `now`, `sleep` in seconds."""
        self._gap = 1.0 / per_second if per_second else 0.0
        self._now = now
        self._sleep = sleep
        self._free_at = 0.0

    async def turn(self) -> None:
        """Returns when it is the caller's turn."""
        if not self._gap:
            return
        now = self._now()
        at = max(now, self._free_at)
        self._free_at = at + self._gap
        if at > now:
            await self._sleep(at - now)
