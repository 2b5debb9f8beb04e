"""Shapes and divisions on the ground, with shapely. Loaded at the first shape: few messages draw one.

Shapes are strangers' work and met inside the writer's transaction, so nothing is done with one that costs more than
its points times the divisions near them: no shape is mended, widened or united. What touches is told by its edge and by
what it goes round; a scribble, and what is beyond the first shapes of an area, counts as far as its convex hull.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from warning_dispatch.model.alert import AlertArea, Circle, Ring
from warning_dispatch.routing.areas import overlap

_METRES = 111_320.0
"""Of a degree of latitude."""
NEAR = {4: 60_000.0, 6: 25_000.0, 9: 6_000.0, 12: 1_500.0}
"""Metres that a position stands for, by the length of its code: a county has some 1,500 km², a township 120."""
FAR = 60_000.0
"""Metres from its town at which a county may still be meant: no county reaches further."""
_LINE = 3_000.0
"""Metres on either side of a line."""
_WINDING = 20.0
"""Times the edge of its hull that a shape's edge may be long; a ragged boundary of thousands of points is below that."""
_APART, _POINTS = 30, 20_000
"""Shapes of an area, and points of them, that are looked at one by one; of the rest the land between the outermost."""


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
        places = [*outlines.values(), *surroundings]
        self._places = shapely.STRtree(places)
        self._points = points
        self._inside = [
            [one.representative_point().coords[0] for one in getattr(place, "geoms", [place]) if not one.is_empty]
            for place in places
        ]
        """Of every place a point in each of its parts."""

    def __call__(self, area: AlertArea, *, roughly: bool = False) -> Sequence[str] | None:
        """The divisions that an area's shapes touch; none of ours: empty. None when nothing is known of positions.

        `roughly`: those on the land between its outermost points. It may touch what the shapes do not, so nothing that
        lies deeper stands for a county then.
        """
        if not self._codes or not (area.polygons or area.circles):
            return None
        if roughly:
            reaches = [*map(_reach_of, area.circles), *map(_reach, area.polygons)]
            return tuple(sorted(self._codes[at] for at in self._at(_land_between(reaches))))
        found: set[int] = set()
        rest = [_reach_of(circle) for circle in area.circles[_APART:]]
        for circle in area.circles[:_APART]:
            found |= self._at(_around(circle))
        ends = accumulate(len(ring) for ring in area.polygons)
        for place, (ring, end) in enumerate(zip(area.polygons, ends, strict=True)):
            if place < _APART and end <= _POINTS:
                found |= self._touched(ring)
            else:
                rest.append(_reach(ring))
        if rest:
            found |= self._at(_land_between(rest))
        return _outermost({self._codes[at]: None for at in sorted(found)})

    def _at(self, shape: BaseGeometry, *, near: float = 0.0) -> set[int]:
        """The places that a shape touches, or comes as near to as that (degrees)."""
        if near:
            return set(self._places.query(shape, predicate="dwithin", distance=near).tolist())
        return set(self._places.query(shape, predicate="intersects").tolist())

    def _touched(self, ring: Ring) -> set[int]:
        """The places that a ring goes through or around, or that lie beside a line."""
        closed = ring[0] == ring[-1] and len(ring) > 3  # noqa: PLR2004 - a triangle has four points
        points = _not_across(ring)
        edge = shapely.LineString(points if len(points) > 1 else [*points, *points])
        hull = edge.convex_hull
        if edge.length > _WINDING * hull.length:
            return self._at(hull, near=0.0 if closed else _LINE / _METRES)
        if not closed:
            return self._at(edge, near=_LINE / _METRES)
        area = shapely.Polygon(points)
        if area.is_valid:
            return self._at(area)
        found = self._at(edge)
        around = set(self._places.query(hull).tolist()) - found
        x, y = np.asarray(points).T
        return found | {at for at in around if any(_goes_round(x, y, *one) for one in self._inside[at])}

    def nearest(self, area: AlertArea, within: str) -> Sequence[str]:
        """The county of an area whose position is nearest to the shapes of a warning; none beyond FAR."""
        towns = {code: point for code, point in self._points.items() if len(code) == 6 and overlap(code, within)}  # noqa: PLR2004 - the digits of a county
        shapes = _roughly(area)
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


