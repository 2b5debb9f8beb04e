"""What a past night teaches planning about superiors: only units that had stood on their lists were theirs to record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.engine.acts import Act
from warning_dispatch.model.states import UNREACHED, Means
from warning_dispatch.model.unit import UnitLevel
from warning_dispatch.simulation.population import Population, TextHabit, VoiceHabit
from warning_dispatch.store.database import reading
from warning_dispatch.store.planning_rows import lessons
from warning_dispatch.store.sql import Sql

RED_CITY = "12379-red-rain-city.xml"
VILLAGE = "141121100200"


def _taught(place: Any) -> tuple[int, int]:
    with reading(place.database) as connection:
        seen = lessons(Sql(connection))
    assert seen.callouts
    return seen.told, seen.open_below


def test_a_warning_that_is_soon_lifted_says_nothing_about_superiors(town: Callable[..., Any]) -> None:
    """After a minute and a half no township's gate is open: nobody below was anybody's to record."""
    place = town(population=Population.everyone(VoiceHabit.NEVER, TextHabit.IGNORES))
    place.warning(RED_CITY)
    place.play(seconds=90)
    place.act(Act.CANCEL)
    place.play(seconds=60)
    assert _taught(place) == (0, 0)


@pytest.mark.parametrize("habit", [VoiceHabit.NEVER, VoiceHabit.HEARS])
def test_a_long_night_in_vain_teaches_what_was_left(town: Callable[..., Any], habit: VoiceHabit) -> None:
    """The end stops whoever is still unreached; what superiors did not record there is not forgotten with it."""
    place = town(population=Population.everyone(habit, TextHabit.IGNORES))
    place.warning(RED_CITY)
    place.play(seconds=1_800)
    place.record_answer(VILLAGE, means=Means.SUPERIOR)
    left = place.query(
        f"""SELECT count(*) FROM callee c JOIN unit u ON u.id = c.unit_id
        WHERE c.state IN ({", ".join(str(state.value) for state in UNREACHED)}) AND u.level >= {UnitLevel.TOWNSHIP.value}"""
    )[0][0]
    place.act(Act.CLOSE)
    assert left > 0
    assert _taught(place) == (1, 1 + left)
