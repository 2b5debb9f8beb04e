"""模拟电话网: people with habits, phones that ring, carriers that fail; from a seed, in real or virtual time."""

from __future__ import annotations

from warning_dispatch.simulation.answers import RangAfterAnswer
from warning_dispatch.simulation.carrier_log import CarrierLog, CarrierRecord, read_carrier_log
from warning_dispatch.simulation.channel import SimulatedChannel
from warning_dispatch.simulation.faults import Faults, Outage
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.simulation.population import Population, Script, TextHabit, Times, VoiceHabit

__all__ = [
    "CarrierLog",
    "CarrierRecord",
    "Faults",
    "Outage",
    "Population",
    "RangAfterAnswer",
    "Script",
    "SimulatedChannel",
    "SimulatedNetwork",
    "TextHabit",
    "Times",
    "VoiceHabit",
    "read_carrier_log",
]
