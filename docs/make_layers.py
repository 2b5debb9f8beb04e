"""Draw the layers from the import contract into docs/images/layers.svg: the drawing is what the linter enforces.

Run it after changing the contract in pyproject.toml: `.venv/bin/python -m docs.make_layers`. A test compares.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

DOCS = Path(__file__).resolve().parent
DRAWING = DOCS / "images" / "layers.svg"
PACKAGE = "warning_dispatch."

WIDTH, LEFT, CAPTION = 960, 4, 320
ROW, BOX, GAP, LETTER = 12, 30, 8, 8.1
"""Between layers; height of a box; between boxes; width of a letter of 13 pixels in the widest likely font."""

CAPTIONS: Mapping[str, tuple[str, str]] = {
    "cli": ("命令", "one file per group of commands"),
    "bootstrap": ("组装：唯一把各部分接在一起的地方", "the one place where parts are put together"),
    "daemon": ("常驻程序、网页、报表、各个窗口", "start, signals, pages, API, what is printed, desks"),
    "officer_desk": ("处置的窗口", "the desk for an officer's acts"),
    "installed": ("别的程序包带来的接法", "kinds that other packages bring"),
    "wire": ("引擎线程与渠道之间", "from the engine's thread to the channels"),
    "ingest": (
        "适配器：预警、名册、渠道、数据库、模拟电话网",
        "adapters to messages, phones, database",
    ),
    "engine": ("引擎：接收、轮转、发送、计时、恢复", "use cases: intake, turn, outbox, timers, recovery"),
    "configuration": ("config/ 里写的，校验后成为模型", "what config/ says, validated into the model"),
    "escalation": ("纯函数：状态机和规则", "pure: the machines and rules"),
    "console_ports": ("各页面要向外要的", "what single pages need from outside"),
    "planning_ports": ("推演要向外要的", "what planning needs from outside"),
    "ports": ("引擎要向外要的", "what the engine needs from outside"),
    "model": ("本行的词：冻结的数据类", "the field's words: frozen dataclasses"),
    "clock": ("只有它们读时间和环境", "the only readers of time and environment"),
    "source_settings": ("设置的形状", "the shapes of the settings"),
    "upkeep_settings": ("设置的形状", "the shapes of the settings"),
    "tomlfiles": ("TOML 经 pydantic，问题一次列全", "TOML through pydantic, every finding at once"),
    "errors": ("错误", "errors"),
}


def contract() -> tuple[list[list[str]], frozenset[str]]:
    """The layers from the top, and the modules that are pure."""
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {one["id"]: one for one in project["tool"]["importlinter"]["contracts"]}
    layers = [
        [name.strip().removeprefix(PACKAGE) for name in layer.split("|")] for layer in contracts["layers"]["layers"]
    ]
    return layers, frozenset(name.removeprefix(PACKAGE) for name in contracts["pure"]["source_modules"])


def _lines(names: Sequence[str]) -> list[list[tuple[str, float]]]:
    """Boxes of a layer with their widths, broken into lines."""
    lines: list[list[tuple[str, float]]] = [[]]
    room = 0.0
    for name in names:
        width = 20 + LETTER * len(name)
        if lines[-1] and room + width > WIDTH - CAPTION - LEFT - 20:
            lines.append([])
            room = 0
        lines[-1].append((name, width))
        room += width + GAP
    return lines


def drawing() -> str:
    """The whole picture."""
    layers, pure = contract()
    parts: list[str] = []
    top = 20.0
    for names in layers:
        lines = _lines(names)
        height = len(lines) * (BOX + GAP) - GAP + 16
        parts.append(_row(top, height, names))
        for at, line in enumerate(lines):
            parts.append(_boxes(top + 8 + at * (BOX + GAP), line, pure))
        top += height + ROW
    return _frame(top, parts)


def _row(top: float, height: float, names: Sequence[str]) -> str:
    chinese, english = next((CAPTIONS[name] for name in names if name in CAPTIONS), ("", ""))
    middle = top + height / 2
    return (
        f'<rect class="layer" x="{LEFT}" y="{top:g}" width="{WIDTH - 2 * LEFT}" height="{height:g}" rx="6"/>\n'
        f'<text class="zh" x="{WIDTH - CAPTION + 12}" y="{middle - 3:g}">{escape(chinese)}</text>\n'
        f'<text class="en" x="{WIDTH - CAPTION + 12}" y="{middle + 14:g}">{escape(english)}</text>'
    )


def _boxes(top: float, line: Sequence[tuple[str, float]], pure: frozenset[str]) -> str:
    parts, left = [], float(LEFT + 10)
    for name, width in line:
        kind = "pure" if name in pure else "box"
        parts.append(f'<rect class="{kind}" x="{left:g}" y="{top:g}" width="{width:g}" height="{BOX}" rx="4"/>')
        parts.append(f'<text class="name" x="{left + width / 2:g}" y="{top + 20:g}">{escape(name)}</text>')
        left += width + GAP
    return "\n".join(parts)


def _frame(height: float, parts: Sequence[str]) -> str:
    style = (
        ".layer{fill:#f3f6f9;stroke:#d5dde4}.box{fill:#fff;stroke:#8aa0b4}.pure{fill:#e3f1e5;stroke:#3c8a4c}"
        ".name{font:13px ui-monospace,'DejaVu Sans Mono',monospace;text-anchor:middle;fill:#1b2530}"
        ".zh{font:13px 'Noto Sans CJK SC','Microsoft YaHei',sans-serif;fill:#1b2530}"
        ".en{font:12px system-ui,sans-serif;fill:#51606e}"
    )
    title = "各层：只能向下引用，同一层互不相识；绿色为纯函数 / Layers: imports point down only; green is pure"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + 24:g}" role="img">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n"
        f'<rect width="{WIDTH}" height="{height + 24:g}" fill="#fff"/>\n'
        + "\n".join(parts)
        + f'\n<text class="en" x="{LEFT}" y="{height + 10:g}">{title}</text>\n</svg>\n'
    )


if __name__ == "__main__":
    DRAWING.write_text(drawing(), encoding="utf-8")
    print(DRAWING)
