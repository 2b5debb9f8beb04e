"""值班表: who is on duty for a unit, and when."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shift:
    """班次: one person of a unit is on duty from `begins` to just before `ends` (ms UTC)."""

    unit_code: str
    name: str
    begins: int
    ends: int
