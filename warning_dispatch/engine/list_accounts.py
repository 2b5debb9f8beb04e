"""Accounting for printable lists: ports.ListAccounts through the one writer, or on the engine itself."""

from __future__ import annotations

from warning_dispatch.clock import Clock
from warning_dispatch.engine.engine import Engine
from warning_dispatch.engine.lanes import Lane, Writer
from warning_dispatch.ports import ListAccount


class WriterAccounts:
    """Beside a running engine. Never used from the writer's own thread: it waits for it."""

    def __init__(self, engine: Engine, writer: Writer) -> None:
        """The engine is the writer's."""
        self._engine = engine
        self._writer = writer

    def list_written(self, account: ListAccount) -> None:
        """See the port."""
        self._writer.submit(Lane.INTAKE, lambda now: self._engine.list_written(now, account)).result()

    def list_failed(self, callout_id: int, why: str) -> None:
        """See the port."""
        self._writer.submit(Lane.INTAKE, lambda now: self._engine.list_failed(now, callout_id, why)).result()

    def lists_removed(self, count: int) -> None:
        """See the port."""
        self._writer.submit(Lane.INTAKE, lambda now: self._engine.lists_removed(now, count)).result()


class EngineAccounts:
    """Where nothing else runs: the caller is the writer."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        """`clock` gives the moment of each entry."""
        self._engine = engine
        self._clock = clock

    def list_written(self, account: ListAccount) -> None:
        """See the port."""
        self._engine.list_written(self._clock.now(), account)

    def list_failed(self, callout_id: int, why: str) -> None:
        """See the port."""
        self._engine.list_failed(self._clock.now(), callout_id, why)

    def lists_removed(self, count: int) -> None:
        """See the port."""
        self._engine.lists_removed(self._clock.now(), count)
