"""What monitoring asks every few seconds: counts that are kept, and partial indices; nothing that grows with the register."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from warning_dispatch.escalation.order import TURN_BITS, Ranked, ranked_by
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.states import LIVE_CALLOUT, AttemptState, CallOutState, Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.model.watch_views import AlarmFigures, QueueRow, SourceFigures, TierFigures, WatchFigures
from warning_dispatch.store.route_rows import route_views
from warning_dispatch.store.sql import Sql
from warning_dispatch.store.stood_sql import duty_stood

_LIVE = ", ".join(str(one.value) for one in LIVE_CALLOUT)
MOST_QUEUED = 2_000_000
"""Attempts that are counted at most: where more wait, the queue is long."""


def watch_figures(sql: Sql, plan_of: Callable[[str], CallChain]) -> WatchFigures:
    """How everything stands now. `plan_of` reads a frozen plan."""
    return WatchFigures(_queue(sql), _tiers(sql, plan_of), route_views(sql), _sources(sql), _alarms(sql))


def _queue(sql: Sql) -> Sequence[QueueRow]:
    """Of the index of what is ready, which holds all that is asked."""
    counted: Counter[tuple[int, Ranked]] = Counter()
    for channel, ranked, count in sql.rows(
        f"""SELECT channel, ranked, count(*) FROM (SELECT channel, order_key >> {TURN_BITS} AS ranked FROM attempt
        WHERE state = {AttemptState.READY.value} LIMIT {MOST_QUEUED}) AS waiting GROUP BY channel, ranked"""
    ):
        counted[channel, ranked_by(ranked)] += count
    grouped: Counter[tuple[Channel, bool, bool, Colour, int]] = Counter()
    for (channel, one), count in counted.items():
        level = 0 if one.own else one.level
        grouped[Channel(channel), one.own, one.practice, one.colour, level] += count
    return [QueueRow(*key, attempts) for key, attempts in sorted(grouped.items())]


def _tiers(sql: Sql, plan_of: Callable[[str], CallChain]) -> Sequence[TierFigures]:
    callouts = {
        row[0]: row[1:]
        for row in sql.rows(
            f"SELECT id, purpose, colour, state, started_at, plan FROM callout WHERE state IN ({_LIVE}) ORDER BY id"
        )
    }
    rows = sql.rows(
        """SELECT callout_id, tier, sum(total), sum(answered), sum(unreached), sum(finished) FROM branch
        WHERE callout_id IN {ids} GROUP BY callout_id, tier ORDER BY callout_id, tier""",
        sql.ids(callouts),
    )
    stood = {
        (callout_id, tier): count
        for callout_id, tier, count in sql.rows(
            f"""SELECT c.callout_id, c.tier, count(*) FROM callee c WHERE c.callout_id IN {{ids}} AND {duty_stood("c")}
            GROUP BY c.callout_id, c.tier""",
            sql.ids(callouts),
        )
    }  # whom a part's lifting stopped after an answer: the gate's kept counts have it no more, every page has
    found = []
    for callout_id, tier, units, answered, unreached, finished in rows:
        purpose, colour, state, started_at, plan = callouts[callout_id]
        found.append(
            TierFigures(
                callout_id,
                Purpose(purpose),
                Colour(colour),
                CallOutState(state),
                started_at,
                plan_of(plan).tiers[tier].name,
                units=int(units),
                answered=int(answered) + stood.get((callout_id, tier), 0),
                unreached=int(unreached),
                finished=int(finished),
            )
        )
    return found


def _sources(sql: Sql) -> Sequence[SourceFigures]:
    rows = sql.rows("SELECT name, seen_at, message_at, messages, gap_told, quiet_told FROM source ORDER BY name")
    return [
        SourceFigures(name, seen, message, count, bool(gap), bool(quiet))
        for name, seen, message, count, gap, quiet in rows
    ]


def _alarms(sql: Sql) -> Sequence[AlarmFigures]:
    rows = sql.rows(
        """SELECT kind, colour, count(*), min(at) FROM alarm WHERE claimed_at IS NULL GROUP BY kind, colour
        ORDER BY kind, colour"""
    )
    return [AlarmFigures(kind, Colour(colour) if colour else None, count, at) for kind, colour, count, at in rows]
