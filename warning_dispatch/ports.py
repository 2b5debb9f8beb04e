"""What the engine needs from the outside, as small Protocols and the values that cross them.

The wire: a channel takes a batch, `deliver(batch) -> receipts`; concurrency belongs to the adapter. What the
outside world tells later comes back as `Report`, `Reply` or `Tap` events, late, doubled and out of order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from warning_dispatch.model.sources import Publication
from warning_dispatch.model.states import CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import Channel, ReceiverEntry
from warning_dispatch.model.views import (
    AddedReceiver,
    AlarmList,
    AlertRow,
    AttemptRow,
    CalleeRow,
    CallOutView,
    CurvePoint,
    Health,
    IntakeResult,
    LinkView,
    SuperiorList,
    TaskRow,
    UnreachedView,
)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One attempt on its way to a carrier. `address` is in clear and lives only here.

    `lease_until` (ms): after it the attempt is no longer ours to hand over; 0 means no limit.
    `text` is what is read out (voice), sent (SMS) or the plain body (e-mail); `subject` for e-mail only.
    `values`: what the text says, by name (model.texts.VALUES, signal, unit, causes, count), for routes that ask for it.
    `ring_for` in ms. `possible_duplicate`: an earlier hand-over may or may not have happened.
    """

    attempt_id: int
    callout_id: int
    channel: Channel
    purpose: Purpose
    route: str
    address: str
    language: str
    text: str
    subject: str = ""
    link: str = ""
    ring_for: int = 35_000
    possible_duplicate: bool = False
    lease_until: int = 0
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """发得出: what the carrier said at once. `outcome` names a row of the outcome table when refused.

    `unsure`: not accepted, but perhaps taken all the same (the answer was late, or lost): sent again, it is marked as such.
    """

    attempt_id: int
    accepted: bool
    provider_ref: str = ""
    outcome: str = ""
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What became of an attempt, told later. `outcome` is a row of config/outcomes.toml.

    `at` in ms. A pressed key that acknowledges is the outcome `key_pressed`: of a call that we made or, with `called_back`,
    of one that the person made (回拨), which answers also where the attempt was a message. No carrier's word about a message does.
    """

    attempt_id: int
    outcome: str
    at: int
    called_back: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A message that came back from an address (an SMS "收到", a mail); or, by voice, the key of somebody who rang us back.

    `attempt_id`: the message it answers, where the channel has proved that it went to this address; it then counts for what
    was said in that message, and for nothing else that is open there.
    """

    channel: Channel
    address: str
    text: str
    at: int
    attempt_id: int | None = None
    route: str = ""
    """By which it came; empty: by that of the last message to the address."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A person opened the link of a message and pressed the button.

    `shown`: on the page of the bureau's own call, the newest alarm on it; None: taken for what the message told.
    """

    link: str
    at: int
    shown: int | None = None


Event = Report | Reply | Tap


@dataclass(frozen=True, slots=True)
class OpenCall:
    """回拨: a call that somebody who rings us back has not answered yet. A key is reported on this attempt."""

    attempt_id: int
    callout_id: int
    language: str
    text: str
    """What is read out."""


class ChannelPort(Protocol):
    """A way to reach people. Adapters stand above the engine; bootstrap hands them in."""

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """Hand a batch over. One receipt per dispatch, in any order; never raises for a single message."""
        ...

    async def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """End what still rings; nobody who is listening is cut off. Unknown ids are ignored."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class Sealer(Protocol):
    """Encryption at rest."""

    def seal(self, clear: bytes, context: str) -> bytes:
        """Encrypt; `context` ("number", "receiver.name" …) is bound to the ciphertext."""
        ...

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """Decrypt; raises StoreError when key, context or bytes do not match."""
        ...

    def blind_index(self, clear: str) -> bytes:
        """A keyed digest to find a number by without storing it in clear."""
        ...


BUREAU = "bureau"
"""Stands for the bureau where a unit's code is asked for: whoever holds what nobody else can."""


