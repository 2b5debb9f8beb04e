"""What a look at the ladder finds due for a callee: texts, somebody to ring, the limit. PURE; the table is in callee.py."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from warning_dispatch.escalation.ladder import collect, due_at, earliest
from warning_dispatch.escalation.moves import Action, Due, OpenBelow, QueueVoice, RaiseAlarm, Step
from warning_dispatch.escalation.reaching import may_ring, roles_to_call, tell_unreached, texts_to_roles
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.escalation.state import Callee, Rules, Verdict
from warning_dispatch.model.states import CalleeState, Voice

S = CalleeState

LATE = 60_000
"""ms by which a rung may come late (a pause, downtime) before those above it keep their distance from it instead."""


@dataclass(slots=True)
class _Climb:
    """What one look at the ladder brings together before the state is written."""

    wanted: int
    retry_at: int | None
    retry_roles: int
    actions: list[Action] = field(default_factory=list)
    reason: Reason = Reason.NOTHING_DUE


def look_at_ladder(callee: Callee, _event: Due, now: int, rules: Rules) -> Step:
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
    if not may_ring(callee, now, rules):
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
        next_at=earliest(rung_at, climb.retry_at, unreached_at),
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
    climb.actions.extend(tell_unreached(rules))
    if callee.calls == 0:
        climb.reason = Reason.LIMIT_NOT_CALLED
        return S.UNCALLED, None
    climb.reason = Reason.LIMIT_NOT_ANSWERED
    return S.UNANSWERED, None


def _voice_ends(callee: Callee, rules: Rules) -> int | None:
    """From when on no more voice comes due by the ladder; None: never."""
    limit = rules.ladder.voice_for
    return None if limit is None or callee.opened_at is None else callee.opened_at + limit
