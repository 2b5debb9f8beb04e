"""重点单位清单: what an inspection asks about each key unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.response import Action
from warning_dispatch.model.unit import Unit


class Review(StrEnum):
    """复核: how a key unit's review stands."""

    FINE = "fine"
    SOON = "soon"
    """Due within the days in which the duty officer is reminded."""
    OVERDUE = "overdue"
    """Past, or nobody wrote when it is due."""


@dataclass(frozen=True, slots=True)
class LastCall:
    """The last call-out that a key unit answered."""

    callout_id: int
    hazard_name: Mapping[str, str]
    colour: Colour
    started_at: int
    answered_at: int


@dataclass(frozen=True, slots=True)
class KeyUnitRow:
    """One key unit. `place`: where it stands; `measure`: what it last said it carried out, and when; `drilled_at`: last drill."""

    unit: Unit
    place: str
    review: Review
    call: LastCall | None = None
    measure: tuple[int, Action] | None = None
    drilled_at: int | None = None
