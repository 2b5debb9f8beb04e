"""回拨: somebody rings the number that called them, and hears what is still open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from warning_dispatch.engine.turn import Inbox
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import Role
from warning_dispatch.ports import OpenCall, Report
from warning_dispatch.store.database import reading
from warning_dispatch.store.reading_open_calls import open_calls
from warning_dispatch.store.sql import Sql

RED_CITY = "12379-red-rain-city.xml"
ORANGE = "12379-orange-rain-counties.xml"
VILLAGE, NEIGHBOUR = "141121100200", "141121100201"
A, B = Role.PRIMARY, Role.DEPUTY
OPENED = 300


def rings_us(place: Any, number: str) -> Sequence[OpenCall]:
    """What is open for a number that rings us."""
    with reading(place.database) as connection:
        return open_calls(Sql(connection), place.sealer.blind_index(number))


def presses(place: Any, call: OpenCall) -> None:
    """The key, in the call back."""
    place.engine.turn(
        place.clock.now(), Inbox(reports=[Report(call.attempt_id, "key_pressed", place.clock.now(), called_back=True)])
    )


def test_the_last_call_is_read_out_and_its_key_counts(town: Callable[..., Any]) -> None:
    """Three calls in vain, one thing to say; the key in the call back answers for the unit, and then nothing is open."""
    place = town(counties=1, townships=1, villages=1)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 500)
    number = place.numbers[VILLAGE, A]
    assert len(place.rings(VILLAGE, A)) > 1
    [call] = rings_us(place, number)
    last = place.dispatches(VILLAGE, A)[-1]
    assert (call.attempt_id, call.language, call.text) == (last.attempt_id, last.language, last.text)
    presses(place, call)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert (Means.KEY, True) in place.answers(VILLAGE)
    assert rings_us(place, number) == []


def test_who_was_not_reached_for_hears_nothing(town: Callable[..., Any]) -> None:
    """A stranger's number, and that of somebody to whom nothing has gone: neither a call nor a message."""
    place = town(counties=1, townships=1, villages=1)
    place.warning(RED_CITY)
    place.play(seconds=OPENED - 60)
    assert rings_us(place, "+8613800000000") == []
    assert rings_us(place, place.numbers[VILLAGE, B]) == []


def test_one_phone_for_two_units_hears_both(town: Callable[..., Any]) -> None:
    """One key answers for every unit that is still open behind the phone, as in the call itself."""
    place = town(counties=1, townships=1, villages=2, same_phone={(NEIGHBOUR, A): (VILLAGE, A)})
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 60)
    [call] = rings_us(place, place.numbers[VILLAGE, A])
    presses(place, call)
    assert {place.state(VILLAGE), place.state(NEIGHBOUR)} == {CalleeState.ACKNOWLEDGED}


def test_after_an_upgrade_the_unit_is_open_once(town: Callable[..., Any]) -> None:
    """Two rounds called the phone: the newest call about the unit is what is read out."""
    place = town(counties=1, townships=1, villages=1)
    place.take_in(place.message(ORANGE, geocode="141121000000"))
    place.play(seconds=1_200)
    place.take_in(place.message(RED_CITY, references=place.identifier(), msgType="Update"))
    place.play(seconds=200)
    [call] = rings_us(place, place.numbers[VILLAGE, A])
    assert "红色" in call.text
