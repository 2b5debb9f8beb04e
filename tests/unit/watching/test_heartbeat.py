"""The heartbeat outward: sent while the engine turns, withheld when it does not, and never the end of the daemon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from warning_dispatch.watching.heartbeat import Heartbeat


class Listener:
    """Whoever rings when we fall silent."""

    def __init__(self, status: str) -> None:
        self.requests: list[str] = []
        self._status = status
        self.heard = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request after another on a connection."""
        with suppress(ConnectionError):
            while line := await reader.readline():
                self.requests.append(line.decode().split(" HTTP", maxsplit=1)[0])
                while (await reader.readline()).strip():
                    pass
                writer.write(f"HTTP/1.1 {self._status}\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
                self.heard.set()
        writer.close()


@asynccontextmanager
async def listening(status: str = "200 OK") -> AsyncIterator[tuple[Listener, str]]:
    """A listener and its address."""
    listener = Listener(status)
    server = await asyncio.start_server(listener.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield listener, f"http://127.0.0.1:{port}/ping/secret"


async def test_it_beats_while_the_engine_turns() -> None:
    """A plain GET of the address, again and again."""
    async with listening() as (listener, url):
        beating = asyncio.create_task(Heartbeat(url, 0.01, lambda: True).run())
        while len(listener.requests) < 3:
            await asyncio.wait_for(listener.heard.wait(), 10)
            listener.heard.clear()
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
    assert set(listener.requests) == {"GET /ping/secret"}


async def test_it_is_withheld_while_the_engine_does_not_turn() -> None:
    """A web server beside a dead engine must not look alive; it beats again when the engine does."""
    looked = asyncio.Event()
    answers = iter([False, False, True])
    loop = asyncio.get_running_loop()

    def ready() -> bool:
        loop.call_soon_threadsafe(looked.set)
        return next(answers, True)

    async with listening() as (listener, url):
        beating = asyncio.create_task(Heartbeat(url, 0.01, ready).run())
        await asyncio.wait_for(looked.wait(), 10)
        assert listener.requests == []
        await asyncio.wait_for(listener.heard.wait(), 10)
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating


async def test_whoever_does_not_listen_does_not_end_it() -> None:
    """An error status and a closed port are told, and it goes on."""
    async with listening("500 Broken") as (listener, url):
        beating = asyncio.create_task(Heartbeat(url, 0.01, lambda: True).run())
        await asyncio.wait_for(listener.heard.wait(), 10)
        assert not beating.done()
    listener.heard.clear()
    await asyncio.sleep(0.05)
    assert not beating.done()
    beating.cancel()
    with suppress(asyncio.CancelledError):
        await beating
