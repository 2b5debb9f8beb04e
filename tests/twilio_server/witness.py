"""What happened at Twilio, written down as the simulated carrier does it: the faults' judge reads both alike."""

from __future__ import annotations

from warning_dispatch.model.unit import Channel
from warning_dispatch.simulation import carrier_log
from warning_dispatch.simulation.carrier_log import CarrierLog, CarrierRecord

KEY = b"1"
"""Blinds addresses, as the judge expects it."""


class Witness:
    """One for all the servers of a night: a phone is one phone, whoever rings it."""

    def __init__(self) -> None:
        self._log = CarrierLog(KEY)
        self._on_phone: dict[str, int] = {}

    @property
    def records(self) -> tuple[CarrierRecord, ...]:
        """Everything, in the order it happened."""
        return self._log.records()

    def rings(self, at: int, attempt: int, address: str) -> None:
        """A call was taken."""
        self.note(at, attempt, address, carrier_log.HANDED)
        if address in self._on_phone:
            self.note(at, attempt, address, carrier_log.CLASH)
        self._on_phone.setdefault(address, attempt)

    def ends(self, at: int, attempt: int, address: str, how: str) -> None:
        """A call has ended."""
        self.note(at, attempt, address, carrier_log.HUNG_UP if how == "canceled" else carrier_log.ENDED + how)
        if self._on_phone.get(address) == attempt:
            del self._on_phone[address]

    def note(self, at: int, attempt: int, address: str, what: str, channel: Channel = Channel.VOICE) -> None:
        """Anything else."""
        self._log.add(CarrierRecord(at, attempt, 1, channel, self._log.digest(address), what))
