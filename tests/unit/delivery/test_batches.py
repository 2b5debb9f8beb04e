"""A batch over a few workers: everybody gets a receipt, so many at once, and nothing is begun that could outlast its lease."""

from __future__ import annotations

import asyncio

from warning_dispatch.clock import SystemClock
from warning_dispatch.delivery.batches import Workers
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Receipt


def batch(size: int, lease_until: int = 0) -> list[Dispatch]:
    """So many calls."""
    return [
        Dispatch(at, 1, Channel.VOICE, Purpose.CALL, "voice", "+1", "en", "x", lease_until=lease_until)
        for at in range(1, size + 1)
    ]


async def test_so_many_at_once_and_a_receipt_for_each() -> None:
    """Concurrency is bounded by the workers, not by the batch."""
    busy, most = 0, 0

    async def one(dispatch: Dispatch) -> Receipt:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0)
        busy -= 1
        return Receipt(dispatch.attempt_id, accepted=True)

    workers = Workers(4, 60.0, SystemClock())
    receipts = await workers.over(batch(50), one)
    assert sorted(one.attempt_id for one in receipts) == list(range(1, 51))
    assert most == 4
    assert await workers.over([], one) == []


async def test_what_could_not_end_within_its_lease_is_not_begun() -> None:
    """A receipt that comes after the lease is a second ring; a plain refusal is another route."""
    clock = SystemClock()
    begun: list[int] = []

    async def one(dispatch: Dispatch) -> Receipt:
        begun.append(dispatch.attempt_id)
        return Receipt(dispatch.attempt_id, accepted=True)

    workers = Workers(2, 20.0, clock)
    late = await workers.over(batch(3, clock.now() + 15_000), one)
    assert begun == []
    assert {(one.accepted, one.outcome, one.unsure) for one in late} == {(False, "over_concurrency", False)}
    assert all(one.accepted for one in await workers.over(batch(3, clock.now() + 30_000), one))
