"""Plain statements with tuples, for the hot path: one text per statement, the same for both databases.

Statements are written with `?`, `IN {ids}` and `{each}`; here they become the dialect's own. A list of ids is one parameter,
so a statement is compiled once whatever the size of the batch. Many rows at once: bulk.py.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.errors import NumericValueOutOfRange
from sqlalchemy import Connection
from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    DBAPIError,
    IntegrityError,
    InternalError,
    OperationalError,
    ProgrammingError,
)

from warning_dispatch.errors import NotFoundError
from warning_dispatch.store import postgresql
from warning_dispatch.store.bulk import arrays, for_many, for_one

STREAMED = 5_000
"""Rows of a long answer that are in memory at a time."""
_SQLITE_IDS = "(SELECT value FROM json_each(?))"
_POSTGRESQL_IDS = "%s::bigint[])"
"""Behind `= ANY (` or `<> ALL (`: a condition of the index, as long as the list is short beside the table."""
_SQLITE_EACH = "(SELECT value AS id FROM json_each(?))"
_POSTGRESQL_EACH = "(SELECT unnest(%s::bigint[]) AS id)"
"""The list as a table with the column `id`, to be named first in a join.

A thousand ids behind `= ANY` look to a planner without statistics like the whole table, and then it read all of it;
joined from here each id is one step of the index, whatever it thinks.
"""


@lru_cache(maxsize=512)
def _for_dialect(statement: str, dialect: str) -> str:
    if dialect == "sqlite":
        return for_one(statement).replace("{ids}", _SQLITE_IDS).replace("{each}", _SQLITE_EACH)
    text = for_one(statement).replace("%", "%%").replace("?", "%s")
    text = text.replace("{each}", _POSTGRESQL_EACH)
    return text.replace("NOT IN {ids}", f"<> ALL ({_POSTGRESQL_IDS}").replace("IN {ids}", f"= ANY ({_POSTGRESQL_IDS}")


def marks(values: Sequence[object]) -> str:
    """As many `?` as there are values, for a short list of words in a statement; nothing is in an empty one."""
    return ", ".join("?" for _ in values) or "NULL"


class Sql:
    """Runs statements on one connection, in the transaction that its caller began on it.

    They go to the driver itself: a turn of a quiet minute is forty small statements, and the toolkit's own work around
    each of them cost more than the database's. Errors come out as the toolkit's all the same.
    """

    def __init__(self, connection: Connection, *, shared: bool = False) -> None:
        """The connection's transaction is the caller's. `shared`: others may write at the same time (store/locks.py)."""
        self.connection = connection
        self.is_sqlite = connection.dialect.name == "sqlite"
        self.shared = shared and not self.is_sqlite
        self._driver: Any = connection.connection.driver_connection

    @property
    def for_update(self) -> str:
        """What a SELECT ends with that locks its rows in any case; SQLite locks the whole database at BEGIN."""
        return "" if self.is_sqlite else " FOR UPDATE"

    def locking(self, table: str, *, skip: bool = False) -> str:
        """What a SELECT ends with that locks its rows of `table` (its name there) against other turns; empty when alone.

        `skip`: leave out what others hold, instead of waiting. Keys do not change, so references to the rows stay free.
        """
        if not self.shared:
            return ""
        return f" FOR NO KEY UPDATE OF {table}" + (" SKIP LOCKED" if skip else "")

    @property
    def changes(self) -> int:
        """How many rows this SQLite connection has ever changed."""
        return int(self._driver.total_changes)

    def rows(self, statement: str, *parameters: Any) -> Sequence[Any]:
        """All rows."""
        found: Sequence[Any] = self._run(statement, parameters).fetchall()
        return found

    def one(self, statement: str, *parameters: Any) -> Any:
        """The first row or None."""
        return self._run(statement, parameters).fetchone()

    def value(self, statement: str, *parameters: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.one(statement, *parameters)
        return None if row is None else row[0]

    def stream(self, statement: str, *parameters: Any) -> Iterator[Any]:
        """All rows, a few thousand in memory at a time; to be read to the end before the next statement."""
        if self.is_sqlite:
            yield from self._run(statement, parameters)
            return
        with self._driver.cursor(name="stream") as cursor:
            cursor.itersize = STREAMED
            cursor.execute(_for_dialect(statement, "postgresql"), parameters)
            yield from cursor

    def run(self, statement: str, *parameters: Any) -> int:
        """How many rows were changed."""
        return int(self._run(statement, parameters).rowcount)

    def many(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """The statement for each row, with `?text` and `?bytea` for what is no integer.

        On PostgreSQL it is one statement for all of them (bulk.py): no two rows may mean the same row of the table,
        unless they make the same of it.
        """
        if not rows:
            return
        if not self.is_sqlite:
            text, types = for_many(statement)
            self._execute(text, arrays(rows, types))
            return
        text = _for_dialect(statement, "sqlite")
        try:
            self._driver.executemany(text, rows)
        except sqlite3.Error as error:
            raise _toolkit_error(text, error) from error

    def changed(self, statement: str, rows: Sequence[tuple[Any, ...]], key: str) -> Mapping[int, int]:
        """`many`, and how many rows it changed: by the last value of each row, the column `key`; where it changed none is left out."""
        if not rows:
            return {}
        if self.is_sqlite:
            counts = ((row[-1], self.run(statement, *row)) for row in rows)
            return {last: count for last, count in counts if count}
        text, types = for_many(statement)
        return Counter(row[0] for row in self._execute(f"{text} RETURNING {key}", arrays(rows, types)))

    @contextmanager
    def in_bulk(self) -> Iterator[None]:
        """Statements about a whole call-out, planned for that (postgresql.BULK)."""
        if self.is_sqlite:
            yield
            return
        set_all = "SELECT " + ", ".join(f"set_config('{name}', ?, true)" for name in postgresql.BULK)
        before = self.one("SELECT " + ", ".join(f"current_setting('{name}')" for name in postgresql.BULK))
        self._run(set_all, tuple(postgresql.BULK.values()))
        yield  # an error ends the transaction, and the settings with it
        self._run(set_all, before)

    def ids(self, ids: Iterable[int]) -> str:
        """A list of ids as the one parameter that `IN {ids}` or `{each}` takes."""
        listed = ",".join(map(str, ids))
        return f"[{listed}]" if self.is_sqlite else f"{{{listed}}}"

    def _run(self, statement: str, parameters: Sequence[Any]) -> Any:
        return self._execute(_for_dialect(statement, self.connection.dialect.name), parameters)

    def _execute(self, text: str, parameters: Sequence[Any]) -> Any:
        try:
            return self._driver.execute(text, parameters)
        except (OverflowError, NumericValueOutOfRange):  # somebody asks for a row by a number that none can have
            raise NotFoundError("没有这么大的编号 / no number is so large") from None
        except (sqlite3.Error, psycopg.Error) as error:
            raise _toolkit_error(text, error) from error


_KINDS: Sequence[tuple[str, type[DBAPIError]]] = (
    ("IntegrityError", IntegrityError),
    ("OperationalError", OperationalError),
    ("InternalError", InternalError),
    ("DataError", DataError),
    ("ProgrammingError", ProgrammingError),
)
"""Both drivers name their errors by PEP 249; a subclass is listed before what it is a kind of."""


def _toolkit_error(statement: str, error: sqlite3.Error | psycopg.Error) -> Exception:
    """The driver's error as SQLAlchemy's, without parameters: those can be personal."""
    names = {one.__name__ for one in type(error).__mro__}
    for name, words in _KINDS:
        if name in names:
            return words(statement, None, error)
    return DatabaseError(statement, None, error) if "DatabaseError" in names else error
