"""/r/{token}/measures: what a receiver's units are asked to carry out, ticked one by one. GET shows, POST ticks.

A page holds so many measures that it stays small for an old phone; a clerk of forty villages goes through several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from anyio import to_thread
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warning_dispatch.errors import RefusedError
from warning_dispatch.model.response import REMARK_LENGTH, AskedList, AskedUnit
from warning_dispatch.response_ports import ResponseParts
from warning_dispatch.web.filing_forms import text, whole
from warning_dispatch.web.filing_visit import Visit, form_of
from warning_dispatch.web.link_door import WARNING, LinkDoor

ITEMS: Final = 16
"""Measures on a page: with a field for each remark it stays below 15 kB."""
Tick = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Written:
    """A form as it was sent: the boxes that were ticked, and every remark by its box."""

    ticked: frozenset[str] = frozenset()
    remarks: Mapping[str, str] = field(default_factory=dict)


NOTHING: Final = Written()


class MeasuresPage:
    """For whoever has answered; everybody else is sent to the page of the warning."""

    def __init__(self, parts: ResponseParts, door: LinkDoor) -> None:
        """`parts`: what is asked, and who keeps the ticks."""
        self._read = parts.read
        self._desk = parts.desk
        self._door = door

    async def answer(self, request: Request) -> Response:
        """GET and HEAD show, POST ticks."""
        return await self._door.answer(request, WARNING, self._show, self._tick)

    async def _show(self, visit: Visit) -> Response:
        asked = await to_thread.run_sync(self._read.asked, visit.token)
        if asked is None or not asked.answered:
            return RedirectResponse(f"{visit.home}{visit.query}", status_code=303)
        return self._page(visit, asked, whole(visit.request.query_params.get("page"), 1))

    def _page(
        self,
        visit: Visit,
        asked: AskedList,
        wanted: int,
        notice: str = "",
        written: Written = NOTHING,
        status: int = 200,
    ) -> Response:
        """`notice`: why nothing was kept of what was `written`, which stays in its fields."""
        pages = pages_of([one for one in asked.units if one.answered])
        number = min(max(1, wanted), len(pages))
        words = visit.words
        fields = {
            "asked": asked,
            "units": pages[number - 1],
            "number": number,
            "pages": len(pages),
            "several": len(asked.units) > 1,
            "notice": notice,
            "written": written.remarks,
            "ticked": written.ticked,
            "long": words.text("measures.too_long", most=REMARK_LENGTH),
            "most": REMARK_LENGTH,
            "back": f"{visit.home}{visit.query}",
            "query": visit.query,
        }
        return self._door.pages.styled("receiver_measures.html", words, fields, status=status)

    async def _tick(self, visit: Visit) -> Response:
        """What is refused is told by the list itself; nothing of a refused form is kept."""
        form = await form_of(visit.request)
        page, written = whole(form.get("page"), 1), written_in(form)
        ticks = ticks_in(form)
        if not ticks:
            why = "measures.nothing" if ticks is not None else "measures.unreadable"
            return await self._refused(visit, page, visit.words.text(why), written)
        if any(len(remark) > REMARK_LENGTH for remark in written.remarks.values()):
            return await self._refused(visit, page, visit.words.text("measures.too_long", most=REMARK_LENGTH), written)
        try:
            await self._desk.tick(visit.token, ticks)
        except RefusedError as refusal:
            chinese, _, english = str(refusal).partition(" / ")
            why = chinese if visit.words.language == "zh_CN" else english
            return await self._refused(visit, page, why, written, 409)
        joint = "&" if visit.query else "?"
        return RedirectResponse(f"measures{visit.query}{joint}page={page}", status_code=303)

    async def _refused(self, visit: Visit, page: int, notice: str, written: Written, status: int = 422) -> Response:
        asked = await to_thread.run_sync(self._read.asked, visit.token)
        if asked is None or not asked.answered:
            return self._door.failures.page(visit.request, "not_asked", 409)
        return self._page(visit, asked, page, notice, written, status)


def written_in(form: FormData) -> Written:
    """Everything of a form, as it was written."""
    remarks = {name[2:]: text(form, name) for name in form if name.startswith("r:")}
    return Written(frozenset(map(str, form.getlist("done"))), remarks)


def ticks_in(form: FormData) -> Sequence[Tick] | None:
    """(callee, measure, remark) of every box that was ticked; None: one of them is no box of ours."""
    found = []
    for value in form.getlist("done"):
        callee, colon, action = str(value).partition(":")
        if not colon or not whole(callee) or not action or len(action) > REMARK_LENGTH:
            return None
        found.append((whole(callee), action, text(form, f"r:{callee}:{action}")))
    return found


def pages_of(units: Sequence[AskedUnit]) -> list[list[AskedUnit]]:
    """The units in pages of at most ITEMS measures; at least one page, at least one unit on each."""
    pages: list[list[AskedUnit]] = [[]]
    count = 0
    for unit in units:
        if pages[-1] and count + len(unit.items) > ITEMS:
            pages.append([])
            count = 0
        pages[-1].append(unit)
        count += len(unit.items)
    return pages
