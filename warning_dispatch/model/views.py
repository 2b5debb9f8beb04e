"""What people are shown: read-only pictures of a call-out, already joined and counted. Times in ms UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from warning_dispatch.model.alert import Disposition, Problem
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import LIVE_CALLOUT, AttemptState, CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import Channel, Role


@dataclass(frozen=True, slots=True)
class TierView:
    """One tier with its counts. `callees` is the sum of all the others."""

    name: str
    title: Mapping[str, str]
    opened_at: int | None
    callees: int
    waiting: int
    calling: int
    relayed: int
    duty_answered: int
    acknowledged: int
    uncalled: int
    unanswered: int
    unconfirmed: int
    waived: int
    informed: int
    stopped: int

    @property
    def unreached(self) -> int:
        """未叫应: not called, called in vain, heard without confirming."""
        return self.uncalled + self.unanswered + self.unconfirmed


@dataclass(frozen=True, slots=True)
class CallOutView:
    """A call-out at one glance. `sent`, `handed`, `delivered` count attempts: 发得出 and 传得到."""

    id: int
    alert_id: int | None
    plan_name: str
    plan_title: Mapping[str, str]
    hazard: str
    hazard_name: Mapping[str, str]
    colour: Colour
    issuer: str
    headline: str
    state: CallOutState
    purpose: Purpose
    round: int
    started_at: int
    ended_at: int | None
    voice_until: int
    validity_guessed: bool
    tiers: tuple[TierView, ...]
    attempts: int
    handed: int
    delivered: int
    first_attempt_at: int | None


@dataclass(frozen=True, slots=True)
class CalleeRow:
    """One unit of a call-out in a list. `path` names its superiors, nearest last ("临县 白文镇").

    `held`: why its next call has to wait although a line may be free ("over_budget", "reserved_for_red",
    "night_limit", "out_of_hours", "route_limited"), until `held_until`; empty when nothing holds it.
    `stopped`: nothing can be done with it any more, whatever its `state` says of how it stood.
    """

    callee_id: int
    unit_code: str
    unit_name: str
    path: str
    tier: str
    state: CalleeState
    calls: int
    last_outcome: str
    opened_at: int | None
    next_at: int | None
    answered_at: int | None
    held: str = ""
    held_until: int | None = None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class PhoneView:
    """A phone of a unit, masked, with the role of whoever answers it."""

    role: Role
    masked: str


@dataclass(frozen=True, slots=True)
class TaskRow:
    """人工任务: somebody whom the duty officer is to ring, with what to say. The number is masked.

    `since`: when it came on the list; `taken_by`: who is dialling, and `taken_until`: until when the machine waits for that;
    `next_at`: when the machine goes on with
    the unit by itself, as far as it is known.
    """

    attempt_id: int
    callout_id: int
    hazard_name: Mapping[str, str]
    colour: Colour
    units: tuple[str, ...]
    path: str
    role: Role | None
    phone: str
    script: str
    language: str
    since: int
    taken_until: int | None
    taken_by: str
    next_at: int | None


@dataclass(frozen=True, slots=True)
class UnreachedRow:
    """A unit on its superior's list (`superior_code`; empty: on the bureau's own).

    `state`: UNCALLED also for a unit whose first call is due and has no line yet. `since`: when its gate opened.
    `estimate`: ms until the machine gets to it, rounded; None when it is not in the queue or nobody can know.
    """

    callee_id: int
    unit_code: str
    unit_name: str
    path: str
    tier: str
    superior_code: str
    state: CalleeState
    since: int | None
    calls: int
    last_outcome: str
    next_at: int | None
    estimate: int | None
    phones: tuple[PhoneView, ...]


@dataclass(frozen=True, slots=True)
class SuperiorList:
    """名单: the units below one superior that have not answered, counted, and who holds the list.

    `state`: how the superior itself stands, None when it is not called. `holder_code` empty: the bureau. `calling` and
    `waiting` (their gate is shut) are not on the list yet.
    """

    unit_code: str
    unit_name: str
    path: str
    state: CalleeState | None
    holder_code: str
    holder_name: str
    units: int
    uncalled: int
    unanswered: int
    unconfirmed: int
    relayed: int
    calling: int
    waiting: int

    @property
    def listed(self) -> int:
        """How many stand on it."""
        return self.uncalled + self.unanswered + self.unconfirmed + self.relayed

    @property
    def rolled_up(self) -> bool:
        """Whether somebody else holds it."""
        return self.holder_code != self.unit_code


@dataclass(frozen=True, slots=True)
class UnreachedView:
    """What somebody has to work through: the lists, and a page of their rows in the order of the division codes.

    `total` counts the rows of all pages. `estimate`: ms until the machine has got to the last of those in the queue.
    """

    callout_id: int
    lists: tuple[SuperiorList, ...]
    rows: tuple[UnreachedRow, ...]
    total: int
    estimate: int | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt in a list; the number is masked."""

    id: int
    unit_name: str
    channel: Channel
    role: Role | None
    masked: str
    state: AttemptState
    outcome: str
    due_at: int
    claimed_at: int | None
    ended_at: int | None
    possible_duplicate: bool


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """Something that needs a human. `detail`: what is known besides, as facts (model/alarm_facts.py)."""

    id: int
    at: int
    kind: str
    detail: str
    callout_id: int | None
    unit_name: str
    colour: Colour | None = None
    """How urgently the bureau is called for it; None: it only stands on the list."""
    times: int = 1
    self_callout_id: int | None = None
    claimed_at: int | None = None
    claimed_by: str = ""
    """As it is recorded: a name, or "receiver:7" for one of the bureau's people who answered the self-call."""
    claimed_unit: str = ""
    claimed_role: Role | None = None
    """Where that receiver stands in the register."""
    callee_id: int | None = None
    """The unit in the call-out it speaks of, whose story tells the rest."""


