"""What the engine needs of the store to reach people: endpoints and links. See engine/storage.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from warning_dispatch.engine.records import AddedContact, Address, EndpointDetail, LinkTarget, Sender
from warning_dispatch.model.feedback import Feedback
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.texts import NamedUnit
from warning_dispatch.model.unit import Channel, ReceiverEntry


class EndpointRows(Protocol):
    """Whom and how to reach. Read afresh each time: a wrong number must be mendable in mid-storm."""

    def of_units(self, unit_ids: Sequence[int], now: int) -> Mapping[int, Sequence[EndpointDetail]]:
        """Usable endpoints per unit; those whom the unit's roster leaves out now are marked."""
        ...

    def addresses(self, number_ids: Sequence[int]) -> Mapping[int, Address]:
        """Numbers in clear."""
        ...

    def report_findings(self, findings: Sequence[tuple[int, str]], *, unusable: bool) -> None:
        """(endpoint, outcome): note what is wrong with a number, for the registrar, at every unit that has it.

        `unusable`: it is not used on that channel any more, in no call-out, until the registrar restores it.
        """
        ...

    def places(self, unit_ids: Sequence[int]) -> Mapping[int, NamedUnit]:
        """Units as a text names them, with their superiors."""
        ...

    def add_receiver(self, unit_id: int, entry: ReceiverEntry, now: int, *, actor: str) -> AddedContact:
        """Write a receiver with the endpoints that are new; somebody of that unit, role and name is the same person.

        RefusedError when all of it is there already.
        """
        ...

    def known_areas(self, codes: Iterable[str]) -> frozenset[str]:
        """Which of these codes, trimmed, and of those above them are divisions of the register."""
        ...

    def division_names(self) -> Sequence[tuple[str, str]]:
        """Code and name of every division in force."""
        ...

    def area_names(self, areas: Sequence[str]) -> Sequence[str]:
        """Names of divisions, in the order given."""
        ...


class FeedbackRows(Protocol):
    """What receivers report after their answer."""

    def add(self, callee_ids: Sequence[int], receiver_id: int, now: int, said: Feedback) -> None:
        """The same report about each of these units."""
        ...

    def count(self, callee_ids: Sequence[int], receiver_id: int, *, replies: bool = False) -> int:
        """How many reports (or messages in free words) of this person there are about the unit with the most of them."""
        ...

    def last_replies(self, callee_ids: Sequence[int], receiver_id: int, since: int, most: int) -> Sequence[str]:
        """The last messages in free words of this person about these units that came since then, the newest first."""
        ...

    def senders(self, blind_index: bytes, since: int) -> Sequence[Sender]:
        """For whom the holder of a number may speak: their units in live call-outs, called yet or not, answered or not.

        Where nothing is live: in the last call-out that ended after `since`.
        """
        ...


class LinkRows(Protocol):
    """Receivers' links."""

    def tokens(self, wanted: Sequence[tuple[int, int, Purpose]], channel: Channel = Channel.SMS) -> Sequence[str]:
        """The token for each (call-out, receiver, purpose), to be sent on this channel; its hash is stored."""
        ...

    def target(self, token: str) -> Sequence[LinkTarget]:
        """Every unit of the person behind the number a link was sent to, in that call-out; none for an unknown token."""
        ...
