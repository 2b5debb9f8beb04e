"""推演结果: what many storms of one question came to. PURE: a storm is summed up where it was played, results are merged here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from warning_dispatch.model.estimate import GOAL, Estimate, Guess
from warning_dispatch.model.states import Means
from warning_dispatch.planning.question import Question
from warning_dispatch.planning.storm import Played
from warning_dispatch.planning.town import Town

SHARES = (0.50, 0.90, 0.95, 1.00)
"""Of the units of a tier, or of all: the times that a result tells."""
EVERY = 30_000
"""ms; how finely a course is kept."""
ALL = ""
"""The tier's name under which all tiers together stand."""
LOW, HIGH = 0.1, 0.9
Times = tuple[int | None, ...]
"""ms after the start for each of `SHARES`; None: not within the validity."""


@dataclass(frozen=True, slots=True)
class StormSum:
    """One storm, summed up. `course`: answered after each `EVERY`.

    `machine`, `superiors`: units reached by key, reply or link, and recorded by their superior. `used`: the part of the
    lines' time that was spent in calls until 95 % had answered; `bound`: see `bound_of`; None without lines or answers.
    """

    times: Mapping[str, Times]
    course: tuple[int, ...]
    machine: int
    superiors: int
    calls: int
    texts: int
    peak: int
    used: float | None
    bound: int | None


@dataclass(frozen=True, slots=True)
class Spread:
    """A time over all storms (ms): the middle, and between what eight in ten lie. None: not within the validity.

    `reached`: in how many of the storms (0 … 1) it came at all.
    """

    middle: int | None
    low: int | None
    high: int | None
    reached: float


@dataclass(frozen=True, slots=True)
class Result:
    """What the storms of one question came to."""

    question: Question
    units: Mapping[str, int]
    storms: tuple[StormSum, ...]

    @property
    def total(self) -> int:
        """How many units are to answer."""
        return self.units[ALL]

    def spread(self, share: float = GOAL, tier: str = ALL) -> Spread:
        """How long a share took."""
        at = SHARES.index(share)
        return spread_of([one.times[tier][at] for one in self.storms])

    def by_machine(self) -> float:
        """The share of all units that the machine reached, on average."""
        return self._mean(one.machine for one in self.storms) / max(1, self.total)

    def by_superiors(self) -> float:
        """The share of all units that their superiors recorded, on average."""
        return self._mean(one.superiors for one in self.storms) / max(1, self.total)

    def mean(self, name: str) -> float:
        """The mean of a number of the storms (calls, texts, peak)."""
        return self._mean(getattr(one, name) for one in self.storms)

    def used(self) -> float | None:
        """The part of the lines' time spent in calls until 95 % had answered."""
        known = [one.used for one in self.storms if one.used is not None]
        return self._mean(known) if known else None

    def bound(self) -> int | None:
        """The middle of the bounds that the lines set (ms)."""
        return spread_of([one.bound for one in self.storms]).middle

    def course(self, part: float = 0.5) -> tuple[int, ...]:
        """Answered after each `EVERY`, the middle of the storms (or another part of them)."""
        longest = max((len(one.course) for one in self.storms), default=0)
        return tuple(
            quantile(sorted(one.course[min(at, len(one.course) - 1)] for one in self.storms), part)
            for at in range(longest)
        )

    def _mean(self, numbers: Iterable[float]) -> float:
        listed = list(numbers)
        return sum(listed) / len(listed) if listed else 0.0


def quantile(ordered: Sequence[int], part: float) -> int:
    """The value below which a part of the values lie."""
    return ordered[min(len(ordered) - 1, max(0, math.ceil(part * len(ordered)) - 1))]


def spread_of(times: Sequence[int | None]) -> Spread:
    """The spread of a time; storms in which it never came count as later than any."""
    never = 1 << 62
    ordered = sorted(never if one is None else one for one in times)
    if not ordered:
        return Spread(None, None, None, 0.0)
    found = [None if (one := quantile(ordered, part)) == never else one for part in (0.5, LOW, HIGH)]
    return Spread(found[0], found[1], found[2], sum(one is not None for one in times) / len(times))


def sum_up(question: Question, town: Town, played: Played) -> StormSum:
    """One storm."""
    names = [tier.name for tier in question.chain.tiers]
    moments: dict[str, list[int]] = {ALL: [], **{names[wing.tier]: [] for wing in town.wings}}
    for answer in played.answers:
        moments[ALL].append(answer.after)
        moments[names[town.seats[answer.seat].tier]].append(answer.after)
    units = units_of(question, town)
    superiors = sum(one.means is Means.SUPERIOR for one in played.answers)
    goal = wanted_of(GOAL, len(town.seats))
    lines = question.lines.voice
    used = None
    if lines and 0 < goal <= len(played.answers):
        at = played.answers[goal - 1].after
        used = played.busy_until[goal - 1] / (lines * at) if at else None
    return StormSum(
        times={name: tuple(_when(moments[name], share, count) for share in SHARES) for name, count in units.items()},
        course=_course(moments[ALL], played.ends),
        machine=len(played.answers) - superiors,
        superiors=superiors,
        calls=played.calls,
        texts=played.texts,
        peak=played.peak,
        used=used,
        bound=bound_of(played, len(town.seats), lines),
    )


def units_of(question: Question, town: Town) -> dict[str, int]:
    """Tier → how many units it calls; all of them first."""
    found = {ALL: len(town.seats)}
    for wing in town.wings:
        name = question.chain.tiers[wing.tier].name
        found[name] = found.get(name, 0) + len(wing.seats)
    return {name: count for name, count in found.items() if count or name == ALL}


def wanted_of(share: float, units: int) -> int:
    """How many of so many units make a share."""
    return -(-round(share * 1_000_000) * units // 1_000_000)


def bound_of(played: Played, units: int, lines: int | None) -> int | None:
    """线路下限: before when (ms) 95 % cannot have answered in this storm, whoever is called first.

    A unit that answers needs the calls that were made for it (none where its text was answered first); the cheapest 95 %
    need so much of the lines' time together, and lines carry no more than their number. It leaves out gates, gaps and
    every call to those who did not answer: what a schedule takes longer is the price of those.
    """
    goal = wanted_of(GOAL, units)
    if not lines or not 0 < goal <= len(played.answers):
        return None
    return sum(sorted(played.needed)[:goal]) // lines


def estimate_of(result: Result, made_at: int, shares: Sequence[float]) -> Estimate:
    """The result as it is told before a launch and kept with a call-out."""
    guesses = []
    for share in shares:
        one = result.spread(share)
        guesses.append(Guess(share, one.middle, one.low, one.high))
    course = result.course()
    return Estimate(
        made_at=made_at,
        storms=len(result.storms),
        units=result.total,
        lines=result.question.lines.voice,
        habits=result.question.habits.name,
        guesses=tuple(guesses),
        course=tuple((at * EVERY, answered) for at, answered in enumerate(course)),
    )


def _when(moments: Sequence[int], share: float, units: int) -> int | None:
    wanted = wanted_of(share, units)
    return moments[wanted - 1] if 0 < wanted <= len(moments) else None


def _course(moments: Sequence[int], ends: int) -> tuple[int, ...]:
    """How many had answered after each `EVERY`; it ends with the last answer."""
    last = moments[-1] if moments else min(ends, EVERY)
    course, at = [], 0
    for step in range(-(-last // EVERY) + 1):
        while at < len(moments) and moments[at] <= step * EVERY:
            at += 1
        course.append(at)
    return tuple(course)
