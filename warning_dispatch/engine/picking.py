"""What the pickers of voice and text share: who is wanted, what is dropped, what was chosen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from warning_dispatch.engine.dialling_budget import CallLimits, DiallingBudget
from warning_dispatch.engine.doors import Doors
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import CalleeRecord, EndpointDetail, ReadyAttempt
from warning_dispatch.engine.routes import RouteRoom
from warning_dispatch.escalation.route_rules import RouteRule
from warning_dispatch.model.unit import Channel


@dataclass(frozen=True, slots=True)
class Wish:
    """One callee that an attempt would reach now, at this endpoint of its own unit."""

    attempt: ReadyAttempt
    record: CalleeRecord
    detail: EndpointDetail

    @property
    def number(self) -> int:
        """The number that would be reached."""
        return self.detail.view.number_id


@dataclass(slots=True)
class Chosen:
    """One attempt on its way: by which route, and whom it names, most urgent first.

    `endpoint` is the first one's and the attempt's own; `avoid`: routes not to use, of everybody who is named.
    """

    attempt: ReadyAttempt
    endpoint: EndpointDetail
    route: str
    wishes: list[Wish]
    avoid: frozenset[str]
    repeat: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """What limits a claim besides the room of its routes. `lease`: ms until a claim lapses."""

    limits: CallLimits
    rules: Mapping[str, RouteRule]
    lease: int


class Picker:
    """Chooses endpoint and route for the attempts of one channel."""

    def __init__(
        self,
        ledger: Ledger,
        room: RouteRoom,
        records: Mapping[int, CalleeRecord],
        endpoints: Mapping[int, Sequence[EndpointDetail]],
        terms: Terms,
    ) -> None:
        """`records` and `endpoints`: what the batch needs, loaded at once. `terms`: what limits it besides room."""
        self.terms = terms
        self.ledger = ledger
        self.room = room
        self.records = dict(records)
        self.endpoints = dict(endpoints)
        self.drops: list[tuple[int, str]] = []
        self.joined: list[tuple[int, int, int]] = []
        self.merged: list[tuple[int, int]] = []
        self.parted: list[tuple[int, int]] = []

    def numbers(self, channel: Channel) -> set[int]:
        """Every number that this claim could reach on a channel."""
        return {
            one.view.number_id for details in self.endpoints.values() for one in details if one.view.channel is channel
        }

    def allowance(self, channel: Channel, numbers: Collection[int]) -> DiallingBudget:
        """What they may be called or sent; what the channel's routes ask for is opened at once."""
        routes = self.room.routes
        limits = self.terms.limits.of(routes.keys(), voice=channel is Channel.VOICE)
        doors = Doors(self.ledger, self.terms.rules, routes, numbers)
        return DiallingBudget(self.ledger, limits, doors, routes.values(), numbers, self.terms.lease)

    def callees(self, attempt: ReadyAttempt) -> list[CalleeRecord]:
        """Whom the attempt was queued for, as they are now."""
        return [self.ledger.current(self.records[one]) for one in attempt.callee_ids]

    def endpoints_of(self, record: CalleeRecord) -> Sequence[EndpointDetail]:
        """Where a callee may be reached: of a drill for a named list, those who stand on it and nobody else."""
        details = self.endpoints.get(record.unit_id, ())
        named = self.ledger.callout(record.callout_id).named
        return details if named is None else [one for one in details if one.view.receiver_id in named]

    def drop(self, attempt: ReadyAttempt, why: str) -> None:
        """Take an attempt out of the queue for good."""
        self.drops.append((attempt.id, why))
        self.ledger.note(attempt.callout_id, {"k": "attempt.dropped", "id": attempt.id, "why": why})

    def merge(self, attempt: ReadyAttempt, into: ReadyAttempt) -> None:
        """Take an attempt out of the queue: another one names its unit."""
        self.merged.append((attempt.id, into.id))
        self.ledger.note(attempt.callout_id, {"k": "attempt.dropped", "id": attempt.id, "why": "merged"})

    def join(self, attempt: ReadyAttempt, wish: Wish) -> None:
        """The attempt names this callee, at an endpoint of its own unit."""
        self.joined.append((attempt.id, wish.record.id, wish.detail.view.endpoint_id))

    def write(self) -> None:
        """Write what was dropped, and who changed from one attempt to another."""
        attempts = self.ledger.tx.attempts
        if self.joined:
            attempts.join(self.joined)
        if self.merged:
            attempts.merge(self.merged, self.ledger.now)
        if self.drops:
            attempts.drop(self.drops, self.ledger.now)
        if self.parted:
            attempts.leave(self.parted)
