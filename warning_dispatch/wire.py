"""The wire: batches go from the engine's thread to the channels, their words come back. A task for each route of a batch."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import structlog

from warning_dispatch.clock import Clock
from warning_dispatch.ports import ChannelPort, Dispatch, Receipt

REMEMBER_WITHDRAWN = 10_000
"""Attempts remembered as withdrawn, so that a batch under way can leave them out."""
IN_HAND_FOR = 300_000
"""ms a channel may hold an attempt before a repeat of it is handed over although the channel has not answered."""
DRAIN_FOR = 20.0
"""Seconds a stop waits for batches that are on the wire."""


class ChannelWire:
    """Carries batches from the engine's thread to the channels and their words back."""

    def __init__(self, channels: Mapping[str, ChannelPort], clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        """`channels` by route name."""
        self._channels = channels
        self._clock = clock
        self._withdrawn: dict[int, None] = {}
        self.tell_others: Callable[[Sequence[int]], None] = lambda _ids: None
        self._loop = loop
        self._under_way: set[asyncio.Task[None]] = set()
        self._in_hand: dict[int, int] = {}
        self._closed = False
        self._log = structlog.get_logger("wire")
        self.receive: Callable[[Sequence[Receipt]], None] = lambda _receipts: None

    def send(self, batch: Sequence[Dispatch]) -> None:
        """See lanes.Wire."""
        by_route: defaultdict[str, list[Dispatch]] = defaultdict(list)
        for dispatch in batch:
            by_route[dispatch.route].append(dispatch)
        ahead = self._clock.monotonic() - self._clock.now()  # leases are kept on a clock that nobody sets
        for route, dispatches in {} if self._closed else by_route.items():
            self._start(self._deliver(route, dispatches, ahead))

    def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """See lanes.Wire. Another worker may have made the call: all are told."""
        self.hang_up_here(attempt_ids)
        self.tell_others(attempt_ids)

    def hang_up_here(self, attempt_ids: Sequence[int]) -> None:
        """What has not been handed over yet never will be; ids a channel does not know it ignores."""
        self._withdrawn.update(dict.fromkeys(attempt_ids))
        for old in list(self._withdrawn)[:-REMEMBER_WITHDRAWN]:
            del self._withdrawn[old]
        for channel in {id(one): one for one in self._channels.values()}.values():
            self._start(channel.hang_up(attempt_ids))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._loop.call_soon_threadsafe(self._begin, work)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _deliver(self, route: str, dispatches: Sequence[Dispatch], ahead: int) -> None:
        """Hand over; a channel that breaks is a provider that is down, not a lost batch.

        1. A last look: a lapsed lease is somebody else's by now (no receipt: the reaper repeats it), and what was
        withdrawn since the claim does not go; nor does what the channel still has in hand (a slow server outlasts a lease:
        its receipt is still to come). 2. The channel takes the rest; what was withdrawn meanwhile is hung up. 3. Its
        word goes back to the engine.
        """
        now = self._clock.monotonic()
        held = [one for one in dispatches if not one.lease_until or now < one.lease_until + ahead]
        held = [one for one in held if self._in_hand.get(one.attempt_id, now) <= now]
        withdrawn = [one for one in held if one.attempt_id in self._withdrawn]
        refused = [one for one in held if not one.address and one.attempt_id not in self._withdrawn]
        real = [one for one in held if one.address and one.attempt_id not in self._withdrawn]
        receipts = [Receipt(one.attempt_id, accepted=False, outcome="hung_up_by_us") for one in withdrawn]
        receipts.extend(Receipt(one.attempt_id, accepted=False, outcome="misconfigured") for one in refused)
        self._in_hand.update((one.attempt_id, now + IN_HAND_FOR) for one in real)
        try:
            receipts.extend(await self._channels[route].deliver(real) if real else ())
        except Exception as error:  # noqa: BLE001 - whatever a channel throws, the callees must go on
            self._log.error("wire.fault", route=route, count=len(real), error=type(error).__name__)
            # Where it broke is not known: some of the batch may ring.
            down = "provider_down"
            receipts.extend(Receipt(one.attempt_id, accepted=False, outcome=down, unsure=True) for one in real)
        finally:
            for one in real:
                self._in_hand.pop(one.attempt_id, None)
        late = [one.attempt_id for one in receipts if one.accepted and one.attempt_id in self._withdrawn]
        if late:
            self._begin(self._channels[route].hang_up(late))
        self._log.info("wire.batch", route=route, count=len(dispatches), accepted=sum(r.accepted for r in receipts))
        self.receive(receipts)

    async def drain(self) -> None:
        """Wait for what is on the wire."""
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=DRAIN_FOR)

    def close(self) -> None:
        """Hand nothing over any more: a claim that comes too late keeps its lease and is repeated after the restart."""
        self._closed = True
