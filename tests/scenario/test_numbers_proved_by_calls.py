"""应答即证实: who answers a real call-out proves the number that was called or written to, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.model.unit import Role, UnitLevel
from warning_dispatch.simulation.population import TextHabit, VoiceHabit

CITY = "12379-red-rain-city.xml"


@pytest.fixture
def make_town(large_town: Callable[..., Any], each_kind: Any) -> Callable[..., Any]:
    """Towns on a database of each kind."""
    return lambda **named: large_town(worlds=each_kind, **named)


def proved(town: Any, unit: str, role: Role) -> bool:
    """Whether every endpoint of somebody's mobile is proved."""
    rows = town.query(
        """SELECT e.proved_at FROM endpoint e JOIN number n ON n.id = e.number_id WHERE n.blind_index = ?
        AND e.valid_until IS NULL""",
        town.sealer.blind_index(town.numbers[unit, role]),
    )
    assert rows
    return all(row[0] is not None for row in rows)


def village_of(town: Any) -> str:
    """A village with an A and a B."""
    codes = (unit.code for unit in town.units if unit.level is UnitLevel.VILLAGE)
    return str(next(code for code in codes if (code, Role.DEPUTY) in town.numbers))


def test_a_key_proves_the_phone_that_rang(make_town: Callable[..., Any]) -> None:
    """A presses 1: A's number is proved for voice and text; B, who did nothing, is not."""
    town = make_town()
    village = village_of(town)
    town.person(village, Role.PRIMARY, VoiceHabit.ANSWERS)
    town.warning(CITY)
    town.play(seconds=900)
    assert proved(town, village, Role.PRIMARY)
    assert not proved(town, village, Role.DEPUTY)


@pytest.mark.parametrize("habit", [TextHabit.REPLIES, TextHabit.TAPS])
def test_a_reply_or_a_tap_proves_the_phone_it_came_from(make_town: Callable[..., Any], habit: TextHabit) -> None:
    """By text as by voice; the deputy, who got the same message, has proved nothing."""
    town = make_town()
    village = village_of(town)
    town.person(village, Role.PRIMARY, text=[habit])
    town.warning(CITY)
    town.play(seconds=2_400)
    assert proved(town, village, Role.PRIMARY)
    assert not proved(town, village, Role.DEPUTY)


def test_listening_and_hanging_up_prove_nothing(make_town: Callable[..., Any]) -> None:
    """A call that was answered is no confirmation, and neither is a delivery report."""
    town = make_town()
    village = village_of(town)
    town.person(village, Role.PRIMARY, VoiceHabit.HEARS, VoiceHabit.HANGS_UP)
    town.warning(CITY)
    town.play(seconds=900)
    assert not proved(town, village, Role.PRIMARY)


def test_an_officers_record_proves_no_number(make_town: Callable[..., Any]) -> None:
    """Told in person: nobody knows by which number they would have been reached."""
    town = make_town()
    village = village_of(town)
    town.warning(CITY)
    town.play(seconds=600)
    town.record_answer(village)
    assert not proved(town, village, Role.PRIMARY)
