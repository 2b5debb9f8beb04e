"""Run the figures: `python -m benchmarks [--database sqlite|postgresql|both] [--quick] [--only NAME,…]`.

JSON on stdout, a table on stderr. `--quick` is a smoke run: small sizes, the times mean nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import sys
from collections.abc import Callable, Mapping

from rich.console import Console
from rich.table import Table

from benchmarks import crew, figures, growth, intake, messages, under_load
from benchmarks.console import console
from benchmarks.consoles import consoles
from benchmarks.databases import KINDS, Place, fresh
from benchmarks.figures import Figures
from benchmarks.gateway import gateway
from benchmarks.workbooks import workbooks
from warning_dispatch.logs import configure_logging

GOALS = {
    "first_attempts": "p99 ≤ 300 ms",
    "first_attempts_under_load": "p99 ≤ 1 s",
    "push": "first attempts p99 ≤ 300 ms",
    "burst": "10,000 absorbed, red first",
    "folder": "files per second",
    "throughput": "≥ 8,000/s, ≤ 0.2 CPU s per 1,000",
    "growth": "1,000,000 in ≤ 60 s, upper tiers ≤ 1 s, ≤ 400 MB, cost ≤ 1.2 ×",
    "two_workers": "≥ 1.6 × one, each attempt once",
    "answers": "≥ 500/s, p99 ≤ 100 ms at half load",
    "line_use_10": "≥ 98 %",
    "line_use_100": "≥ 98 %",
    "line_use_300": "≥ 98 %",
    "restart": "≤ 3 s at 100,000",
    "timer_error": "p99 ≤ 500 ms",
    "pages": "≤ 300 ms at 2,600",
    "console": "each page ≤ 300 ms at 2,600, live update ≤ 1 s",
    "consoles": "50 open consoles cost the engine nothing that shows",
    "register": "30,000: import ≤ 10 s, export ≤ 10 s, check ≤ 5 s",
    "intake": "≥ 1,000/s read, validated and judged",
    "gateway": "≥ 500 SMS/s, ≥ 100 call starts/s through the real HTTP adapters",
}


def _plan(*, quick: bool) -> Mapping[str, Callable[[Place], Figures]]:
    """What is measured at which size, each on a database of its own."""
    large = 1_000 if quick else 100_000
    return {
        "first_attempts": lambda at: figures.first_attempts(at, villages=2_600, rounds=5 if quick else 100),
        "first_attempts_under_load": lambda at: under_load.first_attempts_under_load(
            at, villages=large, rounds=3 if quick else 30
        ),
        "push": lambda at: intake.push(at.url, villages=2_600, rounds=3 if quick else 40),
        "burst": lambda at: intake.burst(at.url, villages=2_600, messages=200 if quick else 10_000),
        "folder": lambda at: intake.folder(at.url, messages=100 if quick else 2_000),
        "throughput": lambda at: figures.throughput(at, villages=1_000 if quick else 30_000),
        "answers": lambda at: under_load.answers(at, villages=400 if quick else 8_000),
        "line_use_10": lambda at: figures.line_use(at, villages=60 if quick else 600, lines=10),
        "line_use_100": lambda at: figures.line_use(at, villages=400 if quick else 3_000, lines=100),
        "line_use_300": lambda at: figures.line_use(at, villages=900 if quick else 6_000, lines=300),
        "restart": lambda at: figures.restart(at, villages=large),
        "timer_error": lambda at: under_load.timer_error(at, villages=500 if quick else 2_600),
        "pages": lambda at: figures.pages(at, villages=2_600),
        "console": lambda at: console(at, villages=2_600),
        "register": lambda at: workbooks(at, receivers=1_500 if quick else 30_000),
        "intake": lambda at: messages.intake(at, messages=200 if quick else 3_000),
    }


def _measure(kind: str, name: str, *, quick: bool) -> Figures:
    if name == "growth":
        return growth.growth(kind, (1_000, 2_000) if quick else (10_000, 100_000, 1_000_000))
    if name == "two_workers":
        return _two_workers(villages=1_000 if quick else 30_000) if kind == "postgresql" else {}
    if name == "consoles":
        size = (
            {"villages": 300, "watching": 5, "seconds": 2.0}
            if quick
            else {"villages": 2_600, "watching": 50, "seconds": 15.0}
        )
        return consoles(kind, **size)
    if name == "gateway":
        return gateway(messages=200 if quick else 10_000) if kind == "sqlite" else {}
    with fresh(kind) as place:
        return _plan(quick=quick)[name](place)


def _two_workers(*, villages: int) -> Figures:
    """One process, then two, each on a database of its own; SQLite is for one."""
    shares = []
    for workers in (1, 2):
        with fresh("postgresql") as place:
            shares.append(crew.run(place.url, workers=workers, villages=villages))
    one, two = shares
    return {
        "attempts": two["attempts"],
        "twice": two["twice"],
        "one_per_second": one["per_second"],
        "two_per_second": two["per_second"],
        "ratio": two["per_second"] / one["per_second"],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--database", choices=(*KINDS, "both"), default="both", help="where")
    parser.add_argument("--quick", action="store_true", help="small sizes: a smoke run, the times mean nothing")
    parser.add_argument("--only", default="", help="some figures, comma separated")
    options = parser.parse_args()
    configure_logging("error", json=False)
    names = options.only.split(",") if options.only else list(GOALS)
    kinds = KINDS if options.database == "both" else (options.database,)
    load = os.getloadavg()[0]
    results: dict[str, dict[str, Figures]] = {name: {} for name in names}
    for name in names:
        for kind in kinds:
            found = _measure(kind, name, quick=options.quick)
            results[name][kind] = {key: round(value, 4) for key, value in found.items()}
            print(f"{name} on {kind}: {_shown(results[name][kind])}", file=sys.stderr, flush=True)
    machine = {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "cores": os.cpu_count(),
        "load_before": round(load, 2),
        "quick": options.quick,
    }
    Console(stderr=True).print(_table(results, kinds))
    print(json.dumps({"machine": machine, "goals": GOALS, "figures": results}, ensure_ascii=False, indent=2))


def _table(results: Mapping[str, Mapping[str, Figures]], kinds: tuple[str, ...]) -> Table:
    table = Table("figure", "goal", *kinds)
    for name, by_kind in results.items():
        table.add_row(name, GOALS[name], *(_shown(by_kind[kind]).replace(", ", "\n") for kind in kinds))
    return table


def _shown(found: Figures) -> str:
    return ", ".join(f"{key} {value:,}" for key, value in found.items())


if __name__ == "__main__":
    main()
