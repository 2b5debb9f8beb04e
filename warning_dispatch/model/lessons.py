"""What past real call-outs taught: how people answered, counted by kind of call and message."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallsSeen:
    """Past calls of one kind. `first`: the first to its number in that call-out. `took`: ms, summed up."""

    landline: bool
    night: bool
    first: bool
    outcome: str
    count: int
    took: int


@dataclass(frozen=True, slots=True)
class TextsSeen:
    """Past messages of one kind, how many were answered, and after how many ms together."""

    email: bool
    night: bool
    count: int
    answered: int
    after: int


@dataclass(frozen=True, slots=True)
class Seen:
    """All of it. `told`: units that superiors recorded, of `open_below` that stood on their lists."""

    callouts: int = 0
    calls: tuple[CallsSeen, ...] = ()
    texts: tuple[TextsSeen, ...] = ()
    told: int = 0
    open_below: int = 0
