"""A warning that does not say where it is in division codes: by names, by shapes, or by a human, never by guessing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from warning_dispatch.engine.locating import Locator
from warning_dispatch.ingest.gazetteer import Gazetteer
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.source_rules import SourceRules

RED, COUNTY = "12379-red-rain-city.xml", "12379-county-red-rain.xml"
POSITIONS = {"141121": (112.03, 37.44), "141122": (111.0, 38.4)}


def called_counties(place: Any) -> set[str]:
    """The counties that are called."""
    rows = place.query(
        "SELECT DISTINCT substr(u.area, 1, 6) FROM callee c JOIN unit u ON u.id = c.unit_id WHERE length(u.area) >= 6"
    )
    return {str(row[0]) for row in rows}


@pytest.fixture
def place(town: Callable[..., Any]) -> Any:
    """Two counties whose positions are known."""
    found = town()
    found.engine._intake._locate = Locator("1411", Gazetteer(POSITIONS))
    return found


def names(place: Any) -> dict[str, str]:
    """Code to name of the divisions."""
    return dict(place.query("SELECT area, name FROM unit WHERE kind = 'division'"))


def test_by_name(place: Any) -> None:
    """A county named without a code is called."""
    name = names(place)["141121"]
    result = place.take_in(place.message(RED, geocode="", areaDesc=f"{name}大部"))
    assert result.disposition is Disposition.ACCEPTED
    assert "area_by_name" in result.reasons
    assert called_counties(place) == {"141121"}


def test_a_name_beside_one_that_nobody_knows(place: Any) -> None:
    """What can be told is called, what cannot is told to a human."""
    name = names(place)["141121"]
    result = place.take_in(place.message(RED, geocode="", areaDesc=f"{name}、阴山村"))
    assert result.disposition is Disposition.ACCEPTED
    assert "area_unnamed" in place.alarms()
    assert called_counties(place) == {"141121"}


def test_a_polygon(place: Any) -> None:
    """A shape over a county's position calls the county; latitude and longitude in either order."""
    ring = "37.3,111.9 37.6,111.9 37.6,112.2 37.3,112.2 37.3,111.9"
    result = place.take_in(place.message(RED, geocode="", areaDesc="", polygon=ring))
    assert result.disposition is Disposition.ACCEPTED
    assert "area_by_shape" in result.reasons
    assert called_counties(place) == {"141121"}


def test_a_circle_in_metres(place: Any) -> None:
    """12379 counts a radius in metres: 5000 is five kilometres, not five thousand."""
    result = place.take_in(place.message(RED, geocode="", areaDesc="", circle="38.4,111.0 5000"))
    assert result.disposition is Disposition.ACCEPTED
    assert called_counties(place) == {"141122"}


def test_a_code_counts_before_a_shape(place: Any) -> None:
    """Who gives a code has said where it is."""
    place.take_in(place.message(RED, geocode="141122000000", circle="37.44,112.03 5000"))
    assert called_counties(place) == {"141122"}


def test_somewhere_else_calls_nobody(place: Any) -> None:
    """Another province by code or by shape: stored; one of our own issuers that says so is told to a human."""
    far = place.take_in(place.message(RED, geocode="", areaDesc="x", circle="30.0,114.0 5000"))
    assert (far.disposition, far.callouts) == (Disposition.STORED, ())
    assert "elsewhere" in far.reasons
    code = place.take_in(place.message(COUNTY, geocode="420100000000"))
    assert (code.disposition, code.callouts) == (Disposition.STORED, ())
    assert set(place.alarms()) == {"untriggered"}


def test_a_county_that_names_nothing_warns_of_itself(place: Any) -> None:
    """A county's own warning is about the county at least: it is called, and a human is told."""
    raw = place.message(
        COUNTY,
        senderCode="14112141600000",
        identifier="14112141600000_20260722213300",
        geocode="",
        areaDesc="",
    )
    result = place.take_in(raw)
    assert result.disposition is Disposition.ACCEPTED
    assert "area_of_issuer" in result.reasons
    assert "area_unnamed" in place.alarms()
    assert called_counties(place) == {"141121"}


