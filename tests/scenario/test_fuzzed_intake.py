"""Mutated messages through the whole intake: each gets a verdict and is kept, and the next warning calls as ever."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from by_path import loaded

from warning_dispatch.clock import stopwatch
from warning_dispatch.model.alert import Disposition


def _fuzz() -> ModuleType:
    """The mutations of tests/unit/ingest/test_fuzz.py: tests are no package, so it is loaded by its path."""
    return loaded("fuzz_of_messages", Path(__file__).parents[1] / "unit" / "ingest" / "test_fuzz.py")


def test_judging_mutated_messages(town: Callable[..., Any], pytestconfig: pytest.Config) -> None:
    """No fault of the program, every byte kept with its verdict, and a red warning afterwards is accepted."""
    fuzz = _fuzz()
    seed, seconds = pytestconfig.getoption("--fuzz-seed"), pytestconfig.getoption("--fuzz")
    place = town(counties=1, townships=1, villages=1)
    started, rounds = stopwatch(), 0
    while stopwatch() - started < seconds:
        raw = fuzz.mutated(random.Random(f"{seed}/intake/{rounds}"))
        result = place.take_in(raw)
        assert result.disposition in Disposition, (seed, rounds)
        rounds += 1
    assert place.query("SELECT count(*) FROM raw_message") == [(rounds,)]
    assert not [row for row in place.query("SELECT reasons FROM raw_message") if "fault_" in str(row[0])]
    place.clock.advance_to(place.clock.now() + 60_000)
    fresh = place.take_in(place.message("12379-red-rain-city.xml", identifier="14110041600000_20991231235959"))
    assert fresh.disposition is Disposition.ACCEPTED
