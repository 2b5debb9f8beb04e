"""`run`: the daemon."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import structlog
import typer

from warning_dispatch.bootstrap import build_daemon, open_product
from warning_dispatch.clock import SystemClock
from warning_dispatch.errors import UnreachableError
from warning_dispatch.logs import configure_logging
from warning_dispatch.settings import Settings, load_settings

FIRST_WAIT, LONGEST_WAIT = 1.0, 15.0
"""Seconds between two tries to reach the database: doubled from try to try, up to the second."""


def run(
    config: Annotated[Path | None, typer.Option(help="配置目录 / configuration folder")] = None,
) -> None:
    """运行值守进程，直到收到 SIGTERM 或 SIGINT。 / Run the daemon until SIGTERM or SIGINT; it drains before it stops."""
    settings = load_settings(config)
    configure_logging(settings.log.level, json=settings.log.format == "json")
    try:
        asyncio.run(until_stopped(settings))
    finally:
        settings.control_socket.unlink(missing_ok=True)


async def until_stopped(settings: Settings) -> None:
    """Run; while the database cannot be reached at the start, wait and try again, saying so once for each reason.

    What else is wrong (the schema, the configuration, the keys) does not mend itself and is raised.
    """
    stop, log = asyncio.Event(), structlog.get_logger("daemon")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    said, wait = "", FIRST_WAIT
    while not stop.is_set():
        try:
            await _run_once(settings, stop)
        except UnreachableError as error:
            fault = str(error)
        else:
            return
        if fault != said:
            log.error("daemon.waiting", error=fault, remedy="数据库恢复后自动继续 / goes on by itself when it is back")
        said = fault
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait)
        wait = min(2 * wait, LONGEST_WAIT)
    log.info("daemon.stopped")


async def _run_once(settings: Settings, stop: asyncio.Event) -> None:
    """Open everything and run until `stop`. Raises UnreachableError while nothing runs yet."""
    product = await asyncio.to_thread(open_product, settings)
    try:
        daemon = await asyncio.to_thread(build_daemon, settings, product, SystemClock())
        structlog.get_logger("daemon").info(
            "daemon.listening", host=settings.web.host, port=settings.web.port, socket=str(settings.control_socket)
        )
        stopping = asyncio.create_task(_stop_with(daemon.stop, stop))
        try:
            await daemon.run()
        finally:
            stopping.cancel()
    finally:
        product.close()


async def _stop_with(stop_daemon: Callable[[], None], stop: asyncio.Event) -> None:
    await stop.wait()
    stop_daemon()
