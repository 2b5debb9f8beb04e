"""/p/{token}: the holder of a number says that it is theirs. GET shows, POST says; one button, nothing to type."""

from __future__ import annotations

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warning_dispatch.errors import NotFoundError, RefusedError, StoreError
from warning_dispatch.ports import RenewalDesk, RenewalReadings
from warning_dispatch.web.failures import Failures
from warning_dispatch.web.filing_visit import Visit, form_of
from warning_dispatch.web.pages import Pages
from warning_dispatch.web.receiver import is_prefetch, token_in


class ProofDoor:
    """The page behind a test message."""

    def __init__(self, read: RenewalReadings, desk: RenewalDesk, pages: Pages, failures: Failures) -> None:
        """The readings show, the desk records."""
        self._read = read
        self._desk = desk
        self._pages = pages
        self._failures = failures

    async def answer(self, request: Request) -> Response:
        """GET and HEAD show, POST proves or denies."""
        token = token_in(str(request.path_params["token"]))
        if token is None:
            return self._failures.page(request, "proof", 404)
        visit = Visit(request, token, self._pages.words_for(request))
        try:
            if request.method == "POST":
                return await self._say(visit)
            view = await to_thread.run_sync(self._read.proof_page, token)
        except NotFoundError:
            return self._failures.page(request, "proof", 404)
        except StoreError:
            return self._failures.page(request, "filing_unsaved", 503)
        fields = {"view": view, "home": visit.home, "query": visit.query, "notice": ""}
        return self._pages.styled("proof.html", visit.words, fields)

    async def _say(self, visit: Visit) -> Response:
        """1. Refuse what a machine read ahead. 2. Record what the holder said. 3. Show what stands now, also when it was too late."""
        if is_prefetch(visit.request):
            return self._failures.page(visit.request, "filing_prefetch", 403)
        said = (await form_of(visit.request)).get("do")
        try:
            if said == "prove":
                await self._desk.prove(visit.token)
            elif said == "deny":
                await self._desk.deny(visit.token)
        except RefusedError:
            pass  # over, or answered meanwhile: the page says so
        return RedirectResponse(f"{visit.home}{visit.query}", status_code=303)
