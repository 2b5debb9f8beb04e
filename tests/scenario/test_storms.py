"""Promises 1 to 9 over simulated storms: late, doubled, reordered and lost reports, and crashes between any steps.

A part of them is played by several workers, and a share of the seeds on PostgreSQL (promise 12).

Each storm is a test of its own, named by plan and seed. One that fails prints its seed; `--storm-seed N` plays it again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PLANS = {"city": 3, "county": 4, "strict": 6, "both": 4}
"""The shipped chains, and which part of the storms each is put through (one in n). "both": several warnings at once."""
SEVERAL = 16
"""One storm in so many is played once more by several workers."""
ON_POSTGRESQL = 120
"""One storm in so many is played once more on PostgreSQL, every other one of them by several workers."""
DRILLED = 6
"""One storm in so many is played once more with people who drill before and in the middle of it."""
WORKERS = 3


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per plan and seed."""
    chosen: int | None = metafunc.config.getoption("storm_seed")
    count: int = metafunc.config.getoption("storms")
    for name, part in (("several_seed", SEVERAL), ("postgresql_seed", ON_POSTGRESQL), ("drilled_seed", DRILLED)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, range(max(1, count // part)) if chosen is None else (chosen,))
    if "storm_seed" not in metafunc.fixturenames:
        return
    cases = [
        (plan, seed)
        for plan, part in PLANS.items()
        for seed in (range(max(1, count // part)) if chosen is None else (chosen,))
    ]
    cases.sort(key=lambda case: case[1] * PLANS[case[0]])  # a run that is stopped has put every plan through its share
    metafunc.parametrize(("plan", "storm_seed"), cases, ids=[f"{plan}-{seed}" for plan, seed in cases])


def test_storm_keeps_the_promises(
    storm: Callable[[str, int], Any], request: pytest.FixtureRequest, plan: str, storm_seed: int
) -> None:
    """Whatever the night brings: nobody forgotten, no false answer, no call after one, nothing lost, nothing left."""
    night = storm(plan, storm_seed)
    request.node.user_properties.append(("storm", night.visits.packed()))  # printed at the end, see tests/conftest.py


def test_storm_with_several_workers_keeps_the_promises(storm: Callable[..., Any], several_seed: int) -> None:
    """Workers turn between each other's transactions, die, and are taken over from: nothing is lost or done twice."""
    storm(list(PLANS)[several_seed % len(PLANS)], several_seed, workers=WORKERS)


def test_storm_on_postgresql_keeps_the_promises(
    storm: Callable[..., Any], postgresql: Any, postgresql_seed: int
) -> None:
    """The same rules, statements in another dialect, and row locks: the same promises."""
    plan = list(PLANS)[postgresql_seed // 2 % len(PLANS)]
    storm(plan, postgresql_seed, postgresql, workers=WORKERS if postgresql_seed % 2 else 1)


def test_storm_in_which_people_drill_keeps_the_promises(storm: Callable[..., Any], drilled_seed: int) -> None:
    """Promises 5 and 6: no drill calls unreleased, none outlives the intake of a warning, nothing of the two is mixed."""
    plan, workers = ("city", "county", "strict")[drilled_seed % 3], WORKERS if drilled_seed % 5 == 4 else 1
    storm(plan, drilled_seed, workers=workers, drills=True)


def test_storms_interrupt_drills(storm: Callable[..., Any]) -> None:
    """What the storm above is for does happen in it."""
    assert sum(storm("city", seed, drills=True).drillers.interrupted for seed in range(3, 30, 3)) > 0


def test_storm_is_a_function_of_its_seed(storm: Callable[[str, int], Any]) -> None:
    """What failed once fails again: the same seed tells the same story, to the millisecond."""

    def story(seed: int) -> list[str]:
        night = storm("city", seed)
        return [*night.told, night.visits.packed(), *map(str, night.town.log.records())]

    assert story(7) == story(7)
    assert story(7) != story(8)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(plan=st.sampled_from(sorted(PLANS)), seed=st.integers(min_value=0, max_value=2**48))
def test_storm_of_any_seed_keeps_the_promises(storm: Callable[[str, int], Any], plan: str, seed: int) -> None:
    """The promises hold for any storm, not for the first hundred seeds; a failing one is printed and kept."""
    storm(plan, seed)  # the fixture only builds: every call is a new town
