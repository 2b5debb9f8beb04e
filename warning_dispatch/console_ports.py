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
    ShareRow,
    UnitStory,
)
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.unit import UnitLevel
from warning_dispatch.model.views import RouteView
from warning_dispatch.planning_ports import EstimateReadings
from warning_dispatch.ports import Desk, ReadModels


class ConsoleReadings(ReadModels, EstimateReadings, Protocol):
    """What the officers' console is shown beyond the pictures for everybody. Safe from any thread."""

    def page(self, callout_id: int, query: CalleeQuery) -> CalleePage:
        """A page of callees, filtered and sorted, and how many there are. NotFoundError for an unknown call-out."""
        ...

    def shares(self, callout_id: int, below: str = "") -> Sequence[ShareRow]:
        """应答比例 county by county; `below` a county's code: township by township, its own offices first."""
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
        """One message with its bytes. NotFoundError when there is none."""
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
