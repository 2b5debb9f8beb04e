"""The wall clock was set: what the engine does about it, in one transaction.

While the process runs the step is known to the millisecond (engine/timekeeping.py). Over a restart there is only the
last reading a turn wrote down. A clock that shows less than that was set back. One that shows more has moved on, and
whether it was set forward as well cannot be told: that is taken for downtime, after which everybody overdue is called
once.
"""

from __future__ import annotations

from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.timekeeping import STEP_LIMIT
from warning_dispatch.engine.turn import take_up_again
from warning_dispatch.model.states import CallOutState


def move_along(ledger: Ledger, by: int) -> None:
    """Every deadline moves by `by` ms; each live call-out's journal and the system's say so.

    A call-out that awaits lifting because a wrong clock showed the end of its validity goes on.
    """
    entry = {"k": "clock.stepped", "by": by}
    live = ledger.tx.clock.move(by)
    ledger.load_callouts(live)
    for callout_id in live:
        ledger.note(callout_id, entry)
        callout = ledger.callout(callout_id)
        if callout.state is CallOutState.AWAITING_LIFT and ledger.now < callout.voice_until:
            take_up_again(ledger, callout_id, "clock.stepped")
    ledger.note_system(entry)
    ledger.tx.clock.keep_reading(ledger.now)


def went_back(ledger: Ledger) -> None:
    """At a start: if the clock shows less than at the last reading it was set back, and the deadlines go back with it.

    As if no time had passed during the stop: how long it took cannot be known, and nobody is called early.
    """
    last = ledger.tx.clock.last_reading()
    if last is not None and last - ledger.now > STEP_LIMIT:
        move_along(ledger, ledger.now - last)
