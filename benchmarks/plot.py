"""Draw the growth curve as SVG from the JSON of the benchmarks: `python -m benchmarks.plot FILE.json > docs/images/growth.svg`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 40, 50
COLOURS = {"sqlite": "#1f6f8b", "postgresql": "#b5482a"}
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
STYLE = "font-family:'Noto Sans CJK SC',sans-serif;font-size:13px;fill:#333"
Points = Sequence[tuple[int, float]]


def points(figures: Mapping[str, float]) -> Points:
    """(callees, µs of CPU per callee), by size."""
    prefix = "cpu_us_per_callee_at_"
    return sorted((int(name.removeprefix(prefix)), value) for name, value in figures.items() if name.startswith(prefix))


def svg(curves: Mapping[str, Points]) -> str:
    """One line per database: callees on a logarithmic axis, CPU per callee from zero."""
    sizes = sorted({size for curve in curves.values() for size, _ in curve})
    top = max(value for curve in curves.values() for _, value in curve) * 1.25
    at = {size: LEFT + index * (WIDTH - LEFT - RIGHT) / max(1, len(sizes) - 1) for index, size in enumerate(sizes)}

    def height(value: float) -> float:
        return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">']
    parts.append(_text(LEFT, 22, "Opening a call-out: CPU per callee (µs), the database server's included"))
    for step in range(5):
        value = top * step / 4
        y = height(value)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{value:.0f}", "end"))
    parts.extend(_text(at[size], HEIGHT - BOTTOM + 20, f"{size:,}", "middle") for size in sizes)
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "callees", "middle"))
    for kind, curve in curves.items():
        parts.extend(_curve(kind, [(at[size], height(value), value) for size, value in curve]))
    return "\n".join([*parts, "</svg>", ""])


def _curve(kind: str, places: Sequence[tuple[float, float, float]]) -> list[str]:
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)
    parts = [f'<polyline points="{line}" fill="none" stroke="{COLOURS[kind]}" stroke-width="2.5"/>']
    for x, y, value in places:
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{COLOURS[kind]}"/>')
        parts.append(_text(x, y - 9, f"{value:.1f}", "middle"))
    parts.append(_text(places[-1][0] + 14, places[-1][1] + 5, NAMES[kind]))
    return parts


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" style="{STYLE}">{escape(words)}</text>'


def main(path: str) -> None:
    """Print the picture."""
    growth = json.loads(Path(path).read_text(encoding="utf-8"))["figures"]["growth"]
    print(svg({kind: points(figures) for kind, figures in growth.items()}), end="")


if __name__ == "__main__":
    main(sys.argv[1])
