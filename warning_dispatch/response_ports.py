"""What the pages of the response (应急联动) need from outside: readings, and ticks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from warning_dispatch.model.key_units import KeyUnitRow
from warning_dispatch.model.response import AreaSum, AskedList, AskedUnit, ResponseOverview


class ResponseReadings(Protocol):
    """What is asked and what has been reported. Safe from any thread."""

    def asked(self, token: str) -> AskedList | None:
        """What the person behind a link is asked; None: nothing. NotFoundError: no such link."""
        ...

    def asked_of_unit(self, callout_id: int, callee_id: int) -> AskedUnit | None:
        """What one unit is asked; None: nothing."""
        ...

    def overview(self, callout_id: int, below: str = "", *, words: int = 0) -> ResponseOverview:
        """联动情况 of a call-out or of one place in it. `words`: how many written reports are opened, newest first.

        NotFoundError: no such call-out.
        """
        ...

    def sum_of(self, callout_id: int, codes: Sequence[str]) -> AreaSum:
        """Some places and everything below them, as one."""
        ...


class ResponseDesk(Protocol):
    """Ticks and exports; each returns when it is committed."""

    async def tick(self, token: str, ticks: Sequence[tuple[int, str, str]]) -> int:
        """(callee, measure, remark): the person behind a link says that it was carried out; how many are new.

        RefusedError before the answer, for a measure that does not exist, is another unit's or not asked yet;
        NotFoundError for a wrong link.
        """
        ...

    async def tick_for(self, callout_id: int, callee_id: int, action: str, *, actor: str, remark: str) -> int:
        """An officer records what a unit has reported by phone. RefusedError without an actor or what was heard."""
        ...

    async def exported(self, callout_id: int, *, actor: str, form: str, below: str) -> None:
        """信息报送 is about to leave the house: the journal says who took it, in which form."""
        ...


class KeyUnitLook(Protocol):
    """Reads the key units."""

    soon_days: int
    """So many days before its review a key unit's counts as due soon."""

    def key_units(self) -> Sequence[KeyUnitRow]:
        """All that are registered, in the order of the register."""
        ...


@dataclass(frozen=True, slots=True)
class KeyUnits:
    """What the list of key units stands on. `sectors`: names of their lines."""

    look: KeyUnitLook
    sectors: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class ResponseParts:
    """What the pages of the response stand on. `key_units` None: they have no page."""

    read: ResponseReadings
    desk: ResponseDesk
    key_units: KeyUnits | None = None
