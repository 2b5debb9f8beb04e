"""叫应记录表: a call-out as its record has it, unit by unit, and a season of them. Times in ms UTC.

Nobody is named here and every number is masked, but in a `RecordForm` that was read in clear for an export that the
journal tells of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.feedback import Feedback
from warning_dispatch.model.states import ANSWERED, UNREACHED, CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import Role, UnitKind, UnitLevel

IN_PERSON = frozenset({Means.KEY, Means.LINK, Means.REPLY, Means.EMAIL})
"""本人应答: the receiver's own doing. Apart from it: told by the duty officer (值班员记录), relayed by the superior (代报)."""


class Verdict(StrEnum):
    """检验结论: what became of the warning, as an officer judges it afterwards."""

    HIT = "hit"
    """应验: the weather came."""
    FALSE = "false"
    """空报: it did not come; the calls were for nothing."""
    MISTAKE = "mistake"
    """误发: the call-out itself was a mistake."""


@dataclass(frozen=True, slots=True)
class Answer:
    """应答: how a unit was reached. `who` and `number`: masked, or in clear where the record was read so.

    `actor`: who recorded it, for an answer that was recorded. `reason`: their words.
    """

    at: int
    means: Means
    role: Role | None
    who: str
    post: str
    number: str
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unreached:
    """未叫应: a unit that once could not be reached. `first_at`: since when; `states`: what it was, each once, in order."""

    first_at: int
    states: tuple[CalleeState, ...]


@dataclass(frozen=True, slots=True)
class RecordUnit:
    """One unit of a call-out. `county` and `township`: (code, name), empty above them.

    `voice`, `texts`, `mails`, `tasks`: how often something was handed over to a carrier (发得出) for it, all-clears apart;
    `delivered`: whether something got through to it (传得到). `repeated`: how many of them may have come twice.
    """

    callee_id: int
    code: str
    name: str
    kind: UnitKind
    level: UnitLevel
    area: str
    sector: str
    county: tuple[str, str]
    township: tuple[str, str]
    tier: int
    state: CalleeState
    opened_at: int | None
    answered_at: int | None
    answer: Answer | None
    voice: int
    texts: int
    mails: int
    tasks: int
    first_at: int | None
    delivered: bool
    repeated: int
    last_outcome: str
    unreached: Unreached | None
    feedback: int
    """How often something was reported about it."""

    @property
    def handed(self) -> int:
        """How often something was handed over for it."""
        return self.voice + self.texts + self.mails + self.tasks

    @property
    def counts(self) -> bool:
        """Whether this record counts it: one that a newer round took over is counted there."""
        return self.state is not CalleeState.SUPERSEDED

    @property
    def unopened(self) -> bool:
        """Whether the end came before its gate opened: nobody called it, and so it had nothing to answer."""
        return self.state is CalleeState.STOPPED and self.opened_at is None

    @property
    def asked(self) -> bool:
        """Whether it was to answer."""
        return self.counts and not self.unopened and self.state not in (CalleeState.WAIVED, CalleeState.INFORMED)

    @property
    def answered(self) -> bool:
        """Whether it answered."""
        return self.state in ANSWERED and self.state is not CalleeState.WAIVED

    @property
    def is_unreached(self) -> bool:
        """Whether it is unreached now, or was when the call-out ended."""
        return self.state in UNREACHED

    @property
    def delay(self) -> int | None:
        """From the opening of its gate to its answer (ms); 0 for one that answered before, None for one that has not."""
        if not self.answered or self.answered_at is None:
            return None
        return max(0, self.answered_at - self.opened_at) if self.opened_at is not None else 0


@dataclass(frozen=True, slots=True)
class RecordTier:
    """A tier of the plan. `limit`: from its opening to 未叫应 (ms); None where it has no such limit in this colour."""

    name: str
    title: Mapping[str, str]
    limit: int | None
    notice: bool


@dataclass(frozen=True, slots=True)
class RecordFeedback:
    """反馈: what was said about a unit. `receiver_id`: by whom; one word of theirs stands with each of their units."""

    callee_id: int
    role: Role | None
    at: int
    said: Feedback
    receiver_id: int | None = None


