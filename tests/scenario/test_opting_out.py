"""退订: STOP closes one route of messages to one number, and nothing else: receiving is a duty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.engine.records import RouteRecord
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.ports import Reply

RED_CITY = "12379-red-rain-city.xml"
CANCEL = "12379-red-rain-city-cancel.xml"
VILLAGE = "141121100200"
A = Role.PRIMARY
OPENED = 300


def place_with(town: Callable[..., Any], *sms: str, **more: Any) -> Any:
    """A place with one village below each township and so many routes for messages."""
    routes = [RouteRecord("phones", Channel.VOICE, 50), *(RouteRecord(name, Channel.SMS) for name in sms)]
    return town(counties=1, townships=1, villages=1, routes=routes, **more)


def wrote(place: Any, text: str, *, route: str = "") -> None:
    """The village's A writes back."""
    reply = Reply(Channel.SMS, place.numbers[VILLAGE, A], text, place.clock.now(), route=route)
    place.engine.turn(place.clock.now(), Inbox(replies=[reply]))


def messages(place: Any) -> Counter[str]:
    """What was written to the village's A since the last look, by route."""
    number = place.numbers[VILLAGE, A]
    found = Counter(one.route for one in place.network.handed if one.channel is Channel.SMS and one.address == number)
    place.network.handed.clear()
    return found


def calls(place: Any) -> int:
    """How often the village's A was rung since the last look."""
    number = place.numbers[VILLAGE, A]
    return sum(one.channel is Channel.VOICE and one.address == number for one in place.network.handed)


@pytest.mark.parametrize(
    ("word", "stops"), [("STOP", True), ("td", True), (" ＴＤ ", True), ("退订。", True), ("什么？", False)]
)
def test_nothing_more_goes_by_that_route_and_the_phone_rings_on(
    town: Callable[..., Any],
    word: str,
    stops: bool,
) -> None:
    """Not even that the warning is lifted; the word is no answer, and no alarm is made of it."""
    place = place_with(town, "sms")
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 30)
    assert messages(place)["sms"] == 1
    wrote(place, word)
    place.play(seconds=600)
    assert calls(place) > 0
    assert place.answers(VILLAGE) == []
    messages(place)
    place.take_in(place.message(CANCEL, references=place.identifier()))
    place.play(seconds=60)
    assert messages(place) == ({} if stops else {"sms": 1})
    assert "no_route" not in place.alarms()
    outs = [one["route"] for one in place.journal_entries("system") if one["k"] == "opted.out"]
    assert outs == (["sms"] if stops else [])
    assert place.findings() == ([(VILLAGE, A, "opted_out")] if stops else [])


def test_it_is_one_route_and_can_be_taken_back(town: Callable[..., Any]) -> None:
    """The other provider writes; after START the first one does again."""
    place = place_with(town, "sms", "spare")
    wrote(place, "STOP", route="sms")
    wrote(place, "STOP", route="sms")
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 30)
    assert messages(place).keys() == {"spare"}
    wrote(place, "STOP", route="spare")
    wrote(place, "START", route="sms")
    kinds = [one["k"] for one in place.journal_entries("system") if str(one["k"]).startswith("opted")]
    assert kinds == ["opted.out", "opted.out", "opted.in"]


def test_what_the_provider_refuses_for_it_goes_by_another_and_is_not_asked_again(town: Callable[..., Any]) -> None:
    """The provider had kept the STOP that we never saw: its refusal is as good."""
    place = place_with(town, "sms", "spare")
    number = place.numbers[VILLAGE, A]
    place.network._opted_out.add(number)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 60)
    outs = {one["route"] for one in place.journal_entries("system") if one["k"] == "opted.out"}
    assert outs == {"sms", "spare"}
    assert messages(place) == {"sms": 1, "spare": 1}
    place.take_in(place.message(CANCEL, references=place.identifier()))
    place.play(seconds=60)
    assert messages(place) == {}


def test_a_stranger_who_writes_stop_changes_nothing(town: Callable[..., Any]) -> None:
    """Whoever is not in the register has nothing to opt out of."""
    place = place_with(town, "sms")
    reply = Reply(Channel.SMS, "+8613700000000", "STOP", place.clock.now(), route="sms")
    place.engine.turn(place.clock.now(), Inbox(replies=[reply]))
    assert [one for one in place.journal_entries("system") if one["k"] == "opted.out"] == []
