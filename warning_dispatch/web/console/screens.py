"""A page of the console and its stream: the same fragments, rendered whole for the page and one by one when they change.

A stream's event says by its id which fragments the browser has. A browser that comes back says the id (Last-Event-ID) and
gets what has changed since, from whichever process answers: nothing is remembered here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Final

import anyio
from anyio import to_thread
from fastapi.sse import format_sse_event
from starlette.responses import HTMLResponse

from warning_dispatch.clock import stopwatch
from warning_dispatch.errors import DispatchError
from warning_dispatch.web.catalogues import Catalogue
from warning_dispatch.web.console.door import Officer
from warning_dispatch.web.console.pace import Pace
from warning_dispatch.web.pages import Pages

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
LOOKS_KEPT: Final = 64
_ID_DIGITS: Final = 10
SLOT: Final = "token-of-the-officer"
"""Stands in shared fragments where each officer's form token goes."""

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Screen:
    """What a page shows. `read` is called in a thread; `key` tells screens apart that may share a look."""

    template: str
    fragments: tuple[str, ...]
    read: Callable[[], Fields]
    key: Hashable


class Screens:
    """Renders screens and streams what changes on them."""

    def __init__(self, pages: Pages) -> None:
        """`pages` has templates and words."""
        self._pages = pages
        self._closing = anyio.Event()
        self._looks: dict[Hashable, tuple[float, Mapping[str, str]]] = {}
        self._pace = Pace()

    def close(self) -> None:
        """End all streams. To be called in the server's event loop."""
        self._closing.set()

    async def page(self, screen: Screen, words: Catalogue, frame: Fields, status: int = 200) -> HTMLResponse:
        """The whole page, complete without any script."""
        html = await to_thread.run_sync(self._whole, screen, words, frame)
        headers = {"Content-Security-Policy": POLICY, "Content-Language": words.text("language.tag")}
        return HTMLResponse(html, status_code=status, headers=headers)

    def _whole(self, screen: Screen, words: Catalogue, frame: Fields) -> str:
        read = screen.read()
        seen = self._fragments(screen, words, {**frame, **read, "officer": _anybody(frame)})
        have = "" if screen.key is None else _id_of(seen)  # without a key nothing of it is streamed
        fields = {**frame, **read, "fragments": _theirs(seen, frame), "have": have}
        return self._pages.render(screen.template, words, fields)

    def _fragments(self, screen: Screen, words: Catalogue, fields: Fields) -> Mapping[str, str]:
        folder = screen.template.removesuffix(".html")
        return {name: self._pages.render(f"{folder}/{name}.html", words, fields).strip() for name in screen.fragments}

    async def look(self, screen: Screen, words: Catalogue, frame: Fields) -> Mapping[str, str]:
        """What a stream would begin with; whatever is refused is raised."""
        return await to_thread.run_sync(self._look, screen, words, frame, limiter=self._pace.one)

    async def stream(self, screen: Screen, words: Catalogue, frame: Fields, have: str) -> AsyncIterator[bytes]:
        """1. Look. 2. Send what the browser does not have. 3. Wait. `have`: the id of the last event it got."""
        sent = _have_of(have)
        yield format_sse_event(retry=1000, comment="")
        with self._pace.opened(_key(screen, words, frame)):
            async for event in self._events(screen, words, frame, sent):
                yield event

    async def _events(
        self, screen: Screen, words: Catalogue, frame: Fields, sent: Mapping[str, str]
    ) -> AsyncIterator[bytes]:
        while not self._closing.is_set():
            try:
                seen = await self.look(screen, words, frame)
            except DispatchError:  # the database is away: the browser is told by silence, and asks again
                return
            changed = {name: html for name, html in seen.items() if sent.get(name) != _digest(html)}
            sent = {name: _digest(html) for name, html in seen.items()}
            # An empty one is sent too: it shows both ends that the other is still there.
            data = json.dumps(_theirs(changed, frame), ensure_ascii=False)
            yield format_sse_event(event="fragments", data_str=data, id=_id_of(seen))
            with anyio.move_on_after(self._pace.every):
                await self._closing.wait()

    def _look(self, screen: Screen, words: Catalogue, frame: Fields) -> Mapping[str, str]:
        """Browsers that look at the same thing within the same moment share one look, whoever sits before them."""
        key = _key(screen, words, frame)
        made_at, seen = self._looks.get(key, (0.0, {}))
        began = stopwatch()
        if seen and began - made_at < self._pace.every / 2:
            return seen
        fresh = self._fragments(screen, words, {**frame, **screen.read(), "officer": _anybody(frame)})
        if len(self._looks) > LOOKS_KEPT:  # forget what nobody is looking at any more
            self._looks = {one: look for one, look in self._looks.items() if self._pace.is_open(one)}
        self._looks[key] = (stopwatch(), fresh)
        self._pace.took(key, stopwatch() - began)
        return fresh


def _key(screen: Screen, words: Catalogue, frame: Fields) -> Hashable:
    """By what a look is kept: who may see and do other things has another one."""
    return (screen.key, words.language, _anybody(frame))


def _anybody(frame: Fields) -> Officer:
    """The officer as fragments know them: what they may see and do, and a slot for the token of their forms.

    It is a part of what a look is kept by: officers of different parts never share one.
    """
    officer = frame["officer"]
    if not isinstance(officer, Officer):
        raise TypeError(officer)
    token = SLOT if officer.form_token else ""
    return Officer("", "", officer.may_act, token, officer.sees, officer.acts)


def _theirs(seen: Mapping[str, str], frame: Fields) -> Mapping[str, str]:
    """The fragments with this officer's token in the slots."""
    officer = frame["officer"]
    token = officer.form_token if isinstance(officer, Officer) else ""
    return {name: html.replace(SLOT, token) for name, html in seen.items()} if token else seen


def _digest(html: str) -> str:
    return hashlib.sha256(html.encode()).hexdigest()[:_ID_DIGITS]


def _id_of(seen: Mapping[str, str]) -> str:
    return ".".join(f"{name}-{_digest(html)}" for name, html in seen.items())


def _have_of(event_id: str) -> dict[str, str]:
    pairs = (part.rpartition("-") for part in event_id.split("."))
    return {name: digest for name, _, digest in pairs if name}
