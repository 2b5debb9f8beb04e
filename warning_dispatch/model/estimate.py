"""预估: when answers were expected, as it was said at the launch and while the call-out ran, and how right that was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SHARES = (0.50, 0.90, 0.95)
"""Of those who are to answer; what an estimate speaks of."""
GOAL = 0.95
"""The share whose answers are waited for."""


@dataclass(frozen=True, slots=True)
class Guess:
    """When a share is expected to have answered (ms after the start): the middle of the storms that were played.

    `low` … `high` holds eight in ten of them. None: not within the validity of the warning.
    """

    share: float
    middle: int | None
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What was expected of a call-out. `units`: how many are to answer; `lines` None: no limit.

    `course`: (ms after the start, answered until then), as far as it was played. `habits`: by whose habits.
    """

    made_at: int
    storms: int
    units: int
    lines: int | None
    habits: str
    guesses: tuple[Guess, ...]
    course: tuple[tuple[int, int], ...] = ()

    def guess(self, share: float = GOAL) -> Guess | None:
        """What was expected of a share."""
        return next((one for one in self.guesses if abs(one.share - share) < 1e-9), None)  # noqa: PLR2004 - the same share


@dataclass(frozen=True, slots=True)
class KeptEstimate:
    """What a call-out keeps of its estimates: the one of its launch, and the latest while it ran (None: none since)."""

    launch: Estimate
    latest: Estimate | None = None

    @property
    def now(self) -> Estimate:
        """The one to go by."""
        return self.latest or self.launch


@dataclass(frozen=True, slots=True)
class JudgedShare:
    """预估误差: what was said of a share at the launch, and when it had answered (ms after the start; None: not yet).

    `error`: how much later it came than was said, as a part of what was said (0.1: a tenth later); None: not to be told.
    """

    guess: Guess
    happened: int | None

    @property
    def error(self) -> float | None:
        """See the class."""
        said = self.guess.middle
        return None if self.happened is None or not said else (self.happened - said) / said

    @property
    def within(self) -> bool | None:
        """Whether it came between the low and the high of the estimate; None: not to be told."""
        if self.happened is None or self.guess.low is None:
            return None
        return self.guess.low <= self.happened and (self.guess.high is None or self.happened <= self.guess.high)


def judged(estimate: Estimate, answers: Sequence[tuple[int, int]], started_at: int) -> tuple[JudgedShare, ...]:
    """How right an estimate was. `answers`: (moment, answered until then), rising."""
    found = []
    for guess in estimate.guesses:
        wanted = -(-round(guess.share * 1_000_000) * estimate.units // 1_000_000)
        at = next((moment for moment, count in answers if count >= wanted > 0), None)
        found.append(JudgedShare(guess, None if at is None else at - started_at))
    return tuple(found)
