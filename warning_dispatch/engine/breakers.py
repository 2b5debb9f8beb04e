"""The breakers of routes: what attempts and probes tell of a provider, and what is said of it. The rules: escalation/breaker.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import RouteRecord
from warning_dispatch.escalation.breaker import (
    BY_PROBE,
    Breaker,
    BreakerStep,
    Phase,
    Told,
    failed,
    got_through,
    probed,
    taken,
    time_passed,
    tried,
    withdrawn,
)
from warning_dispatch.model.alarm_facts import written

_Event = Callable[[Breaker], BreakerStep]


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that came back for its route's sake. `decisive`: it takes the route down by itself."""

    route: str
    attempt_id: int
    outcome: str
    decisive: bool


class Breakers:
    """What one transaction learns of routes. Mostly all is well, and nothing but one look at a few rows is made."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def well(
        self,
        *,
        through: Sequence[tuple[str, int]] = (),
        took: Sequence[tuple[str, int]] = (),
        never: Sequence[tuple[str, int]] = (),
    ) -> None:
        """(route, attempt): that got through, that were taken, that never went."""
        troubled = self._ledger.tx.routes.troubled() if through or took or never else ()
        if not troubled:
            return
        now = self._ledger.now
        rows = [(route, partial(_taken, one, now)) for route, one in took if route in troubled]
        rows += [(route, partial(_through, one, now)) for route, one in through if route in troubled]
        rows += [(route, partial(_never, one, now)) for route, one in never if route in troubled]
        self._step(rows)

    def in_turn(self, answers: Sequence[tuple[str, int, Failure | None]]) -> None:
        """(route, attempt, what speaks against the route) as providers answered, one after the other.

        Some refusals among hundreds that were taken are no refusals in a row.
        """
        troubled = self._ledger.tx.routes.troubled() if answers else ()
        concerned = {*troubled, *(route for route, _, failure in answers if failure)}
        now = self._ledger.now
        self._step(
            [
                (route, partial(_failed, failure, now) if failure else partial(_through, one, now))
                for route, one, failure in answers
                if route in concerned
            ]
        )

    def ill(self, failures: Sequence[Failure]) -> None:
        """Attempts that came back for their route's sake."""
        self._step([(one.route, partial(_failed, one, self._ledger.now)) for one in failures])

    def probe(self, route: str, why: str, balance: str = "", dead_lines: Sequence[int] = ()) -> None:
        """A provider was asked how it fares; `why` empty: well. `balance`: as it says it, for people.

        `dead_lines`: told of when there are others than before; the bureau is called when half of them are. With the last one
        the route is out of service, and that is told.
        """
        lines, before = self._ledger.tx.routes.lines(route)
        self._ledger.tx.routes.keep_probe(route, balance, dead_lines, self._ledger.now)
        if set(before) != set(dead_lines):
            self._ledger.note_system({"k": "route.lines", "route": route, "dead": list(dead_lines)})
        if not set(dead_lines).issubset(before):
            self._tell_lines(route, lines, dead_lines)
        if why or route in self._ledger.tx.routes.troubled():
            self._step([(route, lambda breaker: probed(breaker, why, self._ledger.now))])

    def tell_again(self, routes: Sequence[str]) -> None:
        """Alarms for those of these routes that are out of service; one on trial is."""
        for route, breaker in self._ledger.tx.routes.breakers(routes).items():
            if not breaker.in_service:
                self._tell_down(route, breaker)

    def tell_lines_again(self, about: str) -> None:
        """An alarm for what is left of dead lines that were told as this; when more are dead now, that was told by itself."""
        route, _, named = about.partition(" ")
        lines, dead = self._ledger.tx.routes.lines(route)
        if dead and {str(one) for one in dead}.issubset(named.split(", ")):
            self._tell_lines(route, lines, dead)

    def _tell_lines(self, route: str, lines: int, dead_lines: Sequence[int]) -> None:
        dead = ", ".join(map(str, dead_lines))
        facts = written(route=route, lines=lines, dead=dead)
        self._ledger.alarm("lines_dead", facts, about=f"{route} {dead}", rings=2 * len(dead_lines) >= lines)

    def look(self, routes: Sequence[RouteRecord]) -> Sequence[RouteRecord]:
        """The routes, with those back in service whose trial has not come back. Whoever claims has them to itself."""
        now = self._ledger.now
        over = {one.name for one in routes if one.breaker.phase is Phase.PROVING and one.breaker.until <= now}
        if not over:
            return routes
        self._step([(name, lambda breaker: time_passed(breaker, now)) for name in sorted(over)])
        return [replace(one, breaker=time_passed(one.breaker, now).breaker) for one in routes]

    def try_again(self, route: str, breaker: Breaker, attempt_id: int) -> None:
        """This attempt is the trial of a route. Whoever claims has the route to itself."""
        self._ledger.tx.routes.keep_breaker(route, tried(breaker, attempt_id, self._ledger.now))
        self._ledger.note_system({"k": "route.trial", "route": route, "id": attempt_id})

    def _step(self, events: Sequence[tuple[str, _Event]]) -> None:
        by_route: defaultdict[str, list[_Event]] = defaultdict(list)
        for route, event in events:
            by_route[route].append(event)
        for route, breaker in self._ledger.tx.routes.breakers(by_route.keys()).items():
            now = breaker
            for event in by_route[route]:
                step = event(now)
                now = step.breaker
                self._tell(route, step)
            if now != breaker:
                self._ledger.tx.routes.keep_breaker(route, now)

    def _tell(self, route: str, step: BreakerStep) -> None:
        """An alarm when it goes out of service, a row when it is back, the journal of everything between."""
        ledger, breaker = self._ledger, step.breaker
        why = breaker.why.removeprefix(BY_PROBE)
        if step.told is Told.OPENED:
            self._tell_down(route, breaker)
        elif step.told is Told.CLOSED:
            ledger.alarm("route_back", written(route=route), about=route)
        if step.told is not Told.NOTHING:
            entry = {"k": f"route.{step.told.value}", "route": route}
            ledger.note_system({**entry, "why": why, "until": breaker.until} if breaker.down_until else entry)
        if not breaker.in_service:
            ledger.wake_at(max(ledger.now + 1, breaker.until))

    def _tell_down(self, route: str, breaker: Breaker) -> None:
        why = breaker.why.removeprefix(BY_PROBE)
        self._ledger.alarm("route_down", written(route=route, outcome=why), about=route)


def _taken(attempt_id: int, now: int, breaker: Breaker) -> BreakerStep:
    return taken(breaker, attempt_id, now)


def _through(attempt_id: int, now: int, breaker: Breaker) -> BreakerStep:
    return got_through(breaker, attempt_id, now)


def _never(attempt_id: int, now: int, breaker: Breaker) -> BreakerStep:
    return withdrawn(breaker, attempt_id, now)


def _failed(one: Failure, now: int, breaker: Breaker) -> BreakerStep:
    return failed(breaker, one.attempt_id, one.outcome, now, decisive=one.decisive)
