"""The daemon of an installation on a clock that runs faster: a process to be killed, started again and killed.

    python runner.py CONFIG SPEED WARNING

It is what `warning-dispatch run` does, but for the clock. The first start takes the warning in; every start prints one
line when the daemon runs, and the process ends by itself when all whose gate is open have answered or are unreached.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from warning_dispatch.bootstrap import Product, build_daemon, open_product
from warning_dispatch.clock import Clock, ScaledClock, SystemClock
from warning_dispatch.daemon import EngineDesk
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.logs import configure_logging
from warning_dispatch.model.states import CalleeState
from warning_dispatch.settings import load_settings
from warning_dispatch.simulation.carrier_log import read_carrier_log
from warning_dispatch.store.database import reading

UNSETTLED = (CalleeState.WAITING, CalleeState.CALLING, CalleeState.RELAYED)
LOOK_EVERY = 0.2
"""Seconds between looks whether all is settled."""


def clock_of(product: Product, carrier: Path, speed: float) -> Clock:
    """The fast clock; after a kill it goes on a second after the last thing that the database or the carrier saw.

    Were it to run on while the process starts, two minutes of the night would pass each time, and the night be over.
    """
    with reading(product.database) as connection:
        moments = [connection.exec_driver_sql("SELECT max(at) FROM journal_block").scalar() or 0]
    if carrier.exists():
        moments += [record.at for record in read_carrier_log(carrier)]
    last = max(moments)
    return ScaledClock(last + 1_000 if product.read.callouts() else SystemClock().now(), speed)


async def settled(product: Product) -> None:
    """Wait until nobody is being called for the first time any more."""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        if not await asyncio.to_thread(product.read.callees, 1, states=UNSETTLED, limit=1):
            return


def main(config: Path, speed: float, warning: Path) -> None:
    """Run until settled or killed."""
    settings = load_settings(config)
    configure_logging("error", json=False)
    product = open_product(settings)
    clock = clock_of(product, Path(settings.simulation.carrier_log), speed)
    daemon = build_daemon(settings, product, clock)
    watching: list[asyncio.Task[None]] = []

    raw = warning.read_bytes()

    async def started(desk: EngineDesk) -> None:
        if not product.read.callouts():
            await desk.take_in(restamp(raw, clock.now()), "test")
        print("started", flush=True)  # noqa: T201 - the line the test waits for
        watching.append(asyncio.create_task(settled(product)))
        watching[0].add_done_callback(lambda _done: daemon.stop())

    asyncio.run(daemon.run(started))
    product.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]))