class ReadModels(Protocol):
    """Pictures for pages, API and commands. Safe from any thread; never blocks the writer."""

    def callouts(self, *, live_only: bool = False, limit: int = 100) -> Sequence[CallOutView]:
        """Newest first. The bureau's calls to itself are not among them: see `alarms`."""
        ...

    def callout(self, callout_id: int) -> CallOutView:
        """One call-out with its tiers. NotFoundError when there is none."""
        ...

    def callees(
        self, callout_id: int, *, states: Sequence[CalleeState] = (), tier: str = "", limit: int = 100, offset: int = 0
    ) -> Sequence[CalleeRow]:
        """Callees in the order of their division codes; `states` empty means all."""
        ...

    def superior_lists(self, callout_id: int) -> Sequence[SuperiorList]:
        """Every list of a call-out in the order of the superiors' codes, with who holds it now."""
        ...

    def unreached(
        self, callout_id: int, *, now: int, unit_code: str = "", limit: int = 100, offset: int = 0
    ) -> UnreachedView:
        """What a unit has to work through: its own list and those it holds for others.

        `unit_code` empty: the whole call-out; BUREAU: what the bureau holds. NotFoundError for a unit without a list.
        """
        ...

    def tasks(self, *, limit: int = 100) -> Sequence[TaskRow]:
        """人工叫应: what waits to be dialled by hand, the most urgent first."""
        ...

    def latest_attempts(self, callout_id: int, *, limit: int = 20) -> Sequence[AttemptRow]:
        """Newest first."""
        ...

    def curve(self, callout_id: int) -> Sequence[CurvePoint]:
        """Cumulative answers over time, one point per moment something was answered."""
        ...

    def alarms(self, *, limit: int = 50, open_only: bool = False, callout_id: int | None = None) -> AlarmList:
        """Alarms, newest first. `open_only`: that nobody has claimed, of which those that ring come first.

        `callout_id`: of that call-out.
        """
        ...

    def alerts(self, *, limit: int = 100) -> Sequence[AlertRow]:
        """Newest first, whatever their disposition."""
        ...

    def alert(self, alert_id: int) -> AlertRow:
        """One warning. NotFoundError when there is none."""
        ...

    def link(self, token: str) -> LinkView:
        """What the receiver's page shows. NotFoundError for an unknown token."""
        ...

    def scopes_of_key(self, key: str) -> frozenset[str]:
        """Scopes of an API key; empty for an unknown or revoked one."""
        ...

    def name_of_key(self, key: str) -> str:
        """The name of an API key; empty for an unknown or revoked one."""
        ...

    def publications(self, *, before: int | None = None, limit: int = 50) -> Sequence[Publication]:
        """What was passed on, newest first, below a number."""
        ...

    def publication(self, number: int) -> Publication:
        """One of them. NotFoundError when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class ListAccount:
    """A printable list that is about to be written: who, why, how much is on it. Never what."""

    callout_id: int
    round: int
    actor: str
    reason: str
    units: int
    people: int
    phones: int


class ListAccounts(Protocol):
    """Where printable lists are accounted for. From any thread but the engine's; returns when it is committed."""

    def list_written(self, account: ListAccount) -> None:
        """An export in clear, for the journal."""
        ...

    def list_failed(self, callout_id: int, why: str) -> None:
        """An alarm: there is no paper for this call-out."""
        ...

    def lists_removed(self, count: int) -> None:
        """Old lists were destroyed."""
        ...


class ListKeeper(Protocol):
    """Writes the printable lists beside the engine (reports.worker). Only `close` waits."""

    def start(self) -> None:
        """Begin; what runs without a list gets one."""
        ...

    def after_start(self, callout_id: int) -> None:
        """A call-out has begun."""
        ...

    def look(self) -> None:
        """What other processes have begun gets a list as well."""
        ...

    def tidy(self) -> None:
        """Old lists go."""
        ...

    def close(self) -> None:
        """Finish what waits, then end."""
        ...


@dataclass(frozen=True, slots=True)
class MorningAccount:
    """What a morning found.

    `lost`: by county code, names of units that cannot be reached any more; `more`: how many more units have each
    weakness; `score`: of the whole register, 0 to 100; `memory`: JSON for the next morning; `reviews`: names of key units
    of whose review the bureau is reminded today.
    """

    day: str
    lost: Mapping[str, tuple[str, ...]]
    more: Mapping[str, int]
    score: int
    memory: str
    reviews: tuple[str, ...] = ()


