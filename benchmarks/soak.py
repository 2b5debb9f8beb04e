"""A day and a night of mixed load on the real daemon, to see whether anything grows beyond the data.

    python -m benchmarks.soak [--hours 24] [--speed 240]

The daemon of an installation (SQLite file, web server, local socket, simulated phones) on a clock that runs `speed` times as
fast. Ten warnings an hour: red and orange, of one county or several, by hand and by the API, one of them sent twice and one
that nobody can read; pages and probes are asked, an officer claims, cancels and closes by the local socket. JSON on stdout,
a table on stderr; exit code 1 when memory, objects, handles, threads, tasks or files grow from the second third to the last.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from random import Random
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any

import httpx2

from benchmarks.country import ROOT
from warning_dispatch.bootstrap import Product, build_daemon, open_product
from warning_dispatch.cli.contacts import load_sample
from warning_dispatch.cli.office import open_office
from warning_dispatch.clock import ScaledClock, SystemClock, stopwatch
from warning_dispatch.daemon import EngineDesk
from warning_dispatch.engine.acts import Act
from warning_dispatch.errors import DispatchError
from warning_dispatch.ingest.handwritten import Order, compose, usual_headline
from warning_dispatch.logs import configure_logging
from warning_dispatch.model.colour import Colour
from warning_dispatch.settings import Settings, load_settings
from warning_dispatch.store.accounts import add_key
from warning_dispatch.store.database import open_database, upgrade, writing
from warning_dispatch.store.keys import KeyRing

HOUR = 3_600_000
PER_HOUR = 10
SAMPLES = 24
KEPT_LIVE = 12
"""Call-outs that the officer lets run; the oldest beyond are cancelled."""
COUNTIES = (
    "141102",
    "141121",
    "141122",
    "141123",
    "141124",
    "141125",
    "141126",
    "141127",
    "141128",
    "141129",
    "141130",
)
HAZARDS = ("rainstorm", "snowstorm", "thunderstorm_gale")
ALLOWED = {
    "rss_mib": (1.10, 16.0),
    "objects": (1.10, 5_000),
    "handles": (1.0, 8),
    "threads": (1.0, 2),
    "tasks": (1.0, 12),
    "files": (1.0, 0),
}
"""What the mean of the last third may be of that of the second: a factor, and so much more."""


@dataclass(frozen=True, slots=True)
class Sample:
    """How much there is of everything at a moment (virtual hours)."""

    hour: float
    rss_mib: float
    objects: int
    handles: int
    threads: int
    tasks: int
    files: int
    database_mib: float
    warnings: int
    callouts: int


class Load:
    """The world around the daemon."""

    def __init__(self, settings: Settings, product: Product, clock: ScaledClock, key: str, hours: float) -> None:
        self._settings = settings
        self._product = product
        self._clock = clock
        self._hours = hours
        self._rng = Random(1)  # the same day every time
        self._hazards = product.configuration.hazards.hazards
        self._begins = clock.now()
        self._sent = 0
        self._twice = b""
        self.samples: list[Sample] = []
        self.refused: dict[str, int] = {}
        self._client = httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{settings.web.port}", headers={"Authorization": f"Bearer {key}"}, timeout=30
        )

    async def run(self, desk: EngineDesk) -> None:
        """The day: a warning every six minutes, pages between them, the officer every half hour, a sample now and then."""
        for _ in range(300):
            with suppress(httpx2.HTTPError):
                if (await self._client.get("/readyz")).status_code == httpx2.codes.OK:
                    break
            await asyncio.sleep(0.1)
        self._begins = self._clock.now()
        every = HOUR // PER_HOUR
        for number in range(round(self._hours * PER_HOUR)):
            await self._until(number * every)
            await self._warning(number)
            await self._pages()
            if number % 5 == 0:
                await asyncio.to_thread(self._officer)
            if number >= len(self.samples) * self._hours * PER_HOUR / SAMPLES:
                self.samples.append(await asyncio.to_thread(self._sample, len(asyncio.all_tasks())))
        await self._client.aclose()
        _ = desk

    async def _until(self, moment: int) -> None:
        await asyncio.sleep(max(0.0, self._clock.real_seconds(self._begins + moment - self._clock.now())))

    async def _warning(self, number: int) -> None:
        """Nine that can be read, one of them for the second time, and one that cannot."""
        place = number % PER_HOUR
        if place == PER_HOUR - 1:
            raw = b"<alert>" + self._rng.randbytes(200)
        elif place == PER_HOUR - 2:
            raw = self._twice
        else:
            raw = self._twice = self._composed(number)
        self._count(f"alerts {await self._asked('POST', '/api/v1/alerts', raw)}")
        self._sent += 1

    async def _asked(self, method: str, path: str, body: bytes | None = None) -> int:
        """The status; 0 when nothing came back in time: whoever sends asks again, and so may a busy machine's day go on."""
        try:
            return (await self._client.request(method, path, content=body)).status_code
        except httpx2.TransportError:
            return 0

    def _composed(self, number: int) -> bytes:
        areas = self._rng.sample(COUNTIES, 3 if number % 7 == 0 else 1)
        colour = Colour.RED if number % 3 else Colour.ORANGE
        hazard = self._hazards.get(HAZARDS[number % len(HAZARDS)]) or next(iter(self._hazards.values()))
        name = self._settings.ingest.hand_issuer_name
        order = Order(
            hazard=hazard,
            colour=colour,
            areas=[(code, code) for code in areas],
            headline=usual_headline(name, hazard, colour),
            description="",
            instruction="",
            issuer=self._settings.ingest.hand_issuer,
            issuer_name=name,
            actor="soak",
            reason="soak",
        )
        return compose(order, self._clock.now())

    async def _pages(self) -> None:
        for path in ("/healthz", "/readyz", "/login", "/api/v1/callouts", "/r/aaaaaaaaaaaaaaaa", "/static/none"):
            self._count(f"{path} {await self._asked('GET', path)}")

    def _officer(self) -> None:
        """By the local socket, as commands do."""
        live = self._product.read.callouts(live_only=True, limit=100)
        with open_office(self._settings) as office:
            for one in live[KEPT_LIVE:]:
                with suppress(DispatchError):
                    office.act(Act.CANCEL, one.id, actor="soak", reason="soak")
            with suppress(DispatchError):
                office.claim(None, actor="soak")

    def _count(self, what: str) -> None:
        self.refused[what] = self.refused.get(what, 0) + 1

    def _sample(self, tasks: int) -> Sample:
        gc.collect()
        state = self._settings.state_dir
        found = [
            path for path in state.rglob("*") if path.is_file() and self._settings.lists_folder not in path.parents
        ]
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return Sample(
            hour=round((self._clock.now() - self._begins) / HOUR, 2),
            rss_mib=round(pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20), 1),
            objects=len(gc.get_objects()),
            handles=len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - a listing of handles, not of files
            threads=threading.active_count(),
            tasks=tasks,
            files=len(found),
            database_mib=round(sum(one.stat().st_size for one in found if ".db" in one.name) / (1 << 20), 1),
            warnings=self._sent,
            callouts=len(self._product.read.callouts(limit=10_000)),
        )


