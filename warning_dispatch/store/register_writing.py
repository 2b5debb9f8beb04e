"""Rows of the register in bulk: keys first, then one prepared statement. The whole database waits on SQLite meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, Text

from warning_dispatch.store.sql import Sql


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows that have the same columns; the new keys, in the order of the rows."""
    if not rows:
        return []
    sql, names = Sql(connection), list(rows[0])
    keys = _new_keys(sql, table.name, len(rows))
    columns = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join(_mark(table, name) for name in names)
    sql.many(
        f"INSERT INTO {table.name} (id, {columns}) VALUES (?, {marks})",
        [(key, *row.values()) for key, row in zip(keys, rows, strict=True)],
    )
    return keys


def _new_keys(sql: Sql, table: str, count: int) -> list[int]:
    """Keys that nobody else gets: SQLite's writer is alone, PostgreSQL's sequence gives each once."""
    if sql.is_sqlite:
        first = int(sql.value(f"SELECT coalesce(max(id), 0) + 1 FROM {table}"))
        return list(range(first, first + count))
    taken = f"SELECT nextval(pg_get_serial_sequence('{table}', 'id')) FROM generate_series(1, ?)"
    return sorted(row[0] for row in sql.rows(taken, count))


def _mark(table: Table, name: str) -> str:
    kind = table.c[name].type
    if isinstance(kind, LargeBinary):
        return "?bytea"
    return "?text" if isinstance(kind, Text) else "?"
