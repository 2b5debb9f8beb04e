"""Traces made out of the journal: one for each call-out, from the message to each unit's answer, and only of what is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from warning_dispatch.engine.acts import Act
from warning_dispatch.simulation.population import Population, VoiceHabit
from warning_dispatch.store.readings import TableReadings
from warning_dispatch.watching.traces import JournalFollower

RED_CITY = "12379-red-rain-city.xml"


def follower_of(place: Any, exporter: Any) -> JournalFollower:
    """Follows the journal of a town."""
    read = TableReadings(place.database, place.sealer, {})
    return JournalFollower(read.journal_after, read.journal_ends, read.alert_received_at, exporter)


def spans_by_name(exporter: InMemorySpanExporter) -> Counter[str]:
    """How many of each kind."""
    return Counter(span.name for span in exporter.get_finished_spans())


@pytest.mark.parametrize("kind", ["worlds", "postgresql"])
def test_a_night_as_a_trace(town: Callable[..., Any], kind: str, request: pytest.FixtureRequest) -> None:
    """Every attempt and every unit that answered is a span of the call-out's one trace, with its times and outcome."""
    everyone = Population.everyone(VoiceHabit.ANSWERS)
    place = town(counties=1, townships=2, villages=3, population=everyone, worlds=request.getfixturevalue(kind))
    exporter = InMemorySpanExporter()
    follower = follower_of(place, exporter)
    follower.look()
    place.warning(RED_CITY)
    for _ in range(4):
        place.play(seconds=300)
        follower.look()
    place.act(Act.CLOSE)
    follower.look()
    spans = exporter.get_finished_spans()
    assert len({span.context.trace_id for span in spans}) == 1
    [root] = [span for span in spans if span.parent is None]
    assert root.name == "callout"
    known = {span.context.span_id for span in spans}
    assert {span.parent.span_id for span in spans if span.parent is not None} <= known
    [(ended,)] = place.query(
        "SELECT count(*) FROM attempt WHERE claimed_at IS NOT NULL AND ended_at IS NOT NULL AND callout_id = 1"
    )
    [(answered,)] = place.query(
        "SELECT count(DISTINCT callee_id) FROM acknowledgement WHERE counted = 1 AND callout_id = 1"
    )
    counted = spans_by_name(exporter)
    assert counted["attempt"] >= ended > 0
    units = [span for span in spans if span.name == "unit" and span.status.is_ok]
    assert len({span.attributes["warning_dispatch.callee"] for span in units if span.attributes}) == answered > 0
    assert counted["message"] == 1
    assert all(span.start_time <= span.end_time for span in spans)
    assert all(root.start_time <= span.start_time for span in spans if span.name != "message")


def test_a_follower_begins_where_the_journal_ends(town: Callable[..., Any]) -> None:
    """After a restart the old nights are not told again."""
    place = town(counties=1, townships=1, villages=1)
    place.warning(RED_CITY)
    place.play(seconds=60)
    exporter = InMemorySpanExporter()
    follower = follower_of(place, exporter)
    follower.look()
    place.play(seconds=600)
    follower.look()
    assert exporter.get_finished_spans() == ()


class Full(InMemorySpanExporter):
    """A collector that takes nothing."""

    def export(self, spans: Any) -> SpanExportResult:
        """No."""
        assert all(isinstance(one, ReadableSpan) for one in spans)
        return SpanExportResult.FAILURE


def test_a_collector_that_takes_nothing_is_counted(town: Callable[..., Any]) -> None:
    """What is lost is lost: nothing piles up, and the engine notices nothing."""
    place = town(counties=1, townships=1, villages=1, population=Population.everyone(VoiceHabit.ANSWERS))
    follower = follower_of(place, Full())
    follower.look()
    place.warning(RED_CITY)
    place.play(seconds=300)
    sent = follower.look()
    assert follower.lost == sent > 0
    assert follower.look() == 0
