"""The simulated network as a channel of the daemon: receipts at once, events through the pump, nothing dropped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from warning_dispatch.clock import ScaledClock, VirtualClock
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import ChannelPort, Dispatch, Event, Report
from warning_dispatch.simulation.channel import SimulatedChannel
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.simulation.population import Population, Times, VoiceHabit

START = 1_784_727_180_000
SPEED = 1_000.0
"""A second lasts a millisecond."""
PATIENCE = 10.0
"""Real seconds after which a test that waits has failed."""
TIMES = Times(ring=(10_000, 10_000), listen=(8_000, 8_000))
PROVIDER_DOWN = "provider_down"


def calls(count: int, first: int = 1) -> list[Dispatch]:
    """A batch; attempt n calls sample mobile n."""
    return [
        Dispatch(n, 1, Channel.VOICE, Purpose.CALL, "phones", f"+862601{n:07d}", "zh_CN", "")
        for n in range(first, first + count)
    ]


def network(voice: VoiceHabit = VoiceHabit.ANSWERS, lines: int | None = None) -> SimulatedNetwork:
    """Everybody does the same; who answers presses 1 after 18 s."""
    return SimulatedNetwork(1, Population.everyone(voice, times=TIMES), lines=lines)


class Listener:
    """A sink that keeps what it is given; the first `failures` times it raises instead."""

    def __init__(self, failures: int = 0) -> None:
        self.events: list[Event] = []
        self.offered: list[tuple[Event, ...]] = []
        self._failures = failures
        self._came = asyncio.Condition()

    async def __call__(self, events: Sequence[Event]) -> None:
        """Take events in."""
        self.offered.append(tuple(events))
        if len(self.offered) <= self._failures:
            raise ConnectionError("the database is away")
        async with self._came:
            self.events.extend(events)
            self._came.notify_all()

    async def has(self, enough: Callable[[list[Event]], bool]) -> None:
        """Wait until what came is enough."""
        async with asyncio.timeout(PATIENCE), self._came:
            await self._came.wait_for(lambda: enough(self.events))


@asynccontextmanager
async def pumping(channel: SimulatedChannel, sink: Listener) -> AsyncIterator[asyncio.Task[None]]:
    """The pump as the daemon runs it, closed at the end."""
    task = asyncio.create_task(channel.pump(sink))
    try:
        yield task
    finally:
        await channel.close()
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionError):
                await task


async def test_one_receipt_for_each_dispatch() -> None:
    """A batch is answered attempt by attempt, refusals included, without waiting for anybody."""
    channel: ChannelPort = SimulatedChannel(network(lines=2), VirtualClock(START))
    receipts = await channel.deliver(calls(3))
    assert [(one.attempt_id, one.accepted, one.outcome) for one in receipts] == [
        (1, True, ""),
        (2, True, ""),
        (3, False, "over_concurrency"),
    ]
    assert len({one.provider_ref for one in receipts if one.accepted}) == 2
    assert await channel.deliver([]) == []


async def test_events_come_through_the_pump_in_scaled_time() -> None:
    """A thousand calls of 18 s are reported within a moment, each once, and not before its time."""
    clock = ScaledClock(START, SPEED)
    channel, listener = SimulatedChannel(network(), clock), Listener()
    async with pumping(channel, listener):
        await channel.deliver(calls(1_000))
        await listener.has(lambda events: len(events) >= 1_000)
        assert {event.attempt_id for event in listener.events if isinstance(event, Report)} == set(range(1, 1_001))
        assert len(listener.events) == 1_000
        assert all(START + 18_000 <= event.at <= clock.now() for event in listener.events)


async def test_a_hand_over_wakes_a_pump_that_has_nothing_to_do() -> None:
    """The pump sleeps without end while all is quiet; a later batch is told all the same, and each event once."""
    channel, listener = SimulatedChannel(network(), ScaledClock(START, SPEED)), Listener()
    async with pumping(channel, listener):
        for first in (1, 11, 21):
            await channel.deliver(calls(10, first))
            await listener.has(lambda events, last=first + 9: events[-1:] != [] and events[-1].attempt_id == last)  # type: ignore[misc, union-attr]
        assert [event.attempt_id for event in listener.events] == list(range(1, 31))  # type: ignore[union-attr]


async def test_a_shorter_call_wakes_a_pump_that_sleeps_for_a_longer_one() -> None:
    """The pump looks anew at when it is needed: a busy tone does not wait for the 35 s of another call."""
    clock = ScaledClock(START, 20.0)
    quiet = network(VoiceHabit.NEVER)
    channel, listener = SimulatedChannel(quiet, clock), Listener()
    async with pumping(channel, listener):
        await channel.deliver(calls(1))
        await asyncio.sleep(0.01)
        await channel.deliver(calls(1))
        await listener.has(lambda events: len(events) == 1)
        assert clock.now() < START + 30_000
        assert [event.outcome for event in listener.events] == ["busy"]  # type: ignore[union-attr]


async def test_hanging_up_ends_the_ringing_at_once() -> None:
    """No report is waited for: the next look of the pump says `hung_up_by_us`; unknown ids are ignored."""
    quiet = network(VoiceHabit.NEVER)
    channel, listener = SimulatedChannel(quiet, ScaledClock(START, 1.0)), Listener()
    async with pumping(channel, listener):
        await channel.deliver(calls(2))
        await channel.hang_up([1, 77])
        assert quiet.ringing() == {2}
        await listener.has(lambda events: len(events) == 1)
        assert [(event.attempt_id, event.outcome) for event in listener.events] == [(1, "hung_up_by_us")]  # type: ignore[union-attr]


async def test_who_listens_is_left_alone() -> None:
    """Promise 3 through the port: the key still comes."""
    clock = VirtualClock(START)
    channel, listener = SimulatedChannel(network(), clock), Listener()
    await channel.deliver(calls(1))
    clock.advance_to(START + 12_000)
    await channel.hang_up([1])
    clock.advance_to(START + 18_000)
    async with pumping(channel, listener):
        await listener.has(lambda events: len(events) == 1)
    assert listener.events == [Report(1, "key_pressed", START + 18_000)]


async def test_a_sink_that_raises_loses_nothing() -> None:
    """The failure is the pump's to raise; started again it offers the same events first, then the newer ones."""
    clock = VirtualClock(START)
    channel, listener = SimulatedChannel(network(), clock), Listener(failures=2)
    await channel.deliver(calls(2))
    clock.advance_to(START + 18_000)
    with pytest.raises(ConnectionError):
        await channel.pump(listener)
    await channel.deliver(calls(1, 3))
    clock.advance_to(START + 36_000)
    with pytest.raises(ConnectionError):
        await channel.pump(listener)
    assert listener.events == []
    async with pumping(channel, listener):
        await listener.has(lambda events: len(events) == 3)
    assert [event.attempt_id for event in listener.events] == [1, 2, 3]  # type: ignore[union-attr]
    assert listener.offered[0] == listener.offered[2][:2]


