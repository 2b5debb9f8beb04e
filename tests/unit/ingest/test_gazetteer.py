"""Shapes on the ground against positions and boundaries."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import shapely

from warning_dispatch.clock import stopwatch
from warning_dispatch.errors import ConfigError
from warning_dispatch.ingest.gazetteer import Gazetteer, load_gazetteer
from warning_dispatch.model.alert import AlertArea, Circle, Ring

CONTACTS = Path(__file__).parents[3] / "contacts"
SQUARE: Ring = ((111.0, 37.0), (111.2, 37.0), (111.2, 37.2), (111.0, 37.2), (111.0, 37.0))


def area(*rings: Ring, circles: tuple[Circle, ...] = ()) -> AlertArea:
    """An area that is only drawn."""
    return AlertArea("", (), rings, circles)


def outline(code: str, west: float, south: float) -> dict[str, object]:
    """A square tenth of a degree as a feature."""
    ring = [[west, south], [west + 0.1, south], [west + 0.1, south + 0.1], [west, south + 0.1], [west, south]]
    return {"type": "Feature", "properties": {"code": code}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def test_a_position_stands_for_its_surroundings() -> None:
    """Inside, near, and far; a village's surroundings are small."""
    places = Gazetteer({"141124": (111.1, 37.1), "141124101001": (112.0, 38.0)})
    assert places(area(SQUARE)) == ("141124",)
    assert places(area(circles=(Circle(111.3, 37.1, 0.0),))) == ("141124",)
    assert places(area(circles=(Circle(112.05, 38.0, 0.0),))) == ()
    assert places(area(circles=(Circle(-95.0, 30.0, 50_000.0),))) == ()


