"""Where a warning is, when its message does not say so in division codes: from its shapes, else from its names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.model.alert import Alert, AlertArea
from warning_dispatch.routing.areas import overlap, trim
from warning_dispatch.routing.place_names import Named, PlaceNames, count_names

MOST_DRAWN, MOST_SHAPES, MOST_POINTS = 10, 300, 200_000
"""Areas of an event whose shapes are always looked at one by one; with as many shapes and points so are those behind them."""
MOST_SHORT = 40
"""Areas with fewer codes than names that are read; a human looks at any more."""
Covers = Callable[[str], bool]
"""Whether somebody may speak of a place, by its trimmed code."""


class ShapeFinder(Protocol):
    """Knows where our divisions lie."""

    def __call__(self, area: AlertArea, near: str = "", *, roughly: bool = False) -> Sequence[str] | None:
        """The codes of the divisions that an area's shapes touch; none of ours: empty; None: nothing is known of positions.

        With `near`: the county of that area which is nearest to the shapes, when it is not far and has no boundary.
        `roughly`: at the price of a glance, and never too few.
        """
        ...


def anywhere(_code: str) -> bool:
    """A source that may speak of every place."""
    return True


def no_positions(area: AlertArea, near: str = "", *, roughly: bool = False) -> Sequence[str] | None:  # noqa: ARG001 - a ShapeFinder
    """The finder of an installation without positions or boundaries."""
    return None


@dataclass(frozen=True, slots=True)
class Located:
    """A message with its areas resolved as far as can be.

    `how`: the reasons to keep with the verdict. `elsewhere`: it says where it is, and that is nowhere near us.
    `ambiguous` and `unknown`: names that cannot be told. `guessed`: what was taken for a place of ours though the
    message contradicts itself.
    """

    alert: Alert
    how: tuple[str, ...] = ()
    elsewhere: bool = False
    ambiguous: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()

    @property
    def to_look_at(self) -> tuple[str, ...]:
        """The words of the message that a human must look at."""
        return tuple(dict.fromkeys((*self.ambiguous, *self.unknown, *self.guessed)))


class Locator:
    """Resolves the areas of a message. Codes that were given are never taken away.

    Where a message names more places than it gives codes, or gives one code to several names, its codes are not the
    whole of it: the names are read too, what they add is called as well, and a human is told. Not where all the codes are
    of other places and so is the issuer: a township of theirs has the name of one of ours.

    A shape that touches nothing of ours is elsewhere, unless a name beside it says otherwise: at any distance if one of
    our own issuers speaks, else only near us, since townships have the same names everywhere. Positions are coarse: a
    shape near us without such a name is the nearest county to one of our own issuers, and a human is told; from a
    sender without a code nobody can tell, and from any other it is elsewhere.
    """

    def __init__(self, within: str, find_shape: ShapeFinder) -> None:
        """`within`: our own area code."""
        self._within = within
        self._find_shape = find_shape

    def __call__(self, ledger: Ledger, alert: Alert, own: str, covers: Covers = anywhere) -> Located:
        """Locate a message.

        `own`: the issuer's area, in which it may speak without naming it. `covers`: whether its source may speak of a
        place; a name that says more than the codes never adds another one.
        """
        areas = [area for info in alert.infos for area in info.areas]
        if not areas:
            return Located(alert)
        by_shape = self.drawn([area for area in areas if not area.geocodes and _has_shape(area)])
        nameless = [area for area in areas if not area.geocodes and by_shape.get(area) is None and area.description]
        ours = bool(alert.sender_code) and touches(own, self._within)
        near = self._near(by_shape, own if ours else self._within)
        nameless += [area for area in near if area.description and (ours or near[area])]
        short = [area for area in _short_of_codes(alert) if ours or self._is_here(area)]
        named = self._named(ledger, nameless, short, own, covers)
        unsaid = [area for area in near if area not in named or not named[area].codes]
        named.update((area, Named()) for area in unsaid)  # what else it names is where it is: elsewhere
        nearest = {area: near[area] for area in unsaid if ours}
        meant = {
            area: tuple(by_shape.get(area) or ()) or named.get(area, Named()).codes or nearest.get(area, ())
            for area in areas
        }
        how = ["area_by_shape"] if any(by_shape.values()) else []
        how += ["area_by_name"] if any(one.codes for one in named.values()) else []
        how += ["area_by_nearest"] if any(nearest.values()) else []
        doubtful = [area for area in areas if area.geocodes or area in nearest or (area in near and not near[area])]
        untold = [area for area in unsaid if near[area] and not alert.sender_code]
        return Located(
            alert=_resolved(alert, meant) if how else alert,
            how=tuple(how),
            elsewhere=not untold
            and all(not meant[area] and self._elsewhere(area, by_shape.get(area)) for area in areas),
            ambiguous=tuple(dict.fromkeys(word for one in named.values() for word in one.ambiguous)),
            unknown=tuple(dict.fromkeys(word for one in named.values() for word in one.unknown)),
            guessed=tuple(dict.fromkeys(code for area in doubtful for code in meant[area])),
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

    def _named(
        self, ledger: Ledger, nameless: Sequence[AlertArea], short: Sequence[AlertArea], own: str, covers: Covers
    ) -> dict[AlertArea, Named]:
        """What the names mean of areas without codes, and of areas that are `short` of them."""
        if not nameless and not short:
            return {}
        places = PlaceNames(ledger.tx.endpoints.division_names(), self._within)
        found = {area: places.find([area.description], own) for area in nameless}
        for area in short[:MOST_SHORT]:
            more = places.beside(area.description, [trim(code) for code in area.geocodes], own)
            barred = tuple(code for code in more.codes if not covers(code))
            kept = tuple(code for code in more.codes if code not in barred)
            found[area] = Named(kept, more.ambiguous, (*more.unknown, *barred))
        found.update((area, Named(unknown=(area.description,))) for area in short[MOST_SHORT:])
        return found

    def _near(self, by_shape: Mapping[AlertArea, Sequence[str] | None], own: str) -> dict[AlertArea, tuple[str, ...]]:
        """Areas whose shapes touch nothing of ours, each with the county that it may mean all the same."""
        astray = [area for area, found in by_shape.items() if found is not None and not found]
        return {area: tuple(self._find_shape(area, own) or ()) for area in astray}

    def _elsewhere(self, area: AlertArea, found: Sequence[str] | None) -> bool:
        if area.geocodes:
            return not self._is_here(area)
        return found is not None and not found

    def _is_here(self, area: AlertArea) -> bool:
        return any(touches(code, self._within) for code in area.geocodes)


def touches(code: str, within: str) -> bool:
    """Whether a division code is in our area or above it."""
    return overlap(trim(code), within)


def _short_of_codes(alert: Alert) -> Sequence[AlertArea]:
    """Areas with codes that name more than these, or whose code stands for another name of the same info too."""
    found: dict[AlertArea, None] = {}
    for info in alert.infos:
        times = Counter(code for area in info.areas for code in area.geocodes)
        for area in info.areas:
            names = count_names(area.description) if area.geocodes else 0
            if names > len(area.geocodes) or (names and any(times[code] > 1 for code in area.geocodes)):
                found[area] = None
    return list(found)


def _has_shape(area: AlertArea) -> bool:
    return bool(area.polygons or area.circles)


def _resolved(alert: Alert, meant: dict[AlertArea, tuple[str, ...]]) -> Alert:
    infos = tuple(
        replace(info, areas=tuple(replace(area, resolved=meant[area]) for area in info.areas)) for info in alert.infos
    )
    return replace(alert, infos=infos)
