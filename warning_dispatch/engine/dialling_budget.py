"""What the numbers of one claim may be called or sent now: conditions of routes, exact windows per provider, the night.

One statement loads the recent calls of all numbers of a batch, one writes those of the claimed ones. A call is written
down at the end of its claim, the latest moment at which it can reach the provider; the receipt moves it to where it was.
So whatever happens between commit and wire, the provider never sees more than it was promised.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from warning_dispatch.engine.doors import Doors
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import AttemptRecord, CallOutRecord, ReadyAttempt, RouteRecord
from warning_dispatch.engine.routes import RouteRoom
from warning_dispatch.escalation.budgets import DAY, Budget, Decision, Night, allowed, bearable, may_use_reserve
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Receipt

NEVER_WENT = "hung_up_by_us"
"""Refused with this, a call was withdrawn by the daemon's last look: it certainly never reached the provider."""


BACK_TO_IT = 60_000
"""ms that an attempt waits before it goes back to a route that has just refused it, when no other takes it."""


def routes_to_avoid(attempt: ReadyAttempt) -> frozenset[str]:
    """The routes that an attempt was told not to use."""
    return frozenset(filter(None, attempt.avoid.split(",")))


@dataclass(frozen=True, slots=True)
class CallLimits:
    """How often a number may be called: per route (one that is missing has no limit), and in a night (calls alone)."""

    by_route: Mapping[str, Budget] = field(default_factory=dict)
    night: Night | None = None
    texts: frozenset[str] = frozenset()
    """Those of the routes that carry texts."""

    def of(self, routes: AbstractSet[str], *, voice: bool) -> CallLimits:
        """What concerns the routes of one channel."""
        own = {name: budget for name, budget in self.by_route.items() if name in routes}
        return CallLimits(own, self.night if voice else None, self.texts & routes)

    @property
    def span(self) -> int:
        """How far back (ms) calls must be known; 0 when nothing is limited."""
        spans = [budget.span for budget in self.by_route.values()]
        return max([*spans, DAY if self.night else 0], default=0)


