"""打一遍要多久: how long it takes to ring everybody once, before it begins. PURE.

A guess for the person who decides at this moment: whether lines are enough, whether texts first are worth it, whom to ring
by hand meanwhile. It counts the time that lines are busy, one call to each unit; holds, second calls and what the night
does to networks are the business of `simulate`.

Where every unit is sent a text before (or as) its call comes due, those who answer it are not called at all: with scarce
lines that is most of the gain. How many do is a habit, not a rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from warning_dispatch.escalation.waiting import USUAL_CALL, rounded
from warning_dispatch.model.plan import Ladder
from warning_dispatch.model.unit import Channel, roles_in

MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Habits:
    """What people do, on average. `text_answered`: of a message before the call comes, between 0 and 1."""

    text_answered: float = 0.4
    call: int = USUAL_CALL
    """ms that a call takes from the claim of its line to its end."""


@dataclass(frozen=True, slots=True)
class TierLoad:
    """What a tier asks of the lines. `texts`: messages each unit is sent before its first call; `called`: it is called."""

    units: int
    texts: int = 0
    called: bool = True


@dataclass(frozen=True, slots=True)
class Duration:
    """How long (ms) everybody is rung once; `texts_first`: when those who answer their message are left out.

    None: nobody can know (no limit of lines), or there are no such messages.
    """

    units: int
    lines: int | None
    call: int
    calls_only: int | None
    texts_first: int | None


def texts_before(ladder: Ladder) -> TierLoad:
    """What a ladder asks of the lines for one unit: whether it rings, and how many messages come no later than the ring."""
    first = min((rung.after for rung in ladder.rungs if Channel.VOICE in rung.channels), default=None)
    texts = sum(
        len(roles_in(rung.roles))
        for rung in ladder.rungs
        if Channel.SMS in rung.channels and (first is None or rung.after <= first)
    )
    return TierLoad(1, texts, first is not None)


def duration(
    loads: Iterable[TierLoad], lines: int | None, text_rate: int | None = None, habits: Habits | None = None
) -> Duration:
    """How long it takes to ring everybody once. `lines` in service together; `text_rate` messages a minute.

    Where messages go out more slowly than lines come free, they set the pace.
    """
    usual = habits or Habits()
    called = [load for load in loads if load.called and load.units]
    units = sum(load.units for load in called)
    if not lines:
        return Duration(units, None, usual.call, None, None)
    calls_only = rounded(_busy(units, lines, usual.call)) if units else 0
    texts = sum(load.units * load.texts for load in called)
    if not texts:
        return Duration(units, lines, usual.call, calls_only, None)
    left = sum(load.units * (1 - usual.text_answered) ** load.texts for load in called)
    sending = texts * MINUTE // text_rate if text_rate else 0
    texts_first = rounded(max(_busy(left, lines, usual.call), sending))
    return Duration(units, lines, usual.call, calls_only, min(texts_first, calls_only))


def _busy(calls: float, lines: int, call: int) -> int:
    return round(calls * call / lines)
