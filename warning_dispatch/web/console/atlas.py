"""The counties on a map: outlines from a configured GeoJSON, or a grid of tiles that lie about as the counties do.

Outlines are simplified once, when the file is read. No map is shipped: whose borders stand on it is the bureau's to say.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.model.console_views import ShareRow
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.picture import percent

WIDTH: Final = 400
"""Units across; the height follows."""
FINENESS: Final = 1.0
"""Units by which an outline may be wrong."""
TILE: Final = (100, 62)
GAP: Final = 4
DIGITS: Final = 6
CODE_KEYS: Final = ("code", "adcode", "gb", "id")
"""Where GeoJSON files keep a division code: the first digits of it are the county's."""
STEPS: Final = (0.5, 0.8, 0.95, 1.0)
"""Shares from which a county looks one step better."""


@dataclass(frozen=True, slots=True)
class Place:
    """A county on the map: its outline as SVG path data, and where its name stands."""

    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Cell:
    """A county with what is drawn of it. `step`: 0 (worst) to 4 (all have answered), -1: nobody is called there."""

    code: str
    name: str
    place: Place
    share: int
    step: int
    unreached: int
    asked: int
    answered: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The map as it stands."""

    width: float
    height: float
    tiles: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Atlas:
    """Where counties lie. Without outlines a grid; a county that the grid does not know goes below it."""

    tiles: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    height: float = 0.0

    def picture(self, counties: Sequence[ShareRow]) -> Picture:
        """The counties of a call-out; those outside the map are left out of it (the table has them)."""
        if self.places:
            known = [(row, self.places[row.code]) for row in counties if row.code in self.places]
            return Picture(WIDTH, self.height, False, tuple(_cell(row, place) for row, place in known))
        spots = _spots(self.tiles, [row.code for row in counties])
        cells = tuple(_cell(row, _tile(*spots[row.code])) for row in counties)
        across = 1 + max((column for column, _ in spots.values()), default=0)
        down = 1 + max((row for _, row in spots.values()), default=0)
        return Picture(across * (TILE[0] + GAP) - GAP, down * (TILE[1] + GAP) - GAP, True, cells)


def _spots(tiles: Mapping[str, tuple[int, int]], codes: Iterable[str]) -> dict[str, tuple[int, int]]:
    wanted = list(codes)
    spots = {code: tiles[code] for code in wanted if code in tiles}
    across = 1 + max((column for column, _ in spots.values()), default=3)
    below = 1 + max((row for _, row in spots.values()), default=-1)
    strangers = [code for code in wanted if code not in tiles]
    spots.update({code: (place % across, below + place // across) for place, code in enumerate(strangers)})
    return spots


def _tile(column: int, row: int) -> Place:
    x, y = column * (TILE[0] + GAP), row * (TILE[1] + GAP)
    return Place(f"M{x} {y}h{TILE[0]}v{TILE[1]}h-{TILE[0]}Z", x + TILE[0] / 2, y + TILE[1] / 2)


def _cell(row: ShareRow, place: Place) -> Cell:
    share = row.answered / row.asked if row.asked else 0.0
    step = sum(share >= limit for limit in STEPS) if row.asked else -1
    return Cell(
        row.code, row.name, place, percent(row.answered, row.asked), step, row.unreached, row.asked, row.answered
    )


# --- reading ----------------------------------------------------------------------------------------------


def load_outlines(file: Path) -> Atlas:
    """The outlines of a GeoJSON file, simplified. ConfigError when it cannot be read or names no county."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        outlines = {code: shape(one["geometry"]) for one in content["features"] if (code := _code_of(one))}
        if not outlines:
            raise KeyError("code")  # noqa: TRY301 - told below with the others
        return _drawn(outlines)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
        what = both("不能用作地图", f"cannot be used as a map ({type(error).__name__})")
        remedy = both(
            "应为 GeoJSON FeatureCollection（经纬度），每个县一个 feature，properties.code 是 6 位区划代码",
            "a GeoJSON FeatureCollection in degrees, a feature for each county, its 6 digits as properties.code",
        )
        raise ConfigError([Finding(str(file), what, remedy)]) from None


def _code_of(feature: Mapping[str, Any]) -> str:
    properties = {**(feature.get("properties") or {}), "id": feature.get("id")}
    said = next((str(properties[key]) for key in CODE_KEYS if properties.get(key)), "")
    digits = said.removeprefix("156")[:DIGITS]
    return digits if len(digits) == DIGITS and digits.isascii() and digits.isdecimal() else ""


def _drawn(outlines: Mapping[str, BaseGeometry]) -> Atlas:
    """1. Squeeze degrees of longitude to what they are at this latitude. 2. Fit the width. 3. Simplify. 4. Write paths."""
    west, south, east, north = shapely.total_bounds(list(outlines.values()))
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = WIDTH / ((east - west) * squeeze)
    places = {}
    for code, outline in outlines.items():
        fitted = shapely.transform(
            outline,
            lambda points: (points - [west, north]) * [squeeze * scale, -scale],
        )
        simple = fitted.simplify(FINENESS, preserve_topology=True)
        spot = simple.representative_point()
        places[code] = Place(_path_of(simple), round(spot.x, 1), round(spot.y, 1))
    return Atlas(places=places, height=round((north - south) * scale, 1))


def _path_of(outline: BaseGeometry) -> str:
    polygons = getattr(outline, "geoms", [outline])
    rings = [ring for one in polygons for ring in (one.exterior, *one.interiors)]
    return "".join(
        "M" + "L".join(f"{round(x, 1):g} {round(y, 1):g}" for x, y in ring.coords[:-1]) + "Z" for ring in rings
    )
