"""Figures for Prometheus: what this process did, counted as it happens, and how everything stands, read when asked.

Counters are of this process alone, so of several workers they are summed. What stands in the database every process shows
alike: take the maximum, not the sum. Labels are words of the configuration, never a unit, a person or a number.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import structlog
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

import warning_dispatch
from warning_dispatch.engine.observing import Counted
from warning_dispatch.errors import StoreError
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.states import ASKING
from warning_dispatch.model.views import Health, RouteView
from warning_dispatch.model.watch_views import SourceFigures, WatchFigures

PREFIX: Final = "warning_dispatch"
FILE: Final = "file"
"""The kind of what `alert ingest` brings."""
TURNS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
ANSWERS: Final = (30, 60, 120, 180, 300, 420, 600, 900, 1_200, 1_800, 2_700, 3_600, 7_200, 14_400)
PAGES: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1, 3, 10)


class StandingFigures(Collector):
    """How everything stands, read from the database whenever somebody asks."""

    def __init__(self, figures: Callable[[], WatchFigures], health: Callable[[], Health]) -> None:
        """`figures` reads them (StoreError when it cannot); `health` of the engine, as /readyz has it."""
        self._figures = figures
        self._health = health
        self._log = structlog.get_logger("watching")

    def collect(self) -> Iterable[Metric]:
        """Every family; where the database cannot be read only what this process knows itself."""
        health = self._health()
        yield _one(
            "engine_last_turn_timestamp_seconds", "When the engine last turned (0: never)", health.turned_at / 1000
        )
        yield _one("engine_ok", "Whether the engine's last turn succeeded", float(health.database))
        try:
            figures = self._figures()
        except StoreError as error:
            self._log.warning("metrics.unread", error=str(error))
            yield _one("figures_readable", "Whether the database could be read for this page", 0.0)
            return
        yield _one("figures_readable", "Whether the database could be read for this page", 1.0)
        yield from _queue(figures)
        yield from _callouts(figures)
        yield from _routes(figures)
        yield from _sources(figures)
        yield from _alarms(figures)


def _one(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", says, value=value)


def _family(name: str, says: str, labels: Sequence[str], rows: Iterable[tuple[Sequence[str], float]]) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", says, labels=labels)
    for values, value in rows:
        family.add_metric(values, value)
    return family


def _queue(figures: WatchFigures) -> Iterable[Metric]:
    rows = [
        (
            (
                one.channel.key,
                "own" if one.own else "practice" if one.practice else "call",
                one.colour.key,
                str(one.level),
            ),
            one,
        )
        for one in figures.queue
    ]
    yield _family(
        "queue_attempts",
        "Attempts that wait for a line or a token; level 1 is the city's, 0 the bureau's own call",
        ("channel", "kind", "colour", "level"),
        ((labels, float(one.attempts)) for labels, one in rows),
    )


def _callouts(figures: WatchFigures) -> Iterable[Metric]:
    running: Tally[tuple[str, str, str]] = Tally()
    units: Tally[tuple[str, str, str, str]] = Tally()
    oldest: dict[tuple[str, str], int] = {}
    for one in {one.callout_id: one for one in figures.tiers}.values():  # a call-out stands there once for each tier
        key = (one.purpose.name.lower(), one.colour.key)
        running[*key, one.state.name.lower()] += 1
        oldest[key] = min(oldest.get(key, one.started_at), one.started_at)
    for one in figures.tiers:
        if one.purpose not in ASKING:
            continue
        labels = (one.purpose.name.lower(), one.colour.key, one.tier)
        # An office whose duty room has answered is answered and not finished; who was only told is finished, not answered.
        for standing, count in (
            ("answered", one.answered),
            ("unreached", one.unreached),
            ("ended_otherwise", max(0, one.finished - one.answered)),
            ("open", one.units - max(one.answered, one.finished) - one.unreached),
        ):
            units[*labels, standing] += count
    yield _family(
        "callouts",
        "Call-outs under way",
        ("purpose", "colour", "state"),
        ((key, float(n)) for key, n in running.items()),
    )
    yield _family(
        "callout_started_timestamp_seconds",
        "When the oldest of them began",
        ("purpose", "colour"),
        ((key, at / 1000) for key, at in oldest.items()),
    )
    yield _family(
        "units",
        "Units of call-outs under way",
        ("purpose", "colour", "tier", "standing"),
        ((key, float(n)) for key, n in units.items()),
    )


def _routes(figures: WatchFigures) -> Iterable[Metric]:
    routes = [((one.name, one.channel.key), one) for one in figures.routes]
    yield _family(
        "route_state",
        "1 for the state a route is in: in_service, trial, down",
        ("route", "channel", "state"),
        (
            ((*key, state), float(one.state == state))
            for key, one in routes
            for state in ("in_service", "trial", "down")
        ),
    )
    limits: Sequence[tuple[str, str, Callable[[RouteView], int | None]]] = (
        ("route_lines", "Lines that a route has", lambda one: one.lines),
        ("route_lines_used", "Lines that are in use", lambda one: one.lines_used if one.lines is not None else None),
        ("route_rate_per_minute", "Messages a route takes per minute", lambda one: one.rate),
    )
    for name, says, read in limits:
        rows = [(key, read(one)) for key, one in routes]
        yield _family(name, says, ("route", "channel"), ((key, float(n)) for key, n in rows if n is not None))


def _sources(figures: WatchFigures) -> Iterable[Metric]:
    asked: Sequence[tuple[str, str, Callable[[SourceFigures], float]]] = (
        ("source_seen_timestamp_seconds", "When the way to a source was last open", lambda one: one.seen_at / 1000),
        ("source_message_timestamp_seconds", "When its last message came", lambda one: one.message_at / 1000),
        ("source_messages", "Messages of a source so far", lambda one: float(one.messages)),
        ("source_gap", "1 while an alarm tells that it is out of reach", lambda one: float(one.gap)),
        ("source_quiet", "1 while an alarm tells that nothing comes", lambda one: float(one.quiet)),
    )
    for name, says, read in asked:
        yield _family(name, says, ("source",), [((one.name,), read(one)) for one in figures.sources])


def _alarms(figures: WatchFigures) -> Iterable[Metric]:
    labels = ("kind", "colour")
    keyed = [((one.kind, one.colour.key if one.colour else "none"), one) for one in figures.alarms]
    yield _family("alarms_open", "Alarms nobody has claimed", labels, ((key, float(one.count)) for key, one in keyed))
    oldest = ((key, one.oldest_at / 1000) for key, one in keyed)
    yield _family("alarm_oldest_timestamp_seconds", "When the oldest of them was raised", labels, oldest)


class ProcessMeters:
    """What this process did; an observer of the engine (`observe`), of its turns and of the web's answers."""

    media_type: str = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        """A registry of its own: two in one test do not meet."""
        disable_created_metrics()  # type: ignore[no-untyped-call] # a second sample for each, which nobody asks for
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        Gauge(f"{PREFIX}_build_info", "Which version runs", ("version",), registry=registry).labels(
            warning_dispatch.__version__
        ).set(1)
        self._turn = Histogram(
            f"{PREFIX}_engine_turn_seconds", "How long a turn of the engine took", buckets=TURNS, registry=registry
        )
        self._late = Histogram(
            f"{PREFIX}_engine_late_seconds",
            "How late a turn came for the deadline that was due",
            buckets=TURNS,
            registry=registry,
        )
        self._stepped = _counter("callee_steps", "Decisions about callees", (), registry)
        self._moves = _counter(
            "callee_moves", "Callees by state, event and next state", ("before", "event", "after"), registry
        )
        self._callout_moves = _counter("callout_moves", "The same of call-outs", ("before", "event", "after"), registry)
        self._claims = _counter("attempts_claimed", "Attempts that went on their way", ("route", "purpose"), registry)
        self._ends = _counter("attempts_ended", "Attempts that ended", ("route", "outcome"), registry)
        self._arrived = _counter("messages", "Messages that came in", ("source", "disposition"), registry)
        self._answers = Histogram(
            f"{PREFIX}_answer_seconds",
            "From the start of a call-out to a unit's answer",
            ("purpose", "colour", "tier"),
            buckets=ANSWERS,
            registry=registry,
        )
        self._pages = Histogram(
            f"{PREFIX}_web_seconds", "Answers of the web", ("part", "status"), buckets=PAGES, registry=registry
        )

    def look_at(self, figures: Callable[[], WatchFigures], health: Callable[[], Health]) -> None:
        """From now on the page also shows how everything stands."""
        self.registry.register(StandingFigures(figures, health))

    def expect(self, sources: Iterable[str]) -> None:
        """These may bring messages: what was set aside is counted from 0, for a figure born at 1 never rises for whoever watches it."""
        for source in sources:
            self._arrived.labels(source, Disposition.QUARANTINED.value)

    def text(self) -> bytes:
        """See web/metrics.py."""
        return generate_latest(self.registry)

    def observe(self, counted: Counted) -> None:
        """Told of every committed transaction of the engine."""
        if counted.stepped:
            self._stepped.inc(counted.stepped)
        for (before, event, after), count in counted.moves.items():
            self._moves.labels(before.name.lower(), event, after.name.lower()).inc(count)
        for (was, what, is_now), count in counted.callout_moves.items():
            self._callout_moves.labels(was.name.lower(), what, is_now.name.lower()).inc(count)
        for (route, purpose), count in counted.claims.items():
            self._claims.labels(route, purpose.name.lower()).inc(count)
        for (route, outcome), count in counted.ends.items():
            self._ends.labels(route, outcome).inc(count)
        for (source, disposition), count in counted.arrived.items():
            kind = source.partition(":")[0]
            named = kind if kind == FILE else source  # every file has a name of its own: labels must not grow
            self._arrived.labels(named, disposition).inc(count)
        for (purpose, colour, tier, seconds), count in counted.answers.items():
            answers = self._answers.labels(purpose.name.lower(), colour.key, tier)
            for _ in range(count):
                answers.observe(seconds)

    def turned(self, took: float, late: float | None) -> None:
        """See lanes.Writer.after_turn."""
        self._turn.observe(took)
        if late is not None:
            self._late.observe(late)

    def answered(self, part: str, status: int, seconds: float) -> None:
        """See web/metrics.py."""
        self._pages.labels(part, f"{status // 100}xx" if status else "broken").observe(seconds)


def _counter(name: str, says: str, labels: Sequence[str], registry: CollectorRegistry) -> Counter:
    return Counter(f"{PREFIX}_{name}", says, labels, registry=registry)
