"""重点单位、传播单位: whoever must take measures is called with its neighbours and must answer itself; outlets are told at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from warning_dispatch.model.states import CalleeState, Purpose
from warning_dispatch.model.unit import Role
from warning_dispatch.simulation.population import VoiceHabit
from warning_dispatch.store.readings import TableReadings

RED_CITY = "12379-red-rain-city.xml"
TOWN, VILLAGE, MINE = "141121100", "141121100200", "141121100201"
MEDIA = "141121-water"


def with_a_mine(town: Callable[..., Any]) -> Any:
    """A town in which what was a village's post is a mine of the township, and an office of the county an outlet of the city."""
    place = town()
    place.change("UPDATE unit SET kind = 'key_unit', level = 3, area = ? WHERE code = ?", TOWN, MINE)
    place.change("UPDATE unit SET kind = 'outlet', level = 1, area = '1411' WHERE code = ?", MEDIA)
    return place


def test_a_mine_rings_when_its_villages_do(town: Callable[..., Any]) -> None:
    """Behind the same gate as the villages of its township, at the latest five minutes after the message."""
    place = with_a_mine(town)
    place.warning(RED_CITY)
    place.play(seconds=420)
    assert place.opened(MINE) == place.opened(VILLAGE) == 300
    assert place.rings(MINE)[0] <= place.rings(VILLAGE, Role.PRIMARY)[0] + 60


def test_when_its_township_answers_it_rings_at_once(town: Callable[..., Any]) -> None:
    """Nobody waits for the hold when the township has it in hand."""
    place = with_a_mine(town)
    place.person("141121", Role.DUTY, VoiceHabit.ANSWERS)
    place.person(TOWN, Role.DUTY, VoiceHabit.ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=200)
    assert place.opened(MINE) == place.opened(VILLAGE)
    assert place.opened(MINE) < 200


def test_somebody_of_the_mine_must_answer(town: Callable[..., Any]) -> None:
    """A presses the key and the calls stop; the township's answer alone leaves it on the list."""
    place = with_a_mine(town)
    place.person(TOWN, Role.DUTY, VoiceHabit.ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=900)
    assert place.state(MINE) is CalleeState.UNANSWERED
    place.person(MINE, Role.PRIMARY, VoiceHabit.ANSWERS)
    place.play(seconds=3_600)
    assert place.state(MINE) is CalleeState.ACKNOWLEDGED


def test_an_outlet_is_told_at_once_to_spread_it_and_is_not_rung(town: Callable[..., Any]) -> None:
    """One text to A and B at the start, in words of its own; nobody is asked for an answer."""
    place = with_a_mine(town)
    place.warning(RED_CITY)
    place.play(seconds=1_800)
    assert {(at < 5, role, purpose) for at, role, purpose in place.texts_to(MEDIA)} == {
        (True, Role.PRIMARY, int(Purpose.NOTICE)),
        (True, Role.DEPUTY, int(Purpose.NOTICE)),
    }
    assert place.rings(MEDIA) == []
    assert place.state(MEDIA) is CalleeState.INFORMED
    texts = [one.text for one in place.network.handed if one.purpose is Purpose.NOTICE]
    assert any("按规定立即播发" in text for text in texts)


def test_where_there_are_none_nothing_is_shown_of_them(town: Callable[..., Any]) -> None:
    """Not every place has a mine or a television: the officer's tiers are those with somebody in them."""
    place = town()
    place.warning(RED_CITY)
    place.play(seconds=5)
    names = [tier.name for tier in TableReadings(place.database, place.sealer, {}).callout(1).tiers]
    assert names == ["leaders", "departments", "counties", "townships", "villages"]
