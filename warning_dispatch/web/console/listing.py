"""What a page's address asks of a list: which rows, in which order, which page; and addresses that ask for a little else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from warning_dispatch.model.console_views import CalleeOrder, CalleeQuery
from warning_dispatch.model.states import UNREACHED, CalleeState

ROWS: Final = 50
"""Rows on a page."""
LONGEST: Final = 40
"""Characters of a search that are looked at."""
S = CalleeState
GROUPS: Final[Mapping[str, tuple[CalleeState, ...]]] = {
    "open": (*UNREACHED, S.RELAYED),
    "calling": (S.CALLING,),
    "waiting": (S.WAITING,),
    "answered": (S.ACKNOWLEDGED, S.DUTY_ANSWERED),
    "other": (S.WAIVED, S.INFORMED, S.STOPPED),
    "all": tuple(state for state in S if state is not S.SUPERSEDED),
}
"""The tabs above the list."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of callees as its address asks for it."""

    asked: Mapping[str, str]

    @property
    def group(self) -> str:
        """The tab."""
        return self._one_of("show", GROUPS, "open")

    @property
    def order(self) -> str:
        """The column that sorts."""
        return self._one_of("sort", tuple(CalleeOrder), CalleeOrder.CODE.value)

    @property
    def descending(self) -> bool:
        """The other way round."""
        return self.asked.get("way") == "down"

    @property
    def area(self) -> str:
        """Digits of a division code; empty: everywhere."""
        said = self.asked.get("area", "")
        return said if said.isascii() and said.isdecimal() and len(said) in (6, 9, 12) else ""

    @property
    def tier(self) -> str:
        """The tier's name; empty: all."""
        return self.asked.get("tier", "")[:LONGEST]

    @property
    def words(self) -> str:
        """A part of the names."""
        return self.asked.get("q", "").strip()[:LONGEST]

    @property
    def page(self) -> int:
        """From 1."""
        return page_number(self.asked)

    def _one_of(self, name: str, known: object, otherwise: str) -> str:
        said = self.asked.get(name, "")
        return said if said and said in known else otherwise  # type: ignore[operator] # a mapping or a tuple of names

    @property
    def query(self) -> CalleeQuery:
        """For the read model."""
        return CalleeQuery(
            states=GROUPS[self.group],
            tier=self.tier,
            area=self.area,
            words=self.words,
            order=CalleeOrder(self.order),
            descending=self.descending,
            limit=ROWS,
            offset=(self.page - 1) * ROWS,
        )

    def address(self, **changes: str | int) -> str:
        """The query string of a list that differs in this; whatever changes, it begins on its first page."""
        kept = {name: self.asked[name] for name in ("show", "sort", "way", "area", "tier", "q") if self.asked.get(name)}
        fields = {**kept, **{name: str(value) for name, value in changes.items()}}
        return "?" + urlencode({name: value for name, value in fields.items() if value})

    def sorted_by(self, order: str) -> str:
        """The address that sorts by a column, the other way round when it does so already."""
        down = self.order == order and not self.descending
        return self.address(sort=order, way="down" if down else "")

    @property
    def here(self) -> str:
        """This list itself."""
        return self.address(page=self.page) if self.page > 1 else self.address()


def page_number(asked: Mapping[str, str]) -> int:
    """Which page was asked for, from 1; the first where that is no number or has more than five digits."""
    said = asked.get("page", "")
    return max(1, int(said)) if said.isascii() and said.isdecimal() and len(said) < 6 else 1  # noqa: PLR2004 - see above
