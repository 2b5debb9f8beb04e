"""The register's days through the one writer: ports.RegisterDays."""

from __future__ import annotations

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
