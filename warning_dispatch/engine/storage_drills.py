"""What the engine needs of the store about drills (see engine/storage.py)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from warning_dispatch.drilling.life import Release
from warning_dispatch.engine.drill_records import DayRecord, DrillRecord, LiveDrill, NamedPerson, NewDrill
from warning_dispatch.model.drills import DrillDay, DrillState
from warning_dispatch.model.unit import Role, Unit


class DrillRows(Protocol):
    """演练 and their calendar."""

    def insert(self, new: NewDrill) -> int:
        """Write the row; its id."""
        ...

    def load(self, drill_id: int) -> DrillRecord | None:
        """By id."""
        ...

    def live(self) -> Sequence[LiveDrill]:
        """Those that are released or run; hardly ever more than one."""
        ...

    def released(self, drill_id: int, by: Release, state: DrillState, now: int) -> None:
        """Who has released it by now."""
        ...

    def announced(self, drill_id: int, callout_id: int) -> None:
        """The call-out that announces it has begun."""
        ...

    def begun(self, drill_id: int, callout_id: int | None, now: int) -> None:
        """It runs, as this call-out (None: on paper)."""
        ...

    def ended(self, drill_id: int, state: DrillState, now: int, by: str, why: str) -> None:
        """It is over."""
        ...

    def keep_report(self, drill_id: int, report: str, score: int | None) -> None:
        """What came of it."""
        ...

    def warned(self) -> bool:
        """Whether a real warning's call-out stands: it runs, awaits lifting, or all have answered and nobody closed it."""
        ...

    def named(self, unit_code: str, role: Role | None) -> Sequence[NamedPerson]:
        """Who answers for a unit (in that role) and can be reached."""
        ...

    def unit(self, code: str) -> Unit | None:
        """A unit in force."""
        ...

    # --- the calendar -------------------------------------------------------------------------------------

    def add_day(self, day: DrillDay, now: int, by: str) -> int:
        """Enter a day; its id."""
        ...

    def drop_day(self, day_id: int) -> bool:
        """Take a day out; False when there is none."""
        ...

    def hold_day(self, day_id: int, drill_id: int) -> bool:
        """A drill was composed for it; False when there is no such day."""
        ...

    def days(self) -> Sequence[DayRecord]:
        """Days that something may be due for: to come, or past and not followed by next year's."""
        ...

    def told_day(self, day_id: int, before: int) -> None:
        """The reminder of so many days before was given."""
        ...

    def follow_day(self, day_id: int) -> None:
        """Next year's is entered."""
        ...
