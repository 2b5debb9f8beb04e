"""未呼: how long until a line comes free for a call that waits in the queue. PURE.

A guess for a person who decides whether to dial by hand meanwhile: rounded up, never more exact than it is, and none at
all where it would be an invention (no line in service, no limit of lines, nothing queued).
"""

from __future__ import annotations

USUAL_CALL = 40_000
"""ms a call takes from the claim to its end while a call-out has no ended call of its own yet."""
_MINUTE = 60_000
_STEPS = ((20 * _MINUTE, _MINUTE), (60 * _MINUTE, 5 * _MINUTE), (180 * _MINUTE, 15 * _MINUTE))
"""(up to, step): how exactly a wait is told."""
_COARSE = 30 * _MINUTE


def estimate(position: int | None, lines: int | None, mean_call: int | None) -> int | None:
    """How long (ms) until the call at `position` of the queue (1 is next) gets a line; None when nobody can know.

    `lines`: those in service together; None when there is no such limit. `mean_call`: ms, None before any has ended.
    """
    if position is None or not lines or lines < 0:
        return None
    return rounded(-(-position * (mean_call or USUAL_CALL) // lines))


def rounded(wait: int) -> int:
    """A wait in ms, up to the next step that such a guess deserves: a minute, five, a quarter, half an hour."""
    step = next((step for limit, step in _STEPS if wait <= limit), _COARSE)
    return max(1, -(-wait // step)) * step
