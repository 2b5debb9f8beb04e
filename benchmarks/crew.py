"""Several workers on one PostgreSQL with a carrier that takes everything: how many attempts a second, and each one once.

    python -m benchmarks.crew URL --workers 2 --villages 30000

The processes begin to turn together. Each writes down what it handed over; afterwards no attempt may stand in two lists.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from typing import Any

from benchmarks.country import START, product_of, product_on, red_warning, take_all
from benchmarks.figures import open_everything
from warning_dispatch.clock import stopwatch
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.store.database import open_database

IDLE_TURNS = 20
"""Turns in a row without anything to do after which a worker goes home."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one worker did: the attempts it handed over, from when to when (s of one clock), and its CPU (s)."""

    attempts: Sequence[int]
    began: float
    ended: float
    cpu: float


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _work(url: str, barrier: Barrier, done: Any) -> None:
    product = product_of(open_database(url))
    product.crew()
    handed: list[int] = []
    barrier.wait()
    began, cpu = stopwatch(), _cpu()
    now, inbox, idle = START + 1_000, Inbox(), 0
    ended = began
    while idle < IDLE_TURNS:
        turned = product.engine.turn(now, inbox)
        handed.extend(one.attempt_id for one in turned.batch)
        inbox = Inbox(receipts=take_all(turned.batch))
        if turned.batch or turned.stepped:
            ended, idle = stopwatch(), 0
        else:
            idle += 1
            now += 1
    done.put(Share(handed, began, ended, _cpu() - cpu))
    product.close()


def run(url: str, *, workers: int, villages: int) -> dict[str, float | int]:
    """Open a call-out over everybody, let the workers go, count."""
    product = product_on(url, villages)
    product.engine.take_in(START, red_warning(START), "bench")
    open_everything(product)
    product.close()
    context = multiprocessing.get_context("spawn")
    barrier, done = context.Barrier(workers), context.Queue()
    processes = [context.Process(target=_work, args=(url, barrier, done)) for _ in range(workers)]
    for process in processes:
        process.start()
    shares: list[Share] = [done.get() for _ in processes]
    for process in processes:
        process.join()
    times = Counter(attempt for share in shares for attempt in share.attempts)
    seconds = max(one.ended for one in shares) - min(one.began for one in shares)
    return {
        "workers": workers,
        "attempts": len(times),
        "twice": sum(count > 1 for count in times.values()),
        "per_second": len(times) / seconds,
        "least_share": min(len(one.attempts) for one in shares) / max(1, len(times)),
        "cpu_seconds_per_1000": sum(one.cpu for one in shares) * 1000 / max(1, len(times)),
    }


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crew")
    parser.add_argument("url", help="an empty PostgreSQL database")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--villages", type=int, default=30_000)
    options = parser.parse_args()
    print(json.dumps(run(options.url, workers=options.workers, villages=options.villages), indent=2))


if __name__ == "__main__":
    main()
