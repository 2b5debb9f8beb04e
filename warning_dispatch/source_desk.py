"""The desk for sources and outlets: what they ask becomes use cases of the one writer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from warning_dispatch.engine import sources
from warning_dispatch.engine.lanes import Lane
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.outward import AT_ONCE, Outward, settle
from warning_dispatch.model.sources import Post, Posted, Watched
from warning_dispatch.model.views import IntakeResult

T = TypeVar("T")

LEASE = 30_000
"""ms for which a daemon has a source to itself without a further word."""
POST_LEASE = 120_000
"""ms after which a post whose fate is unknown is posted again, under the same key."""
OUTWARD = "outward"
"""The lease of whoever passes warnings on."""


class Office(Protocol):
    """The part of the daemon's desk that is needed here."""

    async def take_in(self, raw: bytes, source: str, item: str = "") -> IntakeResult:
        """See ports.Desk."""
        ...

    async def once(self, lane: Lane, work: Callable[[Ledger], T]) -> T:
        """A use case in a transaction of its own."""
        ...


class WriterSourceDesk:
    """ingest.desk.SourceDesk and outward.desk.OutletDesk over the one writer."""

    def __init__(self, office: Office, outward: Outward, holder: str) -> None:
        """`holder`: this daemon's name on leases, the same after a restart, so that it need not wait for its own."""
        self._office = office
        self._outward = outward
        self._holder = holder
        self.accepted = asyncio.Event()
        """Set when a message may have been accepted: what is passed on looks then."""

    async def take_in(self, raw: bytes, source: str, item: str = "") -> IntakeResult:
        """See the port."""
        return await self._office.take_in(raw, source, item)

    async def attend(self, source: str, trouble: str | None = None) -> bool:
        """See the port."""
        return await self._office.once(
            Lane.ACT, lambda ledger: sources.attend(ledger, source, self._holder, LEASE, trouble)
        )

    async def let_go(self, source: str) -> None:
        """See the port."""
        await self._office.once(Lane.ACT, lambda ledger: ledger.tx.leases.let_go([source], self._holder))

    async def taken(self, source: str, items: Sequence[str]) -> frozenset[str]:
        """See the port."""
        return await self._office.once(Lane.INTAKE, lambda ledger: ledger.tx.sources.all_taken(source, items))

    async def cursor(self, source: str) -> str:
        """See the port."""
        return await self._office.once(Lane.INTAKE, lambda ledger: ledger.tx.sources.cursor(source))

    async def move_cursor(self, source: str, cursor: str) -> None:
        """See the port."""
        await self._office.once(Lane.INTAKE, lambda ledger: ledger.tx.sources.move_cursor(source, cursor))

    async def missing(self, source: str, entry: str, trouble: str, count: int, rank: int) -> None:
        """See the port."""
        await self._office.once(
            Lane.INTAKE, lambda ledger: sources.missing(ledger, source, entry, trouble, count, rank)
        )

    async def watch(self, watched: Sequence[Watched], *, anew: bool) -> int | None:
        """Raise the alarms of sources that have been silent for too long; how many. None: another daemon watches.

        `anew`: nobody may have watched until now, so no silence from before counts.
        """
        return await self._office.once(
            Lane.ACT,
            lambda ledger: sources.keep_watch(ledger, watched, self._holder, LEASE, anew=anew),
        )

    # --- outward ------------------------------------------------------------------------------------------

    async def hold_outward(self) -> bool:
        """Whether this daemon passes warnings on."""
        return await self._office.once(
            Lane.INTAKE_ORANGE,
            lambda ledger: ledger.tx.leases.claim(OUTWARD, self._holder, ledger.now, ledger.now + LEASE),
        )

    async def let_go_outward(self) -> None:
        """Let another daemon begin at once."""
        await self.let_go(OUTWARD)

    async def publish(self) -> int:
        """Pass on everything that was accepted; how many."""
        count = 0
        while passed := await self._office.once(Lane.INTAKE_ORANGE, self._outward.publish):
            count += passed
            if passed < AT_ONCE:
                break
        return count

    async def claim_posts(self, limit: int) -> Sequence[Post]:
        """Posts that are due."""
        return await self._office.once(
            Lane.INTAKE_ORANGE,
            lambda ledger: ledger.tx.publications.claim_posts(ledger.now, ledger.now + POST_LEASE, limit),
        )

    async def posted(self, posts: Sequence[tuple[Post, Posted]]) -> None:
        """What became of them."""
        await self._office.once(Lane.INTAKE_ORANGE, lambda ledger: settle(ledger, posts))

    async def next_post(self) -> int | None:
        """When the next post is due, ms."""
        return await self._office.once(Lane.INTAKE_ORANGE, lambda ledger: ledger.tx.publications.next_post())
