"""The web application, wired by plain constructor calls. Importing this module does nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from anyio import to_thread
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

import warning_dispatch
from warning_dispatch.clock import Clock
from warning_dispatch.delivery.spoken.desk import VoiceDesk
from warning_dispatch.model.renewal import FILING_PATH, PROOF_PATH
from warning_dispatch.model.rights import Right
from warning_dispatch.ports import Desk, ReadModels
from warning_dispatch.renewal_ports import RenewalDesk, RenewalReadings
from warning_dispatch.response_ports import ResponseParts, ResponseReadings
from warning_dispatch.superior_ports import SuperiorDesk, SuperiorReadings
from warning_dispatch.web.access import Access
from warning_dispatch.web.account_pages import AccountPages
from warning_dispatch.web.api import Api
from warning_dispatch.web.board import RegisterBoard, RenewalBoard
from warning_dispatch.web.bureau import BureauPages
from warning_dispatch.web.console.console import HOME, Console, ConsoleParts
from warning_dispatch.web.doorkeeper import Doorkeeper
from warning_dispatch.web.failures import Failures
from warning_dispatch.web.feedback import FeedbackPage
from warning_dispatch.web.feeds import Feeds
from warning_dispatch.web.filing import FilingPage
from warning_dispatch.web.guard import Guard
from warning_dispatch.web.guesses import Guesses
from warning_dispatch.web.hooks import Hooks
from warning_dispatch.web.key_units import KeyUnitsPage
from warning_dispatch.web.link_door import LinkDoor
from warning_dispatch.web.live import LivePage
from warning_dispatch.web.login_desk import LoginDesk
from warning_dispatch.web.login_page import LoginPage
from warning_dispatch.web.measures import MeasuresPage
from warning_dispatch.web.metrics import Metrics
from warning_dispatch.web.pages import Pages
from warning_dispatch.web.probes import Probes
from warning_dispatch.web.proof import ProofDoor
from warning_dispatch.web.push import PushDoor, Pusher
from warning_dispatch.web.receiver import ReceiverPage
from warning_dispatch.web.register_look import RegisterLook
from warning_dispatch.web.superior import SuperiorPage
from warning_dispatch.web.tasks import Parts, TasksPage
from warning_dispatch.web.users_pages import UsersPages
from warning_dispatch.web.voice_pages import VoicePages

_NAMED: Mapping[str, Any] = {
    "title": "warning-dispatch",
    "version": warning_dispatch.__version__,
    "openapi_url": "/api/openapi.json",
    "docs_url": None,
    "redoc_url": None,
}
"""What the published description says of itself; its own pages would load scripts from elsewhere."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """What the pages of the yearly refresh stand on."""

    read: RenewalReadings
    desk: RenewalDesk


@dataclass(frozen=True, slots=True)
class Superiors:
    """What the page of a superior's own list stands on."""

    read: SuperiorReadings
    desk: SuperiorDesk


def create_app(
    read: ReadModels,
    desk: Desk,
    *,
    public_url: str,
    live_page: bool,
    body_limit: int,
    clock: Clock,
    people: bool = True,
    alerts: bool = True,
    pushers: Sequence[Pusher] = (),
    feeds: Feeds | None = None,
    console: ConsoleParts | None = None,
    renewal: Renewal | None = None,
    superiors: Superiors | None = None,
    response: ResponseParts | None = None,
    proxies: Collection[str] = (),
    register: RegisterLook | None = None,
    hooks: Hooks | None = None,
    login: LoginDesk | None = None,
    metrics: Metrics | None = None,
    voice: VoiceDesk | None = None,
) -> FastAPI:
    """The application for the network: API, receiver's page, probes and, with `live_page`, the bureau's own pages.

    `public_url` is where people reach it (https switches on strict transport security); `body_limit` in bytes, for one
    message. `people`: the receiver's page; `alerts`: messages are taken in (a split daemon has one of each). `login`: who
    may log in; with it every page of the bureau stands behind a door (doors.py). None is the demonstration, whose pages are
    open on loopback and say so. `pushers`: who may push besides holders of a key; `proxies` say for whom they ask, where
    wrong links are counted; `hooks`: providers call back. What is None is not there: `feeds`, the pages of the `renewal`
    and the `register`, a receiver's list of their own units (`superiors`), measures and key units (`response`), /metrics,
    the officers' pages (`console`). Before the server stops call `app.state.close()` in its event loop: it ends the open streams.
    """
    failures = Failures(pages := Pages())
    live = LivePage(read, pages, clock)
    secure = _is_secure(public_url)
    outside = _Outside(read, desk, LinkDoor(pages, failures, Guesses(clock, proxies)), secure=secure)
    desk_pages = Console(console, pages, clock, secure=secure) if console else None
    app = FastAPI(
        **_NAMED,
        servers=[{"url": public_url.rstrip("/")}],
        middleware=_around(failures, metrics, login, public_url, body_limit),
        routes=[
            *(outside.routes(superiors, renewal, response) if people else ()),
            *(_login_routes(login, pages, clock, public_url, voice) if login else ()),
            *(_live_routes(Front(live, login)) if live_page else ()),
            *(desk_pages.routes() if desk_pages else ()),
            *(_board_routes(renewal, register, response, pages, failures) if live_page else ()),
            *(_task_routes(TasksPage(read, desk, pages, clock, _parts(login, console))) if live_page else ()),
            *(hooks.routes() if hooks else ()),
        ],
    )
    _add_probes(app, Probes(desk, clock), metrics)
    api = Api(
        read, desk, clock, PushDoor(read, clock, pushers, body_limit), register, superiors.read if superiors else None
    )
    app.include_router(api.router(alerts=alerts, people=people))
    _add_feeds(app, feeds, failures)
    app.state.close = partial(_close, live, desk_pages)
    return app


