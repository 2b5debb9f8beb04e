"""人工: the duty officer's work list as a channel."""

from __future__ import annotations

from collections.abc import Sequence

from warning_dispatch.ports import Dispatch, Receipt


class OperatorChannel:
    """Takes every task, and sends nothing.

    The work list *is* the attempt rows of this channel: once an attempt is handed over, it stands on the list until a
    human has dialled and recorded what was said. So "accepted" here means only that the task is on the list, never
    that anybody was reached; the answer comes as an act of the officer, the rest from the ladder's own deadlines.
    """

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """One accepting receipt per task."""
        return [Receipt(dispatch.attempt_id, accepted=True) for dispatch in batch]

    async def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """Nothing rings here: a task that is no longer needed leaves the list with its row's state."""

    async def close(self) -> None:
        """Nothing is held open."""
