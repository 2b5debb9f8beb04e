"""What planning stands on in an installation: its lines, its register, what past call-outs taught."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy

from warning_dispatch.bootstrap.wiring import HOUR, RoutePlan
from warning_dispatch.configuration import Configuration
from warning_dispatch.escalation.budgets import Budget, Night
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.lessons import Seen
from warning_dispatch.model.phonebook import Phonebook, phonebook_of
from warning_dispatch.model.register import Register
from warning_dispatch.model.unit import Channel
from warning_dispatch.planning.asking import Ground
from warning_dispatch.planning.habit_file import read_habits
from warning_dispatch.planning.habits import DEFAULT, LEARNED, learned, usual
from warning_dispatch.planning.question import Habits, Lines
from warning_dispatch.ports import Sealer
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.sample import sample_receivers
from warning_dispatch.store.database import reading
from warning_dispatch.store.planning_rows import lessons, stored_phonebook
from warning_dispatch.store.sql import Sql

SAMPLE_SEED = 1
"""Of the invented receivers where there is no register yet."""


def lines_of(routes: Sequence[RoutePlan], night: Night | None) -> Lines:
    """What the configured routes carry together. A number's budget is that of the first voice route that has one."""
    voice = [one for one in routes if one.channel is Channel.VOICE]
    texts = [one.rate for one in routes if one.channel is Channel.SMS]
    budgets = [one.per_number for one in voice if one.per_number is not None]
    return Lines(
        voice=None if any(one.lines is None for one in voice) else sum(one.lines or 0 for one in voice),
        texts=None if None in texts or not texts else sum(one or 0 for one in texts),
        per_number=budgets[0] if budgets else Budget(()),
        night=night,
    )


def ground_of(
    configuration: Configuration,
    within: str,
    routes: Sequence[RoutePlan],
    night: Night | None,
    validity_h: tuple[float, float] = (6, 12),
) -> Ground:
    """What every question of an installation has in common. `validity_h`: red, orange."""
    red, orange = validity_h
    return Ground(
        within=within,
        lines=lines_of(routes, night),
        outcomes=configuration.outcomes,
        validity={Colour.RED: int(red * HOUR), Colour.ORANGE: int(orange * HOUR)},
    )


def sample_phonebook(contacts: Path) -> Phonebook:
    """The divisions of a folder with invented receivers: where no register has been imported yet."""
    units = read_register(contacts).units
    return phonebook_of(Register(units, sample_receivers(units, SAMPLE_SEED)))


def phonebook(database: sqlalchemy.Engine, sealer: Sealer, now: int) -> Phonebook:
    """The register in force."""
    with reading(database) as connection:
        return stored_phonebook(Sql(connection), sealer, now)


def seen(database: sqlalchemy.Engine, simulated: Sequence[str]) -> Seen:
    """What past real call-outs taught."""
    with reading(database) as connection:
        return lessons(Sql(connection), simulated)


def habits_by_name(name: str, hour: int, past: Seen) -> Habits:
    """The habits somebody names: "default", "learned", or a file. ConfigError for a file that cannot be used."""
    if name == DEFAULT:
        return usual(hour)
    if name == LEARNED:
        return learned(past, hour)
    return read_habits(Path(name), hour)
