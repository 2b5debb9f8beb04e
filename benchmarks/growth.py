"""Opening a call-out at several sizes, each in a process of its own: what was there before does not count as memory.

`python -m benchmarks.growth URL` is that process: the database has its register already.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.country import KEYS, START, product_of, red_warning
from benchmarks.databases import Place, fresh
from benchmarks.figures import Figures, open_everything
from benchmarks.register import write_register
from warning_dispatch.clock import stopwatch
from warning_dispatch.store.database import open_database, upgrade


def opening(place: Place, *, villages: int) -> Figures:
    """Until the upper tiers were called and until every unit was filled (s), CPU per callee (µs), peak memory (MB).

    Then every gate is opened at once, as an officer may do (s).
    """
    database = open_database(place.url)
    upgrade(database)
    write_register(database, KEYS, villages)
    database.dispose()
    server = place.server_cpu()
    command = [sys.executable, "-m", "benchmarks.growth", place.url]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own module
    found: Figures = json.loads(done.stdout)
    served = place.server_cpu() - server
    found["cpu_us_per_callee"] = (found.pop("cpu_s") + served) * 1e6 / found["callees"]
    return found


def growth(kind: str, sizes: tuple[int, ...]) -> Figures:
    """What a callee costs at each size (µs of CPU, the server's included), and at the largest against the smallest."""
    found: Figures = {}
    for size in sizes:
        with fresh(kind) as place:
            one = opening(place, villages=size)
        found.update({f"{name}_at_{size}": value for name, value in one.items() if name != "callees"})
    first, last = (found[f"cpu_us_per_callee_at_{size}"] for size in (sizes[0], sizes[-1]))
    return {**found, "cost_ratio": last / first}


def main(url: str) -> None:
    """Open it, turn until nothing is left to fill, and open every gate."""
    product = product_of(open_database(url))
    before, began, cpu = _peak_mb(), stopwatch(), _cpu()
    product.engine.take_in(START, red_warning(START), "bench")
    turned = product.engine.turn(START)
    called, longest, last = stopwatch() - began, 0.0, stopwatch()
    while not turned.started and turned.next_at == START:
        turned = product.engine.turn(START)
        longest, last = max(longest, stopwatch() - last), stopwatch()
    figures = {
        "upper_tiers_called_s": called,
        "opened_s": stopwatch() - began,
        "longest_turn_s": longest,
        "cpu_s": _cpu() - cpu,
        "peak_memory_mb": _peak_mb(),
        "memory_before_mb": before,
        "callees": sum(tier.callees for tier in product.read.callout(1).tiers),
    }
    last = stopwatch()
    open_everything(product)
    figures["gates_opened_s"] = stopwatch() - last
    product.close()
    print(json.dumps(figures))


def _cpu() -> float:
    """CPU seconds of this process."""
    import resource  # noqa: PLC0415 - only here

    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_mb() -> float:
    """The most memory this process ever held; what `getrusage` says is inherited from the process that began it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main(sys.argv[1])
