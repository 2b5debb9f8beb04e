"""/r/{token}: the page behind a receiver's link. GET shows, POST confirms, and nothing else ever does.

The button's answer is a redirect, so that going back or reloading shows the state and never asks to send again. Wrong links
are the door's affair (link_door.py).
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from warning_dispatch.errors import RefusedError
from warning_dispatch.model.states import LIVE_CALLOUT, CalleeState, CallOutState
from warning_dispatch.model.views import LinkUnit, LinkView
from warning_dispatch.ports import Desk, ReadModels
from warning_dispatch.response_ports import ResponseReadings
from warning_dispatch.superior_ports import SuperiorReadings
from warning_dispatch.web.failures import ApiRefusalError
from warning_dispatch.web.filing_visit import Visit, form_of
from warning_dispatch.web.link_door import WARNING, LinkDoor

AREAS_SHOWN: Final = 8
SHOWN: Final = "shown"
"""Field of the bureau's own page: the newest alarm on it."""
SHOWN_LIMIT: Final = 2_000
"""Bytes of that form."""
_ID: Final = re.compile(r"[0-9]{1,18}")
"""What a database takes for an id. A forged one claims no more than alarms that this very self-call rings for."""
_ANSWERED: Final = (CalleeState.ACKNOWLEDGED, CalleeState.DUTY_ANSWERED)
ENDINGS: Final = {CallOutState.CANCELLED: "lifted", CallOutState.SUPERSEDED: "superseded"}


class ReceiverPage:
    """Shows a warning to one receiver and takes their "received"."""

    def __init__(
        self,
        read: ReadModels,
        desk: Desk,
        door: LinkDoor,
        superiors: SuperiorReadings | None = None,
        response: ResponseReadings | None = None,
    ) -> None:
        """The read models show, the desk records. `superiors` None: nobody is shown the way to a list of their own.

        `response` None: nobody is asked for measures.
        """
        self._response = response
        self._read = read
        self._desk = desk
        self._door = door
        self._superiors = superiors

    async def answer(self, request: Request) -> Response:
        """GET and HEAD show, POST confirms."""
        return await self._door.answer(request, WARNING, self._show, self._confirm)

    async def _show(self, visit: Visit) -> Response:
        view = await to_thread.run_sync(self._read.link, visit.token)
        words = self._door.pages.words_for(visit.request, view.language)
        if view.own:
            fields: dict[str, object] = {"view": view, "confirmed": view.last_confirmed}
            return self._door.pages.styled("receiver_self.html", words, fields)
        fields = {
            "view": view,
            "list_at": await self._list_at(visit, view),
            "asked": await to_thread.run_sync(self._response.asked, visit.token) if self._response else None,
            "measures_at": f"{visit.token}/measures{visit.query}",
            "feedback_at": f"{visit.token}/feedback{visit.query}" if self._superiors else "",
            **page_fields(view),
        }
        return self._door.pages.styled("receiver.html", words, fields)

    async def _list_at(self, visit: Visit, view: LinkView) -> str:
        """Where a superior who has answered finds its own units; empty for everybody else."""
        if self._superiors is None or view.callout_state not in LIVE_CALLOUT:
            return ""
        if all(unit.confirmed_at is None for unit in view.units):
            return ""
        if not await to_thread.run_sync(self._superiors.has_list, visit.token):
            return ""
        return f"{visit.token}/list{visit.query}"

    async def _confirm(self, visit: Visit) -> Response:
        """Record, then send the browser to the page that shows it; too late to count, it says why (lifted, replaced, ended)."""
        with suppress(RefusedError):
            await self._desk.confirm_link(visit.token, await _shown(visit.request))
        return RedirectResponse(f"{visit.token}{visit.query}", status_code=303)


async def _shown(request: Request) -> int | None:
    """Up to which alarm the page of the bureau's own call told; None where nothing readable says so: a tap counts all the same."""
    try:
        said = (await form_of(request, SHOWN_LIMIT)).get(SHOWN)
    except (ApiRefusalError, ClientDisconnect):
        return None
    return int(said) if isinstance(said, str) and _ID.fullmatch(said) else None


def page_fields(view: LinkView) -> dict[str, object]:
    """What the template needs beside the view: what stands at the bottom, and the first few areas."""
    return {
        "ending": ending_of(view),
        "groups": by_superior(view),
        "confirmed": view.last_confirmed,
        "still_asked": any(unit.state is CalleeState.RELAYED for unit in view.units),
        "unit_answered": view.open and all(unit.state in _ANSWERED for unit in view.units),
        "areas": view.area_names[:AREAS_SHOWN],
        "more_areas": len(view.area_names) > AREAS_SHOWN,
    }


def by_superior(view: LinkView) -> list[tuple[str, list[LinkUnit]]]:
    """The units as (superiors, units below them), in their order: a clerk's forty villages fit a small page."""
    groups: dict[str, list[LinkUnit]] = {}
    for unit in view.units:
        groups.setdefault(unit.path.replace(" ", ""), []).append(unit)
    return list(groups.items())


def ending_of(view: LinkView) -> str:
    """Name of the words about a call-out that is over; empty while it lives."""
    return "" if view.callout_state in LIVE_CALLOUT else ENDINGS.get(view.callout_state, "ended")
