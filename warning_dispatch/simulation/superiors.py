"""上级逐个落实: what superiors do with the list of their own units, drawn from the seed and the units' codes.

The second of two cascades: whoever has answered has a page with those below who have not, dials them, and records who was
told. The figures are assumptions of this project, chosen on the careful side, not measurements.
"""

from __future__ import annotations

from dataclasses import dataclass

from warning_dispatch.simulation.dice import Dice, between
from warning_dispatch.simulation.population import Span


@dataclass(frozen=True, slots=True)
class SuperiorHabit:
    """How superiors work. Chances 0 … 1, spans in ms.

    `works`: how many of them go through their list at all; `begins`: how long after their own answer; `each`: how long one
    unit takes, answered or not; `reaches`: how often it is told; `passes`: how often they go through the list, `rest` apart.
    """

    works: float = 0.6
    begins: Span = (120_000, 420_000)
    each: Span = (30_000, 75_000)
    reaches: float = 0.8
    passes: int = 3
    rest: int = 600_000


NOBODY_WORKS = SuperiorHabit(works=0.0)
"""The machine alone."""


class Superiors:
    """Draws what they do."""

    def __init__(self, seed: int, habit: SuperiorHabit) -> None:
        """The same seed and habit make the same people."""
        self.habit = habit
        self._dice = Dice(seed, "superior")

    def begins(self, code: str) -> int | None:
        """How long (ms) after its own answer a unit begins with its list; None: it never does."""
        works, begins, _, _ = self._dice.roll(code)
        return between(self.habit.begins, begins) if works < self.habit.works else None

    def tells(self, code: str, nth: int) -> tuple[int, bool]:
        """How long (ms) the n-th try (from 1) at a unit takes, and whether it was told."""
        each, reaches, _, _ = self._dice.roll(f"{nth} {code}")
        return between(self.habit.each, each), reaches < self.habit.reaches
