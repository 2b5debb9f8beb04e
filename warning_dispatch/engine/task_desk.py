"""The work list of the duty officer from beside the engine's thread: through the writer of a running daemon, or alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from warning_dispatch.engine.engine import Engine
from warning_dispatch.engine.lanes import Lane, Writer
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.tasks import TaskResult

T = TypeVar("T")


class WriterTasks:
    """ports.TaskDesk: an answer goes ahead of everything, the rest with the officer's other acts."""

    def __init__(self, engine: Engine, writer: Writer) -> None:
        """The daemon's."""
        self._engine = engine
        self._writer = writer

    async def take(self, attempt_id: int, *, actor: str) -> int:
        """See the port."""
        return await self._once(Lane.ANSWER, lambda led: self._engine.tasks.take(led, attempt_id, actor=actor))

    async def number(self, attempt_id: int, *, actor: str) -> str:
        """See the port."""
        return await self._once(Lane.ACT, lambda led: self._engine.tasks.number(led, attempt_id, actor=actor))

    async def finish(self, attempt_id: int, result: str, *, actor: str, note: str = "") -> None:
        """See the port."""
        came = TaskResult(result)
        await self._once(
            Lane.ANSWER, lambda led: self._engine.tasks.finish(led, attempt_id, came, actor=actor, note=note)
        )

    async def _once(self, lane: Lane, work: Callable[[Ledger], T]) -> T:
        return await asyncio.wrap_future(self._writer.submit(lane, lambda now: self._engine.once(now, work)))
