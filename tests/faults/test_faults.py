"""The promises through every fault, once or twice each, on the daemon's real processes; `make faults` is the long run.

A failure prints the night's seed and where its folder with the workers' logs lies.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

pytestmark = pytest.mark.slow
KILL, TERM = "kill -9 of a worker", "SIGTERM in mid call-out"


@pytest.fixture(scope="module")
def places(fault_runs: Callable[[str], Any]) -> Iterator[Any]:
    """An installation on each database, and servers of our own."""
    folder = Path(tempfile.mkdtemp(prefix="wdf"))
    folder.chmod(0o755)  # the server may run as another user
    found = fault_runs("run").Places(folder)
    yield found
    found.close()
    if not list(folder.glob("*/night*")):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def hold(fault_runs: Callable[[str], Any]) -> Callable[..., None]:
    """Asserts that every promise holds, and that each fault was injected."""

    def play(place: Any, workers: int, *wanted: tuple[str, int]) -> None:
        seed = Random().getrandbits(32)
        print(f"seed={seed}, folder={place.keys_dir.parent}")  # noqa: T201 - shown when the night fails
        told: Sequence[Any] = fault_runs("run").play(place, wanted, workers, seed, every=True)
        assert [sentence for one in told for sentence in one.broken] == []
        assert [one.fault for one in told if not one.times] == []
        assert all(one.handed > 100 for one in told)

    return play


def test_two_workers_and_a_server_in_trouble(places: Any, hold: Callable[..., None]) -> None:
    """Promises 1, 3, 4, 12: workers die, the server restarts, cuts, locks, refuses to write: nobody is lost."""
    server = ["restarted or crashed", "cuts connections", ": a long lock", " read-only"]
    hold(
        places.of("postgresql"),
        2,
        (KILL, 1),
        (TERM, 1),
        *((f"PostgreSQL{'' if one[0] in ' :' else ' '}{one}", 1) for one in server),
    )


def test_four_workers_die_in_turn(places: Any, hold: Callable[..., None]) -> None:
    """Promise 12: any of them may die, and what it had in hand is done by the others, once or marked."""
    hold(places.of("postgresql"), 4, (KILL, 3))


def test_a_server_whose_disk_is_full(places: Any, hold: Callable[..., None]) -> None:
    """Promises 1 and 8: what cannot be written down is not done; when there is room again it goes on."""
    try:
        place = places.of("postgresql", tiny=True)
    except OSError as error:
        pytest.skip(str(error))
    hold(place, 2, ("PostgreSQL: disk full", 2))


def test_one_worker_and_a_file_in_trouble(places: Any, hold: Callable[..., None]) -> None:
    """Promises 1, 3, 4 on SQLite: killed, stopped, locked out, read-only, no room."""
    file = ("SQLite locked by another process", "SQLite read-only", "SQLite: disk full")
    hold(places.of("sqlite"), 1, (KILL, 2), (TERM, 1), *((one, 1) for one in file))


def test_a_carrier_in_every_mood(places: Any, hold: Callable[..., None]) -> None:
    """Promises 1, 2, 4, 7: it hangs, refuses, answers late, never reports, reports before it answers."""
    moods = ("hangs", "answers 500", "answers after our time-out", "never reports", "reports before it answers")
    hold(places.of("sqlite"), 1, *((f"carrier {one}", 1) for one in moods))


def test_a_clock_that_is_set(places: Any, hold: Callable[..., None]) -> None:
    """Promises 1 and 3: by an hour, both ways: no gate opens early, nobody waits for an hour."""
    hold(places.of("sqlite"), 1, ("clock set by an hour, both ways", 1))
