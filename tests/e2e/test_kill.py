"""`kill -9` of the real process in mid call-out, ten times: it goes on where it was, whatever it was doing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from warning_dispatch.clock import pause
from warning_dispatch.simulation import carrier_log
from warning_dispatch.simulation.carrier_log import CarrierRecord, read_carrier_log
from warning_dispatch.store.database import open_database, reading
from warning_dispatch.store.keys import KeyRing

ROOT = Path(__file__).resolve().parents[2]
WARNING = ROOT / "config" / "samples" / "12379-county-red-rain.xml"
KILLS = 10
SPEED = 40
SEED = 1
"""Of the simulated people (the shipped setting) and of the sample register."""
COMMAND = "from warning_dispatch.cli import main; main()"


@dataclass(frozen=True, slots=True)
class Night:
    """What is left after the kills: the database, the carrier's own record, and how often it was killed in mid call."""

    database: Engine
    keys: KeyRing
    records: Sequence[CarrierRecord]
    killed_with_calls: int


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """A county's red warning over the whole sample register; killed ten times, then left to finish."""
    folder = tmp_path_factory.mktemp("kill")
    environment = _environment(folder)
    _run([sys.executable, "-c", COMMAND, "init", f"--sample-register={SEED}", "--json"], environment)
    command = [
        sys.executable,
        str(Path(__file__).with_name("runner.py")),
        str(ROOT / "config"),
        str(SPEED),
        str(WARNING),
    ]
    seed = Random().getrandbits(32)
    print(f"moments of the kills: seed={seed}")  # noqa: T201 - shown when a test of this night fails
    rng = Random(seed)
    in_mid_call = 0
    for _ in range(KILLS):
        _start_and_kill(command, environment, rng)
        in_mid_call += bool(_calls_under_way(folder / "carrier.jsonl"))
    _run(command, environment)
    database = open_database(f"sqlite:///{folder}/state/warning-dispatch.db")
    yield Night(
        database, KeyRing.load(folder / "state" / "keys"), list(read_carrier_log(folder / "carrier.jsonl")), in_mid_call
    )
    database.dispose()


def _environment(folder: Path) -> dict[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "WARNING_DISPATCH_STATE_DIR": str(folder / "state"),
        "WARNING_DISPATCH_WEB__PORT": str(port),
        "WARNING_DISPATCH_SIMULATION__CARRIER_LOG": str(folder / "carrier.jsonl"),
    }


def _run(command: Sequence[str], environment: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2_000:] + done.stdout[-2_000:]


def _start_and_kill(command: Sequence[str], environment: dict[str, str], rng: Random) -> None:
    """Start it and kill it: mostly a moment after it runs, now and then while it is still repairing."""
    with subprocess.Popen(  # noqa: S603 - our own program
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        if rng.random() < 0.2:
            pause(rng.uniform(0.8, 2.0))
        else:
            assert process.stdout.readline() == "started\n", process.stderr and process.stderr.read()[-2_000:]
            pause(rng.uniform(0.05, 1.0))
        process.send_signal(signal.SIGKILL)
        process.wait()


def _calls_under_way(path: Path) -> int:
    """Calls that had begun and not ended when the process died, since its last start."""
    if not path.exists():
        return 0
    calls: Counter[int] = Counter()
    for record in read_carrier_log(path):
        if record.channel.key == "voice":
            if record.what == carrier_log.HANDED:
                calls[record.attempt_id] = 1
            elif record.what.startswith((carrier_log.ENDED, carrier_log.HUNG_UP)):
                calls[record.attempt_id] = 0
    return sum(calls.values())


def _rows(connection: Connection, sql: str) -> list[tuple[int, ...]]:
    return [tuple(row) for row in connection.exec_driver_sql(sql).fetchall()]


@pytest.mark.slow
def test_it_was_killed_in_mid_call_out(night: Night) -> None:
    """The night is what it is meant to be: phones rang when the process died, and its successors knew."""
    assert night.killed_with_calls >= KILLS // 2
    with reading(night.database) as connection:
        [(callees, attempts)] = _rows(
            connection, "SELECT (SELECT count(*) FROM callee), (SELECT count(*) FROM attempt)"
        )
        [(repairs,)] = _rows(connection, "SELECT count(*) FROM journal_block WHERE body LIKE '%\"recovered\"%'")
    assert callees > 500
    assert attempts > callees
    assert repairs >= KILLS // 3


@pytest.mark.slow
def test_every_promise_holds_afterwards(night: Night, fault_runs: Callable[[str], Any]) -> None:
    """Promises 1 to 5, 7, 8, 10: nobody is lost or called after an answer, repeats are marked, the journal is whole."""
    with reading(night.database) as connection:
        verdict = fault_runs("judge").judged(connection, night.records, night.keys)
    assert verdict.broken == []
    assert verdict.answered > 250
