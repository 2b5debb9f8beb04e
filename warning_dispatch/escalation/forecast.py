"""预估: about how long until 95 % have answered, before a call-out begins and while it runs. PURE.

For a person who decides whether to send somebody to knock at doors; rounded up like every wait (waiting.py), and none at
all where it would be an invention.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from warning_dispatch.escalation.waiting import USUAL_CALL, rounded

GOAL = 0.95
"""The share whose answers are waited for."""
ANSWER_A_CALL = 0.6
"""How many of those who are called answer, call by call; the simulated network and known practice agree on about this."""
CALLS_APART = 100_000
"""ms between two calls of one unit, about; the shipped red ladder."""
LATELY = 180_000
"""ms that the present pace is measured over, at most."""
ENOUGH = 20
"""Answers lately from which a pace can be told."""


def before(units: int, lines: int | None, holds: Sequence[int], mean_call: int | None = None) -> int | None:
    """How long (ms) a call-out of so many units would take; None when it calls nobody, or no line is in service.

    `lines`: None when there is no limit. `holds`: how long each tier may keep the next one waiting.
    """
    if units <= 0 or (lines is not None and lines <= 0):
        return None
    rounds = math.log(1 - GOAL) / math.log(1 - ANSWER_A_CALL)
    calls = units * GOAL / ANSWER_A_CALL
    on_lines = 0 if lines is None else calls * (mean_call or USUAL_CALL) / lines
    return rounded(int(sum(holds) + max(on_lines, math.floor(rounds) * CALLS_APART)))


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
