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
_ATTEMPT = """INSERT INTO attempt (id, channel, purpose, roles, order_key, state, due_at, route, number_id, provider_ref)
 VALUES (:id, :channel, :purpose, 1, 1, :state, 1, :route, :number, :ref)"""


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
            states = {"purpose": Purpose.CALL.value, "state": AttemptState.HANDED.value}
            connection.execute(text(_ATTEMPT), row | states)
        yield Sql(connection)
        connection.rollback()


def test_a_name_is_looked_up_among_the_calls_of_its_number(sql: Sql) -> None:
    """Only of the same route and number; what is unknown is left out, and asking for nothing finds nothing."""
    asked = [("a", b"index1"), ("b", b"index1"), ("c", b"index1"), ("c", b"index2"), ("x", b"nobody")]
    assert attempts_by_reference(sql, "cloud", asked) == {"a": 11, "b": 12, "c": 14}
    assert attempts_by_reference(sql, "other", asked) == {"a": 13}
    assert attempts_by_reference(sql, "cloud", []) == {}
