"""Selections of units as conditions on `unit u`. The reference meaning is routing.selection.wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from warning_dispatch.routing.selection import TierSelection
from warning_dispatch.store.sql import marks

Condition = tuple[str, list[Any]]
"""A condition and its parameters, in the order of its marks."""


def ends_of(area: str) -> tuple[str, str]:
    """`u.area >= ? AND u.area < ?` is everything in it, in every locale of a database.

    Codes are digits, and letters come after digits everywhere; a sign ("~") does so in C alone.
    """
    return area, area + "a"


def where(selection: TierSelection) -> Condition:
    """The units of one selection."""
    parts = ["u.kind = ?", "u.level = ?", "u.callable = 1"]
    values: list[Any] = [selection.kind.value, int(selection.level)]
    if selection.sectors:
        parts.append(f"u.sector IN ({marks(selection.sectors)})")
        values.extend(selection.sectors)
    if selection.spared:
        parts.append(f"u.sector NOT IN ({marks(selection.spared)})")
        values.extend(selection.spared)
    if selection.codes:
        parts.append("(" + " OR ".join("u.code LIKE ?" for _ in selection.codes) + ")")
        values.extend(f"%{code}" for code in selection.codes)
    areas = ["(u.area >= ? AND u.area < ?)" for _ in selection.roots]
    for root in selection.roots:
        values.extend(ends_of(root))
    if selection.above:
        areas.append(f"u.area IN ({marks(selection.above)})")
        values.extend(selection.above)
    parts.append("(" + " OR ".join(areas or ["1 = 0"]) + ")")
    return " AND ".join(parts), values


def any_of(selections: Sequence[TierSelection]) -> Condition:
    """The units of any of them."""
    conditions = [where(one) for one in dict.fromkeys(selections)]
    if not conditions:
        return "1 = 0", []
    text = " OR ".join(f"({condition})" for condition, _ in conditions)
    return f"({text})", [value for _, values in conditions for value in values]


def theirs(higher: Sequence[TierSelection], above: Sequence[int]) -> Condition:
    """The units that a higher warning covers and a call-out of its colour carries."""
    condition, values = any_of(higher)
    carried = f"SELECT 1 FROM callee h WHERE h.unit_id = u.id AND h.carries = 1 AND h.callout_id IN {among(above)}"
    return f"({condition} AND EXISTS ({carried}))", values


def among(ids: Sequence[int]) -> str:
    """A short list of our own ids, written into the statement; an empty one is (0), the id of nothing."""
    return "(" + ", ".join(str(int(one)) for one in ids or (0,)) + ")"
