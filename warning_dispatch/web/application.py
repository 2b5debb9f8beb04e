"""The web application, wired by plain constructor calls. Importing this module does nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

import warning_dispatch
from warning_dispatch.clock import Clock
from warning_dispatch.ports import Desk, ReadModels
from warning_dispatch.web.api import Api
from warning_dispatch.web.console.console import Console, ConsoleParts
from warning_dispatch.web.failures import Failures
from warning_dispatch.web.feeds import Feeds
from warning_dispatch.web.guard import Guard
from warning_dispatch.web.live import LivePage
from warning_dispatch.web.pages import Pages
from warning_dispatch.web.probes import Probes
from warning_dispatch.web.push import PushDoor, Pusher
from warning_dispatch.web.receiver import ReceiverPage


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
) -> FastAPI:
    """The application for the network: API, receiver's page, probes and, for the demo, the live page at /.

    `public_url` is where people reach it (https switches on strict transport security); `body_limit` in bytes, for
    one message. `people`: the receiver's page; `alerts`: messages are taken in (a split daemon has one of each).
    `pushers`: who may push besides holders of a key; `feeds` None: nothing is published. `console` None:
    officers have no pages here. Before the server stops call
    `app.state.close()` in its event loop: it ends the open streams.
    """
    pages = Pages()
    failures = Failures(pages)
    live = LivePage(read, pages, clock)
    secure = urlsplit(public_url).scheme == "https"
    desk_pages = Console(console, desk, pages, clock, secure=secure) if console else None
    app = FastAPI(
        title="warning-dispatch",
        version=warning_dispatch.__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        servers=[{"url": public_url.rstrip("/")}],
        middleware=[Middleware(_guard(failures, secure=secure))],
        routes=[
            *(_pages_routes(read, desk, pages, failures) if people else ()),
            *(_live_routes(live) if live_page else ()),
            *(desk_pages.routes() if desk_pages else ()),
        ],
    )
    probes = Probes(desk, clock)
    app.add_route("/healthz", probes.alive, include_in_schema=False)
    app.add_route("/readyz", probes.ready, include_in_schema=False)
    door = PushDoor(read, clock, pushers, body_limit)
    app.include_router(Api(read, desk, clock, door).router(alerts=alerts, people=people))
    if feeds is not None:
        app.include_router(feeds.router())
    failures.install(app)

    def close() -> None:
        live.close()
        if desk_pages is not None:
            desk_pages.close()

    app.state.close = close
    return app


def _guard(failures: Failures, *, secure: bool) -> Any:
    def around(app: Any) -> Guard:
        return Guard(app, failures, secure=secure)

    return around


def _pages_routes(read: ReadModels, desk: Desk, pages: Pages, failures: Failures) -> list[BaseRoute]:
    receiver = ReceiverPage(read, desk, pages, failures)
    return [
        Route("/r/{token}", receiver.answer, methods=["GET", "HEAD", "POST"]),
        Route("/static/{name}", pages.static_answer, methods=["GET"]),
    ]


def _live_routes(live: LivePage) -> list[BaseRoute]:
    return [Route("/", live.page, methods=["GET"]), Route("/live/events", live.events, methods=["GET"])]
