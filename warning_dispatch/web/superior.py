"""/r/{token}/list: a superior's own units that have not answered, on a phone: dial, and record who was told in person.

GET shows, POST records. Whoever only has the link is asked for the last four digits of the phone it was sent to, once;
then a cookie knows this phone. A unit is recorded on a page of its own: a thumb that slips must not silence a village.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from hashlib import sha256
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warning_dispatch.errors import NotFoundError, RefusedError, StoreError
from warning_dispatch.model.feedback import LONGEST
from warning_dispatch.model.superior_views import OwnList
from warning_dispatch.response_ports import ResponseReadings
from warning_dispatch.superior_ports import SuperiorDesk, SuperiorReadings
from warning_dispatch.web.filing_forms import text, whole
from warning_dispatch.web.filing_visit import Visit, form_of
from warning_dispatch.web.guesses import DIGITS
from warning_dispatch.web.link_door import WARNING, Answer, LinkDoor, is_prefetch

PASSED_FOR: Final = 3 * 86_400
"""Seconds for which a browser keeps that the step was passed: longer than a call-out lives."""
PAGE: Final = 15
"""Units on a page: with two people each it stays below 15 kB."""


class SuperiorPage:
    """The list of whoever answers for units that others stand below."""

    def __init__(
        self,
        read: SuperiorReadings,
        desk: SuperiorDesk,
        door: LinkDoor,
        response: ResponseReadings | None = None,
        *,
        secure: bool,
    ) -> None:
        """The readings show, the desk records. `secure`: people come by https, so the cookie may insist on it.

        `response` adds up what the units below have reported; None: it is not shown.
        """
        self._response = response
        self._read = read
        self._desk = desk
        self._door = door
        self._secure = secure

    async def answer(self, request: Request) -> Response:
        """GET and HEAD show, POST passes the step or records."""
        return await self._door.answer(
            request, WARNING, partial(self._or_home, self._show), partial(self._or_home, self._posted)
        )

    async def _or_home(self, answer: Answer, visit: Visit) -> Response:
        """A right link without a list (no longer, not yet) goes to its own page; a wrong one is a wrong one."""
        try:
            return await answer(visit)
        except NotFoundError:
            if not await to_thread.run_sync(self._read.is_link, visit.token):
                raise
            return RedirectResponse(f"{visit.home}{visit.query}", status_code=303)

    # --- GET ----------------------------------------------------------------------------------------------

    async def _show(self, visit: Visit) -> Response:
        """One unit that was asked for, else a page of the list."""
        asked = whole(visit.request.query_params.get("u"))
        if asked:
            return await self._asked(visit, asked)
        wanted = max(1, whole(visit.request.query_params.get("page"), 1))
        page = await self._list(visit, offset=(wanted - 1) * PAGE)
        if page.step_needed:
            return self._step(visit, page)
        codes = [code for code in page.codes if code.isdecimal()]
        below = None
        if self._response and codes:
            below = await to_thread.run_sync(self._response.sum_of, page.link.callout_id, codes)
        fields = {"number": wanted, "size": PAGE, "more": page.total > wanted * PAGE, "below": below}
        return self._made(visit, page, "receiver_list.html", fields)

    async def _asked(self, visit: Visit, callee: int, said: str = "", notice: str = "") -> Response:
        """Whether this one was told, asked once more. `said`: what stands in the field; `notice`: why it was not kept."""
        page = await self._list(visit, only=callee)
        if not page.units:
            return self._to_list(visit)
        fields = {"unit": page.units[0], "said": said, "notice": notice and visit.words.text(notice)}
        return self._made(visit, page, "receiver_told.html", fields, status=422 if notice else 200)

    async def _list(self, visit: Visit, *, offset: int = 0, only: int = 0) -> OwnList:
        """The list in the receiver's language. A browser that reads ahead is shown no number."""
        passed = "" if is_prefetch(visit.request) or visit.request.method == "HEAD" else visit.passed
        page = await to_thread.run_sync(
            lambda: self._read.own_list(visit.token, passed, limit=PAGE, offset=offset, only=only),
            abandon_on_cancel=True,
        )
        visit.words = self._door.pages.words_for(visit.request, page.link.language)
        return page

    def _step(self, visit: Visit, page: OwnList, name: str = "", four: str = "", status: int = 200) -> Response:
        """The step. `name`: of the words about the digits that were sent."""
        fields = {"notice": name and visit.words.text(name), "four": four}
        return self._made(visit, page, "receiver_step.html", fields, status=status)

    def _made(
        self, visit: Visit, page: OwnList, template: str, fields: Mapping[str, object], *, status: int = 200
    ) -> Response:
        common = {
            "page": page,
            "view": page.link,
            "back": f"{visit.home}{visit.query}",
            "query": visit.query,
            "notice": "",
            "below": None,
        }
        return self._door.pages.styled(template, visit.words, {**common, **fields}, status=status)

    def _to_list(self, visit: Visit) -> RedirectResponse:
        return RedirectResponse(f"list{visit.query}", status_code=303)

    # --- POST ---------------------------------------------------------------------------------------------

    async def _posted(self, visit: Visit) -> Response:
        """The step, or one unit. Who has answered meanwhile, or lacks the step, sees either on the list."""
        form = await form_of(visit.request)
        if form.get("do") == "step":
            return await self._pass(visit, text(form, "four"))
        callee, words = whole(form.get("u")), text(form, "words")
        if len(words) > LONGEST:
            return await self._asked(visit, callee, words, "list.long")
        with suppress(RefusedError):
            await self._desk.told(visit.token, callee, visit.passed, words)
        return self._to_list(visit)

    async def _pass(self, visit: Visit, four: str) -> Response:
        """The step. While too many were wrong, right ones are not looked at either."""
        link, guesses = sha256(visit.token.encode()).hexdigest()[:12], self._door.guesses
        page = await self._list(visit)
        seconds = guesses.begin(DIGITS, link)
        if seconds:
            answer = self._step(visit, page, "list.locked", four, 429)
            answer.headers["Retry-After"] = str(seconds)
            return answer
        try:
            passed = await self._desk.pass_step(visit.token, four)
        except RefusedError:
            guesses.failed(DIGITS, link)
            return self._step(visit, page, "list.wrong", four, 409)
        except StoreError:
            guesses.unseen(DIGITS, link)
            raise
        guesses.right(DIGITS, link)
        return visit.remember(self._to_list(visit), passed, PASSED_FOR, secure=self._secure)
