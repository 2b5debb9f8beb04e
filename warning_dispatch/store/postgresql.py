"""PostgreSQL, for any number of processes on any number of machines, through psycopg 3.

`writing` is READ COMMITTED with explicit locks, `reading` one REPEATABLE READ snapshot. Every commit is
on the server's disk (`synchronous_commit` stays as the server has it; on is the default).
"""

from __future__ import annotations

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.types.numeric import Int8Dumper
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

DRIVER = "postgresql+psycopg"
NAMES = ("postgresql", "postgres")
CONNECT_TIMEOUT = 5
"""s until an address that does not answer counts as unreachable."""
LOCK_TIMEOUT = 10_000
"""ms a transaction waits for a lock before it gives up; then it is tried again as a whole."""
IDLE_TIMEOUT = 60_000
"""ms after which the server ends a transaction whose worker says nothing any more, so that its locks come free."""
INDEXED = {
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "join_collapse_limit": "1",
    "jit": "off",
}
"""How transactions that write are planned: in the order in which a statement names its tables, each step by an index.

Every statement of the engine is written for that. The planner would choose by its statistics, which know nothing yet of
a call-out that was filled a second ago: it read whole tables for a batch of five hundred rows.
"""
BULK = {
    "enable_nestloop": "off",
    "enable_hashjoin": "on",
    "join_collapse_limit": "8",
    "work_mem": "64MB",
}
"""The same for the few statements that fill a whole call-out: each table read once, by an index, and joined by hashing.

Without statistics of what was inserted a moment ago the planner took one row for a million and went through all of them
for each.
"""
POOL = 6
MOST = 6
"""Connections kept open, and as many more for moments. Writer, answers and pages of one process need no more."""

_SCHEMA_LOCK = int.from_bytes(b"wd-migra", "big")
"""The advisory lock under which the schema changes; a number of ours among those of the database's other users."""


_DEADLOCK = "40P01"
_SERIALIZATION = "40001"
_LOCK_NOT_AVAILABLE = "55P03"
_PASSING = frozenset({_DEADLOCK, _SERIALIZATION, _LOCK_NOT_AVAILABLE})


def open_postgresql(url: URL) -> Engine:
    """An engine; nothing is connected yet."""
    named = url if url.get_driver_name() == "psycopg" and "+" in url.drivername else url.set(drivername=DRIVER)
    settings = {
        "lock_timeout": LOCK_TIMEOUT,
        "idle_in_transaction_session_timeout": IDLE_TIMEOUT,
        "timezone": "UTC",
        **INDEXED,
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    engine = create_engine(
        named,
        hide_parameters=True,
        pool_size=POOL,
        max_overflow=MOST,
        pool_timeout=5,
        pool_pre_ping=True,  # a connection that the server has cut is noticed before a transaction begins on it
        pool_use_lifo=True,  # the one used last has its statements prepared
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT,
            # a way that died without a word is noticed in half a minute, not after a quarter of an hour
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
            "options": " ".join(filter(None, (options, url.query.get("options")))),  # type: ignore[arg-type] # one text
            "application_name": url.query.get("application_name", "warning-dispatch"),
        },
    )
    event.listen(engine, "connect", _prepare)
    return engine


def is_away(error: BaseException | None) -> bool:
    """Whether the server or the way to it is the trouble, so that trying again may help.

    No code at all is a connection that was not made or broke; the classes are those of connections, of a server that
    shuts down or starts up, and of too little memory, disk or connections.
    """
    if not isinstance(error, psycopg.Error):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(("08", "53", "57P"))


def is_too_much(error: BaseException | None) -> bool:
    """Whether what was to be stored is beyond what the server takes (a key that is too long): never the same again."""
    return isinstance(error, psycopg.Error) and (error.sqlstate or "").startswith("54")


def wait_for_turn(connection: Connection) -> None:
    """Until the end of the transaction no other process changes the schema; they wait here, however long it takes."""
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})


def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Every integer goes as a bigint: a statement has one plan, not one for each size of its numbers."""
    connection.adapters.register_dumper(int, Int8Dumper)


def is_passing(error: DBAPIError) -> bool:
    """Whether the same transaction may well go through when tried again: a deadlock, a lock that took too long."""
    return getattr(error.orig, "sqlstate", None) in _PASSING


def dsn_of(url: URL) -> str:
    """The address in the driver's own form, for a connection beside the pool; it gives up as soon as one of the pool."""
    parts = url.translate_connect_args(username="user", database="dbname")
    further = {key: value if isinstance(value, str) else ",".join(value) for key, value in url.query.items()}
    return make_conninfo("", **{"connect_timeout": CONNECT_TIMEOUT, **further, **parts})
