"""Who is reached by what: roles that can be called, messages, the officer when nobody was. PURE; it moves no state."""

from __future__ import annotations

from collections.abc import Sequence

from warning_dispatch.escalation.moves import Action, QueueText, RaiseAlarm
from warning_dispatch.escalation.state import Callee, Rules
from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.unit import Channel, Role, reachable_roles, roles_in


def roles_to_call(roles: int, rules: Rules) -> int:
    """Those of a rung who can be reached; if none of them can, the first who answers for the unit and can."""
    reachable = reachable_roles(rules.reach, Channel.VOICE)
    if not roles or roles & reachable:
        return roles & reachable
    stand_ins = roles_in(reachable & rules.answering) or roles_in(reachable & rules.gate_roles)
    return stand_ins[0] if stand_ins else 0


def texts_to_roles(texts: Sequence[tuple[Channel, int]], rules: Rules) -> list[QueueText]:
    """A rung's messages, one for each role that can be written to."""
    return [
        QueueText(channel, role)
        for channel, roles in texts
        for role in roles_in(roles & reachable_roles(rules.reach, channel))
    ]


def texts_to_somebody(role: Role, texts: Sequence[tuple[Channel, int]], rules: Rules) -> list[QueueText]:
    """Messages to (channel, endpoint) pairs of one person, on the channels that the ladder writes on at all."""
    rungs = (*rules.ladder.rungs, *rules.ladder.repeat.rungs)
    written = {channel for rung in rungs for channel in rung.channels}
    return [QueueText(channel, role, endpoint_id) for channel, endpoint_id in texts if channel in written]


def may_ring(callee: Callee, now: int, rules: Rules) -> bool:
    """Whether voice is still allowed: not after the validity, not if heard twice.

    The ladder's own limit is no matter here: it ends what comes due (climbing.py), not what was due and had no line.
    """
    return now < rules.voice_until and callee.state is not CalleeState.UNCONFIRMED


def tell_unreached(rules: Rules) -> tuple[Action, ...]:
    """What the officer is told when a unit goes on the list."""
    return (RaiseAlarm(rules.alarm_silent),) if rules.alarm_silent else ()
