"""The bureau's pages of the register: its readiness, what changed in it, and how the yearly refresh goes.

They stand behind the same door as the live page until people can log in. GET shows; the few acts are forms with the name
of whoever acts, and a form that another site sent is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warning_dispatch.errors import FindingsError, NotFoundError, RefusedError, StoreError
from warning_dispatch.model.renewal import OPEN_FILING, FilingState
from warning_dispatch.model.renewal_views import HandedIn
from warning_dispatch.renewal_ports import RenewalDesk, RenewalReadings
from warning_dispatch.web import board_view, filing_forms, filing_view
from warning_dispatch.web.access import actor_of, csrf_of, visit_of
from warning_dispatch.web.catalogues import Catalogue, asked_language
from warning_dispatch.web.failures import Failures
from warning_dispatch.web.filing_visit import form_of
from warning_dispatch.web.origin import is_crossed
from warning_dispatch.web.pages import Pages
from warning_dispatch.web.register_look import RegisterLook

ROWS: Final = 200
"""Rows of a list on one page."""
STATES: Final[Mapping[str, Sequence[FilingState]]] = {
    "open": OPEN_FILING,
    "asked": (FilingState.ASKED,),
    "returned": (FilingState.RETURNED,),
    "handed_in": (FilingState.HANDED_IN,),
    "filed": (FilingState.FILED,),
    "lapsed": (FilingState.LAPSED,),
    "all": (),
}
"""What the list of filings can be narrowed to."""


Faults = Mapping[str, str]
"""Field → what is said beside it."""
NONE: Final[Faults] = {}
MOST: Final = 200
"""Characters of a reason, a note, a name."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One filing approved, or sent back with a note. `filing` 0: the form named none."""

    actor: str
    note: str
    filing: int
    version: int
    back: bool

    def faults(self, words: Catalogue) -> Faults:
        """What is wrong with it, by field."""
        asked = {"actor": self.actor} | ({"note": self.note} if self.back else {})
        return missing(words, **asked)


class RegisterBoard:
    """名册完好度 and 名册变动."""

    def __init__(self, look: RegisterLook, pages: Pages, failures: Failures) -> None:
        """`look` reads the register."""
        self._look = look
        self._pages = pages
        self._failures = failures

    async def readiness(self, request: Request) -> Response:
        """Who could not be reached today, county by county, and what to mend first."""
        words = self._pages.words_for(request)
        try:
            picture = await to_thread.run_sync(self._look.readiness)
        except StoreError:
            return self._failures.page(request, "trouble", 503)
        county = request.query_params.get("county", "")
        fields = board_view.readiness_fields(picture, county, words)
        return made(self._pages, request, "board/readiness.html", words, fields)

    async def changes(self, request: Request) -> Response:
        """Who changed what and when, the newest first."""
        words = self._pages.words_for(request)
        unit = request.query_params.get("unit", "").strip()
        before = filing_forms.whole(request.query_params.get("before")) or None
        try:
            rows = await to_thread.run_sync(lambda: self._look.changes(unit=unit, before=before, limit=ROWS))
        except StoreError:
            return self._failures.page(request, "trouble", 503)
        fields = {
            "rows": rows,
            "unit": unit,
            "who": lambda one: board_view.who(one.actor, words),
            "more": rows[-1].id if len(rows) == ROWS else None,
        }
        return made(self._pages, request, "board/changes.html", words, fields)


