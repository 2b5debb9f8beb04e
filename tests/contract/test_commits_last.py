"""Promise 4: what is committed is in the server's log before a phone rings, whatever the server's settings."""

from __future__ import annotations

from typing import Any

import pytest

from warning_dispatch.store.database import open_database, writing
from warning_dispatch.store.locks import take_turns
from warning_dispatch.store.sql import Sql


@pytest.mark.parametrize(("server", "ours"), [("off", "on"), ("local", "local"), ("remote_apply", "remote_apply")])
@pytest.mark.parametrize("shared", [True, False])
def test_a_claim_survives_a_crash_of_the_server(postgresql: Any, server: str, ours: str, shared: bool) -> None:
    """A server that does not wait for its log is made to, for this transaction; one that waits for more goes on doing so."""
    engine = postgresql.create()
    url = engine.url.update_query_dict({"options": f"-c synchronous_commit={server}"})
    own = open_database(url.render_as_string(hide_password=False))
    with writing(own) as connection:
        sql = Sql(connection, shared=shared)
        take_turns(sql)
        assert sql.value("SHOW synchronous_commit") == ours
    with writing(own) as connection:
        assert Sql(connection).value("SHOW synchronous_commit") == server
    own.dispose()
