"""`run`: the daemon."""

from __future__ import annotations

import asyncio
import faulthandler
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import structlog
import typer

from warning_dispatch.bootstrap import EVERYTHING, Part, build_daemon, open_product, spare_the_collector
from warning_dispatch.clock import SystemClock
from warning_dispatch.errors import RefusedError, UnreachableError
from warning_dispatch.logs import configure_logging
from warning_dispatch.settings import Settings, load_settings
from warning_dispatch.supervision import Standing, Supervisor, unsupervised
from warning_dispatch.surroundings import supervisor_address
from warning_dispatch.tomlfiles import both

ASK_FOR = 60.0
"""Seconds more that a start asks its supervisor for while the database is away; asked again with every try."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 15.0
"""Seconds between two tries to reach the database: doubled from try to try, up to the second."""


def run(
    config: Annotated[Path | None, typer.Option(help="配置目录 / configuration folder")] = None,
    roles: Annotated[
        str,
        typer.Option(
            help="本进程做什么：ingest 接收预警，engine 叫应，web 网页与接口，逗号分隔；默认全部，分开须用 PostgreSQL "
            "/ what this process does: ingest, engine, web, comma separated; all by default, a split needs PostgreSQL"
        ),
    ] = ",".join(Part),
) -> None:
    """运行值守进程，直到收到 SIGTERM 或 SIGINT。 / Run the daemon until SIGTERM or SIGINT; it drains before it stops."""
    parts = _parts(roles)
    settings = load_settings(config)
    configure_logging(settings.log.level, json=settings.log.format == "json")
    show_where_it_hangs()
    asyncio.run(until_stopped(settings, parts, Standing(Supervisor(supervisor_address()), SystemClock())))


def show_where_it_hangs() -> None:
    """A supervisor that hears nothing any more ends the process by SIGABRT: where each thread stood goes to the log."""
    if sys.__stderr__ is not None:
        faulthandler.enable(sys.__stderr__)


async def until_stopped(
    settings: Settings, parts: frozenset[Part] = EVERYTHING, standing: Standing | None = None
) -> None:
    """Run; while the database cannot be reached at the start, wait and try again, saying so once for each reason.

    What else is wrong (the schema, the configuration, the keys) does not mend itself and is raised.
    """
    stop, log = asyncio.Event(), structlog.get_logger("daemon")
    standing = standing or unsupervised(SystemClock())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    said, wait = "", FIRST_WAIT
    while not stop.is_set():
        try:
            await _run_once(settings, stop, parts, standing)
        except UnreachableError as error:
            fault = str(error)
        else:
            return
        if fault != said:
            log.error("daemon.waiting", error=fault, remedy="数据库恢复后自动继续 / goes on by itself when it is back")
        said = fault
        standing.waiting(both("等数据库", f"waiting for the database: {fault}"), ASK_FOR)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):  # not wait_for: in 3.11 it may swallow a cancel
                await stop.wait()
        wait = min(2 * wait, LONGEST_WAIT)
    log.info("daemon.stopped")


async def _run_once(settings: Settings, stop: asyncio.Event, parts: frozenset[Part], standing: Standing) -> None:
    """Open everything and run until `stop`. Raises UnreachableError while nothing runs yet."""
    product = await asyncio.to_thread(open_product, settings)
    try:
        daemon = await asyncio.to_thread(lambda: build_daemon(settings, product, product.clock(), parts, standing))
        spare_the_collector()
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


def _parts(roles: str) -> frozenset[Part]:
    """The roles by name. RefusedError names the unknown one."""
    names = [one.strip() for one in roles.split(",") if one.strip()]
    unknown = [one for one in names if one not in set(Part)]
    if unknown or not names:
        raise RefusedError(
            f"--roles: 没有 {', '.join(unknown) or '任何角色'} / unknown: {', '.join(unknown) or 'none given'}; {', '.join(Part)}"
        )
    return frozenset(Part(one) for one in names)


async def _stop_with(stop_daemon: Callable[[], None], stop: asyncio.Event) -> None:
    await stop.wait()
    stop_daemon()