class RenewalBoard:
    """年度更新备案 as the bureau sees it."""

    def __init__(self, read: RenewalReadings, desk: RenewalDesk, pages: Pages, failures: Failures) -> None:
        """The readings show, the desk acts."""
        self._read = read
        self._desk = desk
        self._pages = pages
        self._failures = failures

    async def progress(self, request: Request) -> Response:
        """How far it is, by county, department and level. POST: remind whoever has not handed in."""
        words = self._pages.words_for(request)
        if request.method == "POST":
            return await self._remind(request, words)
        return await self._show_progress(request, words)

    async def _show_progress(
        self, request: Request, words: Catalogue, notice: str = "", faults: Faults = NONE, status: int = 200
    ) -> Response:
        try:
            progress = await to_thread.run_sync(self._read.progress)
        except NotFoundError:
            return made(self._pages, request, "board/no_campaign.html", words, {})
        except StoreError:
            return self._failures.page(request, "trouble", 503)
        reminded = request.query_params.get("reminded", "")
        done = words.text("board.reminded", count=reminded) if reminded.isdecimal() else ""
        fields = {
            "progress": progress,
            "due": filing_view.day_text(progress.campaign.due, words),
            "notice": notice,
            "faults": faults,
            "done": done,
        }
        return made(self._pages, request, "board/progress.html", words, fields, status=status)

    async def _remind(self, request: Request, words: Catalogue) -> Response:
        if is_crossed(request):
            return self._failures.page(request, "method", 403)
        actor = _who(request, await form_of(request))
        faults = missing(words, actor=actor)
        if faults:
            return await self._show_progress(request, words, faults=faults, status=422)
        try:
            count = await self._desk.remind_now(actor)
        except RefusedError as error:
            return await self._show_progress(request, words, filing_view.in_words(str(error), words), status=409)
        return RedirectResponse(f"campaign?reminded={count}{_and_language(request)}", status_code=303)

    async def filings(self, request: Request) -> Response:
        """Filings by state and county: whoever is late, above all."""
        words = self._pages.words_for(request)
        wanted = request.query_params.get("state", "open")
        states = STATES.get(wanted, OPEN_FILING)
        county = request.query_params.get("county", "").strip()
        at = filing_forms.whole(request.query_params.get("at"))
        try:
            rows = await to_thread.run_sync(
                lambda: self._read.filings(states=states, county=county, limit=ROWS + 1, offset=at)
            )
        except NotFoundError:
            return made(self._pages, request, "board/no_campaign.html", words, {})
        except StoreError:
            return self._failures.page(request, "trouble", 503)
        fields = {
            "rows": rows[:ROWS],
            "states": list(STATES),
            "state": wanted if wanted in STATES else "open",
            "county": county,
            "next": at + ROWS if len(rows) > ROWS else None,
        }
        return made(self._pages, request, "board/filings.html", words, fields)

    async def awaiting(self, request: Request) -> Response:
        """What waits for the bureau's approval. POST: approves one, or sends it back."""
        words = self._pages.words_for(request)
        if request.method == "POST":
            return await self._decide(request, words)
        return await self._show_awaiting(request, words)

    async def _show_awaiting(
        self, request: Request, words: Catalogue, sent: Decision | None = None, notice: str = "", status: int = 200
    ) -> Response:
        """The list; `sent` is kept where it was written, with what is wrong with it."""
        try:
            rows = await to_thread.run_sync(self._read.awaiting)
        except StoreError:
            return self._failures.page(request, "trouble", 503)
        fields = {
            "rows": rows,
            "notice": notice,
            "actor": (sent.actor if sent else "") or request.query_params.get("actor", ""),
            "sent": sent or Decision("", "", 0, 0, back=False),
            "faults": sent.faults(words) if sent else NONE,
            "shown": lambda person: filing_view.shown(person, words),
            "by_text": lambda one: filing_view.in_words(one.by, words),
        }
        return made(self._pages, request, "board/awaiting.html", words, fields, status=status)

    async def _decide(self, request: Request, words: Catalogue) -> Response:
        if is_crossed(request):
            return self._failures.page(request, "method", 403)
        form = await form_of(request)
        sent = decision(_who(request, form), form)
        if sent.faults(words):
            return await self._show_awaiting(request, words, sent, status=422)
        try:
            results = await self._decided(sent)
        except (RefusedError, FindingsError) as error:
            return await self._show_awaiting(request, words, sent, filing_view.in_words(str(error), words), 409)
        refused = [filing_view.in_words(one.refused, words) for one in results if one.refused]
        if refused:
            return await self._show_awaiting(request, words, sent, " ".join(refused), 409)
        return RedirectResponse(f"awaiting?actor={quote(sent.actor)}{_and_language(request)}", status_code=303)

    async def _decided(self, sent: Decision) -> Sequence[HandedIn]:
        if not sent.filing:
            return ()
        if sent.back:
            return [await self._desk.send_back_as(sent.actor, sent.filing, sent.version, sent.note)]
        return await self._desk.approve_as(sent.actor, [(sent.filing, sent.version)])

    async def sheet(self, request: Request) -> Response:
        """GET asks who prints it and why; POST gives it in clear, on the record."""
        words, code = self._pages.words_for(request), str(request.path_params["code"])
        notice, actor, reason, faults = "", "", "", NONE
        if request.method == "POST":
            if is_crossed(request):
                return self._failures.page(request, "method", 403)
            form = await form_of(request)
            actor, reason = _who(request, form), filing_forms.text(form, "reason")
            faults = missing(words, actor=actor, reason=reason)
            try:
                if not faults:
                    return await self._printed(request, words, code, actor, reason)
            except RefusedError as error:
                notice = filing_view.in_words(str(error), words)
            except NotFoundError:
                return self._failures.page(request, "missing", 404)
        fields = {"code": code, "notice": notice, "actor": actor, "reason": reason, "faults": faults}
        status = 422 if notice or faults else 200
        return made(self._pages, request, "board/sheet.html", words, fields, status=status, depth=2)

    async def _printed(self, request: Request, words: Catalogue, code: str, actor: str, reason: str) -> Response:
        sheet = await self._desk.sheet_as(actor, code, reason)
        due = filing_view.day_text(sheet.due, words)
        fields = {"sheet": sheet, "due": due, "back": f"../filings{_language(request)}"}
        return self._pages.styled("sheet.html", words, fields)


