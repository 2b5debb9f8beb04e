"""Promise 7 for the phones of people: no number is called more often than its budgets say."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from warning_dispatch.engine.dialling_budget import CallLimits
from warning_dispatch.escalation.budgets import Night, Window
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.simulation import carrier_log
from warning_dispatch.simulation.carrier_log import CarrierRecord
from warning_dispatch.store.sql import Sql


def budget_faults(
    connection: Connection, records: Sequence[CarrierRecord], limits: CallLimits, *, clock_was_set: bool = False
) -> Iterator[str]:
    """Promise 7, by the carrier's own record and by our rows: no number is called more often than its budgets say.

    Windows are laid to end at each call, which finds every window that holds too many. A call is red when it was
    claimed for somebody of a red call-out; a refused one counts. `clock_was_set`: the carrier's time is not ours then,
    and nobody can say whose night it was.
    """
    by_route: defaultdict[tuple[str, str], list[tuple[int, bool]]] = defaultdict(list)
    by_address: defaultdict[str, list[int]] = defaultdict(list)
    claims = _claims(connection)
    for record in records:
        if record.channel is Channel.VOICE and _rang_or_was_refused(record.what):
            claimed = claims[record.attempt_id, record.route]
            before = claimed if clock_was_set else [one for one in claimed if one[0] <= record.at][-1:]
            by_route[f"the phone {record.address}", record.route].append((record.at, any(red for _, red, _ in before)))
            if before[-1][2] != Purpose.SELF:
                by_address[record.address].append(record.at)
    for number, route, at in _rows(connection, "SELECT number_id, route, at FROM number_call"):
        by_route[f"number_call of {number}", route].append((at, True))
    for (whose, route), calls in by_route.items():
        for window in limits.by_route[route].windows if route in limits.by_route else ():
            yield from _too_many(f"7 budget: {whose} by {route}", calls, window)
    if limits.night is not None and not clock_was_set:
        yield from _sleepless(by_address, limits.night)


def _sleepless(by_address: Mapping[str, Sequence[int]], night: Night) -> Iterator[str]:
    for address, moments in by_address.items():
        for (start, _), count in Counter(filter(None, map(night.around, moments))).items():
            if count > night.calls:
                yield f"7 a night may bear {night.calls} calls: the phone {address} had {count} from {start}"


def _rang_or_was_refused(what: str) -> bool:
    return what == carrier_log.HANDED or what.startswith(carrier_log.REFUSED)


def _claims(connection: Connection) -> Mapping[tuple[int, str], list[tuple[int, bool, int]]]:
    """(attempt, route) → its claims in their order: moment, whether anybody of a red call-out is named, purpose."""
    sql = "SELECT c.id, o.colour FROM callee c JOIN callout o ON o.id = c.callout_id"
    red = {callee for callee, colour in _rows(connection, sql) if colour == Colour.RED}
    purposes = dict(_rows(connection, "SELECT id, purpose FROM attempt"))
    found: defaultdict[tuple[int, str], list[tuple[int, bool, int]]] = defaultdict(list)
    for at, body in _rows(connection, "SELECT at, body FROM journal_block WHERE stream LIKE 'callout:%' ORDER BY at"):
        for entry in json.loads(body):
            if entry["k"] == "attempt.claimed":
                practice = purposes[entry["id"]] in (Purpose.DRILL, Purpose.CAMPAIGN)
                may = not practice and not red.isdisjoint(entry["callees"])
                found[entry["id"], entry["route"]].append((at, may, purposes[entry["id"]]))
    return found


def _too_many(what: str, calls: Sequence[tuple[int, bool]], window: Window) -> Iterator[str]:
    ordered = sorted(calls)
    for index, (at, red) in enumerate(ordered):
        inside = sum(1 for one, _ in ordered[: index + 1] if one > at - window.span)
        most = window.calls if red else window.calls - window.reserved
        if inside > most:
            yield f"{what}: {inside} in {window.span} ms before {at}, {most} are allowed{'' if red else ' if not red'}"


def _rows(connection: Connection, sql: str) -> list[Any]:
    return [tuple(row) for row in Sql(connection).rows(sql)]
