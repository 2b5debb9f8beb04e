"""Polygons and circles as senders write them, as points (longitude, latitude) in degrees and radii in metres.

OASIS writes latitude first. China cannot be mistaken: a pair that makes a place in China only when it is swapped is
swapped, and noted. A ring that cannot be mended is left out, and noted; the area keeps whatever else it has.
"""

from __future__ import annotations

import math
import re

from warning_dispatch.ingest.elements import Element, children, full_text
from warning_dispatch.ingest.notes import Notes, Odd
from warning_dispatch.model.alert import Circle, Ring
from warning_dispatch.model.source_rules import RadiusUnit

MOST_POINTS = 10_000
"""Of one ring; a county's own boundary has some thousands."""
MOST_SHAPES = 500
"""Of one area."""
LONGEST_RADIUS = 5_000_000.0
"""Metres; more is no area any more."""
_LEAST_POINTS = 3
_PAIR = 2
_LONGITUDES, _LATITUDES = (73.0, 136.0), (3.0, 54.0)
_NUMBER = r"[-+]?\d{1,4}(?:\.\d{0,20})?(?:[eE][-+]?\d{1,2})?"
_NUMBERS = re.compile(_NUMBER, re.ASCII)
_RADIUS = re.compile(r"(?P<number>\d{1,9}(?:\.\d{0,12})?)\s*(?P<unit>km|公里|千米|m|米)?", re.IGNORECASE)
_UNITS = {"km": 1_000.0, "公里": 1_000.0, "千米": 1_000.0, "m": 1.0, "米": 1.0}
_LONGEST = MOST_POINTS * 60
"""Characters of a shape that are looked at."""


def rings_of(area: Element, notes: Notes, *, lines: bool) -> tuple[Ring, ...]:
    """The polygons of an area. `lines`: an unclosed one is a line (12379) and stays open; else it is closed, and noted."""
    found = []
    for element in children(area, "polygon")[:MOST_SHAPES]:
        text = full_text(element).strip()
        ring = _ring(text, area, notes, lines=lines) if text else None
        if ring is not None:
            found.append(ring)
    return tuple(found)


def _ring(text: str, area: Element, notes: Notes, *, lines: bool) -> Ring | None:
    points = _points(text)
    if points is None or len(points) < (_PAIR if lines else _LEAST_POINTS):
        notes.odd(Odd.SHAPE_IGNORED, area, "polygon", text[: _PAIR * 20])
        return None
    ring = _on_the_globe(points, area, "polygon", notes)
    if ring is None or ring[0] == ring[-1]:
        return ring
    if lines:
        return ring
    notes.odd(Odd.SHAPE_REPAIRED, area, "polygon")
    return (*ring, ring[0])


def _points(text: str) -> list[tuple[float, float]] | None:
    """Pairs of numbers, whatever stands between them; None when it is not that."""
    if len(text) > _LONGEST or not _plain(text):
        return None
    numbers = [float(one) for one in _NUMBERS.findall(text)]
    if len(numbers) % _PAIR or len(numbers) > MOST_POINTS * _PAIR:
        return None
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _plain(text: str) -> bool:
    """Whether a text has nothing but numbers and marks between them; a NaN is none."""
    return not _NUMBERS.sub("", text).strip(" \t\r\n,;()[]\uff0c\uff1b")


def _on_the_globe(points: list[tuple[float, float]], area: Element, name: str, notes: Notes) -> Ring | None:
    """Latitude-first pairs as (longitude, latitude); None and a note when they are no place on earth."""
    swapped = all(_in_china(first, second) for first, second in points) or any(abs(one) > 90 for one, _ in points)  # noqa: PLR2004 - degrees
    ring = tuple(points) if swapped else tuple((second, first) for first, second in points)
    if not all(_real(longitude, 180) and _real(latitude, 90) for longitude, latitude in ring):
        notes.odd(Odd.SHAPE_IGNORED, area, name)
        return None
    if swapped:
        notes.odd(Odd.SHAPE_SWAPPED, area, name)
    return ring


def _real(value: float, limit: float) -> bool:
    return math.isfinite(value) and abs(value) <= limit


def _in_china(longitude: float, latitude: float) -> bool:
    return _LONGITUDES[0] <= longitude <= _LONGITUDES[1] and _LATITUDES[0] <= latitude <= _LATITUDES[1]


def circles_of(area: Element, notes: Notes, *, metres: bool) -> tuple[Circle, ...]:
    """The circles of an area. `metres`: what the dialect counts a radius in (12379), else kilometres (OASIS)."""
    if notes.rules.radius is not RadiusUnit.DIALECT:
        metres = notes.rules.radius is RadiusUnit.METRES
    found = []
    for element in children(area, "circle")[:MOST_SHAPES]:
        text = full_text(element).strip()
        circle = _circle(text, area, notes, metres=metres) if text else None
        if circle is not None:
            found.append(circle)
    return tuple(found)


def _circle(text: str, area: Element, notes: Notes, *, metres: bool) -> Circle | None:
    """One circle: a pair, a blank (or comma), a radius that may name its unit."""
    head, _, tail = text[:200].replace("\uff0c", ",").rpartition(" ")
    if not head:
        head, _, tail = text[:200].replace("\uff0c", ",").rpartition(",")
    radius = _RADIUS.fullmatch(tail.strip())
    points = _points(head)
    if radius is None or points is None or len(points) != 1:
        notes.odd(Odd.SHAPE_IGNORED, area, "circle", text[:40])
        return None
    centre = _on_the_globe(points, area, "circle", notes)
    unit = 1.0 if metres else 1_000.0
    if radius["unit"]:
        notes.odd(Odd.RADIUS_UNIT, area, "circle", text[:40])
        unit = _UNITS[radius["unit"].lower()]
    metres_long = float(radius["number"]) * unit
    if centre is None or metres_long > LONGEST_RADIUS:
        notes.odd(Odd.SHAPE_IGNORED, area, "circle", text[:40])
        return None
    return Circle(*centre[0], metres_long)
