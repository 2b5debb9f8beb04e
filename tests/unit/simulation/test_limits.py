"""Lines, rates and one call for one phone: the carrier holds its limits, and counts who would have broken them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Receipt, Report
from warning_dispatch.simulation.network import BUSY_TONE, SimulatedNetwork
from warning_dispatch.simulation.population import Population, Script, Times, VoiceHabit

START = 1_000_000
MINUTE = 60_000
PHONE = "+8626010000001"
PEOPLE = Population.everyone(VoiceHabit.ANSWERS, times=Times(ring=(10_000, 10_000), listen=(8_000, 8_000)))
Make = Callable[..., Dispatch]


def taken(receipts: list[Receipt]) -> list[bool]:
    """Which were accepted."""
    return [receipt.accepted for receipt in receipts]


def test_a_call_beyond_the_lines_is_refused_and_counted(make: Make, table: frozenset[str]) -> None:
    """Promise 7: with two lines the third call does not ring, says `over_concurrency`, and is a violation."""
    network = SimulatedNetwork(1, PEOPLE, lines=2)
    receipts = network.accept([make(1), make(2), make(3)], START)
    assert taken(receipts) == [True, True, False]
    assert receipts[2].outcome == "over_concurrency"
    assert receipts[2].outcome in table
    assert (network.line_violations, network.calls_in_progress, network.peak_calls) == (1, 2, 2)
    assert network.ringing() == {1, 2}


def test_a_line_is_free_in_the_moment_its_call_ends(make: Make) -> None:
    """The next call may go at the very millisecond, and not one before."""
    network = SimulatedNetwork(1, PEOPLE, lines=1)
    network.accept([make(1)], START)
    assert taken(network.accept([make(2)], START + 17_999)) == [False]
    assert taken(network.accept([make(2)], START + 18_000)) == [True]
    assert (network.line_violations, network.peak_calls, network.accepted) == (1, 1, 2)


def test_messages_need_no_line(make: Make) -> None:
    """Lines are for calls: an SMS, a mail and a task go while all lines are taken."""
    network = SimulatedNetwork(1, PEOPLE, lines=1)
    others = [make(2, channel=Channel.SMS), make(3, "u@x.example", Channel.EMAIL), make(4, "desk", Channel.OPERATOR)]
    assert taken(network.accept([make(1), *others], START)) == [True] * 4
    assert (network.calls_in_progress, network.line_violations) == (1, 0)


def test_the_sms_rate_refills_evenly_and_exactly(make: Make) -> None:
    """A minute's worth at once, then one every six seconds: not a millisecond early, none lost to rounding."""
    network = SimulatedNetwork(1, PEOPLE, sms_per_minute=10)
    first = network.accept([make(n, channel=Channel.SMS) for n in range(12)], START)
    assert taken(first) == [True] * 10 + [False] * 2
    assert first[-1].outcome == "over_concurrency"
    assert network.rate_violations == 2
    for n in range(1, 11):
        due = START + n * 6_000
        assert taken(network.accept([make(100 + n, channel=Channel.SMS)], due - 1)) == [False]
        assert taken(network.accept([make(100 + n, channel=Channel.SMS)], due)) == [True]
    assert network.rate_violations == 12


@pytest.mark.parametrize(("burst", "at_once"), [(None, 60), (5, 5), (0, 0)])
def test_the_burst_bounds_what_goes_at_once(burst: int | None, at_once: int, make: Make) -> None:
    """The bucket never holds more than its burst, however long it was quiet; a burst of 0 lets nothing through."""
    network = SimulatedNetwork(1, PEOPLE, sms_per_minute=60, sms_burst=burst)
    for batch, moment in enumerate((START, START + 60 * MINUTE)):
        texts = [make(batch * 100 + n, channel=Channel.SMS) for n in range(70)]
        assert sum(taken(network.accept(texts, moment))) == at_once


def test_calls_and_mails_cost_no_sms(make: Make) -> None:
    """The rate is the SMS route's alone."""
    network = SimulatedNetwork(1, PEOPLE, sms_per_minute=1)
    mixed = [make(1), make(2, "u@x.example", Channel.EMAIL), make(3, channel=Channel.SMS)]
    assert taken(network.accept(mixed, START)) == [True] * 3
    assert network.rate_violations == 0


