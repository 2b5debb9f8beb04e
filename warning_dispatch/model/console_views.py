"""值班台: what the officers' console shows beyond the pictures of views.py. Read-only; times in ms UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from warning_dispatch.model.alert import Disposition, Problem
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.feedback import Feedback
from warning_dispatch.model.states import AttemptState, BranchState, CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import Channel, Role, UnitLevel
from warning_dispatch.model.views import AlarmRow, CalleeRow


class CalleeOrder(StrEnum):
    """By what a list of callees can be sorted."""

    CODE = "code"
    NAME = "name"
    TIER = "tier"
    STATE = "state"
    CALLS = "calls"
    OPENED = "opened"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class CalleeQuery:
    """Which callees of a call-out, in which order, and which page of them.

    `area`: digits that the division code begins with; `words`: a part of the unit's name; `tier` by its name.
    """

    states: tuple[CalleeState, ...] = ()
    tier: str = ""
    area: str = ""
    words: str = ""
    order: CalleeOrder = CalleeOrder.CODE
    descending: bool = False
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True)
class CalleePage:
    """A page of callees, and how many there are on all pages."""

    rows: tuple[CalleeRow, ...]
    total: int


@dataclass(frozen=True, slots=True)
class ShareRow:
    """应答比例: a county or township with everybody who is called in it, itself included.

    `own`: only the units of the level asked for itself (a county's own offices).
    """

    code: str
    name: str
    callees: int
    answered: int
    calling: int
    unreached: int
    waiting: int
    excused: int
    stopped: int
    own: bool = False

    @property
    def asked(self) -> int:
        """How many are to answer."""
        return self.callees - self.excused


@dataclass(frozen=True, slots=True)
class EndpointLine:
    """A number or address of a receiver, masked. `finding`: why it is not usable."""

    channel: Channel
    masked: str
    usable: bool
    finding: str
    proved_at: int | None


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A receiver of a unit without the name; `post` is what they are."""

    receiver_id: int
    role: Role
    post: str
    endpoints: tuple[EndpointLine, ...]


@dataclass(frozen=True, slots=True)
class TriedLine:
    """One attempt in a unit's story, with each of its moments as far as it came."""

    id: int
    channel: Channel
    purpose: Purpose
    role: Role | None
    masked: str
    state: AttemptState
    route: str
    outcome: str
    due_at: int
    claimed_at: int | None
    handed_at: int | None
    delivered_at: int | None
    ended_at: int | None
    possible_duplicate: bool


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """An answer in a unit's story. `counted`: it met the unit's rule."""

    at: int
    means: Means
    role: Role | None
    actor: str
    reason: str
    counted: bool


@dataclass(frozen=True, slots=True)
class ActLine:
    """An officer's act from the journal; `unit_code` empty: on the whole call-out."""

    at: int
    act: str
    actor: str
    reason: str
    unit_code: str


@dataclass(frozen=True, slots=True)
class SeenElsewhere:
    """The same unit in another call-out."""

    callout_id: int
    callee_id: int
    hazard: str
    colour: Colour
    callout_state: CallOutState
    state: CalleeState


@dataclass(frozen=True, slots=True)
class OwnCallee:
    """An officer's own unit as it stands in a call-out."""

    callee_id: int
    name: str
    state: CalleeState


@dataclass(frozen=True, slots=True)
class UnitStory:
    """Everything about one unit of one call-out. `opened_by`: why its gate opened.

    `shut_below`: branches below it that still wait; `below` and `below_answered`: units directly below it.
    """

    row: CalleeRow
    level: UnitLevel
    area: str
    callout_id: int
    unreached_at: int | None
    heard: int
    branch_state: BranchState
    gate_at: int | None
    opened_by: str
    superior_callee: int | None
    superior_name: str
    superior_state: CalleeState | None
    below: int
    below_answered: int
    shut_below: int
    people: tuple[PersonLine, ...]
    tries: tuple[TriedLine, ...]
    answers: tuple[AnswerLine, ...]
    acts: tuple[ActLine, ...]
    alarms: tuple[AlarmRow, ...]
    elsewhere: tuple[SeenElsewhere, ...]
    feedback: tuple[tuple[int, Feedback], ...] = ()
    """(moment, what was reported), the newest first."""


@dataclass(frozen=True, slots=True)
class ClearLine:
    """A person of a unit in clear, for the officer who asked and was noted."""

    role: Role
    name: str
    post: str
    addresses: tuple[tuple[Channel, str], ...]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that came in, or one event of it. `alert_id` None: it could not be read, or was there already."""

    raw_id: int
    received_at: int
    source: str
    size: int
    disposition: Disposition
    reasons: tuple[str, ...]
    alert_id: int | None
    identifier: str
    sender: str
    status: str
    msg_type: str
    hazard: str
    colour: Colour | None
    headline: str
    callouts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ArrivedPage:
    """A page of what came in, newest first, and how many there are on all pages."""

    rows: tuple[Arrived, ...]
    total: int


@dataclass(frozen=True, slots=True)
class ArrivedStory:
    """A message with its bytes: what each event of it was judged, what is odd, what it hangs together with.

    `raw` None: for whoever sees a part only. A message can name people, and places that are not theirs.
    """

    raw_id: int
    received_at: int
    source: str
    size: int
    digest: str
    disposition: Disposition
    reasons: tuple[str, ...]
    raw: bytes | None
    events: tuple[Arrived, ...]
    problems: tuple[tuple[int, tuple[Problem, ...]], ...]
    """(alert, everything odd that a reader noted)."""
    texts: tuple[tuple[int, str, str], ...]
    """(alert, what it says, what is to be done), as it is told to those who are called."""
    chain: tuple[Arrived, ...]
    """Everything that hangs together with it, oldest first, itself included."""


@dataclass(frozen=True, slots=True)
class TierPreview:
    """How many units of a tier would be called, how many of them have no usable contact, how long it holds (ms)."""

    title: Mapping[str, str]
    units: int
    without_contact: int
    hold: int


@dataclass(frozen=True, slots=True)
class CallPreview:
    """预估: what a message would do, without doing it.

    `tiers`: whom it would call who has not answered. `attached`: it begins nothing, these call-outs go on for it;
    `paused` are those of them that call nobody now.
    """

    disposition: Disposition
    reasons: tuple[str, ...]
    tiers: tuple[TierPreview, ...] = ()
    attached: tuple[int, ...] = ()
    paused: tuple[int, ...] = ()

    @property
    def units(self) -> int:
        """Of all tiers."""
        return sum(tier.units for tier in self.tiers)
