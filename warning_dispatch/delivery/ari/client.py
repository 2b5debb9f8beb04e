"""The requests to Asterisk, by its own description of its interface: originate, play, hang up; and the events that come back."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import aiohttp

from warning_dispatch.delivery.ari.options import AriOptions
from warning_dispatch.delivery.http import HttpAnswer, HttpClient, HttpRequest, Pairs

HEARTBEAT_S = 10.0
"""Seconds between two pings of the event connection; without an answer it is gone."""
LARGEST_EVENT = 1 << 20


class Ari:
    """One Asterisk."""

    def __init__(self, route: str, options: AriOptions, password: str) -> None:
        """`password` goes into every request, and nowhere else."""
        self._options = options
        token = base64.b64encode(f"{options.user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}"}
        self._client = HttpClient(route, options.rules)

    async def originate(self, channel: str, number: str, caller: str, ring_s: int) -> HttpAnswer:
        """Ring somebody. 409: this call is there already."""
        query = [
            ("endpoint", self._options.endpoint.replace("{number}", number)),
            ("app", self._options.app),
            ("timeout", str(ring_s)),
            ("formats", "alaw,ulaw"),
        ]
        if caller:
            query.append(("callerId", caller))
        return await self._ask("POST", f"/channels/{quote(channel, safe='')}", query)

    async def play(self, channel: str, playback: str, sound: str) -> HttpAnswer:
        """Play a file to whoever has picked up."""
        path = f"/channels/{quote(channel, safe='')}/play/{quote(playback, safe='')}"
        return await self._ask("POST", path, [("media", f"sound:{sound}")])

    async def stop(self, playback: str) -> HttpAnswer:
        """Stop a file."""
        return await self._ask("DELETE", f"/playbacks/{quote(playback, safe='')}", [])

    async def hang_up(self, channel: str) -> HttpAnswer:
        """End a call. 404: it has ended."""
        return await self._ask("DELETE", f"/channels/{quote(channel, safe='')}", [("reason", "normal")])

    async def there(self, channel: str) -> bool:
        """Whether Asterisk still knows a call."""
        return (await self._ask("GET", f"/channels/{quote(channel, safe='')}", [])).status == 200  # noqa: PLR2004 - HTTP

    async def events(self) -> AriEvents:
        """The connection over which events come. OSError, aiohttp.ClientError when it cannot be had."""
        session = aiohttp.ClientSession(trust_env=False, timeout=aiohttp.ClientTimeout(total=None, sock_connect=3))
        try:
            socket = await session.ws_connect(
                f"{self._options.url}/events",
                params={"app": self._options.app, "subscribeAll": "false"},
                headers=self._headers,
                heartbeat=HEARTBEAT_S,
                max_msg_size=LARGEST_EVENT,
            )
        except BaseException:
            await session.close()
            raise
        return AriEvents(session, socket)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    async def _ask(self, method: str, path: str, query: Pairs) -> HttpAnswer:
        return await self._client.send(
            HttpRequest(method, f"{self._options.url}{path}", headers=self._headers, query=query)
        )


class AriEvents:
    """The events, one after the other, until the connection ends."""

    def __init__(self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        """An open connection."""
        self._session = session
        self._socket = socket

    async def next(self) -> Mapping[str, Any] | None:
        """The next event; None: there will be no more. What is no event is passed over."""
        while True:
            message = await self._socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                return None
            try:
                document = json.loads(message.data)
            except ValueError:
                continue
            if isinstance(document, dict):
                return document

    async def close(self) -> None:
        """Let go."""
        await self._socket.close()
        await self._session.close()
