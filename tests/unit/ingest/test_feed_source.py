"""A polled feed: one dead link in it neither slows the feed down nor is forgotten."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest

from warning_dispatch.clock import VirtualClock
from warning_dispatch.ingest.feed_source import TRIES_TOLD, FeedPlan, FeedSource
from warning_dispatch.ingest.fetching import Fetched, FetchError

FEED = '<feed xmlns="http://www.w3.org/2005/Atom">{}</feed>'
ENTRY = (
    "<entry><id>{0}</id><title>{1}</title><updated>t</updated>"
    '<link type="application/cap+xml" href="https://f.example/{0}.xml"/></entry>'
)
EVERY = 60_000


class Server:
    """A feed by name and title, of which some links are dead."""

    def __init__(self, entries: Mapping[str, str], dead: Sequence[str]) -> None:
        self.entries = dict(entries)
        self.dead = set(dead)
        self.works = True
        self.asked: list[str] = []

    async def get(self, address: str, _headers: Mapping[str, str] | None = None) -> Fetched:
        """The index, or a message."""
        name = address.rpartition("/")[2].removesuffix(".xml")
        self.asked.append(name)
        if name == "a.atom":
            if not self.works:
                raise FetchError("HTTP 500")
            return Fetched(200, FEED.format("".join(ENTRY.format(*one) for one in self.entries.items())).encode())
        if name in self.dead:
            raise FetchError("HTTP 404")
        return Fetched(200, b"<alert/>")

    async def close(self) -> None:
        """Nothing to close."""


class Desk:
    """A desk that remembers."""

    def __init__(self) -> None:
        self.items: list[str] = []
        self.fares: list[str] = []
        self.told: list[tuple[str, int]] = []
        self.where = "{}"

    async def take_in(self, _raw: bytes, _source: str, item: str = "") -> Any:
        """Keep its name."""
        self.items.append(item)

    async def attend(self, _source: str, trouble: str | None = None) -> bool:
        """Keep what is said."""
        self.fares += [] if trouble is None else [trouble]
        return True

    async def let_go(self, _source: str) -> None:
        """Nobody waits."""

    async def taken(self, _source: str, items: Sequence[str]) -> frozenset[str]:
        """What was taken in."""
        return frozenset(one for one in items if one in self.items)

    async def cursor(self, _source: str) -> str:
        """As it was moved."""
        return self.where

    async def move_cursor(self, _source: str, cursor: str) -> None:
        """Keep it."""
        self.where = cursor

    async def missing(self, _source: str, entry: str, _trouble: str, count: int, _rank: int) -> None:
        """Keep it."""
        self.told.append((entry, count))


class Feed:
    """A feed that is polled once a minute."""

    def __init__(self, server: Server, desk: Desk) -> None:
        self.clock = VirtualClock(0)
        plan = FeedPlan("feed:x", "https://f.example/a.atom", EVERY)
        self.source = FeedSource(plan, server, desk, self.clock, Random(1))  # type: ignore[arg-type]

    async def poll(self) -> int:
        """One poll, a minute after the last; ms until the next."""
        self.clock.advance_to(self.clock.now() + EVERY)
        return await self.source.poll()


async def test_a_dead_link_does_not_slow_the_feed_down() -> None:
    """The index is read every minute, what is new is taken in at the next poll, and the feed counts as open."""
    server, desk = Server({"gone": "x", "good": "x"}, ["gone"]), Desk()
    source = Feed(server, desk)
    for _ in range(8):
        assert await source.poll() <= EVERY * 1.1
    server.entries["new"] = "red"
    await source.poll()
    assert [one.partition("|")[0] for one in desk.items] == ["good", "new"]
    assert desk.fares == ["", "gone: HTTP 404"] * 9


async def test_a_dead_link_is_told_once_and_tried_again() -> None:
    """After three tries a human is told, once, also after a restart; when it is there it is taken in and the cursor moves."""
    server, desk = Server({"gone": "x"}, ["gone"]), Desk()
    source = Feed(server, desk)
    for _ in range(20):
        await source.poll()
    assert desk.told == [("gone", 1)]
    tries = server.asked.count("gone")
    assert TRIES_TOLD < tries < 8
    source = Feed(server, desk)
    for _ in range(8):
        await source.poll()
    assert desk.told == [("gone", 1)]
    server.dead.clear()
    for _ in range(15):
        await source.poll()
    assert len(desk.items) == 1
    assert json.loads(desk.where) == {"etag": "", "modified": ""}


@pytest.mark.parametrize(("title", "fewest"), [("暴雨红色预警", 7), ("x", 5)])
async def test_what_looks_red_is_tried_more_often(title: str, fewest: int) -> None:
    """A red message that is not there yet is not left for a quarter of an hour."""
    server, desk = Server({"gone": title}, ["gone"]), Desk()
    source = Feed(server, desk)
    for _ in range(20):
        await source.poll()
    assert server.asked.count("gone") == fewest


async def test_only_the_index_slows_the_feed_down() -> None:
    """A feed that does not answer is asked ever more rarely, as before."""
    server, desk = Server({}, []), Desk()
    server.works = False
    source = Feed(server, desk)
    pauses = [await source.poll() for _ in range(4)]
    assert pauses[3] > 8 * EVERY * 0.9 * 1.5
    assert desk.fares[-1] == "HTTP 500"
