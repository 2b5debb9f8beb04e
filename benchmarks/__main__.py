"""Run the figures: `python -m benchmarks [--quick] [--only NAME]`. JSON on stdout, a table on stderr."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from benchmarks import figures, intake, messages
from benchmarks.figures import Figures, fresh
from benchmarks.register import register
from warning_dispatch.logs import configure_logging

GOALS = {
    "first_attempts": "p99 ≤ 300 ms",
    "push": "first attempts p99 ≤ 300 ms",
    "burst": "10,000 absorbed, red first",
    "folder": "files per second",
    "throughput": "≥ 8,000/s, ≤ 0.2 CPU s per 1,000",
    "opening": "first called ≤ 1 s; 1,000,000 in ≤ 60 s, ≤ 400 MB",
    "answers": "≥ 500/s, p99 ≤ 100 ms at half load",
    "line_use_10": "≥ 98 %",
    "line_use_100": "≥ 98 %",
    "restart": "≤ 3 s at 100,000",
    "timer_error": "p99 ≤ 500 ms",
    "pages": "≤ 300 ms at 2,600",
    "register": "30,000: import ≤ 10 s, export ≤ 10 s, check ≤ 5 s",
    "intake": "≥ 1,000/s read, validated and judged",
}


def plan(*, quick: bool) -> dict[str, Callable[[str], Figures]]:
    """What is measured at which size."""
    size = 1_000 if quick else 100_000
    return {
        "first_attempts": lambda url: figures.first_attempts(url, villages=2_600, rounds=5 if quick else 100),
        "push": lambda url: intake.push(url, villages=2_600, rounds=3 if quick else 40),
        "burst": lambda url: intake.burst(url, villages=2_600, messages=200 if quick else 10_000),
        "folder": lambda url: intake.folder(url, messages=100 if quick else 2_000),
        "throughput": lambda url: figures.throughput(url, villages=1_000 if quick else 30_000),
        "opening": lambda url: figures.opening(url, villages=size),
        "answers": lambda url: figures.answers(url, villages=400 if quick else 8_000),
        "line_use_10": lambda url: figures.line_use(url, villages=60 if quick else 600, lines=10),
        "line_use_100": lambda url: figures.line_use(url, villages=400 if quick else 3_000, lines=100),
        "restart": lambda url: figures.restart(url, villages=size),
        "timer_error": lambda url: figures.timer_error(url, villages=500 if quick else 2_600),
        "pages": lambda url: figures.pages(url, villages=2_600),
        "register": lambda url: register(url, receivers=1_500 if quick else 30_000),
        "intake": lambda url: messages.intake(url, messages=200 if quick else 3_000),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--quick", action="store_true", help="small sizes: a smoke run, the times mean nothing")
    parser.add_argument("--only", default="", help="one figure")
    options = parser.parse_args()
    configure_logging("error", json=False)
    results: dict[str, Figures] = {}
    table = Table("figure", "goal", "measured")
    for name, work in plan(quick=options.quick).items():
        if options.only and name != options.only:
            continue
        results[name] = {key: round(value, 4) for key, value in fresh(work).items()}
        shown = ", ".join(f"{key} {value:,}" for key, value in results[name].items())
        table.add_row(name, GOALS[name], shown)
        print(f"{name}: {shown}", file=sys.stderr)
    machine = {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "cores": os.cpu_count(),
        "quick": options.quick,
    }
    Console(stderr=True).print(table)
    print(json.dumps({"machine": machine, "figures": results}, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
