"""叫应对象: the state of one callee as a value, and the rules it is called by. PURE; the machine is in callee.py."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from warning_dispatch.escalation.ladder import Position
from warning_dispatch.model.plan import Ladder
from warning_dispatch.model.states import CalleeState, Voice

START = Position(0, 0)
"""The foot of the ladder."""


class Verdict(IntEnum):
    """What is known of an endpoint within this call-out."""

    USABLE = 0
    OFF = 1
    """Switched off or out of coverage when last tried."""
    DOUBTFUL = 2
    """Reported empty or suspended once; networks lie in storms."""
    DEAD = 3
    """Permanently wrong; a finding for the register."""
    BUSY = 4
    """Engaged when last tried: the same number once more after its gap."""
    CLEARED = 5
    """Called empty by `route`, reached by another: the number is right, that network lies about it."""


DISTRUSTED = (Verdict.DOUBTFUL, Verdict.CLEARED)
"""Verdicts whose `route` is the one that called the number empty."""


@dataclass(frozen=True, slots=True)
class Tried:
    """The memory of one endpoint: how often dialled, the verdict, not before `until` (ms), by which route.

    `route` is the last one that dialled it; under a DISTRUSTED verdict the one that called it empty.
    """

    endpoint_id: int
    count: int
    verdict: Verdict = Verdict.USABLE
    until: int = 0
    route: str = ""


@dataclass(frozen=True, slots=True)
class Callee:
    """The whole state of a callee. Times in ms; `wanted` and `retry_roles` are role masks."""

    state: CalleeState = CalleeState.WAITING
    opened_at: int | None = None
    origin: int | None = None
    position: Position = START
    next_at: int | None = None
    unreached_at: int | None = None
    retry_at: int | None = None
    retry_roles: int = 0
    wanted: int = 0
    voice: Voice = Voice.NONE
    calls: int = 0
    heard: int = 0
    tried: tuple[Tried, ...] = ()
    answers: tuple[int, ...] = ()
    answered_at: int | None = None

    def memory_of(self, endpoint_id: int) -> Tried:
        """What is known of an endpoint; nothing yet is a fresh memory."""
        for tried in self.tried:
            if tried.endpoint_id == endpoint_id:
                return tried
        return Tried(endpoint_id, 0)

    def remembering(self, memory: Tried) -> Callee:
        """This callee with what is now known of an endpoint."""
        others = (one for one in self.tried if one.endpoint_id != memory.endpoint_id)
        return replace(self, tried=(*others, memory))


@dataclass(frozen=True, slots=True)
class Rules:
    """What does not change while a callee is called: its tier's rules and what its unit can be reached by.

    `need`: answers wanted (0 = all `answerers`). `voice_until`: the call-out's limit for voice (ms). `alarm_silent`: the
    alarm to raise when the limit passes without an answer; empty: none, the list is enough. `until_claimed`: somebody
    must claim it, so hearing it out never ends the ringing.
    """

    ladder: Ladder
    answering: int
    gate_roles: int
    need: int
    reach: int
    voice_until: int
    answerers: int = 1
    notice: bool = False
    superior: bool = False
    alarm_silent: str = ""
    until_claimed: bool = False
