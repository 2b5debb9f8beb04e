"""/ for somebody whose area is not the whole: the running call-outs, superior by superior, of the own units alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from warning_dispatch.model.rights import Right
from warning_dispatch.model.views import CallOutView, SuperiorList
from warning_dispatch.ports import ReadModels
from warning_dispatch.web.access import Access
from warning_dispatch.web.bureau import WITH_SCRIPT, BureauPages

MOST_SHOWN: Final = 10
"""Running call-outs on the page; more than a few at a time there never are."""
RELOAD_AFTER: Final = 20
"""Seconds after which the page looks again by itself."""


@dataclass(frozen=True, slots=True)
class AreaCallOut:
    """A call-out as far as it concerns somebody's units."""

    view: CallOutView
    lists: tuple[SuperiorList, ...]

    def sum(self, name: str) -> int:
        """A count over all the lists."""
        return sum(int(getattr(one, name)) for one in self.lists)

    @property
    def silent(self) -> int:
        """Units on the lists: not called, called in vain, heard without confirming, told by somebody else."""
        return sum(one.listed for one in self.lists)


class AreaPage:
    """The page of a county's officers."""

    def __init__(self, read: ReadModels, access: Access, bureau: BureauPages) -> None:
        """The parts are wired in application.py."""
        self._read = read
        self._access = access
        self._bureau = bureau

    async def answer(self, request: Request) -> Response:
        """What runs, and how the own units stand."""
        views = await to_thread.run_sync(self._live)
        shown = [await self._of_area(request, view) for view in views]
        units = self._access.units(request, Right.SEE) or ()
        fields = {"callouts": [one for one in shown if one.lists], "units": units, "reload": RELOAD_AFTER}
        return self._bureau.show(request, "bureau/area.html", fields, policy=WITH_SCRIPT)

    def _live(self) -> Sequence[CallOutView]:
        return self._read.callouts(live_only=True, limit=MOST_SHOWN)

    async def _of_area(self, request: Request, view: CallOutView) -> AreaCallOut:
        lists = await to_thread.run_sync(self._read.superior_lists, view.id)
        own = await self._access.among(request, Right.SEE, [one.unit_code for one in lists if one.unit_code])
        return AreaCallOut(view, tuple(one for one in lists if one.unit_code in own))
