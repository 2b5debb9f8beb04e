"""`run`: the daemon."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import structlog
import typer

from warning_dispatch.bootstrap import Part, build_daemon, open_product
from warning_dispatch.errors import RefusedError
from warning_dispatch.logs import configure_logging
from warning_dispatch.settings import load_settings


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
    product = open_product(settings)
    try:
        daemon = build_daemon(settings, product, product.clock(), parts)

        async def main() -> None:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, daemon.stop)
            structlog.get_logger("daemon").info(
                "daemon.listening", host=settings.web.host, port=settings.web.port, socket=str(settings.control_socket)
            )
            await daemon.run()

        asyncio.run(main())
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
