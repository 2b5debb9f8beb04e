"""Plain statements with tuples, for the hot path: one text per statement, the same for both databases.

Statements are written with `?` and `{ids}`; here they become the dialect's own. A list of ids is one parameter, so a
statement is compiled once whatever the size of the batch.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import psycopg
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

_SQLITE_IDS = "(SELECT value FROM json_each(?))"
_POSTGRESQL_IDS = "(SELECT unnest(%s::bigint[]))"


@lru_cache(maxsize=512)
def _for_dialect(statement: str, dialect: str) -> str:
    if dialect == "sqlite":
        return statement.replace("{ids}", _SQLITE_IDS)
    return statement.replace("%", "%%").replace("?", "%s").replace("{ids}", _POSTGRESQL_IDS)


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

    def run(self, statement: str, *parameters: Any) -> int:
        """How many rows were changed."""
        return int(self._run(statement, parameters).rowcount)

    def many(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """The statement once per row."""
        if not rows:
            return
        text = _for_dialect(statement, self.connection.dialect.name)
        try:
            (self._driver if self.is_sqlite else self._driver.cursor()).executemany(text, rows)
        except (sqlite3.Error, psycopg.Error) as error:
            raise _toolkit_error(text, error) from error

    def ids(self, ids: Iterable[int]) -> Any:
        """A list of ids as the one parameter that `{ids}` takes."""
        listed = list(ids)
        return json.dumps(listed) if self.is_sqlite else listed

    def _run(self, statement: str, parameters: tuple[Any, ...]) -> Any:
        text = _for_dialect(statement, self.connection.dialect.name)
        try:
            return self._driver.execute(text, parameters)
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
