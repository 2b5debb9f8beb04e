"""The database was away for a while, for everybody: what another worker has in hand rings, and its word comes late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.engine.turn import GRACE

RED_CITY = "12379-red-rain-city.xml"
AWAY = 60
"""Seconds; longer than a lease."""


@pytest.fixture
def stalled(town: Callable[..., Any], postgresql: Any) -> tuple[Any, set[int]]:
    """One worker has turned, another has claimed, and then nobody could write for a minute; whose attempts those are."""
    place = town(counties=1, townships=1, villages=1, worlds=postgresql)
    place.warning(RED_CITY)
    place.engine.turn(place.clock.now())
    place.change("UPDATE attempt SET worker_id = 2 WHERE state = 2")
    place.clock.advance_to(place.clock.now() + AWAY * 1_000)
    return place, {int(row[0]) for row in place.query("SELECT id FROM attempt WHERE state = 2")}


def repeated(place: Any) -> set[int]:
    """What a turn at this moment puts on the wire again."""
    return {one.attempt_id for one in place.engine.turn(place.clock.now()).batch if one.possible_duplicate}


def test_what_another_has_in_hand_is_left_to_it_at_first(stalled: tuple[Any, set[int]]) -> None:
    """Promise 7: its phones ring still; were they called again now, a number would be in two calls, and lines exceeded."""
    place, theirs = stalled
    assert theirs
    assert repeated(place) & theirs == set()


def test_it_is_not_left_for_ever(stalled: tuple[Any, set[int]]) -> None:
    """Promise 1: if that worker says nothing although everybody turns again, what it had in hand is repeated, marked."""
    place, theirs = stalled
    found = repeated(place)
    for _ in range(GRACE // 2_000 + 2):
        place.clock.advance_to(place.clock.now() + 2_000)
        found |= repeated(place)
    assert found & theirs
