"""Connections of their own for so many workers.

A pool that all share looks at every connection for each request, which costs more than all else at sixty of them.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx2

from warning_dispatch.delivery.http import HttpClient, HttpRules


class Connections:
    """So many as the rules say, each lent to one worker at a time. Made when they are needed."""

    def __init__(self, route: str, rules: HttpRules) -> None:
        """`rules.connections` in all."""
        self._route = route
        self._rules = replace(rules, connections=1)
        self._free = asyncio.Semaphore(rules.connections)
        self._idle: list[HttpClient] = []
        self._tls: ssl.SSLContext | None = None

    @asynccontextmanager
    async def one(self) -> AsyncIterator[HttpClient]:
        """The one that was used last, so that few are kept warm."""
        async with self._free:
            client = self._idle.pop() if self._idle else self._new()
            try:
                yield client
            finally:
                self._idle.append(client)

    def _new(self) -> HttpClient:
        self._tls = self._tls or httpx2.create_ssl_context(trust_env=False)
        return HttpClient(self._route, self._rules, tls=self._tls)

    async def close(self) -> None:
        """Let go of those that nobody has."""
        while self._idle:
            await self._idle.pop().close()