def test_a_refused_hand_over_leaves_no_trace(make: Make) -> None:
    """Refused attempts are not calls: the script begins with the first that rings, and a repeat is no double."""
    network = SimulatedNetwork(1, PEOPLE, lines=1)
    network.set_script(PHONE, Script(voice=(VoiceHabit.NEVER, VoiceHabit.BUSY)))
    network.accept([make(9)], START)
    network.accept([make(1, PHONE)], START)
    network.accept([make(1, PHONE)], START + 20_000)
    assert network.advance(START + 60_000)[-1] == Report(1, "no_answer", START + 55_000)
    assert network.handed_twice == []


def test_two_calls_to_one_phone_clash(make: Make) -> None:
    """Promise 7: the second hears the busy tone, the first goes on undisturbed, and the clash is counted."""
    network = SimulatedNetwork(1, PEOPLE)
    assert taken(network.accept([make(1, PHONE), make(2, PHONE)], START)) == [True, True]
    assert (network.clashes, network.calls_in_progress) == (1, 2)
    assert network.advance(START + 60_000) == [
        Report(2, "busy", START + BUSY_TONE),
        Report(1, "key_pressed", START + 18_000),
    ]


def test_the_phone_stays_taken_after_a_clash(make: Make) -> None:
    """The end of the busy tone does not free the phone for a third call; the end of the first call does."""
    network = SimulatedNetwork(1, PEOPLE)
    network.accept([make(1, PHONE), make(2, PHONE)], START)
    network.accept([make(3, PHONE)], START + 5_000)
    network.accept([make(4, PHONE)], START + 18_000)
    assert network.clashes == 2
    assert network.advance(START + 60_000)[-1] == Report(4, "key_pressed", START + 36_000)


def test_a_clash_leaves_no_trace_in_the_habits(make: Make) -> None:
    """A call that met our own busy tone did not ring: it uses up no turn of the person's."""
    network = SimulatedNetwork(1, PEOPLE)
    network.set_script(PHONE, Script(voice=(VoiceHabit.NEVER, VoiceHabit.ANSWERS, VoiceHabit.REJECTS)))
    network.accept([make(1, PHONE), make(2, PHONE)], START)
    network.accept([make(3, PHONE)], START + 40_000)
    assert network.advance(START + 90_000)[-1] == Report(3, "key_pressed", START + 58_000)


def test_hanging_up_one_of_two_leaves_the_other(make: Make) -> None:
    """The clash is hung up in its busy tone; the phone goes on ringing for the first call."""
    network = SimulatedNetwork(1, PEOPLE)
    network.accept([make(1, PHONE), make(2, PHONE)], START)
    network.hang_up([2], START + 1_000)
    assert network.ringing() == {1}
    assert network.advance(START + 60_000) == [
        Report(2, "hung_up_by_us", START + 1_000),
        Report(1, "key_pressed", START + 18_000),
    ]


def test_hanging_up_frees_the_phone(make: Make) -> None:
    """After we hung up, the same phone can be called again in the same moment without a clash."""
    network = SimulatedNetwork(1, PEOPLE)
    network.accept([make(1, PHONE)], START)
    network.hang_up([1], START + 1_000)
    network.accept([make(2, PHONE)], START + 1_000)
    assert network.clashes == 0
    assert network.advance(START + 60_000)[-1] == Report(2, "key_pressed", START + 19_000)


def test_who_picks_up_in_the_moment_of_hanging_up_is_listening(make: Make) -> None:
    """Promise 3 at its edge: at the millisecond of the pick-up the call goes on, one before it ends."""
    network = SimulatedNetwork(1, PEOPLE)
    network.accept([make(1), make(2)], START)
    network.hang_up([1], START + 9_999)
    network.hang_up([2], START + 10_000)
    assert [event.outcome for event in network.advance(START + 60_000)] == ["hung_up_by_us", "key_pressed"]  # type: ignore[union-attr]


def test_an_unmarked_second_hand_over_is_noticed(make: Make) -> None:
    """Promise 4: handed over twice is a fault unless it says "possible duplicate"; both phones ring and both end."""
    network = SimulatedNetwork(1, PEOPLE)
    network.accept([make(1), make(2)], START)
    network.accept([make(1), make(2, possible_duplicate=True)], START + 30_000)
    assert network.handed_twice == [1]
    assert [event.attempt_id for event in network.advance(START + 90_000)] == [1, 2, 1, 2]  # type: ignore[union-attr]
