"""Routes: what each provider can take at a moment, and which of several goes first. Lines, rate, breaker, order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from warning_dispatch.engine.records import RouteRecord
from warning_dispatch.escalation.route_rules import RouteRule, first_choice

TOKEN = 1000
"""Tokens are kept in thousandths of a message."""


def refill(route: RouteRecord, now: int) -> RouteRecord:
    """Add the tokens of the time that has passed; at most one second's worth is saved up."""
    if route.rate is None:
        return route
    per_second = max(TOKEN, route.rate * TOKEN // 60)
    gained = (now - route.tokens_at) * route.rate * TOKEN // 60_000
    if gained <= 0:
        return route if route.tokens_at <= now else replace(route, tokens_at=now)
    return replace(route, tokens=min(per_second, route.tokens + gained), tokens_at=now)


def capacity(route: RouteRecord, now: int, batch: int, *, alone: bool = False) -> int:
    """How many attempts the route takes now; of one that is tried again exactly one.

    `alone`: no route of its channel is in service.
    """
    free = batch
    if not route.breaker.in_service:
        free = min(free, int(route.breaker.takes_trial(now, alone=alone)))
    if route.lines is not None:
        free = min(free, route.lines - route.lines_used)
    if route.rate is not None:
        free = min(free, route.tokens // TOKEN)
    return max(0, free)


def next_token_at(route: RouteRecord, now: int) -> int | None:
    """When the rate gives the next message; None when it is not the rate that is short."""
    if route.rate is None or route.breaker.down_until > now or route.tokens >= TOKEN:
        return None
    missing = TOKEN - route.tokens
    return now + max(1, -(-missing * 60_000 // (route.rate * TOKEN)))


class RouteRoom:
    """The routes of one channel with what is left of them in this claim."""

    def __init__(
        self, routes: Sequence[RouteRecord], now: int, batch: int, rules: Mapping[str, RouteRule] | None = None
    ) -> None:
        """`batch`: attempts claimed per turn and channel. `rules`: in which order they are taken."""
        self.alone = not any(route.breaker.in_service for route in routes)
        self._left = {route.name: capacity(route, now, batch, alone=self.alone) for route in routes}
        self._rules = rules or {}
        self.routes = {route.name: route for route in routes}
        self._in_service = frozenset(route.name for route in routes if route.breaker.in_service)

    @property
    def free(self) -> int:
        """How many more attempts can go."""
        return sum(self._left.values())

    def take(
        self,
        avoid: frozenset[str],
        spent: frozenset[str] = frozenset(),
        unliked: frozenset[str] = frozenset(),
    ) -> str | None:
        """The first route in order that has room; None when the attempt has to wait.

        `spent`: closed to its number, for their conditions or its budget. `unliked`: only where nothing else has room.

        One to be avoided only if no other is in service: another that is merely full is waited for, or a provider
        that has just refused would be asked again on the spot, and again.
        """
        open_routes = [name for name, left in self._left.items() if left > 0 and name not in spent]
        preferred = [name for name in open_routes if name not in avoid]
        if not open_routes or (not preferred and self._in_service - avoid - spent):
            return None
        name = first_choice({one: self._left[one] for one in preferred or open_routes}, self._rules, unliked)
        self._left[name] -= 1
        return name

    def only_these(self, avoid: frozenset[str], spent: frozenset[str]) -> bool:
        """Whether nothing in service is left for it but what it was told to avoid."""
        return bool(self._in_service & avoid) and not self._in_service - avoid - spent

    def used(self, batch_of: Mapping[str, int]) -> list[RouteRecord]:
        """The routes with tokens taken off; lines are counted from the calls that are claimed."""
        changed = []
        for name, count in batch_of.items():
            route = self.routes[name]
            changed.append(route if route.rate is None else replace(route, tokens=route.tokens - count * TOKEN))
        return changed
