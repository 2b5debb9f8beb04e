"""Shapes and divisions on the ground, with shapely. Loaded at the first shape: few messages draw one."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from warning_dispatch.model.alert import AlertArea, Circle, Ring

_METRES = 111_320.0
"""Of a degree of latitude."""
NEAR = {4: 60_000.0, 6: 25_000.0, 9: 6_000.0, 12: 1_500.0}
"""Metres that a position stands for, by the length of its code: a county has some 1,500 km², a township 120."""
FAR = 60_000.0
"""Metres from its town at which a county may still be meant: no county reaches further."""
_LINE = 3_000.0
"""Metres on either side of a line."""


class Ground:
    """Divisions on the ground. Degrees in, division codes out; pure once it is made."""

    def __init__(
        self, positions: Mapping[str, tuple[float, float]], boundaries: Mapping[str, BaseGeometry] | None = None
    ) -> None:
        """`positions`: code to (longitude, latitude). `boundaries`: code to its outline, which counts before a position."""
        outlines = {code: shapely.make_valid(outline) for code, outline in (boundaries or {}).items()}
        points = {code: point for code, point in positions.items() if code not in outlines}
        self._codes = [*outlines, *points]
        surroundings = [_disc(*point, NEAR[len(code)]) for code, point in points.items()]
        self._places = shapely.STRtree([*outlines.values(), *surroundings])
        self._points = points

    def __call__(self, area: AlertArea) -> Sequence[str] | None:
        """The divisions that an area's shapes touch; none of ours: empty. None when nothing is known of positions."""
        shapes = _shapes(area)
        if not self._codes or not shapes:
            return None
        found: dict[str, None] = {}
        for shape in shapes:
            for at in self._places.query(shape, predicate="intersects"):
                found[self._codes[int(at)]] = None
        return _outermost(found)

    def nearest(self, area: AlertArea, within: str) -> Sequence[str]:
        """The county of an area whose position is nearest to the shapes of a warning; none beyond FAR."""
        towns = {code: point for code, point in self._points.items() if len(code) == 6 and _in(code, within)}  # noqa: PLR2004
        shapes = _shapes(area)
        if not towns or not shapes:
            return ()
        narrow = math.cos(math.radians(sum(latitude for _, latitude in towns.values()) / len(towns)))
        flat = shapely.transform(shapes, lambda points: points * (narrow, 1.0))
        away = {
            code: float(min(shapely.distance(flat, shapely.Point(longitude * narrow, latitude)))) * _METRES
            for code, (longitude, latitude) in towns.items()
        }
        nearest = min(away, key=lambda code: away[code])
        return (nearest,) if away[nearest] <= FAR else ()


def _in(code: str, within: str) -> bool:
    """Whether a code is in an area, or the area in it."""
    return code.startswith(within) or within.startswith(code)


def _shapes(area: AlertArea) -> list[BaseGeometry]:
    return [_drawn(ring) for ring in area.polygons] + [_around(circle) for circle in area.circles]


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


def outline_of(feature: Any) -> tuple[str, BaseGeometry | None]:
    """Code and outline of a feature; as much of it as there is."""
    if not isinstance(feature, dict):
        return "", None
    properties = feature.get("properties") or {}
    code = str(properties.get("code") or properties.get("adcode") or "")
    try:
        return code, shapely.from_geojson(json.dumps(feature.get("geometry")))
    except shapely.errors.GEOSException:
        return code, None
