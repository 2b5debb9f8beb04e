"""What a superior does on the page behind its link, as use cases of the one writer (superior_ports.SuperiorDesk)."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from warning_dispatch.engine.lanes import Lane
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.errors import RefusedError
from warning_dispatch.model.feedback import MOST, Feedback
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.store.reading_own_list import OwnListTables, Standing
from warning_dispatch.tomlfiles import both

T = TypeVar("T")


class Office(Protocol):
    """The part of the daemon's desk that is needed here."""

    async def once(self, lane: Lane, work: Callable[[Ledger], T]) -> T:
        """A use case in a transaction of its own."""
        ...

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
        """See ports.Desk."""
        ...


class WriterSuperiorDesk:
    """superior_ports.SuperiorDesk over the one writer; what only looks is read beside it."""

    def __init__(self, office: Office, read: OwnListTables) -> None:
        """The parts are wired in bootstrap."""
        self._office = office
        self._read = read

    async def pass_step(self, token: str, last_four: str) -> str:
        """See the port."""
        standing, digits = await asyncio.to_thread(self._standing_and_digits, token)
        wanted = last_four.strip().encode()
        if not any(hmac.compare_digest(wanted, one.encode()) for one in digits):
            raise RefusedError(both("后四位不对", "these are not the last four digits"))
        note = {
            "k": "list.opened",
            "receiver": standing.receiver_id,
            "units": [one.unit_code for one in standing.lists],
            "count": len(standing.rows),
        }
        await self._office.once(Lane.ACT, lambda ledger: ledger.note(standing.view.callout_id, note))
        return self._read.passed(token)

    def _standing_and_digits(self, token: str) -> tuple[Standing, frozenset[str]]:
        standing = self._read.standing(token)
        return standing, self._read.last_fours(standing.receiver_id)

    async def told(self, token: str, callee_id: int, passed: str, words: str = "") -> None:
        """See the port."""
        if not self._read.passes(token, passed):
            raise RefusedError(both("请先输入手机号后四位", "enter the last four digits of the phone first"))
        seen = await asyncio.to_thread(
            self._read.state_of, callee_id
        )  # before the list: what comes after it is noticed
        standing = await asyncio.to_thread(self._read.standing, token)
        if all(row.callee_id != callee_id for row in standing.rows):
            raise RefusedError(both("该单位已不在名单上", "this unit is not on the list any more"))
        await self._office.acknowledge(
            standing.view.callout_id,
            callee_id,
            actor=f"receiver:{standing.receiver_id}",
            reason="",
            means=Means.SUPERIOR,
            seen=seen,
        )
        if words:
            await self._keep(standing.view.callout_id, [callee_id], standing.receiver_id, Feedback(told=words))

    async def feed_back(self, token: str, said: Feedback) -> None:
        """See the port."""
        view, receiver_id = await asyncio.to_thread(self._read.behind, token)
        units = [unit.callee_id for unit in view.units if unit.confirmed_at is not None]
        if not units or view.own:
            raise RefusedError(both("请先确认收到", "confirm that you have received it first"))
        if said:
            await self._keep(view.callout_id, units, receiver_id, said)

    async def _keep(self, callout_id: int, callee_ids: Sequence[int], receiver_id: int, said: Feedback) -> None:
        """Stored sealed; the journal says who reported about which units, and never what."""

        def work(ledger: Ledger) -> None:
            if ledger.tx.feedback.count(callee_ids, receiver_id) >= MOST:
                raise RefusedError(both("反馈次数已满，请打电话", "too many reports: please call"))
            ledger.tx.feedback.add(callee_ids, receiver_id, ledger.now, said)
            ledger.note(callout_id, {"k": "feedback", "receiver": receiver_id, "callees": list(callee_ids)})

        await self._office.once(Lane.ACT, work)
