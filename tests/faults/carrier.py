"""A carrier with moods (board.Mood) before the simulated network: what an adapter for a real one makes of them.

Our own time-out and the carrier's slowness count in the night's clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from warning_dispatch.ports import Dispatch, Event, Receipt, Report
from warning_dispatch.simulation.channel import SimulatedChannel, Sink

from .board import Board, Mood

TIME_OUT = 15_000
"""ms after which an adapter gives a carrier up, as the mail channel does."""
SLOW = 20_000
"""ms a carrier takes that reports before it answers."""


class MoodyCarrier:
    """ports.ChannelPort."""

    def __init__(self, channel: SimulatedChannel, board: Board) -> None:
        """`channel` is the network behind."""
        self._channel = channel
        self._board = board
        self._silent: set[int] = set()

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """See the port; raises what a careless adapter would raise."""
        mood = self._board.mood
        match mood:
            case Mood.HANGS:
                await self._pass(TIME_OUT)
                raise TimeoutError
            case Mood.REFUSES:
                raise ConnectionError(500)
            case Mood.NEVER_REPORTS:
                self._silent.update(one.attempt_id for one in batch)
        receipts = await self._channel.deliver(batch)
        match mood:
            case Mood.ANSWERS_LATE:
                await self._pass(TIME_OUT)
                raise TimeoutError
            case Mood.REPORTS_FIRST:
                await self._pass(SLOW)
        return receipts

    async def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """See the port."""
        await self._channel.hang_up(attempt_ids)

    async def close(self) -> None:
        """See the port."""
        await self._channel.close()

    async def pump(self, sink: Sink) -> None:
        """What the network tells, but for what the carrier keeps to itself."""

        async def told(events: Sequence[Event]) -> None:
            heard = [one for one in events if not (isinstance(one, Report) and one.attempt_id in self._silent)]
            if heard:
                await sink(heard)

        await self._channel.pump(told)

    async def _pass(self, ms: int) -> None:
        await asyncio.sleep(self._board.real_seconds(ms))
