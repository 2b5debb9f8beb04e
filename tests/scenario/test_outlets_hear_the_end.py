"""Whoever was told of a warning is told how it goes on and ends, in that order."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.bootstrap.wiring import alert_from_json
from warning_dispatch.engine.outward import Outward, settle
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.sources import OutletRule, Post, Posted
from warning_dispatch.outward.cap import cap_of

RED, CANCEL = "12379-red-rain-city.xml", "12379-red-rain-city-cancel.xml"
YELLOW = {"severity": "Yellow", "headline": "吕梁市气象台变更发布暴雨黄色预警信号"}
RULES = [OutletRule("tv", Colour.ORANGE), OutletRule("wenshui", areas=("141121",))]


def pass_on(place: Any) -> None:
    """Pass on whatever waits, as the task does."""
    outward = Outward(
        RULES, lambda alert, _hazard, colour, referred: cap_of(alert, {}, colour, referred), alert_from_json
    )
    while place.engine.once(place.clock.now(), outward.publish).result:
        pass


def heard(place: Any, outlet: str) -> list[str]:
    """What an outlet is posted, in order: the kind of each."""
    rows = place.query(
        "SELECT p.cap FROM outlet_post t JOIN publication p ON p.id = t.publication_id "
        f"WHERE t.outlet = '{outlet}' ORDER BY t.id"
    )
    return [re.findall(r"<msgType>(\w+)<", row[0])[0] for row in rows]


def test_red_then_yellow_then_the_end(town: Callable[..., Any]) -> None:
    """An outlet that wants orange and red hears that its red became yellow, and the Cancel that calls nobody off any more."""
    place = town()
    first = place.identifier()
    place.take_in(place.message(RED))
    pass_on(place)
    place.play(seconds=60)
    place.take_in(place.message(RED, msgType="Update", references=first, **YELLOW))
    pass_on(place)
    place.play(seconds=60)
    place.take_in(place.message(CANCEL, references=first))
    pass_on(place)
    assert heard(place, "tv") == ["Alert", "Update", "Cancel"]
    assert heard(place, "wenshui") == ["Alert", "Update", "Cancel"]


def test_all_of_it_passed_on_at_once(town: Callable[..., Any]) -> None:
    """The same when nothing was passed on until the end was there."""
    place = town()
    first = place.identifier()
    place.take_in(place.message(RED))
    place.play(seconds=60)
    place.take_in(place.message(RED, msgType="Update", references=first, **YELLOW))
    place.play(seconds=60)
    place.take_in(place.message(CANCEL, references=first))
    pass_on(place)
    assert heard(place, "tv") == ["Alert", "Update", "Cancel"]


def test_an_area_that_shrinks(town: Callable[..., Any]) -> None:
    """The outlet of a county hears that its county is no longer meant."""
    place = town()
    first = place.identifier()
    place.take_in(place.message(RED, areaDesc="甲,乙", geocode="141121000000,141122000000"))
    place.play(seconds=60)
    shrunk = {"msgType": "Update", "references": first, "areaDesc": "乙", "geocode": "141122000000"}
    place.take_in(place.message(RED, **shrunk))
    pass_on(place)
    assert heard(place, "wenshui") == ["Alert", "Update"]


def test_a_yellow_that_nobody_heard_of(town: Callable[..., Any]) -> None:
    """A warning that was never passed on, and its end, stay where they are."""
    place = town()
    first = place.identifier()
    place.take_in(place.message(RED, **YELLOW))
    place.play(seconds=60)
    place.take_in(place.message(CANCEL, references=first))
    pass_on(place)
    assert heard(place, "tv") == heard(place, "wenshui") == []


@pytest.mark.parametrize(
    ("colour", "minutes", "told"),
    [
        (Colour.RED, 1, 0),
        (Colour.RED, 6, 1),
        (Colour.ORANGE, 24, 1),
        (Colour.YELLOW, 6, 0),
        (None, 6, 0),
        (Colour.RED, 60, 0),
    ],
)
def test_a_grave_warning_that_does_not_get_through_is_told(
    town: Callable[..., Any], colour: Colour | None, minutes: int, told: int
) -> None:
    """In minutes and once, not after the day in which it is tried."""
    place = town()
    now = place.clock.now()
    post = Post(1, "tv", "tv-1", "x", "", 7, now - minutes * 60_000, 1, colour)
    waits = Posted(1, delivered=False, status=500, receipt="HTTP 500", again_at=now + 160_000)
    for _ in range(2):
        place.engine.once(now, lambda ledger: settle(ledger, [(post, waits)]))
    assert len(place.query("SELECT id FROM alarm WHERE kind = 'outlet_failed'")) == told
