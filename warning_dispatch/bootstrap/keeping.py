"""The daily run of retention in the daemon: through the one writer's last lane, so that whatever is urgent goes first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import structlog

from warning_dispatch.clock import Clock
from warning_dispatch.engine.engine import Done
from warning_dispatch.engine.lanes import Lane, Writer
from warning_dispatch.errors import StoreError
from warning_dispatch.store.retention import Removed, Retention, cutoff

T = TypeVar("T")

RETENTION_EVERY = 3_600.0
"""Seconds between two looks at whether the run of the day is due."""


class DailyRetention:
    """Asked every hour; once a day one of the daemons on a database removes what is old, while nothing is being called."""

    def __init__(self, retention: Retention, clock: Clock) -> None:
        """`retention` of the installation's database."""
        self._retention = retention
        self._clock = clock
        self._log = structlog.get_logger("retention")

    async def look(self, writer: Writer) -> None:
        """One look; a database that cannot be used now can be used in an hour."""
        try:
            if await self._in_lane(writer, self._retention.claim):
                await self._run(writer)
        except StoreError as error:
            self._log.warning("retention.postponed", error=str(error))

    async def _run(self, writer: Writer) -> None:
        """The search reads beside the engine; every removal is a short job of the writer's, with turns in between."""
        now = self._clock.now()
        old = await asyncio.to_thread(self._retention.old, now)
        removed = Removed(cutoff(now, self._retention.days))
        steps = self._retention.steps(now, old, removed)
        while await self._in_lane(writer, lambda _now: next(steps, False) is None):
            pass
        if removed.anything:
            self._log.info("retention.removed", **removed.document())

    @staticmethod
    async def _in_lane(writer: Writer, work: Callable[[int], T]) -> T:
        return await asyncio.wrap_future(writer.submit(Lane.INTAKE, lambda now: Done(work(now))))