@pytest.mark.parametrize(
    ("names_of", "codes"),
    [
        ("{a},{b}", "141121000000"),
        ("{a},{b}", "141121000000,141121000000"),
        ("{a}、{b}", "141121000000"),
        ("{a}、{b}、{c}", "141121000000,14112X000000"),
    ],
)
def test_more_names_than_codes(place: Any, names_of: str, codes: str) -> None:
    """A county that is named without a code of its own is called as well, and a human is told that codes and names differ."""
    name = names(place)
    text = names_of.format(a=name["141121"], b=name["141122"], c="阴山村")
    result = place.take_in(place.message(RED, areaDesc=text, geocode=codes))
    assert result.disposition is Disposition.ACCEPTED
    assert called_counties(place) == {"141121", "141122"}
    assert "area_unnamed" in place.alarms()


def test_a_name_that_nobody_knows_beside_a_code(place: Any) -> None:
    """What has a code is called at once; the name without one is told."""
    text = f"{names(place)['141121']}、阴山县"
    place.take_in(place.message(RED, areaDesc=text, geocode="141121000000"))
    assert called_counties(place) == {"141121"}
    assert "area_unnamed" in place.alarms()


def test_names_that_say_what_the_codes_say(place: Any) -> None:
    """The city before the county, two halves of one county, an English text: nobody is told of anything."""
    name = names(place)["141121"]
    place.take_in(place.message(RED, areaDesc=f"吕梁市 {name}大部、部分地区", geocode="141121000000"))
    assert called_counties(place) == {"141121"}
    assert "area_unnamed" not in place.alarms()


def test_a_source_is_not_heard_of_places_that_are_not_its_own_by_name(town: Callable[..., Any]) -> None:
    """A name adds no place that the source may not speak of; the rest of its warning is called, and a human is told."""
    place = town()
    intake = place.engine._intake
    intake._rules_of = lambda _source: SourceRules(areas=("141121",))
    name = names(place)
    text = f"{name['141121']},{name['141122']}"
    result = place.take_in(place.message(RED, areaDesc=text, geocode="141121000000"))
    assert result.disposition is Disposition.ACCEPTED
    assert called_counties(place) == {"141121"}
    assert "area_unnamed" in place.alarms()


def test_a_township_at_our_border(place: Any) -> None:
    """Far from its county's town, and drawn and named: the name says where it is."""
    name = names(place)["141122"]
    drawn = {"geocode": "", "areaDesc": f"{name}西部", "circle": "38.4,110.48 3000"}
    result = place.take_in(place.message(RED, **drawn))
    assert result.disposition is Disposition.ACCEPTED
    assert "area_by_name" in result.reasons
    assert called_counties(place) == {"141122"}
    assert "area_unnamed" not in place.alarms()


def test_a_shape_at_our_border(place: Any) -> None:
    """Without a name it is the county whose town is nearest, and a human is told."""
    drawn = {"geocode": "", "areaDesc": "", "circle": "38.4,110.48 3000"}
    result = place.take_in(place.message(RED, **drawn))
    assert result.disposition is Disposition.ACCEPTED
    assert "area_by_nearest" in result.reasons
    assert called_counties(place) == {"141122"}
    assert "area_unnamed" in place.alarms()


@pytest.fixture
def anybody(place: Any) -> Any:
    """The same two counties, where every sender is heard."""
    judge = place.engine._intake._judge
    judge._settings = replace(judge._settings, senders=())
    return place


def test_a_shape_at_our_border_from_somebody_unknown(anybody: Any) -> None:
    """A sender without a code, whose ground nobody knows: a human decides."""
    drawn = {"geocode": "", "areaDesc": "", "circle": "38.4,110.48 3000"}
    result = anybody.take_in(anybody.message(RED, identifier="x-1", senderCode="", **drawn))
    assert (result.disposition, result.callouts) == (Disposition.STORED, ())
    assert "area_unresolved" in result.reasons
    assert "untriggered" in anybody.alarms()


def test_our_neighbours_own_ground(anybody: Any) -> None:
    """A neighbour who warns of its own city, not far from one of ours, calls nobody and rings nobody."""
    raw = anybody.message(
        RED,
        senderCode="14010041600000",
        identifier="14010041600000_20260722213300",
        geocode="",
        areaDesc="太原市",
        circle="37.87,112.55 3000",
    )
    result = anybody.take_in(raw)
    assert (result.disposition, result.callouts) == (Disposition.STORED, ())
    assert "elsewhere" in result.reasons
    assert anybody.alarms() == []


def test_a_name_beside_a_shape_far_away(place: Any) -> None:
    """One of our own issuers that draws wrong and names right is believed by the name, and a human is told."""
    name = names(place)["141121"]
    place.take_in(place.message(RED, geocode="", areaDesc=name, circle="30.0,114.0 5000"))
    assert called_counties(place) == {"141121"}
    assert "area_unnamed" in place.alarms()