def create_outside_app(
    read: ReadModels,
    desk: Desk,
    *,
    public_url: str,
    clock: Clock,
    feeds: Feeds | None = None,
    renewal: Renewal | None = None,
    superiors: Superiors | None = None,
    response: ResponseParts | None = None,
    proxies: Collection[str] = (),
    hooks: Hooks | None = None,
    metrics: Metrics | None = None,
) -> FastAPI:
    """What the internet may reach, for a listener of its own: pages behind links, callbacks, the feed, /healthz.

    No page of the bureau, no login, no API and no /metrics are in it, so that no rule of a proxy can open them. `metrics`
    only counts its answers.
    """
    failures = Failures(pages := Pages())
    secure = _is_secure(public_url)
    outside = _Outside(read, desk, LinkDoor(pages, failures, Guesses(clock, proxies)), secure=secure)
    app = FastAPI(
        **{**_NAMED, "openapi_url": None},
        middleware=[Middleware(_guard(failures, metrics, public_url))],
        routes=[*outside.routes(superiors, renewal, response), *(hooks.routes() if hooks else ())],
    )
    app.add_route("/healthz", Probes(desk, clock).alive, include_in_schema=False)
    _add_feeds(app, feeds, failures)
    return app


def _is_secure(public_url: str) -> bool:
    return urlsplit(public_url).scheme == "https"


@dataclass(frozen=True)
class _Outside:
    """The pages of those who have a link: receivers, their superiors, registrars."""

    read: ReadModels
    desk: Desk
    door: LinkDoor
    secure: bool = field(kw_only=True)

    def routes(
        self, superiors: Superiors | None, renewal: Renewal | None, response: ResponseParts | None
    ) -> Iterator[BaseRoute]:
        own, asked = superiors.read if superiors else None, response.read if response else None
        receiver = ReceiverPage(self.read, self.desk, self.door, own, asked)
        if response:
            page = MeasuresPage(response, self.door)
            yield Route("/r/{token}/measures", page.answer, methods=["GET", "HEAD", "POST"])
        yield from _pages_routes(receiver, self.door.pages)
        if superiors:
            yield from _superior_routes(self.read, superiors, self.door, asked, secure=self.secure)
        if renewal:
            yield from _renewal_routes(renewal, self.door, secure=self.secure)


def _close(live: LivePage, desk_pages: Console | None) -> None:
    live.close()
    if desk_pages is not None:
        desk_pages.close()


def _around(
    failures: Failures, metrics: Metrics | None, login: LoginDesk | None, public_url: str, body_limit: int
) -> list[Middleware]:
    """What stands before every page: the guard, and inside it the doorkeeper where people log in."""
    guard = Middleware(_guard(failures, metrics, public_url))
    return [guard, *(_doorkeeper(login, failures, public_url, body_limit) if login else ())]


def _add_feeds(app: FastAPI, feeds: Feeds | None, failures: Failures) -> None:
    if feeds is not None:
        app.include_router(feeds.router())
    failures.install(app)


def _add_probes(app: FastAPI, probes: Probes, metrics: Metrics | None) -> None:
    if metrics is not None:
        app.add_route("/metrics", metrics.answer, include_in_schema=False)
    app.add_route("/healthz", probes.alive, include_in_schema=False)
    app.add_route("/readyz", probes.ready, include_in_schema=False)


def _guard(failures: Failures, metrics: Metrics | None, public_url: str) -> Any:
    def around(app: Any) -> Guard:
        if metrics is None:
            return Guard(app, failures, public_url=public_url)
        return Guard(app, failures, public_url=public_url, answered=metrics.answered)

    return around


def _pages_routes(receiver: ReceiverPage, pages: Pages) -> list[BaseRoute]:
    return [
        Route("/r/{token}", receiver.answer, methods=["GET", "HEAD", "POST"]),
        Route("/static/{name}", pages.static_answer, methods=["GET"]),
    ]