def grown(samples: Sequence[Sample]) -> list[str]:
    """What grew beyond what is allowed from the second third to the last."""
    third = max(1, len(samples) // 3)
    before, after = samples[third : 2 * third], samples[-third:]
    faults = []
    for name, (factor, more) in ALLOWED.items():
        first, last = (fmean(float(getattr(one, name)) for one in part) for part in (before, after))
        if last > first * factor + more:
            faults.append(f"{name}: {first:.1f} → {last:.1f}")
    return faults


def _settings(home: Path) -> Settings:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    web = {"port": port, "public_url": f"http://127.0.0.1:{port}"}
    return load_settings(ROOT / "config", {}, state_dir=str(home), web=web)


def soak(home: Path, *, hours: float, speed: float) -> tuple[list[Sample], dict[str, int]]:
    """Play the day; its samples, and how often each request was answered how."""
    settings = _settings(home)
    KeyRing.create(settings.keys_dir)
    database = open_database(settings.database_url)
    upgrade(database)
    with writing(database) as connection:
        _, key = add_key(connection, "soak", ["alerts", "read"], SystemClock().now())
    database.dispose()
    load_sample(settings, 1, "soak")
    product = open_product(settings)
    clock = ScaledClock(SystemClock().now(), speed)
    daemon = build_daemon(settings, product, clock)
    load = Load(settings, product, clock, key, hours)
    faults: list[BaseException] = []

    async def started(desk: EngineDesk) -> None:
        async def day() -> None:
            try:
                await load.run(desk)
            except BaseException as error:
                faults.append(error)
                raise
            finally:
                daemon.stop()

        playing.append(asyncio.create_task(day()))

    playing: list[asyncio.Task[None]] = []
    asyncio.run(daemon.run(started))
    product.close()
    if faults:
        raise faults[0]
    return load.samples, load.refused


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--speed", type=float, default=240)
    asked = parser.parse_args()
    configure_logging("critical", json=False)
    began = stopwatch()
    with TemporaryDirectory() as folder:
        samples, answers = soak(Path(folder), hours=asked.hours, speed=asked.speed)
    names = [one.name for one in fields(Sample)]
    print("  ".join(f"{name:>12}" for name in names), file=sys.stderr)
    for one in samples:
        print("  ".join(f"{getattr(one, name):>12}" for name in names), file=sys.stderr)
    faults = grown(samples)
    document: dict[str, Any] = {
        "hours": asked.hours,
        "seconds": round(stopwatch() - began, 1),
        "grown": faults,
        "answers": answers,
        "samples": [asdict(one) for one in samples],
    }
    print(json.dumps(document))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
