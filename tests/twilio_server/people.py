"""Who is on the other end: the people of the simulated network, as callers and writers that Twilio can meet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from warning_dispatch.model.unit import Channel
from warning_dispatch.simulation.habits import Habits
from warning_dispatch.simulation.population import Population, Script, TextHabit, VoiceHabit


class Pick(NamedTuple):
    """What somebody does when it rings. ms from the ring (`picks_up`), then from picking up."""

    ending: str
    """How Twilio will call the end where nobody picks up."""
    picks_up: int | None
    leaves: int
    """Hangs up, unless the call ends before."""
    keys: tuple[tuple[int, str], ...] = ()
    machine: bool = False
    sip: int = 0


_SIP = {
    "switched_off": 480,
    "out_of_coverage": 480,
    "empty_number": 404,
    "suspended": 404,
    "invalid_number": 484,
    "rejected": 603,
    "colour_ring": 487,
}
_STAYS = 120_000


@dataclass
class People:
    """Draws what people do, and remembers how often each was called."""

    seed: int = 1
    population: Population = field(default_factory=Population)
    keys: dict[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    """What a number presses, whatever its habits: ms after picking up, key."""

    def __post_init__(self) -> None:
        self._habits = Habits(self.seed, self.population)
        self._calls: dict[str, int] = {}
        self._texts: dict[str, int] = {}

    def script(self, address: str, *, voice: VoiceHabit | None = None, text: TextHabit | None = None) -> None:
        """One number does always the same."""
        self._habits.set_script(address, Script((voice,) if voice else (), (text,) if text else ()))

    def called(self, address: str, ring_for: int) -> Pick:
        """The next call to a number."""
        nth = self._calls[address] = self._calls.get(address, 0) + 1
        turn = self._habits.call(address, nth, ring_for)
        if address in self.keys:
            return Pick("", 2_000, _STAYS, self.keys[address])
        if turn.picked_up_after is None:
            ending = {"no_answer": "no-answer", "busy": "busy"}.get(turn.outcome, "failed")
            return Pick(ending, None, turn.ends_after, sip=_SIP.get(turn.outcome, 487))
        talks = turn.ends_after - turn.picked_up_after
        match turn.outcome:
            case "key_pressed":
                return Pick("", turn.picked_up_after, _STAYS, ((talks, "1"),))
            case "hung_up_early":
                return Pick("", turn.picked_up_after, talks)
            case outcome:
                return Pick("", turn.picked_up_after, _STAYS, machine=outcome in ("machine", "voicemail"))

    def texted(self, address: str) -> tuple[str, int, TextHabit, int, str]:
        """The next message to a number: outcome, when it is told, habit, when they act, what they write."""
        nth = self._texts[address] = self._texts.get(address, 0) + 1
        turn = self._habits.message(Channel.SMS, address, nth)
        return turn.outcome, turn.told_after, turn.habit, turn.acts_after, turn.words
