"""What the officers' console needs from outside beside ports.py: pictures that nobody else is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.console_views import (
    ArrivedPage,
    ArrivedStory,
    CalleePage,
    CalleeQuery,
    CallPreview,
    ClearLine,
    OwnCallee,
    ShareRow,
    UnitStory,
)
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.unit import UnitLevel
from warning_dispatch.model.views import AlarmList, AlertRow, CallOutView, CurvePoint, RouteView, TaskRow
from warning_dispatch.planning_ports import EstimateReadings
from warning_dispatch.ports import Desk


class ConsoleView(EstimateReadings, Protocol):
    """Everything that the officers' console shows, of the units of one officer and all below them; of the bureau's, of all.

    Nothing is counted or listed but those units. What lies outside is a NotYoursError, by whatever number it is asked for.
    Safe from any thread.
    """

    def callouts(self, *, live_only: bool = False, limit: int = 100) -> Sequence[CallOutView]:
        """Call-outs that call one of the units, newest first, with the counts of these units."""
        ...

    def callout(self, callout_id: int) -> CallOutView:
        """One of them. NotFoundError when there is none."""
        ...

    def size(self, callout_id: int) -> int:
        """How many units a call-out calls in all."""
        ...

    def curve(self, callout_id: int) -> Sequence[CurvePoint]:
        """Cumulative answers over time."""
        ...

    def alarms(self, *, limit: int = 50, open_only: bool = False, callout_id: int | None = None) -> AlarmList:
        """Alarms about one of the units, as ports.ReadModels.alarms; all there are, for the bureau."""
        ...

    def tasks(self, *, limit: int = 100) -> Sequence[TaskRow]:
        """人工叫应: tasks that name these units and no other, the most urgent first."""
        ...

    def holds_task(self, attempt_id: int) -> bool:
        """Whether an attempt is one of them, finished or not."""
        ...

    def own(self, callout_ids: Sequence[int]) -> Mapping[int, Sequence[OwnCallee]]:
        """Call-out → the officer's own units as they stand in it; nothing for the bureau's officer."""
        ...

    def mine(self, callout_id: int, callee_ids: Sequence[int]) -> frozenset[int]:
        """Those of a call-out's callees that are among the units."""
        ...

    def page(self, callout_id: int, query: CalleeQuery) -> CalleePage:
        """A page of callees, filtered and sorted, and how many there are. NotFoundError for an unknown call-out."""
        ...

    def shares(self, callout_id: int, below: str = "") -> Sequence[ShareRow]:
        """应答比例 county by county; `below` a county's or township's code: by those below it, its own offices first."""
        ...

    def plan(self, callout_id: int) -> CallChain:
        """The chain that is frozen into a call-out."""
        ...

    def reached(self, callout_id: int) -> Mapping[str, tuple[int, int]]:
        """Tier → how many units something was handed over for (发得出), and how many it got through to (传得到)."""
        ...

    def story(self, callout_id: int, callee_id: int) -> UnitStory:
        """Everything about one unit of a call-out. NotFoundError when it is not called in it."""
        ...

    def in_clear(self, callout_id: int, callee_id: int) -> Sequence[ClearLine]:
        """The people of a unit in clear. Only after `Desk.revealed` has noted who asked."""
        ...

    def arrived(
        self, *, dispositions: Sequence[Disposition] = (), words: str = "", limit: int = 50, offset: int = 0
    ) -> ArrivedPage:
        """Everything that came in, newest first. `words`: a part of headline, identifier, sender or source."""
        ...

    def arrived_story(self, raw_id: int) -> ArrivedStory:
        """One message; its bytes only where nothing is left out. NotFoundError when there is none."""
        ...

    def routes(self) -> Sequence[RouteView]:
        """How the routes fare, by name."""
        ...

    def seen_by(self, callout_ids: Sequence[int]) -> Mapping[int, tuple[int, str]]:
        """Call-out → when an officer of the bureau took note of it, and who. What nobody has seen is left out."""
        ...

    def divisions(self, level: UnitLevel, below: str = "") -> Sequence[tuple[str, str]]:
        """(code, name) of the divisions of a level whose code begins with `below`."""
        ...


class ConsoleReadings(ConsoleView, Protocol):
    """What the console reads for the bureau's officers, and from which every other officer's part is cut."""

    def within(self, units: Sequence[str]) -> ConsoleView:
        """The part of an officer: these units and all that lies below them."""
        ...

    def alert(self, alert_id: int) -> AlertRow:
        """One warning. NotFoundError when there is none."""
        ...


class ConsoleDesk(Desk, Protocol):
    """What the console may ask of the engine beside what everybody may."""

    async def take_note(self, callout_id: int, *, actor: str) -> None:
        """知悉: an officer has seen that this call-out runs. The first one counts."""
        ...

    async def revealed(self, callout_id: int, callee_id: int, *, actor: str, reason: str) -> None:
        """An officer is about to be shown a unit's people in clear; returns when the journal says so."""
        ...

    async def preview(self, raw: bytes, source: str) -> CallPreview:
        """What a message would do if it came in now. Nothing is kept of it."""
        ...
