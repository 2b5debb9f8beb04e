"""Many drawn areas: each is looked at for itself, and the work of them all is bounded."""

from __future__ import annotations

import pytest

from warning_dispatch.clock import stopwatch
from warning_dispatch.engine.locating import MOST_SHAPES, Locator
from warning_dispatch.ingest.gazetteer import Gazetteer
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
