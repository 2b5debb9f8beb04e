"""/f/{token}: where a registrar confirms, corrects and hands in for the yearly refresh (年度更新备案).

GET shows, POST changes, and nothing else ever does: what a chat program or a browser reads ahead leaves everything as it
was. After each POST the browser is sent to a page that shows the state, so that going back or reloading sends nothing
again; only what was refused is answered with the page itself, so that nothing that somebody wrote is lost.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final
from urllib.parse import quote

from anyio import to_thread
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warning_dispatch.errors import FindingsError, RefusedError
from warning_dispatch.model.renewal_views import FiledUnit, HandedIn, RenewalPage
from warning_dispatch.registry.workbook_export import template_bytes
from warning_dispatch.renewal_ports import RenewalDesk, RenewalReadings
from warning_dispatch.web import filing_forms, filing_view
from warning_dispatch.web.filing_forms import Form
from warning_dispatch.web.filing_visit import Visit, as_units, asked_unit, form_of, path_of, refusals, unit_of
from warning_dispatch.web.link_door import FILING, LinkDoor

PASSED_FOR: Final = 30 * 86_400
"""Seconds for which a browser keeps that the step was passed."""
WORKBOOK_LIMIT: Final = 10 << 20
"""Bytes of a workbook that is handed in."""
MOST_NOTE: Final = 200
"""Characters of a note to whoever has to correct a filing."""
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def may_act(page: RenewalPage) -> bool:
    """Whether the page shows units and takes what is handed in: the campaign runs, and the step is passed."""
    return page.open and not page.step_needed


Show = Callable[[Visit, RenewalPage], Awaitable[Response]]


class FilingPage:
    """The registrar's pages."""

    def __init__(self, read: RenewalReadings, desk: RenewalDesk, door: LinkDoor, *, secure: bool) -> None:
        """The readings show, the desk acts. `secure`: people come by https, so the cookie may insist on it."""
        self._read = read
        self._desk = desk
        self._door = door
        self._secure = secure

    async def overview(self, request: Request) -> Response:
        """GET: the list, or the one unit. POST: the step, units confirmed, a test message asked for."""
        return await self._answered(request, self._show, self._act)

    async def unit(self, request: Request) -> Response:
        """GET: one unit with all that can be done."""
        return await self._answered(request, self._show_unit, None)

    async def correct(self, request: Request) -> Response:
        """GET: the form, filled in. POST: everybody who answers for the unit from now on."""
        return await self._answered(request, self._show_correct, self._correct)

    async def successor(self, request: Request) -> Response:
        """GET: who goes and who comes. POST: names the successor."""
        return await self._answered(request, self._show_successor, self._name_successor)

    async def sheet(self, request: Request) -> Response:
        """POST: the filing sheet in clear, for its stamp; it is on the record before it is shown."""
        return await self._answered(request, self._show_unit, self._sheet)

    async def workbook(self, request: Request) -> Response:
        """GET: how it is done. POST: takes a workbook in, or only looks at it."""
        return await self._answered(request, self._show_workbook, self._workbook)

    async def template(self, request: Request) -> Response:
        """GET: the form with the registrar's units filled in."""
        return await self._answered(request, self._template, None)

    async def approve(self, request: Request) -> Response:
        """GET: what waits for this registrar. POST: approves one, or sends it back."""
        return await self._answered(request, self._show_awaiting, self._approve)

    # --- what all have in common --------------------------------------------------------------------------

    async def _answered(self, request: Request, show: Show, act: Show | None) -> Response:
        return await self._door.answer(request, FILING, partial(self._shown, show), partial(self._posted, act))

    async def _page(self, visit: Visit) -> RenewalPage:
        """As it stands now. NotFoundError: no such link."""
        return await to_thread.run_sync(self._read.renewal_page, visit.token, visit.passed)

    async def _shown(self, show: Show, visit: Visit) -> Response:
        page = await self._page(visit)
        return await show(visit, page) if may_act(page) else self._closed(visit, page)

    async def _posted(self, act: Show | None, visit: Visit) -> Response:
        """Before the step nothing can be done, and nothing after the end."""
        page = await self._page(visit)
        if act is None or not may_act(page):
            return await self._step_or_closed(visit, page)
        return await act(visit, page)

    def _closed(self, visit: Visit, page: RenewalPage, wrong: str = "", status: int = 200, four: str = "") -> Response:
        """What is shown instead: that it is over, or the step. `wrong`: why the digits `four` were not taken."""
        template = "filing/step.html" if page.open else "filing/over.html"
        return self._made(visit, page, template, {"wrong": wrong, "four": four}, status=status)

    async def _step_or_closed(self, visit: Visit, page: RenewalPage) -> Response:
        """The step itself, from whatever page it was sent; anything else waits for it."""
        if not page.open or not page.step_needed:
            return self._closed(visit, page, status=409)
        form = await form_of(visit.request)
        if form.get("do") != "step":
            return self._closed(visit, page, visit.words.text("filing.step.first"), 409)
        four = filing_forms.text(form, "four")
        try:
            passed = await self._desk.pass_step(visit.token, four)
        except RefusedError as error:
            return self._closed(visit, page, filing_view.in_words(str(error), visit.words), 409, four)
        return visit.remember(self._to(visit, ""), passed, PASSED_FOR, secure=self._secure)

    def _made(
        self,
        visit: Visit,
        page: RenewalPage,
        template: str,
        fields: Mapping[str, object],
        *,
        back: str | None = None,
        status: int = 200,
    ) -> Response:
        """A page from a template. `back`: what the way back leads to, below the token's own page; None: there is none."""
        words = visit.words
        common = {
            "page": page,
            "home": visit.home,
            "query": visit.query,
            "back": None if back is None else f"{visit.home}{back}{visit.query}",
            "due": filing_view.day_text(page.due, words),
            "notice": "",
            "wrong": "",
            "at": 0,
            "note": "",
            "refused": (),
            "by_text": lambda one: filing_view.in_words(one.by, words),
            "said": lambda text: filing_view.in_words(text, words),
            "mark": lambda number: filing_view.mark(number, words),
            "shown": lambda person: filing_view.shown(person, words),
            "problems": filing_view.problems,
            "can_confirm": filing_view.can_confirm,
            "can_ask": filing_view.can_ask,
            "by_call": filing_view.by_call,
            "state_of": filing_view.state_of,
        }
        return self._door.pages.styled(template, words, {**common, **fields}, status=status)

    def _to(self, visit: Visit, path: str) -> RedirectResponse:
        """Off to the page that shows what has become of it."""
        return RedirectResponse(f"{visit.home}{path}{visit.query}", status_code=303)

    # --- the overview -------------------------------------------------------------------------------------

    async def _show(self, visit: Visit, page: RenewalPage) -> Response:
        return self._list(visit, page)

    def _list(
        self, visit: Visit, page: RenewalPage, notice: str = "", refused: Sequence[str] = (), status: int = 200
    ) -> Response:
        """The list of units; of a registrar with one unit that one."""
        if len(page.units) == 1:
            fields: dict[str, object] = {"unit": page.units[0], "only": True, "notice": notice or " ".join(refused)}
            return self._made(visit, page, "filing/unit.html", fields, status=status)
        wanted = filing_forms.whole(visit.request.query_params.get("page"), 1)
        fields = {**filing_view.list_fields(page, wanted), "notice": notice, "refused": refused, "ticked": visit.ticked}
        return self._made(visit, page, "filing/list.html", fields, status=status)

    async def _act(self, visit: Visit, page: RenewalPage) -> Response:
        form = await form_of(visit.request)
        match form.get("do"):
            case "confirm":
                return await self._confirm(visit, page, form)
            case "proof":
                return await self._ask_proof(visit, page, form)
        return self._to(visit, "")

    async def _confirm(self, visit: Visit, page: RenewalPage, form: FormData) -> Response:
        units = filing_forms.pairs(form.getlist("u"))
        if not units:
            return self._list(visit, page, visit.words.text("filing.list.none_ticked"), status=422)
        visit.ticked = frozenset(code for code, _ in units)
        try:
            results = await self._desk.confirm_as_is(visit.token, units, passed=visit.passed)
        except RefusedError as error:
            return await self._refused(visit, str(error))
        if any(one.refused for one in results):
            names = {unit.unit_code: unit.name for unit in page.units}
            fresh = await self._page(visit)
            return self._list(visit, fresh, refused=refusals(results, names, visit.words), status=409)
        at = filing_forms.text(form, "at")
        return self._to(visit, f"/u/{quote(at)}" if at and len(page.units) > 1 else "")

    async def _ask_proof(self, visit: Visit, page: RenewalPage, form: FormData) -> Response:
        code, number = filing_forms.text(form, "unit"), filing_forms.whole(form.get("number"))
        try:
            await self._desk.ask_proof(visit.token, code, number, voice=bool(form.get("voice")), passed=visit.passed)
        except RefusedError as error:
            unit = unit_of(page, code)
            fields = {"unit": unit, "only": False, "notice": filing_view.in_words(str(error), visit.words)}
            return self._made(visit, page, "filing/unit.html", fields, back="", status=409)
        return self._to(visit, f"/u/{quote(code)}" if len(page.units) > 1 else "")

    async def _refused(self, visit: Visit, why: str) -> Response:
        """What the desk refused as a whole, in its own words, on the page as it stands now."""
        page = await self._page(visit)
        notice = filing_view.in_words(why, visit.words)
        return self._list(visit, page, notice, status=409) if may_act(page) else self._closed(visit, page, notice, 409)

    # --- one unit -----------------------------------------------------------------------------------------

    async def _show_unit(self, visit: Visit, page: RenewalPage) -> Response:
        fields = {"unit": asked_unit(visit, page), "only": len(page.units) == 1}
        return self._made(visit, page, "filing/unit.html", fields, back="")

    async def _show_correct(self, visit: Visit, page: RenewalPage) -> Response:
        unit = asked_unit(visit, page)
        return self._corrected(visit, page, unit, filing_forms.filled(unit))

    def _corrected(self, visit: Visit, page: RenewalPage, unit: FiledUnit, form: Form) -> Response:
        fields = {"unit": unit, "form": form}
        return self._made(
            visit, page, "filing/correct.html", fields, back=path_of(page, unit), status=422 if form.wrong else 200
        )

    async def _correct(self, visit: Visit, page: RenewalPage) -> Response:
        """Everything is taken, or nothing and each error stands beside its field with all that was written."""
        unit, sent = asked_unit(visit, page), await form_of(visit.request)
        form = filing_forms.written(unit, sent)
        if sent.get("more"):
            return self._corrected(visit, page, unit, filing_forms.with_room(form))
        prefixes, people = form.words()
        try:
            done = await self._desk.correct(visit.token, unit.unit_code, form.version, people, passed=visit.passed)
        except FindingsError as error:
            form.place(error.findings, visit.words, prefixes)
            return self._corrected(visit, page, unit, form)
        except RefusedError as error:
            form.top.append(filing_view.in_words(str(error), visit.words))
            return self._corrected(visit, page, unit, form)
        if done.refused:
            form.top.append(filing_view.in_words(done.refused, visit.words))
            return self._corrected(visit, page, unit, form)
        return self._to(visit, path_of(page, unit))

    async def _show_successor(self, visit: Visit, page: RenewalPage) -> Response:
        unit = asked_unit(visit, page)
        form = filing_forms.successor_form(unit, visit.request.query_params.get("who", ""))
        return self._succeeded(visit, page, unit, form)

    def _succeeded(self, visit: Visit, page: RenewalPage, unit: FiledUnit, form: Form) -> Response:
        fields = {"unit": unit, "form": form}
        return self._made(
            visit, page, "filing/successor.html", fields, back=path_of(page, unit), status=422 if form.wrong else 200
        )

    async def _name_successor(self, visit: Visit, page: RenewalPage) -> Response:
        unit, sent = asked_unit(visit, page), await form_of(visit.request)
        form = filing_forms.successor_written(unit, sent)
        leaving = next((one for one in unit.people if str(one.receiver_id) == form.value("who")), None)
        if leaving is None:
            form.errors["who"] = [visit.words.text("filing.form.who")]
            return self._succeeded(visit, page, unit, form)
        words = form.successor(leaving.role.key)
        try:
            done = await self._desk.name_successor(
                visit.token, unit.unit_code, form.version, leaving.receiver_id, words, passed=visit.passed
            )
        except FindingsError as error:
            form.place(error.findings, visit.words, {unit.people.index(leaving): ""})
            return self._succeeded(visit, page, unit, form)
        except RefusedError as error:
            form.top.append(filing_view.in_words(str(error), visit.words))
            return self._succeeded(visit, page, unit, form)
        if done.refused:
            form.top.append(filing_view.in_words(done.refused, visit.words))
            return self._succeeded(visit, page, unit, form)
        return self._to(visit, path_of(page, unit))

    async def _sheet(self, visit: Visit, page: RenewalPage) -> Response:
        unit = asked_unit(visit, page)
        try:
            sheet = await self._desk.own_sheet(visit.token, unit.unit_code, passed=visit.passed)
        except RefusedError as error:
            return await self._refused(visit, str(error))
        fields = {
            "sheet": sheet,
            "due": filing_view.day_text(sheet.due, visit.words),
            "back": f"{visit.home}{path_of(page, unit)}{visit.query}",
        }
        return self._door.pages.styled("sheet.html", visit.words, fields)

    # --- workbook -----------------------------------------------------------------------------------------

    async def _show_workbook(self, visit: Visit, page: RenewalPage) -> Response:
        return self._made(visit, page, "filing/workbook.html", {"done": None}, back="")

    async def _workbook(self, visit: Visit, page: RenewalPage) -> Response:
        form = await form_of(visit.request, WORKBOOK_LIMIT)
        file = form.get("file")
        content = await file.read(WORKBOOK_LIMIT + 1) if isinstance(file, UploadFile) else b""
        await form.close()
        if not isinstance(file, UploadFile) or not content or len(content) > WORKBOOK_LIMIT:
            wrong = visit.words.text("filing.workbook.no_file", mib=WORKBOOK_LIMIT >> 20)
            fields: dict[str, object] = {"done": None, "wrong": wrong}
            return self._made(visit, page, "filing/workbook.html", fields, back="", status=422)
        try:
            done = await self._desk.hand_in_workbook(
                visit.token, content, file.filename or "", dry_run=bool(form.get("look")), passed=visit.passed
            )
        except (RefusedError, FindingsError) as error:
            fields = {"done": None, "wrong": filing_view.in_words(str(error), visit.words)}
            return self._made(visit, page, "filing/workbook.html", fields, back="", status=422)
        fields = {"done": done, "placed": lambda one: filing_view.placed_text(one, visit.words)}
        status = 200 if done.taken or form.get("look") else 422
        return self._made(visit, page, "filing/workbook.html", fields, back="", status=status)

    async def _template(self, _visit: Visit, page: RenewalPage) -> Response:
        units = as_units(page)
        content = await to_thread.run_sync(template_bytes, units, units)
        name = quote(f"{page.own}.xlsx")
        disposition = f"attachment; filename=\"template.xlsx\"; filename*=UTF-8''{name}"
        return Response(content, media_type=XLSX, headers={"Content-Disposition": disposition})

    # --- approval -----------------------------------------------------------------------------------------

    async def _show_awaiting(self, visit: Visit, page: RenewalPage) -> Response:
        return self._made(visit, page, "filing/approve.html", {}, back="")

    async def _approve(self, visit: Visit, page: RenewalPage) -> Response:
        form = await form_of(visit.request)
        back, note = filing_forms.pairs(form.getlist("back")), filing_forms.text(form, "note")
        if back and not 0 < len(note) <= MOST_NOTE:
            wrong = visit.words.text("filing.approve.long" if note else "filing.approve.no_note", most=MOST_NOTE)
            fields: dict[str, object] = {"at": filing_forms.whole(back[0][0]), "note": note, "wrong": wrong}
            return self._made(visit, page, "filing/approve.html", fields, back="", status=422)
        try:
            results = await self._decided(visit, form)
        except (RefusedError, FindingsError) as error:
            fields = {"notice": filing_view.in_words(str(error), visit.words)}
            return self._made(visit, page, "filing/approve.html", fields, back="", status=409)
        if any(one.refused for one in results):
            names = {one.unit_code: one.name for one in page.awaiting}
            fresh = await self._page(visit)
            fields = {"refused": refusals(results, names, visit.words)}
            return self._made(visit, fresh, "filing/approve.html", fields, back="", status=409)
        return self._to(visit, "/approve")

    async def _decided(self, visit: Visit, form: FormData) -> Sequence[HandedIn]:
        back = filing_forms.pairs(form.getlist("back"))
        if back:
            key, version = back[0]
            note = filing_forms.text(form, "note")
            return [
                await self._desk.send_back(visit.token, filing_forms.whole(key), version, note, passed=visit.passed)
            ]
        sent = filing_forms.pairs(form.getlist("f"))
        filings = [(number, version) for key, version in sent if (number := filing_forms.whole(key))]
        return await self._desk.approve(visit.token, filings, passed=visit.passed) if filings else ()
