"""熔断: when a route is taken out of service, tried again, and back. PURE.

Theory of operation
-------------------
    CLOSED --(one decisive outcome, or FAILURES in a row)--> OPEN --(back-off over)--> TRIAL: one attempt, no more
       ^                                                      ^  ^                       |        |
       |                                                      |  +---(it came back)------+    (taken)
       |                                                      +------(it came back)------+        v
       +----(it got through, or did not come back within PROVED_AFTER)----------------------- PROVING

A *decisive* outcome says that the provider refuses us as such (down, credentials, balance, configuration). A refusal for
the moment counts, and any hand-over that is taken forgets the count. From the opening on exactly one attempt decides; what was
handed over before and is told of now does not. That a provider takes an attempt proves little (many take everything and
say a second later that they cannot), that it rings for a moment proves enough: nobody waits for somebody to pick up.

The back-off grows while another route carries what this one does not. Where none is in service people wait for this one:
then it is tried every FIRST_BACK_OFF, however often it has failed. An opening soon after the last closing goes on with
the back-off where it was: a provider that takes one call in ten must not be given a hundred in between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

FAILURES = 5
"""Refusals for the moment in a row that open it."""
FIRST_BACK_OFF = 60_000
"""ms until the first trial; twice as long after each that failed."""
LONGEST_BACK_OFF = 480_000
"""ms between two trials at the most."""
PROVED_AFTER = 3_000
"""ms in which a trial that was taken and is no good comes back."""
TRIAL_FOR = 240_000
"""ms after which nothing more is expected of a trial."""
STEADY = 600_000
"""ms in service after which a new opening begins with the first back-off again."""
MOST_OPENINGS = 8
"""Openings in a row that are told apart."""


class Phase(Enum):
    """Where a route is; the values are stored."""

    CLOSED = 0
    """In service."""
    OPEN = 1
    """Out of service; after `until` the next attempt is its trial."""
    TRIAL = 2
    """One attempt is on its way to the provider, nothing else goes."""
    PROVING = 3
    """The provider has taken it; unless it comes back by `until`, the route is in service again."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of one route. `until`: OPEN: no trial before; TRIAL, PROVING: decided by then; CLOSED: since when.

    `why`: the outcome that opened it. `trial`: the attempt that is the trial.
    """

    phase: Phase = Phase.CLOSED
    failures: int = 0
    openings: int = 0
    until: int = 0
    why: str = ""
    trial: int | None = None

    @property
    def in_service(self) -> bool:
        """Whether it takes whatever it has room for."""
        return self.phase is Phase.CLOSED

    @property
    def quiet(self) -> bool:
        """Whether nothing that goes well changes it."""
        return self.in_service and not self.failures

    @property
    def down_until(self) -> int:
        """Until when nothing can go; 0 in service."""
        return 0 if self.in_service else self.until

    def trial_at(self, *, alone: bool) -> int:
        """From when on exactly one attempt may go. `alone`: no other route of the channel is in service."""
        if self.phase is Phase.OPEN and alone:
            return self.until - _back_off(self.openings) + FIRST_BACK_OFF
        return self.until

    def takes_trial(self, now: int, *, alone: bool) -> bool:
        """Whether exactly one attempt may go now."""
        return self.phase in (Phase.OPEN, Phase.TRIAL) and self.trial_at(alone=alone) <= now


IN_SERVICE = Breaker()
"""Where every route begins."""


class Told(Enum):
    """What has to be said of a step."""

    NOTHING = "nothing"
    OPENED = "opened"
    """Out of service: an alarm, once."""
    REOPENED = "reopened"
    """The trial failed."""
    CLOSED = "closed"
    """Back in service."""


@dataclass(frozen=True, slots=True)
class BreakerStep:
    """A breaker after something happened."""

    breaker: Breaker
    told: Told = Told.NOTHING


def failed(breaker: Breaker, attempt_id: int, why: str, now: int, *, decisive: bool) -> BreakerStep:
    """An attempt came back for the route's sake."""
    match breaker.phase:
        case Phase.CLOSED if decisive or breaker.failures + 1 >= FAILURES:
            return BreakerStep(_opened(breaker, why, now), Told.OPENED)
        case Phase.CLOSED:
            return BreakerStep(replace(breaker, failures=breaker.failures + 1))
        case Phase.TRIAL | Phase.PROVING if attempt_id == breaker.trial:
            return BreakerStep(_opened(breaker, why, now), Told.REOPENED)
    return BreakerStep(breaker)


