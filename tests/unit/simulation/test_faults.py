"""What goes wrong between a carrier and us, as often as it was ordered and no other way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from warning_dispatch.errors import ConfigError
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Reply, Report
from warning_dispatch.simulation.faults import Faults, Outage
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.simulation.population import Population, TextHabit, Times, VoiceHabit

START = 1_000_000
END = START + 18_000
DAY = 86_400_000
TIMES = Times(ring=(10_000, 10_000), listen=(8_000, 8_000), delivery=(5_000, 5_000), reply=(30_000, 30_000))
PEOPLE = Population.everyone(VoiceHabit.ANSWERS, TextHabit.REPLIES, times=TIMES)
Make = Callable[..., Dispatch]


def faulty(**faults: object) -> SimulatedNetwork:
    """A network where everybody presses 1 after 18 s, behind such a line."""
    return SimulatedNetwork(3, PEOPLE, faults=Faults(**faults))  # type: ignore[arg-type]


def arrivals(network: SimulatedNetwork) -> list[tuple[int, int]]:
    """(when it reaches us, attempt) of every report still to come."""
    told: list[tuple[int, int]] = []
    while (at := network.next_at()) is not None:
        told += [(at, event.attempt_id) for event in network.advance(at) if isinstance(event, Report)]
    return told


def test_a_late_report_says_when_it_happened(make: Make) -> None:
    """It reaches us within its span, and its `at` is the moment of the key."""
    network = faulty(late=1.0, late_by=(20_000, 40_000))
    network.accept([make(n) for n in range(50)], START)
    assert network.advance(END + 19_999) == []
    events = network.advance(END + 40_000)
    assert len(events) == 50
    assert {event.at for event in events} == {END}


def test_a_doubled_report_is_the_same_report_again(make: Make) -> None:
    """Twice, the second later than the first, word for word the same."""
    network = faulty(doubled=1.0, doubled_after=(1, 5_000))
    network.accept([make(n) for n in range(50)], START)
    first = network.advance(END)
    again = network.advance(END + 5_000)
    assert len(first) == 50
    assert Counter(first) == Counter(again)
    assert network.next_at() is None


def test_reordered_reports_overtake_each_other(make: Make) -> None:
    """Each comes once, within its span, but no longer in the order in which the calls ended."""
    network = faulty(reordered=0.5, reordered_by=(1, 10_000))
    for n in range(50):
        network.accept([make(n)], START + n * 100)
    told = arrivals(network)
    order = [attempt_id for _, attempt_id in told]
    assert sorted(order) == list(range(50))
    assert order != sorted(order)
    assert all(0 <= at - (END + attempt_id * 100) <= 10_000 for at, attempt_id in told)


def test_a_lost_report_never_comes_but_the_call_was(make: Make) -> None:
    """Only the final report of a call is lost: the line is free again, messages and replies are still told."""
    network = faulty(lost=1.0)
    network.accept([make(1), make(2, channel=Channel.SMS)], START)
    events = network.advance(START + DAY)
    assert [type(event) for event in events] == [Report, Reply]
    assert events[0] == Report(2, "delivered", START + 5_000)
    assert network.calls_in_progress == 0


def test_written_replies_are_late_and_doubled_too(make: Make) -> None:
    """A "收到" travels the same bad line as a report."""
    network = faulty(late=1.0, late_by=(60_000, 60_000), doubled=1.0, doubled_after=(7, 7))
    network.accept([make(1, channel=Channel.SMS)], START)
    assert not [event for event in network.advance(START + 94_999) if isinstance(event, Reply)]
    first = network.advance(START + 95_000)
    assert [type(event) for event in first] == [Reply]
    assert first[0].at == START + 35_000
    assert network.advance(START + 95_007) == first


@pytest.mark.parametrize("name", ["late", "doubled", "lost", "refused"])
def test_faults_come_as_often_as_ordered(name: str, make: Make) -> None:
    """Three in ten of 3,000 calls are hit, whichever fault it is."""
    network = faulty(**{name: 0.3})
    receipts = network.accept([make(n) for n in range(3_000)], START)
    at_once = network.advance(END)
    later = network.advance(START + DAY)
    hit = {
        "late": len(later),
        "doubled": len(later),
        "lost": 3_000 - len(at_once) - len(later),
        "refused": sum(not receipt.accepted for receipt in receipts),
    }
    assert 800 < hit[name] < 1_000
    assert sum(hit.values()) - hit[name] in (0, hit[name])


def test_a_refused_hand_over_names_its_outcome_and_may_go_later(make: Make) -> None:
    """Chance is drawn for each moment: what is refused now goes the next second or the one after."""
    network = faulty(refused=0.5, refused_outcome="temporarily_refused")
    moment = START
    for n in range(30):
        while not (receipt := network.accept([make(n)], moment)[0]).accepted:
            assert receipt.outcome == "temporarily_refused"
            moment += 1_000
    assert network.accepted == 30
    assert moment > START


def test_every_row_of_the_table_can_be_a_refusal(make: Make, table: frozenset[str]) -> None:
    """Balance, credentials, limits, bounces: whatever a provider can say, the simulated one can say at run time."""
    network = faulty()
    for n, outcome in enumerate(sorted(table)):
        network.set_outage(Channel.VOICE, outcome)
        receipt = network.accept([make(n)], START)[0]
        assert (receipt.accepted, receipt.outcome) == (False, outcome)
    assert network.accepted == 0


def test_the_outcomes_of_the_default_line_are_in_the_table(table: frozenset[str]) -> None:
    """Nobody needs to name an outcome to get one that the engine knows."""
    assert Faults().refused_outcome in table


def test_an_outage_is_a_window_of_one_channel(make: Make) -> None:
    """From its first millisecond, not in its last; other channels go on."""
    window = Outage(Channel.VOICE, START + 1_000, START + 2_000, "provider_down")
    network = faulty(outages=(window,))
    moments = (START + 999, START + 1_000, START + 1_999, START + 2_000)
    calls = [network.accept([make(n)], at)[0] for n, at in enumerate(moments)]
    assert [receipt.outcome for receipt in calls] == ["", "provider_down", "provider_down", ""]
    network = faulty(outages=(window,))
    assert network.accept([make(1, channel=Channel.SMS)], START + 1_500)[0].accepted


def test_an_outage_may_be_of_one_route(make: Make) -> None:
    """The other provider takes the call."""
    network = faulty(outages=(Outage(Channel.VOICE, START, START + 1_000, "balance_exhausted", route="a"),))
    receipts = network.accept([make(1, route="a"), make(2, route="b")], START)
    assert [receipt.outcome for receipt in receipts] == ["balance_exhausted", ""]


def test_the_switch_works_at_run_time_and_calls_under_way_go_on(make: Make) -> None:
    """Off means refused until switched on again; what rang before ends as it would have."""
    network = faulty()
    network.accept([make(1)], START)
    network.set_outage(Channel.VOICE, "misconfigured")
    assert network.accept([make(2)], START + 1)[0].outcome == "misconfigured"
    assert network.accept([make(3, channel=Channel.SMS)], START + 1)[0].accepted
    network.set_outage(Channel.VOICE, None)
    network.set_outage(Channel.VOICE, None)
    assert network.accept([make(2)], START + 2)[0].accepted
    assert Report(1, "key_pressed", END) in network.advance(END)


def test_chances_that_are_none_are_refused_all_at_once() -> None:
    """A mistyped chance is found when the network is built, with its name."""
    with pytest.raises(ConfigError) as refused:
        Faults(late=1.5, lost=-0.1)
    assert [one.where for one in refused.value.findings] == ["faults: late", "faults: lost"]
