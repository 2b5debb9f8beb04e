"""Figures of what comes in: a warning through the whole web stack, and a burst of ten thousand."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2

from benchmarks.country import ROOT, product_on, red_warning
from benchmarks.figures import Figures, percentile
from warning_dispatch.bootstrap import Product, serve
from warning_dispatch.clock import SystemClock, beijing_text, stopwatch
from warning_dispatch.daemon import Daemon, EngineDesk
from warning_dispatch.ingest.folder import FolderPlan, WatchedFolder
from warning_dispatch.ingest.folder_source import FolderSource
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.ports import Dispatch, Receipt
from warning_dispatch.store.accounts import add_key
from warning_dispatch.store.database import writing
from warning_dispatch.web.application import create_app


class _Sink:
    """A carrier that takes everything at once and remembers when the first came."""

    def __init__(self) -> None:
        self.first = asyncio.Event()
        self.first_at = 0.0

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """Take all."""
        if not self.first.is_set():
            self.first_at = stopwatch()
            self.first.set()
        return [Receipt(one.attempt_id, accepted=True, provider_ref="sink") for one in batch]

    async def hang_up(self, _attempt_ids: Sequence[int]) -> None:
        """Nothing rings."""

    async def close(self) -> None:
        """Nothing is open."""


def blue(number: int, now: int) -> bytes:
    """A blue warning of an identity of its own."""
    raw = restamp((ROOT / "config" / "samples" / "12379-orange-rain-counties.xml").read_bytes(), now - number)
    text = raw.decode().replace("橙", "蓝").replace("Orange", "Blue").replace("Ⅱ级/严重", "Ⅳ级/一般")
    stamp = beijing_text(now - number, "%Y%m%d%H%M%S")
    return text.replace(f"_{stamp}<", f"_{number:014}<").encode()


def _daemon(product: Product, sink: _Sink, work: object) -> Daemon:
    return Daemon(
        engine=product.engine,
        clock=SystemClock(),
        channels=dict.fromkeys(("phones", "sms", "mail", "operator"), sink),
        lost_routes=(),
        make_servers=work,  # type: ignore[arg-type] # a function of the desk
        read=product.read,
    )


def burst(url: str, *, villages: int, messages: int) -> Figures:
    """So many messages at once, one red among the last; how fast they are taken in, and how long red waits (ms)."""
    product = product_on(url, villages)
    found: Figures = {}

    async def main() -> None:
        sink = _Sink()
        daemon = _daemon(product, sink, lambda _desk: [])

        async def started(desk: EngineDesk) -> None:
            now = SystemClock().now()
            flood = [blue(number, now) for number in range(messages - 1)]
            began = stopwatch()
            waiting = [asyncio.create_task(desk.take_in(raw, "bench")) for raw in flood]
            await asyncio.sleep(0)
            submitted = stopwatch()
            await desk.take_in(red_warning(now), "bench")
            judged = stopwatch()
            await sink.first.wait()
            found["red_judged_ms"] = (judged - submitted) * 1000
            found["red_first_attempts_ms"] = (sink.first_at - submitted) * 1000
            found["waiting_when_red_was_called"] = sum(not one.done() for one in waiting)
            await asyncio.gather(*waiting)
            found["seconds"] = stopwatch() - began
            daemon.stop()

        await daemon.run(started)

    asyncio.run(main())
    product.close()
    return {"messages": messages, "per_second": messages / found["seconds"], **found}


def push(url: str, *, villages: int, rounds: int) -> Figures:
    """A red warning by POST to the running daemon, idle before each: until the 202, until its first attempts go out (ms)."""
    product = product_on(url, villages)
    with writing(product.database) as connection:
        key = add_key(connection, "bench", ["alerts"], 1)[1]
    spans = asyncio.run(_pushes(product, key, rounds))
    product.close()
    answered, called = [one for one, _ in spans], [one for _, one in spans]
    return {
        "rounds": rounds,
        "answered_p50_ms": percentile(answered, 0.5),
        "answered_p99_ms": percentile(answered, 0.99),
        "first_attempts_p50_ms": percentile(called, 0.5),
        "first_attempts_p99_ms": percentile(called, 0.99),
    }


async def _pushes(product: Product, key: str, rounds: int) -> list[tuple[float, float]]:
    sink, spans = _Sink(), []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    def servers(desk: EngineDesk) -> object:
        app = create_app(
            product.read,
            desk,
            public_url="http://127.0.0.1",
            live_page=False,
            body_limit=1 << 20,
            clock=SystemClock(),
        )
        return [serve(app, host="127.0.0.1", port=port)]

    daemon = _daemon(product, sink, servers)

    async def started(desk: EngineDesk) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        base = f"http://127.0.0.1:{port}"
        async with httpx2.AsyncClient(base_url=base, headers=headers, trust_env=False, timeout=30) as client:
            await _answers(client)
            spans.extend([await _one_push(client, desk, sink) for _ in range(rounds + 1)])
        daemon.stop()

    await daemon.run(started)
    return spans[1:]  # the first one of a process compiles the statements


async def _one_push(client: httpx2.AsyncClient, desk: EngineDesk, sink: _Sink) -> tuple[float, float]:
    """One warning; its call-out is cancelled afterwards, so that the next finds nothing under way."""
    raw = red_warning(SystemClock().now())
    sink.first.clear()
    began = stopwatch()
    answer = await client.post("/api/v1/alerts", content=raw)
    answered = stopwatch()
    await asyncio.wait_for(sink.first.wait(), 10)
    called = sink.first_at
    for callout in answer.json()["callouts"]:
        await desk.act("cancel", callout, actor="bench", reason="bench")
    await asyncio.sleep(2.1)  # identifiers are to the second, and the engine comes to rest
    return (answered - began) * 1000, (called - began) * 1000


async def _answers(client: httpx2.AsyncClient) -> None:
    """Wait for the server."""
    for _ in range(100):
        with suppress(httpx2.TransportError):
            await client.get("/healthz")
            return
        await asyncio.sleep(0.05)


class _FolderDesk:
    """ingest.desk.SourceDesk of a bench: one daemon, nothing remembered but by the engine."""

    def __init__(self, desk: EngineDesk) -> None:
        self._desk = desk
        self.taken_in = 0

    async def take_in(self, raw: bytes, source: str, item: str = "") -> object:
        """The engine's."""
        self.taken_in += 1
        return await self._desk.take_in(raw, source, item)

    async def attend(self, _source: str, _trouble: str | None = None) -> bool:
        """There is nobody else."""
        return True

    async def let_go(self, _source: str) -> None:
        """As above."""


def folder(url: str, *, messages: int) -> Figures:
    """A folder with so many files, receipts and moving included (files per second)."""
    product = product_on(url, 100)
    seconds = 0.0

    async def main(place: Path) -> None:
        now = SystemClock().now()
        for number in range(messages):
            (place / f"{number:06}_11B03_BLUE_ALERT.xml").write_bytes(blue(number, now))
        daemon = _daemon(product, _Sink(), lambda _desk: [])

        async def started(desk: EngineDesk) -> None:
            nonlocal seconds
            watched = WatchedFolder(FolderPlan(place, 5_000, 1 << 20), SystemClock())
            source = FolderSource("folder:bench", watched, _FolderDesk(desk), SystemClock(), 100)  # type: ignore[arg-type]
            began = stopwatch()
            work = asyncio.create_task(source.run())
            while any(one.is_file() for one in place.iterdir()):  # noqa: ASYNC110, ASYNC240 - a bench may block
                await asyncio.sleep(0.1)
            seconds = stopwatch() - began
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
            daemon.stop()

        await daemon.run(started)

    with TemporaryDirectory(prefix="warning-dispatch-bench-") as place:
        asyncio.run(main(Path(place)))
    product.close()
    return {"files": messages, "per_second": messages / seconds}
