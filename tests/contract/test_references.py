"""References that PostgreSQL does not enforce on the hot path are found by the check."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from warning_dispatch.store.references import Broken, broken_references

ORPHAN = "INSERT INTO attempt_callee (attempt_id, callee_id) VALUES (77, 78)"


def test_a_whole_database_has_none(each_kind: Any) -> None:
    """Nothing to report on an empty one."""
    with each_kind.create().connect() as connection:
        assert broken_references(connection) == []


def test_postgresql_takes_a_row_per_attempt_unasked_and_the_check_finds_it(postgresql: Any) -> None:
    """Both ends of a reference that leads nowhere."""
    with postgresql.create().connect() as connection:
        connection.execute(text(ORPHAN))
        assert broken_references(connection) == [
            Broken("attempt_callee", "attempt_id", "attempt", 1),
            Broken("attempt_callee", "callee_id", "callee", 1),
        ]


def test_sqlite_refuses_it(worlds: Any) -> None:
    """The storms run there: a statement that leaves an orphan fails at once."""
    if worlds.kind != "sqlite":
        pytest.skip("enforced on SQLite only")
    with worlds.create().connect() as connection, pytest.raises(IntegrityError):
        connection.execute(text(ORPHAN))
