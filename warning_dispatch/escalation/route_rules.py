"""线路条件: what may go by which route, and which of several goes first. PURE.

Theory of operation
-------------------
Conditions are of two sorts. Some a route can never meet for a number or a warning: the country it cannot ring, the public
cloud that an Inner warning must not touch. Others it does not meet now: the hours in which its provider places calls.
What no route can ever carry is told to a human; what merely has to wait keeps its place and goes when the hours begin.

The operator is neither: numbers are carried from one network to another, so a route for another network comes after all
others, and is taken when nothing else is there.

Among those that may, order decides: the first with room. Equal order shares by room, which is how two providers of the
same rank are loaded alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from warning_dispatch.escalation.budgets import BEIJING, DAY
from warning_dispatch.escalation.operators import Operator, operator_of


@dataclass(frozen=True, slots=True)
class Hours:
    """A stretch of the Beijing day, `start` to `end` in ms of the day; over midnight when `end` is the smaller."""

    start: int
    end: int

    def __post_init__(self) -> None:
        """Hours without length are a mistake."""
        if self.start == self.end:
            raise ValueError("hours that begin when they end")

    def hold(self, now: int) -> bool:
        """Whether `now` lies in them."""
        return (now + BEIJING - self.start) % DAY < (self.end - self.start) % DAY

    def begin_at(self, now: int) -> int:
        """When they begin next; `now` where they hold."""
        return now if self.hold(now) else now + (self.start - now - BEIJING) % DAY


@dataclass(frozen=True, slots=True)
class RouteRule:
    """The conditions of one route. What is empty sets none. `order`: lower goes first."""

    order: int = 0
    countries: tuple[str, ...] = ()
    """Beginnings of E.164 numbers that it can reach: "+86"."""
    operators: frozenset[Operator] = frozenset()
    """The networks it is meant for; a hint."""
    public_cloud: bool = False
    """What goes by it leaves the bureau's hands: nothing that is not public may."""
    hours: Hours | None = None
    cannot_ring: tuple[str, ...] = ()
    """Beginnings of numbers that its provider does not ring, as its kind knows: it is taken for them when nothing else is there."""

    @property
    def asks_number(self) -> bool:
        """Whether the number itself must be known."""
        return bool(self.countries or self.operators or self.cannot_ring)

    @property
    def conditional(self) -> bool:
        """Whether it has any condition."""
        return bool(self.asks_number or self.public_cloud or self.hours)

    def may_ever(self, number: str, *, confidential: bool) -> bool:
        """Whether it can carry this at any hour. `number`: E.164; `confidential`: of a warning that is not public."""
        if confidential and self.public_cloud:
            return False
        return not self.countries or number.startswith(self.countries)

    def is_meant_for(self, number: str) -> bool:
        """Whether its networks hold the number and its provider rings it, as far as anybody can tell."""
        if self.cannot_ring and number.startswith(self.cannot_ring):
            return False
        return not self.operators or operator_of(number) in self.operators


ANYTHING = RouteRule()
"""A route without a condition."""


@dataclass(frozen=True, slots=True)
class Admission:
    """What the routes of a channel say of one number. Routes that are in none of the sets take it gladly."""

    never: frozenset[str] = frozenset()
    shut: frozenset[str] = frozenset()
    """Not at this hour."""
    unliked: frozenset[str] = frozenset()
    nowhere: bool = False
    """No route of the channel can ever carry it."""
    opens_at: int | None = None
    """When the first route opens, where only hours are in the way of all that could; None: something may go now."""

    @property
    def closed(self) -> frozenset[str]:
        """Routes that do not take it now."""
        return self.never | self.shut


ADMITTED = Admission()


def admission(
    rules: Mapping[str, RouteRule], routes: AbstractSet[str], number: str, now: int, *, confidential: bool
) -> Admission:
    """What `routes` (all of one channel) say of a number now. A route without a rule takes everything."""
    never, shut, unliked = set[str](), set[str](), set[str]()
    for name in routes & rules.keys():
        rule = rules[name]
        if not rule.may_ever(number, confidential=confidential):
            never.add(name)
        elif rule.hours is not None and not rule.hours.hold(now):
            shut.add(name)
        elif not rule.is_meant_for(number):
            unliked.add(name)
    possible = routes - never
    opens_at = None
    if possible and possible == shut:
        opens_at = min(hours.begin_at(now) for name in shut if (hours := rules[name].hours) is not None)
    return Admission(frozenset(never), frozenset(shut), frozenset(unliked), bool(routes) and not possible, opens_at)


def without(found: Admission, gone: AbstractSet[str], routes: AbstractSet[str]) -> Admission:
    """The same for somebody who wants nothing by some of the routes (退订)."""
    never = found.never | gone
    return replace(found, never=never, shut=found.shut - gone, nowhere=not routes - never)


def first_choice(left: Mapping[str, int], rules: Mapping[str, RouteRule], unliked: AbstractSet[str]) -> str:
    """Of routes with room (`left`, at least one), which is taken: meant for it, then by order, then by room."""
    return min(left, key=lambda name: (name in unliked, rules[name].order if name in rules else 0, -left[name], name))


@dataclass(frozen=True, slots=True)
class RoutePlanning:
    """What `check` asks of the routes of one channel: whom nobody could reach, and when. `rules` by route."""

    rules: Mapping[str, RouteRule] = field(default_factory=dict)

    def reaches(self, number: str, *, confidential: bool = False) -> bool:
        """Whether any route can ever carry it, and its provider ring it."""
        return any(
            rule.may_ever(number, confidential=confidential) and not number.startswith(rule.cannot_ring)
            for rule in self.rules.values()
        )

    def silent_at(self, number: str, moments: Iterable[int]) -> list[int]:
        """Those of the moments (ms) at which every route that could carry it is shut."""
        able = [rule for rule in self.rules.values() if rule.may_ever(number, confidential=False)]
        return [at for at in moments if able and all(rule.hours and not rule.hours.hold(at) for rule in able)]
