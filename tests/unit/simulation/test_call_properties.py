"""Whatever is handed over, hung up and spoilt: a call that was taken ends once, and not before it began."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.ports import Dispatch, Report
from warning_dispatch.simulation.faults import Faults
from warning_dispatch.simulation.network import SimulatedNetwork

START = 1_000_000
DAY = 86_400_000
Make = Callable[..., Dispatch]


@dataclass(frozen=True)
class Step:
    """After `wait` ms: hand over calls to these phones, hang up that many of the latest, and perhaps look."""

    wait: int
    phones: tuple[int, ...]
    ring_for: int
    hang_up: int
    look: bool


STEPS = st.lists(
    st.builds(
        Step,
        wait=st.integers(0, 40_000),
        phones=st.lists(st.integers(0, 5), max_size=4).map(tuple),
        ring_for=st.integers(1, 40_000),
        hang_up=st.integers(0, 4),
        look=st.booleans(),
    ),
    min_size=1,
    max_size=12,
)
CHANCES = st.sampled_from([0.0, 0.5, 1.0])
LINES = st.sampled_from([None, 1, 3])


class Watched:
    """A network and what was seen of it: when each call was taken, and each report with the moment it came."""

    def __init__(self, network: SimulatedNetwork, make: Make) -> None:
        self.network = network
        self.now = START
        self.attempts = 0
        self.taken_at: dict[int, int] = {}
        self.reports: defaultdict[int, list[tuple[int, Report]]] = defaultdict(list)
        self._make = make

    def step(self, step: Step) -> None:
        """Do one step of a plan."""
        self.now += step.wait
        first = self.attempts + 1
        self.attempts += len(step.phones)
        batch = [
            self._make(first + n, f"+862601{phone:07d}", ring_for=step.ring_for) for n, phone in enumerate(step.phones)
        ]
        receipts = self.network.accept(batch, self.now)
        self.taken_at |= {receipt.attempt_id: self.now for receipt in receipts if receipt.accepted}
        self.network.hang_up(range(self.attempts - step.hang_up, self.attempts + 2), self.now)
        if step.look:
            self.look(self.now)

    def look(self, now: int) -> None:
        """Take in what has come by `now`."""
        for event in self.network.advance(now):
            assert isinstance(event, Report)
            self.reports[event.attempt_id].append((now, event))

    def until_quiet(self) -> None:
        """Let everything happen, each moment by itself."""
        while (at := self.network.next_at()) is not None:
            self.now = max(self.now, at)
            self.look(self.now)


@given(
    seed=st.integers(0, 2**32),
    steps=STEPS,
    late=CHANCES,
    reordered=CHANCES,
    doubled=CHANCES,
    refused=CHANCES,
    lines=LINES,
)
def test_every_call_taken_ends_exactly_once(
    make: Make,
    seed: int,
    steps: list[Step],
    late: float,
    reordered: float,
    doubled: float,
    refused: float,
    lines: int | None,
) -> None:
    """Without lost reports each accepted call is reported once (twice, the same, when doubled), a refused one never.

    A report is about a moment not before the hand-over, and reaches us not before that moment.
    """
    faults = Faults(late=late, reordered=reordered, doubled=doubled, refused=refused)
    watched = Watched(SimulatedNetwork(seed, faults=faults, lines=lines), make)
    for step in steps:
        watched.step(step)
    watched.until_quiet()
    allowed = {0.0: {1}, 0.5: {1, 2}, 1.0: {2}}[doubled]
    assert set(watched.reports) == set(watched.taken_at)
    for attempt_id, told in watched.reports.items():
        assert len(told) in allowed
        assert len({report for _, report in told}) == 1
        assert all(watched.taken_at[attempt_id] <= report.at <= came for came, report in told)
    assert watched.network.calls_in_progress == 0
    assert watched.network.ringing() == frozenset()


@given(seed=st.integers(0, 2**32), steps=STEPS, lines=st.integers(1, 3))
def test_lines_and_phones_are_never_overbooked(make: Make, seed: int, steps: list[Step], lines: int) -> None:
    """Never more calls than lines, every refusal is counted, and taken plus refused is all there was."""
    watched = Watched(SimulatedNetwork(seed, lines=lines), make)
    for step in steps:
        watched.step(step)
        assert watched.network.calls_in_progress <= lines
    assert watched.network.peak_calls <= lines
    assert watched.network.accepted == len(watched.taken_at)
    assert watched.network.accepted + watched.network.line_violations == watched.attempts


@given(seed=st.integers(0, 2**32), steps=STEPS)
def test_next_at_never_lies(make: Make, seed: int, steps: list[Step]) -> None:
    """Before the moment that `next_at` names nothing comes: a driver that sleeps until then misses nothing."""
    watched = Watched(SimulatedNetwork(seed, faults=Faults(late=0.5, doubled=0.5, lost=0.2)), make)
    for step in steps:
        watched.step(step)
    watched.look(watched.now)
    while (at := watched.network.next_at()) is not None:
        assert at > watched.now
        assert watched.network.advance(at - 1) == []
        watched.now = at
        watched.look(at)
    assert watched.network.advance(watched.now + DAY) == []
