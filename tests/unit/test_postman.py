"""The postman: letters go to their channels, and whatever a channel does they are accounted for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import pytest

from warning_dispatch.bootstrap.renewal import Postman
from warning_dispatch.clock import VirtualClock
from warning_dispatch.engine.engine import Done
from warning_dispatch.engine.lanes import Lane
from warning_dispatch.errors import StoreError
from warning_dispatch.model.renewal import LETTERS_FROM
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Receipt

NOW = 1_000_000


def letter(key: int, *, address: str = "+8626010000001", lease_until: int = NOW + 1) -> Dispatch:
    """A letter on its way."""
    number = LETTERS_FROM + key
    return Dispatch(number, number, Channel.SMS, Purpose.CAMPAIGN, "sms", address, "zh_CN", "", lease_until=lease_until)


class Office:
    """Engine, letters and writer in one: batches to be claimed, receipts as they come back."""

    def __init__(self, *batches: Sequence[Dispatch]) -> None:
        self.batches = [tuple(one) for one in batches]
        self.receipts: list[Receipt] = []
        self.lanes: set[Lane] = set()

    def once(self, _now: int, work: Callable[[Any], Any]) -> Done[Any]:
        """The engine's use case."""
        return Done(work(None))

    def claim(self, _ledger: object) -> tuple[Dispatch, ...]:
        """The next batch."""
        return self.batches.pop(0) if self.batches else ()

    def take_receipts(self, _ledger: object, receipts: Sequence[Receipt]) -> None:
        """What the carriers said."""
        self.receipts.extend(receipts)

    def submit(self, lane: Lane, work: Callable[[int], Done[Any]]) -> Future[Any]:
        """The writer's queue, at once."""
        self.lanes.add(lane)
        future: Future[Any] = Future()
        future.set_result(work(NOW).result)
        return future


class Carrier:
    """A channel that takes everything, or breaks."""

    def __init__(self, *, broken: bool = False) -> None:
        self.handed: list[int] = []
        self._broken = broken

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """Take everything."""
        await asyncio.sleep(0)
        if self._broken:
            raise ConnectionError("gone")
        self.handed += [one.attempt_id - LETTERS_FROM for one in batch]
        return [Receipt(one.attempt_id, accepted=True) for one in batch]

    async def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """Nothing rings."""

    async def close(self) -> None:
        """Nothing to let go of."""


async def carried(office: Office, carrier: Carrier, *, wait: bool = True) -> None:
    """One look."""
    postman = Postman(office, office, {"sms": carrier}, VirtualClock(NOW), lambda: wait)  # type: ignore[arg-type] # one double for both
    await postman.look(office)  # type: ignore[arg-type]


async def test_batch_after_batch_until_nothing_is_left() -> None:
    """One look sends what can go, in the last lane, and writes down what the carrier said."""
    office, carrier = Office([letter(1), letter(2)], [letter(3)]), Carrier()
    await carried(office, carrier)
    assert carrier.handed == [1, 2, 3]
    assert [one.accepted for one in office.receipts] == [True] * 3
    assert office.lanes == {Lane.INTAKE}


async def test_the_writer_is_not_bothered_for_nothing() -> None:
    """Most of the year no letter waits: a look beside the writer is all there is."""
    office = Office([letter(1)])
    await carried(office, Carrier(), wait=False)
    assert office.lanes == set()


async def test_a_channel_that_breaks_may_have_taken_them() -> None:
    """Each letter comes back as unsure: it goes again and is marked."""
    office = Office([letter(1), letter(2)])
    await carried(office, Carrier(broken=True))
    assert [(one.accepted, one.outcome, one.unsure) for one in office.receipts] == [(False, "provider_down", True)] * 2


async def test_a_lapsed_lease_and_an_empty_address_are_not_handed_over() -> None:
    """Somebody else repeats the first; the second is a sample number on a real route."""
    office, carrier = Office([letter(1, lease_until=NOW), letter(2, address=""), letter(3)]), Carrier()
    await carried(office, carrier)
    assert carrier.handed == [3]
    assert {one.attempt_id - LETTERS_FROM: one.outcome for one in office.receipts} == {2: "misconfigured", 3: ""}


async def test_a_database_that_is_away_is_said_and_tried_again() -> None:
    """The look ends without an error: the next one is soon."""

    class Away(Office):
        def submit(self, lane: Lane, _work: Callable[[int], Done[Any]]) -> Future[Any]:
            """Refused."""
            self.lanes.add(lane)
            raise StoreError

    office = Away([letter(1)])
    await carried(office, Carrier())
    assert office.lanes
    assert not office.receipts


@pytest.mark.parametrize("count", [1, 30])
async def test_a_look_has_an_end(count: int) -> None:
    """However many wait: after some batches the next look goes on, so that a stop need not wait."""
    office, carrier = Office(*([letter(key)] for key in range(count))), Carrier()
    await carried(office, carrier)
    assert len(carrier.handed) == min(count, 20)
