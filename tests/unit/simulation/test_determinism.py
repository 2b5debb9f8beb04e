"""One seed, one night: neither batches nor the order of hand-over change what people do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import pytest

from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Event
from warning_dispatch.simulation.faults import Faults
from warning_dispatch.simulation.network import SimulatedNetwork

START = 1_000_000
DAY = 86_400_000
STEP = 20_000
SPOILT = Faults(late=0.2, doubled=0.2, reordered=0.3, lost=0.1, refused=0.1)
Make = Callable[..., Dispatch]
Plan = list[tuple[int, list[Dispatch]]]


def night(make: Make) -> Plan:
    """Twelve moments at which 60 phones are called or written to; a phone comes several times, some while busy."""
    order = Random(4)
    plan: Plan = []
    attempt_id = 0
    for moment in range(12):
        batch: list[Dispatch] = []
        for phone in order.sample(range(120), 60):
            attempt_id += 1
            channel = Channel.SMS if attempt_id % 3 == 0 else Channel.VOICE
            batch.append(make(attempt_id, f"+862601{phone:07d}", channel, link=f"L{phone}"))
        plan.append((START + moment * STEP, batch))
    return plan


def whole(network: SimulatedNetwork, plan: Plan) -> list[Event]:
    """Each moment's attempts in one batch."""
    events: list[Event] = []
    for now, batch in plan:
        network.accept(batch, now)
        events += network.advance(now)
    return events + network.advance(START + DAY)


def in_pieces(network: SimulatedNetwork, plan: Plan, order: Random) -> list[Event]:
    """The same attempts shuffled and in pieces, with looks in between."""
    events: list[Event] = []
    for now, batch in plan:
        for piece in _pieces(order.sample(batch, len(batch)), order):
            network.accept(piece, now)
            if order.random() < 0.5:
                events += network.advance(now)
        for _ in range(order.randrange(4)):
            events += network.advance(now + order.randrange(STEP))
    return events + network.advance(START + DAY)


def _pieces(batch: Sequence[Dispatch], order: Random) -> list[Sequence[Dispatch]]:
    cuts = sorted(order.sample(range(1, len(batch)), order.randrange(1, 10)))
    return [batch[a:b] for a, b in zip([0, *cuts], [*cuts, len(batch)], strict=True)]


@pytest.mark.parametrize("faults", [None, SPOILT])
def test_batches_and_order_change_nothing(faults: Faults | None, make: Make) -> None:
    """The same seed gives the same events in the same order, faults included, however the batches were split."""
    plan = night(make)
    expected = whole(SimulatedNetwork(7, faults=faults), plan)
    assert len(expected) > 600
    for shuffle in range(5):
        assert in_pieces(SimulatedNetwork(7, faults=faults), plan, Random(shuffle)) == expected


def test_counters_do_not_depend_on_batches_either(make: Make) -> None:
    """Clashes, lines in use and who was called after an answer are facts of the night, not of the batches."""
    plan = night(make)
    first, second = SimulatedNetwork(7), SimulatedNetwork(7)
    whole(first, plan)
    in_pieces(second, plan, Random(1))
    assert first.clashes == second.clashes > 0
    assert first.peak_calls == second.peak_calls
    rang = [sorted((one.attempt_id, one.answered_at) for one in net.rang_after_answer) for net in (first, second)]
    assert rang[0] == rang[1] != []


def test_another_seed_is_another_night(make: Make) -> None:
    """The seed decides."""
    plan = night(make)
    assert whole(SimulatedNetwork(7), plan) != whole(SimulatedNetwork(8), plan)


def test_a_seed_may_be_negative_or_large(make: Make) -> None:
    """Whatever number an operator types is a seed."""
    nights = [whole(SimulatedNetwork(seed), night(make)) for seed in (-1, 0, 2**63)]
    assert nights[0] != nights[1] != nights[2] != nights[0]


def test_time_never_goes_back(make: Make) -> None:
    """A caller whose clock was set back is taken at the network's time: nothing happens before it was handed over."""
    network = SimulatedNetwork(7)
    network.advance(START + STEP)
    network.accept([make(n) for n in range(100)], START)
    assert all(event.at > START + STEP for event in network.advance(START + DAY))
