"""When a plan rings at the latest, and how often it rings one number. PURE: it reads a chain, nothing else.

The latest moment of a tier is the sum of the holds along `opens_after`: what happens when nobody above answers at
all. Lines and budgets come on top; they are the business of `simulate`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from warning_dispatch.escalation.ladder import Position, due_at
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Ladder, Rung, Tier
from warning_dispatch.model.unit import Channel, Role, roles_in

HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class LateTier:
    """A tier that may be called later than its chain promises. ms after the start; `latest` None: never by time."""

    tier: str
    latest: int | None
    target: int


def latest_ring(chain: CallChain, colour: Colour) -> Mapping[str, int | None]:
    """The latest moment (ms after the start) at which each tier begins to be called.

    None where a hold on the way is never over. Tiers without a ladder for the colour are not called and not listed.
    KeyError when `opens_after` names no tier; RecursionError on a cycle (the loader refuses both).
    """
    return {tier.name: _latest(chain, tier, colour) for tier in chain.tiers if colour in tier.ladders}


def slowest_end(chain: CallChain, colour: Colour) -> int:
    """The latest moment (ms after the start) by which every unit that is asked has answered or counts as not reached.

    A hold that is never over is counted as long as its own tier needs to become unreached: then an officer opens it.
    """
    asked = [tier for tier in chain.tiers if colour in tier.ladders and not tier.notice]
    return max((_opened(chain, one, colour) + one.ladders[colour].unreached_after for one in asked), default=0)


def _opened(chain: CallChain, tier: Tier, colour: Colour) -> int:
    if tier.opens_after is None:
        return 0
    before = chain.tier(tier.opens_after)
    hold = before.hold.get(colour)
    if hold is None:
        hold = before.ladders[colour].unreached_after if colour in before.ladders else 0
    return _opened(chain, before, colour) + hold


def late_tiers(chain: CallChain, colour: Colour) -> tuple[LateTier, ...]:
    """The tiers that break the chain's target for the colour. Notices promise nothing."""
    target = chain.target.get(colour)
    if target is None:
        return ()
    moments = latest_ring(chain, colour)
    asked = [tier.name for tier in chain.tiers if tier.name in moments and not tier.notice]
    late = [(name, moments[name]) for name in asked]
    return tuple(LateTier(name, moment, target) for name, moment in late if moment is None or moment > target)


def busiest_hour(ladder: Ladder, *, within: int = 4 * HOUR, span: int = HOUR) -> Mapping[Role, int]:
    """The most voice calls one role gets in any hour (or `span` ms), if nobody answers and every rung goes at once.

    `within`: how far to look (ms). A ladder with `voice_for` is looked at only as far as voice goes.
    """
    end = within if ladder.voice_for is None else min(within, ladder.voice_for)
    calls: dict[Role, list[int]] = {}
    for moment, rung in _fast_track(ladder, end):
        if Channel.VOICE in rung.channels:
            for role in roles_in(rung.roles):
                calls.setdefault(role, []).append(moment)
    return {role: _most_in(span, moments) for role, moments in calls.items()}


def _latest(chain: CallChain, tier: Tier, colour: Colour) -> int | None:
    if tier.opens_after is None:
        return 0
    before = chain.tier(tier.opens_after)
    opened, hold = _latest(chain, before, colour), before.hold.get(colour)
    return None if opened is None or hold is None else opened + hold


def _fast_track(ladder: Ladder, end: int) -> Iterator[tuple[int, Rung]]:
    """Every rung of the fast track before `end`, with its moment after the opening (ms)."""
    rungs, cycle = ladder.rungs, 0
    while rungs:
        for index, rung in enumerate(rungs):
            moment = due_at(ladder, Position(cycle, index), 0, slow=False)
            if moment is None or moment >= end:
                return
            yield moment, rung
        rungs, cycle = ladder.repeat.rungs, cycle + 1


def _most_in(span: int, moments: list[int]) -> int:
    return max(sum(start <= moment < start + span for moment in moments) for start in moments)
