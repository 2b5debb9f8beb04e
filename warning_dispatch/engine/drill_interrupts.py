"""A real warning ends whatever is being drilled, in the transaction that takes it in.

After it nothing of a drill is queued, claimed or ringing, and nobody is told anything more in its name, not even that it
is over: the next words that people hear are those of the warning.
"""

from __future__ import annotations

from warning_dispatch.drilling.life import DrillEvent, move
from warning_dispatch.engine.drill_records import LiveDrill
from warning_dispatch.engine.endings import end
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import BY_ITSELF
from warning_dispatch.escalation.callout import OVER, CallOutEvent
from warning_dispatch.model.alarm_facts import written
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.drills import DrillKind, DrillState


def interrupt(ledger: Ledger, colour: Colour | None) -> None:
    """A real warning has come, in this transaction: whatever is being drilled is over at once, without another word.

    The officer is told in the colour of that warning. What is released for later waits for its hour.
    """
    for live in ledger.tx.drills.live():
        begun = live.state is DrillState.RUNNING
        if live.kind is DrillKind.PAPER or (live.callout_id is None and live.announced_id is None):
            continue
        silence(ledger, live, actor=BY_ITSELF, reason=DrillEvent.REAL_WARNING)
        if begun:
            end_drill(ledger, live.id, move(live.state, DrillEvent.REAL_WARNING), BY_ITSELF, DrillEvent.REAL_WARNING)
            detail = written(drill=live.id, callout=live.callout_id or 0)
            ledger.alarm("drill_interrupted", detail, about=f"drill {live.id}", warning=colour)


def silence(ledger: Ledger, live: LiveDrill, *, actor: str, reason: str) -> None:
    """Nothing of it is queued, claimed or ringing any more; nobody is told."""
    for callout_id in (live.announced_id, live.callout_id):
        if callout_id is not None and _may_still_send(ledger, callout_id):
            end(ledger, callout_id, CallOutEvent.CLOSED, actor=actor, reason=reason)


def _may_still_send(ledger: Ledger, callout_id: int) -> bool:
    found = ledger.tx.callouts.load([callout_id]).get(callout_id)
    return found is not None and found.state not in OVER


def end_drill(ledger: Ledger, drill_id: int, state: DrillState, actor: str, why: str) -> None:
    """A drill is over: its row and the journal say so."""
    ledger.tx.drills.ended(drill_id, state, ledger.now, actor, why)
    ledger.note_system({"k": "drill.ended", "id": drill_id, "to": state.name, "by": actor, "why": why})
