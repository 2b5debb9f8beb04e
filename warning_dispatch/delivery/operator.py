"""人工: the duty officer's work list as a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from warning_dispatch.delivery.kinds import ChannelTools, RouteFacts
from warning_dispatch.errors import Finding
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Receipt
from warning_dispatch.tomlfiles import Shape


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


class OperatorOptions(Shape):
    """Nothing to say."""


@dataclass(frozen=True, slots=True)
class OperatorKind:
    """`adapter = "operator"`: reaches nobody by itself, a human dials."""

    name: str = "operator"
    channels: frozenset[Channel] = frozenset({Channel.OPERATOR})
    simulated: bool = True
    options: type[OperatorOptions] = OperatorOptions

    def check(self, options: OperatorOptions, route: RouteFacts) -> Sequence[Finding]:  # noqa: ARG002 - the kind's protocol
        """Nothing that could fail."""
        return ()

    def build(self, options: OperatorOptions, tools: ChannelTools) -> OperatorChannel:  # noqa: ARG002 - see check
        """The work list."""
        return OperatorChannel()


KIND: Final = OperatorKind()