def taken(breaker: Breaker, attempt_id: int, now: int) -> BreakerStep:
    """The provider took a hand-over. Of a trial that is not enough: it must not come back."""
    if breaker.phase is Phase.TRIAL and attempt_id == breaker.trial:
        return BreakerStep(replace(breaker, phase=Phase.PROVING, until=now + PROVED_AFTER))
    return BreakerStep(replace(breaker, failures=0) if breaker.in_service and breaker.failures else breaker)


def got_through(breaker: Breaker, attempt_id: int, now: int) -> BreakerStep:
    """An attempt reached its phone, whatever came of it there (or, of a text, the provider took it)."""
    if breaker.phase in (Phase.TRIAL, Phase.PROVING) and attempt_id == breaker.trial:
        return BreakerStep(_closed(breaker, now), Told.CLOSED)
    return taken(breaker, attempt_id, now)


def time_passed(breaker: Breaker, now: int) -> BreakerStep:
    """A trial that was taken and did not come back has got through."""
    if breaker.phase is Phase.PROVING and breaker.until <= now:
        return BreakerStep(_closed(breaker, now), Told.CLOSED)
    return BreakerStep(breaker)


def tried(breaker: Breaker, attempt_id: int, now: int) -> Breaker:
    """This attempt is the trial now, whenever it may be. A trial before it of which nothing was heard has failed."""
    lost = breaker.phase is Phase.TRIAL
    openings = min(breaker.openings + lost, MOST_OPENINGS)
    return replace(breaker, phase=Phase.TRIAL, until=now + TRIAL_FOR, trial=attempt_id, openings=openings)


def withdrawn(breaker: Breaker, attempt_id: int, now: int) -> BreakerStep:
    """The attempt never went: had it been the trial, the next one is."""
    if breaker.phase is Phase.TRIAL and attempt_id == breaker.trial:
        return BreakerStep(replace(breaker, phase=Phase.OPEN, until=now, trial=None))
    return BreakerStep(breaker)


def probed(breaker: Breaker, why: str, now: int) -> BreakerStep:
    """The provider was asked how it fares; `why` is empty when it fares well.

    Ill: out of service, without waiting for a village to find out. Well: what a probe had opened is closed, for the rest
    the trial comes at once; a provider may answer questions and place no calls.
    """
    if why:
        opened = BreakerStep(_opened(breaker, why, now, by_probe=True), Told.OPENED)
        return opened if breaker.in_service else BreakerStep(breaker)
    if breaker.phase is not Phase.OPEN:
        return BreakerStep(breaker)
    if breaker.why.startswith(BY_PROBE):
        return BreakerStep(_closed(breaker, now), Told.CLOSED)
    return BreakerStep(replace(breaker, until=min(breaker.until, now)))


BY_PROBE = "probe:"
"""Before the outcome of an opening that a probe asked for."""


def _opened(breaker: Breaker, why: str, now: int, *, by_probe: bool = False) -> Breaker:
    steady = breaker.in_service and now - breaker.until >= STEADY
    openings = 1 if steady or not breaker.openings else min(breaker.openings + 1, MOST_OPENINGS)
    return Breaker(Phase.OPEN, 0, openings, now + _back_off(openings), (BY_PROBE if by_probe else "") + why)


def _back_off(openings: int) -> int:
    return min(FIRST_BACK_OFF << max(openings - 1, 0), LONGEST_BACK_OFF)


def _closed(breaker: Breaker, now: int) -> Breaker:
    return Breaker(Phase.CLOSED, 0, breaker.openings, now)