def _roughly(area: AlertArea) -> list[BaseGeometry]:
    """An area's shapes without their bays; beyond the first ones the land between the outermost."""
    rest = [_reach_of(circle) for circle in area.circles[_APART:]] + [_reach(ring) for ring in area.polygons[_APART:]]
    shapes = [shapely.MultiPoint(_not_across(ring)).convex_hull for ring in area.polygons[:_APART]]
    shapes += [_around(circle) for circle in area.circles[:_APART]]
    if rest:
        west, south, east, north = zip(*rest, strict=True)
        shapes.append(shapely.box(min(west), min(south), max(east), max(north)))
    return shapes


def _outermost(codes: Mapping[str, None]) -> tuple[str, ...]:
    """Without those that lie below another one of them, but for a county that only a village of it was found for."""
    counties = {code for code in codes if len(code) <= 6}  # noqa: PLR2004 - a county's digits
    deeper = [code for code in codes if code not in counties]
    if not deeper:
        return tuple(sorted(counties))
    # Where single townships or villages are known, they say more than the county around them.
    within = {code[:digits] for code in deeper for digits in (4, 6)}
    lowest = [code for code in deeper if not any(code[:digits] in codes for digits in range(7, len(code)))]
    return tuple(sorted([*(one for one in counties if one not in within), *lowest]))


def _goes_round(x: Any, y: Any, longitude: float, latitude: float) -> bool:
    """Whether a ring winds around a point, however often it crosses itself or goes over the same ground twice."""
    above = y > latitude
    level = np.flatnonzero(above[1:] != above[:-1])  # where a side goes past the point's latitude
    wide, high = x[level + 1] - x[level], y[level + 1] - y[level]
    left = (wide * (latitude - y[level]) - (longitude - x[level]) * high) > 0
    up = np.count_nonzero(left & (high > 0))
    return bool(up != np.count_nonzero(~left & (high < 0)))


def _not_across(ring: Ring) -> list[tuple[float, float]]:
    """A ring over the 180th meridian as one that goes on beyond it, not around the world."""
    longitudes = [longitude for longitude, _ in ring]
    if max(longitudes) - min(longitudes) <= 180:  # noqa: PLR2004 - half the globe
        return list(ring)
    return [(longitude + 360 if longitude < 0 else longitude, latitude) for longitude, latitude in ring]


def _reach(ring: Ring) -> tuple[float, float, float, float]:
    """West, south, east, north of a ring, with the land beside it in case it is a line."""
    points, beside = _not_across(ring), _LINE / _METRES
    longitudes, latitudes = [longitude for longitude, _ in points], [latitude for _, latitude in points]
    return min(longitudes) - beside, min(latitudes) - beside, max(longitudes) + beside, max(latitudes) + beside


def _reach_of(circle: Circle) -> tuple[float, float, float, float]:
    wide, high = _half(circle.latitude, circle.radius_m)
    return circle.longitude - wide, circle.latitude - high, circle.longitude + wide, circle.latitude + high


def _land_between(reaches: Sequence[tuple[float, float, float, float]]) -> BaseGeometry:
    west, south, east, north = zip(*reaches, strict=True)
    return shapely.box(min(west), min(south), max(east), max(north))


def _around(circle: Circle) -> BaseGeometry:
    return _disc(circle.longitude, circle.latitude, max(circle.radius_m, 1.0))


def _disc(longitude: float, latitude: float, radius_m: float) -> BaseGeometry:
    """A circle on the ground as a polygon in degrees: wider than high, the more so the further north."""
    wide, high = _half(latitude, radius_m)
    turns = [math.tau * step / 32 for step in range(32)]
    return shapely.Polygon([(longitude + wide * math.cos(one), latitude + high * math.sin(one)) for one in turns])


def _half(latitude: float, radius_m: float) -> tuple[float, float]:
    """Degrees of longitude and latitude that a radius is."""
    high = radius_m / _METRES
    return high / max(0.05, math.cos(math.radians(latitude))), high


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
