"""What becomes of a transaction: it commits, the database fails it, or the process dies, at its end or at any statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from enum import Enum
from random import Random
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from warning_dispatch.engine.storage import Transaction
from warning_dispatch.errors import StoreError
from warning_dispatch.store.sql import Sql
from warning_dispatch.store.storage import TableStorage

MOST_STATEMENTS = 64
"""A fuse is at most so long; most transactions have some thirty statements."""


class Crash(BaseException):
    """The process dies here; nothing of ours catches it."""


class Fate(Enum):
    """What becomes of a transaction."""

    COMMITS = "commits"
    FAILS = "the database fails it at its end"
    FAILS_INSIDE = "the database fails one of its statements"
    DIES_INSIDE = "the process dies between two of its statements"
    DIES_BEFORE = "the process dies before the commit"
    DIES_AFTER = "the process dies after the commit"


DEATHS = (Fate.DIES_INSIDE, Fate.DIES_INSIDE, Fate.DIES_BEFORE, Fate.DIES_AFTER)
FAILURES = (Fate.FAILS, Fate.FAILS_INSIDE)


class Fuse:
    """Burns down with the statements of a transaction and goes off at one of them."""

    def __init__(self) -> None:
        """Not lit."""
        self._left = 0
        self._fate = Fate.COMMITS

    def light(self, statements: int, fate: Fate) -> None:
        """Go off at the so manieth statement from now."""
        self._left, self._fate = statements, fate

    def put_out(self) -> bool:
        """Whether it was still burning; it is not any more."""
        burning, self._left = self._left > 0, 0
        return burning

    def burn(self, statement: str) -> None:
        """One statement is about to run."""
        if not self._left:
            return
        self._left -= 1
        if self._left:
            return
        if self._fate is Fate.DIES_INSIDE:
            raise Crash(self._fate.value)
        raise OperationalError(statement, None, sqlite3.OperationalError("disk I/O error"))

    def statements(self, connection: Connection, *, shared: bool = False) -> Sql:
        """What runs the statements of a transaction (store.storage.TableStorage)."""
        return _FusedSql(connection, self, shared=shared)


class _FusedSql(Sql):
    """Statements with a fuse."""

    def __init__(self, connection: Connection, fuse: Fuse, *, shared: bool) -> None:
        super().__init__(connection, shared=shared)
        self._fuse = fuse

    def many(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self._fuse.burn(statement)
        super().many(statement, rows)

    def _run(self, statement: str, parameters: tuple[Any, ...]) -> Any:
        self._fuse.burn(statement)
        return super()._run(statement, parameters)


class FragileStorage:
    """A storage whose transactions meet their fate."""

    def __init__(
        self,
        inner: TableStorage,
        fuse: Fuse,
        draw: Callable[[], Fate],
        rng: Random,
        *,
        beside: Callable[[], None] = lambda: None,
        many: bool = False,
    ) -> None:
        """`draw` decides at the beginning of each transaction; `fuse` is in the statements of `inner`.

        `beside` is called before each transaction; `many`: others write too, whatever the kind of database.
        """
        self._beside = beside
        self._many = many
        self._inner = inner
        self._fuse = fuse
        self._draw = draw
        self._rng = rng

    @property
    def many_writers(self) -> bool:
        """See engine.storage."""
        return self._many or self._inner.many_writers

    def of_worker(self, worker: int) -> FragileStorage:
        """The same for a worker with this id."""
        inner = copy(self._inner)
        inner.worker = worker
        return FragileStorage(inner, self._fuse, self._draw, self._rng, beside=self._beside, many=self._many)

    @contextmanager
    def writing(self, *, shared: bool = False) -> Iterator[Transaction]:
        """See engine.storage."""
        self._beside()
        fate = self._draw()
        if fate in (Fate.DIES_INSIDE, Fate.FAILS_INSIDE):
            length = int(MOST_STATEMENTS ** self._rng.random())  # as often among the first as among the last
            self._fuse.light(length, fate)
        try:
            with self._inner.writing(shared=shared) as tx:
                yield tx
                if self._fuse.put_out():  # it had fewer statements
                    fate = Fate.DIES_BEFORE if fate is Fate.DIES_INSIDE else Fate.FAILS
                if fate is Fate.DIES_BEFORE:
                    raise Crash(fate.value)
                if fate is Fate.FAILS:
                    raise StoreError("The disk is full.")
        finally:
            self._fuse.put_out()
        if fate is Fate.DIES_AFTER:
            raise Crash(fate.value)
