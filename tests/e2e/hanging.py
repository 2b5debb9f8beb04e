"""The daemon of an installation whose engine hangs while a file is there.

    python hanging.py CONFIG FILE

It is what `warning-dispatch run` does, but for the database: the engine's thread asks it in every turn, and while FILE
exists it gets no answer. Wire and web go on.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from warning_dispatch.bootstrap import build_daemon, open_product
from warning_dispatch.cli.run import show_where_it_hangs
from warning_dispatch.clock import SystemClock, pause
from warning_dispatch.logs import configure_logging
from warning_dispatch.settings import load_settings
from warning_dispatch.supervision import Standing, Supervisor
from warning_dispatch.surroundings import supervisor_address


def hang_while(flag: Path, storage: object) -> None:
    """As long as the file is there, the engine's thread waits for its database."""
    writing: Callable[..., AbstractContextManager[Any]] = vars(type(storage))["writing"].__get__(storage)

    def hangs(*, shared: bool = False) -> AbstractContextManager[Any]:
        while threading.current_thread().name == "engine" and flag.exists():
            pause(0.05)
        return writing(shared=shared)

    vars(storage)["writing"] = hangs


async def run(config: Path, flag: Path) -> None:
    """Until SIGTERM."""
    settings = load_settings(config)
    configure_logging("info", json=True)
    product, clock = open_product(settings), SystemClock()
    hang_while(flag, product.storage)
    standing = Standing(Supervisor(supervisor_address()), clock)
    daemon = build_daemon(settings, product, clock, standing=standing)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, daemon.stop)
    await daemon.run()
    product.close()


if __name__ == "__main__":
    show_where_it_hangs()
    asyncio.run(run(Path(sys.argv[1]), Path(sys.argv[2])))
