"""The default people: the shares that the documentation names, and what a second call meets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from math import sqrt

import pytest

from warning_dispatch.errors import ConfigError
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Reply, Report, Tap
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.simulation.population import (
    COMES_ROUND,
    DUTY_LANDLINE,
    MAIL_AT_NIGHT,
    MOBILE_AT_NIGHT,
    SMS_AT_NIGHT,
    Population,
    Script,
    TextHabit,
    VoiceHabit,
)

START = 1_000_000
DAY = 86_400_000
PEOPLE = 10_000
OUTCOMES = {
    VoiceHabit.ANSWERS: "key_pressed",
    VoiceHabit.HEARS: "heard_no_key",
    VoiceHabit.HANGS_UP: "hung_up_early",
    VoiceHabit.ASLEEP: "no_answer",
    VoiceHabit.NEVER: "no_answer",
    VoiceHabit.REJECTS: "rejected",
    VoiceHabit.EMPTY: "empty_number",
    VoiceHabit.INVALID: "invalid_number",
}
"""Where the outcome has another name than the habit."""
Make = Callable[..., Dispatch]


def near(seen: int, share: float, among: int = PEOPLE) -> bool:
    """Whether a count is what chance makes of a share: four standard deviations and a little."""
    return abs(seen - share * among) <= 4 * sqrt(share * (1 - share) * among) + 1


def outcomes(network: SimulatedNetwork, batch: Iterable[Dispatch], now: int) -> Counter[str]:
    """How often each outcome comes of a batch within a day."""
    receipts = network.accept(list(batch), now)
    assert all(receipt.accepted for receipt in receipts)
    return Counter(event.outcome for event in network.advance(now + DAY) if isinstance(event, Report))


@pytest.mark.parametrize(("prefix", "shares"), [("+862601", MOBILE_AT_NIGHT), ("+862602", DUTY_LANDLINE)])
def test_first_calls_end_in_the_documented_shares(prefix: str, shares: Mapping[VoiceHabit, float], make: Make) -> None:
    """Over 10,000 mobiles and 10,000 duty rooms each outcome has the share that population.py promises."""
    seen = outcomes(SimulatedNetwork(20), (make(n, f"{prefix}{n:07d}") for n in range(PEOPLE)), START)
    expected: Counter[str] = Counter()
    for habit, share in shares.items():
        expected[OUTCOMES.get(habit, habit.value)] += share  # type: ignore[assignment]
    assert set(seen) == set(expected)
    assert {key: seen[key] for key, share in expected.items() if not near(seen[key], share)} == {}


def test_messages_are_answered_in_the_documented_shares(make: Make) -> None:
    """Over 10,000 mobiles: delivered, replied and tapped as documented; none arrives at a number that is none."""
    network = SimulatedNetwork(21)
    network.accept([make(n, channel=Channel.SMS, link=f"L{n}") for n in range(PEOPLE)], START)
    events = network.advance(START + DAY)
    kinds = Counter(event.outcome if isinstance(event, Report) else type(event).__name__ for event in events)
    no_phone = sum(MOBILE_AT_NIGHT[one] for one in (VoiceHabit.EMPTY, VoiceHabit.SUSPENDED, VoiceHabit.INVALID))
    undelivered = no_phone + (1 - no_phone) * SMS_AT_NIGHT[TextHabit.UNREACHABLE]
    assert near(kinds["undelivered"], undelivered)
    assert kinds["delivered"] == PEOPLE - kinds["undelivered"]
    assert near(kinds[Reply.__name__], (1 - no_phone) * SMS_AT_NIGHT[TextHabit.REPLIES])
    assert near(kinds[Tap.__name__], (1 - no_phone) * SMS_AT_NIGHT[TextHabit.TAPS])


def test_mails_are_answered_in_the_documented_shares(make: Make) -> None:
    """Over 10,000 mailboxes: undelivered and tapped as documented, and no written answers."""
    network = SimulatedNetwork(22)
    mails = [make(n, f"u{n}@village.example", Channel.EMAIL, link=f"L{n}") for n in range(PEOPLE)]
    network.accept(mails, START)
    events = network.advance(START + DAY)
    kinds = Counter(event.outcome if isinstance(event, Report) else type(event).__name__ for event in events)
    assert near(kinds["undelivered"], MAIL_AT_NIGHT[TextHabit.UNREACHABLE])
    assert near(kinds[Tap.__name__], MAIL_AT_NIGHT[TextHabit.TAPS])
    assert kinds[Reply.__name__] == 0


@pytest.mark.parametrize("habit", [one for one in VoiceHabit if one is not VoiceHabit.ANSWERS])
def test_a_second_call_comes_round_as_documented(habit: VoiceHabit, make: Make) -> None:
    """The busy are free later, an empty number seldom; who never answers never does."""
    network = SimulatedNetwork(23, Population(mobile={habit: 1.0}))
    outcomes(network, (make(n) for n in range(1_000)), START)
    second = outcomes(network, (make(n + 1_000, f"+862601{n:07d}") for n in range(1_000)), START + DAY)
    assert near(second["key_pressed"], COMES_ROUND.get(habit, 0.0), 1_000)
    if habit not in COMES_ROUND:
        assert second["key_pressed"] == 0


def test_who_answered_once_may_sleep_the_next_time(make: Make) -> None:
    """The share `slips` of those who answered does not answer the second call, asleep or on the phone."""
    network = SimulatedNetwork(24, Population(mobile={VoiceHabit.ANSWERS: 1.0}))
    assert outcomes(network, (make(n) for n in range(PEOPLE)), START) == {"key_pressed": PEOPLE}
    second = outcomes(network, (make(n + PEOPLE, f"+862601{n:07d}") for n in range(PEOPLE)), START + DAY)
    assert set(second) == {"key_pressed", "no_answer", "busy"}
    assert near(second["no_answer"] + second["busy"], Population().slips)


@pytest.mark.parametrize("script", [None, Script(voice=(VoiceHabit.NEVER,))])
def test_a_second_message_gives_second_thoughts(script: Script | None, make: Make) -> None:
    """Some who ignored the first message tap the second; a script for the voice leaves that as it is."""
    network = SimulatedNetwork(25, Population(sms={TextHabit.IGNORES: 1.0}, mobile={VoiceHabit.ANSWERS: 1.0}))
    for n in range(2_000):
        network.set_script(f"+862601{n:07d}", script)
    network.accept([make(n, channel=Channel.SMS, link=f"L{n}") for n in range(2_000)], START)
    assert not [event for event in network.advance(START + DAY) if isinstance(event, Tap)]
    again = [make(n + 2_000, f"+862601{n:07d}", Channel.SMS, link=f"M{n}") for n in range(2_000)]
    network.accept(again, START + DAY)
    taps = [event for event in network.advance(START + 2 * DAY) if isinstance(event, Tap)]
    assert near(len(taps), Population().second_thoughts, 2_000)


def test_a_scripted_reader_has_no_second_thoughts(make: Make) -> None:
    """Who ignores by script ignores every message."""
    network = SimulatedNetwork(26, Population(second_thoughts=1.0))
    network.set_script("+8626010000001", Script(text=(TextHabit.IGNORES,)))
    network.accept([make(n, "+8626010000001", Channel.SMS, link=f"L{n}") for n in range(5)], START)
    assert not [event for event in network.advance(START + DAY) if isinstance(event, Tap)]


def test_shares_that_make_no_population_are_refused_all_at_once() -> None:
    """A planner who mistypes three figures hears of all three, each with its place."""
    with pytest.raises(ConfigError) as refused:
        Population(
            mobile={VoiceHabit.ANSWERS: 0.9},
            sms={TextHabit.TAPS: 1.5, TextHabit.IGNORES: -0.5},
            slips=1.1,
        )
    assert [one.where for one in refused.value.findings] == [
        "population: mobile",
        "population: sms",
        "population: slips",
    ]
