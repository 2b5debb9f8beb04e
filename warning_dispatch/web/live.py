"""The live page of the demo: one call-out at a glance, kept fresh by server-sent events.

The page is made of fragments. The stream renders them once a second and sends those whose text changed since
*this* connection last got them; a new connection begins with all of them, so that a browser that was away is right
again at once. Without JavaScript the page reloads itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Final

import anyio
from anyio import to_thread
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from warning_dispatch.clock import Clock, stopwatch
from warning_dispatch.ports import ReadModels
from warning_dispatch.web.access import visit_of
from warning_dispatch.web.catalogues import CHINESE, Catalogue, asked_language
from warning_dispatch.web.cookies import cookie_of
from warning_dispatch.web.pages import LANGUAGE_COOKIE, Pages
from warning_dispatch.web.picture import Picture, elapsed_text, percent, take_picture

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
FRAGMENTS: Final = ("banner", "elapsed", "alarms", "measures", "tiers", "curve", "unreached", "attempts")
CALLOUT_ID: Final = re.compile(r"[0-9]{1,15}")
LOOKS_KEPT: Final = 32
EVERY: Final = 1.0
"""Seconds between two looks."""


class LivePage:
    """GET / and the stream behind it."""

    def __init__(self, read: ReadModels, pages: Pages, clock: Clock) -> None:
        """`clock` may be a scaled one; what is shown is its time."""
        self._read = read
        self._pages = pages
        self._clock = clock
        self._closing = anyio.Event()
        self._looks: dict[tuple[int | None, str], tuple[float, Mapping[str, str]]] = {}

    def close(self) -> None:
        """End all streams, so that the server can stop. To be called in the server's event loop."""
        self._closing.set()

    def page(self, request: Request) -> Response:
        """The whole page, complete without any script."""
        words, wanted = self._asked(request)
        picture = take_picture(self._read, self._clock.now(), wanted)
        fields: dict[str, object] = {"picture": None, "wanted": wanted, "visit": visit_of(request)}
        if picture is not None:
            fields |= live_fields(picture, words)
        html = self._pages.render("live.html", words, fields)
        headers = {"Content-Security-Policy": POLICY, "Content-Language": words.text("language.tag")}
        return HTMLResponse(html, headers=headers)

    async def events(self, request: Request) -> Response:
        """The stream of changed fragments."""
        words, wanted = self._asked(request)
        stream = self._stream(words, wanted, showing=request.query_params.get("showing") == "1")
        return EventSourceResponse(stream, headers={"X-Accel-Buffering": "no"})

    def _asked(self, request: Request) -> tuple[Catalogue, int | None]:
        chosen = asked_language(request.query_params.get("lang"))
        language = chosen or asked_language(cookie_of(request, LANGUAGE_COOKIE)) or CHINESE
        callout = request.query_params.get("callout", "")
        wanted = int(callout) if CALLOUT_ID.fullmatch(callout) else None
        return self._pages.catalogues[language], wanted

    async def _stream(self, words: Catalogue, wanted: int | None, *, showing: bool) -> AsyncIterator[bytes]:
        """1. Look. 2. Tell the browser to load anew when there is suddenly something, or nothing, to show.
        3. Else send what changed. 4. Wait.
        """  # noqa: D205 - numbered steps
        sent: dict[str, str] = {}
        yield format_sse_event(retry=1000, comment="")
        while not self._closing.is_set():
            seen = await to_thread.run_sync(self._look, words, wanted)
            if bool(seen) != showing:
                yield format_sse_event(event="reload", data_str="")
                return
            changed = {name: html for name, html in seen.items() if sent.get(name) != html}
            sent.update(changed)
            # An empty one is sent too: it shows both ends that the other is still there.
            yield format_sse_event(event="fragments", data_str=json.dumps(changed, ensure_ascii=False))
            with anyio.move_on_after(EVERY):
                await self._closing.wait()

    def _look(self, words: Catalogue, wanted: int | None) -> Mapping[str, str]:
        """Every fragment by name, and the page's title; nothing when there is no call-out.

        Browsers that look at the same thing within the same second share one look.
        """
        key = (wanted, words.language)
        made_at, seen = self._looks.get(key, (0.0, {}))
        if seen and stopwatch() - made_at < EVERY / 2:
            return seen
        picture = take_picture(self._read, self._clock.now(), wanted)
        fresh = self._fragments(live_fields(picture, words), words) if picture else {}
        if len(self._looks) > LOOKS_KEPT:  # forget what nobody may be looking at any more
            self._looks = {}
        self._looks[key] = (stopwatch(), fresh)
        return fresh

    def _fragments(self, fields: Mapping[str, object], words: Catalogue) -> Mapping[str, str]:
        seen = {name: self._pages.render(f"live/{name}.html", words, fields) for name in FRAGMENTS}
        return {"title": str(fields["document_title"]), **seen}


def live_fields(picture: Picture, words: Catalogue) -> dict[str, object]:
    """Everything the fragments name."""
    titles = {tier.name: words.of(tier.title) for tier, _ in picture.tiers}
    openings = [(tier.opened_at, titles[tier.name]) for tier, _ in picture.tiers if tier.opened_at is not None]
    signal = words.signal(picture.view.hazard_name, picture.view.colour)
    share = words.text("live.percent", value=percent(picture.total.answered, picture.total.asked))
    return {
        "picture": picture,
        "view": picture.view,
        "total": picture.total,
        "signal": signal,
        "share": share,
        "document_title": words.text("live.document", percent=share, signal=signal),
        "elapsed": elapsed_text(picture.elapsed),
        "percent": percent,
        "tier_titles": titles,
        "curve": picture.curve(openings),
    }
