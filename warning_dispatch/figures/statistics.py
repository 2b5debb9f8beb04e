"""Shares, medians and quantiles of counted values. PURE.

A quantile is a value that was there: the smallest of which at least that share is not greater. So a median of answer
times is the time of a unit, and nothing is invented between two of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

Counted = Mapping[int, int]
"""Value → how often."""


def counted(values: Iterable[int]) -> dict[int, int]:
    """The values with how often each was there."""
    found: dict[int, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return found


def added(many: Iterable[Counted]) -> dict[int, int]:
    """Several of them together."""
    found: dict[int, int] = {}
    for one in many:
        for value, times in one.items():
            found[value] = found.get(value, 0) + times
    return found


def total(values: Counted) -> int:
    """How many there are."""
    return sum(values.values())


def quantile(values: Counted, share: float) -> int | None:
    """The smallest value of which at least `share` of all are not greater; None of nothing."""
    whole = total(values)
    if not whole:
        return None
    wanted = max(1, math.ceil(round(share * whole, 9)))
    seen = 0
    for value in sorted(values):
        seen += values[value]
        if seen >= wanted:
            return value
    raise AssertionError(share)  # a share is at most 1


def median(values: Counted) -> int | None:
    """Half are not greater; of two in the middle the smaller."""
    return quantile(values, 0.5)


def mean(values: Counted) -> float | None:
    """The arithmetic mean; None of nothing."""
    whole = total(values)
    return sum(value * times for value, times in values.items()) / whole if whole else None


def share(part: int, whole: int) -> float | None:
    """A part of a whole; None of nothing."""
    return part / whole if whole else None


def until_share(delays: Counted, whole: int, wanted: float) -> int | None:
    """After how long `wanted` of `whole` had answered; None: they never did."""
    needed = math.ceil(round(wanted * whole, 9))
    if not whole or total(delays) < needed:
        return None
    seen = 0
    for value in sorted(delays):
        seen += delays[value]
        if seen >= needed:
            return value
    return None
