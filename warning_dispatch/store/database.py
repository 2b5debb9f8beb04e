"""Open a database, hold a transaction on it, bring its schema up to date.

SQLite, the embedded default: WAL with every commit on the disk. The driver's own guessing about transactions is
switched off; every transaction of ours begins explicitly. `writing` begins IMMEDIATE: it waits its turn at the start
instead of failing in the middle. `reading` begins deferred, sees one snapshot, and neither waits nor makes others wait.

In memory (`sqlite://`) one connection *is* the database: threads take turns at it, and a second transaction within
the first waits in vain. So never open one inside another; on a file that would be two views of the world anyway.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.sql import column, table

from warning_dispatch.errors import StoreError
from warning_dispatch.store.schema import metadata

_MIGRATIONS = Path(__file__).parent / "migrations"
_ACCESS = "warning_dispatch_access"
_AFTER_COMMIT = "warning_dispatch_after_commit"
_IN_MEMORY = {None, "", ":memory:"}

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


class SchemaState(StrEnum):
    """How the tables of a database relate to this program."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


# --- opening ----------------------------------------------------------------------------------------------


def open_database(url: str) -> Engine:
    """An engine for the URL; nothing is connected yet. Raises StoreError for a URL that cannot be used.

    A new SQLite file is made readable by its owner only.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _open_sqlite(parsed)
        return create_engine(parsed, hide_parameters=True, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(
            f"这不是数据库地址 / This is not the URL of a database (example: sqlite:////var/lib/…/store.db): {error}"
        ) from error
    except ModuleNotFoundError as error:
        raise StoreError(
            f"没有安装这种数据库的驱动 / The driver for this kind of database is not installed: {error.name}."
        ) from error


def create_in_memory(image: bytes | None = None) -> Engine:
    """A fresh database in memory, copied from an image: about a millisecond. None: empty, with the current schema."""
    engine = open_database("sqlite://")
    fill_in_memory(engine, image)
    return engine


def fill_in_memory(engine: Engine, image: bytes | None = None) -> None:
    """Make a database in memory this image, whatever it held; what it has compiled of statements stays."""
    with engine.connect() as connection:
        source = sqlite3.connect(":memory:")
        source.deserialize(image or _template())
        source.backup(_driver(connection))
        source.close()


def image_of(engine: Engine) -> bytes:
    """The bytes of a database in memory: what many small worlds are copied from."""
    with engine.connect() as connection:
        return _driver(connection).serialize()


def is_in_memory(engine: Engine) -> bool:
    """Whether the database ends with the process."""
    return engine.dialect.name == "sqlite" and engine.url.database in _IN_MEMORY


def _open_sqlite(url: URL) -> Engine:
    in_memory = url.database in _IN_MEMORY
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
    reads = connection.get_execution_options().get(_ACCESS) == "read"
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise StoreError("只适用于 SQLite / This works on SQLite only.")
    return driver


@cache
def _template() -> bytes:
    """The bytes of an empty database with the current schema. A constant, so remembered."""
    engine = open_database("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.exec_driver_sql(
            "CREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n\t"
            "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)"
        )
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": _revisions()[0]})
    image = image_of(engine)
    engine.dispose()
    return image


# --- transactions -----------------------------------------------------------------------------------------


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that may write: committed at the end, rolled back on any error.

    What was given to `after_commit` runs when the commit is safe. Raises StoreError when the database fails;
    violated constraints pass through as SQLAlchemy's IntegrityError.
    """
    done: list[Callable[[], None]] = []
    with _plain_words(), engine.connect() as connection:
        connection.info[_AFTER_COMMIT] = done
        try:
            with connection.begin():
                yield connection
        finally:
            connection.info.pop(_AFTER_COMMIT, None)
    for act in done:
        act()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One snapshot to read from; an attempt to write through it fails. Raises StoreError when the database fails."""
    with (
        _plain_words(),
        engine.connect().execution_options(**{_ACCESS: "read"}, postgresql_readonly=True) as connection,
    ):
        if engine.dialect.name != "sqlite":
            yield connection
            return
        driver = _driver(connection)
        driver.execute("PRAGMA query_only = ON")
        try:
            yield connection
        finally:
            driver.execute("PRAGMA query_only = OFF")


def after_commit(connection: Connection, act: Callable[[], None]) -> None:
    """Run `act` once the transaction of `writing` is committed, never if it is rolled back; outside of one, at once."""
    waiting: list[Callable[[], None]] | None = connection.info.get(_AFTER_COMMIT)
    if waiting is None:
        act()
    else:
        waiting.append(act)


@contextmanager
def _plain_words() -> Iterator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        raise StoreError(
            "数据库忙，5 秒内没有空闲连接 / The database is busy: no connection came free within 5 s."
        ) from error
    except OperationalError as error:
        raise StoreError(f"数据库不能用 / The database cannot be used: {error.orig}.") from error
    except DatabaseError as error:
        # Its subclasses are violated constraints and mistakes of ours; the class itself means a broken file.
        if type(error) is not DatabaseError:
            raise
        raise StoreError(
            f"数据库文件已损坏，或不是数据库 / The database file is damaged or is none: {error.orig}."
        ) from error


# --- the schema -------------------------------------------------------------------------------------------


def schema_state(engine: Engine) -> SchemaState:
    """How the tables relate to this program. Raises StoreError for a database of somebody else."""
    with reading(engine) as connection:
        return _state(connection)


def require_current(engine: Engine) -> None:
    """Raise StoreError, with what to do, unless the schema is the one this program knows."""
    state = schema_state(engine)
    if state is SchemaState.NEWER:
        raise StoreError(_NEWER)
    if state is SchemaState.EMPTY:
        raise StoreError(
            "数据库是空的，请执行 warning-dispatch init / The database is empty. Run `warning-dispatch init` or `warning-dispatch db upgrade`."
        )
    if state is SchemaState.OLDER:
        raise StoreError(
            "数据库比程序旧，请执行 warning-dispatch db upgrade / The database is older than the program. Run `warning-dispatch db upgrade`."
        )


def upgrade(engine: Engine) -> SchemaState:
    """Bring the schema up to date in one transaction; gives the state it was found in.

    Several processes may do it at once: one works, the others wait and find it done. Raises StoreError when the
    database is newer than the program.
    """
    before = schema_state(engine)
    if before is SchemaState.NEWER:
        raise StoreError(_NEWER)
    if before is not SchemaState.CURRENT:
        migrate(engine, "head")
    return before


def migrate(engine: Engine, revision: str) -> None:
    """Go to a revision, up or (`base`) down, in one transaction that leaves every reference whole."""
    from alembic import command  # noqa: PLC0415 - a third of a second that a running daemon need not pay
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    go = command.downgrade if revision == "base" else command.upgrade
    with _plain_words(), engine.connect() as connection, _unenforced(connection), connection.begin():
        config.attributes["connection"] = connection
        go(config, revision)
        _require_whole(connection)


_NEWER = "数据库比程序新，请装新版程序，或恢复旧库的备份 / The database is newer than the program. Install the newer program, or restore a backup of the older database."
_version = table("alembic_version", column("version_num"))


def _state(connection: Connection) -> SchemaState:
    tables = inspect(connection).get_table_names()
    if "alembic_version" not in tables:
        if tables:
            raise StoreError(
                "数据库里有不属于本程序的表，请另指定一个 / The database holds tables that are not of this program. Name another one."
            )
        return SchemaState.EMPTY
    found = connection.execute(select(_version.c.version_num)).scalars().all()
    if not found:
        return SchemaState.EMPTY
    known = _revisions()
    if found == [known[0]]:
        return SchemaState.CURRENT
    return SchemaState.OLDER if set(found) <= set(known) else SchemaState.NEWER


@cache
def _revisions() -> tuple[str, ...]:
    """The revisions this program knows, newest first, by the names of their files (vNNNN_what.py, one line of them)."""
    names = (file.stem for file in (_MIGRATIONS / "versions").glob("v*.py"))
    return tuple(sorted((name[1:].split("_")[0] for name in names), reverse=True))


@contextmanager
def _unenforced(connection: Connection) -> Iterator[None]:
    """Foreign keys off while tables are rebuilt (SQLite only): a rebuilt table is dropped and renamed in between."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = _driver(connection)
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def _require_whole(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise StoreError(
            f"表结构改动已撤回：{broken[0]} 有一行会失去所指 / The change of the schema was taken back: a row of {broken[0]} would refer to nothing."
        )
