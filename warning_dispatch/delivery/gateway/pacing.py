"""步调: requests evenly spread, so that a batch does not go out in one moment."""

from __future__ import annotations

import asyncio


class Pace:
    """So many turns a second, one after another; none: at once. Of one event loop."""

    def __init__(self, per_second: int | None) -> None:
        """`per_second`: as the provider documents it."""
        self._gap = 1.0 / per_second if per_second else 0.0
        self._free_at = 0.0

    async def turn(self) -> None:
        """Returns when it is the caller's turn."""
        if not self._gap:
            return
        now = asyncio.get_running_loop().time()
        at = max(now, self._free_at)
        self._free_at = at + self._gap
        if at > now:
            await asyncio.sleep(at - now)
