"""`check --lines`: each line of our own rings a number of the bureau's and asks for a key."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from warning_dispatch.bootstrap.lines import refuse_lines_elsewhere, test_alone
from warning_dispatch.cli.machine_inspection import engine_runs_apart
from warning_dispatch.cli.office import asked_daemon, daemon_answers
from warning_dispatch.cli.terminal import Terminal
from warning_dispatch.clock import SystemClock
from warning_dispatch.configuration import load_configuration
from warning_dispatch.tomlfiles import both

PATIENCE = 3_600.0
"""Seconds that a test of many lines may take: about half a minute each."""
LinesOption = Annotated[
    bool,
    typer.Option(
        "--lines", help=both("逐条线路拨测试号码，请接听并按1", "ring the test number on each line; answer and press 1")
    ),
]
NumberOption = Annotated[
    str,
    typer.Option(
        "--number",
        help=both("测试号码（不写用线路的 test_number）", "the number to ring, instead of each route's test_number"),
        metavar="NUMBER",
    ),
]


def check_lines(terminal: Terminal, number: str) -> None:
    """Test, and show what came of it; not done (1) unless every line was answered with the key."""
    settings = terminal.settings
    terminal.remark(
        "正在逐条线路拨号，请接听测试电话，听到后按1。",
        "Ringing on each line in turn: pick up the test telephone and press 1.",
    )
    if daemon_answers(settings.control_socket):
        with asked_daemon(settings) as daemon:
            results = daemon.ask("/lines/test", {"number": number}, patience=PATIENCE)["results"]
    elif engine_runs_apart():
        refuse_lines_elsewhere()
    else:
        results = asyncio.run(test_alone(settings, SystemClock(), number))
    titles = {key: one.chinese for key, one in load_configuration(settings.config_dir).outcomes.items()}
    terminal.answer({"ok": all(one["good"] for one in results), "lines": results}, *_picture(terminal, results, titles))
    if not all(one["good"] for one in results):
        raise typer.Exit(1)


def _picture(terminal: Terminal, results: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> list[Table | Text]:
    say = terminal.say
    table = Table(title=say("线路测试", "Line test"), title_justify="left")
    for chinese, english in (
        ("线路", "Route"), ("第几条", "Line"), ("接通振铃", "Rang after"), ("听到对方", "Sound came"), ("按键", "Key after"), ("结果", "Outcome"),
    ):  # fmt: skip
        table.add_column(say(chinese, english), no_wrap=True)
    for one in results:
        outcome = say(titles.get(str(one["outcome"]), str(one["outcome"])), str(one["outcome"]))
        table.add_row(
            str(one["route"]),
            str(one["line"]),
            _seconds(terminal, one["rang_after"]),
            say("有", "yes") if one["sound_came"] else "—",
            _seconds(terminal, one["key_after"]),
            Text(outcome, style="green" if one["good"] else "bold red"),
        )
    good = sum(bool(one["good"]) for one in results)
    total = len(results)
    return [table, Text(say(f"{total} 条线，{good} 条正常。", f"{good} of {total} lines are good."))]


def _seconds(terminal: Terminal, ms: int | None) -> str:
    return "—" if ms is None else terminal.say(f"{ms / 1000:.1f} 秒", f"{ms / 1000:.1f} s")
