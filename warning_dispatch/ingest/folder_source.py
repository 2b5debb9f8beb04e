"""A watched folder as a source: look, take in, put away, again and again, by one daemon at a time."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from warning_dispatch.clock import Clock
from warning_dispatch.errors import StoreError
from warning_dispatch.ingest.desk import ATTEND_EVERY, SourceDesk
from warning_dispatch.ingest.folder import AT_ONCE, Found, WatchedFolder


class FolderSource:
    """Runs until cancelled. Whatever happens to one file, the others go on."""

    def __init__(self, tag: str, folder: WatchedFolder, desk: SourceDesk, clock: Clock, look_every: int) -> None:
        """`tag` as in raw_message.source; `look_every` in ms."""
        self._tag = tag
        self._folder = folder
        self._desk = desk
        self._clock = clock
        self._look_every = look_every
        self._held = False
        self._trouble = ""
        self._attend_at: int | None = None
        self._log = structlog.get_logger("source").bind(source=tag)

    async def run(self) -> None:
        """Look, take in, put away."""
        try:
            while True:
                if not await self._round():
                    await asyncio.sleep(self._clock.real_seconds(self._look_every))
        finally:
            if self._held:
                with suppress(StoreError):
                    await self._desk.let_go(self._tag)

    async def _round(self) -> bool:
        """One look; whether there is more to do at once."""
        try:
            return await self._attend() and await self._look()
        except StoreError as error:
            self._log.warning("source.store", error=str(error))
            return False

    async def _look(self) -> bool:
        try:
            found = await asyncio.to_thread(self._folder.look)
            done = await asyncio.gather(*(self._take(one) for one in found))
        except OSError as error:
            await self._fares(f"{type(error).__name__}: {error.strerror or error}")
            return False
        await self._fares("")
        if found:
            self._log.info("source.files", count=len(found), taken=sum(done))
        return len(found) >= AT_ONCE and all(done)

    async def _take(self, found: Found) -> bool:
        """Take one file in and put it away; False: it stays where it is and is tried again.

        A file over which the reading broke was kept with that verdict; it is found in the database at the next look.
        """
        try:
            result = await self._desk.take_in(found.raw, self._tag, found.item)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours in one message must not stop the source
            self._log.error("source.fault", error=type(error).__name__)
            return False
        await asyncio.to_thread(self._folder.put_away, found, result)
        return True

    # --- whose it is, and how it fares --------------------------------------------------------------------

    async def _attend(self) -> bool:
        now = self._clock.monotonic()
        if self._attend_at is None or now >= self._attend_at or not self._held:
            known = None if self._attend_at is None else self._trouble
            self._held = await self._desk.attend(self._tag, known)
            self._attend_at = now + ATTEND_EVERY
        return self._held

    async def _fares(self, trouble: str) -> None:
        """Tell the desk when something has changed."""
        if trouble == self._trouble:
            return
        self._trouble = trouble
        log = self._log.warning if trouble else self._log.info
        log("source.trouble" if trouble else "source.mended", trouble=trouble)
        await self._desk.attend(self._tag, trouble)
