"""Promises 1-6, 7 and 8 over simulated storms: late, doubled, reordered and lost reports, and crashes between any steps.

Each storm is a test of its own, named by plan and seed. One that fails prints its seed; `--storm-seed N` plays it again.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

PLANS = {"city": 2, "county": 4, "strict": 4}
"""The shipped chains, and which part of the storms each is put through (one in n)."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per plan and seed."""
    if "storm_seed" not in metafunc.fixturenames:
        return
    chosen: int | None = metafunc.config.getoption("storm_seed")
    count: int = metafunc.config.getoption("storms")
    cases = [
        (plan, seed)
        for plan, part in PLANS.items()
        for seed in (range(max(1, count // part)) if chosen is None else (chosen,))
    ]
    metafunc.parametrize(("plan", "storm_seed"), cases, ids=[f"{plan}-{seed}" for plan, seed in cases])


def test_storm_keeps_the_promises(storm: Callable[[str, int], object], plan: str, storm_seed: int) -> None:
    """Whatever the night brings: nobody forgotten, no false answer, no call after one, nothing lost, nothing left."""
    storm(plan, storm_seed)


def test_storm_is_a_function_of_its_seed(storm: Callable[[str, int], list[str]]) -> None:
    """What failed once fails again: the same seed tells the same story, to the millisecond."""
    assert storm("city", 7) == storm("city", 7)
    assert storm("city", 7) != storm("city", 8)
