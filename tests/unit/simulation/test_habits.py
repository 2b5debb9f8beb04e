"""Every habit has its outcome, and every outcome its row in config/outcomes.toml."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Event, Reply, Report, Tap
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.simulation.population import Population, Script, TextHabit, Times, VoiceHabit

START = 1_000_000
LATER = START + 86_400_000
PHONE = "+8626010000001"
FIXED = Times(
    ring=(10_000, 10_000),
    listen=(8_000, 8_000),
    speech=(17_000, 17_000),
    short=(2_000, 2_000),
    mailbox=(4_000, 4_000),
    tone=(3_000, 3_000),
    delivery=(5_000, 5_000),
    stored=(900_000, 900_000),
    reply=(30_000, 30_000),
    tap=(40_000, 40_000),
    mail=(50_000, 50_000),
)
COURSES = {
    VoiceHabit.ANSWERS: ("key_pressed", 18_000),
    VoiceHabit.HEARS: ("heard_no_key", 27_000),
    VoiceHabit.HANGS_UP: ("hung_up_early", 12_000),
    VoiceHabit.VOICEMAIL: ("voicemail", 14_000),
    VoiceHabit.COLOUR_RING: ("colour_ring", 10_000),
    VoiceHabit.MACHINE: ("machine", 14_000),
    VoiceHabit.ASLEEP: ("no_answer", 35_000),
    VoiceHabit.NEVER: ("no_answer", 35_000),
    VoiceHabit.REJECTS: ("rejected", 10_000),
    VoiceHabit.BUSY: ("busy", 3_000),
    VoiceHabit.SWITCHED_OFF: ("switched_off", 3_000),
    VoiceHabit.OUT_OF_COVERAGE: ("out_of_coverage", 3_000),
    VoiceHabit.EMPTY: ("empty_number", 3_000),
    VoiceHabit.SUSPENDED: ("suspended", 3_000),
    VoiceHabit.INVALID: ("invalid_number", 3_000),
}
"""Habit → outcome and ms from the hand-over, with `FIXED` times and 35 s of ringing."""
RINGS_FIRST = [habit for habit, (_, ends) in COURSES.items() if ends > 3_000]
Make = Callable[..., Dispatch]


def everyone(voice: VoiceHabit = VoiceHabit.ANSWERS, text: TextHabit = TextHabit.IGNORES) -> SimulatedNetwork:
    """A network in which all people do the same, at fixed times."""
    return SimulatedNetwork(1, Population.everyone(voice, text, times=FIXED))


def played(network: SimulatedNetwork, *dispatches: Dispatch) -> list[Event]:
    """Hand attempts over one after the other, each when all is quiet, and let everything happen."""
    events: list[Event] = []
    now = START
    for one in dispatches:
        assert network.accept([one], now)[0].accepted
        while (at := network.next_at()) is not None:
            now = at
            events += network.advance(now)
    return events


@pytest.mark.parametrize("habit", VoiceHabit)
def test_a_call_ends_as_its_habit_says(habit: VoiceHabit, make: Make, table: frozenset[str]) -> None:
    """Each voice habit has one outcome, at its time, and the engine knows that outcome."""
    outcome, after = COURSES[habit]
    assert outcome in table
    assert played(everyone(habit), make(1)) == [Report(1, outcome, START + after)]


@pytest.mark.parametrize("habit", VoiceHabit)
def test_a_script_overrules_the_population(habit: VoiceHabit, make: Make) -> None:
    """One scripted phone does as it is told among people who do otherwise, and only that phone."""
    others = VoiceHabit.ANSWERS if habit is not VoiceHabit.ANSWERS else VoiceHabit.NEVER
    network = everyone(others)
    network.set_script(PHONE, Script(voice=(habit,)))
    first, second = played(network, make(1, PHONE), make(2))
    assert isinstance(first, Report)
    assert isinstance(second, Report)
    assert (first.outcome, second.outcome) == (COURSES[habit][0], COURSES[others][0])


def test_a_script_goes_call_by_call_and_can_be_taken_back(make: Make) -> None:
    """The last habit goes on for ever; None gives the phone back to the population."""
    network = everyone(VoiceHabit.NEVER)
    network.set_script(PHONE, Script(voice=(VoiceHabit.BUSY, VoiceHabit.HEARS)))
    told = [event.outcome for event in played(network, *(make(n, PHONE) for n in (1, 2, 3)))]  # type: ignore[union-attr]
    assert told == ["busy", "heard_no_key", "heard_no_key"]
    network.set_script(PHONE, None)
    network.accept([make(4, PHONE)], LATER)
    assert network.advance(LATER + 60_000) == [Report(4, "no_answer", LATER + 35_000)]


@pytest.mark.parametrize("habit", RINGS_FIRST)
def test_nobody_comes_before_the_dialler_gives_up(habit: VoiceHabit, make: Make) -> None:
    """Whatever would come after 10 s does not come in 9: no rejection, no mailbox, no key."""
    assert played(everyone(habit), make(1, ring_for=9_000)) == [Report(1, "no_answer", START + 9_000)]


@pytest.mark.parametrize("purpose", [Purpose.NOTICE, Purpose.ALL_CLEAR])
def test_a_call_that_asks_nothing_is_only_heard(purpose: Purpose, make: Make) -> None:
    """A notice wants no key, so no key can acknowledge anything."""
    assert played(everyone(), make(1, purpose=purpose)) == [Report(1, "heard_no_key", START + 18_000)]


TEXTS: dict[TextHabit, list[Event]] = {
    TextHabit.REPLIES: [Report(1, "delivered", START + 5_000), Reply(Channel.SMS, PHONE, "收到", START + 35_000)],
    TextHabit.TAPS: [Report(1, "delivered", START + 5_000), Tap("L1", START + 45_000)],
    TextHabit.OPTS_OUT: [Report(1, "delivered", START + 5_000), Reply(Channel.SMS, PHONE, "TD", START + 35_000)],
    TextHabit.IGNORES: [Report(1, "delivered", START + 5_000)],
    TextHabit.UNREACHABLE: [Report(1, "undelivered", START + 5_000)],
}


@pytest.mark.parametrize("habit", TextHabit)
@pytest.mark.parametrize("scripted", [False, True])
def test_a_message_goes_as_its_habit_says(
    habit: TextHabit, make: Make, table: frozenset[str], *, scripted: bool
) -> None:
    """Each text habit brings its delivery report and its answer, by population and by script alike."""
    people = Population.everyone(text=TextHabit.IGNORES if scripted else habit, times=FIXED)
    network = SimulatedNetwork(5, people)
    if scripted:
        network.set_script(PHONE, Script(text=(habit,)))
    events = played(network, make(1, PHONE, Channel.SMS, link="L1"))
    assert [_without_spelling(event) for event in events] == TEXTS[habit]
    assert {event.outcome for event in events if isinstance(event, Report)} <= table


def _without_spelling(event: Event) -> Event:
    """People write their yes in several ways; here one stands for all."""
    if isinstance(event, Reply) and event.text in Population().reply_words:
        return Reply(event.channel, event.address, "收到", event.at)
    return event


def test_a_mail_is_tapped_in_its_own_time(make: Make) -> None:
    """Mail is read later than an SMS."""
    events = played(everyone(text=TextHabit.TAPS), make(1, "a@village.example", Channel.EMAIL, link="L1"))
    assert events == [Report(1, "delivered", START + 5_000), Tap("L1", START + 55_000)]


@pytest.mark.parametrize("voice", [VoiceHabit.EMPTY, VoiceHabit.SUSPENDED, VoiceHabit.INVALID])
def test_no_sms_arrives_where_there_is_no_phone(voice: VoiceHabit, make: Make) -> None:
    """An empty, suspended or invalid number takes no message either."""
    events = played(everyone(voice, TextHabit.TAPS), make(1, PHONE, Channel.SMS, link="L1"))
    assert events == [Report(1, "undelivered", START + 5_000)]


def test_no_sms_arrives_at_a_landline(make: Make) -> None:
    """A duty room's phone has no screen."""
    events = played(everyone(text=TextHabit.TAPS), make(1, "+8626020000001", Channel.SMS, link="L1"))
    assert events == [Report(1, "undelivered", START + 5_000)]


