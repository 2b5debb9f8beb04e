"""气象局自己叫自己: alarms become rows, and for those with a colour the bureau calls its own people until one claims.

A self-call is a call-out like any other on the same engine (purpose SELF): 值班员, then 带班领导, then 局长, by the chain
`config/chains/bureau.toml`. It goes ahead of every queue, has no hazard, no end by time and no all-clear. At most one
runs; an alarm that comes meanwhile joins it. Whoever answers has claimed it: the others are not called any more.
Without anybody to call an alarm stays a row, and the log says so loudly: a warning in hand goes on all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from warning_dispatch.engine.launch import AT_ONCE, note_start
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import CalleeRecord, CallOutRecord, Entry, NewAcknowledgement, NewAlarm, NewCallOut
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.escalation.alarms import QUIET_AFTER_CLAIM, Fact, looked_at_again, told_already
from warning_dispatch.escalation.moves import Due, Recalled, Withdrawn
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.states import FINISHED, BranchState, CalleeState, Means, Purpose
from warning_dispatch.model.unit import Channel, reachable_roles
from warning_dispatch.routing.obligations import Round
from warning_dispatch.routing.selection import own_selections

NO_END = 253_402_214_400_000
"""ms (the last day of the year 9999): a self-call has no validity."""
NOBODY_BEFORE = Round()
"""A self-call takes over from no other call-out."""


@dataclass(frozen=True, slots=True)
class BureauPlan:
    """How the bureau calls itself. `within`: our own area code, where its units stand.

    `plan` and `texts` are frozen beforehand: nothing is left that could fail in the middle of a warning.
    """

    chain: CallChain
    within: str
    plan: str
    texts: str


class Bureau:
    """Rings the bureau's own people; ledger.Bell."""

    def __init__(self, plan: BureauPlan | None, nobody_to_tell: Callable[[Colour], None]) -> None:
        """`plan` None: the bureau does not call itself. `nobody_to_tell` is called when nobody can be rung."""
        self._plan = plan
        self._nobody_to_tell = nobody_to_tell

    # --- ringing ------------------------------------------------------------------------------------------

    def ring(self, ledger: Ledger, alarms: Sequence[NewAlarm]) -> None:
        """Write alarms and tell the bureau.

        1. A fact that was told already only counts up; begun anew since its claim, it is looked at when the quiet is
        over. 2. The others become rows. 3. For what has a colour and no self-call yet, the running one is joined, or one
        is started.
        """
        fresh = self._not_told(ledger, alarms)
        if fresh:
            ledger.tx.alarms.insert(fresh, ledger.now)
        for alarm in fresh:
            _note(ledger, alarm.fact, {"colour": alarm.colour.name if alarm.colour else None})
        if self._plan is None:
            return
        colour = ledger.tx.alarms.unrung()
        if colour is None:
            return
        running = ledger.tx.callouts.live_self()
        callout_id = self._start(ledger, self._plan, colour) if running is None else self._join(ledger, running, colour)
        if callout_id is not None:
            ledger.tx.alarms.attach(callout_id)

    @staticmethod
    def _not_told(ledger: Ledger, alarms: Sequence[NewAlarm]) -> list[NewAlarm]:
        if not alarms:
            return []
        stored = ledger.tx.alarms.like(alarms, ledger.now - QUIET_AFTER_CLAIM)
        known = {one.fact: one for one in stored if told_already(one.claimed_at, ledger.now)}
        again = [alarm.fact for alarm in alarms if alarm.fact in known]
        found = [known[fact] for fact in again]
        ledger.tx.alarms.count_up([one.id for one in found])
        looks = [(one.id, looked_at_again(one.fact.kind, one.claimed_at)) for one in found]
        ledger.tx.alarms.look_again([(key, at) for key, at in looks if at is not None])
        for fact in again:
            _note(ledger, fact, {"again": True})
        return [alarm for alarm in alarms if alarm.fact not in known]

    def _start(self, ledger: Ledger, plan: BureauPlan, colour: Colour) -> int | None:
        """A new self-call; None when the register has nobody of the bureau."""
        selections = own_selections(plan.chain, plan.within)
        if not ledger.tx.rounds.needed(selections, NOBODY_BEFORE):
            self._nobody_to_tell(colour)
            return None
        new = NewCallOut(
            alert_id=None,
            chain_id=None,
            plan_name=plan.chain.name,
            plan=plan.plan,
            texts=plan.texts,
            hazard="",
            colour=colour,
            issuer_area=plan.within,
            purpose=Purpose.SELF,
            round=1,
            supersedes_id=None,
            started_at=ledger.now,
            voice_until=NO_END,
            validity_guessed=False,
        )
        callout_id = ledger.tx.callouts.insert(new)
        note_start(
            ledger, callout_id, new, ledger.tx.callouts.fill(callout_id, plan.chain, selections, NOBODY_BEFORE, AT_ONCE)
        )
        ledger.open_branches([(one, Reason.FIRST_TIER) for one in ledger.tx.branches.first(callout_id)])
        self._pass_over_the_phoneless(ledger, callout_id, colour)
        for record in _called(ledger, callout_id):
            ledger.take(record, Due())
        return callout_id

    def _pass_over_the_phoneless(self, ledger: Ledger, callout_id: int, colour: Colour) -> None:
        """Nobody waits for a tier that has no phone: the next one opens at once."""
        records = ledger.tx.callees.unfinished(callout_id)
        for branch in sorted(ledger.tx.branches.of_callout(callout_id), key=lambda one: one.tier):
            members = [one for one in records if one.branch_id == branch.id]
            if any(reachable_roles(one.reach, Channel.VOICE) for one in members):
                return
            below = ledger.tx.branches.below_branches([branch.id])
            ledger.open_branches([(one, Reason.SUPERIOR_WITHOUT_CONTACT) for one in below])
        self._nobody_to_tell(colour)

    @staticmethod
    def _join(ledger: Ledger, running: CallOutRecord, colour: Colour) -> int:
        """The running self-call also rings for this.

        Raised to red it begins its ladder anew and the next gates come sooner; so it does when it already stood in
        the long pauses of its repeats. Otherwise the next ring tells it.
        """
        raised = colour > running.colour
        if raised:
            ledger.raise_colour(running, colour)
        ledger.note(running.id, {"k": "joined", "colour": colour.name, "raised": raised})
        for record in _called(ledger, running.id):
            if raised or record.callee.position.cycle > 0:
                ledger.take(record, Recalled())
                ledger.take(record, Due())
        tiers = ledger.frozen(running.id).plan.tiers
        for branch in ledger.tx.branches.of_callout(running.id) if raised else ():
            hold = tiers[branch.tier].hold.get(colour)
            if branch.state is BranchState.OPEN and hold is not None:
                ledger.tx.branches.hasten(branch.id, ledger.now + hold)
        return running.id

    # --- claiming -----------------------------------------------------------------------------------------

    def answered(self, ledger: Ledger, answer: NewAcknowledgement) -> None:
        """A key, a reply, a link, or a recorded answer claims what the person was told.

        A call, a message or a page tells what was open when it went; what came later is not claimed by it and rings anew.
        """
        by = answer.actor or f"receiver:{answer.receiver_id}"
        self._claim(ledger, answer.callout_id, by, _told(ledger, answer))

    def claim(self, ledger: Ledger, alarm_ids: Sequence[int] | None, actor: str) -> Sequence[int]:
        """Claim alarms by their ids with all that their self-call rings for; None: everything. The ids claimed.

        RefusedError without an actor or when all of them have been claimed, NotFoundError for an unknown id.
        """
        if not actor.strip():
            raise RefusedError("认领须写明操作人 / a claim needs an actor (--actor)")
        alarms = ledger.tx.alarms
        callouts: list[int] = []
        if alarm_ids is None:
            running = ledger.tx.callouts.live_self()
            callouts = [running.id] if running else []
        else:
            found = alarms.load(alarm_ids)
            missing = sorted(set(alarm_ids) - {one.id for one in found})
            if missing:
                raise NotFoundError(f"没有告警 {missing[0]} / there is no alarm {missing[0]}")
            if all(one.claimed_at is not None for one in found):
                raise RefusedError("已经有人认领 / somebody has claimed it already")
            rung = {one.self_callout_id for one in found if one.claimed_at is None}
            callouts = sorted(key for key in rung if key is not None)
        claimed = [alarm for key in callouts for alarm in self._claim(ledger, key, actor, None)]
        rows = alarms.claim_rows(alarm_ids, ledger.now, actor)
        if rows:
            ledger.note_system({"k": "claimed", "by": actor, "alarms": list(rows)})
        return sorted({*claimed, *rows})

    @staticmethod
    def _claim(ledger: Ledger, callout_id: int, by: str, told: int | None) -> Sequence[int]:
        """The self-call is over: whoever else is called is let go, what rings is hung up. `told`: up to which alarm."""
        ledger.claimed(callout_id)
        for record in ledger.tx.callees.unfinished(callout_id):
            if ledger.current(record).callee.state not in FINISHED:
                ledger.take(record, Withdrawn(CalleeState.STOPPED, Reason.CLAIMED))
        claimed = ledger.tx.alarms.claim(callout_id, ledger.now, by, told)
        ledger.note(callout_id, {"k": "claimed", "by": by, "alarms": list(claimed)})
        ledger.alarms.ring_again()
        return claimed


def _called(ledger: Ledger, callout_id: int) -> list[CalleeRecord]:
    """Those whose gate is open."""
    records = ledger.tx.callees.unfinished(callout_id)
    return [one for one in records if one.callee.state is not CalleeState.WAITING]


def _told(ledger: Ledger, answer: NewAcknowledgement) -> int | None:
    """The newest alarm that the person was told; None: somebody has the whole list before him."""
    match answer.means:
        case Means.LINK | Means.REPLY | Means.EMAIL if answer.told_alarm is not None:
            return answer.told_alarm
        case Means.KEY | Means.REPLY | Means.EMAIL if answer.attempt_id is not None:
            return ledger.tx.alarms.told_in(answer.attempt_id)
        case Means.LINK if answer.receiver_id is not None:
            return ledger.tx.alarms.told_to(answer.callout_id, answer.receiver_id)
    return None


def _note(ledger: Ledger, fact: Fact, more: Entry) -> None:
    entry: Entry = {"k": "alarm", "kind": fact.kind, "unit": fact.unit_id, **more}
    if fact.callout_id is None:
        ledger.note_system(entry)
    else:
        ledger.note(fact.callout_id, entry)
