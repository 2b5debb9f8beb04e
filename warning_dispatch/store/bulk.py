"""One statement for many rows on PostgreSQL: the rows go as one array per column, and the server joins them.

A statement is written for one row, with `?` for each of its values (`?text`, `?bytea` where it is no integer). SQLite
runs it once per row, which costs a microsecond there. PostgreSQL gets it once for all of them:

    UPDATE t SET a = ? WHERE id = ?   →   UPDATE t SET a = v.c1 FROM unnest(…, …) AS v (c1, c2) WHERE id = v.c2

The arrays are written as text here: the driver's own way of it costs ten times as much, value by value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

_MARK = re.compile(r"\?(text|bytea)?")
_INTEGER = "bigint"


def for_one(statement: str) -> str:
    """The statement without the types of its marks."""
    return _MARK.sub("?", statement)


@lru_cache(maxsize=128)
def for_many(statement: str) -> tuple[str, tuple[str, ...]]:
    """The statement for any number of rows, and the type of each column of theirs.

    INSERT … VALUES (…), INSERT … SELECT … FROM … WHERE …, UPDATE … WHERE … and DELETE … WHERE … can be written.
    """
    types = tuple(found or _INTEGER for found in _MARK.findall(statement))
    names = [f"c{number}" for number in range(1, len(types) + 1)]
    numbered = iter(names)
    text = _MARK.sub(lambda _: f"v.{next(numbered)}", statement.replace("%", "%%"))
    arrays = ", ".join(f"%s::{one}[]" for one in types)
    rows = f"unnest({arrays}) AS v ({', '.join(names)})"
    verb = text.split(maxsplit=1)[0]
    if verb == "INSERT" and " VALUES (" in text:
        return _from_values(text, rows), types
    before, where, condition = text.rpartition("WHERE ")
    joined = {"INSERT": ", ", "UPDATE": "FROM ", "DELETE": "USING "}[verb]
    return f"{before}{joined}{rows} {where}{condition}", types


def _from_values(text: str, rows: str) -> str:
    head, _, rest = text.partition(" VALUES (")
    values, _, tail = rest.partition(")")
    return f"{head} SELECT {values} FROM {rows}{tail}"


def arrays(rows: Sequence[Sequence[Any]], types: Sequence[str]) -> list[str]:
    """The columns of the rows, each as the text of an array."""
    return [_ARRAYS[one](column) for column, one in zip(zip(*rows, strict=True), types, strict=True)]


def _integers(column: Iterable[int | None]) -> str:
    return "{" + ",".join(map(str, column)).replace("None", "NULL") + "}"


def _array(word: Callable[[Any], str]) -> Callable[[Iterable[Any]], str]:
    def write(column: Iterable[Any]) -> str:
        return "{" + ",".join(["NULL" if one is None else word(one) for one in column]) + "}"

    return write


def _quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


_ARRAYS: dict[str, Callable[[Iterable[Any]], str]] = {
    _INTEGER: _integers,
    "text": _array(_quoted),
    "bytea": _array(lambda one: f'"\\\\x{one.hex()}"'),
}
