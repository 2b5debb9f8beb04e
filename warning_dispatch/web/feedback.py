"""/r/{token}/feedback: a few words after the answer, all of them optional. GET shows the form, POST keeps what was written."""

from __future__ import annotations

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warning_dispatch.errors import DispatchError, NotFoundError, RefusedError
from warning_dispatch.model.feedback import LONGEST, Feedback
from warning_dispatch.ports import ReadModels
from warning_dispatch.superior_ports import SuperiorDesk, SuperiorReadings
from warning_dispatch.web.failures import Failures
from warning_dispatch.web.filing_forms import text, whole
from warning_dispatch.web.filing_visit import Visit, form_of
from warning_dispatch.web.guesses import Guesses
from warning_dispatch.web.pages import Pages
from warning_dispatch.web.receiver import is_prefetch, token_in

MOST_MOVED = 999_999


class FeedbackPage:
    """For whoever has confirmed; everybody else is sent to the page of the warning."""

    def __init__(
        self,
        read: ReadModels,
        after: SuperiorReadings,
        desk: SuperiorDesk,
        pages: Pages,
        failures: Failures,
        guesses: Guesses,
    ) -> None:
        """`read` has the link, `after` when it was last used to report."""
        self._read = read
        self._after = after
        self._desk = desk
        self._pages = pages
        self._failures = failures
        self._guesses = guesses

    async def answer(self, request: Request) -> Response:
        """GET and HEAD show, POST keeps."""
        token = token_in(str(request.path_params["token"]))
        if token is None:
            return await self._guesses.wrong_link(request, self._failures)
        visit = Visit(request, token, self._pages.words_for(request))
        try:
            if request.method == "POST":
                return await self._keep(visit)
            return await self._show(visit)
        except NotFoundError:
            return await self._guesses.wrong_link(request, self._failures)

    async def _show(self, visit: Visit) -> Response:
        view = await to_thread.run_sync(self._read.link, visit.token)
        back = f"{visit.home}{visit.query}"
        if view.own or all(unit.confirmed_at is None for unit in view.units):
            return RedirectResponse(back, status_code=303)
        words = self._pages.words_for(visit.request, view.language)
        reported_at = await to_thread.run_sync(self._after.reported_at, visit.token)
        fields = {"reported_at": reported_at, "back": back, "query": visit.query}
        return self._pages.styled("receiver_feedback.html", words, fields)

    async def _keep(self, visit: Visit) -> Response:
        """What a machine read ahead is kept nowhere; what is refused is told by the page itself."""
        if is_prefetch(visit.request):
            return self._failures.page(visit.request, "prefetch", 403)
        form = await form_of(visit.request)
        moved = text(form, "moved")
        said = Feedback(
            on_post=bool(form.get("on_post")),
            measures=text(form, "measures")[:LONGEST],
            moved=min(whole(moved, MOST_MOVED), MOST_MOVED) if moved.isdecimal() else None,
            dangers=text(form, "dangers")[:LONGEST],
        )
        try:
            await self._desk.feed_back(visit.token, said)
        except RefusedError:
            return self._failures.page(visit.request, "feedback_full", 409)
        except NotFoundError:
            raise
        except DispatchError:
            return self._failures.page(visit.request, "unsaved", 503)
        return RedirectResponse(f"feedback{visit.query}", status_code=303)
