"""/metrics: figures for Prometheus, open to whoever may reach the bureau's own listener. Counts only, nobody's name."""

from __future__ import annotations

from typing import Final, Protocol

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from warning_dispatch.web.doors import DOORS, OPEN


class Meters(Protocol):
    """Whoever counts; see watching/meters.py."""

    media_type: str

    def text(self) -> bytes:
        """All figures as they stand. Reads the database: not for the event loop."""
        ...

    def answered(self, part: str, status: int, seconds: float) -> None:
        """An answer of a part of the site has gone out."""
        ...


_PARTS: Final = frozenset(path.split("/")[1] for path in (*OPEN, *(door.path for door in DOORS)))


def _first(path: str) -> str:
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return f"/{first}" if first in _PARTS else "other"


class Metrics:
    """The page."""

    def __init__(self, meters: Meters) -> None:
        """`meters` of this process."""
        self._meters: Final = meters

    def answered(self, path: str, status: int, seconds: float) -> None:
        """An answer has gone out. What strangers ask for besides our pages is one part: labels must not grow."""
        self._meters.answered(_first(path), status, seconds)

    async def answer(self, _request: Request) -> Response:
        """GET /metrics."""
        return Response(await to_thread.run_sync(self._meters.text), media_type=self._meters.media_type)
