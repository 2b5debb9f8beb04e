"""What storms have visited: every move of the two tables, and every row of the outcome table by where the callee stood.

A run of some hundreds of storms fails when a move that a table allows was never made, unless it stands below as one
that nothing of the engine can bring about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from warning_dispatch.configuration import load_configuration
from warning_dispatch.engine.observing import Counted
from warning_dispatch.escalation import callee, callout
from warning_dispatch.model.states import FINISHED, CalleeState

CONFIG = Path(__file__).resolve().parents[3] / "config"
ENOUGH = 400
"""Storms from which on a gap is a fault of the weather, and not of too few of them."""

Pair = tuple[str, str]
"""(state, event)."""

UNREACHABLE: Mapping[str, tuple[Pair, ...]] = {
    "a call that ends after the unit had finished is written down, and the unit is not asked": tuple(
        (state.name, "Ended") for state in FINISHED
    ),
    "接听未确认 has no voice attempt any more: who has heard it twice is not rung, and nothing is queued for it": tuple(
        (CalleeState.UNCONFIRMED.name, event) for event in ("Dialled", "NotDialled", "Lost", "Ended")
    ),
}
"""Moves in the tables that storms need not make, by the reason."""


def _callee_pairs() -> tuple[Pair, ...]:
    return tuple((state.name, event.__name__) for state, event in callee.TABLE)


def _callout_pairs() -> tuple[Pair, ...]:
    return tuple((state.name, event.value) for state, event in callout.TABLE)


@dataclass(slots=True)
class Visits:
    """How often each move was made. `outcomes`: (row, state of the callee, or "" for a text)."""

    storms: int = 0
    callees: Counter[Pair] = field(default_factory=Counter)
    callouts: Counter[Pair] = field(default_factory=Counter)
    outcomes: Counter[Pair] = field(default_factory=Counter)

    def observe(self, counted: Counted) -> None:
        """What one transaction of the engine did (engine.ledger.Observer)."""
        for (state, event, _), count in counted.moves.items():
            self.callees[state.name, event] += count
        for (before, happened, _), count in counted.callout_moves.items():
            self.callouts[before.name, happened] += count
        for (row, stood), count in counted.outcomes.items():
            self.outcomes[row, stood.name if stood else ""] += count

    def packed(self) -> str:
        """In a few hundred characters, as it travels from a test process to the one that prints."""
        tables = (self.callees, self.callouts, self.outcomes)
        return "|".join(" ".join(f"{a}:{b}:{count}" for (a, b), count in table.items() if count) for table in tables)

    def add_packed(self, packed: str) -> None:
        """Add the visits of one more storm."""
        self.storms += 1
        for table, text in zip((self.callees, self.callouts, self.outcomes), packed.split("|"), strict=True):
            for entry in text.split():
                first, second, count = entry.split(":")
                table[first, second] += int(count)

    @classmethod
    def of(cls, packed: Iterable[str]) -> Visits:
        """What several storms visited together."""
        together = cls()
        for one in packed:
            together.add_packed(one)
        return together

    def faults(self) -> list[str]:
        """What is to be said against the weather, in sentences."""
        return [
            *(f"never visited: {gap}" for gap in self.gaps()),
            *(f"visited, though said to be unreachable: {excuse}" for excuse in self.stale_excuses()),
        ]

    def gaps(self) -> list[str]:
        """Moves of the two tables that no storm made and that are not known to be unreachable."""
        excused = {pair for pairs in UNREACHABLE.values() for pair in pairs}
        return [
            *_missing("callee", self.callees, [pair for pair in _callee_pairs() if pair not in excused]),
            *_missing("call-out", self.callouts, _callout_pairs()),
        ]

    def stale_excuses(self) -> list[str]:
        """Moves said to be unreachable that a storm made all the same."""
        return [
            f"{state} × {event} ({reason})"
            for reason, pairs in UNREACHABLE.items()
            for state, event in pairs
            if self.callees[state, event]
        ]

    def tables(self) -> Iterator[str]:
        """Three tables to print."""
        states = [state.name for state in CalleeState]
        yield from _table("callee × event", self.callees, _callee_pairs())
        yield from _table("call-out × event", self.callouts, _callout_pairs())
        rows = load_configuration(CONFIG).outcomes
        possible = [(row, state) for row in rows for state in (*states, "")]
        yield from _table("outcome × where the callee stood (last: a text)", self.outcomes, possible, every=False)


def _missing(machine: str, seen: Mapping[Pair, int], pairs: Iterable[Pair]) -> Iterator[str]:
    for state, event in pairs:
        if not seen.get((state, event)):
            yield f"{machine} {state} × {event}"


def _table(title: str, seen: Mapping[Pair, int], pairs: Sequence[Pair], *, every: bool = True) -> Iterator[str]:
    """One row per first word, one column per second; a blank is a pair that does not exist, 0 one never visited."""
    rows, columns = (list(dict.fromkeys(pair[position] for pair in pairs)) for position in (0, 1))
    known = set(pairs)
    width = max(map(len, rows))
    yield title
    yield " " * width + "".join(f" {_short(column):>9}" for column in columns)
    for row in rows:
        cells = [(row, column) for column in columns]
        shown = [
            str(seen.get(cell, 0)) if cell in known and (every or seen.get(cell)) else "·" if cell in known else ""
            for cell in cells
        ]
        yield f"{row:<{width}}" + "".join(f" {cell:>9}" for cell in shown)


def _short(word: str) -> str:
    return {"DUTY_ANSWERED": "DUTY_ANSW", "ACKNOWLEDGED": "ACKNOWL", "all_finished": "all_fin", "": "text"}.get(
        word, word.replace("validity_", "valid_").replace("superseded", "supersed")[:9]
    )
