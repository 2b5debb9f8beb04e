"""应答累计: the cumulative curve of answers as plain geometry, to be drawn as inline SVG by a template.

The picture is `WIDTH` x `HEIGHT` units. Time runs from the start of the call-out to now, answers from none to all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from warning_dispatch.model.views import CurvePoint

WIDTH: Final = 900
HEIGHT: Final = 206
LEFT: Final = 46
RIGHT: Final = 14
TOP: Final = 46
BOTTOM: Final = 24
SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
STEPS: Final = (
    *(n * SECOND for n in (1, 5, 10, 30)),
    *(n * MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * HOUR for n in (1, 2, 4, 6, 12, 24)),
)
"""Distances between marks on the time axis that a person reads easily."""
MOST_MARKS: Final = 8
MARKER_ROWS: Final = 3
MARKER_GAP: Final = 10
TOGETHER: Final = 20
"""Moments nearer than this share one name."""
WIDE_LETTER: Final = 12.0
NARROW_LETTER: Final = 6.8
SHORTEST: Final = 30 * SECOND
QUARTERS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark on the time axis at `x`: `amount` of `unit` (a key of the catalogue)."""

    x: float
    unit: str
    amount: int


@dataclass(frozen=True, slots=True)
class Level:
    """A line across at `y`: `share` of all units."""

    y: float
    share: float


@dataclass(frozen=True, slots=True)
class Marker:
    """A moment worth naming (a tier opened), its name in one of a few rows so that names do not overlap."""

    x: float
    row: int
    name: str
    turned: bool
    """The name stands to the left of the line: no room to the right."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Everything the template draws. `line` and `area` are SVG path data; `end` is where the line stands now."""

    line: str
    area: str
    end: tuple[float, float]
    marks: tuple[Mark, ...]
    levels: tuple[Level, ...]
    markers: tuple[Marker, ...]
    plan: str = ""
    """Path data of the course that was planned; empty without one."""


def draw_curve(
    points: Sequence[CurvePoint],
    total: int,
    start: int,
    now: int,
    openings: Sequence[tuple[int, str]],
    plan: Sequence[tuple[int, int]] = (),
) -> Curve:
    """The curve of `points` among `total` units from `start` to `now` (ms); `openings` are named moments.

    `plan`: (ms after the start, answers planned until then), drawn as far as time has come.
    """
    span = max(now - start, SHORTEST)
    steps = _thinned([(_x(point.at - start, span), _y(point.answered, total)) for point in points])
    now_x = round(_x(max(now - start, 0), span), 1)
    ground = _y(0, total)
    corners: list[tuple[float, float]] = [(LEFT, ground)]
    for x, y in steps:
        corners += [(x, corners[-1][1]), (x, y)]
    end = (now_x, corners[-1][1])
    line = _path([*corners, end])
    return Curve(
        line=line,
        area=f"{line}V{ground:g}H{LEFT}Z",
        end=end,
        marks=_marks(span),
        levels=tuple(Level(round(_y(share, 1), 1), share) for share in QUARTERS),
        markers=_markers([(_x(at - start, span), name) for at, name in openings]),
        plan=_planned(plan, total, span),
    )


def _planned(plan: Sequence[tuple[int, int]], total: int, span: int) -> str:
    within = [(after, answered) for after, answered in plan if after <= span]
    return _path(_thinned([(_x(after, span), _y(answered, total)) for after, answered in within])) if within else ""


def _x(after: float, span: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * min(max(after / span, 0.0), 1.0)


def _y(answered: float, total: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (answered / total if total else 0.0)


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most one point per unit of width, the last one: thousands of answers are no thicker than the screen."""
    by_column = {int(x): (round(x, 1), round(y, 1)) for x, y in points}
    return list(by_column.values())


def _path(corners: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in corners)


def _marks(span: int) -> tuple[Mark, ...]:
    step = next(
        (step for step in STEPS if span / step <= MOST_MARKS), STEPS[-1] * (1 + span // (STEPS[-1] * MOST_MARKS))
    )
    unit, size = next(
        (unit, size) for unit, size in (("hours", HOUR), ("minutes", MINUTE), ("seconds", 1000)) if step >= size
    )
    return tuple(Mark(round(_x(after, span), 1), unit, after // size) for after in range(0, span + 1, step))


def _markers(openings: Sequence[tuple[float, str]]) -> tuple[Marker, ...]:
    """Each name in the first row that has room; in the last row when none has."""
    markers: list[Marker] = []
    taken = [0.0] * MARKER_ROWS
    for x, name in _together(openings):
        row = next((row for row, end in enumerate(taken) if x >= end), MARKER_ROWS - 1)
        width = _width_of(name)
        turned = x + width > WIDTH
        taken[row] = x + MARKER_GAP + (0.0 if turned else width)
        markers.append(Marker(round(x, 1), row, name, turned))
    return tuple(markers)


def _together(openings: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Moments that are too close to be told apart, with their names joined."""
    groups: list[tuple[float, str]] = []
    for x, name in sorted(openings, key=lambda opening: opening[0]):
        if groups and x - groups[-1][0] < TOGETHER:
            groups[-1] = (groups[-1][0], f"{groups[-1][1]} · {name}")
        else:
            groups.append((x, name))
    return groups


def _width_of(name: str) -> float:
    """About how wide a name is drawn."""
    return sum(NARROW_LETTER if letter.isascii() else WIDE_LETTER for letter in name)
