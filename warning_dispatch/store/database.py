"""Open a database, hold a transaction on it, bring its schema up to date; see sqlite.py and postgresql.py for each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, DatabaseError, InternalError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.sql import column, table

from warning_dispatch.errors import StoreBusyError, StoreError, UnreachableError
from warning_dispatch.store import postgresql, sqlite
from warning_dispatch.store.schema import metadata

_MIGRATIONS = Path(__file__).parent / "migrations"
_AFTER_COMMIT = "warning_dispatch_after_commit"
_SQLITE = "sqlite"
HEAD, BASE = "head", "base"
"""The newest revision, and the empty database before the first."""


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
        kind = parsed.drivername.split("+")[0]
        if kind == _SQLITE:
            return sqlite.open_sqlite(parsed)
        if kind in postgresql.NAMES:
            return postgresql.open_postgresql(parsed)
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(
            f"这不是数据库地址 / This is not the URL of a database (example: sqlite:////var/lib/…/store.db): {error}"
        ) from error
    raise StoreError(
        f"这不是数据库地址，只支持 sqlite 和 postgresql / This is not the URL of a database we can use (sqlite, postgresql): {kind}"
    )


def create_in_memory(image: bytes | None = None) -> Engine:
    """A fresh database in memory, copied from an image: about a millisecond. None: empty, with the current schema."""
    engine = open_database("sqlite://")
    fill_in_memory(engine, image)
    return engine


def fill_in_memory(engine: Engine, image: bytes | None = None) -> None:
    """Make a database in memory this image, whatever it held; what it has compiled of statements stays."""
    with engine.connect() as connection:
        sqlite.fill(connection, image or _template())


def image_of(engine: Engine) -> bytes:
    """The bytes of a database in memory: what many small worlds are copied from."""
    with engine.connect() as connection:
        return sqlite.driver(connection).serialize()


def is_in_memory(engine: Engine) -> bool:
    """Whether the database ends with the process."""
    return is_sqlite(engine) and engine.url.database in sqlite.IN_MEMORY


def is_sqlite(engine: Engine) -> bool:
    """Whether it is the embedded kind: one machine, one writer at a time."""
    return engine.dialect.name == _SQLITE


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
    violated constraints pass through as SQLAlchemy's IntegrityError, and so do values that the database does not take.
    """
    done: list[Callable[[], None]] = []
    with _plain_words(engine), engine.connect() as connection:
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
    with _plain_words(engine), engine.connect() as opened:
        if is_sqlite(engine):
            connection = opened.execution_options(**{sqlite.ACCESS: "read"})
            with sqlite.only_reading(connection):
                yield connection
        else:
            yield opened.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def server_time(engine: Engine) -> int:
    """What a PostgreSQL server's clock shows, in ms since the epoch. Raises StoreError."""
    with reading(engine) as connection:
        return int(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp()) * 1000").scalar_one())


def after_commit(connection: Connection, act: Callable[[], None]) -> None:
    """Run `act` once the transaction of `writing` is committed, never if it is rolled back; outside of one, at once."""
    waiting: list[Callable[[], None]] | None = connection.info.get(_AFTER_COMMIT)
    if waiting is None:
        act()
    else:
        waiting.append(act)


def place_of(engine: Engine) -> str:
    """Which database it is, for people: the file, or host, port and name; never a user or a password."""
    url = engine.url
    if is_sqlite(engine):
        return str(url.database or "memory")
    host = url.host or url.query.get("host") or "localhost"
    port = f":{url.port}" if url.port else ""
    return f"{host if isinstance(host, str) else ','.join(host)}{port}/{url.database or ''}"


