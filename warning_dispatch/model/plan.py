"""叫应方案: the configured plan of a call-out. Durations are integer milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from warning_dispatch.model.alert import MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.unit import Channel, UnitKind, UnitLevel


@dataclass(frozen=True, slots=True)
class Hazard:
    """灾种: one hazard with the codes and names it goes by. `validity` is a guess per colour (ms)."""

    key: str
    name: str
    english: str
    codes: tuple[str, ...]
    aliases: tuple[str, ...]
    colours: tuple[Colour, ...]
    validity: Mapping[Colour, int]
    sectors: tuple[str, ...]
    advice: Mapping[str, str]
    """What to do, in one short sentence per language; used when the message has no instruction."""
    key_sectors: tuple[str, ...] = ()
    """Lines of the key units it concerns; empty means any."""
    spared: tuple[str, ...] = ()
    """The other lines of the catalogue. A key unit without a line, or with an unknown one, is always concerned."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """触发条件: which alerts start this chain."""

    hazards: tuple[str, ...]
    colours: tuple[Colour, ...]
    msg_types: tuple[MsgType, ...]
    issuer: UnitLevel


@dataclass(frozen=True, slots=True)
class Rung:
    """呼叫阶梯的一级: `after` ms from the start of its track, `roles` mask, channels in order."""

    after: int
    roles: int
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """How a track goes on: after `every[0]`, then `every[1]` … the last value again and again."""

    every: tuple[int, ...]
    rungs: tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """呼叫阶梯: what is tried on a callee, in order.

    `unreached_after`: from the opening to UNREACHED. `voice_for`: voice ends this long after the
    opening (None: never). `slow`: the calls that go on to A after the duty room has answered.
    """

    rungs: tuple[Rung, ...]
    repeat: Repeat
    slow: Repeat
    unreached_after: int
    voice_for: int | None = None


class TierRule(StrEnum):
    """When a tier has answered."""

    ALL = "all"
    QUORUM = "quorum"
    FIRST = "first"


class Gate(StrEnum):
    """At what grain the gate below a tier opens."""

    TIER = "tier"
    """One gate: when the tier before has answered by its rule or its hold is over."""
    BRANCH = "branch"
    """One gate per superior: when that superior has answered or its hold is over."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Whom a tier calls. `sectors` empty means any; `of_hazard` takes the hazard's sectors."""

    kind: UnitKind
    level: UnitLevel
    sectors: tuple[str, ...] = ()
    of_hazard: bool = False
    codes: tuple[str, ...] = ()
    """Further selection by unit code suffix (rarely used); empty means any."""


@dataclass(frozen=True, slots=True)
class Tier:
    """叫应层级: whom, with which ladder, what counts as answered, when it opens.

    `need`: how many answering receivers of a unit must answer (1 = any, 0 = all of them).
    `answering`: roles whose answer acknowledges. `gate_roles`: roles whose answer opens the gate and
    ends the fast ladder only (the duty room of an office). `hold`: how long what comes after waits
    for this tier, per colour; None means never by time (strict). `notice`: told, no answer asked.
    """

    name: str
    title: Mapping[str, str]
    opens_after: str | None
    gate: Gate
    select: Selection
    rule: TierRule
    quorum: float
    need: int
    answering: int
    gate_roles: int
    hold: Mapping[Colour, int | None]
    ladders: Mapping[Colour, Ladder]
    notice: bool = False


@dataclass(frozen=True, slots=True)
class CallChain:
    """叫应方案. `target`: the latest moment (ms) at which the last tier must ring, per colour."""

    name: str
    title: Mapping[str, str]
    triggers: tuple[Trigger, ...]
    tiers: tuple[Tier, ...]
    target: Mapping[Colour, int | None]

    def tier(self, name: str) -> Tier:
        """The tier of that name; KeyError when there is none."""
        for tier in self.tiers:
            if tier.name == name:
                return tier
        raise KeyError(name)


class Next(StrEnum):
    """What an outcome makes of the callee (config/outcomes.toml, column `next`)."""

    ACKNOWLEDGE = "acknowledge"
    HEARD = "heard"
    """Heard to the end, no key: not an answer; after two of them stop ringing."""
    NEXT_RUNG = "next_rung"
    SAME_NUMBER = "same_number"
    """Busy: the same number after its gap, else the next rung."""
    OTHER_ENDPOINT = "other_endpoint"
    """Off or out of coverage: another endpoint now, this one later."""
    DOUBTFUL = "doubtful"
    """Empty or suspended: another endpoint now, once more by another route, then permanent."""
    PERMANENT = "permanent"
    """Invalid: never again, a finding for the register."""
    ROUTE_ONLY = "route_only"
    """Opted out: that route only."""
    OTHER_ROUTE = "other_route"
    """The provider limits this number: another provider, else the next rung."""
    ROUTE_DOWN = "route_down"
    """The provider is down or refuses us: route out of service, another provider, alarm."""
    AGAIN = "again"
    """Our own line failed: the same once more after its gap. Nobody's fault, and not a call."""
    DELIVERED = "delivered"
    """传得到: a delivery report. Never an answer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """呼叫结果: one row of the outcome table. `gap` is its waiting time in ms where it has one."""

    key: str
    chinese: str
    next: Next
    gap: int = 0
    ends: bool = True
    """False for a report on the way (delivered)."""
    failure: bool = False
    """Whether it counts against the route although it does not take it down by itself."""
