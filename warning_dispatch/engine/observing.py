"""What happened in one transaction, counted: for the log line, the caller, and whoever observes the engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import CalleeState, CallOutState, Purpose


@dataclass(slots=True)
class Counted:
    """Counts of one transaction.

    `moves` of callees and `callout_moves`: (state before, event, state after). `outcomes`: (row of the outcome table,
    where the callee stood when the end of the call was taken in); None for a text, which moves no callee. `claims`:
    (route, purpose) of attempts that went on their way; `ends`: (route, outcome). `answers`: (purpose, colour, tier, seconds
    from the call-out's start) of units that answered. `arrived`: (source, disposition) of messages.
    """

    stepped: int = 0
    opened: int = 0
    queued: int = 0
    answered: int = 0
    moves: Counter[tuple[CalleeState, str, CalleeState]] = field(default_factory=Counter)
    callout_moves: Counter[tuple[CallOutState, str, CallOutState]] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, CalleeState | None]] = field(default_factory=Counter)
    claims: Counter[tuple[str, Purpose]] = field(default_factory=Counter)
    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    answers: Counter[tuple[Purpose, Colour, str, int]] = field(default_factory=Counter)
    arrived: Counter[tuple[str, str]] = field(default_factory=Counter)


Observer = Callable[[Counted], None]
"""Told of every transaction of the engine once it is committed."""


def nobody(counted: Counted) -> None:
    """Nobody observes."""
