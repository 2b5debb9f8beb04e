"""红色预警下没有响应的县: which counties have reported nothing, and when to look again. PURE."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CountyStanding:
    """A county of a call-out. `opened_at`: when it was called, None while its gate is shut. `reported`: its offices have."""

    unit_id: int
    opened_at: int | None
    reported: bool


def silent(counties: Iterable[CountyStanding], now: int, after: int) -> tuple[tuple[int, ...], int | None]:
    """Units of the counties that should have reported by now, and when the next one would be late; None: none would.

    A county that has not been called yet is looked at again as if it were called now.
    """
    open_ones = [one for one in counties if not one.reported]
    late = tuple(one.unit_id for one in open_ones if one.opened_at is not None and one.opened_at + after <= now)
    waiting = [
        (now if one.opened_at is None else one.opened_at) + after for one in open_ones if one.unit_id not in late
    ]
    return late, min(waiting, default=None)
