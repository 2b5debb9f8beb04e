"""The register's days: ports.RegisterDays through the one writer, or on the engine itself."""

from __future__ import annotations

from warning_dispatch.clock import Clock
from warning_dispatch.engine.engine import Engine
from warning_dispatch.engine.lanes import Lane, Writer
from warning_dispatch.ports import MorningAccount


class WriterRegisterDays:
    """Beside a running engine. Never used from the writer's own thread: it waits for it."""

    def __init__(self, engine: Engine, writer: Writer) -> None:
        """The engine is the writer's."""
        self._engine = engine
        self._writer = writer

    def keep_register(self, day: str, erase_before: int) -> bool:
        """See the port."""
        work = self._writer.submit(Lane.INTAKE, lambda now: self._engine.keep_register(now, day, erase_before))
        return work.result()

    def claim_morning(self, day: str) -> str | None:
        """See the port."""
        return self._writer.submit(Lane.INTAKE, lambda now: self._engine.claim_morning(now, day)).result()

    def tell_morning(self, account: MorningAccount) -> bool:
        """See the port."""
        return self._writer.submit(Lane.INTAKE, lambda now: self._engine.tell_morning(now, account)).result()


class EngineRegisterDays:
    """Where nothing else runs: the caller is the writer."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        """`clock` gives the moment of each entry."""
        self._engine = engine
        self._clock = clock

    def keep_register(self, day: str, erase_before: int) -> bool:
        """See the port."""
        return self._engine.keep_register(self._clock.now(), day, erase_before).result

    def claim_morning(self, day: str) -> str | None:
        """See the port."""
        return self._engine.claim_morning(self._clock.now(), day).result

    def tell_morning(self, account: MorningAccount) -> bool:
        """See the port."""
        return self._engine.tell_morning(self._clock.now(), account).result
