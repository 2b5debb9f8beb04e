"""Calls per number, held attempts and turns in the store: what a restart must not forget."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from warning_dispatch.engine.fair_turns import deal
from warning_dispatch.escalation.order import order_key, turn_of
from warning_dispatch.model.unit import Channel
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.number_calls import FORGOTTEN_AT_LEAST, NumberCallTable
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql
from warning_dispatch.store.storage import TableTransaction

NOW = 1_784_727_180_000
MINUTE = 60_000


@pytest.fixture
def tx(empty: Engine) -> Iterator[TableTransaction]:
    """A transaction on an empty database."""
    keys = KeyRing.simulated(1)
    with empty.connect() as connection:
        yield TableTransaction(Sql(connection), AesSealer(keys), keys.link_key, None)  # type: ignore[arg-type] # no journal
        connection.rollback()


def rows(tx: TableTransaction) -> list[tuple[int, str, int]]:
    """Every call that is known."""
    sql = tx.number_calls._sql
    return [tuple(row) for row in sql.rows("SELECT number_id, route, at FROM number_call ORDER BY id")]


def test_recent_calls_of_many_numbers_come_in_one_answer(tx: TableTransaction) -> None:
    """By number, with the provider; what is older, and who was never called, is left out."""
    calls = [(1, "phones", NOW), (1, "spare", NOW + 1), (2, "phones", NOW - MINUTE), (3, "phones", NOW)]
    tx.number_calls.add(calls, 0)
    found = tx.number_calls.recent([1, 2, 4], NOW - MINUTE)
    assert dict(found) == {1: [("phones", NOW), ("spare", NOW + 1)]}


def test_the_receipt_says_when_the_provider_was_reached(tx: TableTransaction) -> None:
    """Only the call of this claim is moved or given back, never an earlier one."""
    earlier, claimed, lease_end = NOW - MINUTE, NOW, NOW + 30_000
    for number in (1, 2):
        tx.number_calls.add([(number, "phones", earlier), (number, "phones", lease_end)], 0)
    tx.number_calls.reached([(1, "phones", claimed)], NOW + 200)
    tx.number_calls.give_back([(2, "phones", claimed), (2, "spare", claimed)])
    assert sorted(rows(tx)) == [(1, "phones", earlier), (1, "phones", NOW + 200), (2, "phones", earlier)]


def test_after_a_crash_no_call_lies_ahead(tx: TableTransaction) -> None:
    """Whoever claimed is dead: the call reached the provider by now, if at all."""
    tx.number_calls.add([(1, "phones", NOW + 30_000), (2, "phones", NOW - 1)], 0)
    tx.number_calls.none_later_than(NOW)
    assert rows(tx) == [(1, "phones", NOW), (2, "phones", NOW - 1)]


def test_old_calls_are_forgotten_faster_than_new_ones_come(tx: TableTransaction) -> None:
    """The table does not grow from year to year, and nothing that is needed goes."""
    old = [(number, "phones", NOW - 2 * MINUTE) for number in range(3 * FORGOTTEN_AT_LEAST)]
    tx.number_calls.add(old, 0)
    for minute in range(4):
        tx.number_calls.add([(1, "phones", NOW + minute)], NOW - MINUTE)
    assert rows(tx) == [(1, "phones", NOW + minute) for minute in range(4)]


def attempt(tx: TableTransaction, key: int, turn: int) -> None:
    """A READY voice attempt with this turn at rank 7."""
    tx.number_calls._sql.run(
        """INSERT INTO attempt (id, channel, purpose, roles, order_key, state, due_at) VALUES (?, 1, 1, 0, ?, 1, ?)""",
        key,
        order_key(7, turn),
        NOW,
    )


def test_a_held_attempt_keeps_its_place_and_says_when(tx: TableTransaction) -> None:
    """Not at the head while it waits, in its old place afterwards, and the moment is a row."""
    attempt(tx, 1, 1)
    attempt(tx, 2, 2)
    span = (order_key(7, 0), order_key(8, 0))
    assert tx.attempts.next_held(NOW) is None
    tx.attempts.hold([(1, NOW + MINUTE, "over_budget")])
    assert tx.attempts.head(Channel.VOICE, *span, NOW) == order_key(7, 2)
    assert tx.attempts.next_held(NOW) == NOW + MINUTE
    assert tx.attempts.head(Channel.VOICE, *span, NOW + MINUTE) == order_key(7, 1)
    assert tx.attempts.next_held(NOW + MINUTE) is None
    tx.number_calls._sql.run("DELETE FROM attempt WHERE state = 1")
    assert tx.attempts.head(Channel.VOICE, *span, NOW) is None


def test_turns_survive_and_begin_afresh_when_nobody_waits(tx: TableTransaction) -> None:
    """Counties alternate; one that comes late joins at the turn being served; an empty queue starts at one."""
    wanted = [(Channel.VOICE, 7, county) for county in ("141121", "141121", "141122", "141121")]
    assert [turn_of(key) for key in deal(tx, wanted, NOW)] == [1, 2, 1, 3]
    attempt(tx, 1, 3)
    assert [turn_of(key) for key in deal(tx, [*wanted, (Channel.VOICE, 7, "141123")], NOW)] == [4, 5, 3, 6, 3]
    assert [turn_of(key) for key in deal(tx, [(Channel.VOICE, 8, "141121")], NOW)] == [1]
    tx.number_calls._sql.run("DELETE FROM attempt")
    assert [turn_of(key) for key in deal(tx, [(Channel.VOICE, 7, "141121")], NOW)] == [1]


def test_the_table_is_what_the_engine_asks_for(empty: Engine) -> None:
    """One batch is one statement, whatever its size."""
    with empty.connect() as connection:
        table = NumberCallTable(Sql(connection))
        assert dict(table.recent(range(2_000), NOW)) == {}
        connection.rollback()
