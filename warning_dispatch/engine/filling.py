"""A large call-out is filled by and by: the upper tiers when it begins, what is below them in pieces (ADR 14).

The machine for a call-out that is not filled to the end:

- A branch is there with all its callees, or not at all. While some are missing the call-out is never complete.
- What has happened above a branch before it was there is made up for when it is: its gate opens, or its hold counts from
  when it began (`_gates`).
- An officer's act finds everybody: the rest is filled first. So it is before another message of the hazard is judged,
  because whom the call-out has not reached yet would look like somebody whom nobody calls.
- Its end leaves the rest out.
"""

from __future__ import annotations

from collections.abc import Sequence

from warning_dispatch.engine.launch import note_filled, open_orphans
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import BranchRecord, CalleeRecord, FilledBranch
from warning_dispatch.escalation.gate import gate_deadline
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.model.states import ANSWERED, FINISHED, CalleeState

PIECE = 10_000
"""Units of a piece: about a tenth of a second, for which answers have to wait."""


class Filler:
    """Fills call-outs to the end."""

    def __init__(self, piece: int = PIECE) -> None:
        """`piece`: about so many units at a time."""
        self._piece = piece

    def step(self, ledger: Ledger) -> bool:
        """One piece of one call-out; whether more is left, of this one or of another."""
        waiting = ledger.tx.callouts.filling()
        if not waiting:
            return False
        return self._fill_on(ledger, waiting[0]) or len(waiting) > 1

    def finish(self, ledger: Ledger, callout_id: int) -> None:
        """Everything that is left of a call-out, now."""
        while ledger.callout(callout_id).filling:
            self._fill_on(ledger, callout_id)

    def _fill_on(self, ledger: Ledger, callout_id: int) -> bool:
        """One piece: 1. branches and callees, 2. the journal's account, 3. gates, 4. at the end what the counts decide."""
        filled = ledger.tx.callouts.fill_on(callout_id, ledger.frozen(callout_id).plan, self._piece)
        note_filled(ledger, callout_id, filled)
        ledger.forget_callout(callout_id)
        _gates(ledger, callout_id, filled)
        left = ledger.callout(callout_id).filling
        if not left:
            ledger.started.append(callout_id)
            ledger.complete_if_finished(callout_id)
        return left


def _gates(ledger: Ledger, callout_id: int, filled: Sequence[FilledBranch]) -> None:
    """What opens the new branches, or when it will.

    1. Nobody above them is called: they open, with an alarm. 2. The superior has answered, is out of it, or cannot be
    reached at all: they open. 3. The tier above has answered as a whole. 4. Else the hold of what they wait for counts
    from when it began.
    """
    plan, colour = ledger.frozen(callout_id).plan, ledger.callout(callout_id).colour
    branches = {one.id: one for one in ledger.tx.branches.load([one.id for one in filled])}
    open_orphans(ledger, callout_id, plan, list(branches.values()))
    superiors = ledger.tx.callees.load([one.superior_callee_id for one in filled if one.superior_callee_id])
    above = ledger.tx.branches.holds({one.superior_branch_id for one in filled if one.superior_branch_id})
    opening: list[tuple[BranchRecord, Reason | None]] = []
    armed: list[tuple[int, int]] = []
    for branch in branches.values():
        if branch.superior_branch_id is None:
            continue
        hold = above[branch.superior_branch_id]
        superior = superiors.get(branch.superior_callee_id or 0)
        reason = _reason(superior) if superior else hold.answered
        if reason is not None:
            opening.append((branch, reason))
        elif hold.began is not None:
            gate_at = gate_deadline(hold.began, plan.tiers[hold.tier].hold.get(colour))
            if gate_at is not None:
                armed.append((branch.id, gate_at))
    ledger.tx.branches.set_gates(armed)
    ledger.open_branches(opening)


def _reason(superior: CalleeRecord) -> Reason | None:
    """Why the branch of a superior need not wait for it."""
    state = superior.callee.state
    if state in ANSWERED:
        return Reason.WAIVED if state is CalleeState.WAIVED else Reason.SUPERIOR_ANSWERED
    if state in FINISHED:
        return Reason.SUPERIOR_NOT_CALLED
    if superior.reach == 0 and state is not CalleeState.WAITING:
        return Reason.SUPERIOR_WITHOUT_CONTACT
    return None
