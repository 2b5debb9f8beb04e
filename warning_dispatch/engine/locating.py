"""Where a warning is, when its message does not say so in division codes: from its shapes, else from its names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.model.alert import Alert, AlertArea
from warning_dispatch.routing.areas import trim
from warning_dispatch.routing.place_names import Named, PlaceNames

MOST_DRAWN, MOST_SHAPES, MOST_POINTS = 10, 300, 200_000
"""Areas of an event whose shapes are always looked at one by one; with as many shapes and points so are those behind them."""


class ShapeFinder(Protocol):
    """The codes of the divisions that an area's shapes touch; none of ours: empty; None: nothing is known of positions."""

    def __call__(self, area: AlertArea, *, roughly: bool = False) -> Sequence[str] | None:
        """`roughly`: at the price of a glance, and never too few."""
        ...


def no_positions(area: AlertArea, *, roughly: bool = False) -> Sequence[str] | None:  # noqa: ARG001 - a ShapeFinder
    """The finder of an installation without positions or boundaries."""
    return None


@dataclass(frozen=True, slots=True)
class Located:
    """A message with its areas resolved as far as can be.

    `how`: the reasons to keep with the verdict. `elsewhere`: it says where it is, and that is nowhere near us.
    `ambiguous` and `unknown`: names that a human must look at.
    """

    alert: Alert
    how: tuple[str, ...] = ()
    elsewhere: bool = False
    ambiguous: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class Locator:
    """Resolves the areas of a message. Codes that were given are never touched."""

    def __init__(self, within: str, find_shape: ShapeFinder) -> None:
        """`within`: our own area code."""
        self._within = within
        self._find_shape = find_shape

    def __call__(self, ledger: Ledger, alert: Alert, own: str) -> Located:
        """Locate a message. `own`: the issuer's area, in which it may speak without naming it."""
        areas = [area for info in alert.infos for area in info.areas]
        if not areas:
            return Located(alert)
        by_shape = self.drawn([area for area in areas if not area.geocodes and _has_shape(area)])
        nameless = [area for area in areas if not area.geocodes and by_shape.get(area) is None and area.description]
        named = self._named(ledger, nameless, own)
        meant = {area: tuple(by_shape.get(area) or ()) or named.get(area, Named()).codes for area in areas}
        how = ["area_by_shape"] if any(by_shape.values()) else []
        how += ["area_by_name"] if any(one.codes for one in named.values()) else []
        return Located(
            alert=_resolved(alert, meant) if how else alert,
            how=tuple(how),
            elsewhere=all(self._elsewhere(area, by_shape.get(area)) for area in areas),
            ambiguous=tuple(dict.fromkeys(word for one in named.values() for word in one.ambiguous)),
            unknown=tuple(dict.fromkeys(word for one in named.values() for word in one.unknown)),
        )

    def drawn(self, areas: Sequence[AlertArea]) -> dict[AlertArea, Sequence[str] | None]:
        """What each area's shapes touch, each for itself: what one touches says nothing about the others.

        Bounded is the work of all of them together; the areas beyond that are looked at roughly.
        """
        found: dict[AlertArea, Sequence[str] | None] = {}
        shapes = points = 0
        for place, area in enumerate(dict.fromkeys(areas)):
            shapes += len(area.polygons) + len(area.circles)
            points += sum(len(ring) for ring in area.polygons)
            beyond = place >= MOST_DRAWN and (shapes > MOST_SHAPES or points > MOST_POINTS)
            found[area] = self._find_shape(area, roughly=beyond)
        return found

    def _named(self, ledger: Ledger, areas: Sequence[AlertArea], own: str) -> dict[AlertArea, Named]:
        if not areas:
            return {}
        places = PlaceNames(ledger.tx.endpoints.division_names(), self._within)
        return {area: places.find([area.description], own) for area in areas}

    def _elsewhere(self, area: AlertArea, found: Sequence[str] | None) -> bool:
        if area.geocodes:
            return not any(touches(code, self._within) for code in area.geocodes)
        return found is not None and not found


def touches(code: str, within: str) -> bool:
    """Whether a division code is in our area or above it."""
    trimmed = trim(code)
    return trimmed.startswith(within) or within.startswith(trimmed)


def _has_shape(area: AlertArea) -> bool:
    return bool(area.polygons or area.circles)


def _resolved(alert: Alert, meant: dict[AlertArea, tuple[str, ...]]) -> Alert:
    infos = tuple(
        replace(info, areas=tuple(replace(area, resolved=meant[area]) for area in info.areas)) for info in alert.infos
    )
    return replace(alert, infos=infos)