class RegisterDays(Protocol):
    """What the register needs day by day. From any thread but the engine's; returns when it is committed."""

    def keep_register(self, day: str, erase_before: int) -> bool:
        """Upkeep of a day, once: first and last days of people, erasure of what left before a moment (ms)."""
        ...

    def claim_morning(self, day: str) -> str | None:
        """Claim the look of a morning: what the last one remembered, as JSON; None: it is another's, or done."""
        ...

    def tell_morning(self, account: MorningAccount) -> bool:
        """Tell what got worse, once."""
        ...


class TaskDesk(Protocol):
    """人工叫应: the duty officer's work list. Every act has an actor and is journalled (RefusedError, NotFoundError)."""

    async def take(self, attempt_id: int, *, actor: str) -> int:
        """我来打: the machine leaves the unit alone until the moment (ms) that is returned."""
        ...

    async def number(self, attempt_id: int, *, actor: str) -> str:
        """The number in clear, for whoever dials it."""
        ...

    async def finish(self, attempt_id: int, result: str, *, actor: str, note: str = "") -> None:
        """What came of it: answered, told-deputy, no-answer, busy, wrong-number."""
        ...


class Desk(Protocol):
    """What the web and the commands may ask of the engine. Every call is carried out by the one writer.

    Acts need an actor; those that change the course of a call-out need a reason too (RefusedError).
    """

    @property
    def tasks(self) -> TaskDesk:
        """The work list."""
        ...

    async def take_in(self, raw: bytes, source: str, item: str = "") -> IntakeResult:
        """A message has arrived. Returns after it is durably stored. What the source calls `item` is taken in once."""
        ...

    async def source_seen(self, source: str) -> None:
        """A source has said that it is there."""
        ...

    async def release(self, alert_id: int, *, actor: str, reason: str) -> IntakeResult:
        """An officer has read a message that was set aside, with all its problems, and lets it call."""
        ...

    async def confirm_link(self, token: str, shown: int | None = None) -> LinkView:
        """The person behind the link pressed the button. `shown`: see Tap."""
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
        """An operator or a superior recorded an answer. `seen`: as for `act`."""
        ...

    async def act(
        self,
        act: str,
        callout_id: int,
        *,
        actor: str,
        reason: str,
        unit_code: str = "",
        seen: CalleeState | CallOutState | None = None,
    ) -> None:
        """An officer's act: recall, waive, open-gate, pause, resume, cancel, close, told-leader.

        `seen`: the state that the officer looked at, of the unit where one is named, else of the call-out. ChangedError
        when it is another one by now.
        """
        ...

    async def add_receiver(self, callout_id: int, entry: ReceiverEntry, *, actor: str, reason: str) -> AddedReceiver:
        """An officer added somebody to a unit of the call-out: in the register from now on, and called at once."""
        ...

    async def list_written(self, account: ListAccount) -> None:
        """A command is about to write a printable list."""
        ...

    async def claim_alarms(self, alarm_ids: Sequence[int] | None, *, actor: str) -> Sequence[int]:
        """Somebody of the bureau has these alarms in hand (None: all), and all that ring with them. The ids claimed."""
        ...

    def health(self) -> Health:
        """When the engine last turned and whether the database can be written."""
        ...


class Ears(Protocol):
    """Who is told what other workers say."""

    def wake(self) -> None:
        """Something may be due."""
        ...

    def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """End these calls if they are yours."""
        ...

    def turned(self) -> None:
        """Another worker's engine has turned just now."""
        ...


class Crew(Protocol):
    """The workers on one database."""

    def start(self, ears: Ears) -> None:
        """Be one of them, and listen. Returns when the others can see it."""
        ...

    def stop(self) -> None:
        """Leave."""
        ...

    def say(self, *, wake: bool = False, hang_up: Sequence[int] = (), turned: bool = False) -> None:
        """Tell the others; never raises. `turned`: an engine turns here."""
        ...

    def alone(self) -> bool:
        """Whether nobody else lives."""
        ...

    def dead(self) -> Sequence[int]:
        """Workers that have died and left claims behind; certain after two looks."""
        ...