@contextmanager
def _plain_words(engine: Engine) -> Iterator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        raise StoreError(
            "数据库忙，5 秒内没有空闲连接 / The database is busy: no connection came free within 5 s."
        ) from error
    except (OperationalError, InternalError) as error:
        # PostgreSQL's "internal" errors are those of a transaction: read-only after a failover, ended by a time-out.
        if postgresql.is_passing(error):
            raise StoreBusyError from error
        if postgresql.is_too_much(error.orig):
            raise  # as for any value that the database does not take: the fault of what was to be stored, not of the database
        said = " ".join(str(error.orig).split())
        place = place_of(engine)
        away = sqlite.is_busy(error.orig) if is_sqlite(engine) else postgresql.is_away(error.orig)
        kind = UnreachableError if away else StoreError
        raise kind(f"数据库 {place} 不能用 / The database {place} cannot be used: {said}") from error
    except DatabaseError as error:
        # Its subclasses are violated constraints and mistakes of ours; the class itself means a broken file.
        if type(error) is not DatabaseError:
            raise
        raise StoreError(
            f"数据库文件已损坏，或不是数据库 / The database file is damaged or is none: {error.orig}."
        ) from error


# --- the schema -------------------------------------------------------------------------------------------


def schema_state(engine: Engine, scripts: Path = _MIGRATIONS) -> SchemaState:
    """How the tables relate to this program. Raises StoreError for a database of somebody else."""
    with reading(engine) as connection:
        return _state(connection, scripts)


def require_current(engine: Engine, scripts: Path = _MIGRATIONS) -> None:
    """Raise StoreError, with what to do, unless the schema is the one this program (or a test's `scripts`) knows."""
    state = schema_state(engine, scripts)
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
    if before is SchemaState.CURRENT:
        return before
    with _migrating(engine) as connection:
        before = _state(connection)  # another process may have been here while we waited
        if before is SchemaState.NEWER:
            raise StoreError(_NEWER)
        if before is not SchemaState.CURRENT:
            _go(connection, HEAD, _MIGRATIONS)
    return before


def migrate(engine: Engine, revision: str, scripts: Path = _MIGRATIONS) -> None:
    """Go to a revision, up (`head`) or down (`base`), in one transaction that leaves every reference whole.

    `scripts`: the folder of the migrations; ours, unless a test brings one more. Raises StoreError.
    """
    with _migrating(engine) as connection:
        _go(connection, revision, scripts)


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """The one transaction that may change the schema; other processes that want to wait for its end."""
    with _plain_words(engine), engine.connect() as connection, _unenforced(connection), connection.begin():
        if connection.dialect.name != _SQLITE:  # which has locked the whole database at BEGIN
            postgresql.wait_for_turn(connection)
        yield connection
        if connection.dialect.name == _SQLITE:
            sqlite.require_whole(connection)


def _go(connection: Connection, revision: str, scripts: Path) -> None:
    from alembic import command  # noqa: PLC0415 - a third of a second that a running daemon need not pay
    from alembic.config import Config  # noqa: PLC0415 - see above
    from alembic.migration import MigrationContext  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    present = MigrationContext.configure(connection).get_current_revision() or ""
    down = revision == BASE or (revision != HEAD and revision < present)
    (command.downgrade if down else command.upgrade)(config, revision)


_NEWER = "数据库比程序新，请装新版程序，或恢复旧库的备份 / The database is newer than the program. Install the newer program, or restore a backup of the older database."
_version = table("alembic_version", column("version_num"))


def _state(connection: Connection, scripts: Path = _MIGRATIONS) -> SchemaState:
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
    known = _revisions(scripts)
    if found == [known[0]]:
        return SchemaState.CURRENT
    return SchemaState.OLDER if set(found) <= set(known) else SchemaState.NEWER


@cache
def _revisions(scripts: Path = _MIGRATIONS) -> tuple[str, ...]:
    """The revisions this program knows, newest first, by the names of their files (vNNNN_what.py, one line of them)."""
    names = (file.stem for file in (scripts / "versions").glob("v*.py"))
    return tuple(sorted((name[1:].split("_")[0] for name in names), reverse=True))


@contextmanager
def _unenforced(connection: Connection) -> Iterator[None]:
    if connection.dialect.name != _SQLITE:
        yield
        return
    with sqlite.unenforced(connection):
        yield