class DiallingBudget:
    """The conditions and budgets of one claim of attempts of one channel."""

    def __init__(
        self,
        ledger: Ledger,
        limits: CallLimits,
        doors: Doors,
        routes: Iterable[RouteRecord],
        numbers: Collection[int],
        lease: int,
    ) -> None:
        """`limits`, `doors`, `routes`: of the channel; `numbers` whose calls are loaded; `lease` ms until a claim lapses."""
        self._ledger = ledger
        self._limits = limits
        self.doors = doors
        self._down_until = {route.name: route.breaker.down_until for route in routes}
        self._call_at = ledger.now + lease
        since = ledger.now - limits.span
        known = ledger.tx.number_calls.recent(list(numbers), since) if limits.span and numbers else {}
        self._calls: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
        for number, calls in known.items():
            self._calls[number].extend(calls)
        self._decided: dict[tuple[int, bool, bool], Mapping[str, Decision]] = {}
        self._begun: list[tuple[int, str, int]] = []
        self._held: list[tuple[int, int, str]] = []
        self._told: set[int] = set()

    # --- asking -------------------------------------------------------------------------------------------

    def spent(self, number: int, attempt: ReadyAttempt) -> frozenset[str]:
        """The routes that may not call the number now."""
        never = self.doors.of(number, attempt).never
        if not self._matters(number):
            return never
        return never.union(route for route, one in self._decide(number, attempt).items() if not one.allowed)

    def _matters(self, number: int) -> bool:
        """Whether anything can keep the number waiting: whoever was not called lately is barred by hours alone."""
        return number in self._calls or self.doors.hours

    def barred(self, numbers: Iterable[int], attempt: ReadyAttempt) -> frozenset[int]:
        """Those of the numbers that no route can call now for their budget or its hours."""
        known = [number for number in numbers if self._matters(number)]
        return frozenset(number for number in known if self._opening(number, attempt)[0] > self._ledger.now)

    def _opening(self, number: int, attempt: ReadyAttempt) -> tuple[int, Reason]:
        """When the first route may call the number, and what keeps it until then.

        A route that is out of service is no way out; but where budgets keep nobody, the breaker is none of our affair.
        """
        now = self._ledger.now
        if not self._matters(number):
            return now, Reason.WITHIN_BUDGET
        decided = self._decide(number, attempt)
        if all(one.allowed for one in decided.values()):
            return now, Reason.WITHIN_BUDGET
        openings = [
            (max(now, one.not_before or 0, self._down_until[route]), one.reason) for route, one in decided.items()
        ]
        return min(openings, key=lambda one: one[0])

    def _decide(self, number: int, attempt: ReadyAttempt) -> Mapping[str, Decision]:
        """By route; those that can never carry it are left out."""
        callout = self._ledger.callout(attempt.callout_id)
        key = (number, may_use_reserve(callout.colour, _purpose(callout, attempt)), callout.confidential)
        if key not in self._decided:
            never = self.doors.of(number, attempt).never
            possible = [route for route in self._down_until if route not in never]
            self._decided[key] = {route: self._ask(number, route, attempt) for route in possible}
        return self._decided[key]

    def _ask(self, number: int, route: str, attempt: ReadyAttempt) -> Decision:
        """The hours of the route, then the night: what it forbids comes later than any window frees."""
        calls, now = self._calls.get(number, ()), self._ledger.now
        begin = self.doors.begin_at(route)
        if begin > now:
            return Decision(begin, Reason.OUT_OF_HOURS)
        if self._limits.night is not None:
            night = bearable([at for _, at in calls], now, self._limits.night, attempt.purpose)
            if not night.allowed:
                return night
        budget = self._limits.by_route.get(route, Budget(()))
        callout = self._ledger.callout(attempt.callout_id)
        earlier = [at for by, at in calls if by == route]
        return allowed(earlier, now, budget, callout.colour, _purpose(callout, attempt))

    # --- keeping ------------------------------------------------------------------------------------------

    def hold(self, attempt: ReadyAttempt, numbers: Iterable[int]) -> None:
        """All numbers that the attempt could dial are over their budget: it keeps its place, and waits."""
        until, reason = min((self._opening(number, attempt) for number in numbers), key=lambda one: one[0])
        self._held.append((attempt.id, until, reason))
        if attempt.held_until != until:
            entry = {"k": "attempt.held", "id": attempt.id, "until": until, "why": reason}
            self._ledger.note(attempt.callout_id, entry)

    def waits_for_another(self, attempt: ReadyAttempt, room: RouteRoom, number: int) -> bool:
        """Whether it was sent elsewhere by a route and finds no other that takes it: then it waits once, before it goes back.

        Another was in service when it was refused; that it is shut to this number shows only here. Without the wait the
        one that has just refused would be asked again on the spot, and again.
        """
        avoid = routes_to_avoid(attempt)
        if not avoid or attempt.held_until is not None or not room.only_these(avoid, self.spent(number, attempt)):
            return False
        until = self._ledger.now + BACK_TO_IT
        self._held.append((attempt.id, until, Reason.ROUTE_LIMITED))
        entry = {"k": "attempt.held", "id": attempt.id, "until": until, "why": Reason.ROUTE_LIMITED}
        self._ledger.note(attempt.callout_id, entry)
        self._ledger.wake_at(until)
        return True

    def begin(self, attempt: ReadyAttempt, number: int, route: str, unit_id: int) -> None:
        """The number is called by this route; the last call that a night may bear is told to the duty officer."""
        if not self._limits.span:
            return
        if not (self._limits.night or route in self._limits.by_route):
            return
        self._calls[number].append((route, self._call_at))
        self._begun.append((number, route, self._call_at))
        night = self._limits.night
        hours = night.around(self._ledger.now) if night else None
        if night and hours and sum(at >= hours[0] for _, at in self._calls[number]) == night.calls:
            self._tell(attempt.callout_id, unit_id, hours[0])

    def _tell(self, callout_id: int, unit_id: int, since: int) -> None:
        """Once per call-out and night, whatever the number of units: the list has them all."""
        if callout_id in self._told:
            return
        self._told.add(callout_id)
        if not self._ledger.tx.alarms.was_raised(NIGHT_ALARM, callout_id, since):
            self._ledger.alarm(NIGHT_ALARM, "", callout_id, unit_id)

    def write(self) -> None:
        """Write what was begun and what is held."""
        tx = self._ledger.tx
        if self._begun:
            tx.number_calls.add(self._begun, self._ledger.now - self._limits.span)
        if self._held:
            tx.attempts.hold(self._held)


NIGHT_ALARM = "night_limit"


def settle_calls(
    ledger: Ledger, answered: Sequence[tuple[AttemptRecord, Receipt]], texts: AbstractSet[str] = frozenset()
) -> None:
    """The provider has spoken: a call counts from here, a refused one too; one that never went is given back.

    So does a text by one of the routes `texts`.
    """
    reached: list[tuple[int, str, int]] = []
    never: list[tuple[int, str, int]] = []
    for attempt, receipt in answered:
        counts = attempt.channel is Channel.VOICE or attempt.route in texts
        if counts and attempt.number_id is not None and attempt.claimed_at is not None:
            kind = never if not receipt.accepted and receipt.outcome == NEVER_WENT else reached
            kind.append((attempt.number_id, attempt.route, ledger.now))  # what lies ahead is that claim's, by any clock
    if reached:
        ledger.tx.number_calls.reached(reached, ledger.now)
    if never:
        ledger.tx.number_calls.give_back(never)


def _purpose(callout: CallOutRecord, attempt: ReadyAttempt) -> Purpose:
    """What counts for a budget: whatever a drill sends, be it only a notice, is a drill's."""
    return Purpose.DRILL if callout.purpose is Purpose.DRILL else attempt.purpose
