"""SQLite, the embedded default: WAL with every commit on the disk.

The driver's own guessing about transactions is switched off; every transaction of ours begins explicitly. `writing`
begins IMMEDIATE: it waits its turn at the start instead of failing in the middle. `reading` begins deferred, sees one
snapshot, and neither waits nor makes others wait.

In memory (`sqlite://`) one connection *is* the database: threads take turns at it, and a second transaction within
the first waits in vain. So never open one inside another; on a file that would be two views of the world anyway.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from warning_dispatch.errors import StoreError

ACCESS = "warning_dispatch_access"
"""Execution option: "read" for a transaction that only reads."""
IN_MEMORY = {None, "", ":memory:"}

_FILE_PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -65536",
    "PRAGMA temp_store = MEMORY",
    # 32 MB of log before a commit has to checkpoint: at full load every few seconds, not every few commits.
    "PRAGMA wal_autocheckpoint = 8192",
    "PRAGMA journal_size_limit = 67108864",
)
_MEMORY_PRAGMAS = ("PRAGMA foreign_keys = ON", "PRAGMA temp_store = MEMORY", "PRAGMA synchronous = OFF")


def open_sqlite(url: URL) -> Engine:
    """An engine on a file or in memory. A new file is made readable by its owner only. Raises StoreError."""
    in_memory = url.database in IN_MEMORY
    if not in_memory and "uri" not in url.query:
        _claim_file(Path(str(url.database)))
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=1 if in_memory else 4,
        max_overflow=0 if in_memory else 8,
        pool_timeout=5,
        pool_use_lifo=True,  # the connection used last has the warm page cache
        connect_args={"check_same_thread": False, "isolation_level": None, "cached_statements": 512},
    )
    pragmas = _MEMORY_PRAGMAS if in_memory else _FILE_PRAGMAS

    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _claim_file(path: Path) -> None:
    if not path.parent.is_dir():
        raise StoreError(f"{path}: 数据库所在目录不存在 / the folder of the database does not exist.")
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(
            f"{path}: 数据库不能打开写入 / the database cannot be opened for writing ({error.strerror})."
        ) from error


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get(ACCESS) == "read"
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def driver(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection. Raises StoreError on another database."""
    found = connection.connection.driver_connection
    if not isinstance(found, sqlite3.Connection):
        raise StoreError("只适用于 SQLite / This works on SQLite only.")
    return found


@contextmanager
def only_reading(connection: Connection) -> Iterator[None]:
    """Whatever tries to write meanwhile fails."""
    raw = driver(connection)
    raw.execute("PRAGMA query_only = ON")
    try:
        yield
    finally:
        raw.execute("PRAGMA query_only = OFF")


@contextmanager
def unenforced(connection: Connection) -> Iterator[None]:
    """Foreign keys off while tables are rebuilt: a rebuilt table is dropped and renamed in between."""
    raw = driver(connection)
    raw.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys = ON")


def require_whole(connection: Connection) -> None:
    """Raise StoreError if a row refers to nothing."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise StoreError(
            f"表结构改动已撤回：{broken[0]} 有一行会失去所指 / The change of the schema was taken back: a row of {broken[0]} would refer to nothing."
        )


def is_busy(error: BaseException | None) -> bool:
    """Whether another process holds the file, so that trying again may help."""
    busy = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in busy


def fill(connection: Connection, image: bytes) -> None:
    """Make a database in memory this image, whatever it held; what it has compiled of statements stays."""
    source = sqlite3.connect(":memory:")
    source.deserialize(image)
    source.backup(driver(connection))
    source.close()
