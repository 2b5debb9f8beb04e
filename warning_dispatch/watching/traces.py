"""OpenTelemetry traces, made afterwards out of the journal: from the message to each unit's answer.

The engine knows nothing of them. Whoever follows the journal's call-out streams reads what happened, with its times, and writes a
trace for each call-out: the message until the call-out began, each attempt from its claim to its outcome, each unit from
its first attempt to its answer, and the whole. Ids of a trace follow from the call-out, so two followers write the same.
What was under way when a follower began is not told: it starts at the journal's present end.

Only ids, words of the configuration and outcomes: the journal holds no personal data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

import warning_dispatch
from warning_dispatch.model.journal_views import JournalBlock, JournalEnds

SPANS_AT_ONCE: Final = 500
MOST_OPEN: Final = 200_000
"""Attempts and units that are remembered while they are under way; beyond that the oldest are forgotten."""
OVER: Final = frozenset({"CLOSED", "CANCELLED", "SUPERSEDED"})
NANO: Final = 1_000_000
"""Nanoseconds of a millisecond."""

Read = Callable[[JournalEnds], tuple[Sequence[JournalBlock], JournalEnds]]
"""Blocks of call-outs behind these ends, oldest first, and the new ends."""


@dataclass(slots=True)
class _CallOut:
    """A call-out that is being followed."""

    id: int
    trace: int
    began: int
    facts: dict[str, Any]
    attempts: dict[int, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    units: dict[int, int] = field(default_factory=dict)
    """Callee → when its first attempt was claimed."""


class JournalFollower:
    """Follows the journal and exports spans."""

    def __init__(
        self,
        read: Read,
        ends: Callable[[], JournalEnds],
        received_at: Callable[[int], int | None],
        exporter: SpanExporter,
    ) -> None:
        """`ends`: where the streams end now; `received_at`: when the alert of that id came in."""
        self._read = read
        self._now_at = ends
        self._received_at = received_at
        self._exporter = exporter
        self._ends: JournalEnds | None = None
        self._callouts: dict[str, _CallOut] = {}
        self._resource = Resource.create(
            {"service.name": "warning-dispatch", "service.version": warning_dispatch.__version__}
        )
        self._spans: list[ReadableSpan] = []
        self.lost = 0
        """Spans that the collector did not take."""

    def look(self) -> int:
        """One look; how many spans went out. Reads the database and talks to the collector: not for the event loop."""
        if self._ends is None:
            self._ends = self._now_at()
        blocks, self._ends = self._read(self._ends)
        for block in blocks:
            for entry in block.entries:
                self._take(block.stream, block.at, entry)
        return self._export()

    def _export(self) -> int:
        spans, self._spans = self._spans, []
        for start in range(0, len(spans), SPANS_AT_ONCE):
            part = spans[start : start + SPANS_AT_ONCE]
            if self._exporter.export(part) is not SpanExportResult.SUCCESS:
                self.lost += len(part)
        return len(spans)

    # --- entries ------------------------------------------------------------------------------------------

    def _take(self, stream: str, at: int, entry: Mapping[str, Any]) -> None:
        kind = entry.get("k")
        if kind == "callout.started":
            self._begin(stream, at, entry)
        callout = self._callouts.get(stream)
        if callout is None:
            return
        if kind == "attempt.claimed":
            self._claimed(callout, at, entry)
        elif kind in ("attempt.ended", "attempt.dropped"):
            self._ended(callout, at, entry)
        elif kind == "answer" and entry.get("counted"):
            self._answered(callout, at, entry)
        elif kind == "callout" and entry.get("to") in OVER:
            self._over(stream, callout, at, str(entry["to"]))

    def _begin(self, stream: str, at: int, entry: Mapping[str, Any]) -> None:
        number = int(entry["id"])
        trace = int.from_bytes(sha256(f"{stream}:{at}".encode()).digest()[:16])
        facts = {
            name: entry[name]
            for name in ("plan", "hazard", "colour", "purpose", "round")
            if entry.get(name) is not None
        }
        self._callouts[stream] = callout = _CallOut(number, trace, at, {"callout": number, **facts})
        alert: int | None = entry.get("alert")
        received = None if alert is None else self._received_at(alert)
        if alert is not None and received is not None:
            self._span(callout, "message", f"message:{alert}", received, at, {"alert": alert})

    def _claimed(self, callout: _CallOut, at: int, entry: Mapping[str, Any]) -> None:
        callees = [int(one) for one in entry.get("callees", ())]
        for callee in callees:
            callout.units.setdefault(callee, at)
        facts = {"attempt": int(entry["id"]), "route": str(entry["route"]), "callees": callees}
        callout.attempts[int(entry["id"])] = (at, facts)
        for kept in (callout.attempts, callout.units):
            while len(kept) > MOST_OPEN:
                kept.pop(next(iter(kept)))

    def _ended(self, callout: _CallOut, at: int, entry: Mapping[str, Any]) -> None:
        began, facts = callout.attempts.pop(int(entry["id"]), (None, {}))
        if began is None:
            return
        outcome = str(entry.get("outcome") or entry.get("why"))
        parent = f"unit:{facts['callees'][0]}" if facts["callees"] else "callout"
        self._span(
            callout,
            "attempt",
            f"attempt:{facts['attempt']}:{began}",
            began,
            at,
            {**facts, "outcome": outcome},
            parent=parent,
        )

    def _answered(self, callout: _CallOut, at: int, entry: Mapping[str, Any]) -> None:
        callee = int(entry["callee"])
        began = callout.units.pop(callee, callout.began)
        self._span(callout, "unit", f"unit:{callee}", began, at, {"callee": callee, "means": str(entry["means"])})

    def _over(self, stream: str, callout: _CallOut, at: int, state: str) -> None:
        for callee, began in callout.units.items():
            self._span(callout, "unit", f"unit:{callee}", began, at, {"callee": callee}, answered=False)
        self._span(callout, "callout", "callout", callout.began, at, {**callout.facts, "state": state}, parent="")
        del self._callouts[stream]

    def _span(
        self,
        callout: _CallOut,
        name: str,
        key: str,
        began: int,
        ended: int,
        facts: Mapping[str, Any],
        *,
        parent: str = "callout",
        answered: bool = True,
    ) -> None:
        self._spans.append(
            ReadableSpan(
                name=name,
                context=_context(callout, key),
                parent=_context(callout, parent) if parent else None,
                resource=self._resource,
                attributes={f"warning_dispatch.{what}": value for what, value in facts.items()},
                kind=SpanKind.CLIENT if name == "attempt" else SpanKind.INTERNAL,
                status=Status(StatusCode.OK if answered else StatusCode.ERROR),
                start_time=began * NANO,
                end_time=max(began, ended) * NANO,
            )
        )


def _context(callout: _CallOut, key: str) -> SpanContext:
    span = int.from_bytes(sha256(f"{callout.trace}:{key}".encode()).digest()[:8])
    return SpanContext(callout.trace, span or 1, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
