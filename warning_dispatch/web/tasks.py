"""/tasks: 人工叫应 on one page. Whom to ring, what to say, how long they have waited; one touch for each result.

GET shows, POST acts, and only from our own page: a form of somebody else's site is refused. A number is in the answer to
the one who asked for it and nowhere else; the list itself is masked. Whoever is logged in acts; in the demonstration, which
has no login, whoever types a name. Without a script it reloads itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlencode

import structlog
from anyio import to_thread
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from warning_dispatch.clock import Clock
from warning_dispatch.engine.tasks import TaskResult
from warning_dispatch.errors import DispatchError, NotFoundError, RefusedError
from warning_dispatch.model.rights import Right
from warning_dispatch.model.views import TaskRow
from warning_dispatch.ports import Desk, ReadModels
from warning_dispatch.web.access import Access, csrf_of, officer_of, visit_of
from warning_dispatch.web.catalogues import CHINESE, Catalogue, asked_language
from warning_dispatch.web.failures import ApiRefusalError
from warning_dispatch.web.filing_view import in_words
from warning_dispatch.web.origin import is_crossed
from warning_dispatch.web.pages import Pages

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_LOG = structlog.get_logger("warning_dispatch.web")
RESULTS: Final = tuple(TaskResult)
LONGEST_NAME: Final = 40
LONGEST_ID: Final = 15
LONGEST_NOTE: Final = 200
_TAKE, _NUMBER = "take", "number"
TROUBLES: Final = {"nobody": 400, "long": 422, "unknown": 400, "foreign": 403, "not_yours": 403}
"""What may be wrong with a form, with the status it is answered by."""


@dataclass(frozen=True, slots=True)
class Written:
    """What stood in a task's form; it is kept when the page comes back."""

    task: int = 0
    note: str = ""


class TaskReadings(Protocol):
    """The work list, of all units or of an officer's own."""

    def tasks(self, *, limit: int = 100) -> Sequence[TaskRow]:
        """See ReadModels."""
        ...

    def holds_task(self, attempt_id: int) -> bool:
        """Whether a task names these units and no other."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """Whose tasks are whose. `within`: the whole area; `cut`: the work list of some units, None where nobody has a part."""

    access: Access
    within: str
    cut: Callable[[Sequence[str]], TaskReadings] | None = None

    async def of(self, request: Request) -> tuple[tuple[str, ...] | None, TaskReadings | None]:
        """The units on which whoever asks may act, and their work list; None: all."""
        units = await self.access.part(request, Right.ACT, self.within)
        if units is None:
            return None, None
        if not units or self.cut is None:
            raise ApiRefusalError(403, "forbidden_unit", {"scope": Right.ACT.value})
        return units, self.cut(units)


class TasksPage:
    """The duty officer's work list."""

    def __init__(self, read: ReadModels, desk: Desk, pages: Pages, clock: Clock, parts: Parts) -> None:
        """`clock` may be a scaled one; what is shown is its time. `parts`: whoever acts for a county has the county's tasks."""
        self._read = read
        self._parts = parts
        self._desk = desk
        self._pages = pages
        self._clock = clock

    async def show(self, request: Request) -> Response:
        """The list as it stands."""
        words = self._words(request.query_params.get("lang"))
        units, part = await self._parts.of(request)
        return await self._page(request, words, _who(request, units, request.query_params.get("actor")), part=part)

    async def act(self, request: Request) -> Response:
        """我来打, the number, or a result; then the list again, by a redirect but where a number is told."""
        form = await request.form()
        units, part = await self._parts.of(request)
        words, actor = self._words(_field(form, "lang")), _who(request, units, _field(form, "actor"))
        said, what, note = _field(form, "task"), _field(form, "act"), _field(form, "note").strip()
        task = int(said) if said.isascii() and said.isdecimal() and len(said) <= LONGEST_ID else 0
        written = Written(task, note)
        trouble = trouble_in(actor, what, note)
        if is_crossed(request, silent=False):
            trouble = "foreign"
        elif not trouble and part is not None and not await to_thread.run_sync(part.holds_task, task):
            _LOG.warning("not_yours", who=actor, method=request.method, path=request.url.path, task=task)
            trouble = "not_yours"
        if trouble:
            return await self._page(
                request, words, actor, written, part=part, trouble=trouble, status=TROUBLES[trouble]
            )
        try:
            number = await self._carry_out(task, what, actor, note)
        except (NotFoundError, RefusedError) as error:
            refused = in_words(str(error), words)
            return await self._page(request, words, actor, written, part=part, refused=refused, status=409)
        if number:
            return await self._page(request, words, actor, written, part=part, numbers={task: number})
        query = urlencode({"lang": words.language, "actor": actor})
        return RedirectResponse(f"tasks?{query}", status_code=303)

    async def _carry_out(self, task: int, what: str, actor: str, note: str) -> str:
        """The number in clear where one was asked for, else nothing."""
        if what in (_TAKE, _NUMBER):
            if what == _TAKE:
                await self._desk.tasks.take(task, actor=actor)
            return await self._desk.tasks.number(task, actor=actor)
        await self._desk.tasks.finish(task, what, actor=actor, note=note)
        return ""

    def _words(self, asked: str | None) -> Catalogue:
        return self._pages.catalogues[asked_language(asked) or CHINESE]

    async def _page(
        self,
        request: Request,
        words: Catalogue,
        actor: str,
        written: Written | None = None,
        *,
        part: TaskReadings | None,
        numbers: Mapping[int, str] | None = None,
        trouble: str = "",
        refused: str = "",
        status: int = 200,
    ) -> Response:
        fields: dict[str, object] = {
            "actor": actor,
            "csrf": csrf_of(request),
            "visit": visit_of(request),
            "now": self._clock.now(),
            "numbers": numbers or {},
            "refused": refused,
            "results": RESULTS,
            "trouble": trouble,
            "written": written or Written(),
        }
        try:
            fields["tasks"] = await to_thread.run_sync((part or self._read).tasks)
        except DispatchError:
            fields |= {"tasks": (), "trouble": trouble or "database"}
        html = self._pages.render("tasks.html", words, fields)
        headers = {"Content-Security-Policy": POLICY, "Content-Language": words.text("language.tag")}
        return HTMLResponse(html, status, headers)


def trouble_in(actor: str, what: str, note: str) -> str:
    """What is wrong with a form of a task; empty when nothing is."""
    if not actor:
        return "nobody"
    if what not in (_TAKE, _NUMBER, *RESULTS):
        return "unknown"
    return "long" if len(note) > LONGEST_NOTE else ""


def _who(request: Request, units: tuple[str, ...] | None, typed: str | None) -> str:
    """Who acts, in one line."""
    return officer_of(request, units) if visit_of(request) else " ".join((typed or "").split())[:LONGEST_NAME]


def _field(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
