"""What one transaction changes, gathered first and written in bulk, in the order of locks.

The use cases decide (with the pure core) and hand each decision to the ledger; `settle` writes everything once:
callees, branch counts, gates that open in consequence, attempts, alarms; `close` adds the journal. No statement is
issued per person. What it does to the queue is in queueing.py, alarms wait in alarm_gathering.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from warning_dispatch.engine.alarm_gathering import GatheredAlarms
from warning_dispatch.engine.frozen import Frozen, FrozenPlans, purpose_for, rules_for
from warning_dispatch.engine.observing import Counted
from warning_dispatch.engine.proving import Proving
from warning_dispatch.engine.queueing import QueueChanges, Wanted
from warning_dispatch.engine.records import (
    BY_ITSELF,
    BranchRecord,
    CalleeRecord,
    CallOutRecord,
    Entry,
    NewAcknowledgement,
    NewAlarm,
)
from warning_dispatch.engine.storage import Transaction
from warning_dispatch.escalation.alarms import Fact
from warning_dispatch.escalation.callee import step
from warning_dispatch.escalation.callout import OVER, CallOutEvent, move
from warning_dispatch.escalation.gate import (
    BranchView,
    count_change,
    decide,
    gate_deadline,
    hold_began,
    rule_met,
    still_needed,
)
from warning_dispatch.escalation.moves import (
    Answered,
    CalleeEvent,
    Due,
    OpenBelow,
    Opened,
    QueueText,
    QueueVoice,
    RaiseAlarm,
    ReportFinding,
    Silence,
    Step,
)
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.escalation.state import Rules
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import Ladder
from warning_dispatch.model.states import ANSWERED, LIVE_CALLOUT, BranchState, CalleeState, CallOutState, Purpose, Voice
from warning_dispatch.model.unit import Channel

NO_CONTACT = "no_contact"


class AloneNeededError(Exception):
    """What was decided may touch anything: the same must be done once more, while nobody else writes."""


class Bell(Protocol):
    """Who tells the bureau's own people; see engine/bureau.py."""

    def ring(self, ledger: Ledger, alarms: Sequence[NewAlarm]) -> None:
        """Write the alarms, and start or join the bureau's call to itself for those that ring."""
        ...

    def answered(self, ledger: Ledger, answer: NewAcknowledgement) -> None:
        """One of the bureau's people has answered: the self-call is claimed."""
        ...


