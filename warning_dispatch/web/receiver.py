"""/r/{token}: the page behind a receiver's link. GET shows, POST confirms, and nothing else ever does.

The button's answer is a redirect, so that going back or reloading shows the state and never asks to send again.
Guessing is bounded by the 80 bits of a token, and slowed and refused by address (guesses.py); whoever has a right link is
never kept out by the guesses of others behind the same address.
"""

from __future__ import annotations

import re
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warning_dispatch.errors import DispatchError, NotFoundError, RefusedError
from warning_dispatch.model.states import LIVE_CALLOUT, CalleeState, CallOutState
from warning_dispatch.model.views import LinkUnit, LinkView
from warning_dispatch.ports import Desk, ReadModels
from warning_dispatch.superior_ports import SuperiorReadings
from warning_dispatch.web.catalogues import asked_language
from warning_dispatch.web.failures import Failures
from warning_dispatch.web.guesses import Guesses
from warning_dispatch.web.pages import Pages

TOKEN: Final = re.compile(r"([A-Za-z2-7]{16})(?![A-Za-z0-9])")
"""16 characters base32, written in small letters; a person may type capitals. What a chat program glues to the end of a link (。 or a bracket) is passed over."""
AREAS_SHOWN: Final = 8
PREFETCH_HEADERS: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_ANSWERED: Final = (CalleeState.ACKNOWLEDGED, CalleeState.DUTY_ANSWERED)
ENDINGS: Final = {CallOutState.CANCELLED: "lifted", CallOutState.SUPERSEDED: "superseded"}


class ReceiverPage:
    """Shows a warning to one receiver and takes their "received"."""

    def __init__(
        self,
        read: ReadModels,
        desk: Desk,
        pages: Pages,
        failures: Failures,
        guesses: Guesses,
        superiors: SuperiorReadings | None = None,
    ) -> None:
        """The read models show, the desk records. `superiors` None: nobody is shown the way to a list of their own."""
        self._read = read
        self._desk = desk
        self._pages = pages
        self._failures = failures
        self._guesses = guesses
        self._superiors = superiors

    async def answer(self, request: Request) -> Response:
        """GET and HEAD show, POST confirms."""
        token = token_in(str(request.path_params["token"]))
        if token is None:
            return await self._guesses.wrong_link(request, self._failures)
        try:
            if request.method == "POST":
                return await self._confirm(request, token)
            return await self._show(request, token)
        except NotFoundError:
            return await self._guesses.wrong_link(request, self._failures)

    async def _show(self, request: Request, token: str) -> Response:
        view = await to_thread.run_sync(self._read.link, token)
        words = self._pages.words_for(request, view.language)
        if view.own:
            return self._pages.styled("receiver_self.html", words, {"view": view, "confirmed": view.last_confirmed})
        fields = {
            "view": view,
            "list_at": await self._list_at(request, token, view),
            "feedback_at": self._feedback_at(request, token),
            **page_fields(view),
        }
        return self._pages.styled("receiver.html", words, fields)

    def _feedback_at(self, request: Request, token: str) -> str:
        """Where whoever has confirmed may report; empty where nobody keeps it."""
        language = asked_language(request.query_params.get("lang"))
        return f"{token}/feedback" + (f"?lang={language}" if language else "") if self._superiors else ""

    async def _list_at(self, request: Request, token: str, view: LinkView) -> str:
        """Where a superior who has answered finds its own units; empty for everybody else."""
        if self._superiors is None or view.callout_state not in LIVE_CALLOUT:
            return ""
        if all(unit.confirmed_at is None for unit in view.units):
            return ""
        if not await to_thread.run_sync(self._superiors.has_list, token):
            return ""
        language = asked_language(request.query_params.get("lang"))
        return f"{token}/list" + (f"?lang={language}" if language else "")

    async def _confirm(self, request: Request, token: str) -> Response:
        """1. Refuse what a machine read ahead. 2. Record. 3. Send the browser to the page that shows it."""
        if is_prefetch(request):
            return self._failures.page(request, "prefetch", 403)
        try:
            await self._desk.confirm_link(token)
        except RefusedError:
            pass  # too late to count: the page says why (lifted, replaced, ended)
        except NotFoundError:
            raise
        except DispatchError:
            return self._failures.page(request, "unsaved", 503)
        language = asked_language(request.query_params.get("lang"))
        return RedirectResponse(token + (f"?lang={language}" if language else ""), status_code=303)


def token_in(text: str) -> str | None:
    """The token at the start of a path's last part; None when it has not the form of one."""
    found = TOKEN.match(text)
    return found.group(1).lower() if found else None


def is_prefetch(request: Request) -> bool:
    """Whether the request says of itself that no person made it."""
    said = " ".join(request.headers.get(name, "") for name in PREFETCH_HEADERS).lower()
    return any(word in said for word in ("prefetch", "prerender", "preview"))


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
