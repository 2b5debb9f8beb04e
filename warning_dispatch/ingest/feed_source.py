"""A polled feed as a source: ask whether there is something new, fetch it, take it in; by one daemon at a time.

The feed's tag and date are remembered only when every new message of the index was taken in: until then the index is read
again, and what is in the database already is passed over. A feed that fails is asked again after growing pauses.

A message of the index that cannot be fetched says nothing of the feed: the index is read as often as ever, what is new in it
comes first, and the missing one is tried again after growing pauses of its own. A human is told once of one that stays missing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

import structlog

from warning_dispatch.clock import Clock
from warning_dispatch.errors import StoreError
from warning_dispatch.ingest.desk import ATTEND_EVERY, SourceDesk
from warning_dispatch.ingest.feed_index import Entry, FeedError, read_index
from warning_dispatch.ingest.fetching import OK, Fetcher, FetchError
from warning_dispatch.ingest.no_xml import no_message_finding
from warning_dispatch.model.colour import Colour

AT_ONCE = 4
"""Messages fetched beside each other: a burst must not look like an attack."""
LONGEST_PAUSE = 900_000
"""ms between two polls of a feed that fails."""
TRIES_TOLD, TOLD_AFTER = 3, 120_000
"""So often, and for so many ms, an entry is tried in vain before a human is told."""
LONGEST_SKIP = {True: 4, False: 15}
"""Polls that pass at most before a missing entry is tried again; True: it looks orange or red."""
MISSING_AT_ONCE = 8
"""Missing entries that are tried in one poll, each of which may take as long as the fetcher waits."""
MOST_TOLD = 200
"""Entries that a feed's cursor remembers to have been told of."""
ACCEPTED = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.9"


@dataclass(frozen=True, slots=True)
class FeedPlan:
    """A feed. `every` in ms; `prefixes`: only entries whose name (its last part) begins with one of these."""

    tag: str
    address: str
    every: int
    prefixes: tuple[str, ...] = ()

    def wants(self, entry: Entry) -> bool:
        """Whether the entry is of interest."""
        last = entry.name.replace(":", "/").rstrip("/").rpartition("/")[2]
        return not self.prefixes or last.startswith(self.prefixes)


@dataclass(slots=True)
class Missing:
    """An entry that could not be fetched, since when: how often it was tried, and how many polls pass before it is again."""

    since: int
    tries: int = 0
    skip: int = 0
    trouble: str = ""
    told: bool = False

    def stays(self, now: int) -> bool:
        """Whether a human should know of it, and does not yet."""
        return not self.told and self.tries >= TRIES_TOLD and now - self.since >= TOLD_AFTER


