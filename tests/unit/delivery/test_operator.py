"""The duty officer's work list."""

from __future__ import annotations

from warning_dispatch.delivery.operator import OperatorChannel
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import ChannelPort, Dispatch, Receipt


async def test_every_task_reaches_the_list_and_nothing_else_is_claimed() -> None:
    """A task is accepted, and only accepted: no report, no answer is made up."""
    channel: ChannelPort = OperatorChannel()
    batch = [
        Dispatch(number, 1, Channel.OPERATOR, Purpose.CALL, "operator", "000", "zh_CN", "念这段话") for number in (7, 8)
    ]
    assert await channel.deliver(batch) == [Receipt(7, accepted=True), Receipt(8, accepted=True)]
    await channel.hang_up([7])
    await channel.close()
