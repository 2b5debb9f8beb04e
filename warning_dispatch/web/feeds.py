"""/feeds: accepted warnings for those who pass them on. Conditional, in pages, without personal data."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from warning_dispatch.outward.atom import feed_of
from warning_dispatch.outward.cap import MEDIA_TYPE
from warning_dispatch.ports import ReadModels
from warning_dispatch.web.documents import MOST, Id, RefusalDocument
from warning_dispatch.web.failures import ApiRefusalError

SCOPE: Final = "feed"
Before = Annotated[int | None, Query(ge=1, le=MOST, description="entries older than this number")]
FEED_TYPE: Final = "application/atom+xml"
CACHED: Final = "no-cache"
"""May be kept, and must be asked for again: then it costs nothing when nothing is new."""


class Feeds:
    """The feed and its documents."""

    def __init__(self, read: ReadModels, *, base: str, author: str, page: int, access: str) -> None:
        """`base`: the public address; `author`: the bureau; `page`: entries on one; `access`: key or open."""
        self._read = read
        self._base = base.rstrip("/")
        self._author = author
        self._page = page
        self._open = access == "open"

    def router(self) -> APIRouter:
        """The two addresses."""
        router = APIRouter(prefix="/feeds")
        for path, answer, kind, refusals in (
            ("/alerts.atom", self.feed, FEED_TYPE, (401, 403)),
            ("/alerts/{number}.xml", self.alert, MEDIA_TYPE, (401, 403, 404)),
        ):
            documented = _documented(kind, refusals)
            router.add_api_route(path, answer, methods=["GET", "HEAD"], response_class=Response, responses=documented)
        return router

    def feed(self, request: Request, before: Before = None) -> Response:
        """A page of the Atom feed, newest first; 304 when the asker has it already."""
        self._require_key(request)
        found = self._read.publications(before=before, limit=self._page + 1)
        entries = found[: self._page]
        tag = f'"{before or 0}-{entries[0].number if entries else 0}-{len(found)}"'
        newest = max((one.published_at for one in entries), default=0)
        if _has_it(request, tag, newest):
            return Response(status_code=304, headers=_headers(tag, newest))
        body = feed_of(entries, base=self._base, author=self._author, before=before, more=len(found) > self._page)
        return Response(body, media_type=f"{FEED_TYPE}; charset=utf-8", headers=_headers(tag, newest))

    def alert(self, request: Request, number: Id) -> Response:
        """One warning as CAP 1.2."""
        self._require_key(request)
        one = self._read.publication(number)
        tag = f'"{one.number}"'
        if _has_it(request, tag, one.published_at):
            return Response(status_code=304, headers=_headers(tag, one.published_at))
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n{one.cap}'
        return Response(
            body.encode(), media_type=f"{MEDIA_TYPE}; charset=utf-8", headers=_headers(tag, one.published_at)
        )

    def _require_key(self, request: Request) -> None:
        """Bearer, or the key as the password of Basic: readers of feeds often know nothing else."""
        if self._open:
            return
        scopes = self._read.scopes_of_key(key) if (key := key_of(request)) else frozenset()
        if not scopes:
            raise ApiRefusalError(401, "unauthorized", headers={"WWW-Authenticate": 'Basic realm="feeds"'})
        if SCOPE not in scopes:
            raise ApiRefusalError(403, "forbidden", {"scope": SCOPE})


def _documented(media_type: str, refusals: Sequence[int]) -> dict[int | str, dict[str, Any]]:
    """What the published description says of the answers."""
    found: dict[int | str, dict[str, Any]] = {status: {"model": RefusalDocument} for status in refusals}
    found[200] = {"content": {media_type: {"schema": {"type": "string"}}}}
    found[304] = {"description": "not modified"}
    return found


def key_of(request: Request) -> str:
    """The key that a request brings; empty when it brings none."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _headers(tag: str, moment: int) -> dict[str, str]:
    when = datetime.fromtimestamp(moment // 1000, UTC)
    return {"ETag": tag, "Last-Modified": format_datetime(when, usegmt=True), "Cache-Control": CACHED}


def _has_it(request: Request, tag: str, moment: int) -> bool:
    """By the tag where one is given, else by the date: as the standard of conditional requests has it."""
    given = request.headers.get("if-none-match")
    if given is not None:
        return tag in _tags(given) or given.strip() == "*"
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except (ValueError, TypeError):
        return False
    if since.tzinfo is None:
        return False
    return moment > 0 and moment // 1000 <= since.timestamp()


def _tags(given: str) -> Sequence[str]:
    return [one.strip().removeprefix("W/") for one in given.split(",")]
