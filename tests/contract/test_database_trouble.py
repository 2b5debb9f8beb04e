"""Whatever a database refuses comes out as StoreError: the writer then tries again, and the process does not end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, text

from warning_dispatch.clock import pause
from warning_dispatch.errors import StoreError
from warning_dispatch.store.database import writing
from warning_dispatch.store.schema import installation
from warning_dispatch.store.sql import Sql

READ_ONLY = "SET TRANSACTION READ ONLY"
ENDS_SOON = "SET LOCAL idle_in_transaction_session_timeout = 50"


def trouble(engine: Engine, before: str, act: Callable[[Connection], object]) -> str:
    """What a transaction that begins with a statement ends with."""

    def carry_out() -> None:
        with writing(engine) as connection:
            connection.execute(text(before))
            act(connection)

    with pytest.raises(StoreError) as told:
        carry_out()
    return str(told.value)


def test_a_server_set_read_only_is_trouble_that_passes(postgresql: Any) -> None:
    """Nobody is forgotten (promise 1): by the toolkit's statements and by ours, and nobody speaks of a damaged file."""
    engine = postgresql.create()
    values = {"name": "x", "value": "1"}
    for act in (
        lambda one: one.execute(insert(installation), values),
        lambda one: Sql(one).run("DELETE FROM alarm"),
    ):
        said = trouble(engine, READ_ONLY, act)
        assert "read-only" in said
        assert "damaged" not in said


def test_a_transaction_that_was_idle_too_long_is_trouble_that_passes(postgresql: Any) -> None:
    """The server ends a transaction whose worker stood still (a machine asleep): tried again, not broken."""

    def late(connection: Connection) -> None:
        pause(0.3)
        Sql(connection).run("DELETE FROM alarm")

    assert "damaged" not in trouble(postgresql.create(), ENDS_SOON, late)