class Ledger:
    """The changes of one transaction."""

    def __init__(self, tx: Transaction, plans: FrozenPlans, now: int, bell: Bell) -> None:
        """`now` is the one moment of this transaction (ms)."""
        self.tx = tx
        self.now = now
        self._bell = bell
        self.counted = Counted()
        self.hang_up: list[int] = []
        self.wake: list[int] = []
        self.begun: list[int] = []  # rounds of warnings, filled to the end or not
        self.started: list[int] = []
        self.filling = False
        self._plans = plans
        self._callouts: dict[int, CallOutRecord] = {}
        self._answerers: dict[tuple[int, int], int] = {}
        self._rules: dict[tuple[int, int, int, bool, int], Rules] = {}
        self._records: dict[int, CalleeRecord] = {}
        self._entries: defaultdict[str, list[Entry]] = defaultdict(list)
        self._counts: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
        self._finished: defaultdict[int, int] = defaultdict(int)
        self._queue = QueueChanges()
        self._opens: list[tuple[int, Reason]] = []
        self._acknowledgements: list[NewAcknowledgement] = []
        self._findings: dict[bool, list[tuple[int, str]]] = {True: [], False: []}
        self._proving = Proving()
        self.alarms = GatheredAlarms()
        self._claims: dict[int, NewAcknowledgement] = {}
        self._claimed: set[int] = set()

    # --- looking up ---------------------------------------------------------------------------------------

    def callout(self, callout_id: int) -> CallOutRecord:
        """The call-out, loaded once per transaction."""
        if callout_id not in self._callouts:
            self.load_callouts([callout_id])
        return self._callouts[callout_id]

    def load_callouts(self, callout_ids: Sequence[int]) -> None:
        """Load several call-outs at once."""
        missing = [one for one in dict.fromkeys(callout_ids) if one not in self._callouts]
        if missing:
            self._callouts.update(self.tx.callouts.load(missing))

    def goes_on(self, callout_id: int, purpose: Purpose) -> bool:
        """Whether anything for this purpose may still go out.

        Of a call-out that was ended only the all-clear may; of the bureau's own call nothing once it is claimed.
        """
        over = (*OVER, CallOutState.COMPLETE) if purpose is Purpose.SELF else OVER
        return purpose is Purpose.ALL_CLEAR or self.callout(callout_id).state not in over

    def frozen(self, callout_id: int) -> Frozen:
        """Its frozen plan and texts."""
        return self._plans.get(self.tx.callouts, callout_id)

    def current(self, record: CalleeRecord) -> CalleeRecord:
        """The record as changed in this transaction."""
        return self._records.get(record.id, record)

    def rules(self, record: CalleeRecord) -> Rules:
        """The rules for a callee; shared by all with the same tier, reach and unit rule."""
        frozen = self.frozen(record.callout_id)
        answerers = self._answerer_count(frozen, record)
        key = (record.callout_id, record.tier, record.reach, record.superior, answerers)
        rules = self._rules.get(key)
        if rules is None:
            rules = self._rules[key] = rules_for(frozen, self.callout(record.callout_id), record, answerers)
        return rules

    def _answerer_count(self, frozen: Frozen, record: CalleeRecord) -> int:
        """How many must answer where the rule is "all"; 1 elsewhere, without a query."""
        tier = frozen.plan.tiers[record.tier]
        if tier.need == 1:
            return 1
        key = (record.unit_id, tier.answering)
        if key not in self._answerers:
            found = self.tx.callees.answerers([record.unit_id], tier.answering, self.now)
            self._answerers[key] = max(1, found.get(record.unit_id, 1))
        return self._answerers[key]

    # --- deciding -----------------------------------------------------------------------------------------

    def take(self, record: CalleeRecord, event: CalleeEvent, *, avoid: str = "") -> Step:
        """Let the core decide about one callee and keep the decision. `avoid`: a route not to use next."""
        record = self.current(record)
        decision = step(record.callee, event, self.now, self.rules(record))
        self.counted.moves[record.callee.state, type(event).__name__, decision.callee.state] += 1
        self._keep(record, event, decision, avoid)
        return decision

    def _keep(self, record: CalleeRecord, event: CalleeEvent, decision: Step, avoid: str) -> None:
        before, after = record.callee.state, decision.callee.state
        changed = replace(record, callee=decision.callee)
        self._records[record.id] = changed
        self.counted.stepped += 1
        if before is not after:
            self._count(record, before, after)
            if isinstance(event, Answered) and after in ANSWERED and before not in ANSWERED:
                self._time_answer(record)
            self.note(
                record.callout_id,
                {"k": "callee", "id": record.id, "from": before.name, "to": after.name, "why": decision.reason},
            )
        if isinstance(event, Due) and record.callee.voice is Voice.QUEUED and decision.callee.voice is Voice.QUEUED:
            self._queue.look_again(record.id)  # a rung may want somebody whose phone has calls left
        for action in decision.actions:
            self._act(changed, action, avoid)

    def _count(self, record: CalleeRecord, before: CalleeState, after: CalleeState) -> None:
        answered, unreached, finished = count_change(before, after)
        counts = self._counts[record.branch_id]
        counts[0] += answered
        counts[1] += unreached
        counts[2] += finished
        self._finished[record.callout_id] += finished
        self.counted.answered += answered

    def _time_answer(self, record: CalleeRecord) -> None:
        callout = self.callout(record.callout_id)
        tier = self.frozen(record.callout_id).plan.tiers[record.tier].name
        seconds = max(0, self.now - callout.started_at) // 1_000
        self.counted.answers[callout.purpose, callout.colour, tier, seconds] += 1

    def _act(self, record: CalleeRecord, action: object, avoid: str) -> None:
        match action:
            case QueueVoice():
                self._queue.add(Wanted(record, Channel.VOICE, self._purpose(record), avoid=avoid))
            case QueueText(channel, role, endpoint_id):
                self.queue_text(record, channel, role, self._purpose(record), endpoint_id)
            case Silence(texts):
                self._queue.silence(record.id, texts=texts)
            case OpenBelow(reason):
                self._opens.append((record.id, reason))
            case RaiseAlarm(kind):
                rings = record.superior or kind != NO_CONTACT  # nothing waits for a village: it is on its list
                opening = str(record.callee.opened_at)  # an officer's recall begins anew, and so does what it finds
                self.alarm(kind, "", record.callout_id, record.unit_id, about=opening, rings=rings)
            case ReportFinding(endpoint_id, outcome):
                self.report_finding(endpoint_id, outcome, unusable=True)
                self.note(record.callout_id, {"k": "finding", "endpoint": endpoint_id, "outcome": outcome})

    def _purpose(self, record: CalleeRecord) -> Purpose:
        return purpose_for(self.frozen(record.callout_id), self.callout(record.callout_id), record)

    def queue_voice(self, record: CalleeRecord, *, repeat: bool) -> None:
        """Queue a call of its own for a callee whose voice is QUEUED and that shared an attempt until now.

        `repeat`: that attempt may or may not have reached a carrier.
        """
        self._queue.add(Wanted(record, Channel.VOICE, self._purpose(record), repeat=repeat))

    def queue_text(
        self,
        record: CalleeRecord,
        channel: Channel,
        roles: int,
        purpose: Purpose,
        endpoint_id: int | None = None,
        *,
        repeat: bool = False,
    ) -> None:
        """Queue a message to whoever has one of the roles of a unit, or to one endpoint of it. `repeat` as above."""
        self._queue.add(Wanted(record, channel, purpose, roles, endpoint_id=endpoint_id, repeat=repeat))

    # --- noting -------------------------------------------------------------------------------------------

    def note(self, callout_id: int, entry: Entry) -> None:
        """An entry for the call-out's journal."""
        self._entries[f"callout:{callout_id}"].append(entry)

    def note_register(self, entry: Entry) -> None:
        """An entry for the register's journal."""
        self._entries["register"].append(entry)

    def note_system(self, entry: Entry) -> None:
        """An entry for the system's journal."""
        self._entries["system"].append(entry)

    def alarm(
        self,
        kind: str,
        detail: str,
        callout_id: int | None = None,
        unit_id: int | None = None,
        *,
        about: str = "",
        warning: Colour | None = None,
        rings: bool = True,
    ) -> None:
        """Raise an alarm; it is written, and the bureau called for it, when the transaction settles.

        `detail`: facts without words (model/alarm_facts.py). `about` tells two facts of one kind apart (a message, a
        route). `warning`: the colour of the message it speaks of, None when that cannot be told; with a call-out its
        own counts. `rings` False: it only stands on the list.
        """
        if callout_id is not None:
            callout = self.callout(callout_id)
            warning, rings = callout.colour, rings and callout.purpose is Purpose.CALL
        self.alarms.add(Fact(kind, callout_id, unit_id, about), detail, self.now, warning=warning, rings=rings)

    def claimed(self, callout_id: int) -> None:
        """The bureau's call to itself is over: no gate of it opens any more."""
        self._claimed.add(callout_id)

    def raise_colour(self, callout: CallOutRecord, colour: Colour) -> None:
        """A self-call goes on by the ladder of a higher colour."""
        self.tx.callouts.set_colour(callout.id, colour)
        self._callouts[callout.id] = replace(callout, colour=colour)
        self._rules = {key: rules for key, rules in self._rules.items() if key[0] != callout.id}

    def report_finding(self, endpoint_id: int, outcome: str, *, unusable: bool) -> None:
        """Something is wrong with an endpoint. `unusable`: nobody dials (or writes to) its number any more."""
        self._findings[unusable].append((endpoint_id, outcome))

    def proved_by(self, *, attempt: int = 0, token: str = "", blind: bytes = b"") -> None:
        """Its holder has answered: by key in an attempt, by the link with a token, or from a number (its blind index)."""
        self._proving.add(attempt, token, blind)

    def wake_at(self, moment: int) -> None:
        """Something waits in the queue until this moment."""
        self.wake.append(moment)

    def acknowledge(self, acknowledgement: NewAcknowledgement) -> None:
        """Keep a human's answer."""
        self._acknowledgements.append(acknowledgement)
        if acknowledgement.counted and self.callout(acknowledgement.callout_id).purpose is Purpose.SELF:
            self._claims.setdefault(acknowledgement.callout_id, acknowledgement)
        self.note(
            acknowledgement.callout_id,
            {
                "k": "answer",
                "callee": acknowledgement.callee_id,
                "means": acknowledgement.means,
                "role": acknowledgement.role,
                "receiver": acknowledgement.receiver_id,
                "attempt": acknowledgement.attempt_id,
                "actor": acknowledgement.actor,
                "why": acknowledgement.reason,
                "counted": acknowledgement.counted,
            },
        )

    # --- gates --------------------------------------------------------------------------------------------

    def open_branches(self, branches: Sequence[tuple[BranchRecord, Reason | None]]) -> None:
        """Open gates: callees start, what waits below is armed, and empty branches count as answered."""
        pending: list[tuple[BranchRecord, Reason | None]] = list(branches)
        while pending:
            opened = self._open(pending)
            pending = list(self._answered_below([replace(branch, state=BranchState.OPEN) for branch, _ in opened]))

    def _open(self, wanted: Sequence[tuple[BranchRecord, Reason | None]]) -> list[tuple[BranchRecord, Reason]]:
        """Those of these gates that open now; of several reasons for one the last counts."""
        reasons: dict[int, tuple[BranchRecord, Reason]] = {}
        for branch, cause in reversed(wanted):
            reason = decide(BranchView(branch.state, branch.gate_at), self.now, cause=cause)
            if reason is not None and branch.callout_id not in self._claimed:
                reasons.setdefault(branch.id, (branch, reason))
        marked = self.tx.branches.mark_open([(key, reason) for key, (_, reason) in reasons.items()], self.now)
        opened = [reasons[key] for key in reasons if key in marked]
        limits = [(branch.id, self.now + self._ladder(branch).unreached_after) for branch, _ in opened]
        counts = self.tx.callees.open_branches(limits, self.now)
        for branch, reason in opened:
            self._opened(branch, reason, counts.get(branch.id, 0))
        return opened

    def _ladder(self, branch: BranchRecord) -> Ladder:
        return self.frozen(branch.callout_id).ladder(branch.tier, self.callout(branch.callout_id).colour)

    def _opened(self, branch: BranchRecord, reason: Reason, count: int) -> None:
        """Note an open gate, and arm what waits below it."""
        self.counted.opened += count
        self.counted.moves[CalleeState.WAITING, Opened.__name__, CalleeState.CALLING] += count
        self.note(
            branch.callout_id,
            {"k": "branch.opened", "branch": branch.id, "tier": branch.tier, "count": count, "why": reason},
        )
        began = hold_began(BranchView(branch.state, branch.gate_at), reason, self.now)
        hold = self.frozen(branch.callout_id).plan.tiers[branch.tier].hold.get(self.callout(branch.callout_id).colour)
        gate_at = gate_deadline(began, hold)
        if gate_at is not None:
            self.tx.branches.arm(branch.id, gate_at)

    def follow_counts(self, callout_id: int) -> None:
        """After a bulk change and its recount: what the new counts decide.

        Who has left a branch need not answer in it any more. A branch that has answered by that opens what waits for
        it, and a call-out whose callees have all finished is complete.
        """
        plan = self.frozen(callout_id).plan
        changed = [
            (still_needed(branch.total, gone, answered, plan.tiers[branch.tier]), branch.id)
            for branch, gone, answered in self.tx.branches.left(callout_id)
        ]
        self.tx.branches.set_needed(changed)
        branches = self.tx.branches.of_callout(callout_id)
        met = [one for one in branches if one.state is BranchState.OPEN and one.total]
        self.open_branches(self._answered_below(met))
        self._complete(self.tx.callouts.add_finished(callout_id, 0))

    def _complete(self, row: CallOutRecord) -> None:
        if row.finished >= row.total and not row.filling and row.state in LIVE_CALLOUT:
            self.set_callout_state(row, CallOutEvent.ALL_FINISHED, actor=BY_ITSELF, reason="all_finished")

    def complete_if_finished(self, callout_id: int) -> None:
        """Whether all have finished already, of a call-out that has just been filled to the end."""
        self.settle()
        self._complete(self.tx.callouts.add_finished(callout_id, 0))

    def forget_callout(self, callout_id: int) -> None:
        """Its row was changed by a statement: read it again."""
        self._callouts.pop(callout_id, None)

    def _answered_below(self, branches: Sequence[BranchRecord]) -> list[tuple[BranchRecord, Reason]]:
        """What opens because these branches have answered as a whole; noted exactly once per branch."""
        met = [one for one in branches if rule_met(one.answered, one.needed) and one.answered_at is None]
        met = [one for one in met if self.tx.branches.mark_answered(one.id, self.now)]
        for branch in met:
            self.note(branch.callout_id, {"k": "branch.answered", "branch": branch.id, "tier": branch.tier})
        empty = {one.id for one in met if one.total == 0}
        return [
            (below, Reason.TIER_EMPTY if below.superior_branch_id in empty else Reason.TIER_ANSWERED)
            for below in (self.tx.branches.below_branches([one.id for one in met]) if met else ())
        ]

    # --- writing ------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Write everything gathered so far, in the order of locks; the journal comes with `close`.

        The bureau's own call comes last: what was decided may be the cause of it, and it only adds rows of its own.
        """
        if not self.tx.alone and (self._claims or self.alarms):
            raise AloneNeededError
        claims, self._claims = self._claims, {}
        for answer in claims.values():
            self._bell.answered(self, answer)
        self._write()
        while (alarms := self.alarms.take()) is not None:
            self._bell.ring(self, alarms)
            self._write()

    def _write(self) -> None:
        self._queue.write(self)
        if self._records:
            self.tx.callees.save(list(self._records.values()))
        self._write_counts()
        if self._acknowledgements:
            self.tx.attempts.acknowledge(self._acknowledgements)
        self._complete_callouts()
        for unusable, found in self._findings.items():
            if found:
                self.tx.endpoints.report_findings(found, unusable=unusable)
        self._findings = {True: [], False: []}
        self._proving.write(self.tx.proofs, self.now)
        self._records, self._acknowledgements = {}, []

    def close(self) -> None:
        """Settle, and write one journal block per stream: nothing is decided after this."""
        self.settle()
        self.tx.turns.write()
        for stream in sorted(self._entries):
            self.tx.journal.append(stream, self._entries[stream], self.now)
        self._entries.clear()

    def _write_counts(self) -> None:
        """Counts first; then what opens because a superior or a whole tier answered."""
        changes = {branch: (a, u, f) for branch, (a, u, f) in self._counts.items() if a or u or f}
        self._counts.clear()
        opening: list[tuple[BranchRecord, Reason | None]] = []
        if changes:
            opening.extend(self._answered_below(self.tx.branches.add_counts(changes)))
        if self._opens:
            reasons = dict(self._opens)
            self._opens = []
            below = self.tx.branches.below_callees(list(reasons))
            opening.extend((branch, reasons[branch.superior_callee_id or 0]) for branch in below)
        if opening:
            self.open_branches(opening)

    def _complete_callouts(self) -> None:
        for callout_id, count in self._finished.items():
            if count:
                self._complete(self.tx.callouts.add_finished(callout_id, count))
        self._finished.clear()

    def set_callout_state(
        self, callout: CallOutRecord, event: CallOutEvent, *, actor: str, reason: str, next_at: int | None = None
    ) -> CallOutState:
        """Move a call-out and note it. RefusedError for a move that does not exist."""
        state = move(callout.state, event)
        self.counted.callout_moves[callout.state, event.value, state] += 1
        ended_at = None if state in LIVE_CALLOUT else self.now
        self.tx.callouts.set_state(callout.id, state, next_at=next_at, ended_at=ended_at)
        self._callouts[callout.id] = replace(callout, state=state, next_at=next_at)
        self.note(
            callout.id,
            {"k": "callout", "from": callout.state.name, "to": state.name, "by": event, "actor": actor, "why": reason},
        )
        return state