@dataclass(frozen=True, slots=True)
class RecordAct:
    """处置: one entry of the journal that somebody did. `what`: the act's word; `unit`: a code, or empty."""

    at: int
    what: str
    actor: str
    reason: str
    unit: str


@dataclass(frozen=True, slots=True)
class JournalMark:
    """Which journal the record was made from: how long it was, and the first digits of its last hash.

    `buried`: retention has destroyed it; who was unreached in between and what officers did can no longer be told.
    """

    entries: int
    hash: str
    sealed_at: int
    buried: bool


@dataclass(frozen=True, slots=True)
class RecordHead:
    """What stands on top of every form. `rounds`: the other call-outs of the warning, oldest first.

    `target`: so long after the start (ms) the last of all that are asked is to be called at the latest; `counties`: those it speaks of
    where it was read for a part of the area only, else none.
    """

    callout_id: int
    round: int
    rounds: tuple[int, ...]
    purpose: Purpose
    state: CallOutState
    hazard_name: Mapping[str, str]
    colour: Colour
    headline: str
    identifier: str
    issuer: str
    sent: int
    started_at: int
    ended_at: int | None
    area_names: tuple[str, ...]
    plan_title: Mapping[str, str]
    tiers: tuple[RecordTier, ...]
    target: int | None
    seen_at: int | None
    seen_by: str
    verdict: Verdict | None
    verdict_by: str
    verdict_at: int | None
    parts: tuple[str, ...] = ()

    @property
    def drill(self) -> bool:
        """Whether it was an exercise: kept apart from real ones everywhere."""
        return self.purpose is Purpose.DRILL


@dataclass(frozen=True, slots=True)
class RecordForm:
    """叫应记录表: the whole of it. `calls` and `messages`: attempts handed over, each once however many units it named.

    `clear`: read with names and numbers.
    """

    head: RecordHead
    units: tuple[RecordUnit, ...]
    feedback: tuple[RecordFeedback, ...]
    acts: tuple[RecordAct, ...]
    calls: int
    messages: int
    journal: JournalMark
    clear: bool = False


# --- a season ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SeasonQuery:
    """Which call-outs: begun from `since` until before `until`, of a hazard (empty: any), drills or real ones, never both.

    `within`: codes of units on and below which somebody may see; None: all.
    """

    since: int
    until: int
    hazard: str = ""
    drills: bool = False
    within: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class SeasonCallOut:
    """A call-out of a season."""

    callout_id: int
    round: int
    hazard: str
    hazard_name: Mapping[str, str]
    colour: Colour
    state: CallOutState
    started_at: int
    ended_at: int | None
    target: int | None
    last_opened: int | None
    """When the last gate of all that are asked opened, ms after the start."""
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class SeasonGroup:
    """So many units of a call-out with everything in common. `delay`: whole seconds from gate to answer; None: no answer.

    `tier`: name of the tier; `county`: code, empty for the city's own; `sector`: of a department, else empty.
    `unopened`: the end came before their gate opened, they were not asked.
    """

    callout_id: int
    tier: str
    county: str
    sector: str
    state: CalleeState
    delay: int | None
    units: int
    unopened: bool = False


@dataclass(frozen=True, slots=True)
class Called:
    """A person (or duty room) and how often they were called in a season; the number masked."""

    receiver_id: int
    unit_code: str
    unit_name: str
    path: str
    role: Role
    number: str
    calls: int
    nights: int
    """Calls between 22:00 and 06:00."""
    heard: int
    """Calls that got through to somebody: a key pressed, listened to, hung up."""
    last_outcome: str


@dataclass(frozen=True, slots=True)
class SeasonReading:
    """What is read for a season. `called`: (calls, people called so often), over everybody who was called at all.

    `most`: the people called most; `silent`: numbers that were called often and never once got through.
    `false_calls`: calls of those call-outs that came to nothing.
    """

    query: SeasonQuery
    callouts: tuple[SeasonCallOut, ...]
    groups: tuple[SeasonGroup, ...]
    tiers: Mapping[str, Mapping[str, str]]
    counties: Mapping[str, str]
    called: tuple[tuple[int, int], ...]
    night_calls: int
    false_calls: int
    most: tuple[Called, ...]
    silent: tuple[Called, ...]
    silent_total: int
