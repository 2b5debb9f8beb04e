"""Who wants no more messages by which route, in the store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from warning_dispatch.model.unit import Channel
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql
from warning_dispatch.store.storage import TableTransaction

NOW = 1_784_727_180_000


@pytest.fixture
def tx(empty: Engine) -> Iterator[TableTransaction]:
    """A transaction on an empty database."""
    keys = KeyRing.simulated(1)
    with empty.connect() as connection:
        yield TableTransaction(Sql(connection), AesSealer(keys), keys.link_key, None)  # type: ignore[arg-type] # no journal
        connection.rollback()


def test_it_is_kept_once_by_number_and_route_and_can_be_taken_back(tx: TableTransaction) -> None:
    """Saying it twice is saying it once; the other routes of the number, and the route's other numbers, are untouched."""
    assert not tx.opt_outs.any()
    assert [tx.opt_outs.add(1, "sms", NOW), tx.opt_outs.add(1, "sms", NOW + 1), tx.opt_outs.add(1, "spare", NOW)] == [
        True,
        False,
        True,
    ]
    assert tx.opt_outs.any()
    assert tx.opt_outs.of([1, 2]) == {1: frozenset({"sms", "spare"})}
    assert [tx.opt_outs.remove(1, "sms"), tx.opt_outs.remove(1, "sms"), tx.opt_outs.remove(2, "spare")] == [
        True,
        False,
        False,
    ]
    assert tx.opt_outs.of([1, 2]) == {1: frozenset({"spare"})}
    assert tx.opt_outs.of([]) == {}


def test_an_address_that_nobody_has_is_unknown(tx: TableTransaction) -> None:
    """No row is made for whoever happens to write to us."""
    assert tx.opt_outs.sender(b"x" * 32, Channel.SMS) is None
    assert tx.opt_outs.endpoints(1, Channel.SMS) == []
