"""`adapter = "simulated"`: the simulated telephone network as a kind of channel; one network serves all its routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from warning_dispatch.delivery.kinds import ChannelTools, RouteFacts
from warning_dispatch.errors import Finding
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Event
from warning_dispatch.settings import SimulationSettings
from warning_dispatch.simulation.carrier_log import CarrierLog
from warning_dispatch.simulation.channel import SimulatedChannel
from warning_dispatch.simulation.network import SimulatedNetwork

REMEMBERS = 10_000
"""Who was told what in which call-out: enough for a whole prefecture twice over."""


class RunningSimulation(SimulatedChannel):
    """The channel with its pump as its own work (kinds.Running)."""

    tools: ChannelTools

    async def run(self) -> None:
        """See kinds.Running."""
        await self.pump(self._tell)

    async def _tell(self, events: Sequence[Event]) -> None:
        for event in events:
            self.tools.hear(event)


@dataclass(frozen=True, slots=True)
class SimulatedKind:
    """模拟电话网. [simulation] holds for all its routes; those that say otherwise have a network of their own."""

    name: str = "simulated"
    channels: frozenset[Channel] = frozenset({Channel.VOICE, Channel.SMS, Channel.EMAIL})
    simulated: bool = True
    options: type[SimulationSettings] = SimulationSettings

    def hears(self, options: SimulationSettings, route: RouteFacts) -> bool | None:  # noqa: ARG002 - see kinds.Hearing
        """The people in the network reply and tap; none of them rings back."""
        return None if route.channel is Channel.VOICE else True

    def check(self, options: SimulationSettings, route: RouteFacts) -> Sequence[Finding]:  # noqa: ARG002 - the kind's protocol
        """Nothing that could fail."""
        return ()

    def build(self, options: SimulationSettings, tools: ChannelTools) -> SimulatedChannel:
        """See the protocol."""
        return tools.shared.once(f"simulated {options!r}", lambda: _simulation(options, tools))


def _simulation(options: SimulationSettings, tools: ChannelTools) -> RunningSimulation:
    log = None
    if options.carrier_log:
        log = CarrierLog(str(options.seed).encode(), Path(options.carrier_log), keep=False)
    voice = [one.lines for one in tools.alike if one.channel is Channel.VOICE]
    network = SimulatedNetwork(
        options.seed,
        lines=None if None in voice or not voice else sum(one or 0 for one in voice),
        sms_per_minute=options.sms_per_minute,
        log=log,
        remembers=REMEMBERS,
    )
    simulation = RunningSimulation(network, tools.clock)
    simulation.tools = tools
    return simulation


KIND: Final = SimulatedKind()