def _superior_routes(
    read: ReadModels, superiors: Superiors, door: LinkDoor, response: ResponseReadings | None, *, secure: bool
) -> list[BaseRoute]:
    page = SuperiorPage(superiors.read, superiors.desk, door, response, secure=secure)
    feedback = FeedbackPage(read, superiors.read, superiors.desk, door)
    methods = ["GET", "HEAD", "POST"]
    return [
        Route("/r/{token}/list", page.answer, methods=methods),
        Route("/r/{token}/feedback", feedback.answer, methods=methods),
    ]


def _renewal_routes(renewal: Renewal, door: LinkDoor, *, secure: bool) -> list[BaseRoute]:
    filing = FilingPage(renewal.read, renewal.desk, door, secure=secure)
    proof = ProofDoor(renewal.read, renewal.desk, door)
    link, unit = FILING_PATH + "{token}", FILING_PATH + "{token}/u/{code}"
    both, reads, posts = ["GET", "HEAD", "POST"], ["GET", "HEAD"], ["POST"]
    return [
        Route(link, filing.overview, methods=both),
        Route(unit, filing.unit, methods=reads),
        Route(f"{unit}/correct", filing.correct, methods=both),
        Route(f"{unit}/successor", filing.successor, methods=both),
        Route(f"{unit}/sheet", filing.sheet, methods=posts),
        Route(f"{link}/workbook", filing.workbook, methods=both),
        Route(f"{link}/template.xlsx", filing.template, methods=reads),
        Route(f"{link}/approve", filing.approve, methods=both),
        Route(PROOF_PATH + "{token}", proof.answer, methods=both),
    ]


def _board_routes(
    renewal: Renewal | None,
    register: RegisterLook | None,
    response: ResponseParts | None,
    pages: Pages,
    failures: Failures,
) -> list[BaseRoute]:
    reads, both = ["GET", "HEAD"], ["GET", "HEAD", "POST"]
    routes: list[BaseRoute] = []
    if response is not None and response.key_units is not None:
        listed = KeyUnitsPage(response.key_units, pages, failures)
        routes.append(Route("/register/key-units", listed.answer, methods=reads))
    if register is not None:
        look = RegisterBoard(register, pages, failures)
        routes += [
            Route("/readiness", look.readiness, methods=reads),
            Route("/register/changes", look.changes, methods=reads),
        ]
    if renewal is not None:
        board = RenewalBoard(renewal.read, renewal.desk, pages, failures)
        routes += [
            Route("/campaign", board.progress, methods=both),
            Route("/campaign/filings", board.filings, methods=reads),
            Route("/campaign/awaiting", board.awaiting, methods=both),
            Route("/campaign/sheet/{code}", board.sheet, methods=both),
        ]
    return routes


def _task_routes(tasks: TasksPage) -> list[BaseRoute]:
    return [Route("/tasks", tasks.show, methods=["GET"]), Route("/tasks", tasks.act, methods=["POST"])]


def _doorkeeper(login: LoginDesk, failures: Failures, public_url: str, body_limit: int) -> list[Middleware]:
    def around(app: Any) -> Doorkeeper:
        return Doorkeeper(app, login, failures, public_url=public_url, body_limit=body_limit)

    return [Middleware(around)]


def _login_routes(
    login: LoginDesk, pages: Pages, clock: Clock, public_url: str, voice: VoiceDesk | None
) -> list[BaseRoute]:
    bureau = BureauPages(pages, speaks=login.within if voice else "", secure=_is_secure(public_url))
    page = LoginPage(login, bureau, clock, public_url)
    return [
        Route("/login", page.answer, methods=["GET", "HEAD", "POST"]),
        Route("/logout", page.log_out, methods=["POST"]),
        *AccountPages(login, bureau).routes(),
        *UsersPages(login, Access(login.paths_of), bureau).routes(),
        *(VoicePages(voice, bureau).routes() if voice else ()),
    ]


def _parts(login: LoginDesk | None, console: ConsoleParts | None) -> Parts:
    """Whose tasks are whose."""
    access = Access(login.paths_of if login else None)
    return Parts(access, login.within if login else "", console.read.within if console else None)


class Front:
    """/ for whoever comes: the live page of the whole area, or the console of one's own units."""

    def __init__(self, live: LivePage, login: LoginDesk | None) -> None:
        """`login` None: everybody sees everything (the demonstration)."""
        self._live = live
        self._access = Access(login.paths_of if login else None)
        self._within = login.within if login else ""

    async def page(self, request: Request) -> Response:
        """GET /."""
        if await self._access.has(request, Right.SEE, self._within):
            return await to_thread.run_sync(self._live.page, request)
        return RedirectResponse(f"{HOME}/", status_code=303)

    async def events(self, request: Request) -> Response:
        """The stream behind the live page; its door asks for the whole area."""
        return await self._live.events(request)


def _live_routes(front: Front) -> list[BaseRoute]:
    return [Route("/", front.page, methods=["GET"]), Route("/live/events", front.events, methods=["GET"])]
