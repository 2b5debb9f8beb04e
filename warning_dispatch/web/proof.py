"""/p/{token}: the holder of a number says that it is theirs. GET shows, POST says; one button, nothing to type."""

from __future__ import annotations

from contextlib import suppress

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warning_dispatch.errors import RefusedError
from warning_dispatch.renewal_ports import RenewalDesk, RenewalReadings
from warning_dispatch.web.filing_visit import Visit, form_of
from warning_dispatch.web.link_door import PROOF, LinkDoor


class ProofDoor:
    """The page behind a test message."""

    def __init__(self, read: RenewalReadings, desk: RenewalDesk, door: LinkDoor) -> None:
        """The readings show, the desk records."""
        self._read = read
        self._desk = desk
        self._door = door

    async def answer(self, request: Request) -> Response:
        """GET and HEAD show, POST proves or denies."""
        return await self._door.answer(request, PROOF, self._show, self._say)

    async def _show(self, visit: Visit) -> Response:
        view = await to_thread.run_sync(self._read.proof_page, visit.token)
        fields = {"view": view, "home": visit.home, "query": visit.query, "notice": ""}
        return self._door.pages.styled("proof.html", visit.words, fields)

    async def _say(self, visit: Visit) -> Response:
        """Record what the holder said; then show what stands now, also when it was too late."""
        said = (await form_of(visit.request)).get("do")
        if said not in ("prove", "deny"):
            return await self._show(visit)
        with suppress(RefusedError):
            if said == "prove":
                await self._desk.prove(visit.token)
            else:
                await self._desk.deny(visit.token)
        return RedirectResponse(f"{visit.home}{visit.query}", status_code=303)
