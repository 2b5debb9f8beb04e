"""One worker: what `warning-dispatch run` is, but for the clock and the switches of the board.

    python -m faults.worker CONFIG BOARD [WARNING]

The worker that is given a warning takes it in if there is no call-out yet. Prints `started` when it runs; SIGTERM drains.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection

from warning_dispatch.bootstrap import Product, build_daemon, open_product
from warning_dispatch.daemon import Daemon, EngineDesk
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.logs import configure_logging
from warning_dispatch.settings import load_settings
from warning_dispatch.simulation.channel import SimulatedChannel

from .board import Board
from .carrier import MoodyCarrier


def obey_switches(product: Product, board: Board) -> None:
    """The switch of a SQLite file: whoever takes a connection finds it as the board has it."""
    if product.storage.many_writers:
        return

    def taken(connection: DBAPIConnection, _entry: object, _proxy: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA query_only = {int(board.read_only)}")
        cursor.close()

    event.listen(product.database, "checkout", taken)


def put_carrier_before(daemon: Daemon, board: Board) -> None:
    """The carrier with moods takes the simulated channel's place; there is no setting for it, nor should there be."""
    parts: Any = daemon
    moody: dict[int, MoodyCarrier] = {}
    for name, channel in list(parts._channels.items()):
        if isinstance(channel, SimulatedChannel):
            parts._channels[name] = moody.setdefault(id(channel), MoodyCarrier(channel, board))
    parts._pumps = [one.pump for one in moody.values()]


def main(config: Path, board: Board, warning: Path | None) -> None:
    """Run until told to stop."""
    settings = load_settings(config)
    configure_logging("warning", json=False)
    product = open_product(settings)
    obey_switches(product, board)
    daemon = build_daemon(settings, product, board)
    put_carrier_before(daemon, board)

    raw = warning.read_bytes() if warning else b""

    async def started(desk: EngineDesk) -> None:
        if raw and not await asyncio.to_thread(product.read.callouts):
            await desk.take_in(restamp(raw, board.now()), "test")
        print("started", flush=True)  # noqa: T201 - the line the test waits for

    async def run() -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, daemon.stop)
        await daemon.run(started)

    asyncio.run(run())
    product.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Board(Path(sys.argv[2])), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
