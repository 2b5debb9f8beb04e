"""The engine and the simulated network face to face, on the virtual clock: demo at full speed, storms, planning.

The same engine as in the daemon, called directly. A round: turn, hang up, hand over, let people act. Time then jumps to
the next moment at which anything is due, at least `grain` further, so that what is close together is one batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from warning_dispatch.clock import VirtualClock
from warning_dispatch.engine.engine import Engine
from warning_dispatch.engine.timekeeping import ClockWatch
from warning_dispatch.engine.turn import Inbox, Turned
from warning_dispatch.ports import Reply, Report, Tap
from warning_dispatch.simulation.network import SimulatedNetwork


@dataclass(slots=True)
class Tally:
    """What a run amounted to."""

    turns: int = 0
    attempts: int = 0
    first_attempt_at: int | None = None


class Stage:
    """Plays a call-out in virtual time."""

    def __init__(self, engine: Engine, network: SimulatedNetwork, clock: VirtualClock, *, grain: int = 1_000) -> None:
        """`grain` ms: how much virtual time one round takes at least."""
        self.engine = engine
        self.network = network
        self.clock = clock
        self.tally = Tally()
        self._grain = grain
        self._inbox = Inbox()
        self._time = ClockWatch(clock)

    def mind_the_clock(self) -> None:
        """If somebody set the wall clock: deadlines move along; what goes on in the network never noticed."""
        reading = self._time.look()
        if reading.stepped:
            self.network.move_along(reading.stepped)
            self.engine.clock_stepped(reading.now, reading.stepped)
            self._time.settled(reading.stepped)

    def round(self) -> Turned:
        """One turn at the present moment, and what it sets going."""
        self.mind_the_clock()
        now = self.clock.now()
        inbox, self._inbox = self._inbox, Inbox()
        turned = self.engine.turn(now, inbox)
        self.tally.turns += 1
        if turned.hang_up:
            self.network.hang_up(turned.hang_up, now)
        if turned.batch:
            self.tally.attempts += len(turned.batch)
            if self.tally.first_attempt_at is None:
                self.tally.first_attempt_at = now
            self._inbox.receipts.extend(self.network.accept(turned.batch, now))
        self.listen()
        return turned

    def forget(self) -> None:
        """What came from the wire and was not yet taken in is lost (a crash), and so is the comparison of the clocks."""
        self._inbox = Inbox()
        self.network.move_along(self._time.look().stepped)
        self._time = ClockWatch(self.clock)

    def listen(self) -> None:
        """Let people act up to the present moment."""
        for event in self.network.advance(self.clock.now()):
            match event:
                case Report():
                    self._inbox.reports.append(event)
                case Reply():
                    self._inbox.replies.append(event)
                case Tap():
                    self._inbox.taps.append(event)

    def play(self, over: Callable[[], bool], until: int | None = None) -> None:
        """Rounds until `over()`, until nothing is due any more, or until the moment `until`."""
        while True:
            turned = self.round()
            if over() and not self._inbox:
                return
            now = self.clock.now()
            if self._inbox.receipts or turned.next_at == now:
                continue  # a receipt costs no time, and a full batch is not all there was
            moments = [at for at in (turned.next_at, self.network.next_at()) if at is not None]
            if self._inbox:
                moments.append(now)
            if not moments:
                return
            target = max(min(moments), now + self._grain)
            if until is not None and target > until:
                return
            self.clock.advance_to(target)
            self.listen()
