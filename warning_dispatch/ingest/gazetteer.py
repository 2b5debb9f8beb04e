"""Which divisions a shape on the ground touches: by boundaries where the bureau has them, else by positions.

Boundaries have no open licence, so none is shipped; positions of the county towns are. A position stands for its
surroundings, so a shape that comes near it counts: a county too many is asked rather than one left asleep. What
touches nothing of ours is somewhere else.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.model.alert import AlertArea, Circle, Ring
from warning_dispatch.tomlfiles import both

POSITIONS_FILE = "positions.csv"
BOUNDARIES_FILE = "boundaries.geojson"
LONGEST_FILE = 200 * 1024 * 1024
_METRES = 111_320.0
"""Of a degree of latitude."""
_NEAR = {4: 60_000.0, 6: 25_000.0, 9: 6_000.0, 12: 1_500.0}
"""Metres that a position stands for, by the length of its code: a county has some 1,500 km², a township 120."""
_LINE = 3_000.0
"""Metres on either side of a line."""


class Gazetteer:
    """Divisions on the ground. Degrees in, division codes out; pure once it is made."""

    def __init__(
        self, positions: Mapping[str, tuple[float, float]], boundaries: Mapping[str, BaseGeometry] | None = None
    ) -> None:
        """`positions`: code to (longitude, latitude). `boundaries`: code to its outline, which counts before a position."""
        outlines = {code: shapely.make_valid(outline) for code, outline in (boundaries or {}).items()}
        points = {code: point for code, point in positions.items() if code not in outlines}
        self._codes = [*outlines, *points]
        surroundings = [_disc(*point, _NEAR[len(code)]) for code, point in points.items()]
        self._places = shapely.STRtree([*outlines.values(), *surroundings])

    def __call__(self, area: AlertArea) -> Sequence[str] | None:
        """The divisions that an area's shapes touch; none of ours: empty. None when nothing is known of positions."""
        shapes = [_drawn(ring) for ring in area.polygons] + [_around(circle) for circle in area.circles]
        if not self._codes or not shapes:
            return None
        found: dict[str, None] = {}
        for shape in shapes:
            for at in self._places.query(shape, predicate="intersects"):
                found[self._codes[int(at)]] = None
        return _outermost(found)


def _outermost(codes: Mapping[str, None]) -> tuple[str, ...]:
    """Without those that lie below another one of them, but for a county that only a village of it was found for."""
    counties = {code for code in codes if len(code) <= 6}  # noqa: PLR2004 - a county's digits
    deeper = [code for code in codes if code not in counties]
    if not deeper:
        return tuple(sorted(counties))
    # Where single townships or villages are known, they say more than the county around them.
    kept = [one for one in counties if not any(code.startswith(one) for code in deeper)]
    lowest = [code for code in deeper if not any(code != other and code.startswith(other) for other in deeper)]
    return tuple(sorted([*kept, *lowest]))


def _drawn(ring: Ring) -> BaseGeometry:
    """A ring as an area, mended where it crosses itself; a line as the land on either side of it."""
    closed = ring[0] == ring[-1] and len(ring) > 3  # noqa: PLR2004 - a triangle has four points
    points = _not_across(ring)
    if closed:
        return shapely.make_valid(shapely.Polygon(points))
    return shapely.LineString(points if len(points) > 1 else [*points, *points]).buffer(_LINE / _METRES)


def _not_across(ring: Ring) -> list[tuple[float, float]]:
    """A ring over the 180th meridian as one that goes on beyond it, not around the world."""
    longitudes = [longitude for longitude, _ in ring]
    if max(longitudes) - min(longitudes) <= 180:  # noqa: PLR2004 - half the globe
        return list(ring)
    return [(longitude + 360 if longitude < 0 else longitude, latitude) for longitude, latitude in ring]


def _around(circle: Circle) -> BaseGeometry:
    return _disc(circle.longitude, circle.latitude, max(circle.radius_m, 1.0))


