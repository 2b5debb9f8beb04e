"""The witness of promise 3: who was rung although they had answered, and whether anybody could know."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from warning_dispatch.model.states import Means, Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Report, Tap
from warning_dispatch.simulation.answers import RangAfterAnswer
from warning_dispatch.simulation.faults import Faults
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.simulation.population import Population, TextHabit, Times, VoiceHabit

START = 1_000_000
KEY = START + 18_000
PHONE = "+8626010000001"
OTHER = "+8626010000002"
TIMES = Times(
    ring=(10_000, 10_000), listen=(8_000, 8_000), delivery=(5_000, 5_000), reply=(30_000, 30_000), tap=(40_000, 40_000)
)
Make = Callable[..., Dispatch]


def network_of(text: TextHabit = TextHabit.IGNORES, faults: Faults | None = None) -> SimulatedNetwork:
    """Everybody presses 1 after 18 s; the grace is a second."""
    return SimulatedNetwork(1, Population.everyone(VoiceHabit.ANSWERS, text, times=TIMES), faults=faults)


def test_a_call_after_the_key_is_noted_with_all_that_is_known(make: Make) -> None:
    """Who rang, when they had answered, when we were told and by which attempt."""
    network = network_of()
    network.accept([make(1, PHONE)], START)
    network.advance(KEY + 500)
    network.accept([make(2, PHONE)], KEY + 1_001)
    assert network.rang_after_answer == [
        RangAfterAnswer(
            attempt_id=2,
            callout_id=1,
            channel=Channel.VOICE,
            address=PHONE,
            rang_at=KEY + 1_001,
            answered_at=KEY,
            told_at=KEY + 500,
            answered_attempt=1,
            means=Means.KEY,
        )
    ]


def test_within_the_grace_nothing_is_noted(make: Make) -> None:
    """What was on its way to the carrier when the key was pressed is nobody's fault."""
    network = network_of()
    network.accept([make(1, PHONE)], START)
    network.accept([make(2, PHONE)], KEY + 1_000)
    assert network.rang_after_answer == []


def test_nobody_could_know_of_a_lost_report(make: Make) -> None:
    """`told_at` stays None while word of the answer has not come."""
    network = network_of(faults=Faults(lost=1.0))
    network.accept([make(1, PHONE)], START)
    network.advance(KEY + 60_000)
    network.accept([make(2, PHONE)], KEY + 60_000)
    assert [one.told_at for one in network.rang_after_answer] == [None]


@pytest.mark.parametrize("change", [{"callout_id": 2}, {"purpose": Purpose.NOTICE}, {"purpose": Purpose.ALL_CLEAR}])
def test_another_call_out_and_a_notice_may_ring(change: dict[str, object], make: Make) -> None:
    """An answer silences its own call-out; an all-clear still reaches who had answered."""
    network = network_of()
    network.accept([make(1, PHONE)], START)
    network.accept([make(2, PHONE, **change)], KEY + 60_000)
    assert network.rang_after_answer == []


def test_a_refused_call_did_not_ring(make: Make) -> None:
    """Only hand-overs that were accepted can disturb anybody."""
    network = network_of()
    network.accept([make(1, PHONE)], START)
    network.set_outage(Channel.VOICE, "provider_down")
    network.accept([make(2, PHONE)], KEY + 60_000)
    assert network.rang_after_answer == []


def test_a_reply_counts_from_the_moment_it_was_written(make: Make) -> None:
    """A "收到" by SMS silences the calls to that number."""
    network = network_of(TextHabit.REPLIES)
    network.accept([make(1, PHONE, Channel.SMS)], START)
    network.accept([make(2, PHONE)], START + 36_001)
    noted = network.rang_after_answer
    assert [(one.attempt_id, one.means, one.answered_at) for one in noted] == [(2, Means.REPLY, START + 35_000)]


def test_a_link_is_tapped_once_wherever_it_was_sent(make: Make) -> None:
    """Two phones hold the same link: the first tap settles it, and both have answered."""
    network = network_of(TextHabit.TAPS)
    network.accept([make(1, PHONE, Channel.SMS, link="L")], START)
    network.accept([make(2, OTHER, Channel.SMS, link="L")], START + 1_000)
    taps = [event for event in network.advance(START + 100_000) if isinstance(event, Tap)]
    assert taps == [Tap("L", START + 45_000)]
    network.accept([make(3, OTHER)], START + 100_000)
    assert [(one.means, one.answered_attempt) for one in network.rang_after_answer] == [(Means.LINK, 1)]


def test_after_the_key_nobody_taps_what_came_before(make: Make) -> None:
    """A key settles the messages this phone had been sent in that call-out."""
    network = network_of(TextHabit.TAPS)
    network.accept([make(1, PHONE, Channel.SMS, link="L"), make(2, PHONE)], START)
    events = network.advance(START + 100_000)
    assert events == [Report(1, "delivered", START + 5_000), Report(2, "key_pressed", KEY)]


def test_after_the_key_nobody_taps_the_same_link_elsewhere(make: Make) -> None:
    """The person who pressed the key holds a second phone with the same link: it is settled there too."""
    network = network_of(TextHabit.TAPS)
    batch = [make(1, PHONE, Channel.SMS, link="L"), make(2, OTHER, Channel.SMS, link="L"), make(3, PHONE)]
    network.accept(batch, START)
    assert not [event for event in network.advance(START + 100_000) if isinstance(event, Tap)]


def test_a_person_called_again_may_answer_again(make: Make) -> None:
    """A message that comes after the key (for another unit) is acted on; the first answer stays the first."""
    network = network_of(TextHabit.TAPS)
    network.accept([make(1, PHONE)], START)
    network.accept([make(2, PHONE, Channel.SMS, link="M")], KEY + 30_000)
    assert Tap("M", KEY + 75_000) in network.advance(KEY + 100_000)
    network.accept([make(3, PHONE)], KEY + 100_000)
    assert [one.answered_at for one in network.rang_after_answer] == [KEY, KEY]
