"""告警: which facts ring the bureau's own people, and how urgently. PURE.

An alarm is a fact that a human must look at. Its *urgency* is the colour of the ladder on which the bureau calls
itself (值班员 → 带班领导 → 局长); without one it is a row on the list and rings nobody. `URGENCY` is the one table;
docs/runbook.zh-CN.md says for each kind what the duty officer does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from warning_dispatch.model.colour import Colour

QUIET_AFTER_CLAIM = 1_800_000
"""ms after a claim in which the same fact only counts up: whoever claimed it is at work on it."""


class Urgency(Enum):
    """How a kind of alarm finds its colour."""

    ROW = "row"
    """On the list; rings nobody."""
    ORANGE = "orange"
    RED = "red"
    WARNING = "warning"
    """That of the warning it speaks of. One that cannot be told counts as red; below orange it rings nobody."""
    AT_LEAST_ORANGE = "at_least_orange"
    """The same, but never less than orange."""


URGENCY: Mapping[str, Urgency] = {
    # what came in and could not be decided
    "quarantined": Urgency.WARNING,
    "untriggered": Urgency.WARNING,
    "conflict": Urgency.AT_LEAST_ORANGE,
    "colours_disagree": Urgency.WARNING,
    "hazard_disagrees": Urgency.WARNING,
    "cancel_of_unknown": Urgency.ORANGE,
    "contradicts_itself": Urgency.AT_LEAST_ORANGE,
    "lifted_without_cancel": Urgency.WARNING,
    "downgraded": Urgency.ROW,
    # whom it concerns
    "area_unknown": Urgency.WARNING,
    "area_unnamed": Urgency.WARNING,
    "nobody_in_area": Urgency.WARNING,
    "plan_missing": Urgency.WARNING,
    "superior_without_contact": Urgency.WARNING,
    "no_contact": Urgency.WARNING,
    "county_silent": Urgency.RED,
    "county_unreported": Urgency.ORANGE,
    "blackout_suspected": Urgency.WARNING,
    "help_asked": Urgency.AT_LEAST_ORANGE,
    "reply_to_read": Urgency.ROW,
    # the machine itself
    "route_down": Urgency.ORANGE,
    "route_back": Urgency.ROW,
    "lines_dead": Urgency.ORANGE,
    "no_route": Urgency.WARNING,
    "source_silent": Urgency.ORANGE,
    "source_unreachable": Urgency.ORANGE,
    "message_missing": Urgency.WARNING,
    "outlet_failed": Urgency.ORANGE,
    "pause_over": Urgency.ORANGE,
    "awaiting_lift": Urgency.ORANGE,
    "night_limit": Urgency.ROW,
    "list_not_written": Urgency.ORANGE,
    # drills
    "drill_interrupted": Urgency.WARNING,
    "drill_called_off": Urgency.ROW,
    "drill_missed": Urgency.ROW,
    "drill_due": Urgency.ROW,
    "drill_not_held": Urgency.ROW,
    # the register
    "units_unreachable": Urgency.ORANGE,
    "register_worse": Urgency.ROW,
    "review_near": Urgency.ROW,
}
"""Every kind of alarm. One that is not here rings as orange: what nobody has thought of is put before a human."""


def colour_of(kind: str, warning: Colour | None, *, rings: bool = True) -> Colour | None:
    """The colour in which the bureau is called for an alarm; None: it only stands on the list.

    `warning`: the colour of the warning the fact is about, None when that cannot be told. `rings` False: practice, or
    a unit that nothing waits for.
    """
    urgency = URGENCY.get(kind, Urgency.ORANGE)
    if not rings:
        return None
    match urgency:
        case Urgency.ROW:
            return None
        case Urgency.ORANGE:
            return Colour.ORANGE
        case Urgency.RED:
            return Colour.RED
        case Urgency.AT_LEAST_ORANGE:
            return max(Colour.ORANGE, warning or Colour.RED)
        case Urgency.WARNING:
            found = warning or Colour.RED
            return found if found >= Colour.ORANGE else None


@dataclass(frozen=True, slots=True)
class Fact:
    """What makes two alarms the same: kind, call-out, unit, and `about` (a message, a route, a source, an area)."""

    kind: str
    callout_id: int | None
    unit_id: int | None
    about: str


TOLD_ONCE = frozenset({"route_down", "lines_dead", "source_unreachable", "source_silent"})
"""Kinds that are told when they begin and not again while they last: nobody reports them a second time."""


def told_already(claimed_at: int | None, now: int) -> bool:
    """Whether an earlier alarm of the same fact makes this one a mere count: nobody claimed it, or somebody just did."""
    return claimed_at is None or now - claimed_at < QUIET_AFTER_CLAIM


def looked_at_again(kind: str, claimed_at: int | None) -> int | None:
    """When a fact that was only counted must be looked at again; None: never.

    One that is told once and has begun anew since its claim. Whoever claimed it has his half hour, so that what flaps
    does not ring him every minute; what stands at its end is rung for, because nothing else would ever tell it.
    """
    return claimed_at + QUIET_AFTER_CLAIM if claimed_at is not None and kind in TOLD_ONCE else None


@dataclass(frozen=True, slots=True)
class Cause:
    """One open alarm as it is told to the bureau's people."""

    kind: str
    colour: Colour
    at: int
    unit_name: str = ""
    alarm_id: int = 0


def told_up_to(causes: Iterable[Cause]) -> int:
    """The newest of alarms that are told together; whoever hears them claims these and no later ones.

    Ids, not moments: alarms are written one transaction after the other, while moments are of several owners and are
    moved when the clock is set.
    """
    return max((one.alarm_id for one in causes), default=0)


@dataclass(frozen=True, slots=True)
class Told:
    """Alarms of one kind as one sentence. `unit_name` stands for the first of them."""

    kind: str
    count: int
    unit_name: str


def to_tell(causes: Iterable[Cause], most: int) -> tuple[tuple[Told, ...], int]:
    """At most `most` kinds, red before orange, the newest first, and how many alarms are left unnamed."""
    ordered = sorted(causes, key=lambda one: (-one.colour, -one.at))
    by_kind: dict[str, list[Cause]] = {}
    for cause in ordered:
        by_kind.setdefault(cause.kind, []).append(cause)
    told = tuple(Told(kind, len(same), same[0].unit_name) for kind, same in list(by_kind.items())[:most])
    return told, len(ordered) - sum(one.count for one in told)


# --- areas that nobody resolves ---------------------------------------------------------------------------

WIDEN_AFTER = 180_000
"""ms after which a red area that nobody has resolved widens to the whole county."""
_COUNTY_DIGITS = 6


def widens_at(kind: str, colour: Colour | None, now: int) -> int | None:
    """When the engine itself must look at an alarm again; None: never."""
    return now + WIDEN_AFTER if kind == "area_unknown" and colour is Colour.RED else None


def widened(codes: Iterable[str], unknown: Iterable[str], known: Iterable[str]) -> tuple[str, ...] | None:
    """A message's codes with each unknown one replaced by its county; None when that changes nothing.

    `known`: division codes of the register. A code whose county nobody knows stays as it is: a human must decide.
    """
    given, ours = tuple(codes), set(known)
    counties = {code: code[:_COUNTY_DIGITS] for code in unknown if code[:_COUNTY_DIGITS] in ours}
    changed = tuple(dict.fromkeys(counties.get(code, code) for code in given))
    return changed if set(changed) != set(given) else None
