"""Rows as the engine handles them: the pure state plus the ids it needs to write it back. Times in ms UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warning_dispatch.escalation.alarms import Fact
from warning_dispatch.escalation.breaker import IN_SERVICE, Breaker
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.escalation.state import Callee
from warning_dispatch.model.alert import Alert, Disposition, Problem
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import (
    AttemptState,
    BranchState,
    CalleeState,
    CallOutState,
    ChainState,
    Means,
    Purpose,
)
from warning_dispatch.model.unit import Channel, EndpointView, Role
from warning_dispatch.routing.selection import TierSelection

BY_ITSELF = "engine"
"""The actor of what no human and no message asked for."""


@dataclass(frozen=True, slots=True)
class CalleeRecord:
    """One callee. `reach` is its unit's mask; `county` the code of the county (or city) it belongs to."""

    id: int
    callout_id: int
    branch_id: int
    unit_id: int
    tier: int
    superior: bool
    county: str
    reach: int
    callee: Callee


@dataclass(frozen=True, slots=True)
class BranchRecord:
    """One branch with its kept counts."""

    id: int
    callout_id: int
    tier: int
    superior_branch_id: int | None
    superior_callee_id: int | None
    state: BranchState
    gate_at: int | None
    answered_at: int | None
    total: int
    needed: int
    answered: int
    unreached: int
    finished: int


@dataclass(frozen=True, slots=True)
class BranchHold:
    """A branch as those below see it. `began`: since when its hold counts (ms), None while it is shut.

    `answered`: why what waits for it as a whole may open, None while it may not.
    """

    tier: int
    began: int | None
    answered: Reason | None


@dataclass(frozen=True, slots=True)
class CallOutRecord:
    """What changes of a call-out. The frozen plan and texts are in `Frozen`."""

    id: int
    alert_id: int | None
    chain_id: int | None
    hazard: str
    colour: Colour
    purpose: Purpose
    round: int
    state: CallOutState
    started_at: int
    voice_until: int
    validity_guessed: bool
    next_at: int | None
    total: int
    finished: int
    plan_name: str = ""
    issuer_area: str = ""
    ended_at: int | None = None
    filling: bool = False
    """Some of its branches are still to be filled."""
    confidential: bool = False
    """Of a warning that is not public: nothing of it goes by a public cloud."""
    named: frozenset[int] | None = None
    """Of a drill for a named list: the receivers on it, and nobody else is reached. None: no such list."""


@dataclass(frozen=True, slots=True)
class NewCallOut:
    """A call-out about to start. `plan` and `texts` are the frozen JSON."""

    alert_id: int | None
    chain_id: int | None
    plan_name: str
    plan: str
    texts: str
    hazard: str
    colour: Colour
    issuer_area: str
    purpose: Purpose
    round: int
    supersedes_id: int | None
    started_at: int
    voice_until: int
    validity_guessed: bool
    confidential: bool = False
    named: tuple[int, ...] | None = None
    """See CallOutRecord."""


@dataclass(frozen=True, slots=True)
class FilledBranch:
    """A branch as filled: its callees have the ids first … last. `digest` is over their unit ids in order."""

    id: int
    tier: int
    superior_callee_id: int | None
    superior_branch_id: int | None
    total: int
    first_callee: int
    last_callee: int
    digest: str


@dataclass(frozen=True, slots=True)
class LeftCallees:
    """Callees of an old call-out that give way to a newer round; ids rising.

    `unfinished`: those whose state changes by it. `replaced`: those whose state was not taken over.
    """

    callout_id: int
    gone: Sequence[int]
    unfinished: Sequence[int]
    replaced: Sequence[int]


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What a new round took over: who gave way, and by branch which of its callees began in which state."""

    left: Sequence[LeftCallees]
    states: Mapping[int, Mapping[CalleeState, Sequence[int]]]


@dataclass(frozen=True, slots=True)
class MovedAttempt:
    """A queued attempt that went over to a newer round with the callee it serves (now `callee_id`)."""

    attempt_id: int
    from_callout: int
    channel: Channel
    callee_id: int


@dataclass(frozen=True, slots=True)
class AwaitedSuperior:
    """The callee that a shut branch waits for."""

    callout_id: int
    state: CalleeState
    opened_at: int | None


@dataclass(frozen=True, slots=True)
class NewAttempt:
    """An attempt to be queued for one callee."""

    id: int
    callout_id: int
    callee_id: int
    channel: Channel
    purpose: Purpose
    roles: int
    order_key: int
    due_at: int
    avoid: str = ""
    endpoint_id: int | None = None
    possible_duplicate: bool = False


@dataclass(frozen=True, slots=True)
class ReadyAttempt:
    """An attempt that waits for a line or the rate. `callout_id` is its home; a repeated call may serve others too.

    `held_until`: it has waited for a budget, until then.
    """

    id: int
    callout_id: int
    channel: Channel
    purpose: Purpose
    roles: int
    avoid: str
    endpoint_id: int | None
    possible_duplicate: bool
    callee_ids: tuple[int, ...]
    held_until: int | None = None

    @property
    def repeated(self) -> bool:
        """Voice: whether it was claimed before, so that a call of it may be ringing already."""
        return self.endpoint_id is not None


@dataclass(frozen=True, slots=True)
class Claim:
    """An attempt leased to this worker, with the endpoint chosen for it."""

    attempt_id: int
    route: str
    endpoint_id: int
    receiver_id: int
    number_id: int
    role: Role
    claimed_at: int
    lease_until: int
    avoid: str
    possible_duplicate: bool
    told_alarm: int | None = None
    """Of the bureau's own call: the newest alarm that it tells."""


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """An attempt as reports find it. `callout_id` is its home; `callee_ids` may be of several call-outs."""

    id: int
    callout_id: int
    channel: Channel
    purpose: Purpose
    state: AttemptState
    route: str
    endpoint_id: int | None
    receiver_id: int | None
    number_id: int | None
    role: Role | None
    claimed_at: int | None
    callee_ids: tuple[int, ...]
    avoid: str = ""
    outcome: str = ""
    """Of one that is under way: what its carrier said although it may have taken it (an unsure hand-over)."""


