"""The plan of a drill: a chain cut down to some tiers, or turned into an announcement. PURE."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Ladder, Repeat, Rung, Tier
from warning_dispatch.model.unit import ALL_ROLES, Channel

_ONCE = Ladder((Rung(0, ALL_ROLES, (Channel.SMS,)),), Repeat((60_000,), ()), Repeat((60_000,), ()), 600_000)


def called(plan: CallChain, colour: Colour) -> tuple[str, ...]:
    """The names of the tiers that a warning of that colour calls."""
    return tuple(tier.name for tier in plan.tiers if colour in tier.ladders)


def with_tiers(plan: CallChain, names: Collection[str]) -> CallChain:
    """The plan with these tiers alone, in its order; each waits for the nearest chosen one of those it waited for."""
    kept = [tier for tier in plan.tiers if tier.name in names]
    return replace(plan, tiers=tuple(replace(tier, opens_after=_before(plan, tier, names)) for tier in kept))


def _before(plan: CallChain, tier: Tier, names: Collection[str]) -> str | None:
    before = tier.opens_after
    while before is not None and before not in names:
        before = plan.tier(before).opens_after
    return before


def announcing(plan: CallChain, colour: Colour) -> CallChain:
    """The same people, told once by SMS and asked for nothing; nobody waits for anybody."""
    tiers = tuple(
        replace(tier, opens_after=None, notice=True, hold={}, ladders={colour: _ONCE}, gate_roles=0)
        for tier in plan.tiers
        if colour in tier.ladders
    )
    return replace(plan, tiers=tiers, target={})
