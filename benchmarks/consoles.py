"""What open consoles cost the engine: the same storm with none, and with many officers looking, in one process as `run` has it."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import uvicorn
from fastapi import FastAPI
from starlette.requests import Request

from benchmarks.country import product_on, red_warning
from benchmarks.databases import Place, fresh
from benchmarks.figures import Figures, percentile
from benchmarks.under_load import Sink
from warning_dispatch.bootstrap import Product
from warning_dispatch.clock import Clock, ScaledClock, SystemClock, pause, stopwatch
from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.lanes import Writer
from warning_dispatch.model.unit import UnitLevel
from warning_dispatch.web.application import create_app
from warning_dispatch.web.console.console import ConsoleParts
from warning_dispatch.web.console.door import Asked, Officer

SPEED = 20.0
"""Of the storm in which timers are looked at: holds of minutes pass in seconds."""
WHOLE_DESKS = 0.1
"""Share of the officers who sit at the bureau; the others sit in the counties."""


class PartEntrance:
    """Whoever asks says which part is theirs; nobody else is on this machine."""

    async def enter(self, request: Request, asked: Asked) -> Officer:
        """See Entrance."""
        del asked
        part = request.headers.get("x-part", "whole")
        units = None if part == "whole" else (part,)
        return Officer(part, part, may_act=True, sees=units, acts=units)

    async def form(self, request: Request, officer: Officer) -> Mapping[str, str]:
        """See Entrance."""
        raise NotImplementedError(request, officer)


class _Busy(Sink):
    """Counts what was handed over, until when, how late deadlines were served, and the CPU of the engine's own thread."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self.late: list[float] = []
        self.engine_cpu = 0.0
        self.last = 0.0
        self._speed = speed
        self._due: int | None = None

    def turned(self, now: int, stepped: int, claimed: int, next_at: int | None) -> None:
        """After each turn, in the engine's thread."""
        super().turned(now, stepped, claimed, next_at)
        if claimed:
            self.last = stopwatch()
        if self._due is not None and self._due <= now:
            self.late.append((now - self._due) / self._speed)
        self._due = self.writer.next_at if self.writer else None
        self.engine_cpu = time.thread_time()


def consoles(kind: str, *, villages: int, watching: int, seconds: float) -> Figures:
    """Two storms each without and with open consoles: one at full speed (attempts/s), one by the ladder (timers, CPU)."""
    found: dict[str, float | int] = {"callees": villages, "consoles": watching}
    for name, count in (("none", 0), ("open", watching)):
        with fresh(kind) as place:
            full = _storm(place, villages * 10, count, seconds=0.0)
        with fresh(kind) as place:
            paced = _storm(place, villages, count, seconds=seconds)
        found |= {
            f"{name}_attempts_per_second": full["per_second"],
            f"{name}_timers": paced["timers"],
            f"{name}_timer_p50_ms": paced["timer_p50_ms"],
            f"{name}_timer_p99_ms": paced["timer_p99_ms"],
            f"{name}_engine_cpu_share": paced["engine_cpu"],
            f"{name}_web_cpu_share": paced["web_cpu"],
        }
        if count:
            found["events_per_console_and_second"] = paced["events"] / count
    return found


def _storm(place: Place, villages: int, count: int, *, seconds: float) -> dict[str, float]:
    """`seconds` 0: as fast as it goes until everybody has been called once; else by the ladder for so long."""
    product = product_on(place.url, villages)
    system = SystemClock()
    clock: Clock = ScaledClock(system.now(), SPEED) if seconds else system
    sink = _Busy(SPEED if seconds else 1.0)
    writer = sink.writer = Writer(product.engine, clock, sink, sink, 1_000)
    now = clock.now()
    product.engine.take_in(now, red_warning(now), "bench")
    with _served(product, clock) as port, _watchers(port, product, count) as events:
        if not seconds:
            product.engine.act(clock.now(), Act.OPEN_GATE, 1, actor="bench", reason="bench")
        began, cpu = stopwatch(), place.cpu()
        writer.start()
        writer.wake()
        if seconds:
            pause(seconds)
        else:
            _until_quiet(sink, began)
        span, used = stopwatch() - began, place.cpu() - cpu
        handed_for = max(0.001, sink.last - began)
        writer.stop()
    product.close()
    return {
        "per_second": sink.handed / handed_for,
        "timers": len(sink.late),
        "timer_p50_ms": percentile(sink.late, 0.5),
        "timer_p99_ms": percentile(sink.late, 0.99),
        "engine_cpu": sink.engine_cpu / span,
        "web_cpu": max(0.0, used - sink.engine_cpu) / span,
        "events": events() / span,
    }


def _until_quiet(sink: _Busy, began: float) -> None:
    """Until nothing has been handed over for a second."""
    while stopwatch() - max(sink.last, began) < 1.0 or not sink.handed:
        pause(0.05)
        if stopwatch() - began > 120:
            raise TimeoutError("the storm does not end")


def console_app(parts: ConsoleParts, clock: Clock) -> FastAPI:
    """The console alone, open to whoever comes."""
    return create_app(
        parts.read,
        cast("Any", None),
        public_url="http://127.0.0.1",
        live_page=False,
        body_limit=1 << 20,
        clock=clock,
        console=parts,
    )


@contextmanager
def _served(product: Product, clock: Clock) -> Iterator[int]:
    """The console on a port, in a thread beside the engine's."""
    app = console_app(ConsoleParts(product.read, cast("Any", None), PartEntrance()), clock)
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", ws="none"))
        loops: list[asyncio.AbstractEventLoop] = []

        async def serve() -> None:
            loops.append(asyncio.get_running_loop())
            await server.serve(sockets=[door])

        thread = threading.Thread(target=lambda: asyncio.run(serve()))
        thread.start()
        while not server.started:
            pause(0.02)
        yield door.getsockname()[1]
        loops[0].call_soon_threadsafe(app.state.close)
        server.should_exit = True
        thread.join(15)


@contextmanager
def _watchers(port: int, product: Product, count: int) -> Iterator[Any]:
    """So many officers, a tenth of them at the bureau; what they have been sent."""
    if not count:
        yield lambda: 0
        return
    counties = [code for code, _ in product.read.divisions(UnitLevel.COUNTY)]
    whole = max(1, int(count * WHOLE_DESKS))
    parts = ["whole"] * whole + [counties[number % len(counties)] for number in range(count - whole)]
    command = [sys.executable, "-m", "benchmarks.watchers", str(port), *parts]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module
    pause(2.0)  # every stream has had its first look
    said: list[int] = []

    def events() -> int:
        if not said:
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=20)
            said.append(int(json.loads(out)["events"]))
        return said[0]

    try:
        yield events
        events()
    finally:
        process.kill()
