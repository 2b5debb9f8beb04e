"""/hooks/{route}/{path}: what providers call back.

Who calls is for the channel to verify. A provider that gets an error tries again for hours or switches the account off, so
what breaks inside a channel is logged and answered with 200 and nothing: the attempt has its own deadline.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from warning_dispatch.delivery.kinds import Hooked, HookRequest
from warning_dispatch.web.body import read_within
from warning_dispatch.web.loop import Loop

LIMIT: Final = 256 * 1024
"""Bytes of a callback; the largest known are lists of a hundred receipts."""


class Hooks:
    """The door for providers."""

    def __init__(self, channels: Mapping[str, Hooked], callback_url: str, loop: Loop | None = None) -> None:
        """`channels` by route; `callback_url`: where providers reach us, which is what they sign; `loop`: for `check`."""
        self._loop = loop.routes() if loop else []
        self._channels = dict(channels)
        self._base = callback_url.rstrip("/")
        self._log = structlog.get_logger("warning_dispatch.web")

    def routes(self) -> list[Route]:
        """To be mounted; none for providers without a channel that is called back."""
        if not self._channels:
            return self._loop
        return [*self._loop, Route("/hooks/{route}/{path:path}", self.answer, methods=["GET", "POST"])]

    async def answer(self, request: Request) -> Response:
        """Pass a callback on to its channel. 404 for a route that has none; 413 for a body beyond all measure."""
        name = request.path_params["route"]
        channel = self._channels.get(name)
        if channel is None:
            return Response(status_code=404)
        body = await read_within(request, LIMIT)
        if body is None:
            return Response(status_code=413, headers={"Connection": "close"})
        try:
            answer = await channel.hook(self._asked(request, body))
        except Exception as error:  # noqa: BLE001 - see above: a provider must never see our trouble
            self._log.error("hook.fault", route=name, error=type(error).__name__)
            return Response(status_code=200)
        return Response(answer.body, answer.status, {"content-type": answer.media_type})

    def _asked(self, request: Request, body: bytes) -> HookRequest:
        """`url` is put together from the address we gave the provider: behind a proxy the request shows another one."""
        raw = request.scope.get("raw_path") or request.url.path.encode()
        query = request.url.query
        url = self._base + raw.decode("latin-1").partition("?")[0] + (f"?{query}" if query else "")
        return HookRequest(
            method=request.method,
            path=request.path_params["path"],
            query=tuple(request.query_params.multi_items()),
            headers=dict(request.headers),
            body=body,
            url=url,
        )
