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

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError

_SQLITE_IDS = "(SELECT value FROM json_each(?))"
_POSTGRESQL_IDS = "(SELECT unnest(%s::bigint[]))"


@lru_cache(maxsize=512)
def _for_dialect(statement: str, dialect: str) -> str:
    if dialect == "sqlite":
        return statement.replace("{ids}", _SQLITE_IDS)
    return statement.replace("?", "%s").replace("{ids}", _POSTGRESQL_IDS)


def marks(values: Sequence[object]) -> str:
    """As many `?` as there are values, for a short list of words in a statement; nothing is in an empty one."""
    return ", ".join("?" for _ in values) or "NULL"


class Sql:
    """Runs statements on one connection.

    On SQLite they go to the driver itself: a turn of a quiet minute is forty small statements, and the toolkit's own
    work around each of them cost more than SQLite's. Its errors come out as the toolkit's all the same.
    """

    def __init__(self, connection: Connection) -> None:
        """The connection's transaction is the caller's."""
        self.connection = connection
        self._dialect = connection.dialect.name
        driver = connection.connection.driver_connection
        self._driver = driver if isinstance(driver, sqlite3.Connection) else None
        self.for_update = "" if self._dialect == "sqlite" else " FOR UPDATE"
        """What a SELECT ends with that locks its rows; SQLite locks the whole database at BEGIN."""

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
        text = _for_dialect(statement, self._dialect)
        if self._driver is None:
            self.connection.exec_driver_sql(text, list(rows))
            return
        try:
            self._driver.executemany(text, rows)
        except sqlite3.Error as error:
            raise _toolkit_error(text, error) from error

    def ids(self, ids: Iterable[int]) -> Any:
        """A list of ids as the one parameter that `{ids}` takes."""
        listed = list(ids)
        return json.dumps(listed) if self._dialect == "sqlite" else listed

    def _run(self, statement: str, parameters: tuple[Any, ...]) -> Any:
        text = _for_dialect(statement, self._dialect)
        if self._driver is None:
            return self.connection.exec_driver_sql(text, parameters)
        try:
            return self._driver.execute(text, parameters)
        except sqlite3.Error as error:
            raise _toolkit_error(text, error) from error


def _toolkit_error(statement: str, error: sqlite3.Error) -> Exception:
    """The driver's error as SQLAlchemy's, without parameters: those can be personal."""
    for kind, words in ((sqlite3.IntegrityError, IntegrityError), (sqlite3.OperationalError, OperationalError)):
        if isinstance(error, kind):
            return words(statement, None, error)
    return DatabaseError(statement, None, error) if isinstance(error, sqlite3.DatabaseError) else error