def made(
    pages: Pages,
    request: Request,
    template: str,
    words: Catalogue,
    fields: Mapping[str, object],
    *,
    status: int = 200,
    depth: int | None = None,
) -> Response:
    """A page of the board with the way to the others. `depth`: of its address below the root; None: that it has."""
    below = request.url.path.strip("/").count("/") if depth is None else depth
    common = {
        "root": "../" * below,
        "query": _language(request),
        "path": request.url.path.strip("/"),
        "csrf": csrf_of(request),
        "visit": visit_of(request),
        "notice": "",
        "faults": NONE,
        "done": "",
    }
    return pages.styled(template, words, {**common, **fields}, status=status)


def _who(request: Request, form: filing_forms.Sent) -> str:
    """Who acts: whoever is logged in; in the demonstration, which has no login, the name that was typed."""
    return actor_of(request) if visit_of(request) else filing_forms.text(form, "actor")


def missing(words: Catalogue, **fields: str) -> Faults:
    """What is said of each field that must be filled in and is not, or is longer than its field takes."""
    faults = {name: words.text(f"board.no_{name}") for name, text in fields.items() if not text}
    return faults | {name: words.text("board.long", most=MOST) for name, text in fields.items() if len(text) > MOST}


def decision(actor: str, form: filing_forms.Sent) -> Decision:
    """What a form says of one filing."""
    back = filing_forms.pairs(form.getlist("back"))
    pairs = back or filing_forms.pairs(form.getlist("f"))
    key, version = pairs[0] if pairs else ("", 0)
    return Decision(actor, filing_forms.text(form, "note"), filing_forms.whole(key), version, back=bool(back))


def _language(request: Request) -> str:
    language = asked_language(request.query_params.get("lang"))
    return f"?lang={language}" if language else ""


def _and_language(request: Request) -> str:
    return _language(request).replace("?", "&")
