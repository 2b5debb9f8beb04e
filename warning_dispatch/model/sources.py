"""预警来源与传播单位: where warnings come from and where they go on to, as plain values. Times in ms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warning_dispatch.model.colour import Colour


def allows(senders: Sequence[str], issuer: str) -> bool:
    """Whether a sender is on a list of codes, exact or as prefix with "*"; an empty list allows all."""
    return not senders or any(issuer.startswith(one[:-1]) if one.endswith("*") else issuer == one for one in senders)


@dataclass(frozen=True, slots=True)
class SourceRules:
    """What a source may say. `name` as in raw_message.source ("folder:city").

    `senders`: sender codes, exact or as prefix with "*"; `areas`: division codes whose warnings it may bring; both empty:
    no limit of its own. `time_zone`: of times that name none (IANA name). `max_age`: of what is still dialled, None: the
    installation's.
    """

    name: str
    senders: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    time_zone: str = "Asia/Shanghai"
    max_age: int | None = None

    def allows(self, issuer: str) -> bool:
        """Whether it may bring messages of a sender."""
        return allows(self.senders, issuer)

    def covers(self, area: str) -> bool:
        """Whether a division code (already trimmed) lies in what the source may speak of."""
        return not self.areas or any(area.startswith(one) for one in self.areas)


@dataclass(frozen=True, slots=True)
class Watched:
    """A source whose health is watched.

    `gap`: the way to it may be closed for so long; `quiet`: it may bring no message for so long; None: for ever.
    """

    name: str
    gap: int | None = None
    quiet: int | None = None


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How a source fares. `trouble`: why it could not be looked at the last time; empty when it could."""

    name: str
    seen_at: int
    message_at: int
    messages: int
    trouble: str = ""
    gap_told: bool = False
    quiet_told: bool = False


@dataclass(frozen=True, slots=True)
class OutletRule:
    """An outlet and what it wants: nothing below a colour, and of some areas only (division codes; empty: all)."""

    name: str
    least: Colour = Colour.BLUE
    areas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """A warning to be posted to an outlet. `key` is the same at every try, so that the outlet can tell a repeat.

    `tries`: this one included; `since`: when the warning was passed on.
    """

    id: int
    outlet: str
    key: str
    identifier: str
    body: str
    tries: int
    since: int


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of one try. `status` None: there was no answer. `again_at` None: this was the last try."""

    post_id: int
    delivered: bool
    status: int | None
    receipt: str
    again_at: int | None = None


@dataclass(frozen=True, slots=True)
class Publication:
    """An entry of the feed. `number` rises from entry to entry; an entry never changes."""

    number: int
    published_at: int
    identifier: str
    sender: str
    sent: int
    msg_type: str
    headline: str
    colour: Colour | None
    cap: str


@dataclass(frozen=True, slots=True)
class OutletView:
    """How an outlet fares: posts by state, and the last answer."""

    name: str
    waiting: int
    delivered: int
    failed: int
    last_at: int | None
    last_receipt: str
