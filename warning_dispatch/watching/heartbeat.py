"""心跳: a request outward every minute while the engine turns, so that our silence is noticed by somebody else.

Whoever receives it (a dead man's switch at the province, a monitoring service) rings when it stops. It is sent only
while /readyz would say ready: a web server that answers beside a dead engine must not look like a bureau that calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from warning_dispatch.delivery.http import HttpClient, HttpRequest, HttpRules, HttpTroubleError

TIMEOUT_S = 10.0
FIRST_ERROR = 400
ANSWER_LIMIT = 1 << 16


class Heartbeat:
    """One address that is called again and again."""

    def __init__(self, url: str, every_s: float, ready: Callable[[], bool]) -> None:
        """`url` may carry a secret: it is never logged. `ready` as /readyz."""
        self._url = url
        self._every = every_s
        self._ready = ready
        self._failing = False
        self._log = structlog.get_logger("watching")

    async def run(self) -> None:
        """Until cancelled. Whatever the other side does, the daemon goes on."""
        client = HttpClient("heartbeat", HttpRules(TIMEOUT_S, limit=ANSWER_LIMIT, connections=1, cleartext=True))
        try:
            while True:
                if await asyncio.to_thread(self._ready):
                    await self._beat(client)
                else:
                    self._log.warning("heartbeat.withheld")
                await asyncio.sleep(self._every)
        finally:
            await client.close()

    async def _beat(self, client: HttpClient) -> None:
        try:
            answer = await client.send(HttpRequest("GET", self._url))
            trouble = f"status {answer.status}" if answer.status >= FIRST_ERROR else ""
        except HttpTroubleError as error:
            trouble = str(error.cause)
        if trouble and not self._failing:
            self._log.warning("heartbeat.failed", why=trouble)
        if not trouble and self._failing:
            self._log.info("heartbeat.taken_again")
        self._failing = bool(trouble)
