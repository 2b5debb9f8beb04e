"""`run`: the daemon."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import structlog
import typer

from warning_dispatch.bootstrap import build_daemon, open_product
from warning_dispatch.clock import SystemClock
from warning_dispatch.logs import configure_logging
from warning_dispatch.settings import load_settings


def run(
    config: Annotated[Path | None, typer.Option(help="配置目录 / configuration folder")] = None,
) -> None:
    """运行值守进程，直到收到 SIGTERM 或 SIGINT。 / Run the daemon until SIGTERM or SIGINT; it drains before it stops."""
    settings = load_settings(config)
    configure_logging(settings.log.level, json=settings.log.format == "json")
    product = open_product(settings)
    try:
        daemon = build_daemon(settings, product, SystemClock())

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
        settings.control_socket.unlink(missing_ok=True)
