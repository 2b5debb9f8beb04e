"""预警来源与传播单位: where warnings come from and where they go on to, as plain values. Times in ms."""

from __future__ import annotations

from dataclasses import dataclass

from warning_dispatch.model.colour import Colour


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


def passed_on_as(identifier: str, part: str) -> str:
    """The identifier under which a warning goes on; of a message of several events each event is a warning of its own."""
    return f"{identifier}-{part.replace('/', '-')}" if part else identifier


@dataclass(frozen=True, slots=True)
class OutletRule:
    """An outlet and what it wants: nothing below a colour, and of some areas only (division codes; empty: all)."""

    name: str
    least: Colour = Colour.BLUE
    areas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """A warning to be posted to an outlet. `key` is the same at every try, so that the outlet can tell a repeat.

    `tries`: this one included; `since`: when the warning was passed on; `chain_id`: what it is heard in order with.
    """

    id: int
    outlet: str
    key: str
    identifier: str
    body: str
    tries: int
    since: int
    chain_id: int | None = None
    colour: Colour | None = None


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
