"""References between tables, looked up by a check instead of by the database at every row (ADR 15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from warning_dispatch.store.schema import metadata


@dataclass(frozen=True, slots=True)
class Broken:
    """`rows` of a table whose column names a row of `refers_to` that does not exist."""

    table: str
    column: str
    refers_to: str
    rows: int


def broken_references(connection: Connection) -> Sequence[Broken]:
    """Every reference of the schema that leads nowhere, on either database; a whole database has none."""
    found = []
    for table in metadata.sorted_tables:
        for key in sorted(table.foreign_keys, key=lambda one: one.parent.name):
            target = key.column.table.alias()
            there = select(target.c.id).where(target.c.id == key.parent).exists()
            lost = select(func.count()).select_from(table).where(key.parent.is_not(None), ~there)
            rows: int = connection.execute(lost).scalar_one()
            if rows:
                found.append(Broken(table.name, key.parent.name, key.column.table.name, rows))
    return found