@dataclass(frozen=True, slots=True)
class AlarmList:
    """The newest alarms of what was asked for, newest first, and how many there are of it in all."""

    rows: tuple[AlarmRow, ...] = ()
    total: int = 0


@dataclass(frozen=True, slots=True)
class AlertRow:
    """A warning in a list."""

    id: int
    received_at: int
    identifier: str
    sender: str
    status: str
    msg_type: str
    hazard: str
    colour: Colour | None
    headline: str
    disposition: Disposition
    reasons: tuple[str, ...]
    callouts: tuple[int, ...]
    problems: tuple[Problem, ...] = ()
    """Everything odd that a reader noted; only where one warning is looked at."""


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """The answer to a message that came in (contract of POST /api/v1/alerts)."""

    alert_id: int | None
    disposition: Disposition
    reasons: tuple[str, ...]
    callouts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LinkUnit:
    """One unit that a link answers for. `path` names its superiors, nearest last; `confirmed_*`: nothing is left to confirm."""

    callee_id: int
    path: str
    name: str
    state: CalleeState
    confirmed_at: int | None
    confirmed_means: Means | None


@dataclass(frozen=True, slots=True)
class LinkView:
    """What a receiver's page shows: every unit the person answers for in this call-out, their own first.

    `open` says whether the button still acknowledges one of them.
    """

    callout_id: int
    units: tuple[LinkUnit, ...]
    language: str
    hazard_name: Mapping[str, str]
    colour: Colour
    issuer: str
    sent: int
    headline: str
    description: str
    instruction: str
    area_names: tuple[str, ...]
    expires: int | None
    drill: bool
    callout_state: CallOutState
    own: bool = False
    """Whether it is the bureau's call to itself; then `causes` says what happened."""
    causes: tuple[str, ...] = ()
    told_alarm: int = 0
    """The newest alarm among these causes: the button claims up to it."""

    @property
    def last_confirmed(self) -> LinkUnit | None:
        """The unit that was confirmed last, once every one is; None while something is left to confirm."""
        if any(unit.confirmed_at is None for unit in self.units):
            return None
        return max(self.units, key=lambda unit: unit.confirmed_at or 0)

    @property
    def open(self) -> bool:
        """Whether a tap still changes something."""
        return self.callout_state in LIVE_CALLOUT and self.last_confirmed is None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Answers up to a moment (cumulative)."""

    at: int
    answered: int


@dataclass(frozen=True, slots=True)
class AddedReceiver:
    """A receiver that an officer added. `called`: call-outs in which the unit is called (or written to) for it now."""

    receiver_id: int
    endpoints: int
    called: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RouteView:
    """线路: a route as it fares. `state`: in_service, down, trial; `until` (ms): no trial before; `why`: an outcome.

    `balance`: as its provider said it at `probed_at`; empty where it says none or was never asked. `dead_lines`: those of its
    lines (from 1) that were dead then.
    """

    name: str
    channel: Channel
    state: str
    until: int
    why: str
    lines: int | None
    lines_used: int
    rate: int | None
    balance: str
    probed_at: int | None
    dead_lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """What /readyz looks at."""

    turned_at: int
    database: bool
    detail: str = ""
