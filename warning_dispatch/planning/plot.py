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

WIDTH = 860
LEFT, RIGHT, BOTTOM = 58, 24, 46
ROW = 18
"""Height of a row of names."""
PLOT = 310
"""Height of the curves."""
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
ONE_ROW, LONG_NAME = 3, 12
"""So many short names stand in one row; else there are two in each."""


@dataclass(frozen=True, slots=True)
class Words:
    """What the picture says; `minutes` has a place for the number."""

    title: str
    time: str = "预警发布后（分钟）"
    goal: str = "95%"
    minutes: str = "{} 分"


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where things stand: `span` ms of time, the names in so many columns above the curves."""

    span: int
    columns: int
    top: int

    @property
    def height(self) -> int:
        return self.top + PLOT + BOTTOM

    def x(self, at: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, at / self.span)

    def y(self, share: float) -> float:
        return self.top + PLOT * (1 - share)


def plot(results: Sequence[Result], names: Sequence[str], words: Words) -> str:
    """The picture; `names` are those of the curves. Curves of one chain are dashed alike, those on the same lines have a colour."""
    short = max((len(name) for name in names), default=0) <= LONG_NAME and len(names) <= ONE_ROW
    columns = len(names) if short else 2
    frame = _Frame(_span(results), max(1, columns), 34 + ROW * -(-len(names) // max(1, columns)) + 14)
    label = escape(words.title, {'"': "&quot;"})
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {frame.height}" role="img" aria-label="{label}"'
    )
    parts = [
        f'{head} font-family="{FONT}" font-size="13">',
        f'<rect width="{WIDTH}" height="{frame.height}" fill="#ffffff"/>',
        _text(LEFT, 20, words.title, size=15, weight="bold"),
        *_grid(frame, words),
    ]
    shades = _shades(results)
    parts += [_band(one, frame, COLOURS[shades[at][0]]) for at, one in enumerate(results)]
    for at, (one, name) in enumerate(zip(results, names, strict=True)):
        parts += _curve(one, name, at, shades[at], frame, words)
    return "\n".join([*parts, "</svg>", ""])


def _shades(results: Sequence[Result]) -> list[tuple[int, int]]:
    """(colour, dash) of each curve. Of one chain each has both of its own; of two the lines have the colours."""
    chains = list(dict.fromkeys(one.question.chain.name for one in results))
    lines = list(dict.fromkeys(one.question.lines.voice for one in results))
    if len(chains) == 1 or len(chains) * len(lines) != len(results):
        return [(at % len(COLOURS), at % len(DASHES)) for at in range(len(results))]
    return [
        (lines.index(one.question.lines.voice) % len(COLOURS), chains.index(one.question.chain.name) % len(DASHES))
        for one in results
    ]


def _span(results: Sequence[Result]) -> int:
    """How much time (ms) is shown: until every curve that gets to 95 % has got there, else the longest of them."""
    ends = []
    for one in results:
        middle = one.spread(GOAL).middle
        ends.append(middle if middle is not None else len(one.course()) * EVERY)
    return max(10 * MINUTE, round(SHOWN * max(ends, default=0)))


def _grid(frame: _Frame, words: Words) -> list[str]:
    parts, bottom = [], frame.y(0)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(_line(LEFT, frame.y(share), WIDTH - RIGHT, frame.y(share), FAINT))
        parts.append(_text(LEFT - 8, frame.y(share) + 4, f"{share:.0%}", anchor="end"))
    parts.append(_line(LEFT, frame.y(GOAL), WIDTH - RIGHT, frame.y(GOAL), INK, dash="3 3"))
    parts.append(_text(LEFT + 6, frame.y(GOAL) + 15, words.goal, weight="bold"))
    minutes = frame.span / MINUTE
    step = next((one for one in STEPS if minutes / one <= MOST_MARKS), math.ceil(minutes / MOST_MARKS / 60) * 60)
    for at in range(0, int(minutes) + 1, step):
        x = frame.x(at * MINUTE)
        parts.append(_line(x, bottom, x, bottom + 5, INK))
        parts.append(_text(x, bottom + 20, str(at), anchor="middle"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, frame.height - 8, words.time, anchor="middle"))
    return parts


def _points(course: Sequence[int], total: int, frame: _Frame) -> list[tuple[float, float]]:
    within = [(at * EVERY, answered / max(1, total)) for at, answered in enumerate(course) if at * EVERY <= frame.span]
    if within and within[-1][0] < frame.span:
        within.append((frame.span, within[-1][1]))
    columns = {int(frame.x(at)): (frame.x(at), frame.y(share)) for at, share in within}
    return list(columns.values())


def _band(one: Result, frame: _Frame, colour: str) -> str:
    """Between what eight storms in ten lie."""
    upper = _points(one.course(HIGH), one.total, frame)
    lower = _points(one.course(LOW), one.total, frame)
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*upper, *reversed(lower)])
    return f'<polygon points="{corners}" fill="{colour}" fill-opacity="0.15"/>'


def _curve(one: Result, name: str, at: int, shade: tuple[int, int], frame: _Frame, words: Words) -> list[str]:
    colour, dash = COLOURS[shade[0]], DASHES[shade[1]]
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in _points(one.course(), one.total, frame))
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    parts = [f'<polyline points="{corners}" fill="none" stroke="{colour}" stroke-width="2.2"{dashed}/>']
    middle = one.spread(GOAL).middle
    said = f"{name}: {words.minutes.format(round(middle / MINUTE))}" if middle is not None else f"{name}: —"
    column, row = at % frame.columns, at // frame.columns
    x, y = LEFT + column * (WIDTH - LEFT - RIGHT) / frame.columns, 40 + ROW * row
    parts.append(
        f'<line x1="{x:.1f}" y1="{y - 4:.1f}" x2="{x + 30:.1f}" y2="{y - 4:.1f}" stroke="{colour}" stroke-width="3"{dashed}/>'
    )
    parts.append(_text(x + 36, y, said))
    if middle is not None:
        cx, cy = frame.x(middle), frame.y(GOAL)
        parts.append(f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="4.5" fill="{colour}" stroke="#ffffff"/>')
    return parts


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashed}/>'


def _text(x: float, y: float, words: str, anchor: str = "start", size: int = 13, weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" '
        f'fill="{INK}">{escape(words)}</text>'
    )