class FeedSource:
    """Runs until cancelled."""

    def __init__(self, plan: FeedPlan, fetcher: Fetcher, desk: SourceDesk, clock: Clock, dice: Random) -> None:
        """`dice` spreads the polls, so that many bureaus do not ask in the same second."""
        self._plan = plan
        self._fetcher = fetcher
        self._desk = desk
        self._clock = clock
        self._dice = dice
        self._failures = 0
        self._missing: dict[str, Missing] = {}
        self._held = False
        self._log = structlog.get_logger("source").bind(source=plan.tag)

    async def run(self) -> None:
        """Poll, wait, poll."""
        try:
            while True:
                await self._wait(await self.poll())
        finally:
            with suppress(StoreError):
                await self._desk.let_go(self._plan.tag)
            await self._fetcher.close()

    async def _wait(self, pause: int) -> None:
        """Wait for the next poll, saying now and then that we are still there."""
        while pause > 0:
            some = min(pause, ATTEND_EVERY)
            await asyncio.sleep(self._clock.real_seconds(some))
            pause -= some
            if self._held:
                with suppress(StoreError):
                    self._held = await self._desk.attend(self._plan.tag)

    async def poll(self) -> int:
        """One poll; ms until the next."""
        asked = 0
        try:
            self._held = await self._desk.attend(self._plan.tag)
            if not self._held:
                return ATTEND_EVERY
            await self._poll()
            await self._fares("")
            if self._missing:  # the way to the feed is open; what troubles it is shown all the same
                item, missing = next(iter(self._missing.items()))
                await self._fares(f"{item.partition('|')[0][:80]}: {missing.trouble}")
        except FetchError as error:
            asked = (error.retry_after or 0) * 1000
            await self._fails(str(error))
        except FeedError as error:
            await self._fails(str(error))
        except StoreError as error:
            self._log.warning("source.store", error=str(error))
            return min(self._plan.every, ATTEND_EVERY)
        return self._pause(asked)

    def _pause(self, asked: int) -> int:
        plain = min(self._plan.every << min(self._failures, 10), max(LONGEST_PAUSE, self._plan.every))
        return max(round(plain * self._dice.uniform(0.9, 1.1)), min(asked, LONGEST_PAUSE))

    async def _fails(self, trouble: str) -> None:
        self._failures += 1
        self._log.warning("source.trouble", trouble=trouble, failures=self._failures)
        await self._fares(trouble)

    async def _fares(self, trouble: str) -> None:
        if not trouble:
            self._failures = 0
        with suppress(StoreError):
            self._held = await self._desk.attend(self._plan.tag, trouble)

    # --- one poll -----------------------------------------------------------------------------------------

    async def _poll(self) -> None:
        """1. Ask conditionally. 2. Read the index. 3. Fetch and take in what is new, red first. 4. Remember."""
        cursor = json.loads(await self._desk.cursor(self._plan.tag))
        headers = {"Accept": ACCEPTED}
        headers |= {"If-None-Match": cursor["etag"]} if cursor.get("etag") else {}
        headers |= {"If-Modified-Since": cursor["modified"]} if cursor.get("modified") else {}
        answer = await self._fetcher.get(self._plan.address, headers)
        if answer.status != OK:
            return
        entries = [one for one in read_index(answer.body, self._plan.address) if self._plan.wants(one)]
        known = await self._desk.taken(self._plan.tag, [one.item for one in entries])
        new = [one for one in entries if one.item not in known]
        if not await self._take(self._due(new)):
            return
        if self._missing:
            await self._tell(cursor, new)
        else:
            cursor = {"etag": answer.etag, "modified": answer.modified}
            await self._desk.move_cursor(self._plan.tag, json.dumps(cursor))

    def _due(self, new: Sequence[Entry]) -> Sequence[Entry]:
        """What is tried in this poll: whatever has not failed yet, then some of what is missing."""
        self._missing = {one.item: self._missing[one.item] for one in new if one.item in self._missing}
        late = []
        for entry in new:
            if (missing := self._missing.get(entry.item)) is not None:
                missing.skip -= 1
                late += [entry] if missing.skip <= 0 else []
        late.sort(key=lambda one: self._missing[one.item].tries)
        return [*(one for one in new if one.item not in self._missing), *late[:MISSING_AT_ONCE]]

    async def _tell(self, cursor: dict[str, Any], new: Sequence[Entry]) -> None:
        """Tell a human of entries that stay missing, and remember that he was told."""
        before = [one.item for one in new if one.item in cursor.get("told", ())]
        for item in before:
            if item in self._missing:
                self._missing[item].told = True
        now = self._clock.now()
        anew = [one for one in new if one.item in self._missing and self._missing[one.item].stays(now)]
        if anew:
            gravest = max(anew, key=lambda one: one.rank)
            trouble = self._missing[gravest.item].trouble
            await self._desk.missing(self._plan.tag, gravest.name[:80], trouble, len(anew), gravest.rank)
            for one in anew:
                self._missing[one.item].told = True
            told = [*before, *(one.item for one in anew)][-MOST_TOLD:]
            await self._desk.move_cursor(self._plan.tag, json.dumps({**cursor, "told": told}))

    async def _take(self, entries: Sequence[Entry]) -> bool:
        """Take entries in; False: the feed is another daemon's by now. One that fails does not hold up the others."""
        failed = 0
        for start in range(0, len(entries), AT_ONCE):
            some = entries[start : start + AT_ONCE]
            results = await asyncio.gather(*(self._take_one(one) for one in some))
            for entry, error in zip(some, results, strict=True):
                self._note(entry, error)
                failed += error is not None
            if not await self._desk.attend(self._plan.tag):
                return False
        if entries:
            self._log.info("source.entries", count=len(entries), failed=failed)
        return True

    def _note(self, entry: Entry, error: FetchError | None) -> None:
        """What became of an entry that was tried."""
        if error is None:
            self._missing.pop(entry.item, None)
            return
        missing = self._missing.setdefault(entry.item, Missing(self._clock.now()))
        asked = -(-(error.retry_after or 0) * 1000 // self._plan.every)
        longest = LONGEST_SKIP[entry.rank >= Colour.ORANGE]
        missing.skip = min(max(1 << min(missing.tries, 10), asked), longest)
        missing.tries += 1
        missing.trouble = str(error)
        self._log.warning("source.missing", entry=entry.name[:80], trouble=str(error), tries=missing.tries)

    async def _fetched(self, address: str) -> bytes:
        answer = await self._fetcher.get(address)
        if answer.status != OK:
            raise FetchError(f"HTTP {answer.status}")
        if (nothing := no_message_finding(answer.body)) is not None:
            raise FetchError(nothing.what)
        return answer.body

    async def _take_one(self, entry: Entry) -> FetchError | None:
        try:
            raw = entry.inline or await self._fetched(entry.address)
            await self._desk.take_in(raw, self._plan.tag, entry.item)
        except FetchError as error:
            return error
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours in one message; it was kept with that verdict
            self._log.error("source.fault", error=type(error).__name__)
        return None
