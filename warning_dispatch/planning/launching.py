"""发起之前: what a launch may be expected to take, from the same storms as everything else that planning says. PURE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.estimate import SHARES, Estimate
from warning_dispatch.model.phonebook import Phonebook
from warning_dispatch.model.plan import CallChain, Hazard
from warning_dispatch.planning.asking import Ground
from warning_dispatch.planning.crew import one_storm, seed_of
from warning_dispatch.planning.question import BEIJING, Habits, Question
from warning_dispatch.planning.results import Result, estimate_of, units_of
from warning_dispatch.planning.town import town_of

HOUR = 3_600_000
DAY_HOURS = 24
SEED = 1
MOST_UNITS = 20_000
"""Of a larger call-out nothing is told: its storms would take longer than whoever asks can wait."""


def hour_of(now: int) -> int:
    """The hour of the day in Beijing."""
    return (now + BEIJING) // HOUR % DAY_HOURS


def launch_question(
    chain: CallChain, hazard: Hazard, colour: Colour, areas: Sequence[str], ground: Ground, habits: Habits, now: int
) -> Question:
    """What a launch at this moment would be."""
    return Question(
        chain=chain,
        hazard=hazard,
        colour=colour,
        areas=tuple(areas),
        within=ground.within,
        lines=ground.lines,
        habits=habits,
        outcomes=ground.outcomes,
        validity=hazard.validity.get(colour) or ground.validity.get(colour) or 6 * HOUR,
        hour=hour_of(now),
        name=chain.name,
        began=now,
    )


def expected(question: Question, book: Phonebook, now: int, storms: int) -> Estimate | None:
    """What is to be expected of it; None where nobody is called, no line is there, or it is too large to be told."""
    town = town_of(question, book)
    if not 0 < len(town.seats) <= MOST_UNITS or question.lines.voice == 0:
        return None
    played = tuple(one_storm(question, town, seed_of(SEED, nth)) for nth in range(storms))
    return estimate_of(Result(question, units_of(question, town), played), now, SHARES)


def with_lines_in_service(question: Question, lines: int | None) -> Question:
    """The same on the lines that are in service at this moment."""
    return replace(question, lines=replace(question.lines, voice=lines))
