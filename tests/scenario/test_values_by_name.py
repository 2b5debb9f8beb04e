"""Providers with templates of their own: what a text says reaches them by name, and only them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from warning_dispatch.engine.dialling_budget import CallLimits
from warning_dispatch.model.texts import DRILL, DRILL_SPOKEN, SIGNAL, VALUES
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.simulation.population import VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
VILLAGE, FARAWAY = "141121100200", "141121101200"
DESK = "1411-duty"
A, B = Role.PRIMARY, Role.DEPUTY


def said(place: Any, unit: str = VILLAGE, role: Role = A, channel: Channel = Channel.VOICE) -> Any:
    """The last thing handed over to a person."""
    return place.dispatches(unit, role, channel)[-1]


def gale(place: Any) -> None:
    """A red thunderstorm gale, from the same issuer."""
    moment = place.identifier(place.elapsed).split("_")[1]
    headline = "吕梁市气象台发布雷暴大风红色预警信号"
    event = {"eventType": "11B58", "identifier": f"14110041600000_{moment}1", "headline": headline}
    place.take_in(place.message(RED_CITY, **event))


def test_a_route_that_asks_gets_the_values_of_the_text(town: Callable[..., Any]) -> None:
    """Every value is in the text or is said in other words; routes that did not ask get none."""
    place = town(counties=1, townships=1, value_routes=["phones"])
    place.warning(RED_CITY)
    place.play(seconds=400)
    call, message = said(place), said(place, channel=Channel.SMS)
    assert set(call.values) == {*VALUES, DRILL, DRILL_SPOKEN, SIGNAL, "unit"}
    assert call.values[SIGNAL] == "暴雨红色"
    assert (call.values["hazard"], call.values["colour"], call.values["issuer"]) == ("暴雨", "红色", "吕梁市气象台")
    for name in ("hazard", "colour", "issuer", "time", "area_short", "unit"):
        assert call.values[name] in call.text
    assert call.values[DRILL] == ""
    assert message.values == {}


def test_a_call_about_two_warnings_names_both(town: Callable[..., Any]) -> None:
    """One call, one key: whoever presses it has been told of both hazards, and of every unit it answers for."""
    place = town(
        counties=1,
        townships=2,
        limits=CallLimits(),
        same_phone={(FARAWAY, B): (VILLAGE, A)},
        without=[(FARAWAY, A)],
        value_routes=["phones"],
    )
    place.warning(RED_CITY)
    gale(place)
    place.person(VILLAGE, A, VoiceHabit.ANSWERS)
    place.play(seconds=360)
    (call,) = place.dispatches(VILLAGE, A)
    assert call.values["hazard"] == "暴雨、雷暴大风"
    assert call.values["colour"] == "红色"
    assert call.values[SIGNAL] == "暴雨红色、雷暴大风红色"
    assert sorted(call.values["unit"].split("、")) == ["县1乡1村1", "县1乡2村1"]


def test_the_bureaus_own_call_says_what_happened(town: Callable[..., Any]) -> None:
    """How many alarms, and which, as they stand at the moment of sending."""
    place = town(bureau=True, value_routes=["phones"])
    place.take_in(b"garbage")
    place.play(seconds=20)
    call = said(place, DESK, Role.DUTY)
    assert call.values["count"] == "1"
    assert call.values["causes"]
    assert call.values["causes"] in call.text
    assert call.values["unit"] in call.text


def test_values_outlive_a_restart(town: Callable[..., Any]) -> None:
    """They are frozen with the texts, so a new process says the same."""
    place = town(counties=1, townships=1, value_routes=["phones"])
    place.warning(RED_CITY)
    place.restart()
    place.play(seconds=400)
    assert said(place).values["issuer"] == "吕梁市气象台"
