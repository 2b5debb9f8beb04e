"""The faults: each is injected into a running night and lifted again, at moments and for as long as the night's seed has it."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psycopg
from sqlalchemy import make_url

from warning_dispatch.clock import pause
from warning_dispatch.store.locks import WRITERS

from .board import Mood
from .night import Night
from .places import LOCK_TIMEOUT, OnPostgresql
from .server import QUIET, Server

HOUR = 3_600_000
BUSY = 5.5
"""s: a little longer than SQLite waits for a lock."""


def _alive(night: Night) -> int:
    return night.rng.choice([number for number, one in enumerate(night.processes) if one is not None])


def _server(night: Night) -> Server:
    assert isinstance(night.place, OnPostgresql)
    return night.place.server


# --- workers ------------------------------------------------------------------------------------------------


def kill(night: Night) -> None:
    """`kill -9` of any worker; now and then once more while its successor is still repairing."""
    number = _alive(night)
    night.kill(number)
    pause(night.rng.uniform(0.0, 0.5))
    if night.rng.random() < 0.2:
        night.start(number, wait=False)
        pause(night.rng.uniform(0.8, 2.0))
        night.kill(number)
    night.start(number)


def terminate(night: Night) -> None:
    """SIGTERM in mid call-out: it drains, ends with 0 in time, and is started again."""
    number = _alive(night)
    if sum(one is not None for one in night.processes) == 1:
        night.stop(number)
        night.board.stand()
    else:
        night.stop(number)
    pause(night.rng.uniform(0.0, 0.5))
    night.start(number)


def terminate_in_trouble(night: Night) -> None:
    """SIGTERM while the server is away: it ends with 0 in time all the same; what it could not write down is repeated."""
    server = _server(night)
    number = _alive(night)
    server.stop("immediate")
    pause(night.rng.uniform(0.0, 1.0))
    night.stop(number)
    server.start()
    night.start(number)


# --- PostgreSQL ---------------------------------------------------------------------------------------------


def restart(night: Night) -> None:
    """The server is stopped, or crashes, and comes back."""
    server = _server(night)
    server.stop(night.rng.choice(["fast", "immediate"]))
    pause(night.rng.uniform(0.1, 3.0))
    server.start()


def cut(night: Night) -> None:
    """The server cuts all connections, a few times."""
    for _ in range(night.rng.randint(1, 4)):
        _server(night).say(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{night.name}' AND application_name <> '{QUIET}'"
        )
        pause(night.rng.uniform(0.0, 0.4))


def lock(night: Night) -> None:
    """Somebody holds a lock for longer than a worker waits: that of the writers, or a whole table."""
    with _server(night).connect(night.name) as connection, connection.transaction():
        if night.rng.random() < 0.5:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (WRITERS,))
        else:
            connection.execute("LOCK TABLE attempt IN ACCESS EXCLUSIVE MODE")
        pause(LOCK_TIMEOUT / 1000 * night.rng.uniform(1.2, 2.0))


def server_read_only(night: Night) -> None:
    """The server's own switch."""
    server = _server(night)
    server.say("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
    pause(night.rng.uniform(1.0, 3.0))
    server.say("ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")


def server_full(night: Night) -> None:
    """No byte is left on the server's file system; where the log of the server cannot grow either, it crashes."""
    server = _server(night)
    ballast = server.fill()
    pause(night.rng.uniform(1.0, 3.0))
    ballast.unlink()
    server.ensure()


# --- SQLite -------------------------------------------------------------------------------------------------


def _file(night: Night) -> str:
    return str(make_url(night.url).database)


def file_locked(night: Night) -> None:
    """Another process holds the file for longer than we wait."""
    connection = sqlite3.connect(_file(night), isolation_level=None, timeout=10)
    try:
        connection.execute("BEGIN IMMEDIATE")
        pause(BUSY + night.rng.uniform(0.2, 1.0))
        connection.execute("ROLLBACK")
    finally:
        connection.close()


def file_read_only(night: Night) -> None:
    """The database's own switch."""
    night.board.read_only = True
    pause(night.rng.uniform(1.0, 3.0))
    night.board.read_only = False


def file_full(night: Night) -> None:
    """No file of the process can grow: the database's log, whose size is the greatest, takes nothing more."""
    process = night.processes[0]
    assert process is not None
    room = 4096 + night.carrier_log.stat().st_size if night.carrier_log.exists() else 4096
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (room + 200_000, resource.RLIM_INFINITY))
    pause(night.rng.uniform(1.0, 3.0))
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


# --- the carrier and the clock --------------------------------------------------------------------------------


def _mood(mood: Mood) -> Callable[[Night], None]:
    def inject(night: Night) -> None:
        night.board.mood = mood
        pause(night.rng.uniform(1.0, 3.0))
        night.board.mood = Mood.GOOD

    return inject


def clock(night: Night) -> None:
    """Somebody sets the clock by an hour, one way and after a while the other."""
    night.clock_was_set = True
    by = night.rng.choice([HOUR, -HOUR])
    for step in (by, -by):
        night.board.step(step)
        pause(night.rng.uniform(1.0, 3.0))


@dataclass(frozen=True, slots=True)
class Fault:
    """`kinds`: databases it can befall. `crews`: with how many workers it is tried. `tiny`: the server must be small."""

    name: str
    inject: Callable[[Night], None]
    kinds: tuple[str, ...]
    crews: tuple[int, ...]
    tiny: bool = False


_BOTH, _PG, _LITE = ("sqlite", "postgresql"), ("postgresql",), ("sqlite",)
FAULTS: Mapping[str, Fault] = {
    one.name: one
    for one in (
        Fault("kill -9 of a worker", kill, _BOTH, (2, 4)),
        Fault("SIGTERM in mid call-out", terminate, _BOTH, (2,)),
        Fault("SIGTERM while PostgreSQL is away", terminate_in_trouble, _PG, (2,)),
        Fault("PostgreSQL restarted or crashed", restart, _PG, (2,)),
        Fault("PostgreSQL cuts connections", cut, _PG, (2, 4)),
        Fault("PostgreSQL: a long lock", lock, _PG, (2,)),
        Fault("PostgreSQL read-only", server_read_only, _PG, (2,)),
        Fault("PostgreSQL: disk full", server_full, _PG, (2,), tiny=True),
        Fault("SQLite locked by another process", file_locked, _LITE, ()),
        Fault("SQLite read-only", file_read_only, _LITE, ()),
        Fault("SQLite: disk full", file_full, _LITE, ()),
        Fault("carrier hangs", _mood(Mood.HANGS), _BOTH, (2,)),
        Fault("carrier answers 500", _mood(Mood.REFUSES), _BOTH, (2,)),
        Fault("carrier answers after our time-out", _mood(Mood.ANSWERS_LATE), _BOTH, (2,)),
        Fault("carrier never reports", _mood(Mood.NEVER_REPORTS), _BOTH, (2,)),
        Fault("carrier reports before it answers", _mood(Mood.REPORTS_FIRST), _BOTH, (2,)),
        Fault("clock set by an hour, both ways", clock, _BOTH, (2,)),
    )
}
"""By name. On SQLite there is one worker; `crews` counts on PostgreSQL."""

DATABASE_ERRORS = (psycopg.Error, sqlite3.Error)
