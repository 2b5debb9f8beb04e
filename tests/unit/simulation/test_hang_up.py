"""Hanging up: what still rings ends at once and says so, who listens is left alone."""

from __future__ import annotations

import pytest

from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Report
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.simulation.population import Population, Times, VoiceHabit

START = 1_000_000
TIMES = Times(ring=(10_000, 10_000), listen=(8_000, 8_000))


def _call(attempt_id: int = 1, address: str = "+8626010000001") -> Dispatch:
    return Dispatch(attempt_id, 1, Channel.VOICE, Purpose.CALL, "phones", address, "zh_CN", "")


@pytest.fixture
def network() -> SimulatedNetwork:
    """Everybody picks up after 10 s and presses 1 after 8 more; there is one line."""
    return SimulatedNetwork(1, Population.everyone(VoiceHabit.ANSWERS, times=TIMES), lines=1)


def test_a_ringing_call_ends_at_once_and_is_reported(network: SimulatedNetwork) -> None:
    """The line is free for the next one in the same moment; nobody has to wait for a missing report."""
    network.accept([_call()], START)
    assert network.ringing() == {1}
    network.hang_up([1], START + 3_000)
    assert network.ringing() == frozenset()
    assert network.advance(START + 3_000) == [Report(1, "hung_up_by_us", START + 3_000)]
    assert network.calls_in_progress == 0
    assert network.accept([_call(2)], START + 3_000)[0].accepted


def test_who_listens_is_not_cut_off(network: SimulatedNetwork) -> None:
    """Promise 3: once picked up, the call goes on to its key."""
    network.accept([_call()], START)
    network.advance(START + 10_000)
    assert network.ringing() == frozenset()
    network.hang_up([1], START + 11_000)
    assert network.advance(START + 30_000) == [Report(1, "key_pressed", START + 18_000)]


def test_a_call_is_hung_up_once(network: SimulatedNetwork) -> None:
    """A second request, and one for a call that never was, change nothing and report nothing."""
    network.accept([_call()], START)
    network.hang_up([1], START + 1_000)
    network.hang_up([1, 99], START + 2_000)
    assert network.advance(START + 60_000) == [Report(1, "hung_up_by_us", START + 1_000)]