async def test_a_cancelled_pump_offers_again_what_was_not_taken() -> None:
    """Cancelled in the middle of the sink, the events are not counted as told."""
    clock = VirtualClock(START)
    channel = SimulatedChannel(network(), clock)
    await channel.deliver(calls(1))
    clock.advance_to(START + 18_000)
    entered = asyncio.Event()

    async def stuck(_events: Sequence[Event]) -> None:
        entered.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(channel.pump(stuck))
    async with asyncio.timeout(PATIENCE):
        await entered.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    listener = Listener()
    async with pumping(channel, listener):
        await listener.has(lambda events: len(events) == 1)


async def test_closing_ends_the_pump_and_takes_nothing_more() -> None:
    """A sleeping pump returns; a batch that comes too late is refused as `provider_down`, not lost in silence."""
    closing = network()
    channel = SimulatedChannel(closing, ScaledClock(START, 1.0))
    listener = Listener()
    await channel.deliver(calls(1))
    task = asyncio.create_task(channel.pump(listener))
    await asyncio.sleep(0)
    await channel.close()
    await channel.close()
    async with asyncio.timeout(PATIENCE):
        await task
    receipts = await channel.deliver(calls(2, 5))
    assert [(one.attempt_id, one.accepted, one.outcome) for one in receipts] == [
        (5, False, PROVIDER_DOWN),
        (6, False, PROVIDER_DOWN),
    ]
    assert closing.accepted == 1


async def test_a_pump_started_after_the_close_returns() -> None:
    """The order of shutting down does not matter."""
    channel = SimulatedChannel(network(), VirtualClock(START))
    await channel.close()
    async with asyncio.timeout(PATIENCE):
        await channel.pump(Listener())