def _disc(longitude: float, latitude: float, radius_m: float) -> BaseGeometry:
    """A circle on the ground as a polygon in degrees: wider than high, the more so the further north."""
    high = radius_m / _METRES
    wide = high / max(0.05, math.cos(math.radians(latitude)))
    turns = [math.tau * step / 32 for step in range(32)]
    return shapely.Polygon([(longitude + wide * math.cos(one), latitude + high * math.sin(one)) for one in turns])


# --- files ------------------------------------------------------------------------------------------------


def load_gazetteer(folder: Path) -> Gazetteer:
    """What the folder of the register knows of positions. ConfigError with every finding of both files."""
    findings: list[Finding] = []
    positions = _positions(folder / POSITIONS_FILE, findings)
    boundaries = _boundaries(folder / BOUNDARIES_FILE, findings)
    if findings:
        raise ConfigError(findings)
    return Gazetteer(positions, boundaries)


def _positions(path: Path, findings: list[Finding]) -> dict[str, tuple[float, float]]:
    """positions.csv: code,longitude,latitude. A file that is not there knows nothing."""
    found: dict[str, tuple[float, float]] = {}
    text = _text(path, findings)
    for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff"))):
        code = str(row.get("code") or "").strip()
        where = f"{path.name}: {code or '?'}"
        try:
            longitude, latitude = float(str(row.get("longitude"))), float(str(row.get("latitude")))
        except ValueError:
            longitude = latitude = math.nan
        if len(code) not in _NEAR or not code.isdigit():
            what = both("编码应为 4、6、9 或 12 位数字", "the code must have 4, 6, 9 or 12 digits")
            findings.append(Finding(where, what))
        elif not (abs(longitude) <= 180 and abs(latitude) <= 90):  # noqa: PLR2004 - degrees
            what = both("经度或纬度不是度数", "longitude or latitude is not in degrees")
            findings.append(
                Finding(where, what, both("列为 code,longitude,latitude", "columns: code,longitude,latitude"))
            )
        else:
            found[code] = (longitude, latitude)
    return found


def _boundaries(path: Path, findings: list[Finding]) -> dict[str, BaseGeometry]:
    """boundaries.geojson: features with a property `code` (or `adcode`) and a polygon."""
    text = _text(path, findings)
    if not text:
        return {}
    found: dict[str, BaseGeometry] = {}
    try:
        features: list[Any] = json.loads(text)["features"]
    except (ValueError, KeyError, TypeError):
        findings.append(
            Finding(
                path.name,
                both("不是 GeoJSON", "not GeoJSON: no features"),
                both("导出为 FeatureCollection", "export it as a FeatureCollection"),
            )
        )
        return {}
    for place, feature in enumerate(features, 1):
        code, outline = _feature(feature)
        if outline is None or len(code) not in _NEAR or not code.isdigit():
            what = both("要素没有区划编码或多边形", "a feature without a division code or a polygon")
            findings.append(
                Finding(
                    f"{path.name}: features[{place}]",
                    what,
                    both("属性 code 写 4、6、9 或 12 位编码", "give it a property code"),
                )
            )
        else:
            found[code] = outline
    return found


def _feature(feature: Any) -> tuple[str, BaseGeometry | None]:
    """Code and outline of a feature; as much of it as there is."""
    if not isinstance(feature, dict):
        return "", None
    properties = feature.get("properties") or {}
    code = str(properties.get("code") or properties.get("adcode") or "")
    try:
        return code, shapely.from_geojson(json.dumps(feature.get("geometry")))
    except shapely.errors.GEOSException:
        return code, None


def _text(path: Path, findings: list[Finding]) -> str:
    if not path.is_file():
        return ""
    try:
        if path.stat().st_size > LONGEST_FILE:
            findings.append(
                Finding(path.name, both("文件过大", "the file is too large"), both("简化边界", "simplify it"))
            )
            return ""
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        what = both("文件无法读取", f"the file cannot be read ({type(error).__name__})")
        findings.append(Finding(path.name, what, both("存为 UTF-8", "save it as UTF-8")))
        return ""
