"""What the engine needs from the outside, as small Protocols and the values that cross them.

The wire: a channel takes a batch, `deliver(batch) -> receipts`; concurrency belongs to the adapter. What the
outside world tells later comes back as `Report`, `Reply` or `Tap` events, late, doubled and out of order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.console_views import (
    ArrivedPage,
    ArrivedStory,
    CalleePage,
    CalleeQuery,
    CallPreview,
    ClearLine,
    RouteLine,
    ShareRow,
    UnitStory,
)
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.sources import Publication
from warning_dispatch.model.states import CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import Channel, ReceiverEntry, UnitLevel
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
    UnreachedView,
)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One attempt on its way to a carrier. `address` is in clear and lives only here.

    `lease_until` (ms): after it the attempt is no longer ours to hand over; 0 means no limit.
    `text` is what is read out (voice), sent (SMS) or the plain body (e-mail); `subject` for e-mail only.
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


@dataclass(frozen=True, slots=True)
class Receipt:
    """发得出: what the carrier said at once. `outcome` names a row of the outcome table when refused.

    `unsure`: not accepted, but the carrier may have taken it all the same (its answer came too late, or was lost): what
    goes again is marked as a possible duplicate.
    """

    attempt_id: int
    accepted: bool
    provider_ref: str = ""
    outcome: str = ""
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What became of an attempt, told later. `outcome` is a row of config/outcomes.toml.

    `at` in ms. A pressed key that acknowledges is the outcome `key_pressed`.
    """

    attempt_id: int
    outcome: str
    at: int


@dataclass(frozen=True, slots=True)
class Reply:
    """A message that came back from an address (an SMS "收到", a mail)."""

    channel: Channel
    address: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Tap:
    """A person opened the link of a message and pressed the button (simulation only; people use the web)."""

    link: str
    at: int


Event = Report | Reply | Tap


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

    def latest_attempts(self, callout_id: int, *, limit: int = 20) -> Sequence[AttemptRow]:
        """Newest first."""
        ...

    def curve(self, callout_id: int) -> Sequence[CurvePoint]:
        """Cumulative answers over time, one point per moment something was answered."""
        ...

    def alarms(self, *, limit: int = 50, open_only: bool = False, callout_id: int | None = None) -> AlarmList:
        """Alarms, newest first. `open_only`: that nobody has claimed. `callout_id`: of that call-out."""
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


class ConsoleReadings(ReadModels, Protocol):
    """What the officers' console is shown beyond the pictures for everybody. Safe from any thread."""

    def page(self, callout_id: int, query: CalleeQuery) -> CalleePage:
        """A page of callees, filtered and sorted, and how many there are. NotFoundError for an unknown call-out."""
        ...

    def shares(self, callout_id: int, below: str = "") -> Sequence[ShareRow]:
        """应答比例 county by county; `below` a county's code: township by township, its own offices first."""
        ...

    def plan(self, callout_id: int) -> CallChain:
        """The chain that is frozen into a call-out."""
        ...

    def reached(self, callout_id: int) -> Mapping[str, tuple[int, int]]:
        """Tier → how many units something was handed over for (发得出), and how many it got through to (传得到)."""
        ...

    def story(self, callout_id: int, callee_id: int) -> UnitStory:
        """Everything about one unit of a call-out. NotFoundError when it is not called in it."""
        ...

    def in_clear(self, callout_id: int, callee_id: int) -> Sequence[ClearLine]:
        """The people of a unit in clear. Only after `Desk.revealed` has noted who asked."""
        ...

    def arrived(
        self, *, dispositions: Sequence[Disposition] = (), words: str = "", limit: int = 50, offset: int = 0
    ) -> ArrivedPage:
        """Everything that came in, newest first. `words`: a part of headline, identifier, sender or source."""
        ...

    def arrived_story(self, raw_id: int) -> ArrivedStory:
        """One message with its bytes. NotFoundError when there is none."""
        ...

    def routes(self) -> Sequence[RouteLine]:
        """The routes with their lines and whether they are in service."""
        ...

    def seen_by(self, callout_ids: Sequence[int]) -> Mapping[int, tuple[int, str]]:
        """Call-out → when an officer of the bureau took note of it, and who. What nobody has seen is left out."""
        ...

    def divisions(self, level: UnitLevel, below: str = "") -> Sequence[tuple[str, str]]:
        """(code, name) of the divisions of a level whose code begins with `below`."""
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


@dataclass(frozen=True, slots=True)
class MorningAccount:
    """What a morning found.

    `lost`: by county code, names of units that cannot be reached any more; `more`: how many more units have each
    weakness; `score`: of the whole register, 0 to 100; `memory`: JSON for the next morning.
    """

    day: str
    lost: Mapping[str, tuple[str, ...]]
    more: Mapping[str, int]
    score: int
    memory: str


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


class Desk(Protocol):
    """What the web and the commands may ask of the engine. Every call is carried out by the one writer.

    Acts need an actor; those that change the course of a call-out need a reason too (RefusedError).
    """

    async def take_in(self, raw: bytes, source: str, item: str = "") -> IntakeResult:
        """A message has arrived. Returns after it is durably stored. What the source calls `item` is taken in once."""
        ...

    async def source_seen(self, source: str) -> None:
        """A source has said that it is there."""
        ...

    async def release(self, alert_id: int, *, actor: str, reason: str) -> IntakeResult:
        """An officer has read a message that was set aside, with all its problems, and lets it call."""
        ...

    async def confirm_link(self, token: str) -> LinkView:
        """The person behind the link pressed the button."""
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

    async def take_note(self, callout_id: int, *, actor: str) -> None:
        """知悉: an officer has seen that this call-out runs. The first one counts."""
        ...

    async def revealed(self, callout_id: int, callee_id: int, *, actor: str, reason: str) -> None:
        """An officer is about to be shown a unit's people in clear; returns when the journal says so."""
        ...

    async def preview(self, raw: bytes, source: str) -> CallPreview:
        """What a message would do if it came in now. Nothing is kept of it."""
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


class Crew(Protocol):
    """The workers on one database."""

    def start(self, ears: Ears) -> None:
        """Be one of them, and listen. Returns when the others can see it."""
        ...

    def stop(self) -> None:
        """Leave."""
        ...

    def say(self, *, wake: bool = False, hang_up: Sequence[int] = ()) -> None:
        """Tell the others; never raises."""
        ...

    def alone(self) -> bool:
        """Whether nobody else lives."""
        ...

    def dead(self) -> Sequence[int]:
        """Workers that have died and left claims behind; certain after two looks."""
        ...
