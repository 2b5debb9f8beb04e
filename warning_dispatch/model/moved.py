"""转移人数: people moved are counted once, however often and about how many units they are reported. PURE.

One report of somebody who answers for several units is kept with each of them. A village or key unit counts what it moved
itself; an office speaks for its whole place, so the figure of a place is the larger of what its offices say and of what those
below it say together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from warning_dispatch.model.unit import CODE_LENGTH, UnitKind, UnitLevel

_LENGTHS = tuple(sorted(CODE_LENGTH.values(), reverse=True))


@dataclass(frozen=True, slots=True)
class MovedWord:
    """The latest word about one unit. `receiver_id`: whose it was; `itself`: of those it moved itself."""

    callee_id: int
    area: str
    itself: bool
    receiver_id: int | None
    at: int
    people: int


def counts_itself(kind: UnitKind, level: UnitLevel) -> bool:
    """Whether a unit's figure stands beside those of others, and not for all of its place."""
    return kind is UnitKind.KEY_UNIT or level is UnitLevel.VILLAGE


def told_once(words: Iterable[MovedWord]) -> tuple[MovedWord, ...]:
    """Of one report about several units, the first unit's, in the order of their codes."""
    found: dict[tuple[int | None, int, int], MovedWord] = {}
    for one in sorted(words, key=lambda each: (each.area, each.callee_id)):
        found.setdefault((one.receiver_id, one.at, one.people), one)
    return tuple(found.values())


def people_by_place(told: Iterable[tuple[str, bool, int]]) -> Mapping[str, tuple[int, int]]:
    """Code → (what its offices say, what is said of it all together): the larger counts on the way up.

    `told`: (area, `itself`, people) of each unit.
    """
    own: defaultdict[str, int] = defaultdict(int)
    below: defaultdict[str, int] = defaultdict(int)
    for area, itself, people in told:
        if itself:
            below[area] += people
        else:
            own[area] = max(own[area], people)
    found: dict[str, tuple[int, int]] = {}
    for length, shorter in zip(_LENGTHS, (*_LENGTHS[1:], 0), strict=True):
        for code in {code for code in (*own, *below) if len(code) == length}:
            whole = max(own.get(code, 0), below.get(code, 0))
            found[code] = (own.get(code, 0), whole)
            if shorter:
                below[code[:shorter]] += whole
    return found


def moved_in_all(words: Iterable[MovedWord]) -> int:
    """Everybody who was moved, as all pages that add up reports have it."""
    places = people_by_place((one.area, one.itself, one.people) for one in told_once(words))
    return sum(whole for code, (_, whole) in places.items() if len(code) == _LENGTHS[-1])
