"""Passing on, for as long as the daemon runs: what was accepted goes into the feed at once and to the outlets in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from warning_dispatch.clock import Clock
from warning_dispatch.errors import StoreError
from warning_dispatch.model.sources import Post, Posted
from warning_dispatch.outward.outlets import OutletPoster

AT_ONCE = 64
"""Posts claimed in one transaction."""
LOOK_EVERY = 2_000
"""ms between looks when nothing was taken in here: for what another daemon accepted, or an officer released by a command."""
HOLD_EVERY = 10_000
"""ms between two words about the lease, which lasts three times as long."""


class OutletDesk(Protocol):
    """What is needed of the daemon's desk. StoreError: try again."""

    accepted: asyncio.Event

    async def hold_outward(self) -> bool:
        """Whether this daemon passes warnings on."""
        ...

    async def let_go_outward(self) -> None:
        """Let another daemon begin at once."""
        ...

    async def publish(self) -> int:
        """Pass on everything that was accepted."""
        ...

    async def claim_posts(self, limit: int) -> Sequence[Post]:
        """Posts that are due."""
        ...

    async def posted(self, posts: Sequence[tuple[Post, Posted]]) -> None:
        """What became of them."""
        ...

    async def next_post(self) -> int | None:
        """When the next post is due, ms."""
        ...


class PassingOn:
    """Runs until cancelled."""

    def __init__(self, desk: OutletDesk, poster: OutletPoster | None, clock: Clock) -> None:
        """`poster` None: there are no outlets."""
        self._desk = desk
        self._poster = poster
        self._clock = clock
        self._held = False
        self._hold_at: int | None = None
        self._log = structlog.get_logger("outward")

    async def run(self) -> None:
        """Publish, post, wait."""
        try:
            while True:
                await self._wait(await self._look())
        finally:
            if self._held:
                with suppress(StoreError):
                    await self._desk.let_go_outward()

    async def _look(self) -> int:
        """One round; ms until the next."""
        self._desk.accepted.clear()
        try:
            return await self._round()
        except StoreError as error:
            self._log.warning("outward.store", error=str(error))
            return LOOK_EVERY

    async def _wait(self, pause: int) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._clock.real_seconds(pause)):  # wait_for may swallow a cancel in 3.11
                await self._desk.accepted.wait()

    async def _hold(self) -> bool:
        """Whether it is ours to pass on; the lease is prolonged now and then, not at every message."""
        now = self._clock.monotonic()
        if not self._held or self._hold_at is None or now >= self._hold_at:
            self._held, self._hold_at = await self._desk.hold_outward(), now + HOLD_EVERY
        return self._held

    async def _round(self) -> int:
        """How long to wait until the next look, ms."""
        if not await self._hold():
            return HOLD_EVERY
        count = await self._desk.publish()
        if count:
            self._log.info("outward.published", count=count)
        if self._poster is None:
            return LOOK_EVERY
        while posts := await self._desk.claim_posts(AT_ONCE):
            results = await self._poster.post(posts)
            await self._desk.posted(results)
            self._log.info(
                "outward.posted", count=len(results), delivered=sum(result.delivered for _, result in results)
            )
        due = await self._desk.next_post()
        return LOOK_EVERY if due is None else max(0, min(LOOK_EVERY, due - self._clock.now()))
