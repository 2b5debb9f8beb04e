"""打印名单: a call-out on paper, for the night the server dies. Names and numbers are in clear here, and only here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import CalleeState, Purpose
from warning_dispatch.model.unit import Role, UnitLevel


@dataclass(frozen=True, slots=True)
class PrintedPerson:
    """A receiver with the phones to dial (E.164), best first. `sample`: none of them can reach anybody."""

    role: Role
    name: str
    post: str
    language: str
    phones: tuple[str, ...]
    sample: bool


@dataclass(frozen=True, slots=True)
class PrintedUnit:
    """A callee. `tier`: its place in the plan. `superiors`: (code, name) from the county down to the nearest."""

    code: str
    name: str
    level: UnitLevel
    tier: int
    superiors: tuple[tuple[str, str], ...]
    state: CalleeState
    answered_at: int | None
    people: tuple[PrintedPerson, ...]


@dataclass(frozen=True, slots=True)
class PrintedCallOut:
    """A call-out with everybody in it, in the order of the codes. Times in ms UTC.

    `scripts`: what to say, per language, with the mark for the unit still in it. `tiers`: the titles of the plan's tiers.
    """

    callout_id: int
    round: int
    supersedes: int | None
    purpose: Purpose
    hazard_name: Mapping[str, str]
    colour: Colour
    issuer: str
    headline: str
    sent: int
    started_at: int
    area_names: tuple[str, ...]
    plan_title: Mapping[str, str]
    tiers: tuple[Mapping[str, str], ...]
    scripts: Mapping[str, str]
    units: tuple[PrintedUnit, ...]

    @property
    def people(self) -> int:
        """Receivers on it."""
        return sum(len(unit.people) for unit in self.units)

    @property
    def phones(self) -> int:
        """Phones on it."""
        return sum(len(person.phones) for unit in self.units for person in unit.people)
