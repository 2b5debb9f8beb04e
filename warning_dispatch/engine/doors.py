"""The conditions of the routes of one channel, asked for the numbers of one claim. The rules: escalation/route_rules.py.

Numbers are opened for it only where a route asks for the country or the operator, all of a claim in one statement; what was
opened goes on to the wire. Where no route has a condition nothing is asked at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import Address, ReadyAttempt
from warning_dispatch.escalation.route_rules import ADMITTED, Admission, RouteRule, admission, without


class Doors:
    """Which routes stand open for whom."""

    def __init__(
        self, ledger: Ledger, rules: Mapping[str, RouteRule], routes: Iterable[str], numbers: Collection[int] = ()
    ) -> None:
        """`routes` of the channel; `numbers` that may be asked for."""
        self._ledger = ledger
        self._routes = frozenset(routes)
        self._rules = {name: rules[name] for name in self._routes if name in rules and rules[name].conditional}
        asks = any(rule.asks_number for rule in self._rules.values())
        self.addresses: Mapping[int, Address] = ledger.tx.endpoints.addresses(list(numbers)) if asks and numbers else {}
        self.hours = any(rule.hours for rule in self._rules.values())
        """Whether any route has hours."""
        self.secrecy = any(rule.public_cloud for rule in self._rules.values())
        """Whether it matters that a warning is not public."""
        opted = ledger.tx.opt_outs.of(numbers) if numbers and ledger.tx.opt_outs.any() else {}
        self._opted = {number: gone for number, routes in opted.items() if (gone := routes & self._routes)}
        """Routes by which a number wants nothing more."""
        self._said: dict[tuple[int, bool], Admission] = {}
        self._told: set[int] = set()

    def confidential(self, callout_id: int) -> bool:
        """Whether the call-out's warning is kept from some route."""
        return self.secrecy and self._ledger.callout(callout_id).confidential

    def of(self, number: int, attempt: ReadyAttempt) -> Admission:
        """What the routes say of a number."""
        return self.for_callout(number, attempt.callout_id)

    def for_callout(self, number: int, callout_id: int) -> Admission:
        """The same, of the units of any call-out."""
        gone = self._opted.get(number)
        if not self._rules and not gone:
            return ADMITTED
        key = (number, self.confidential(callout_id))
        found = self._said.get(key)
        if found is None:
            address = self.addresses.get(number)
            clear = address.clear if address else ""
            found = admission(self._rules, self._routes, clear, self._ledger.now, confidential=key[1])
            self._said[key] = found = without(found, gone, self._routes) if gone else found
        return found

    def has_opted_out(self, number: int) -> bool:
        """Whether somebody has told us to send nothing more: then it is no fault that nothing goes."""
        return number in self._opted

    def begin_at(self, route: str) -> int:
        """When the hours of a route begin, or now."""
        rule = self._rules.get(route)
        return rule.hours.begin_at(self._ledger.now) if rule and rule.hours else self._ledger.now

    def tell_nowhere(self, callout_id: int, unit_id: int, channel: str) -> None:
        """No route can ever carry what somebody is owed: a human must. Once per call-out in a claim."""
        if callout_id not in self._told:
            self._told.add(callout_id)
            self._ledger.alarm("no_route", "", callout_id, unit_id, about=channel)
