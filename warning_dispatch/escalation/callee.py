"""叫应对象: the machine of one unit that is called up. PURE.

Theory of operation
-------------------
A callee waits behind a gate (WAITING). When the gate opens its ladder runs (CALLING): at each due rung texts are
queued, and one voice attempt is asked for. The machine never dials: it *wants* roles, and the outbox chooses the
endpoint at the moment a line is free. There is at most one voice attempt per callee, QUEUED or LIVE; rungs that
come due meanwhile only add to `wanted`.

An attempt ends with an outcome, and the outcome table (config/outcomes.toml) says what that makes of the callee:
another endpoint now, the same one later, the next rung. No outcome but a pressed key is an answer, and that one
arrives here as `Answered`, like every other human answer. Whoever answers is judged by role: an answering role
acknowledges (by any, all or n of the unit's receivers), a gate role (the duty room of an office) opens the gate and
leaves slow calls to A, anybody else makes the unit RELAYED: known, but still open.

When the limit passes the callee becomes UNCALLED (未呼: nobody could be dialled) or UNANSWERED (未应答: called in
vain); heard twice without a key it becomes UNCONFIRMED. All three stay open: repeats go on, a late answer counts,
and the superior sees them on its list. Only the FINISHED states are left by no event; an answer that comes then is
kept for the record and changes nothing.

House rules of this file: everything that affects the states lives here; this file does not know who called whom,
which database keeps the row, or what time it is. `TABLE` lists every move that exists; `step` refuses a move that
is not in it, so the diagram in docs/callee.md, drawn from it, cannot lie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from warning_dispatch.errors import RefusedError
from warning_dispatch.escalation.blackout import PROOFS
from warning_dispatch.escalation.ladder import Position, collect, due_at
from warning_dispatch.escalation.moves import (
    Action,
    Answered,
    CalleeEvent,
    ContactAdded,
    Dialled,
    Due,
    Ended,
    LeaderTold,
    Lost,
    NotDialled,
    OpenBelow,
    Opened,
    QueueVoice,
    RaiseAlarm,
    Recalled,
    ReportFinding,
    Silence,
    Step,
    Withdrawn,
)
from warning_dispatch.escalation.reaching import roles_to_call, texts_to_roles, texts_to_somebody
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.escalation.state import DISTRUSTED, Callee, Rules, Tried, Verdict
from warning_dispatch.model.plan import Next
from warning_dispatch.model.states import ANSWERED, FINISHED, CalleeState, Voice
from warning_dispatch.model.unit import roles_in

S = CalleeState

SAME_NUMBER_GAP = 60_000
"""ms between the end of a call and the next to the same role, when a rung came due while it was under way."""
LATE = 60_000
"""ms by which a rung may come late (a pause, downtime) before those above it keep their distance from it instead."""
ROUTE_DOWN_GAP = 30_000
"""ms until a callee is tried again when no provider could take the call."""
HEARD_LIMIT = 2
"""Heard to the end so often without a key: stop ringing, tell the superior."""


# --- the table --------------------------------------------------------------------------------------------

_OPEN = (S.CALLING, S.RELAYED, S.UNCALLED, S.UNANSWERED, S.UNCONFIRMED)
"""Open and not answered by anybody that counts."""
_ENDS = frozenset({S.STOPPED, S.SUPERSEDED, S.WAIVED})


def _table() -> dict[tuple[CalleeState, type[CalleeEvent]], frozenset[CalleeState]]:
    """Every move that exists: (state, event) → states it may lead to."""
    table: dict[tuple[CalleeState, type[CalleeEvent]], frozenset[CalleeState]] = {
        (S.WAITING, Opened): frozenset({S.CALLING}),
        (S.WAITING, Answered): frozenset({S.WAITING, S.DUTY_ANSWERED, S.ACKNOWLEDGED}),
        (S.CALLING, Due): frozenset({S.CALLING, S.INFORMED, S.UNCALLED, S.UNANSWERED}),
        (S.CALLING, Answered): frozenset({S.CALLING, S.RELAYED, S.DUTY_ANSWERED, S.ACKNOWLEDGED}),
        (S.CALLING, Ended): frozenset({S.CALLING, S.UNCONFIRMED}),
        (S.RELAYED, Due): frozenset({S.RELAYED, S.UNCALLED, S.UNANSWERED}),
        (S.RELAYED, Answered): frozenset({S.RELAYED, S.DUTY_ANSWERED, S.ACKNOWLEDGED}),
        (S.RELAYED, Ended): frozenset({S.RELAYED, S.UNCONFIRMED}),
        (S.DUTY_ANSWERED, Due): frozenset({S.DUTY_ANSWERED}),
        (S.DUTY_ANSWERED, Answered): frozenset({S.DUTY_ANSWERED, S.ACKNOWLEDGED}),
        (S.DUTY_ANSWERED, Ended): frozenset({S.DUTY_ANSWERED}),
        (S.DUTY_ANSWERED, LeaderTold): frozenset({S.ACKNOWLEDGED}),
        (S.UNCALLED, Ended): frozenset({S.UNCALLED, S.UNANSWERED, S.UNCONFIRMED}),
        (S.UNANSWERED, Ended): frozenset({S.UNANSWERED, S.UNCONFIRMED}),
        (S.UNCONFIRMED, Ended): frozenset({S.UNCONFIRMED}),
    }
    for state in (S.UNCALLED, S.UNANSWERED, S.UNCONFIRMED):
        table[state, Due] = frozenset({state})
        table[state, Answered] = frozenset({state, S.DUTY_ANSWERED, S.ACKNOWLEDGED})
    for state in (*_OPEN, S.DUTY_ANSWERED):
        table[state, Dialled] = table[state, NotDialled] = table[state, Lost] = frozenset({state})
    for state in _OPEN:
        table[state, Recalled] = frozenset({S.CALLING})
        table[state, ContactAdded] = frozenset({state})
    table[S.DUTY_ANSWERED, ContactAdded] = frozenset({S.DUTY_ANSWERED})
    for state in (S.UNCALLED, S.UNCONFIRMED):
        table[state, ContactAdded] = frozenset({state, S.CALLING})
    for state in (S.WAITING, S.DUTY_ANSWERED, *_OPEN):
        table[state, Withdrawn] = _ENDS
    for state in FINISHED:
        for late in (Answered, Ended):
            table[state, late] = frozenset({state})
    return table


TABLE: Mapping[tuple[CalleeState, type[CalleeEvent]], frozenset[CalleeState]] = _table()


def step(callee: Callee, event: CalleeEvent, now: int, rules: Rules) -> Step:
    """One decision. RefusedError, and nothing changed, for a move that does not exist."""
    kind = type(event)
    allowed = TABLE.get((callee.state, kind))
    if allowed is None:
        raise RefusedError(
            f"该对象处于 {callee.state.name}，不能做这个操作 / a callee that is {callee.state.name} cannot take {kind.__name__}"
        )
    result = _HANDLERS[kind](callee, event, now, rules)
    if result.callee.state not in allowed:  # a slip in this file, found by every test that takes the move
        raise RefusedError(f"{callee.state.name} may not become {result.callee.state.name} by {kind.__name__}")
    return result


# --- opening and climbing ---------------------------------------------------------------------------------


def opened(now: int, rules: Rules) -> Callee:
    """A callee whose gate opens now (the bulk statement of the store writes exactly this)."""
    return Callee(
        state=S.CALLING,
        opened_at=now,
        origin=now,
        next_at=now,
        unreached_at=now + rules.ladder.unreached_after,
    )


def _open(callee: Callee, _event: Opened, now: int, rules: Rules) -> Step:
    fresh = opened(now, rules)
    return Step(replace(fresh, tried=callee.tried, answers=callee.answers), (), Reason.GATE_OPENED)


@dataclass(slots=True)
class _Climb:
    """What one look at the ladder brings together before the state is written."""

    wanted: int
    retry_at: int | None
    retry_roles: int
    actions: list[Action] = field(default_factory=list)
    reason: Reason = Reason.NOTHING_DUE


def _due(callee: Callee, _event: Due, now: int, rules: Rules) -> Step:
    """Look at the ladder.

    1. A retry whose gap is over is wanted again. 2. Rungs that are due are merged: texts are queued, voice roles
    are wanted (not those due after the ladder's own limit for voice). After a long standstill the rungs to come keep
    their distance from this one. 3. A passed limit moves the callee to the list. 4. If somebody is wanted and no
    attempt exists, one is queued. 5. The next deadline is the earliest of rung, retry and limit.
    """
    climb = _Climb(callee.wanted, callee.retry_at, callee.retry_roles)
    voice_ends = _voice_ends(callee, rules)
    if climb.retry_at is not None and climb.retry_at <= now:
        climb.wanted |= climb.retry_roles if voice_ends is None or climb.retry_at < voice_ends else 0
        climb.retry_at, climb.retry_roles, climb.reason = None, 0, Reason.RETRY_DUE
    slow = callee.state is S.DUTY_ANSWERED
    origin = now if callee.origin is None else callee.origin
    due = collect(rules.ladder, callee.position, origin, now, slow=slow, voice_until=voice_ends)
    rung_at = due.next_at
    if due.fired and now - due.last_at > LATE:
        origin += now - due.last_at
        rung_at = due_at(rules.ladder, due.position, origin, slow=slow)
    if due.fired:
        climb.reason = Reason.RUNG_DUE if due.fired == 1 else Reason.RUNGS_MERGED
        climb.wanted |= roles_to_call(due.voice, rules)
        climb.actions.extend(texts_to_roles(due.texts, rules))
    if rules.notice:
        done = replace(callee, state=S.INFORMED, next_at=None, unreached_at=None, position=due.position)
        return Step(done, tuple(climb.actions), Reason.NOTICE_SENT)
    state, unreached_at = _limit(callee, now, rules, climb)
    voice = callee.voice
    if now >= rules.voice_until:  # the validity is over: what is due is still written, but the ladder goes no further
        rung_at = climb.retry_at = None
        climb.retry_roles = 0
    if not _may_ring(callee, now, rules):
        climb.wanted = 0
    elif climb.wanted and voice is Voice.NONE:
        voice = Voice.QUEUED
        climb.actions.append(QueueVoice())
    moved = replace(
        callee,
        state=state,
        origin=origin,
        position=due.position,
        wanted=climb.wanted,
        voice=voice,
        retry_at=climb.retry_at,
        retry_roles=climb.retry_roles,
        unreached_at=unreached_at,
        next_at=_earliest(rung_at, climb.retry_at, unreached_at),
    )
    return Step(moved, tuple(climb.actions), climb.reason)


def _limit(callee: Callee, now: int, rules: Rules, climb: _Climb) -> tuple[CalleeState, int | None]:
    """The state after looking at the limit, and the limit that is left. No contact at all needs no waiting."""
    if callee.state not in (S.CALLING, S.RELAYED):
        return callee.state, callee.unreached_at
    if rules.reach == 0:
        climb.reason = Reason.NO_CONTACT
        said = rules.superior and any(one.verdict is Verdict.DEAD for one in callee.tried)  # with its last number
        if not said:
            climb.actions.append(RaiseAlarm("no_contact"))
        if rules.superior:
            climb.actions.append(OpenBelow(Reason.SUPERIOR_WITHOUT_CONTACT))
        return S.UNCALLED, None
    if callee.unreached_at is None or callee.unreached_at > now:
        return callee.state, callee.unreached_at
    climb.actions.extend(_silent(rules))
    if callee.calls == 0:
        climb.reason = Reason.LIMIT_NOT_CALLED
        return S.UNCALLED, None
    climb.reason = Reason.LIMIT_NOT_ANSWERED
    return S.UNANSWERED, None


def _silent(rules: Rules) -> tuple[Action, ...]:
    """What the officer is told when a unit goes on the list."""
    return (RaiseAlarm(rules.alarm_silent),) if rules.alarm_silent else ()


def _may_ring(callee: Callee, now: int, rules: Rules) -> bool:
    """Whether voice is still allowed: not after the validity, not if heard twice.

    The ladder's own limit is no matter here: it ends what comes due (`_voice_ends`), not what was due and had no line.
    """
    return now < rules.voice_until and callee.state is not S.UNCONFIRMED


def _voice_ends(callee: Callee, rules: Rules) -> int | None:
    """From when on no more voice comes due by the ladder; None: never."""
    limit = rules.ladder.voice_for
    return None if limit is None or callee.opened_at is None else callee.opened_at + limit


def _earliest(*moments: int | None) -> int | None:
    return min((moment for moment in moments if moment is not None), default=None)


# --- one call ---------------------------------------------------------------------------------------------


def _dialled(callee: Callee, event: Dialled, _now: int, _rules: Rules) -> Step:
    old = callee.memory_of(event.endpoint_id)
    route = old.route if old.verdict in DISTRUSTED else event.route
    memory = replace(old, count=old.count + 1, route=route)
    moved = replace(
        callee,
        voice=Voice.LIVE,
        calls=callee.calls + 1,
        wanted=callee.wanted & ~event.role,
        tried=_remember(callee.tried, memory),
    )
    return Step(moved, (), Reason.DIALLED)


def _not_dialled(callee: Callee, _event: NotDialled, now: int, _rules: Rules) -> Step:
    """Nobody wanted can be dialled now. If a number is only held back, its retry is not lost but comes in its time."""
    quiet = replace(callee, voice=Voice.NONE, wanted=0)
    held = _earliest(*(one.until for one in callee.tried if one.until > now))
    if held is not None:
        retry_at = _earliest(callee.retry_at, held)
        roles = callee.retry_roles | callee.wanted
        quiet = replace(quiet, retry_at=retry_at, retry_roles=roles, next_at=_earliest(callee.next_at, retry_at))
    return Step(quiet, (), Reason.NO_ENDPOINT_NOW)


def _lost(callee: Callee, event: Lost, now: int, rules: Rules) -> Step:
    enough = callee.state is S.DUTY_ANSWERED and not event.role & rules.answering
    if enough or not _may_ring(callee, now, rules):
        return Step(replace(callee, voice=Voice.NONE, wanted=0), (), Reason.CLAIM_LOST)
    again = replace(callee, voice=Voice.QUEUED, wanted=callee.wanted | event.role)
    return Step(again, (), Reason.CLAIM_LOST)


def _remember(tried: tuple[Tried, ...], memory: Tried) -> tuple[Tried, ...]:
    return (*(one for one in tried if one.endpoint_id != memory.endpoint_id), memory)


_ROUTE_TROUBLE = (Next.OTHER_ROUTE, Next.ROUTE_DOWN)


def _ended(callee: Callee, event: Ended, now: int, rules: Rules) -> Step:
    """A voice attempt is over without an answer: what the outcome table says."""
    if callee.state in FINISHED:
        return Step(callee, (), Reason.TOO_LATE)
    actions: list[Action] = []
    change = _Change(replace(callee, voice=Voice.NONE), event, now, rules)
    reason = change.apply(actions)
    moved = change.callee
    if moved.state is S.UNCONFIRMED and callee.state in (S.CALLING, S.RELAYED):
        actions.extend(_silent(rules))
    if moved.state is S.UNCALLED and moved.calls and event.outcome.next not in _ROUTE_TROUBLE:
        moved = replace(moved, state=S.UNANSWERED)
    if not _may_ring(moved, now, rules):
        moved = replace(moved, wanted=0, retry_at=None, retry_roles=0)
    elif moved.wanted:
        moved = replace(moved, voice=Voice.QUEUED)
        actions.append(QueueVoice())
    slow = moved.state is S.DUTY_ANSWERED
    rung_at = None if moved.origin is None else due_at(rules.ladder, moved.position, moved.origin, slow=slow)
    moved = replace(moved, next_at=_earliest(rung_at, moved.retry_at, moved.unreached_at))
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

    def _later(self, roles: int, gap: int) -> None:
        """Want `roles` again after `gap`, and not before."""
        self.callee = replace(
            self.callee,
            wanted=self.callee.wanted & ~roles,
            retry_at=_earliest(self.callee.retry_at, self.now + gap),
            retry_roles=self.callee.retry_roles | roles,
        )

    def _judge(self, verdict: Verdict, until: int) -> None:
        old = self.callee.memory_of(self.event.endpoint_id)
        memory = replace(old, verdict=verdict, until=until)
        self.callee = replace(self.callee, tried=_remember(self.callee.tried, memory))

    def _elsewhere_now(self, *, or_later: bool) -> None:
        """Another endpoint or receiver now; this one later if `or_later`."""
        others = roles_in(self.event.others)
        if others:
            first = self.event.role if self.event.role in others else others[0]
            self.callee = replace(self.callee, wanted=self.callee.wanted | first)
        if or_later:
            gap = self.event.outcome.gap
            retry_at = _earliest(self.callee.retry_at, self.now + gap)
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
            self.callee = replace(
                self.callee, tried=_remember(self.callee.tried, replace(memory, route=self.event.route))
            )
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


# --- answers and ends -------------------------------------------------------------------------------------


def _answered(callee: Callee, event: Answered, now: int, rules: Rules) -> Step:
    """Who answered decides what it is worth (design: who answers for a unit)."""
    if callee.state in FINISHED:
        return Step(callee, (), Reason.TOO_LATE)
    if event.role is None or rules.notice:  # who was only told was not asked: RELAYED would wait for an answer
        return _acknowledged(callee, now, rules, Reason.RECORDED if event.role is None else Reason.ANSWERED)
    if event.role & rules.answering:
        return _answering(callee, event, now, rules)
    if event.role & rules.gate_roles:
        return _duty_answered(callee, now, rules)
    if callee.state is S.CALLING:
        return Step(replace(callee, state=S.RELAYED), (), Reason.RELAYED)
    return Step(callee, (), Reason.RELAYED)


def _answering(callee: Callee, event: Answered, now: int, rules: Rules) -> Step:
    """One of those who answer for the unit: any, all or n of them."""
    answers = callee.answers
    if event.receiver_id is not None and event.receiver_id not in answers:
        answers = (*answers, event.receiver_id)
    counted = replace(callee, answers=answers)
    need = min(rules.need or rules.answerers, max(1, rules.answerers))  # never more than there are people
    if need <= 1 or len(answers) >= need:
        return _acknowledged(counted, now, rules, Reason.ANSWERED)
    return Step(counted, (), Reason.ANSWERED_PARTLY)


def _acknowledged(callee: Callee, now: int, rules: Rules, reason: Reason) -> Step:
    first = callee.state is not S.DUTY_ANSWERED
    actions: list[Action] = [Silence()]
    if rules.superior and first:
        actions.append(OpenBelow(Reason.SUPERIOR_ANSWERED))
    return Step(_at_rest(callee, S.ACKNOWLEDGED, now), tuple(actions), reason)


def _duty_answered(callee: Callee, now: int, rules: Rules) -> Step:
    """The duty room of an office: the gate opens, the fast ladder ends, slow calls to A go on.

    A call that is under way is not forgotten: it is hung up or ends, and until then there is no other.
    """
    if callee.state is S.DUTY_ANSWERED:
        return Step(callee, (), Reason.DUTY_ANSWERED)
    position = Position(1, 0)
    moved = replace(
        _at_rest(callee, S.DUTY_ANSWERED, now),
        origin=now,
        opened_at=now if callee.opened_at is None else callee.opened_at,
        position=position,
        voice=Voice.LIVE if callee.voice is Voice.LIVE else Voice.NONE,
        next_at=due_at(rules.ladder, position, now, slow=True),
    )
    actions: tuple[Action, ...] = (Silence(texts=False),)
    if rules.superior:
        actions = (*actions, OpenBelow(Reason.SUPERIOR_ANSWERED))
    return Step(moved, actions, Reason.DUTY_ANSWERED)


def _at_rest(callee: Callee, state: CalleeState, now: int | None) -> Callee:
    """Nothing queued, no deadline. A LIVE call runs out by itself or is hung up while it rings."""
    return replace(
        callee,
        state=state,
        next_at=None,
        unreached_at=None,
        retry_at=None,
        retry_roles=0,
        wanted=0,
        voice=Voice.NONE,
        answered_at=callee.answered_at if now is None or callee.answered_at is not None else now,
    )


def _leader_told(callee: Callee, _event: LeaderTold, now: int, rules: Rules) -> Step:
    return _acknowledged(callee, now, rules, Reason.LEADER_TOLD)


def _withdrawn(callee: Callee, event: Withdrawn, now: int, rules: Rules) -> Step:
    actions: list[Action] = [Silence()]
    waived = event.into is S.WAIVED
    if waived and rules.superior and callee.state is not S.DUTY_ANSWERED:
        actions.append(OpenBelow(Reason.WAIVED))
    return Step(_at_rest(callee, event.into, now if waived else None), tuple(actions), event.reason)


def _recalled(callee: Callee, _event: Recalled, now: int, rules: Rules) -> Step:
    """From the foot of the ladder, now: whoever asks for it knows better than a gap that still runs."""
    again = replace(
        opened(now, rules),
        voice=callee.voice,
        wanted=callee.wanted,
        tried=tuple(replace(one, until=min(one.until, now)) for one in callee.tried),
        answers=callee.answers,
        calls=callee.calls,
    )
    return Step(again, (), Reason.RECALLED)


def _contact_added(callee: Callee, event: ContactAdded, now: int, rules: Rules) -> Step:
    """Somebody new: called and written to now, beside whatever is under way.

    A unit that nobody could reach is called from the foot of the ladder; one that had only listened is asked anew. After
    the duty room has answered, only somebody whose own answer counts is called. A notice rings nobody.
    """
    if now < rules.voice_until and event.first and callee.state is S.UNCALLED:
        return replace(_recalled(callee, Recalled(), now, rules), reason=Reason.CONTACT_ADDED)
    actions: list[Action] = [*texts_to_somebody(event.role, event.texts, rules)]
    moved = callee
    if event.voice and callee.state is S.UNCONFIRMED and now < rules.voice_until:
        limit = now + rules.ladder.unreached_after
        moved = replace(callee, state=S.CALLING, heard=0, unreached_at=limit, next_at=_earliest(callee.next_at, limit))
    counts = callee.state is not S.DUTY_ANSWERED or event.role & rules.answering
    if event.voice and counts and not rules.notice and _may_ring(moved, now, rules):
        moved = replace(moved, wanted=moved.wanted | event.role)
        if moved.voice is Voice.NONE:
            moved = replace(moved, voice=Voice.QUEUED)
            actions.append(QueueVoice())
    return Step(moved, tuple(actions), Reason.CONTACT_ADDED)


_HANDLERS: Mapping[type[CalleeEvent], Callable[..., Step]] = {
    Opened: _open,
    Due: _due,
    Dialled: _dialled,
    NotDialled: _not_dialled,
    Lost: _lost,
    Ended: _ended,
    Answered: _answered,
    LeaderTold: _leader_told,
    Withdrawn: _withdrawn,
    Recalled: _recalled,
    ContactAdded: _contact_added,
}
