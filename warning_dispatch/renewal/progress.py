"""进度: counts of filings, added up by county, by department line and by level. PURE."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from warning_dispatch.model.renewal import FilingState
from warning_dispatch.model.renewal_views import ProgressRow, Tally

_FIELD: Mapping[FilingState, str] = {
    FilingState.ASKED: "asked",
    FilingState.HANDED_IN: "handed_in",
    FilingState.RETURNED: "returned",
    FilingState.FILED: "filed",
    FilingState.LAPSED: "lapsed",
    FilingState.WITHDRAWN: "withdrawn",
}


@dataclass(frozen=True, slots=True)
class Group:
    """How many filings have all of this in common. `county`: six digits, empty for the city's own."""

    county: str
    sector: str
    level: int
    state: FilingState
    late: bool
    changed: bool
    count: int


def tally(groups: Iterable[Group]) -> Tally:
    """The counts of some groups together."""
    counts = dict.fromkeys(("total", "late", "changed", *_FIELD.values()), 0)
    for one in groups:
        counts["total"] += one.count
        counts[_FIELD[one.state]] += one.count
        counts["late"] += one.count if one.late and one.state is FilingState.FILED else 0
        counts["changed"] += one.count if one.changed and one.state is FilingState.FILED else 0
    return Tally(**counts)


def rows_by(
    groups: Iterable[Group], key: Callable[[Group], str], names: Mapping[str, str], *, empty: bool = True
) -> tuple[ProgressRow, ...]:
    """One row for each key, by key; `empty` False leaves out whoever has none (villages have no line)."""
    by_key: dict[str, list[Group]] = {}
    for one in groups:
        by_key.setdefault(key(one), []).append(one)
    return tuple(
        ProgressRow(found, names.get(found, found), tally(by_key[found])) for found in sorted(by_key) if found or empty
    )
