"""When the rungs of a ladder are due. PURE.

A callee climbs one *track* at a time. The fast track: the ladder's rungs once (cycle 0), then the repeat rungs
again and again (cycle 1, 2 …). The slow track (after the duty room answered): only the slow repeat, from cycle 1.
A position is (cycle, rung); `origin` is where the track began. Everything is derived from these three numbers, so a
restart or a long downtime needs no repair: what is overdue is merged into one attempt.
"""

from __future__ import annotations

from dataclasses import dataclass

from warning_dispatch.model.plan import Ladder, Repeat, Rung
from warning_dispatch.model.unit import Channel


@dataclass(frozen=True, slots=True)
class Position:
    """Where a callee stands on its track: the next rung to fire."""

    cycle: int
    rung: int


@dataclass(frozen=True, slots=True)
class DueRungs:
    """What was due, merged: voice roles as a mask, texts as (channel, role mask) pairs, and where to go on.

    `fired` counts the rungs merged, the last of them was due at `last_at`; `next_at` is None when the track has no
    further rung.
    """

    fired: int
    last_at: int
    voice: int
    texts: tuple[tuple[Channel, int], ...]
    position: Position
    next_at: int | None


def repeat_offset(repeat: Repeat, cycle: int) -> int:
    """Milliseconds from the start of the repeats to the `cycle`-th of them (1-based)."""
    listed = repeat.every[:cycle]
    return sum(listed) + max(0, cycle - len(listed)) * repeat.every[-1]


def due_at(ladder: Ladder, position: Position, origin: int, *, slow: bool) -> int | None:
    """When the rung at `position` is due; None when there is none."""
    if not slow and position.cycle == 0:
        return origin + ladder.rungs[position.rung].after if position.rung < len(ladder.rungs) else None
    repeat = ladder.slow if slow else ladder.repeat
    if not repeat.rungs or not repeat.every:
        return None
    start = origin if slow or not ladder.rungs else origin + ladder.rungs[-1].after
    return start + repeat_offset(repeat, max(position.cycle, 1)) + repeat.rungs[position.rung].after


def collect(
    ladder: Ladder, position: Position, origin: int, now: int, *, slow: bool, voice_until: int | None = None
) -> DueRungs:
    """Everything due up to `now` from `position` on, merged into one. Of voice only what was due before `voice_until`."""
    fired = voice = 0
    last_at = origin
    texts: dict[Channel, int] = {}
    due = due_at(ladder, position, origin, slow=slow)
    while due is not None and due <= now:
        rung = _rung(ladder, position, slow=slow)
        fired, last_at = fired + 1, due
        for channel in rung.channels:
            if channel is Channel.VOICE:
                voice |= rung.roles if voice_until is None or due < voice_until else 0
            else:
                texts[channel] = texts.get(channel, 0) | rung.roles
        position = _after(ladder, position, slow=slow)
        due = due_at(ladder, position, origin, slow=slow)
    return DueRungs(fired, last_at, voice, tuple(texts.items()), position, due)


def _rung(ladder: Ladder, position: Position, *, slow: bool) -> Rung:
    if slow:
        return ladder.slow.rungs[position.rung]
    if position.cycle == 0:
        return ladder.rungs[position.rung]
    return ladder.repeat.rungs[position.rung]


def _after(ladder: Ladder, position: Position, *, slow: bool) -> Position:
    """The position after this one; the end of a cycle goes on to the next."""
    repeats = ladder.slow if slow else ladder.repeat
    length = len(ladder.rungs) if position.cycle == 0 and not slow else len(repeats.rungs)
    if position.rung + 1 < length:
        return Position(position.cycle, position.rung + 1)
    return Position(position.cycle + 1, 0)


def earliest(*moments: int | None) -> int | None:
    """The first of several deadlines, of which any may not exist."""
    return min((moment for moment in moments if moment is not None), default=None)
