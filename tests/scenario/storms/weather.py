"""The weather of a storm: what its seed makes of a night. Everything is drawn here, before the first message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from warning_dispatch.model.unit import Channel
from warning_dispatch.simulation.faults import Faults, Outage
from warning_dispatch.simulation.population import Population, TextHabit, Times, VoiceHabit

SECOND = 1_000
MINUTE = 60_000
START = 1_784_727_180_000
"""When a town's clock begins, in ms."""
RECEIVED = ("收到", "1", " 收到 ", "１。", "好的")
"""Words that say received; the first three are what the simulated people write."""

SMALL = ((1, 1, 1), (1, 1, 2), (1, 1, 3), (1, 2, 1), (1, 2, 2), (1, 2, 3), (2, 1, 1), (2, 1, 2))
MIDDLE = ((1, 3, 4), (2, 2, 2), (2, 2, 3), (3, 1, 2), (1, 4, 2))
LARGE = ((1, 3, 6), (1, 5, 5), (2, 2, 5), (2, 3, 4), (2, 4, 5), (3, 2, 4), (3, 3, 3), (4, 2, 4), (3, 4, 4), (2, 5, 5))
"""Counties, townships per county, villages per township. A large town has 30 to 80 units, a small one 10 to 20."""
SHARES = (0.70, 0.22, 0.08)
"""Of small, middle and large towns: a fault shows in a village of three as well, and twenty of them cost one town."""

_Thing = TypeVar("_Thing", VoiceHabit, TextHabit)


@dataclass(frozen=True, slots=True)
class Weather:
    """What a seed makes of a night. Chances are per round or per transaction; `span` in ms.

    `surge`: after so long (ms) the warning is raised to red for the whole area. `step`: the wall clock jumps.
    """

    theme: str
    size: tuple[int, int, int]
    lines: int
    sms_rate: int | None
    grain: int
    batch: int
    span: int
    population: Population
    faults: Faults
    crash: float
    fail: float
    wire_crash: float
    act: float
    message: float
    answer: float
    outage: float
    step: float
    surge: int | None
    spare: bool


def draw_weather(rng: Random) -> Weather:
    """The weather of a night; its random numbers are the storm's first."""
    theme = rng.choices(tuple(THEMES), weights=tuple(THEMES.values()))[0]
    return _of_theme(_draw(rng, theme), rng)


THEMES = {"": 9, "relays": 6, "listeners": 5, "few lines": 3, "all answer": 2}
"""What a night may be about, and how often: moves that are rare by themselves are usual under one of these."""


def _of_theme(weather: Weather, rng: Random) -> Weather:
    """The same night as its theme wants it."""
    match weather.theme:
        case "relays":  # of two who could answer only one does so for the unit, and officers are busy
            people = _draw_population(rng, willing=3.0)
            return replace(weather, population=people, act=0.2, answer=0.2, wire_crash=max(weather.wire_crash, 0.15))
        case "listeners":  # they listen to the end and press nothing
            people = _draw_population(rng, willing=0.2, hears=8.0)
            return replace(weather, population=people, act=0.2, lines=10, span=max(weather.span, 35 * MINUTE))
        case "few lines":  # most are on the list before a line is free for them; both of two must answer
            people = _draw_population(rng, willing=0.2, taps=6.0)
            size = rng.choice(MIDDLE)
            return replace(weather, population=people, size=size, lines=1, span=max(weather.span, 35 * MINUTE))
        case "all answer":
            everyone = Population.everyone(VoiceHabit.ANSWERS)
            return replace(weather, population=everyone, act=0.2, answer=0.2, message=0.1)
    return weather


def _draw(rng: Random, theme: str) -> Weather:
    calm = rng.random() < 0.15
    return Weather(
        theme=theme,
        size=rng.choice(rng.choices((SMALL, MIDDLE, LARGE), weights=SHARES)[0]),
        lines=rng.choice((1, 1, 1, 2, 2, 3, 4, 6, 10, 50)),
        sms_rate=rng.choice((None, None, 6, 30, 120, 600)),
        grain=rng.choice((1_000, 4_000, 10_000, 20_000)),
        batch=rng.choice((500, 500, 40, 7)),
        span=rng.choice((10, 20, 35, 60)) * MINUTE,
        population=_draw_population(rng),
        faults=Faults() if calm else _draw_faults(rng),
        crash=0.0 if calm else rng.choice((0.0, 0.01, 0.04)),
        fail=0.0 if calm else rng.choice((0.0, 0.0, 0.02)),
        wire_crash=0.0 if calm else rng.choice((0.0, 0.02, 0.08)),
        act=rng.choice((0.0, 0.05, 0.2)),
        message=rng.choice((0.0, 0.02, 0.06)),
        answer=rng.choice((0.0, 0.04, 0.2)),
        outage=rng.choice((0.0, 0.0, 0.03)),
        step=rng.choice((0.0, 0.0, 0.0, 0.02)),
        surge=rng.choice((rng.randint(5, 150) * SECOND, rng.randint(1, 30) * MINUTE)) if rng.random() < 0.3 else None,
        spare=rng.random() < 0.25,
    )


def _draw_population(rng: Random, willing: float = 0.0, hears: float = 0.0, taps: float = 0.0) -> Population:
    """The weights of those who press the key, only listen, tap a link; 0 is for chance to say."""
    if not willing and rng.random() < 0.3:
        return Population()
    willing = willing or rng.choice((0.2, 1.0, 4.0))
    voice = {habit: rng.random() ** 2 for habit in VoiceHabit} | {VoiceHabit.ANSWERS: willing}
    if hears:
        voice[VoiceHabit.HEARS] = hears
    text = {habit: rng.random() ** 2 for habit in TextHabit} | {TextHabit.IGNORES: 2.0}
    if taps:
        text[TextHabit.TAPS] = taps
    mail = {habit: share for habit, share in text.items() if habit is not TextHabit.OPTS_OUT}
    return Population(
        mobile=_shares(voice),
        landline=_shares({habit: share for habit, share in voice.items() if habit is not VoiceHabit.INVALID}),
        sms=_shares(text),
        mail=_shares(mail),
        slips=rng.choice((0.0, 0.3)),
        second_thoughts=rng.choice((0.0, 0.3)),
        times=Times(reply=(5_000, 600_000), tap=(5_000, 900_000)),
        reply_words=RECEIVED[:3],
    )


def _shares(weights: Mapping[_Thing, float]) -> dict[_Thing, float]:
    total = sum(weights.values())
    return {thing: weight / total for thing, weight in weights.items()}


def _draw_faults(rng: Random) -> Faults:
    return Faults(
        late=rng.choice((0.0, 0.1, 0.4)),
        doubled=rng.choice((0.0, 0.1, 0.5)),
        reordered=rng.choice((0.0, 0.2)),
        lost=rng.choice((0.0, 0.05, 0.2)),
        refused=rng.choice((0.0, 0.0, 0.05)),
        refused_outcome=rng.choice(REFUSALS),
        outages=_draw_outages(rng),
    )


REFUSALS = (
    "provider_down",
    "number_limited",
    "temporarily_refused",
    "balance_exhausted",
    "credentials_refused",
    "misconfigured",
)
"""Rows of the outcome table with which a carrier refuses a hand-over."""


def _draw_outages(rng: Random) -> tuple[Outage, ...]:
    """One provider of calls is out of service for a while."""
    if rng.random() < 0.7:
        return ()
    start = START + rng.randint(0, 20) * MINUTE
    return (Outage(Channel.VOICE, start, start + rng.randint(1, 15) * MINUTE, "provider_down", "phones"),)
