"""推演曲线图: the share answered over time, one curve for each result, as an SVG of its own. PURE.

The page puts it inline (presentation attributes only, as its policy asks), the command writes it to a file. Curves differ by
colour and by dash, and each is named where it crosses 95 %, so that neither colour nor a legend is needed to read it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from warning_dispatch.model.estimate import GOAL
from warning_dispatch.planning.results import EVERY, HIGH, LOW, Result

WIDTH, HEIGHT = 860, 420
LEFT, RIGHT, TOP, BOTTOM = 58, 24, 66, 46
COLOURS = ("#1f6f8b", "#b5482a", "#5a7d2a", "#7a4a9e", "#946c00", "#3f5166", "#a03060", "#2a7d6b")
DASHES = ("", "8 4", "2 4", "10 3 2 3", "5 5", "12 3", "3 3", "8 2 2 2")
INK, FAINT = "#2b2b2b", "#d9d9d9"
FONT = "Noto Sans CJK SC, Microsoft YaHei, PingFang SC, sans-serif"
MINUTE = 60_000
STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 240)
"""Minutes between two marks of the time axis."""
MOST_MARKS = 9
SHOWN = 1.15
"""The time axis ends so many times after the slowest curve has reached 95 %."""
LEGEND_ROWS = 2


@dataclass(frozen=True, slots=True)
class Words:
    """What the picture says; `minutes` has a place for the number."""

    title: str
    time: str = "预警发布后（分钟）"
    goal: str = "95%"
    minutes: str = "{} 分"


def plot(results: Sequence[Result], names: Sequence[str], words: Words) -> str:
    """The picture; `names` are those of the curves."""
    span = _span(results)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{escape(words.title, {chr(34): "&quot;"})}" font-family="{FONT}" font-size="13">'
        ),
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(LEFT, 20, words.title, size=15, weight="bold"),
        *_grid(span, words),
    ]
    shown = list(zip(results, names, strict=True))
    parts += [_band(one, span, COLOURS[at % len(COLOURS)]) for at, (one, _) in enumerate(shown)]
    for at, (one, name) in enumerate(shown):
        parts += _curve(one, name, at, len(shown), span, words)
    return "\n".join([*parts, "</svg>", ""])


def _span(results: Sequence[Result]) -> int:
    """How much time (ms) is shown: until every curve that gets to 95 % has got there, else the longest of them."""
    ends = []
    for one in results:
        middle = one.spread(GOAL).middle
        ends.append(middle if middle is not None else len(one.course()) * EVERY)
    return max(10 * MINUTE, round(SHOWN * max(ends, default=0)))


def _x(at: float, span: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, at / span)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share


def _grid(span: int, words: Words) -> list[str]:
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(_line(LEFT, _y(share), WIDTH - RIGHT, _y(share), FAINT))
        parts.append(_text(LEFT - 8, _y(share) + 4, f"{share:.0%}", anchor="end"))
    parts.append(_line(LEFT, _y(GOAL), WIDTH - RIGHT, _y(GOAL), INK, dash="3 3"))
    parts.append(_text(LEFT + 6, _y(GOAL) + 15, words.goal, weight="bold"))
    minutes = span / MINUTE
    step = next((one for one in STEPS if minutes / one <= MOST_MARKS), math.ceil(minutes / MOST_MARKS / 60) * 60)
    for at in range(0, int(minutes) + 1, step):
        x = _x(at * MINUTE, span)
        parts.append(_line(x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 5, INK))
        parts.append(_text(x, HEIGHT - BOTTOM + 20, str(at), anchor="middle"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, words.time, anchor="middle"))
    return parts


def _points(course: Sequence[int], total: int, span: int) -> list[tuple[float, float]]:
    within = [(at * EVERY, answered / max(1, total)) for at, answered in enumerate(course) if at * EVERY <= span]
    if within and within[-1][0] < span:
        within.append((span, within[-1][1]))
    columns = {int(_x(at, span)): (_x(at, span), _y(share)) for at, share in within}
    return list(columns.values())


def _band(one: Result, span: int, colour: str) -> str:
    """Between what eight storms in ten lie."""
    upper = _points(one.course(HIGH), one.total, span)
    lower = _points(one.course(LOW), one.total, span)
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*upper, *reversed(lower)])
    return f'<polygon points="{corners}" fill="{colour}" fill-opacity="0.15"/>'


def _curve(one: Result, name: str, at: int, count: int, span: int, words: Words) -> list[str]:
    colour, dash = COLOURS[at % len(COLOURS)], DASHES[at % len(DASHES)]
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in _points(one.course(), one.total, span))
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    parts = [f'<polyline points="{corners}" fill="none" stroke="{colour}" stroke-width="2.2"{dashed}/>']
    middle = one.spread(GOAL).middle
    said = f"{name}: {words.minutes.format(round(middle / MINUTE))}" if middle is not None else f"{name}: —"
    columns = -(-count // LEGEND_ROWS)
    column, row = at % columns, at // columns
    x, y = LEFT + column * (WIDTH - LEFT - RIGHT) / columns, 38 + 18 * row
    parts.append(
        f'<line x1="{x:.1f}" y1="{y - 4:.1f}" x2="{x + 26:.1f}" y2="{y - 4:.1f}" stroke="{colour}" stroke-width="3"{dashed}/>'
    )
    parts.append(_text(x + 32, y, said))
    if middle is not None:
        parts.append(
            f'<circle cx="{_x(middle, span):.1f}" cy="{_y(GOAL):.1f}" r="4.5" fill="{colour}" stroke="#ffffff"/>'
        )
    return parts


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashed}/>'


def _text(x: float, y: float, words: str, anchor: str = "start", size: int = 13, weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" '
        f'fill="{INK}">{escape(words)}</text>'
    )
