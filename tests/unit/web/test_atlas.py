"""The map of the counties: outlines from a file of the bureau's own, tiles without one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from warning_dispatch.bootstrap.console import atlas_of, read_tiles
from warning_dispatch.errors import ConfigError
from warning_dispatch.model.console_views import ShareRow
from warning_dispatch.settings import load_settings
from warning_dispatch.web.console.atlas import WIDTH, Atlas, load_outlines

ROOT = Path(__file__).parents[3]


def share(code: str, answered: int, asked: int = 100, excused: int = 0) -> ShareRow:
    """A county of which so many have answered."""
    return ShareRow(code, f"县{code}", asked + excused, answered, 0, asked - answered, 0, excused, 0)


def square(west: float, south: float, **properties: object) -> dict[str, Any]:
    """A county one degree wide and high, with far more corners than anybody could see."""
    side = [n / 500 for n in range(500)]
    ring = (
        [[west + n, south] for n in side]
        + [[west + 1, south + n] for n in side]
        + [[west + 1 - n, south + 1] for n in side]
        + [[west, south + 1 - n] for n in side]
    )
    geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def written(folder: Path, *features: dict[str, Any]) -> Path:
    """A GeoJSON file."""
    file = folder / "counties.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}), encoding="utf-8")
    return file


def test_outlines_are_simplified_and_named_by_their_code(tmp_path: Path) -> None:
    """Codes as files have them (6 digits, 9 with the country's, 12 padded); a path of a few corners, north up."""
    file = written(
        tmp_path,
        square(110, 37, code="141124"),
        square(111, 37, gb="156141123"),
        square(110, 38, adcode=141102000000),
        square(111, 38, name="no code"),
    )
    atlas = load_outlines(file)
    assert set(atlas.places) == {"141124", "141123", "141102"}
    assert all(place.path.count("L") <= 6 for place in atlas.places.values())
    assert atlas.places["141102"].y < atlas.places["141124"].y
    assert atlas.places["141124"].x < atlas.places["141123"].x
    picture = atlas.picture([share("141124", 40), share("999999", 1)])
    assert (picture.width, picture.tiles, [cell.code for cell in picture.cells]) == (WIDTH, False, ["141124"])


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"features": []}', '{"features": [{"geometry": null, "properties": {"code": "141124"}}]}'],
)
def test_a_file_that_is_no_map_is_a_finding_with_a_remedy(tmp_path: Path, content: str) -> None:
    """In words, with the place, never a traceback."""
    file = tmp_path / "map.geojson"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="GeoJSON"):
        load_outlines(file)
    with pytest.raises(ConfigError):
        load_outlines(tmp_path / "nowhere")


def test_without_a_map_every_county_has_a_tile_of_its_own() -> None:
    """Those that the grid does not know stand below it; nobody lies on top of somebody else."""
    atlas = Atlas(tiles={"141123": (0, 0), "141127": (1, 0)})
    cells = atlas.picture([share("141123", 1), share("141127", 1), share("150101", 1), share("150102", 1)]).cells
    assert len({(cell.place.x, cell.place.y) for cell in cells}) == 4
    assert Atlas().picture([]).cells == ()


def test_the_steps_say_how_far_a_county_is() -> None:
    """Only all is all; excused units are not asked; where nobody is asked there is no step."""
    found = [share("a", n) for n in (0, 49, 50, 80, 94, 95, 99, 100)] + [share("a", 0, 0, 5)]
    assert [cell.step for cell in Atlas().picture(found).cells] == [0, 0, 1, 2, 2, 3, 3, 4, -1]


def test_the_shipped_grid_holds_the_thirteen_counties() -> None:
    """Each once, each on a place of its own."""
    settings = load_settings(ROOT / "config", {})
    atlas = atlas_of(settings)
    assert len(atlas.tiles) == len(set(atlas.tiles.values())) == 13


@pytest.mark.parametrize("line", ["141123 = 1", "141123 = [0]", "x = [0, 0]", '141123 = ["a", 0]', "141123 = [0, -1]"])
def test_a_wrong_grid_is_a_finding(tmp_path: Path, line: str) -> None:
    """With its key."""
    file = tmp_path / "tiles.toml"
    file.write_text(line, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"tiles\.toml"):
        read_tiles(file)
    assert read_tiles(tmp_path / "none.toml") == {}
