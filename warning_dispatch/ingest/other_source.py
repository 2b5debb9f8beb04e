"""A source of another package's kind: look, take in, say so, again and again, by one daemon at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog

from warning_dispatch.clock import Clock
from warning_dispatch.errors import StoreError
from warning_dispatch.ingest.desk import ATTEND_EVERY, SourceDesk
from warning_dispatch.ingest.document import MAX_BYTES
from warning_dispatch.ingest.kinds import Incoming, Looker
from warning_dispatch.ingest.peek import peek_colour

PATIENCE = 60.0
"""Real seconds that a look may take: one that hangs is trouble like any other."""


class OtherSource:
    """Runs until cancelled. Whatever the looker does, the daemon goes on."""

    def __init__(self, tag: str, looker: Looker, desk: SourceDesk, clock: Clock, every: int) -> None:
        """`tag` as in raw_message.source; `every` in ms."""
        self._tag = tag
        self._looker = looker
        self._desk = desk
        self._clock = clock
        self._every = every
        self._held = False
        self._log = structlog.get_logger("source").bind(source=tag)

    async def run(self) -> None:
        """Look, wait, look."""
        try:
            while True:
                await self.round()
                await self._wait()
        finally:
            with suppress(StoreError):
                await self._desk.let_go(self._tag)
            await self._looker.close()

    async def _wait(self) -> None:
        """Wait for the next look, saying now and then that we are still there."""
        pause = self._every
        while pause > 0:
            some = min(pause, ATTEND_EVERY)
            await asyncio.sleep(self._clock.real_seconds(some))
            pause -= some
            if pause > 0 and self._held:
                with suppress(StoreError):
                    self._held = await self._desk.attend(self._tag)

    async def round(self) -> None:
        """One look, if the source is ours."""
        try:
            self._held = await self._desk.attend(self._tag)
            if self._held:
                await self._look()
        except StoreError as error:
            self._log.warning("source.store", error=str(error))

    async def _look(self) -> None:
        """1. Look. 2. Take in what is new, red first. 3. Tell the source. 4. Say how it fares."""
        try:
            async with asyncio.timeout(PATIENCE):  # not wait_for: in 3.11 it may swallow a cancel
                found = await self._looker.look()
            if stored := await self._take(found):
                async with asyncio.timeout(PATIENCE):
                    await self._looker.taken(stored)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - another package's code: its trouble is the source's, never the daemon's
            trouble = f"{type(error).__name__}: {error}"[:200]
            self._log.warning("source.trouble", trouble=trouble)
            await self._desk.attend(self._tag, trouble)
            return
        await self._desk.attend(self._tag, "")

    async def _take(self, found: Sequence[Incoming]) -> list[str]:
        """Names of what is stored now, whether by this look or an earlier one."""
        known = await self._desk.taken(self._tag, [one.item for one in found])
        stored = [one.item for one in found if one.item in known]
        new = [one for one in found if one.item not in known]
        for one in sorted(new, key=lambda one: -int(peek_colour(one.raw[:4_096]) or 0)):
            try:
                await self._desk.take_in(one.raw[: MAX_BYTES + 1], self._tag, one.item)
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - a fault of ours in one message; it was kept with that verdict
                self._log.error("source.fault", error=type(error).__name__)
                continue
            stored.append(one.item)
        if new:
            self._log.info("source.messages", count=len(new))
        return stored
