"""Whoever observes the engine is told the moves it made, once they are committed: what storms and metrics count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.ledger import Counted
from warning_dispatch.errors import StoreError
from warning_dispatch.model.states import CalleeState, CallOutState
from warning_dispatch.simulation.population import Population, VoiceHabit

RED_CITY = "12379-red-rain-city.xml"


class Tally:
    """Everything that was told."""

    def __init__(self) -> None:
        self.moves: Counter[Any] = Counter()
        self.callouts: Counter[Any] = Counter()
        self.outcomes: Counter[Any] = Counter()

    def __call__(self, counted: Counted) -> None:
        """Add the moves of one transaction."""
        self.moves += counted.moves
        self.callouts += counted.callout_moves
        self.outcomes += counted.outcomes


def test_a_night_is_told_move_by_move(town: Callable[..., Any]) -> None:
    """Gates, calls, keys and the end: by state, event and resulting state, and by row of the outcome table."""
    tally = Tally()
    everyone = Population.everyone(VoiceHabit.ANSWERS)
    place = town(counties=1, townships=1, villages=2, population=everyone, observe=tally)
    place.warning(RED_CITY)
    place.play(seconds=900)
    place.act(Act.CLOSE)
    [(callees,)] = place.query("SELECT count(*) FROM callee")
    assert tally.moves[CalleeState.WAITING, "Opened", CalleeState.CALLING] == callees
    assert tally.moves[CalleeState.CALLING, "Answered", CalleeState.ACKNOWLEDGED] == 2
    [(keys,)] = place.query("SELECT count(*) FROM attempt WHERE outcome = 'key_pressed'")
    assert sum(count for (row, _), count in tally.outcomes.items() if row == "key_pressed") == keys
    assert tally.outcomes["delivered", None] > 0
    assert tally.callouts[CallOutState.RUNNING, "all_finished", CallOutState.COMPLETE] == 1
    assert tally.callouts[CallOutState.COMPLETE, "closed", CallOutState.CLOSED] == 1


class Failing:
    """A storage whose transactions all fail at their end."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    @property
    def many_writers(self) -> bool:
        """See engine.storage."""
        return bool(self._inner.many_writers)

    @contextmanager
    def writing(self, *, shared: bool = False) -> Iterator[Any]:
        """See engine.storage."""
        with self._inner.writing(shared=shared) as tx:
            yield tx
            raise StoreError("The disk is full.")


def test_what_was_rolled_back_is_not_told(town: Callable[..., Any]) -> None:
    """A move that did not happen is counted nowhere."""
    tally = Tally()
    place = town(observe=tally)
    place.storage = Failing(place.storage)
    place.engine = place.build_engine()
    with pytest.raises(StoreError):
        place.warning(RED_CITY)
    assert not tally.moves
