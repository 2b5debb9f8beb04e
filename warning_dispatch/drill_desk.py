"""drill_ports.DrillDesk: what people do with drills, as use cases of the one writer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from warning_dispatch.engine.drills import Drills
from warning_dispatch.engine.lanes import Lane
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.model.drills import DrillDay, DrillRequest

T = TypeVar("T")


class Office(Protocol):
    """The part of the daemon's desk that is needed here."""

    async def once(self, lane: Lane, work: Callable[[Ledger], T]) -> T:
        """A use case in a transaction of its own."""
        ...


class WriterDrillDesk:
    """Composing and releasing wait behind whatever is urgent; stopping does not."""

    def __init__(self, office: Office, drills: Drills) -> None:
        """The parts are wired in bootstrap."""
        self._office = office
        self._drills = drills

    async def compose(self, asked: DrillRequest, *, actor: str) -> int:
        """See the port."""
        return await self._office.once(Lane.INTAKE, lambda ledger: self._drills.compose(ledger, asked, actor))

    async def release(self, drill_id: int, *, actor: str) -> bool:
        """See the port."""
        return await self._office.once(Lane.INTAKE, lambda ledger: self._drills.release(ledger, drill_id, actor))

    async def stop(self, drill_id: int, *, actor: str, reason: str) -> None:
        """See the port."""
        await self._office.once(Lane.ACT, lambda ledger: self._drills.stop(ledger, drill_id, actor, reason))

    async def add_day(self, day: DrillDay, *, actor: str) -> int:
        """See the port."""
        return await self._office.once(Lane.INTAKE, lambda ledger: self._drills.add_day(ledger, day, actor))

    async def drop_day(self, day_id: int, *, actor: str) -> None:
        """See the port."""
        await self._office.once(Lane.INTAKE, lambda ledger: self._drills.drop_day(ledger, day_id, actor))
