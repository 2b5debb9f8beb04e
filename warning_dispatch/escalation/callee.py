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

Where the moves live: what a look at the ladder finds due in `climbing`, the verdict on a call that has ended in
`verdicts`, everything else here.

House rules of these three: everything that affects the states lives in them; they do not know who called whom, which
database keeps the row, or what time it is. `TABLE` lists every move that exists; `step` refuses a move that is not in
it, so the diagram in docs/callee.md, drawn from it, cannot lie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from warning_dispatch.errors import RefusedError
from warning_dispatch.escalation.climbing import look_at_ladder
from warning_dispatch.escalation.ladder import Position, due_at, earliest
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
    Recalled,
    Silence,
    Step,
    Withdrawn,
)
from warning_dispatch.escalation.reaching import may_ring, texts_to_somebody
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.escalation.state import DISTRUSTED, Callee, Rules
from warning_dispatch.escalation.verdicts import ended
from warning_dispatch.model.states import FINISHED, CalleeState, Voice

S = CalleeState


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
    if result.callee.state not in allowed:  # a slip of ours, found by every test that takes the move
        raise RefusedError(
            f"状态不能这样变 / {callee.state.name} may not become {result.callee.state.name} by {kind.__name__}"
        )
    return result


# --- the gate opens ---------------------------------------------------------------------------------------


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


# --- one call ---------------------------------------------------------------------------------------------


def _dialled(callee: Callee, event: Dialled, _now: int, _rules: Rules) -> Step:
    old = callee.memory_of(event.endpoint_id)
    route = old.route if old.verdict in DISTRUSTED else event.route
    moved = replace(
        callee.remembering(replace(old, count=old.count + 1, route=route)),
        voice=Voice.LIVE,
        calls=callee.calls + 1,
        wanted=callee.wanted & ~event.role,
    )
    return Step(moved, (), Reason.DIALLED)


def _not_dialled(callee: Callee, _event: NotDialled, now: int, _rules: Rules) -> Step:
    """Nobody wanted can be dialled now. If a number is only held back, its retry is not lost but comes in its time."""
    quiet = replace(callee, voice=Voice.NONE, wanted=0)
    held = earliest(*(one.until for one in callee.tried if one.until > now))
    if held is not None:
        retry_at = earliest(callee.retry_at, held)
        roles = callee.retry_roles | callee.wanted
        quiet = replace(quiet, retry_at=retry_at, retry_roles=roles, next_at=earliest(callee.next_at, retry_at))
    return Step(quiet, (), Reason.NO_ENDPOINT_NOW)


def _lost(callee: Callee, event: Lost, now: int, rules: Rules) -> Step:
    enough = callee.state is S.DUTY_ANSWERED and not event.role & rules.answering
    if enough or not may_ring(callee, now, rules):
        return Step(replace(callee, voice=Voice.NONE, wanted=0), (), Reason.CLAIM_LOST)
    again = replace(callee, voice=Voice.QUEUED, wanted=callee.wanted | event.role)
    return Step(again, (), Reason.CLAIM_LOST)


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
        moved = replace(callee, state=S.CALLING, heard=0, unreached_at=limit, next_at=earliest(callee.next_at, limit))
    counts = callee.state is not S.DUTY_ANSWERED or event.role & rules.answering
    if event.voice and counts and not rules.notice and may_ring(moved, now, rules):
        moved = replace(moved, wanted=moved.wanted | event.role)
        if moved.voice is Voice.NONE:
            moved = replace(moved, voice=Voice.QUEUED)
            actions.append(QueueVoice())
    return Step(moved, tuple(actions), Reason.CONTACT_ADDED)


_HANDLERS: Mapping[type[CalleeEvent], Callable[..., Step]] = {
    Opened: _open,
    Due: look_at_ladder,
    Dialled: _dialled,
    NotDialled: _not_dialled,
    Lost: _lost,
    Ended: ended,
    Answered: _answered,
    LeaderTold: _leader_told,
    Withdrawn: _withdrawn,
    Recalled: _recalled,
    ContactAdded: _contact_added,
}
