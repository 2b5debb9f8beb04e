"""演练 as pages, commands and the daemon ask for it: what is read, and who carries it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from warning_dispatch.model.drills import Comparison, DrillDay, DrillReport, DrillRequest, DrillView


class DrillReadings(Protocol):
    """What is read of drills, each call on one snapshot of its own."""

    def drills(self, *, limit: int = 100) -> Sequence[DrillView]:
        """The newest first."""
        ...

    def drill(self, drill_id: int) -> DrillView:
        """One drill; NotFoundError when there is none."""
        ...

    def report(self, drill_id: int) -> DrillReport:
        """Its report: as it was kept, or of one under way as it stands now. NotFoundError when it never began."""
        ...

    def comparison(self, drill_id: int, report: DrillReport) -> Comparison | None:
        """Against the last drill of that kind that came to its end; None: it is the first."""
        ...

    def days(self) -> Sequence[DrillDay]:
        """The calendar, in the order of days."""
        ...


class DrillDesk(Protocol):
    """What people do with drills. RefusedError, NotFoundError and FindingsError change nothing."""

    async def compose(self, asked: DrillRequest, *, actor: str) -> int:
        """Write a drill down; its id. One on paper is played at once."""
        ...

    async def release(self, drill_id: int, *, actor: str) -> bool:
        """One person more releases it; whether nobody is missing any more."""
        ...

    async def stop(self, drill_id: int, *, actor: str, reason: str) -> None:
        """End it, or withdraw one that has not begun."""
        ...

    async def add_day(self, day: DrillDay, *, actor: str) -> int:
        """Enter a day in the calendar; its id."""
        ...

    async def drop_day(self, day_id: int, *, actor: str) -> None:
        """Take it out."""
        ...


@dataclass(frozen=True, slots=True)
class Drilling:
    """Both together."""

    read: DrillReadings
    desk: DrillDesk
