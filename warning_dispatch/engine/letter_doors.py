"""函件走哪条线路: what routes ask of letters, and how often a number may be written to. As for messages of a call-out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.opt_outs import OPTED_OUT
from warning_dispatch.engine.routes import RouteRoom
from warning_dispatch.engine.storage_renewal import LetterRecord
from warning_dispatch.escalation.budgets import Budget, allowed
from warning_dispatch.escalation.route_rules import RouteRule, admission
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import Purpose
from warning_dispatch.renewal.reminders import Schedule

NO_ROUTE = "no_route"
"""What becomes of a letter that no route can ever carry."""


@dataclass(frozen=True, slots=True)
class LetterSettings:
    """`public_url`: what a link begins with. `lease` in ms. `schedule`: when letters may go at all."""

    public_url: str = ""
    batch: int = 200
    lease: int = 120_000
    report_overdue: int = 180_000
    """ms after hand-over at which a test call without a report counts as over."""
    schedule: Schedule = field(default_factory=Schedule)
    simulated_routes: frozenset[str] = frozenset()
    budgets: Mapping[str, Budget] = field(default_factory=dict)
    """How often a number may be written to, by route."""
    rules: Mapping[str, RouteRule] = field(default_factory=dict)
    """What routes ask of what goes by them, and in which order they are taken."""
    value_routes: frozenset[str] = frozenset()
    """Routes whose providers fill templates of warnings: a letter's text cannot go by them, so no letter does."""


class LetterDoors:
    """Which routes stand open for each letter of a claim: conditions, hours, and how often a number was written to."""

    def __init__(
        self, ledger: Ledger, settings: LetterSettings, routes: AbstractSet[str], letters: Sequence[LetterRecord]
    ) -> None:
        """All that must be known of their numbers, in one statement each."""
        self._ledger = ledger
        self._routes = routes
        self._rules = {name: rule for name, rule in settings.rules.items() if name in routes and rule.conditional}
        self._budgets = {name: budget for name, budget in settings.budgets.items() if name in routes}
        self._span = max((budget.span for budget in self._budgets.values()), default=0)
        numbers = list({one.number_id for one in letters})
        self.addresses = ledger.tx.endpoints.addresses(numbers)
        recent = ledger.tx.number_calls.recent(numbers, ledger.now - self._span) if self._span and numbers else {}
        opt_outs = ledger.tx.opt_outs
        self._opted_out = opt_outs.of(numbers) if numbers and opt_outs.any() else {}
        self._recent = {number: list(calls) for number, calls in recent.items()}
        self._back: list[int] = []
        self._later: list[tuple[int, int, bool]] = []
        self._never: list[tuple[int, str]] = []

    def choose(self, one: LetterRecord, room: RouteRoom) -> str | None:
        """Its route; None: it waits, or can never go."""
        now = self._ledger.now
        said = admission(self._rules, self._routes, self.addresses[one.number_id].clear, now, confidential=False)
        out = self._opted_out.get(one.number_id, frozenset())
        if said.nowhere or self._routes <= said.never | out:
            self._never.append((one.id, NO_ROUTE if said.nowhere else OPTED_OUT))
            return None
        waits = self._over_budget(one.number_id)
        avoid = frozenset({one.route} if one.tries > 1 and one.route else ())
        route = room.take(avoid, said.closed | out | waits.keys(), said.unliked)
        if route is not None:
            self._recent.setdefault(one.number_id, []).append((route, now))
            return route
        possible = self._routes - said.never - out
        opens = [said.opens_at] if said.opens_at else [waits[name] for name in possible if name in waits]
        if said.opens_at or len(opens) == len(possible):
            self._later.append((one.id, min(opens), False))
        else:
            self._back.append(one.id)
        return None

    def _over_budget(self, number: int) -> Mapping[str, int]:
        """Route → when it may write to the number again. The reserve for red is nobody else's."""
        now, found = self._ledger.now, {}
        for name, budget in self._budgets.items():
            at = [moment for route, moment in self._recent.get(number, ()) if route == name]
            decided = allowed(at, now, budget, Colour.BLUE, Purpose.CAMPAIGN)
            if decided.not_before is not None:
                found[name] = decided.not_before
        return found

    def write(self, routed: Sequence[tuple[LetterRecord, str]], lease_until: int) -> None:
        """What was decided. A message counts at the end of its claim until its receipt says when it went."""
        rows = self._ledger.tx.letters
        rows.give_back(self._back)
        rows.again(self._later)
        rows.finish(self._never, self._ledger.now)
        rows.set_route([(one.id, route) for one, route in routed])
        counted = [(one.number_id, route, lease_until) for one, route in routed if route in self._budgets]
        if counted:
            self._ledger.tx.number_calls.add(counted, self._ledger.now - self._span)