@dataclass(frozen=True, slots=True)
class EndpointDetail:
    """An endpoint of a unit with what the outbox needs to dial it."""

    view: EndpointView
    unit_id: int
    unit_name: str
    language: str


@dataclass(frozen=True, slots=True)
class AddedContact:
    """What adding a receiver wrote: (endpoint, channel) pairs. `first`: the unit could not be reached before."""

    receiver_id: int
    unit_id: int
    endpoints: tuple[tuple[int, Channel], ...]
    first: bool


@dataclass(frozen=True, slots=True)
class Behind:
    """Who of a unit is behind the number of an attempt: one call or message names the units of several."""

    endpoint_id: int
    receiver_id: int
    role: Role


@dataclass(frozen=True, slots=True)
class Address:
    """A number in clear, on its way to a carrier and nowhere else."""

    clear: str
    sample: bool


@dataclass(frozen=True, slots=True)
class RouteRecord:
    """A route with its limits and what is used of them. `rate` per minute, `tokens` in thousandths of a message."""

    name: str
    channel: Channel
    lines: int | None = None
    rate: int | None = None
    lines_used: int = 0
    tokens: int = 0
    tokens_at: int = 0
    breaker: Breaker = IN_SERVICE


@dataclass(frozen=True, slots=True)
class Township:
    """A township within a call-out: itself and what lies below it."""

    callout_id: int
    unit_id: int


@dataclass(frozen=True, slots=True)
class NewAcknowledgement:
    """A human's answer, for the record."""

    callout_id: int
    callee_id: int
    at: int
    means: Means
    role: Role | None
    receiver_id: int | None
    attempt_id: int | None
    actor: str
    reason: str
    counted: bool
    told_alarm: int | None = None
    """Of the bureau's own call: the newest alarm that the person had before him, where that is known better than by attempt."""


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An alert of the same identity that is already there."""

    id: int
    content_digest: str
    chain_id: int | None
    disposition: Disposition
    dialect: str = ""


@dataclass(frozen=True, slots=True)
class KeptAlert:
    """An alert as it was judged, for an officer who judges it anew."""

    id: int
    disposition: Disposition
    chain_id: int | None
    reasons: tuple[str, ...]
    problems: tuple[Problem, ...]
    content_digest: str


@dataclass(frozen=True, slots=True)
class ChainRecord:
    """预警链 as stored. `coverage`: whom it wants called; empty when its colour triggers nothing."""

    id: int
    root: str
    issuer: str
    hazard: str
    colour: Colour | None
    state: ChainState
    last_sent: int
    coverage: tuple[TierSelection, ...] = ()
    part: str = ""
    newest: tuple[int, int, str] = (0, 0, "")
    """Of its newest message: time of sending, rank of its type, identifier (engine/linking.py)."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What a message makes of its chain: whom it wants called by which plan, and how long it is valid (ms)."""

    plan_name: str
    coverage: tuple[TierSelection, ...]
    valid_until: int
    valid_guessed: bool


@dataclass(frozen=True, slots=True)
class NewAlert:
    """A parsed message with its verdict, to be stored."""

    raw_message_id: int
    chain_id: int | None
    alert: Alert
    issuer: str
    received_at: int
    hazard: str
    colour: Colour | None
    headline: str
    expires: int | None
    content_digest: str
    sealed_json: str
    disposition: Disposition
    reasons: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class NewAlarm:
    """告警: a fact that a human must look at. `colour` None: it rings nobody. `next_at`: the engine looks at it again."""

    fact: Fact
    detail: str
    colour: Colour | None
    next_at: int | None


@dataclass(frozen=True, slots=True)
class StoredAlarm:
    """An alarm as stored. `self_callout_id`: the self-call that rings (or rang) for it."""

    id: int
    fact: Fact
    claimed_at: int | None
    self_callout_id: int | None


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """One unit that a link or a reply answers for, and the receiver of that unit who does."""

    callout_id: int
    receiver_id: int
    callee_id: int
    role: Role


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody who wrote, as the receiver of one unit of a call-out."""

    callout_id: int
    receiver_id: int
    callee_id: int
    unit_id: int


Entry = Mapping[str, object]
"""One journal entry: "k" is its kind, ids and reasons follow. Never personal data."""
