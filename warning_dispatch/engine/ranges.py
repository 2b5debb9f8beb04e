"""Ids in a journal entry: rising ids as ranges, because what happens to many at once mostly happens to neighbours. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Ranges = Sequence[Sequence[int]]
"""[[first, last], …], both included."""


def to_ranges(ids: Iterable[int]) -> list[list[int]]:
    """Ids in any order as ranges."""
    ranges: list[list[int]] = []
    for one in sorted(set(ids)):
        if ranges and ranges[-1][1] == one - 1:
            ranges[-1][1] = one
        else:
            ranges.append([one, one])
    return ranges


def from_ranges(ranges: Ranges) -> list[int]:
    """The ids again, rising."""
    return [one for first, last in ranges for one in range(first, last + 1)]
