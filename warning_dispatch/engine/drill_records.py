"""Rows of drills as the engine handles them. Times in ms UTC."""

from __future__ import annotations

from dataclasses import dataclass

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.drills import DrillKind, DrillState, DrillTier
from warning_dispatch.model.texts import AlertFacts
from warning_dispatch.routing.selection import TierSelection


@dataclass(frozen=True, slots=True)
class DrillContent:
    """What a drill is about, frozen when it is composed: whoever releases it releases exactly that.

    `plan` is the call chain as JSON, cut to the chosen tiers; `people`: the receivers on the named list, None without one.
    `facts` are those of its texts, without their times.
    """

    title: str
    hazard: str
    colour: Colour
    plan_name: str
    plan: str
    coverage: tuple[TierSelection, ...]
    areas: tuple[str, ...]
    area_names: tuple[str, ...]
    tiers: tuple[DrillTier, ...]
    people: tuple[int, ...] | None
    valid: int
    alert_id: int | None
    issuer_area: str
    facts: AlertFacts
    confidential: bool = False


@dataclass(frozen=True, slots=True)
class NewDrill:
    """A drill about to be written."""

    kind: DrillKind
    state: DrillState
    content: DrillContent
    starts_at: int | None
    announce_at: int | None
    created_at: int
    created_by: str


@dataclass(frozen=True, slots=True)
class DrillRecord:
    """A drill."""

    id: int
    kind: DrillKind
    state: DrillState
    content: DrillContent
    starts_at: int | None
    announce_at: int | None
    first_by: str
    second_by: str
    announced_id: int | None
    callout_id: int | None


@dataclass(frozen=True, slots=True)
class LiveDrill:
    """A drill that is released or runs, as far as a real warning must know it."""

    id: int
    kind: DrillKind
    state: DrillState
    announced_id: int | None
    callout_id: int | None


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """Somebody on a named list: the receiver, and the unit it answers for."""

    receiver_id: int
    unit_code: str


@dataclass(frozen=True, slots=True)
class DayRecord:
    """A day of the calendar. `told`: the last reminder, in days before it; `held`: a drill was composed for it."""

    id: int
    day: str
    title: str
    kind: DrillKind
    note: str
    yearly: bool
    told: int
    followed: bool
    held: bool
