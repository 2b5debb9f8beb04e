"""The fault run's report: JSON, and the table of docs/faults.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from .run import Injected

_HEAD = (
    "| fault | database, workers | times | nights | hand-overs | lost | called after answering | repeats, all marked | longest standstill, s | broken |",
    "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
)


def added(told: Iterable[Injected]) -> list[Injected]:
    """One line for each fault, database and number of workers."""
    lines: dict[tuple[str, str, int], Injected] = {}
    for one in told:
        key = one.fault, one.database, one.workers
        sofar = lines.get(key)
        if sofar is None:
            lines[key] = replace(one, broken=list(one.broken))
            continue
        for name in ("times", "nights", "handed", "lost", "called_after_answer", "repeated", "unmarked", "noticed"):
            setattr(sofar, name, getattr(sofar, name) + getattr(one, name))
        sofar.standstill = max(sofar.standstill, one.standstill)
        sofar.broken += one.broken
    return list(lines.values())


def table(told: Sequence[Injected]) -> str:
    """As it stands in docs/faults.md."""
    return "\n".join((*_HEAD, *(_line(one) for one in told))) + "\n"


def _line(one: Injected) -> str:
    marked = "yes" if not one.unmarked else f"**{one.unmarked} not**"
    where = f"{one.database}, {one.workers}"
    return (
        f"| {one.fault} | {where} | {one.times} | {one.nights} | {one.handed} | {one.lost} | {one.called_after_answer}"
        f" | {one.repeated}, {marked} | {one.standstill:.1f} | {len(one.broken)} |"
    )


def write(told: Sequence[Injected], folder: Path, seed: int) -> None:
    """faults.json and faults.md in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"seed": seed, "faults": [asdict(one) for one in told]}
    (folder / "faults.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (folder / "faults.md").write_text(table(told), encoding="utf-8")


def read(file: Path) -> list[Injected]:
    """What an earlier run has written, to be added to."""
    return [Injected(**one) for one in json.loads(file.read_text(encoding="utf-8"))["faults"]]
