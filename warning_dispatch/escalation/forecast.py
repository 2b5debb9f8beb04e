"""预估: the course that answers should take, and about how long until 95 % have answered. PURE.

For a person who decides whether to send somebody to knock at doors; rounded up like every wait (waiting.py), and none at
all where it would be an invention. The course is a flow, not a lottery: of every call the same share is answered.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from warning_dispatch.escalation.waiting import USUAL_CALL, rounded
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain

GOAL = 0.95
"""The share whose answers are waited for."""
ANSWER_A_CALL = 0.6
"""How many of those who are called answer, call by call; the simulated network and known practice agree on about this."""
CALLS_APART = 120_000
"""ms between two calls of one unit, about; the shipped red ladder."""
STEP = 10_000
"""ms; how finely a course is reckoned."""
LONGEST = 6 * 3_600_000
"""ms; what would take longer is not told."""
LATELY = 180_000
"""ms that the present pace is measured over, at most."""
ENOUGH = 20
"""Answers lately from which a pace can be told."""


def openings(plan: CallChain, colour: Colour) -> dict[str, int]:
    """Tier → ms after the start at which it opens at the latest; a tier that only an answer opens opens with its superior."""
    found: dict[str, int] = {}
    holds = {tier.name: tier.hold.get(colour) or 0 for tier in plan.tiers}
    for tier in plan.tiers:
        before = tier.opens_after
        found[tier.name] = found.get(before, 0) + holds.get(before, 0) if before else 0
    return found


def course(tiers: Sequence[tuple[int, int]], lines: int | None) -> list[tuple[int, int]]:
    """(ms after the start, answered until then) of tiers of (opens at, units), until nearly all have answered.

    `lines`: calls at once; None when there is no limit. Nothing when nobody is called or no line is in service.
    """
    total = sum(units for _, units in tiers)
    if total <= 0 or (lines is not None and lines <= 0):
        return []
    due: defaultdict[int, float] = defaultdict(float)
    for at, units in tiers:
        due[at // STEP] += units
    capacity = math.inf if lines is None else lines * STEP / USUAL_CALL
    answered, waiting, points = 0.0, 0.0, [(0, 0)]
    for step in range(LONGEST // STEP):
        waiting += due.pop(step, 0.0)
        called = min(waiting, capacity)
        waiting -= called
        answered += ANSWER_A_CALL * called
        due[step + CALLS_APART // STEP] += (1 - ANSWER_A_CALL) * called
        if called:
            points.append((step * STEP + USUAL_CALL, int(answered)))
        if answered >= 0.99 * total:
            break
    return points


def before(tiers: Sequence[tuple[int, int]], lines: int | None) -> int | None:
    """How long (ms) until `GOAL` of these tiers have answered (see `course`); None where nobody can know."""
    goal = math.floor(GOAL * sum(units for _, units in tiers))
    reached = next((at for at, answered in course(tiers, lines) if answered >= goal > 0), None)
    return None if reached is None else rounded(reached)


def remaining(points: Sequence[tuple[int, int]], asked: int, now: int) -> int | None:
    """How long (ms) until `GOAL` of those asked have answered, at the pace of the last minutes; 0 when they have.

    `points`: (moment, answered until then), rising. None while nobody can know: too few answers lately.
    """
    missing = math.ceil(GOAL * asked) - (points[-1][1] if points else 0)
    if missing <= 0:
        return 0
    if not points:
        return None
    since = max(now - LATELY, points[0][0])
    already = max((answered for at, answered in points if at <= since), default=0)
    lately = points[-1][1] - already
    if lately < min(ENOUGH, asked / 10) or now <= since:
        return None
    return rounded(math.ceil(missing * (now - since) / lately))
