"""The verdict on a call that ended without an answer: what the outcome table makes of callee and number. PURE.

The table of moves is in callee.py. A verdict never answers for anybody: it says whether this number is worth another
call, when, and who is called instead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from warning_dispatch.escalation.blackout import PROOFS
from warning_dispatch.escalation.ladder import due_at, earliest
from warning_dispatch.escalation.moves import Action, Ended, OpenBelow, QueueVoice, RaiseAlarm, ReportFinding, Step
from warning_dispatch.escalation.reaching import may_ring, tell_unreached
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.escalation.state import Callee, Rules, Verdict
from warning_dispatch.model.plan import Next
from warning_dispatch.model.states import ANSWERED, FINISHED, CalleeState, Voice
from warning_dispatch.model.unit import roles_in

S = CalleeState

SAME_NUMBER_GAP = 60_000
"""ms between the end of a call and the next to the same role, when a rung came due while it was under way."""
ROUTE_DOWN_GAP = 30_000
"""ms until a callee is tried again when no provider could take the call."""
HEARD_LIMIT = 2
"""Heard to the end so often without a key: stop ringing, tell the superior."""
_ROUTE_TROUBLE = (Next.OTHER_ROUTE, Next.ROUTE_DOWN)


def ended(callee: Callee, event: Ended, now: int, rules: Rules) -> Step:
    """A voice attempt is over without an answer: what the outcome table says."""
    if callee.state in FINISHED:
        return Step(callee, (), Reason.TOO_LATE)
    actions: list[Action] = []
    change = _Change(replace(callee, voice=Voice.NONE), event, now, rules)
    reason = change.apply(actions)
    moved = change.callee
    if moved.state is S.UNCONFIRMED and callee.state in (S.CALLING, S.RELAYED):
        actions.extend(tell_unreached(rules))
    if moved.state is S.UNCALLED and moved.calls and event.outcome.next not in _ROUTE_TROUBLE:
        moved = replace(moved, state=S.UNANSWERED)
    if not may_ring(moved, now, rules):
        moved = replace(moved, wanted=0, retry_at=None, retry_roles=0)
    elif moved.wanted:
        moved = replace(moved, voice=Voice.QUEUED)
        actions.append(QueueVoice())
    slow = moved.state is S.DUTY_ANSWERED
    rung_at = None if moved.origin is None else due_at(rules.ladder, moved.position, moved.origin, slow=slow)
    moved = replace(moved, next_at=earliest(rung_at, moved.retry_at, moved.unreached_at))
    return Step(moved, tuple(actions), reason)


@dataclass(slots=True)
class _Change:
    """One outcome applied to one callee, row by row of the outcome table."""

    callee: Callee
    event: Ended
    now: int
    rules: Rules

    def apply(self, actions: list[Action]) -> Reason:
        """Change `self.callee`; returns the reason."""
        outcome, role = self.event.outcome, self.event.role
        self._reconsider()
        if self.callee.wanted & role:  # came due again while it was under way: the gap counts from this end
            self._later(role, SAME_NUMBER_GAP)
        match outcome.next:
            case Next.HEARD:
                reason = self._heard()
            case Next.SAME_NUMBER:
                reason = self._busy()
            case Next.OTHER_ENDPOINT:
                self._judge(Verdict.OFF, self.now + outcome.gap)
                self._elsewhere_now(or_later=True)
                reason = Reason.OFF
            case Next.DOUBTFUL:
                reason = self._doubtful(actions)
            case Next.PERMANENT:
                reason = self._permanent(actions)
            case Next.OTHER_ROUTE | Next.ROUTE_DOWN:
                reason = self._route_trouble()
            case Next.AGAIN:
                reason = self._once_more()
            case Next.NEXT_RUNG | Next.ROUTE_ONLY | Next.ACKNOWLEDGE | Next.DELIVERED:
                reason = Reason.NO_ANSWER
        return reason

    def _reconsider(self) -> None:
        """What was thought of the number before and this outcome disproves."""
        outcome = self.event.outcome
        verdict = self.callee.memory_of(self.event.endpoint_id).verdict
        if verdict is Verdict.BUSY and outcome.next not in (Next.SAME_NUMBER, *_ROUTE_TROUBLE):
            self._judge(Verdict.USABLE, 0)
        elif verdict is Verdict.DOUBTFUL and outcome.key in PROOFS:
            self._judge(Verdict.CLEARED, 0)

    def _route_trouble(self) -> Reason:
        """Not the callee's fault: another provider now; a limit waits for the next rung, an outage for its end.

        No phone rang, so it is not a call: who could never be called is UNCALLED (未呼), not UNANSWERED.
        """
        self.callee = replace(self.callee, calls=max(0, self.callee.calls - 1))
        down = self.event.outcome.next is Next.ROUTE_DOWN
        if self.event.other_route:
            self.callee = replace(self.callee, wanted=self.callee.wanted | self.event.role)
        elif down:
            self._later(self.event.role, ROUTE_DOWN_GAP)
        return Reason.ROUTE_DOWN if down else Reason.ROUTE_LIMITED

    def _once_more(self) -> Reason:
        """Our own line failed, whatever the phone did: the same again in a moment, and it was not a call."""
        self.callee = replace(self.callee, calls=max(0, self.callee.calls - 1))
        self._later(self.event.role, self.event.outcome.gap)
        return Reason.ROUTE_LIMITED

    def _later(self, roles: int, gap: int) -> None:
        """Want `roles` again after `gap`, and not before."""
        self.callee = replace(
            self.callee,
            wanted=self.callee.wanted & ~roles,
            retry_at=earliest(self.callee.retry_at, self.now + gap),
            retry_roles=self.callee.retry_roles | roles,
        )

    def _judge(self, verdict: Verdict, until: int) -> None:
        old = self.callee.memory_of(self.event.endpoint_id)
        memory = replace(old, verdict=verdict, until=until)
        self.callee = self.callee.remembering(memory)

    def _elsewhere_now(self, *, or_later: bool) -> None:
        """Another endpoint or receiver now; this one later if `or_later`."""
        others = roles_in(self.event.others)
        if others:
            first = self.event.role if self.event.role in others else others[0]
            self.callee = replace(self.callee, wanted=self.callee.wanted | first)
        if or_later:
            gap = self.event.outcome.gap
            retry_at = earliest(self.callee.retry_at, self.now + gap)
            self.callee = replace(self.callee, retry_at=retry_at, retry_roles=self.callee.retry_roles | self.event.role)

    def _busy(self) -> Reason:
        """The same number once more after its gap; engaged again, it waits for the next rung."""
        if self.callee.memory_of(self.event.endpoint_id).verdict is Verdict.BUSY:
            self._judge(Verdict.USABLE, 0)
        else:
            self._judge(Verdict.BUSY, self.now + self.event.outcome.gap)
            self._later(self.event.role, self.event.outcome.gap)
        return Reason.BUSY

    def _heard(self) -> Reason:
        self.callee = replace(self.callee, heard=self.callee.heard + 1)
        heard_out = self.callee.heard >= HEARD_LIMIT and not self.rules.until_claimed
        if heard_out and self.callee.state is not S.DUTY_ANSWERED:
            self.callee = replace(self.callee, state=S.UNCONFIRMED, unreached_at=None)
            return Reason.HEARD_TWICE
        return Reason.HEARD_ONCE

    def _doubtful(self, actions: list[Action]) -> Reason:
        """Reported empty or suspended. It is believed when a second network says so too.

        1. A network that has been caught lying about this number is not believed. 2. The first time: elsewhere now, this
        number later by another route. 3. Said again by the same network because no other was in service: once more
        later; with one provider there is nobody else to ask, and the second time is believed. 4. Said by two: for good.
        """
        memory = self.callee.memory_of(self.event.endpoint_id)
        same = memory.route == self.event.route
        if memory.verdict is Verdict.CLEARED and same:
            return Reason.DOUBTFUL
        if memory.verdict is not Verdict.DOUBTFUL:
            self.callee = self.callee.remembering(replace(memory, route=self.event.route))
            self._judge(Verdict.DOUBTFUL, self.now + self.event.outcome.gap)
            self._elsewhere_now(or_later=True)
            return Reason.DOUBTFUL
        if same and not self.event.alone:
            self._judge(Verdict.DOUBTFUL, self.now + self.event.outcome.gap)
            self._later(self.event.role, self.event.outcome.gap)
            return Reason.DOUBTFUL
        return self._permanent(actions)

    def _permanent(self, actions: list[Action]) -> Reason:
        self._judge(Verdict.DEAD, 0)
        self._elsewhere_now(or_later=False)
        if self.event.hopeless and self.rules.superior and self.callee.state not in ANSWERED:
            actions.extend((RaiseAlarm("no_contact"), OpenBelow(Reason.SUPERIOR_WITHOUT_CONTACT)))
        actions.append(ReportFinding(self.event.endpoint_id, self.event.outcome.key))
        return Reason.PERMANENT
