"""Promise 12: a worker that has died is taken over, and one that lives is not, whatever happens to the server."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from warning_dispatch.daemon import LOOK_FOR_THE_DEAD
from warning_dispatch.store.locks import LIVING
from warning_dispatch.store.postgresql import dsn_of
from warning_dispatch.store.workers import BACK_OFF, Workers

HELD = "SELECT pg_advisory_lock(%s, %s)"
CLAIMED = """INSERT INTO attempt (channel, purpose, roles, order_key, state, due_at, lease_until, worker_id)
 VALUES (1, 1, 0, 0, 2, 0, 1, 77)"""


@pytest.fixture
def workers(postgresql: Any) -> Workers:
    """One, and a claim of another that nobody sees."""
    engine = postgresql.create()
    with psycopg.connect(dsn_of(engine.url), autocommit=True) as connection:
        connection.execute(CLAIMED)
    found = Workers(engine)
    found.engine_kept = engine  # type: ignore[attr-defined] # the database is used again once nobody holds the engine
    return found


def test_two_looks_tell_who_is_dead(workers: Workers) -> None:
    """One look may come in the moment in which a connection is made anew."""
    assert list(workers.dead()) == []
    assert list(workers.dead()) == [77]


def test_a_look_that_failed_is_no_look(workers: Workers) -> None:
    """The server was away between two looks: everybody's lock was lost, and they are just coming back."""
    assert list(workers.dead()) == []
    good, workers._dsn = workers._dsn, "host=/nowhere connect_timeout=1"
    assert list(workers.dead()) == []  # and it is no fault of the daemon's either
    workers._dsn = good
    assert list(workers.dead()) == []
    assert list(workers.dead()) == [77]


def test_who_lives_is_back_before_it_counts_as_dead() -> None:
    """However long the server was away, the longest pause between two tries is shorter than that between two looks."""
    assert max(BACK_OFF) <= LOOK_FOR_THE_DEAD / 2


def test_who_lives_on_another_database_of_the_server_is_none_of_ours(workers: Workers, postgresql: Any) -> None:
    """A trial installation beside the real one: its workers have ids of their own, which may be those of our dead."""
    beside = postgresql.create()
    with psycopg.connect(dsn_of(beside.url), autocommit=True) as connection:
        for worker in (77, 78):
            connection.execute(HELD, (LIVING, worker))
        assert workers.alone()
        assert list(workers.dead()) == []
        assert list(workers.dead()) == [77]


def test_who_lives_on_our_database_is_seen(workers: Workers) -> None:
    """The same locks on our own: we are not alone, and nobody is dead."""
    with psycopg.connect(workers._dsn, autocommit=True) as connection:
        connection.execute(HELD, (LIVING, 77))
        assert not workers.alone()
        assert list(workers.dead()) == list(workers.dead()) == []
