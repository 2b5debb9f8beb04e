"""A batch over a bounded number of workers, for providers that take one message a request; the receipt of each.

The receipts of a batch reach the engine together, and must do so before its leases lapse: a call whose receipt comes later
is made again, and rings twice. So nothing is begun that might not end in time. What was not begun surely was not handed
over; another route may have it, or this one in a while.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from warning_dispatch.clock import Clock
from warning_dispatch.ports import Dispatch, Receipt

NOT_BEGUN = "over_concurrency"


@dataclass(frozen=True, slots=True)
class Workers:
    """`count` at once; `longest_s`: the most that one hand-over may take, whatever happens to it (real seconds)."""

    count: int
    longest_s: float
    clock: Clock

    async def over(
        self, batch: Sequence[Dispatch], hand_over: Callable[[Dispatch], Awaitable[Receipt]]
    ) -> list[Receipt]:
        """A receipt for each of the batch."""
        work, receipts = deque(batch), list[Receipt]()

        async def serve() -> None:
            while work:
                dispatch = work.popleft()
                if self._ends_in_time(dispatch):
                    receipts.append(await hand_over(dispatch))
                else:
                    receipts.append(Receipt(dispatch.attempt_id, accepted=False, outcome=NOT_BEGUN))

        await asyncio.gather(*(serve() for _ in range(min(self.count, len(batch)))))
        return receipts

    def _ends_in_time(self, dispatch: Dispatch) -> bool:
        left = self.clock.real_seconds(dispatch.lease_until - self.clock.now())
        return not dispatch.lease_until or left >= self.longest_s
