"""推演的题目: everything that a storm depends on, as one value that goes to another process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from warning_dispatch.escalation.budgets import DAY, HOUR, Budget, Night, per_number
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Hazard, Ladder, Outcome, Repeat, Rung, Tier
from warning_dispatch.model.unit import Channel
from warning_dispatch.simulation.population import Population
from warning_dispatch.simulation.superiors import SuperiorHabit

RING_FOR = 35_000
"""ms; as the outbox has it (engine/outbox.py)."""
ANY_DAY = 20_000 * DAY
"""Midnight in Beijing of no particular day, less eight hours."""
BEIJING = 8 * HOUR


@dataclass(frozen=True, slots=True)
class Lines:
    """What the routes carry. `voice`: calls at once; `texts`: SMS a minute; None: no such limit."""

    voice: int | None
    texts: int | None = None
    per_number: Budget = field(default_factory=per_number)
    night: Night | None = None


@dataclass(frozen=True, slots=True)
class Habits:
    """Who answers, and what superiors do with their lists. `name`: as the result is headed by."""

    people: Population
    superiors: SuperiorHabit
    name: str = "default"


@dataclass(frozen=True, slots=True)
class Question:
    """One setting. `validity` (ms) ends a storm; `hour` (0 … 23, Beijing) is when it begins.

    `began`: the moment (ms) at which a call-out really began, where the storm goes on from there.
    """

    chain: CallChain
    hazard: Hazard
    colour: Colour
    areas: tuple[str, ...]
    within: str
    lines: Lines
    habits: Habits
    outcomes: Mapping[str, Outcome]
    validity: int
    hour: int = 3
    name: str = ""
    began: int | None = None

    @property
    def start(self) -> int:
        """The moment (ms) at which the storm begins."""
        return ANY_DAY + self.hour * HOUR - BEIJING if self.began is None else self.began

    def portable(self) -> Question:
        """The same, fit for the way to another process: no view of a mapping can go there."""
        people = self.habits.people
        people = replace(
            people,
            mobile=dict(people.mobile),
            landline=dict(people.landline),
            sms=dict(people.sms),
            mail=dict(people.mail),
            comes_round=dict(people.comes_round),
        )
        return replace(self, habits=replace(self.habits, people=people), outcomes=dict(self.outcomes))

    def with_lines(self, voice: int) -> Question:
        """The same with so many lines."""
        return replace(self, lines=replace(self.lines, voice=voice))

    def without_channel(self, channel: Channel) -> Question:
        """The same without a channel."""
        return self._with_ladders(lambda ladder: _without(ladder, channel))

    def with_rungs(self, tier: str, count: int) -> Question:
        """The same with only the first `count` rungs of a tier's ladder; what repeats stays as it is."""

        def cut(one: Tier) -> Tier:
            ladder = one.ladders[self.colour]
            return replace(one, ladders={**one.ladders, self.colour: replace(ladder, rungs=ladder.rungs[:count])})

        tiers = tuple(cut(one) if one.name == tier else one for one in self.chain.tiers)
        return replace(self, chain=replace(self.chain, tiers=tiers))

    def _with_ladders(self, change: Callable[[Ladder], Ladder]) -> Question:
        tiers = tuple(
            replace(one, ladders={colour: change(ladder) for colour, ladder in one.ladders.items()})
            for one in self.chain.tiers
        )
        return replace(self, chain=replace(self.chain, tiers=tiers))


def _without(ladder: Ladder, channel: Channel) -> Ladder:
    def repeat(one: Repeat) -> Repeat:
        return replace(one, rungs=_rungs(one.rungs, channel))

    return replace(ladder, rungs=_rungs(ladder.rungs, channel), repeat=repeat(ladder.repeat), slow=repeat(ladder.slow))


def _rungs(rungs: tuple[Rung, ...], channel: Channel) -> tuple[Rung, ...]:
    """A rung keeps its moment even where nothing is left of it: the repeats count from the last one."""
    return tuple(replace(one, channels=tuple(kind for kind in one.channels if kind is not channel)) for one in rungs)
