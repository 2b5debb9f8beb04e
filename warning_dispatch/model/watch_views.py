"""What monitoring is shown: how the queue, the call-outs, the routes, the sources and the alarms stand. Times in ms UTC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import CallOutState, Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.model.views import RouteView


@dataclass(frozen=True, slots=True)
class QueueRow:
    """Attempts that wait for their turn. `level`: 1 the city's; 0 for the bureau's own call and for practice letters."""

    channel: Channel
    own: bool
    practice: bool
    colour: Colour
    level: int
    attempts: int


@dataclass(frozen=True, slots=True)
class TierFigures:
    """Units of one tier of one running call-out: `open` are neither answered nor ended."""

    callout_id: int
    purpose: Purpose
    colour: Colour
    state: CallOutState
    started_at: int
    tier: str
    units: int
    answered: int
    unreached: int
    finished: int


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """A source of warnings."""

    name: str
    seen_at: int
    message_at: int
    messages: int
    gap: bool
    quiet: bool


@dataclass(frozen=True, slots=True)
class AlarmFigures:
    """Alarms of one kind that nobody has claimed."""

    kind: str
    colour: Colour | None
    count: int
    oldest_at: int


@dataclass(frozen=True, slots=True)
class WatchFigures:
    """All of it, of one moment."""

    queue: Sequence[QueueRow]
    tiers: Sequence[TierFigures]
    routes: Sequence[RouteView]
    sources: Sequence[SourceFigures]
    alarms: Sequence[AlarmFigures]
