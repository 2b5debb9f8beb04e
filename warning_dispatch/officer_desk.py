"""The part of ports.Desk by which officers act: each act is a job of the one writer, and returns when it is committed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.engine import Done, Engine
from warning_dispatch.engine.lanes import Lane, Writer
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.console_views import CallPreview
from warning_dispatch.model.states import CalleeState, CallOutState, Means
from warning_dispatch.model.unit import ReceiverEntry
from warning_dispatch.model.views import AddedReceiver


class OfficerDesk:
    """What officers do."""

    def __init__(self, engine: Engine, writer: Writer) -> None:
        """`writer` has the engine's thread."""
        self._engine = engine
        self._writer = writer

    async def acknowledge(
        self,
        callout_id: int,
        callee_id: int,
        *,
        actor: str,
        reason: str,
        means: Means,
        seen: CalleeState | None = None,
    ) -> None:
        """See the port."""
        await asyncio.wrap_future(
            self._writer.submit(
                Lane.ANSWER,
                lambda now: self._engine.acknowledge(
                    now, callout_id, callee_id, actor=actor, reason=reason, means=means, seen=seen
                ),
            )
        )

    async def take_note(self, callout_id: int, *, actor: str) -> None:
        """See the port."""
        await asyncio.wrap_future(
            self._writer.submit(Lane.ACT, lambda now: self._engine.take_note(now, callout_id, actor=actor))
        )

    async def revealed(self, callout_id: int, callee_id: int, *, actor: str, reason: str) -> None:
        """See the port."""
        await asyncio.wrap_future(
            self._writer.submit(
                Lane.ACT, lambda now: self._engine.revealed(now, callout_id, callee_id, actor=actor, reason=reason)
            )
        )

    async def preview(self, raw: bytes, source: str) -> CallPreview:
        """See the port."""
        return await asyncio.wrap_future(
            self._writer.submit(Lane.INTAKE, lambda now: Done(self._engine.preview(now, raw, source)))
        )

    async def act(
        self,
        act: str,
        callout_id: int,
        *,
        actor: str,
        reason: str,
        unit_code: str = "",
        seen: CalleeState | CallOutState | None = None,
    ) -> None:
        """See the port."""
        try:
            chosen = Act(act)
        except ValueError:
            raise NotFoundError(f"没有操作 {act!r} / there is no act {act!r}; known: {', '.join(Act)}") from None
        await asyncio.wrap_future(
            self._writer.submit(
                Lane.ACT,
                lambda now: self._engine.act(
                    now, chosen, callout_id, actor=actor, reason=reason, unit_code=unit_code, seen=seen
                ),
            )
        )

    async def add_receiver(self, callout_id: int, entry: ReceiverEntry, *, actor: str, reason: str) -> AddedReceiver:
        """See the port."""
        return await asyncio.wrap_future(
            self._writer.submit(
                Lane.ACT,
                lambda now: self._engine.add_receiver(now, callout_id, entry, actor=actor, reason=reason),
            )
        )

    async def claim_alarms(self, alarm_ids: Sequence[int] | None, *, actor: str) -> Sequence[int]:
        """See the port."""
        return await asyncio.wrap_future(
            self._writer.submit(Lane.ANSWER, lambda now: self._engine.claim_alarms(now, alarm_ids, actor=actor))
        )
