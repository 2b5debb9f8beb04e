"""What can happen to a callee (events), and what the machine asks for in return (actions). PURE values."""

from __future__ import annotations

from dataclasses import dataclass

from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.escalation.state import Callee
from warning_dispatch.model.plan import Outcome
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import Channel, Role


@dataclass(frozen=True, slots=True)
class Opened:
    """The gate opened."""


@dataclass(frozen=True, slots=True)
class Due:
    """The deadline `next_at` has come."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """The outbox claimed the voice attempt for this endpoint. From here on it counts as called."""

    role: Role
    endpoint_id: int
    route: str


@dataclass(frozen=True, slots=True)
class NotDialled:
    """The outbox found nobody to dial among those wanted."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A claim lapsed (crash between carrier and commit): it is unknown whether the phone rang; call again."""

    role: Role


@dataclass(frozen=True, slots=True)
class Ended:
    """A voice attempt has its final outcome.

    `others`: roles that have another endpoint not ruled out. `other_route`: another provider is in service.
    `hopeless`: every other number of the unit is known to be wrong for good. `alone`: there is no other provider at all.
    """

    outcome: Outcome
    role: Role
    endpoint_id: int
    route: str = ""
    others: int = 0
    other_route: bool = False
    hopeless: bool = False
    alone: bool = True


@dataclass(frozen=True, slots=True)
class Answered:
    """A human said received. `role` None: recorded by an operator or superior for the unit as a whole."""

    means: Means
    role: Role | None = None
    receiver_id: int | None = None


@dataclass(frozen=True, slots=True)
class LeaderTold:
    """The duty room recorded 已报告带班领导."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The call-out no longer wants this unit: lifted, closed, superseded, waived."""

    into: CalleeState
    reason: Reason


@dataclass(frozen=True, slots=True)
class Recalled:
    """An officer asks for the ladder to start again."""


@dataclass(frozen=True, slots=True)
class ContactAdded:
    """An officer added somebody of the unit in mid-storm.

    `voice`: that person has a phone. `texts`: (channel, endpoint) where the person is written to. `first`: the unit
    had no contact at all before.
    """

    role: Role
    voice: bool
    texts: tuple[tuple[Channel, int], ...] = ()
    first: bool = False


CalleeEvent = (
    Opened | Due | Dialled | NotDialled | Lost | Ended | Answered | LeaderTold | Withdrawn | Recalled | ContactAdded
)


@dataclass(frozen=True, slots=True)
class QueueVoice:
    """Ask for a line."""


@dataclass(frozen=True, slots=True)
class QueueText:
    """Queue a message (SMS, e-mail, operator task) to one role; with `endpoint_id` to that endpoint of it only."""

    channel: Channel
    role: Role
    endpoint_id: int | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """Drop what is queued, hang up what rings; nobody who is listening is cut off.

    `texts` False keeps queued messages: after the duty room has answered A and B are still to be written to.
    """

    texts: bool = True


@dataclass(frozen=True, slots=True)
class OpenBelow:
    """The branches below this unit may open."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class RaiseAlarm:
    """A human must look at this unit."""

    kind: str


@dataclass(frozen=True, slots=True)
class ReportFinding:
    """The register has a wrong number."""

    endpoint_id: int
    outcome: str


Action = QueueVoice | QueueText | Silence | OpenBelow | RaiseAlarm | ReportFinding


@dataclass(frozen=True, slots=True)
class Step:
    """A decision: the new state, what to do, and why."""

    callee: Callee
    actions: tuple[Action, ...]
    reason: Reason
