"""A small district on the shipped chains, for planning's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.escalation.budgets import HOUR, Night
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.phonebook import Phonebook, phonebook_of
from warning_dispatch.model.register import Register
from warning_dispatch.planning.asking import Asked, Ground, questions_of
from warning_dispatch.planning.habits import usual
from warning_dispatch.planning.question import Habits, Lines, Question
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.sample import sample_receivers
from warning_dispatch.simulation.superiors import NOBODY_WORKS

ROOT = Path(__file__).parents[3]
COUNTY = "141129"


@pytest.fixture(scope="session")
def configuration() -> Configuration:
    """As shipped."""
    return load_configuration(ROOT / "config")


@pytest.fixture(scope="session")
def book() -> Phonebook:
    """The sample register."""
    units = read_register(ROOT / "contacts").units
    return phonebook_of(Register(units, sample_receivers(units, 1)))


@pytest.fixture(scope="session")
def ground(configuration: Configuration) -> Ground:
    """An installation with thirty lines."""
    lines = Lines(30, 3_000, night=Night(12))
    return Ground("1411", lines, configuration.outcomes, {Colour.RED: 6 * HOUR, Colour.ORANGE: 12 * HOUR})


@pytest.fixture(scope="session")
def asked(configuration: Configuration) -> Asked:
    """A red rainstorm at three in the morning over one county."""
    return Asked(
        configuration.chain("city"), configuration.hazards.hazards["rainstorm"], Colour.RED, (COUNTY,), storms=4
    )


@pytest.fixture(scope="session")
def question(asked: Asked, ground: Ground, book: Phonebook) -> Question:
    """The same as a question, the machine alone."""
    habits = Habits(usual(3).people, NOBODY_WORKS)
    return questions_of(asked, ground, habits, book)[0]
