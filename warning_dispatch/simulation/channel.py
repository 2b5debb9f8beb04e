"""The simulated network as a channel of the daemon, in real or scaled time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from warning_dispatch.clock import Clock
from warning_dispatch.engine.timekeeping import ClockWatch
from warning_dispatch.ports import Dispatch, Event, Receipt
from warning_dispatch.simulation.network import SimulatedNetwork

SET_BY_AT_LEAST = 1_000
"""ms by which the wall clock must be set for the network to be told: reading two clocks is not exact."""
SHORTEST_SLEEP = 0.001
"""Seconds; keeps the loop breathing when the clock lags behind its own arithmetic."""

Sink = Callable[[Sequence[Event]], Awaitable[None]]
"""Where events go. When it raises, the events are kept and offered again by the next `pump`."""


class SimulatedChannel:
    """A `ChannelPort` over a network; one serves all channels. For one event loop."""

    def __init__(self, network: SimulatedNetwork, clock: Clock) -> None:
        """The clock tells the network's time and how long to sleep."""
        self._network = network
        self._clock = clock
        self._time = ClockWatch(clock, SET_BY_AT_LEAST)
        self._wake = asyncio.Event()
        self._closed = False
        self._untold: list[Event] = []

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """Hand a batch over; a closed channel refuses all of it as `provider_down`."""
        if self._closed:
            return [Receipt(one.attempt_id, accepted=False, outcome="provider_down") for one in batch]
        receipts = self._network.accept(batch, self._now())
        self._wake.set()
        return receipts

    async def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """End what still rings."""
        self._network.hang_up(attempt_ids, self._now())
        self._wake.set()

    async def close(self) -> None:
        """Take nothing more and end the pump; closing twice does nothing."""
        self._closed = True
        self._wake.set()

    async def pump(self, sink: Sink) -> None:
        """Pass events on as they come, until the channel is closed or the task cancelled.

        1. Take what is due from the network. 2. Offer it to the sink; forget it when the sink returns.
        3. Sleep until the network's next moment or until something is handed over.
        """
        while not self._closed:
            self._wake.clear()
            self._untold += self._network.advance(self._now())
            if self._untold:
                await sink(tuple(self._untold))
                self._untold.clear()
            await self._sleep()

    def _now(self) -> int:
        """The wall time; the network is told when it was set."""
        reading = self._time.look()
        if reading.stepped:
            self._network.move_along(reading.stepped)
            self._time.settled(reading.stepped)
        return reading.now

    async def _sleep(self) -> None:
        """Wait for the network's next moment or for a wake-up, whichever is first."""
        moment = self._network.next_at()
        if moment is None:
            await self._wake.wait()
            return
        seconds = max(self._clock.real_seconds(moment - self._now()), SHORTEST_SLEEP)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # wait_for may swallow a cancel in 3.11
                await self._wake.wait()
