"""Division codes: trimmed by their groups (12 → 9 → 6 → 4 → 2 digits), never by stripping zeros. PURE.

`141124100000` is one township with its villages, its county and the city above it; `141124000000` is the county.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from warning_dispatch.model.unit import CODE_LENGTH, UnitLevel

_GROUPS = (2, 4, 6, 9, 12)


def trim(code: str) -> str:
    """A code as given (4 to 14 digits, zero-padded) cut to its own group: "141124100000" → "141124100"."""
    digits = code[:12]
    length = max((size for size in _GROUPS if size <= len(digits)), default=len(digits))
    digits = digits[:length]
    while len(digits) > _GROUPS[0] and not digits[_parent_length(len(digits)) :].strip("0"):
        digits = digits[: _parent_length(len(digits))]
    return digits


def as_prefix(code: str) -> str:
    """A code that somebody wrote in the settings as a prefix: "141100" and "141100000000" mean the city, "14112" what it says."""
    return trim(code) if len(code) in _GROUPS else code


def overlap(one: str, other: str) -> bool:
    """Whether one of two trimmed codes (or prefixes of codes) lies in the other."""
    return one.startswith(other) or other.startswith(one)


def _parent_length(length: int) -> int:
    return max(size for size in _GROUPS if size < length)


def ancestors(code: str) -> tuple[str, ...]:
    """The trimmed codes above a trimmed code, nearest first."""
    return tuple(code[:size] for size in reversed(_GROUPS) if size < len(code))


def level_of(code: str) -> UnitLevel | None:
    """The level of a trimmed code; None for a length that is no group (a province, say)."""
    for level, length in CODE_LENGTH.items():
        if len(code) == length:
            return level
    return None


@dataclass(frozen=True, slots=True)
class Affected:
    """The affected area as trimmed codes: `roots` with everything below them, `above` their ancestors.

    `unknown` are codes as given that the register does not have; their known ancestors stand in `above`.
    """

    roots: tuple[str, ...]
    above: tuple[str, ...]
    unknown: tuple[str, ...]

    def covers(self, area: str, level: UnitLevel) -> bool:
        """Whether a division of that level and code is affected (below a root) or above an affected one."""
        if any(area.startswith(root) for root in self.roots):
            return True
        return area in self.above and len(area) == CODE_LENGTH[level]


def affected_area(codes: Iterable[str], known: Callable[[str], bool], within: str) -> Affected:
    """What a message's geocodes mean. `known` tells whether the register has a division; `within` is our own area.

    A code above our own area (the province) means all of ours. A code outside it is not our concern. An unknown
    code calls its known ancestors (they are asked to pass it on) and is reported.
    """
    roots: dict[str, None] = {}
    above: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for given in codes:
        code = trim(given)
        if within.startswith(code):
            roots[within] = None
            continue
        if not code.startswith(within):
            continue
        if known(code):
            roots[code] = None
        else:
            unknown[given] = None
        above.update((one, None) for one in ancestors(code) if one.startswith(within) and known(one))
    lowest = [root for root in roots if not any(other != root and root.startswith(other) for other in roots)]
    return Affected(tuple(lowest), tuple(one for one in above if one not in roots), tuple(unknown))
