"""线路测试: each line of our own rings a number of the bureau and asks for a key; what came of it is kept.

A line that has not rung for months is a line of which nobody knows whether it rings. The test takes one line after the other, because
one telephone answers them all, and waits for a line that is in use: it never takes one from a warning.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from pydantic import TypeAdapter, ValidationError

FILE = "line-tests.jsonl"
KEPT = 5_000
"""Results that are kept: years of monthly tests of some hundred lines."""


@dataclass(frozen=True, slots=True)
class LineTest:
    """What became of one line. ms; None: it did not come so far."""

    route: str
    line: int
    at: int
    """When it was dialled, ms UTC."""
    outcome: str
    """A row of the outcome table; `key_pressed` is what is wanted."""
    rang_after: int | None = None
    key_after: int | None = None
    """From picking up to the key."""
    sound_came: bool = False
    """Whether the phone's own sound reached us."""

    @property
    def good(self) -> bool:
        """Whether everything works: it rings, it is understood, the key comes back."""
        return self.outcome == "key_pressed"


@runtime_checkable
class Tested(Protocol):
    """A channel whose lines can be tried one by one."""

    @property
    def test_number(self) -> str:
        """A number of the bureau's own, as the settings have it; empty: none."""
        ...

    async def test_lines(self, number: str) -> Sequence[LineTest]:
        """Ring the number on each line in turn."""
        ...


_RESULTS = TypeAdapter(LineTest)


def keep_results(folder: Path, results: Sequence[LineTest]) -> None:
    """Put them behind what is kept; the oldest go when there are too many."""
    path = folder / FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    lines += [json.dumps(asdict(one)) for one in results]
    new = path.with_name(f".{FILE}")
    new.write_text("\n".join(lines[-KEPT:]) + "\n", encoding="utf-8")
    new.chmod(0o600)
    new.replace(path)


def last_results(folder: Path) -> Sequence[LineTest]:
    """The newest result of each line, by route and line."""
    newest: dict[tuple[str, int], LineTest] = {}
    with suppress(OSError):
        for line in (folder / FILE).read_text(encoding="utf-8").splitlines():
            with suppress(ValidationError):
                one = _RESULTS.validate_json(line)
                newest[one.route, one.line] = one
    return [newest[key] for key in sorted(newest)]
