"""One statement for many rows: what it becomes on PostgreSQL, and that every value comes out as it went in."""

from __future__ import annotations

from typing import Any

import pytest

from warning_dispatch.store.bulk import arrays, for_many, for_one
from warning_dispatch.store.sql import Sql

ODD = ["plain", "", 'a "quoted" one', "back\\slash", "{brace, comma}", "NULL", "村\n圐圙堎", None]


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        (
            "UPDATE t SET a = ?text WHERE id = ? AND s = 3",
            "UPDATE t SET a = v.c1 FROM unnest(%s::text[], %s::bigint[]) AS v (c1, c2) WHERE id = v.c2 AND s = 3",
        ),
        ("DELETE FROM t WHERE a = ?", "DELETE FROM t USING unnest(%s::bigint[]) AS v (c1) WHERE a = v.c1"),
        (
            "INSERT INTO t (a, b) VALUES (?bytea, 1) ON CONFLICT DO NOTHING",
            "INSERT INTO t (a, b) SELECT v.c1, 1 FROM unnest(%s::bytea[]) AS v (c1) ON CONFLICT DO NOTHING",
        ),
        (
            "INSERT INTO t (a, b) SELECT ?, b FROM t WHERE id = ?",
            "INSERT INTO t (a, b) SELECT v.c1, b FROM t , unnest(%s::bigint[], %s::bigint[]) AS v (c1, c2) WHERE id = v.c2",
        ),
    ],
)
def test_a_statement_for_one_row_becomes_one_for_all(written: str, sent: str) -> None:
    """One round trip for a batch, whatever its size: the text is the same for all of them."""
    assert for_many(written)[0] == sent


def test_types_are_for_postgresql_alone() -> None:
    """SQLite asks for none."""
    assert for_one("UPDATE t SET a = ?text, b = ?bytea WHERE c = ?") == "UPDATE t SET a = ?, b = ? WHERE c = ?"


def test_arrays_hold_a_column_each() -> None:
    """An integer that is none stays none."""
    assert arrays([(1, "a"), (None, None)], ["bigint", "text"]) == ["{1,NULL}", '{"a",NULL}']


def test_every_value_comes_out_as_it_went_in(each_kind: Any) -> None:
    """Quotes, braces, line ends and nothing at all, in new rows and in changed ones."""
    engine = each_kind.create()
    rows = [(at, word, number) for number, word in enumerate(ODD) for at in (10**12,)]
    with engine.connect() as connection:
        sql = Sql(connection)
        sql.many("INSERT INTO alarm (at, kind, about, detail) VALUES (?, 'x', '', ?text)", [(9, "before") for _ in ODD])
        keys = [row[0] for row in sql.rows("SELECT id FROM alarm ORDER BY id")]
        sql.many(
            "UPDATE alarm SET at = ?, claimed_by = ?text, unit_id = ? WHERE id = ?",
            [(*row, key) for row, key in zip(rows, keys, strict=True)],
        )
        assert [tuple(row) for row in sql.rows("SELECT at, claimed_by, unit_id FROM alarm ORDER BY id")] == rows
        sql.many(
            "INSERT INTO api_key (name, hash, scopes, created_at) VALUES (?text, ?bytea, '', ?)",
            [("k", b'\0"\\\xff', 1)],
        )
        assert bytes(sql.value("SELECT hash FROM api_key")) == b'\0"\\\xff'


def test_a_long_answer_comes_in_parts(each_kind: Any) -> None:
    """In order, to the end, and the connection is free for the next statement."""
    with each_kind.create().connect() as connection:
        sql = Sql(connection)
        sql.many("INSERT INTO number_call (number_id, route, at) VALUES (?, 'a', ?)", [(n, n) for n in range(12_000)])
        assert [row[0] for row in sql.stream("SELECT number_id FROM number_call ORDER BY id")] == list(range(12_000))
        assert sql.value("SELECT count(*) FROM number_call WHERE number_id NOT IN {ids}", sql.ids([1, 2])) == 11_998
