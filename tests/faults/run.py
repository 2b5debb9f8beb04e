"""Nights full of faults, played and judged."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from warning_dispatch.clock import pause, stopwatch

from .injections import FAULTS
from .judge import Verdict, judge
from .night import Night
from .places import OnPostgresql, OnSqlite
from .server import Server

AFTER = 8.0
"""s after a fault was lifted in which a standstill still counts as its own."""
TINY = 220
"""MiB of the server whose disk is to be full."""
_NAMES = (f"night{number}" for number in count(1))


@dataclass(slots=True)
class Injected:
    """What one fault did over a run. `standstill` in s; sentences in `broken` begin with the number of the promise."""

    fault: str
    database: str
    workers: int
    times: int = 0
    nights: int = 0
    handed: int = 0
    lost: int = 0
    called_after_answer: int = 0
    repeated: int = 0
    unmarked: int = 0
    noticed: int = 0
    standstill: float = 0.0
    broken: list[str] = field(default_factory=list)

    def add(self, verdict: Verdict, troubles: Sequence[str], noticed: int) -> None:
        """A night is over. `noticed`: see Night.noticed, for all faults of the night together."""
        self.noticed += noticed
        self.nights += 1
        self.handed += verdict.handed
        self.lost += verdict.lost
        self.called_after_answer += verdict.called_after_answer
        self.repeated += verdict.repeated
        self.unmarked += verdict.unmarked
        self.broken += [*verdict.broken, *troubles]


class Places:
    """Installations, made when they are first wanted."""

    def __init__(self, folder: Path) -> None:
        """`folder`: short, and ours alone."""
        self.folder = folder
        self._made: dict[str, OnSqlite | OnPostgresql] = {}
        self._servers: list[Server] = []

    def of(self, kind: str, *, tiny: bool = False) -> OnSqlite | OnPostgresql:
        """OSError where no tiny server can be had."""
        name = f"{kind}-tiny" if tiny else kind
        if name not in self._made:
            home = self.folder / name
            home.mkdir()
            self._made[name] = OnSqlite(home) if kind == "sqlite" else self._on_server(home, TINY if tiny else 0)
        return self._made[name]

    def _on_server(self, home: Path, room: int) -> OnPostgresql:
        server = Server(home / "pg")
        server.create(room=room)
        self._servers.append(server)
        return OnPostgresql(home, server)

    def close(self) -> None:
        """Stop the servers."""
        for server in self._servers:
            server.remove()


def play(
    place: OnSqlite | OnPostgresql, wanted: Sequence[tuple[str, int]], workers: int, seed: int, *, every: bool = False
) -> list[Injected]:
    """One night with (fault, how often) in a seeded order; what each did, the night's verdict with each of them.

    Faults that find everybody answered or on the list are not injected, unless `every` is wanted: who has not answered goes
    on being called.
    """
    name = next(_NAMES)
    folder = place.keys_dir.parent / name
    folder.mkdir()
    night = Night(place, folder, name, workers, seed)
    told = {fault: Injected(fault, place.kind, workers) for fault, _ in wanted}
    queue = [fault for fault, times in wanted for _ in range(times)]
    night.rng.shuffle(queue)
    try:
        night.begin()
        spans = _inject(night, queue, told, every=every)
        night.finish()
        for fault, since, until in spans:
            told[fault].standstill = max(told[fault].standstill, night.watch.standstill(since, until))
        verdict = judge(night)
    finally:
        night.abandon()
    for one in told.values():
        one.add(verdict, night.troubles, night.noticed())
    if not any(one.broken for one in told.values()):
        _forget(place, folder, name)
    return list(told.values())


def _inject(
    night: Night, queue: Sequence[str], told: dict[str, Injected], *, every: bool
) -> list[tuple[str, float, float]]:
    spans = []
    for fault in queue:
        pause(night.rng.uniform(0.3, 2.0))
        if night.watch.open == 0 and not every:
            break
        began = stopwatch()
        FAULTS[fault].inject(night)
        told[fault].times += 1
        night.revive()
        spans.append((fault, began, stopwatch() + AFTER))
    return spans


def _forget(place: OnSqlite | OnPostgresql, folder: Path, name: str) -> None:
    shutil.rmtree(folder)
    if isinstance(place, OnPostgresql):
        place.forget(name)
