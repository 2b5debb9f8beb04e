"""The last metre before the carrier: what has been withdrawn or lapsed since its claim does not go."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from warning_dispatch.clock import VirtualClock
from warning_dispatch.daemon import AlarmClock, ChannelWire
from warning_dispatch.errors import StoreError
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Receipt

NOW = 1_000_000


class Carrier:
    """A channel that keeps what it was handed, or breaks."""

    def __init__(self, *, broken: bool = False) -> None:
        self.handed: list[int] = []
        self.hung_up: list[int] = []
        self._broken = broken

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """Take everything."""
        if self._broken:
            raise ConnectionError("carrier gone")
        self.handed.extend(one.attempt_id for one in batch)
        return [Receipt(one.attempt_id, accepted=True) for one in batch]

    async def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """Note it."""
        self.hung_up.extend(attempt_ids)

    async def close(self) -> None:
        """Nothing to let go of."""


def dispatch(attempt_id: int, *, lease_until: int = NOW + 1, address: str = "+8626010000001") -> Dispatch:
    """One attempt on its way."""
    return Dispatch(attempt_id, 1, Channel.VOICE, Purpose.CALL, "phones", address, "zh_CN", "", lease_until=lease_until)


async def carry(carrier: Carrier, batch: Sequence[Dispatch], withdrawn: Sequence[int] = ()) -> dict[int, Receipt]:
    """Send a batch over the wire; the receipts by attempt."""
    wire = ChannelWire({"phones": carrier}, VirtualClock(NOW), asyncio.get_running_loop())
    receipts: dict[int, Receipt] = {}
    wire.receive = lambda told: receipts.update({one.attempt_id: one for one in told})
    if withdrawn:
        wire.hang_up(withdrawn)
    wire.send(batch)
    await asyncio.sleep(0)
    await wire.drain()
    return receipts


async def test_what_was_withdrawn_since_its_claim_does_not_ring() -> None:
    """A cancel stops (promise 6): a claimed attempt still on this side is held back and says so."""
    carrier = Carrier()
    receipts = await carry(carrier, [dispatch(1), dispatch(2)], withdrawn=[1])
    assert carrier.handed == [2]
    assert receipts[1].outcome == "hung_up_by_us"
    assert receipts[2].accepted


async def test_a_lapsed_lease_is_not_handed_over() -> None:
    """Never twice by accident (promise 4): after its lease the attempt belongs to the reaper, who repeats it."""
    carrier = Carrier()
    receipts = await carry(carrier, [dispatch(1, lease_until=NOW), dispatch(2)])
    assert carrier.handed == [2]
    assert set(receipts) == {2}


async def test_a_channel_that_breaks_is_a_provider_that_is_down() -> None:
    """Nobody is forgotten (promise 1): a fault in an adapter comes back as an outcome for every attempt."""
    receipts = await carry(Carrier(broken=True), [dispatch(1), dispatch(2)])
    assert {one.outcome for one in receipts.values()} == {"provider_down"}
    assert all(one.unsure for one in receipts.values())  # it may have taken them: what goes again is marked (promise 4)


async def test_a_sample_number_on_a_real_route_is_refused_before_the_carrier() -> None:
    """An attempt without an address (a sample number) never reaches the channel."""
    carrier = Carrier()
    receipts = await carry(carrier, [dispatch(1, address="")])
    assert carrier.handed == []
    assert receipts[1].outcome == "misconfigured"


async def test_a_lease_is_not_counted_by_a_clock_that_somebody_sets() -> None:
    """Set forward between claim and hand-over: the lease has not lapsed, the call goes now and not after a repeat."""
    carrier = Carrier()
    clock = VirtualClock(NOW)
    wire = ChannelWire({"phones": carrier}, clock, asyncio.get_running_loop())
    wire.send([dispatch(1, lease_until=NOW + 30_000)])
    clock.step(3_600_000)
    await asyncio.sleep(0)
    await wire.drain()
    assert carrier.handed == [1]


async def test_the_alarm_clock_rings_on_although_the_wall_clock_went_back() -> None:
    """Set anew, every job is due at once and counts from there; otherwise none would run until the old time is back."""
    rung: list[int] = []
    alarm = AlarmClock(VirtualClock(NOW), lambda: rung.append(1), lambda: None)
    alarm.set_anew()  # before it runs there is nothing to set
    alarm.start()
    alarm.every(3_600, _nothing, "calendar")
    alarm.set_anew()
    await asyncio.sleep(0.05)
    alarm.stop()
    assert rung == [1]


async def test_a_regular_job_that_the_database_fails_is_put_off() -> None:
    """It is due again like any other, and nobody reads a traceback of the scheduler's."""
    tried, again = [], asyncio.Event()

    async def look() -> None:
        tried.append(1)
        if len(tried) > 1:
            again.set()
        raise StoreError("the database is away")

    alarm = AlarmClock(VirtualClock(NOW), lambda: None, lambda: None)
    alarm.start()
    alarm.every(0.01, look, "calendar")
    async with asyncio.timeout(5):
        await again.wait()
    alarm.stop()


async def _nothing() -> None:
    """A regular job."""
