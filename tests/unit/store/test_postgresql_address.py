"""The address of a PostgreSQL, as the driver is told it for connections beside the pool."""

from __future__ import annotations

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

from warning_dispatch.store.postgresql import CONNECT_TIMEOUT, dsn_of


def test_options_with_spaces_arrive_as_they_were() -> None:
    """Promise 12: whoever sets options in the database's address (a lock time-out) still joins the other workers."""
    url = make_url("postgresql+psycopg://me:a%2Bb@/store?host=/run/pg&options=-c%20lock_timeout%3D2000%20-c%20x.y%3D1")
    told = conninfo_to_dict(dsn_of(url))
    assert told["options"] == "-c lock_timeout=2000 -c x.y=1"
    assert (told["user"], told["password"], told["dbname"], told["host"]) == ("me", "a+b", "store", "/run/pg")


def test_it_gives_up_in_time() -> None:
    """Promise 12: an address that does not answer does not hold up the look for dead workers; who sets a time has it."""
    assert conninfo_to_dict(dsn_of(make_url("postgresql://db.example/store")))["connect_timeout"] == str(
        CONNECT_TIMEOUT
    )
    assert (
        conninfo_to_dict(dsn_of(make_url("postgresql://db.example/store?connect_timeout=2")))["connect_timeout"] == "2"
    )
