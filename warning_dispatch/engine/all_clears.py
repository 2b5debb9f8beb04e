"""An all-clear that waits for the rate must not go once a warning covers the unit again."""

from __future__ import annotations

from collections.abc import Sequence

from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import ReadyAttempt
from warning_dispatch.model.states import Purpose

IN_FORCE_AGAIN = "in_force_again"
"""Why an all-clear was dropped."""


def still_lifted(ledger: Ledger, ready: Sequence[ReadyAttempt]) -> Sequence[ReadyAttempt]:
    """What may go of a batch; an all-clear for units that are called for the same hazard again is dropped, or parted."""
    told = [callee for one in ready if one.purpose is Purpose.ALL_CLEAR for callee in one.callee_ids]
    held = ledger.tx.rounds.held_again(told) if told else frozenset()
    if not held:
        return ready
    kept: list[ReadyAttempt] = []
    false: list[ReadyAttempt] = []
    for one in ready:
        wrong = one.purpose is Purpose.ALL_CLEAR and not held.isdisjoint(one.callee_ids)
        (false if wrong else kept).append(one)
    ledger.tx.attempts.leave([(one.id, key) for one in false for key in held.intersection(one.callee_ids)])
    # whoever else such a message is for is told by the next look at it; one that is for nobody any more is dropped
    dropped = [one for one in false if held.issuperset(one.callee_ids)]
    ledger.tx.attempts.drop([(one.id, IN_FORCE_AGAIN) for one in dropped], ledger.now)
    for one in dropped:
        ledger.note(one.callout_id, {"k": "attempt.dropped", "id": one.id, "why": IN_FORCE_AGAIN})
    if len(dropped) < len(false):
        ledger.wake_at(ledger.now + 1)
    return kept
