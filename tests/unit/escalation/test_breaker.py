"""A route goes out of service, is tried by one attempt, and comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.escalation.breaker import (
    FAILURES,
    FIRST_BACK_OFF,
    IN_SERVICE,
    LONGEST_BACK_OFF,
    PROVED_AFTER,
    STEADY,
    TRIAL_FOR,
    Breaker,
    BreakerStep,
    Phase,
    Told,
    failed,
    got_through,
    probed,
    taken,
    time_passed,
    tried,
    withdrawn,
)

NOW = 1_000_000_000


def down(breaker: Breaker = IN_SERVICE, now: int = NOW, attempt: int = 1) -> Breaker:
    """After one decisive outcome."""
    return failed(breaker, attempt, "provider_down", now, decisive=True).breaker


def test_one_decisive_outcome_opens_it_and_a_few_others_do_not() -> None:
    """A provider that is down is not asked five times; one that refuses for the moment is, in a row."""
    step = failed(IN_SERVICE, 1, "balance_exhausted", NOW, decisive=True)
    assert (step.told, step.breaker.phase, step.breaker.why) == (Told.OPENED, Phase.OPEN, "balance_exhausted")
    breaker = IN_SERVICE
    for number in range(FAILURES - 1):
        step = failed(breaker, number, "temporarily_refused", NOW, decisive=False)
        assert (step.told, step.breaker.in_service) == (Told.NOTHING, True)
        breaker = step.breaker
    assert failed(breaker, 9, "temporarily_refused", NOW, decisive=False).told is Told.OPENED
    assert taken(breaker, 9, NOW).breaker == IN_SERVICE


def test_what_was_under_way_before_decides_nothing() -> None:
    """A hundred calls come back after the opening: no second alarm, no longer wait, and none of them closes it."""
    breaker = down()
    for step in (
        failed(breaker, 7, "provider_down", NOW + 5, decisive=True),
        got_through(breaker, 8, NOW + 5),
        taken(breaker, 9, NOW + 5),
    ):
        assert step == BreakerStep(breaker)


def test_a_trial_that_is_taken_must_not_come_back() -> None:
    """Many providers take everything and say a second later that they cannot."""
    trial = tried(down(), 5, NOW + FIRST_BACK_OFF)
    proving = taken(trial, 5, NOW + FIRST_BACK_OFF).breaker
    assert not proving.in_service
    assert time_passed(proving, proving.until - 1) == BreakerStep(proving)
    assert time_passed(proving, proving.until).told is Told.CLOSED
    assert proving.until == NOW + FIRST_BACK_OFF + PROVED_AFTER
    back = failed(proving, 5, "provider_down", proving.until - 1, decisive=True)
    assert (back.told, back.breaker.openings) == (Told.REOPENED, 2)


def test_the_wait_grows_while_another_carries_and_not_while_nobody_does() -> None:
    """Up to a limit; where no route is in service every trial comes after the first back-off."""
    breaker, now, waits = IN_SERVICE, NOW, []
    for number in range(7):
        breaker = down(breaker, now, number)
        waits.append(breaker.trial_at(alone=False) - now)
        assert breaker.trial_at(alone=True) - now == FIRST_BACK_OFF
        now = breaker.until
        breaker = tried(breaker, number + 1, now)
    assert waits[:4] == [FIRST_BACK_OFF, 2 * FIRST_BACK_OFF, 4 * FIRST_BACK_OFF, 8 * FIRST_BACK_OFF]
    assert set(waits[3:]) == {LONGEST_BACK_OFF}


def test_a_route_that_comes_and_goes_keeps_its_back_off() -> None:
    """Opened again soon after it closed the wait goes on where it was; after a steady while it begins anew."""
    closed = got_through(tried(down(), 5, NOW), 5, NOW).breaker
    assert down(closed, NOW + STEADY - 1).openings == 2
    assert down(closed, NOW + STEADY).openings == 1


def test_a_trial_that_never_went_is_followed_by_another_and_one_nobody_hears_of_too() -> None:
    """Nobody's withdrawn call, and no worker that dies, keeps a provider out of service for good."""
    trial = tried(down(), 5, NOW)
    assert withdrawn(trial, 5, NOW + 1).breaker.takes_trial(NOW + 1, alone=False)
    assert not trial.takes_trial(NOW + TRIAL_FOR - 1, alone=True)
    assert trial.takes_trial(NOW + TRIAL_FOR, alone=False)
    assert tried(trial, 6, NOW + TRIAL_FOR).openings == 2


