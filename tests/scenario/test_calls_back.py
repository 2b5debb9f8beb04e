"""回拨: people ring the number they saw. They hear what is open for them, press 1, and have answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from warning_dispatch.engine.turn import Inbox
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.ports import OpenCall, Reply, Report
from warning_dispatch.simulation.population import VoiceHabit
from warning_dispatch.store.database import reading
from warning_dispatch.store.reading_open_calls import is_known, open_calls
from warning_dispatch.store.sql import Sql

RED_CITY = "12379-red-rain-city.xml"
VILLAGE, NEIGHBOUR = "141121100200", "141121100201"
OPENED = 300
A, B = Role.PRIMARY, Role.DEPUTY


def rings(place: Any, number: str) -> Sequence[OpenCall]:
    """Somebody rings us from a number: what they hear, newest first."""
    with reading(place.database) as connection:
        return open_calls(Sql(connection), place.sealer.blind_index(number))


def presses(place: Any, one: OpenCall) -> int:
    """They press 1 after one announcement."""
    inbox = Inbox(reports=[Report(one.attempt_id, "key_pressed", place.clock.now(), called_back=True)])
    return int(place.engine.answer(place.clock.now(), inbox).result or 0)


def called(town: Callable[..., Any], **more: Any) -> Any:
    """Two villages whose people did not pick up."""
    place = town(counties=1, townships=1, **more)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 130)
    return place


def test_who_rings_back_hears_what_is_open_and_answers_by_key(town: Callable[..., Any]) -> None:
    """The call that was missed is read out with its unit; 1 answers for it, and nothing is open any more."""
    place = called(town)
    [one] = rings(place, place.numbers[VILLAGE, A])
    assert "按1" in one.text
    assert "红色预警" in one.text
    assert "{" not in one.text
    presses(place, one)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert place.answers(VILLAGE) == [(Means.KEY, True)]
    assert place.state(NEIGHBOUR) is CalleeState.CALLING
    assert rings(place, place.numbers[VILLAGE, A]) == []
    assert rings(place, place.numbers[VILLAGE, B]) == []


def test_who_was_only_written_to_may_ring_as_well(town: Callable[..., Any]) -> None:
    """The message came, the call not yet: whoever rings us then hears the same and can press 1."""
    place = town(counties=1, townships=1)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 10)
    assert place.rings(VILLAGE, B) == []  # B is called later
    [one] = rings(place, place.numbers[VILLAGE, B])
    assert presses(place, one) == 1
    assert place.answers(VILLAGE) == [(Means.KEY, True)]


def test_a_key_whenever_it_comes(town: Callable[..., Any]) -> None:
    """After UNREACHED, long after the call: it counts, and takes the unit off the list."""
    place = called(town)
    place.play(seconds=1_200)
    assert place.state(VILLAGE) is CalleeState.UNANSWERED
    [one] = rings(place, place.numbers[VILLAGE, A])
    assert presses(place, one) == 1
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED


def test_one_phone_of_several_units_hears_them_in_one(town: Callable[..., Any]) -> None:
    """One phone, one call: both villages of one head are named, and one key answers for both."""
    place = called(town, same_phone={(NEIGHBOUR, A): (VILLAGE, A)})
    heard = rings(place, place.numbers[VILLAGE, A])
    assert len(heard) == 1
    presses(place, heard[0])
    assert {place.state(VILLAGE), place.state(NEIGHBOUR)} == {CalleeState.ACKNOWLEDGED}


def test_a_stranger_and_one_who_has_answered_hear_nothing(town: Callable[..., Any]) -> None:
    """Nothing is told to a number that nobody called; the register knows who is a stranger at all."""
    place = town(counties=1, townships=1)
    place.person(VILLAGE, A, VoiceHabit.ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 130)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    known, stranger = place.numbers[VILLAGE, A], "+8613912345678"
    assert [list(rings(place, one)) for one in (known, stranger)] == [[], []]
    with reading(place.database) as connection:
        asked = [is_known(Sql(connection), place.sealer.blind_index(one)) for one in (known, stranger)]
    assert asked == [True, False]


def test_a_provider_that_knows_only_the_number_tells_a_key_as_well(town: Callable[..., Any]) -> None:
    """Where calls back are told by number alone, the key answers for everything that is open at that number."""
    place = called(town)
    number = place.numbers[VILLAGE, A]

    def told(text: str) -> int:
        reply = Reply(Channel.VOICE, number, text, place.clock.now())
        return int(place.engine.answer(place.clock.now(), Inbox(replies=[reply])).result or 0)

    assert told("2") == 0
    assert told("1") == 1
    assert place.answers(VILLAGE) == [(Means.KEY, True)]
    assert place.state(NEIGHBOUR) is CalleeState.CALLING
