"""What every table of the schema stands on: one MetaData with its names, and the kind of keys."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Key = BigInteger().with_variant(Integer, "sqlite")
"""SQLite makes a rowid alias of INTEGER PRIMARY KEY only."""


def key() -> Column[int]:
    """The rising integer key of a table."""
    return Column("id", Key, primary_key=True, autoincrement=True)