def test_a_probe_opens_closes_and_hurries() -> None:
    """An empty balance takes the route down before a village finds out; what a probe opened a probe may close."""
    step = probed(IN_SERVICE, "balance_exhausted", NOW)
    assert step.told is Told.OPENED
    assert probed(step.breaker, "balance_exhausted", NOW + 1) == BreakerStep(step.breaker)
    assert probed(step.breaker, "", NOW + 1).told is Told.CLOSED
    hurried = probed(down(), "", NOW + 1)
    assert (hurried.told, hurried.breaker.until) == (Told.NOTHING, NOW + 1)
    assert probed(IN_SERVICE, "", NOW) == BreakerStep(IN_SERVICE)


@dataclass
class Machine:
    """A breaker with attempts of any fate."""

    alone: bool
    breaker: Breaker = IN_SERVICE
    now: int = NOW
    told: list[Told] = field(default_factory=list)
    under_way: list[int] = field(default_factory=list)

    def happen(self, what: str, seconds: int) -> None:
        """So many seconds later this happens to some attempt."""
        self.now += seconds * 1_000
        self._take(time_passed(self.breaker, self.now))
        if what == "claim":
            self._claim()
            return
        one = self.under_way[seconds % len(self.under_way)] if self.under_way else 0
        steps: dict[str, Callable[[], BreakerStep]] = {
            "down": lambda: failed(self.breaker, one, "provider_down", self.now, decisive=True),
            "refused": lambda: failed(self.breaker, one, "temporarily_refused", self.now, decisive=False),
            "taken": lambda: taken(self.breaker, one, self.now),
            "through": lambda: got_through(self.breaker, one, self.now),
            "never": lambda: withdrawn(self.breaker, one, self.now),
            "ill": lambda: probed(self.breaker, "balance_exhausted", self.now),
            "well": lambda: probed(self.breaker, "", self.now),
        }
        if what in steps:
            self._take(steps[what]())

    def _claim(self) -> None:
        number = len(self.under_way) + 1
        if self.breaker.in_service:
            self.under_way.append(number)
        elif self.breaker.takes_trial(self.now, alone=self.alone):
            self.breaker = tried(self.breaker, number, self.now)
            self.under_way.append(number)
            assert not self.breaker.takes_trial(self.now, alone=self.alone)

    def _take(self, step: BreakerStep) -> None:
        self.breaker = step.breaker
        self.told.append(step.told)


WHAT = st.sampled_from(["claim", "down", "refused", "taken", "through", "never", "ill", "well", "wait"])


@given(events=st.lists(st.tuples(WHAT, st.integers(0, 600)), max_size=80), alone=st.booleans())
def test_whatever_happens_at_most_one_trial_and_a_way_back(events: list[tuple[str, int]], alone: bool) -> None:
    """Out of service at most one attempt goes; opened and closed alternate; and a moment always comes at which one may."""
    machine = Machine(alone)
    for what, seconds in events:
        machine.happen(what, seconds)
    said = [one for one in machine.told if one in (Told.OPENED, Told.CLOSED)]
    assert said == [Told.OPENED, Told.CLOSED] * (len(said) // 2) + [Told.OPENED] * (len(said) % 2)
    assert machine.breaker.in_service == (len(said) % 2 == 0)
    later = machine.now + max(TRIAL_FOR, LONGEST_BACK_OFF)
    after = time_passed(machine.breaker, later).breaker
    assert after.in_service or after.takes_trial(later, alone=alone)


@pytest.mark.parametrize("phase", [Phase.OPEN, Phase.TRIAL, Phase.PROVING])
def test_out_of_service_is_out_of_service(phase: Phase) -> None:
    """Only a closed breaker lets everything through."""
    assert not Breaker(phase).in_service
    assert not Breaker(phase).quiet
