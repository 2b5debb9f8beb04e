"""The stage: an engine and the network on the virtual clock, played until nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import cast

import pytest

from warning_dispatch.clock import VirtualClock
from warning_dispatch.engine.engine import Engine
from warning_dispatch.engine.turn import Inbox, Turned
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Event
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.simulation.population import Population, TextHabit, Times, VoiceHabit
from warning_dispatch.simulation.stage import Stage

START = 1_784_727_180_000
REDIAL = 60_000
TIMES = Times(ring=(10_000, 10_000), listen=(8_000, 8_000), delivery=(5_000, 5_000), reply=(30_000, 30_000))
Make = Callable[..., Dispatch]


class Redialler:
    """The least that behaves like an engine: calls (at most `batch` in a turn), and calls again a minute after a failure.

    `calls_off_at`: from then on it hangs up what it started and dials no more.
    """

    def __init__(
        self, make: Make, count: int, *, batch: int = 1_000, channel: Channel = Channel.VOICE, calls_off_at: int = 0
    ) -> None:
        self.due = [(START, f"+862601{n:07d}") for n in range(count)]
        self.under_way: dict[int, str] = {}
        self.answered: set[str] = set()
        self.heard: list[tuple[int, Event]] = []
        self.receipts = 0
        self.attempts = 0
        self.turned_at: list[int] = []
        self._make = make
        self._batch = batch
        self._channel = channel
        self._calls_off_at = calls_off_at

    def turn(self, now: int, inbox: Inbox) -> Turned:
        """Take in, then dial what is due."""
        self.turned_at.append(now)
        self._take(now, inbox)
        hang_up: tuple[int, ...] = ()
        if self._calls_off_at and now >= self._calls_off_at:
            hang_up, self.due = tuple(self.under_way), []
        ready = [one for one in self.due if one[0] <= now]
        batch = tuple(self._dial(address) for _, address in ready[: self._batch])
        self.due = [one for one in self.due if one not in ready[: self._batch]]
        full = len(ready) > self._batch
        next_at = now if full else min((at for at, _ in self.due), default=None)
        return Turned(batch, hang_up, next_at, stepped=0, opened=0, queued=0, answered=0)

    def _take(self, now: int, inbox: Inbox) -> None:
        self.receipts += len(inbox.receipts)
        self.heard += [(now, event) for event in (*inbox.reports, *inbox.replies, *inbox.taps)]
        self.answered |= {reply.address for reply in inbox.replies}
        for report in inbox.reports:
            address = self.under_way.pop(report.attempt_id)
            if report.outcome == "key_pressed":
                self.answered.add(address)
            elif self._channel is Channel.VOICE:
                self.due.append((now + REDIAL, address))

    def _dial(self, address: str) -> Dispatch:
        self.attempts += 1
        self.under_way[self.attempts] = address
        return self._make(self.attempts, address, self._channel, link=f"L{self.attempts}")


def staged(engine: Redialler, network: SimulatedNetwork, grain: int = 1_000) -> Stage:
    """The double and the network face to face."""
    return Stage(cast("Engine", engine), network, VirtualClock(START), grain=grain)


def test_it_plays_until_everybody_has_answered(make: Make) -> None:
    """Default people, redialled until they answer: the play ends by `over`, and every hand-over was receipted."""
    engine = Redialler(make, 200)
    patient = Population(mobile={VoiceHabit.ANSWERS: 0.6, VoiceHabit.ASLEEP: 0.2, VoiceHabit.BUSY: 0.2})
    stage = staged(engine, SimulatedNetwork(1, patient))
    stage.play(lambda: len(engine.answered) == 200)
    assert len(engine.answered) == 200
    assert engine.due == []
    assert stage.tally.attempts == engine.attempts == engine.receipts > 200
    assert stage.tally.turns == len(engine.turned_at)
    assert stage.tally.first_attempt_at == START


def test_it_ends_when_nothing_is_due_any_more(make: Make) -> None:
    """Nobody waits for an end that cannot come: no deadline, nothing under way, over."""
    engine = Redialler(make, 3, channel=Channel.SMS)
    stage = staged(engine, SimulatedNetwork(1, Population.everyone(text=TextHabit.REPLIES, times=TIMES)))
    stage.play(lambda: False)
    assert len(engine.answered) == 3
    assert stage.clock.now() - START < 40_000


def test_taps_reach_the_engine(make: Make) -> None:
    """All three kinds of events are put before the engine."""
    engine = Redialler(make, 3, channel=Channel.SMS)
    stage = staged(engine, SimulatedNetwork(1, Population.everyone(text=TextHabit.TAPS)))
    stage.play(lambda: False)
    kinds = [type(event).__name__ for _, event in engine.heard]
    assert sorted(kinds) == ["Report"] * 3 + ["Tap"] * 3


def test_it_does_not_pass_the_moment_it_was_given(make: Make) -> None:
    """`until` is the last moment that may be reached; a later call goes on from there."""
    engine = Redialler(make, 1)
    stage = staged(engine, SimulatedNetwork(1, Population.everyone(VoiceHabit.NEVER)))
    stage.play(lambda: False, until=START + 10 * REDIAL)
    assert START + 8 * REDIAL < stage.clock.now() <= START + 10 * REDIAL
    attempts = engine.attempts
    stage.play(lambda: False, until=START + 20 * REDIAL)
    assert engine.attempts > attempts


def test_a_full_batch_is_followed_up_in_the_same_moment(make: Make) -> None:
    """A turn that could not take everything costs no virtual time."""
    engine = Redialler(make, 95, batch=10)
    stage = staged(engine, SimulatedNetwork(1, Population.everyone(times=TIMES)))
    stage.play(lambda: len(engine.answered) == 95)
    assert engine.turned_at.count(START) >= 10
    assert {at for at, _ in engine.heard} == {START + 18_000}


@pytest.mark.parametrize("grain", [1, 1_000, 5_000])
def test_a_round_takes_at_least_the_grain(grain: int, make: Make) -> None:
    """Time jumps by no less than the grain, and events of one grain are one turn."""
    engine = Redialler(make, 50)
    stage = staged(engine, SimulatedNetwork(1, Population(slips=0.0)), grain)
    stage.play(lambda: False, until=START + 5 * REDIAL)
    moments = sorted(set(engine.turned_at))
    assert all(later - earlier >= grain for earlier, later in pairwise(moments))
    assert len(moments) > 10


def test_what_the_engine_ends_stops_ringing(make: Make) -> None:
    """Hang-ups are passed on before anything new is handed over, and come back as reports."""
    engine = Redialler(make, 5, calls_off_at=START + 1)
    network = SimulatedNetwork(1, Population.everyone(VoiceHabit.NEVER))
    stage = staged(engine, network)
    stage.round()
    assert len(network.ringing()) == 5
    stage.clock.advance_to(START + 3_000)
    stage.round()
    assert network.ringing() == frozenset()
    stage.round()
    assert {event.outcome for _, event in engine.heard} == {"hung_up_by_us"}  # type: ignore[union-attr]


def test_a_crash_forgets_what_was_not_taken_in(make: Make) -> None:
    """`forget` drops the wire's last word; later events still come."""
    engine = Redialler(make, 2)
    stage = staged(engine, SimulatedNetwork(1, Population.everyone(times=TIMES)))
    stage.round()
    stage.forget()
    stage.clock.advance_to(START + 18_000)
    stage.listen()
    stage.round()
    assert engine.receipts == 0
    assert len(engine.answered) == 2


def test_the_same_night_is_played_the_same_way(make: Make) -> None:
    """Seed, engine and grain decide everything: two plays are equal turn by turn."""
    nights = []
    for _ in range(2):
        engine = Redialler(make, 60)
        staged(engine, SimulatedNetwork(9)).play(lambda: False, until=START + 30 * REDIAL)
        nights.append((engine.turned_at, engine.heard))
    assert nights[0] == nights[1]
