"""Many drawn areas: each is looked at for itself, and the work of them all is bounded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from warning_dispatch.clock import stopwatch
from warning_dispatch.engine.locating import MOST_SHAPES, Located, Locator, no_positions
from warning_dispatch.ingest.gazetteer import Gazetteer
from warning_dispatch.ingest.reading import read_message
from warning_dispatch.model.alert import AlertArea, Ring

POSITIONS = {"141121": (112.03, 37.44), "141124": (110.99, 37.95), "141124100": (110.99, 37.95)}


def square(longitude: float, latitude: float, name: str) -> AlertArea:
    """An area a hundredth of a degree wide."""
    east, north = longitude + 0.01, latitude + 0.01
    ring: Ring = ((longitude, latitude), (east, latitude), (east, north), (longitude, north), (longitude, latitude))
    return AlertArea(name, (), (ring,), ())


FAR, NEAR = square(111.19, 37.95, "far"), square(110.99, 37.95, "near")
"""One in the county, where no township is known; the other on a township of it."""


@pytest.mark.parametrize("before", [0, 10, MOST_SHAPES])
def test_an_area_behind_many_others_keeps_its_county(before: int) -> None:
    """The township that another area touches does not stand for the county that this one touches."""
    fillers = [square(112.03 + 0.0001 * place, 37.44, f"{place}") for place in range(before)]
    found = Locator("1411", Gazetteer(POSITIONS)).drawn([*fillers, FAR, NEAR])
    assert found[FAR] == ("141124",)
    assert "141124100" in (found[NEAR] or ())
    assert all(found[one] == ("141121",) for one in fillers)


def test_a_few_areas_more_are_looked_at_as_closely() -> None:
    """A village in the eleventh area wakes its township, not its county."""
    fillers = [square(112.03, 37.44 + 0.001 * place, f"{place}") for place in range(20)]
    assert Locator("1411", Gazetteer(POSITIONS)).drawn([*fillers, NEAR])[NEAR] == ("141124100",)


def test_thousands_of_areas_are_bounded_work() -> None:
    """This is met inside the writer's transaction."""
    areas = [square(110.5 + 0.0003 * place, 37.9, f"{place}") for place in range(5_000)]
    started = stopwatch()
    Locator("1411", Gazetteer(POSITIONS)).drawn(areas)
    assert stopwatch() - started < 5


def _located(sender: str, own: str, description: str, code: str) -> Located:
    """A red of some issuer for one area, where a town of ours is 水头镇."""
    names = [("1411", "吕梁市"), ("141130", "交口县"), ("141130100", "水头镇"), ("141102", "离石区")]
    ledger: Any = SimpleNamespace(tx=SimpleNamespace(endpoints=SimpleNamespace(division_names=lambda: names)))
    fixture = Path(__file__).parents[3] / "config/samples/12379-red-rain-city.xml"
    message: Any = read_message(fixture.read_bytes())[0]
    info = message.alert.infos[0]
    area = replace(info.areas[0], description=description, geocodes=(code,), polygons=(), circles=())
    alert = replace(message.alert, sender_code=sender, infos=(replace(info, areas=(area,)),))
    return Locator("1411", no_positions)(ledger, alert, own)


@pytest.mark.parametrize("description", ["水头镇、裴介镇", "夏县水头镇、裴介镇、瑶峰镇"])
def test_a_strangers_town_with_the_name_of_ours_is_elsewhere(description: str) -> None:
    """Its codes are all of another county, and so is who speaks: no name makes it ours, and nobody is rung."""
    found = _located("14082841600000", "140828", description, "140828000000")
    assert (found.elsewhere, found.to_look_at, found.how) == (True, (), ())


@pytest.mark.parametrize(
    ("sender", "own", "code"),
    [
        ("14110041600000", "1411", "140828000000"),
        ("14082841600000", "140828", "141102000000"),
    ],
)
def test_a_name_of_ours_counts_from_our_issuer_and_beside_a_code_of_ours(sender: str, own: str, code: str) -> None:
    """One of them is enough; a human looks at what was added."""
    found = _located(sender, own, "水头镇、离石区", code)
    assert not found.elsewhere
    assert "141130100" in found.to_look_at
