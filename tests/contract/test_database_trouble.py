"""Whatever a database refuses comes out as StoreError: the writer then tries again, and the process does not end."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, text

from warning_dispatch.clock import pause
from warning_dispatch.errors import StoreError
from warning_dispatch.store.database import writing
from warning_dispatch.store.schema import installation
from warning_dispatch.store.sql import Sql


def test_a_server_set_read_only_is_trouble_that_passes(postgresql: Any) -> None:
    """Nobody is forgotten (promise 1): by the toolkit's statements and by ours, and nobody speaks of a damaged file."""
    engine = postgresql.create()
    with pytest.raises(StoreError, match="read-only") as told, writing(engine) as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        connection.execute(insert(installation), {"name": "x", "value": "1"})
    assert "damaged" not in str(told.value)
    with pytest.raises(StoreError, match="read-only") as told, writing(engine) as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        Sql(connection).run("DELETE FROM alarm")
    assert "damaged" not in str(told.value)


def test_a_transaction_that_was_idle_too_long_is_trouble_that_passes(postgresql: Any) -> None:
    """The server ends a transaction whose worker stood still (a machine asleep): tried again, not broken."""
    engine = postgresql.create()
    with pytest.raises(StoreError, match="idle-in-transaction") as told, writing(engine) as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 50"))
        pause(0.3)
        Sql(connection).run("DELETE FROM alarm")
    assert "damaged" not in str(told.value)
