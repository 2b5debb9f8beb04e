"""What people do about measures, as use cases of the one writer (response_ports.ResponseDesk)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from warning_dispatch.engine.lanes import Lane
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.responding import Responding
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.response import REMARK_LENGTH, ResponseBook, has_answered
from warning_dispatch.model.views import LinkView
from warning_dispatch.tomlfiles import both

T = TypeVar("T")


class Office(Protocol):
    """The part of the daemon's desk that is needed here."""

    async def once(self, lane: Lane, work: Callable[[Ledger], T]) -> T:
        """A use case in a transaction of its own."""
        ...


class Links(Protocol):
    """Who is behind a link (store/reading_own_list.py)."""

    def behind(self, token: str) -> tuple[LinkView, int]:
        """What it shows, and the person it was sent to. NotFoundError: no such link."""
        ...


class WriterResponseDesk:
    """response_ports.ResponseDesk over the one writer."""

    def __init__(self, office: Office, links: Links) -> None:
        """The parts are wired in bootstrap."""
        self._office = office
        self._links = links
        self._responding = Responding(ResponseBook())  # ticks go by what is frozen, never by what is configured now

    async def tick(self, token: str, ticks: Sequence[tuple[int, str, str]]) -> int:
        """See the port."""
        view, receiver_id = await asyncio.to_thread(self._links.behind, token)
        answered = {unit.callee_id: has_answered(unit) for unit in view.units}
        for callee_id, _, _ in ticks:
            if callee_id not in answered:
                raise RefusedError(both("这个链接不能替该单位勾选", "this link does not speak for that unit"))
            if not answered[callee_id]:
                raise RefusedError(both("请先确认收到，再勾选措施", "confirm that you have received it first"))
        if not ticks:
            return 0
        cut = [(callee_id, action, remark.strip()[:REMARK_LENGTH]) for callee_id, action, remark in ticks]
        return await self._office.once(
            Lane.ACT,
            lambda ledger: self._responding.tick(ledger, view.callout_id, cut, receiver_id=receiver_id),
        )

    async def tick_for(self, callout_id: int, callee_id: int, action: str, *, actor: str, remark: str) -> int:
        """See the port."""
        if not actor.strip() or not remark.strip():
            raise RefusedError(both("须写明操作人和听到的情况", "an actor is needed, and what was heard"))
        tick = (callee_id, action, remark.strip()[:REMARK_LENGTH])
        return await self._office.once(
            Lane.ACT, lambda ledger: self._responding.tick(ledger, callout_id, [tick], actor=actor)
        )

    async def exported(self, callout_id: int, *, actor: str, form: str, below: str) -> None:
        """See the port."""
        if not actor.strip():
            raise RefusedError(both("须写明操作人", "an actor is needed"))

        def note(ledger: Ledger) -> None:
            if callout_id not in ledger.tx.callouts.load([callout_id]):
                raise NotFoundError(both(f"没有叫应 {callout_id}", f"there is no call-out {callout_id}"))
            ledger.note(callout_id, {"k": "response.exported", "actor": actor, "form": form, "area": below})

        await self._office.once(Lane.ACT, note)