@pytest.mark.parametrize("voice", [VoiceHabit.SWITCHED_OFF, VoiceHabit.OUT_OF_COVERAGE])
def test_an_sms_to_a_phone_that_is_off_is_stored(voice: VoiceHabit, make: Make) -> None:
    """It arrives when the phone is back, the first time; a later one arrives at once."""
    events = played(everyone(voice), make(1, PHONE, Channel.SMS), make(2, PHONE, Channel.SMS))
    assert events == [Report(1, "delivered", START + 900_000), Report(2, "delivered", START + 905_000)]


@pytest.mark.parametrize("text", [TextHabit.REPLIES, TextHabit.TAPS])
def test_nobody_answers_a_notice(text: TextHabit, make: Make) -> None:
    """A message that asks nothing brings its delivery report and nothing else."""
    events = played(everyone(text=text), make(1, PHONE, Channel.SMS, link="L1", purpose=Purpose.ALL_CLEAR))
    assert events == [Report(1, "delivered", START + 5_000)]


def test_without_a_link_there_is_nothing_to_tap(make: Make) -> None:
    """A message without a link cannot bring a tap."""
    assert played(everyone(text=TextHabit.TAPS), make(1, PHONE, Channel.SMS)) == [Report(1, "delivered", START + 5_000)]


def test_an_opt_out_ends_the_messages_to_that_number_only(make: Make, table: frozenset[str]) -> None:
    """Receiving is a duty: SMS stops with `opted_out`, calls and other numbers go on."""
    network = everyone(text=TextHabit.OPTS_OUT)
    network.accept([make(1, PHONE, Channel.SMS)], START)
    assert network.accept([make(2, PHONE, Channel.SMS)], START + 34_999)[0].accepted
    refused, call, other = network.accept(
        [make(3, PHONE, Channel.SMS), make(4, PHONE), make(5, channel=Channel.SMS)], START + 35_000
    )
    assert (refused.accepted, refused.outcome) == (False, "opted_out")
    assert refused.outcome in table
    assert call.accepted
    assert other.accepted


def test_a_task_for_the_duty_officer_is_taken_and_stays_silent(make: Make) -> None:
    """What a person does with the list is not simulated; nothing is reported and nothing is due."""
    network = everyone()
    assert network.accept([make(1, "desk", Channel.OPERATOR)], START)[0].accepted
    assert network.next_at() is None
    assert network.advance(LATER) == []
