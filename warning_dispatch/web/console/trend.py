"""趋势图: values over the days of a season as plain geometry, to be drawn as inline SVG by a template.

The picture is `WIDTH` x `HEIGHT` units; each call-out is a point at its day. Nothing is joined across a gap that says
nothing: a line goes from call-out to call-out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 190
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 12, 26
MARKS: Final = 7
STEPS: Final = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
"""Distances between levels of seconds that a person reads easily."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A call-out: where it stands, and what is told of it."""

    x: float
    y: float
    key: int
    value: float


@dataclass(frozen=True, slots=True)
class Trend:
    """A plot: path of the line, its dots, levels (y, value) and marks (x, ms)."""

    line: str
    dots: tuple[Dot, ...]
    levels: tuple[tuple[float, float], ...]
    marks: tuple[tuple[float, int], ...]


def trend(points: Sequence[tuple[int, int, float]], since: int, until: int, top: float) -> Trend:
    """`points`: (when, key, value). `top`: what the upper edge stands for; levels are a quarter of it each."""
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    length = max(1, until - since)

    def across(at: int) -> float:
        return round(LEFT + wide * min(1.0, max(0.0, (at - since) / length)), 1)

    def up(value: float) -> float:
        return round(TOP + high * (1 - min(1.0, value / top)), 1)

    dots = tuple(Dot(across(at), up(value), key, value) for at, key, value in sorted(points))
    line = "M" + "L".join(f"{dot.x} {dot.y}" for dot in dots) if len(dots) > 1 else ""
    days = (since + (length - 1) * place // (MARKS - 1) for place in range(MARKS))
    marks = tuple((across(at), at) for at in days)
    return Trend(line, dots, tuple((up(top * part / 4), top * part / 4) for part in range(5)), marks)


def ceiling(values: Sequence[float]) -> float:
    """The least top of four easy levels above all values."""
    most = max(values, default=0)
    step = next((one for one in STEPS if 4 * one >= most), None)
    return 4 * (step if step is not None else math.ceil(most / 4 / STEPS[-1]) * STEPS[-1])