def test_boundaries_count_before_positions(tmp_path: Path) -> None:
    """Where the bureau has outlines, a shape calls what it touches and nothing beside it; a town says more than its county."""
    features = [outline("141124", 111.0, 37.0), outline("141128", 111.1, 37.0), outline("141124101", 111.0, 37.0)]
    (tmp_path / "boundaries.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    (tmp_path / "positions.csv").write_text("code,longitude,latitude\n141124,111.0,37.0\n")
    places = load_gazetteer(tmp_path)
    assert places(area(circles=(Circle(111.05, 37.05, 100.0),))) == ("141124101",)
    assert places(area(circles=(Circle(111.15, 37.05, 100.0),))) == ("141128",)
    assert places(area(circles=(Circle(111.25, 37.05, 100.0),))) == ()


def test_shapes_that_are_faulty() -> None:
    """A ring that crosses itself, a line, one over the date line: nothing raises."""
    places = Gazetteer({"141124": (111.1, 37.1)})
    bow: Ring = ((111.0, 37.0), (111.2, 37.2), (111.2, 37.0), (111.0, 37.2), (111.0, 37.0))
    assert places(area(bow)) == ("141124",)
    assert places(area(((110.9, 37.1), (111.3, 37.1)))) == ("141124",)
    assert places(area(((179.0, 10.0), (-179.0, 10.0), (-179.0, 11.0), (179.0, 10.0)))) == ()
    assert places(area(((111.1, 37.1), (111.1, 37.1), (111.1, 37.1), (111.1, 37.1)))) == ("141124",)


def scribble(points: int) -> Ring:
    """Random points over two counties: every side crosses most of the others."""
    rng = random.Random(1)
    return tuple((110.5 + rng.random(), 37 + rng.random()) for _ in range(points))


@pytest.mark.parametrize("closed", [True, False])
def test_a_scribble_is_bounded_work(*, closed: bool) -> None:
    """5,000 random points, as a polygon or as a line: mended or widened they would hold the writer for hours."""
    places = Gazetteer({"141124": (111.0, 37.5), "141129": (116.0, 40.0)})
    ring = scribble(5_000)
    started = stopwatch()
    found = places(area((*ring, ring[0]) if closed else ring))
    assert stopwatch() - started < 5
    assert found == ("141124",)


def test_many_shapes_are_bounded_work() -> None:
    """Of hundreds of shapes each is looked at up to a number; the land around the others counts as a whole."""
    counties = {f"14{number:04}": (110.0 + number / 100, 37.0) for number in range(300)}
    circles = tuple(Circle(110.0 + number / 100, 37.0, 100.0) for number in range(300))
    rings = tuple(
        ((east, 37.0), (east + 0.01, 37.0), (east, 37.01), (east, 37.0))
        for east in (110.0 + number / 100 for number in range(300))
    )
    for drawn in (area(circles=circles), area(*rings)):
        assert Gazetteer(counties)(drawn) == tuple(sorted(counties))


def test_a_rough_look_leaves_nobody_out() -> None:
    """A shape counts as far as it reaches on the map; a township that this only may touch does not stand for its county."""
    places = Gazetteer({"141124": (111.0, 37.0), "141124101": (111.4, 37.4)})
    bent: Ring = ((111.0, 37.0), (111.0, 37.4), (111.0, 37.0), (111.4, 37.0), (111.0, 37.0))
    assert places(area(bent)) == ("141124",)
    assert places(area(bent), roughly=True) == ("141124", "141124101")
    assert places(area(circles=(Circle(111.4, 37.4, 10.0),)), roughly=True) == ("141124101",)
    assert places(area(circles=(Circle(-95.0, 30.0, 50_000.0),)), roughly=True) == ()
    assert Gazetteer({})(area(SQUARE), roughly=True) is None


def test_a_ring_that_crosses_itself_calls_what_it_goes_round() -> None:
    """Nothing beside it, which its hull would: a notch stays a notch; ground gone over twice is not taken out again."""
    places = Gazetteer({"141124101001": (111.05, 37.1), "141124101002": (111.15, 37.1)})
    notched: Ring = ((111, 37), (111.3, 37), (111.3, 37.04), (111.1, 37.04), (111.1, 37.2), (111, 37.2))
    slip: Ring = ((111.01, 37.0), (111.0, 36.99), (111.0, 37.0))  # crosses the first side by a hair
    assert places(area((*notched, *slip))) == ("141124101001",)
    assert places(area((*SQUARE, *SQUARE))) == ("141124101001", "141124101002")


def test_nothing_known_says_so() -> None:
    """Without positions nobody can tell, which is not the same as nowhere."""
    assert Gazetteer({})(area(SQUARE)) is None
    assert Gazetteer({"141124": (111.1, 37.1)})(AlertArea("x")) is None


def test_the_shipped_positions() -> None:
    """Thirteen counties, each found at its own seat."""
    places = load_gazetteer(CONTACTS)
    found = places(area(circles=(Circle(110.99, 37.95, 500.0),)))
    assert found is not None
    assert "141124" in found
    assert places(area(circles=(Circle(112.55, 37.87, 5_000.0),))) == ()


def test_every_slip_of_the_files_is_named(tmp_path: Path) -> None:
    """A wrong code, a wrong number, a feature without an outline: all at once, with what to do."""
    (tmp_path / "positions.csv").write_text("code,longitude,latitude\n14,1,2\n141124,x,2\n141124,999,2\n")
    broken = {"type": "FeatureCollection", "features": [{"properties": {"code": "141124"}, "geometry": {}}, 7]}
    (tmp_path / "boundaries.geojson").write_text(json.dumps(broken))
    with pytest.raises(ConfigError) as caught:
        load_gazetteer(tmp_path)
    assert len(caught.value.findings) == 5
    (tmp_path / "boundaries.geojson").write_text("{")
    with pytest.raises(ConfigError, match="GeoJSON"):
        load_gazetteer(tmp_path)


def test_the_nearest_county() -> None:
    """A township at the border is its county's still; a county with a boundary, one of another area, or far away is not meant."""
    places = load_gazetteer(CONTACTS)
    west = area(circles=(Circle(110.52, 38.03, 3_000.0),))
    assert places(west) == ()
    assert places(west, "1411") == ("141124",)
    assert places(west, "141121") == ()
    assert places(area(circles=(Circle(114.0, 30.0, 3_000.0),)), "1411") == ()
    outlined = Gazetteer({"141124": (111.1, 37.1)}, {"141124": shapely.box(111.0, 37.0, 111.2, 37.2)})
    assert outlined(area(circles=(Circle(111.3, 37.1, 0.0),)), "1411") == ()
