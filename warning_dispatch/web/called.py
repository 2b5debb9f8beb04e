"""Which callee a unit is in a call-out: commands name units by their codes."""

from __future__ import annotations

from typing import Final

from warning_dispatch.errors import NotFoundError
from warning_dispatch.ports import ReadModels
from warning_dispatch.tomlfiles import both

AT_ONCE: Final = 1_000
"""Callees read at a time."""


def callee_of(read: ReadModels, callout_id: int, unit_code: str) -> int:
    """NotFoundError when there is no such call-out, or it does not call the unit."""
    offset = 0
    while rows := read.callees(callout_id, limit=AT_ONCE, offset=offset):
        found = next((row.callee_id for row in rows if row.unit_code == unit_code), None)
        if found is not None:
            return found
        offset += len(rows)
    what = both(f"叫应 {callout_id} 里没有单位 {unit_code}", f"call-out {callout_id} has no unit {unit_code}")
    raise NotFoundError(f"{what} → callout show {callout_id}")
