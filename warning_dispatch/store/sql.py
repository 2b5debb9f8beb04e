"""Plain statements with tuples, for the hot path: one text per statement, the same for both databases.

Statements are written with `?` and `{ids}`; here they become the dialect's own. A list of ids is one parameter, so a
statement is compiled once whatever the size of the batch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

_SQLITE_IDS = "(SELECT value FROM json_each(?))"
_POSTGRESQL_IDS = "(SELECT unnest(%s::bigint[]))"


@lru_cache(maxsize=512)
def _for_dialect(statement: str, dialect: str) -> str:
    if dialect == "sqlite":
        return statement.replace("{ids}", _SQLITE_IDS)
    return statement.replace("?", "%s").replace("{ids}", _POSTGRESQL_IDS)


class Sql:
    """Runs statements on one connection."""

    def __init__(self, connection: Connection) -> None:
        """The connection's transaction is the caller's."""
        self.connection = connection
        self._dialect = connection.dialect.name

    def rows(self, statement: str, *parameters: Any) -> Sequence[Any]:
        """All rows."""
        return self.connection.exec_driver_sql(_for_dialect(statement, self._dialect), parameters).fetchall()

    def one(self, statement: str, *parameters: Any) -> Any:
        """The first row or None."""
        return self.connection.exec_driver_sql(_for_dialect(statement, self._dialect), parameters).fetchone()

    def value(self, statement: str, *parameters: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.one(statement, *parameters)
        return None if row is None else row[0]

    def run(self, statement: str, *parameters: Any) -> int:
        """How many rows were changed."""
        return self.connection.exec_driver_sql(_for_dialect(statement, self._dialect), parameters).rowcount

    def many(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """The statement once per row."""
        if rows:
            self.connection.exec_driver_sql(_for_dialect(statement, self._dialect), list(rows))

    def ids(self, ids: Iterable[int]) -> Any:
        """A list of ids as the one parameter that `{ids}` takes."""
        listed = list(ids)
        return json.dumps(listed) if self._dialect == "sqlite" else listed
