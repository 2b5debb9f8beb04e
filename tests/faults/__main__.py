"""The long run: every fault so many times, each in nights of its own, on every database and crew it can befall.

    python -m faults --times 20 [--seed 1] [--only kill] [--out build/faults]

`kill -9` comes KILLS times as often as the others. Ends with 1 if a promise was broken.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

from .injections import FAULTS, Fault
from .report import added, table, write
from .run import Injected, Places, play

KILLS = 5
AT_ONCE = 8
"""Injections of one fault in one night at most: it is over after half a minute."""
STALLS = 3
"""Nights without a single injection after which a fault is given up."""


def settings_of(fault: Fault) -> Iterator[tuple[str, int]]:
    """(database, workers) it is tried on."""
    if "sqlite" in fault.kinds:
        yield "sqlite", 1
    if "postgresql" in fault.kinds:
        for workers in fault.crews:
            yield "postgresql", workers


def main() -> int:
    """Run, report, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", default="", help="faults whose names hold one of these, comma separated")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[2] / "build" / "faults")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers and workers are taken along
    seed = Random().getrandbits(32) if asked.seed is None else asked.seed
    print(f"seed={seed}")
    folder = Path(tempfile.mkdtemp(prefix="wdf"))
    folder.chmod(0o755)  # the server may run as another user
    places, told = Places(folder), list[Injected]()
    try:
        for fault in FAULTS.values():
            if any(part in fault.name for part in asked.only.split(",")):
                for one in _all_of(fault, places, asked.times, Random(f"{seed} {fault.name}")):
                    told.append(one)
                    write(added(told), asked.out, seed)  # a run that is stopped early leaves what it has found
    finally:
        places.close()
    print(table(added(told)))
    broken = [sentence for one in told for sentence in one.broken]
    for sentence in dict.fromkeys(broken):
        print(sentence, file=sys.stderr)
    if not broken:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if broken else 0


def _all_of(fault: Fault, places: Places, times: int, rng: Random) -> Iterator[Injected]:
    kinds = list(settings_of(fault))
    total = times * (KILLS if fault.name.startswith("kill") else 1)
    for number, (kind, workers) in enumerate(kinds):
        left, stalls = total // len(kinds) + (number < total % len(kinds)), 0
        while left > 0 and stalls < STALLS:
            night_seed = rng.getrandbits(32)
            try:
                place = places.of(kind, tiny=fault.tiny)
            except OSError as error:
                print(f"{fault.name}: not here, {error}")
                break
            for one in play(place, [(fault.name, min(left, AT_ONCE))], workers, night_seed):
                print(
                    f"{one.fault}, {kind}, {workers}, night {night_seed}: {one.times} times, {len(one.broken)} broken",
                    flush=True,
                )
                left -= one.times
                stalls += not one.times
                yield one


if __name__ == "__main__":
    sys.exit(main())
