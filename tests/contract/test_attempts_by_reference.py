"""Which attempt a provider means by its own name of it: found through the number, whoever handed it over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from warning_dispatch.model.states import AttemptState, Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.store.reading_references import attempts_by_reference
from warning_dispatch.store.sql import Sql

_NUMBER = "INSERT INTO number (id, kind, masked, sealed, blind_index) VALUES (:id, 1, '', :index, :index)"
_ATTEMPT = """INSERT INTO attempt
 (id, channel, purpose, roles, order_key, state, due_at, claimed_at, route, number_id, provider_ref)
 VALUES (:id, :channel, :purpose, 1, 1, :state, 1, :claimed, :route, :number, :ref)"""
CLAIMED, HANDED, ENDED = AttemptState.CLAIMED, AttemptState.HANDED, AttemptState.ENDED
LONG_AGO, LATELY, NOW = 100, 2_000, 3_000


@pytest.fixture
def sql(empty: Engine) -> Iterator[Sql]:
    """Two numbers, each with calls by two routes."""
    with empty.connect() as connection:
        for number in (1, 2):
            connection.execute(text(_NUMBER), {"id": number, "index": b"index%d" % number})
        calls = [
            (11, "cloud", 1, "a"),
            (12, "cloud", 1, "b"),
            (13, "other", 1, "a"),
            (14, "cloud", 2, "c"),
            (15, "cloud", 2, None),
        ]
        for key, route, number, ref in calls:
            row = {"id": key, "route": route, "number": number, "ref": ref, "channel": Channel.VOICE.value}
            states = {"purpose": Purpose.CALL.value, "state": AttemptState.HANDED.value, "claimed": LONG_AGO}
            connection.execute(text(_ATTEMPT), row | states)
        yield Sql(connection)
        connection.rollback()


def test_a_name_is_looked_up_among_the_calls_of_its_number(sql: Sql) -> None:
    """Only of the same route and number; what is unknown is left out, and asking for nothing finds nothing."""
    asked = [("a", b"index1"), ("b", b"index1"), ("c", b"index1"), ("c", b"index2"), ("x", b"nobody")]
    assert attempts_by_reference(sql, "cloud", asked, NOW - 1_000) == {"a": 11, "b": 12, "c": 14}
    assert attempts_by_reference(sql, "other", asked, NOW - 1_000) == {"a": 13}
    assert attempts_by_reference(sql, "cloud", [], 0) == {}


def nameless(sql: Sql, key: int, state: AttemptState = CLAIMED, ref: str | None = None, **changes: object) -> None:
    """A call to the first number of which the provider's name has not been told."""
    row = {"id": key, "route": "cloud", "number": 1, "ref": ref, "channel": Channel.VOICE.value, "claimed": LATELY}
    sql.connection.execute(text(_ATTEMPT), {**row, "purpose": Purpose.CALL.value, "state": state.value, **changes})


@pytest.mark.parametrize(("state", "ref"), [(CLAIMED, None), (HANDED, None), (HANDED, "")])
def test_a_name_not_told_yet_means_the_one_call_without_one(sql: Sql, state: AttemptState, ref: str | None) -> None:
    """Its batch is under way at another daemon, or its request got no answer: the key pressed in it counts."""
    nameless(sql, 21, state, ref)
    assert attempts_by_reference(sql, "cloud", [("new", b"index1")], NOW - 1_000) == {"new": 21}
    assert attempts_by_reference(sql, "cloud", [("a", b"index1"), ("new", b"index1")], 0) == {"a": 11, "new": 21}
    assert attempts_by_reference(sql, "other", [("new", b"index1")], 0) == {}


def test_where_it_could_be_another_call_it_is_none(sql: Sql) -> None:
    """Ended, long ago, a message, two of them, two names for one: nobody guesses."""
    asked = [("new", b"index1")]
    nameless(sql, 21, ENDED)
    nameless(sql, 22, channel=Channel.SMS.value)
    nameless(sql, 23, claimed=LONG_AGO)
    assert attempts_by_reference(sql, "cloud", asked, NOW - 1_000) == {}
    nameless(sql, 24)
    assert attempts_by_reference(sql, "cloud", [*asked, ("newer", b"index1")], NOW - 1_000) == {}
    assert attempts_by_reference(sql, "cloud", asked, NOW - 1_000) == {"new": 24}
    nameless(sql, 25)
    assert attempts_by_reference(sql, "cloud", asked, NOW - 1_000) == {}
