"""应答习惯: by whose habits a storm is played: the documented ones, a file's, or those that past call-outs taught. PURE.

Learned shares are shrunk towards the documented ones: `PRIOR` calls (or messages) are added that went as documented, so that
ten calls of one night change little and ten thousand are believed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from warning_dispatch.model.lessons import CallsSeen, Seen, TextsSeen
from warning_dispatch.planning.question import Habits
from warning_dispatch.simulation.population import (
    MOBILE_BY_DAY,
    SMS_BY_DAY,
    Population,
    Span,
    TextHabit,
    Times,
    VoiceHabit,
)
from warning_dispatch.simulation.superiors import SuperiorHabit

NIGHT_FROM, NIGHT_UNTIL = 22, 6
"""Hours in Beijing between which the habits of the night hold."""
PRIOR = 200
"""Calls or messages that went as documented, added to what was seen."""
DEFAULT, LEARNED = "default", "learned"
HABIT_OF: Mapping[str, tuple[VoiceHabit, ...]] = {
    "key_pressed": (VoiceHabit.ANSWERS,),
    "heard_no_key": (VoiceHabit.HEARS,),
    "hung_up_early": (VoiceHabit.HANGS_UP,),
    "voicemail": (VoiceHabit.VOICEMAIL,),
    "machine": (VoiceHabit.MACHINE,),
    "colour_ring": (VoiceHabit.COLOUR_RING,),
    "rejected": (VoiceHabit.REJECTS,),
    "no_answer": (VoiceHabit.ASLEEP, VoiceHabit.NEVER),
    "busy": (VoiceHabit.BUSY,),
    "switched_off": (VoiceHabit.SWITCHED_OFF,),
    "out_of_coverage": (VoiceHabit.OUT_OF_COVERAGE,),
    "empty_number": (VoiceHabit.EMPTY,),
    "suspended": (VoiceHabit.SUSPENDED,),
    "invalid_number": (VoiceHabit.INVALID,),
}
"""Outcome of a call → the habits that end so; what is missing says nothing of a person."""
_ONE = TypeVar("_ONE", VoiceHabit, TextHabit)
_ACTS = (TextHabit.TAPS, TextHabit.REPLIES)


def is_night(hour: int) -> bool:
    """Whether an hour (0 … 23, Beijing) is of the night."""
    return hour >= NIGHT_FROM or hour < NIGHT_UNTIL


def usual(hour: int) -> Habits:
    """The documented habits of an hour."""
    people = Population() if is_night(hour) else Population(mobile=MOBILE_BY_DAY, sms=SMS_BY_DAY)
    return Habits(people, SuperiorHabit(), DEFAULT)


def learned(seen: Seen, hour: int) -> Habits:
    """The habits of an hour as past call-outs taught them, shrunk towards the documented ones; those where there were none."""
    before = usual(hour)
    if not seen.callouts:
        return before
    night, people = is_night(hour), before.people
    calls = [one for one in seen.calls if one.night is night and one.outcome in HABIT_OF]
    texts = [one for one in seen.texts if one.night is night]
    mobiles = [one for one in calls if not one.landline]
    taught = Population(
        mobile=_voice(people.mobile, [one for one in mobiles if one.first]),
        landline=_voice(people.landline, [one for one in calls if one.landline and one.first]),
        sms=_text(people.sms, [one for one in texts if not one.email]),
        mail=_text(people.mail, [one for one in texts if one.email]),
        comes_round=_comes_round(people.comes_round, [one for one in mobiles if not one.first]),
        times=_times(people.times, calls, texts),
    )
    return Habits(taught, _superiors(before.superiors, seen), LEARNED)


def _normal(shares: Mapping[_ONE, float]) -> dict[_ONE, float]:
    total = sum(shares.values())
    return {habit: share / total for habit, share in shares.items()}


def _voice(before: Mapping[VoiceHabit, float], calls: Iterable[CallsSeen]) -> Mapping[VoiceHabit, float]:
    """Shares of first calls. One outcome of two habits is divided as it is documented."""
    counts: defaultdict[VoiceHabit, float] = defaultdict(float)
    for one in calls:
        habits = HABIT_OF[one.outcome]
        known = sum(before.get(habit, 0.0) for habit in habits)
        for habit in habits:
            part = before.get(habit, 0.0) / known if known else 1 / len(habits)
            counts[habit] += one.count * part
    if not counts:
        return before
    return _normal({habit: counts[habit] + PRIOR * before.get(habit, 0.0) for habit in {*before, *counts}})


def _text(before: Mapping[TextHabit, float], texts: Iterable[TextsSeen]) -> Mapping[TextHabit, float]:
    """How many messages are answered; how is as documented."""
    listed = list(texts)
    acts = sum(before.get(habit, 0.0) for habit in _ACTS)
    count = sum(one.count for one in listed)
    if not count or not acts:
        return before
    answered = (sum(one.answered for one in listed) + PRIOR * acts) / (count + PRIOR)
    factor, rest = answered / acts, (1 - answered) / (1 - acts) if acts < 1 else 0.0
    return _normal({habit: share * (factor if habit in _ACTS else rest) for habit, share in before.items()})


def _comes_round(before: Mapping[VoiceHabit, float], later: Iterable[CallsSeen]) -> Mapping[VoiceHabit, float]:
    """How often a later call is answered, all habits alike: nobody knows any more how the first one of a number went."""
    listed = list(later)
    count = sum(one.count for one in listed)
    if not count:
        return before
    usual_share = sum(before.values()) / len(before)
    seen = sum(one.count for one in listed if one.outcome == "key_pressed")
    share = (seen + PRIOR * usual_share) / (count + PRIOR)
    factor = share / usual_share
    return {habit: min(1.0, chance * factor) for habit, chance in before.items()}


def _times(before: Times, calls: Iterable[CallsSeen], texts: Iterable[TextsSeen]) -> Times:
    """How long people take: to the key, and to answer what was written."""
    keyed = [one for one in calls if one.outcome == "key_pressed"]
    usual_call = (sum(before.ring) + sum(before.listen)) / 2
    call = _shrunk(sum(one.took for one in keyed), sum(one.count for one in keyed), usual_call) / usual_call
    written = [one for one in texts if not one.email]
    usual_text = (sum(before.reply) + sum(before.tap)) / 4
    text = _shrunk(sum(one.after for one in written), sum(one.answered for one in written), usual_text) / usual_text
    return replace(
        before,
        ring=_scaled(before.ring, call),
        listen=_scaled(before.listen, call),
        reply=_scaled(before.reply, text),
        tap=_scaled(before.tap, text),
    )


def _shrunk(total: float, count: int, before: float) -> float:
    return (total + PRIOR * before) / (count + PRIOR)


def _scaled(span: Span, factor: float) -> Span:
    return round(span[0] * factor), max(round(span[0] * factor), round(span[1] * factor))


def _superiors(before: SuperiorHabit, seen: Seen) -> SuperiorHabit:
    """How much superiors do: as many more or fewer of them work as more or fewer units were recorded than documented."""
    if not seen.open_below:
        return before
    usual_share = before.works * before.reaches
    share = _shrunk(seen.told, seen.open_below, usual_share)
    return replace(before, works=min(1.0, before.works * share / usual_share))
