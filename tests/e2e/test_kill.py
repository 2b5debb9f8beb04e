"""`kill -9` of the real process in mid call-out, ten times: it goes on where it was, whatever it was doing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from warning_dispatch.clock import pause
from warning_dispatch.simulation import carrier_log
from warning_dispatch.simulation.carrier_log import CarrierLog, CarrierRecord, read_carrier_log
from warning_dispatch.store.database import open_database, reading
from warning_dispatch.store.journal_check import verify
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import NUMBER_CONTEXT
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.snapshot import fold_faults

ROOT = Path(__file__).resolve().parents[2]
WARNING = ROOT / "config" / "samples" / "12379-county-red-rain.xml"
KILLS = 10
SPEED = 60
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
def test_nobody_is_lost(night: Night, storms: Any) -> None:
    """Promise 1: every callee has answered, is on the list of the unreached, or has a deadline; no line is stuck."""
    promises = storms.promises
    with reading(night.database) as connection:
        assert promises.broken_now(connection.connection.driver_connection, promises.Truth()) == []
        waiting = _rows(connection, "SELECT id FROM callee WHERE state IN (1, 2, 3)")
        claimed = _rows(
            connection,
            "SELECT id FROM attempt WHERE state = 2 AND claimed_at < (SELECT max(claimed_at) FROM attempt) - 60000",
        )
        [(answered,)] = _rows(connection, "SELECT count(*) FROM callee WHERE state IN (4, 8)")
    assert waiting == []
    assert claimed == []
    assert answered > 250


@pytest.mark.slow
def test_nobody_was_called_who_had_answered(night: Night, storms: Any) -> None:
    """Promise 3: in the order of commits, and by the carrier's record against the answers of the database."""
    aftermath = storms.aftermath
    with reading(night.database) as connection:
        assert list(aftermath.after_the_answer(connection, aftermath.read_entries(connection))) == []
        late = _rows(
            connection,
            """SELECT a.id FROM callee c JOIN attempt_callee ac ON ac.callee_id = c.id
            JOIN attempt a ON a.id = ac.attempt_id WHERE c.state = 8 AND a.channel = 1 AND a.claimed_at > c.answered_at
            AND NOT EXISTS (SELECT 1 FROM attempt_callee x WHERE x.attempt_id = a.id AND x.callee_id <> c.id)
            AND NOT EXISTS (SELECT 1 FROM acknowledgement k WHERE k.callee_id = c.id AND k.role = 4)""",
        )
    handed = {record.attempt_id for record in night.records if record.what == carrier_log.HANDED}
    assert handed.intersection(row[0] for row in late) == set()


@pytest.mark.slow
def test_whatever_was_repeated_is_marked(night: Night, storms: Any) -> None:
    """Promise 4: handed over twice only as a possible duplicate, in the carrier's record and in ours."""
    handed = Counter(one.attempt_id for one in night.records if one.what == carrier_log.HANDED)
    twice = {attempt for attempt, count in handed.items() if count > 1}
    assert list(storms.aftermath.handed_twice(night.records)) == []
    with reading(night.database) as connection:
        marked = {row[0] for row in _rows(connection, "SELECT id FROM attempt WHERE possible_duplicate = 1")}
        known = {row[0] for row in _rows(connection, "SELECT id FROM attempt WHERE claimed_at IS NOT NULL")}
    assert twice <= marked
    assert set(handed) <= known


@pytest.mark.slow
def test_every_answer_is_somebodys(night: Night) -> None:
    """Promise 2: behind each answer by key stands a key at the carrier, behind each other one a reply or a tap."""
    sealer, log = AesSealer(night.keys), CarrierLog(str(SEED).encode())
    did = {
        what: {one.address for one in night.records if one.what == what}
        for what in (carrier_log.REPLIED, carrier_log.TAPPED)
    }
    pressed = {one.attempt_id for one in night.records if one.what == carrier_log.PRESSED}
    with reading(night.database) as connection:
        digests = {
            key: log.digest(sealer.unseal(sealed, NUMBER_CONTEXT).decode())
            for key, sealed in connection.exec_driver_sql("SELECT id, sealed FROM number").fetchall()
        }
        answers = _rows(connection, "SELECT means, attempt_id, receiver_id FROM acknowledgement")
        phones = _rows(connection, "SELECT receiver_id, number_id FROM endpoint")
    reached = {
        what: {receiver for receiver, number in phones if digests[number] in whose} for what, whose in did.items()
    }
    assert {attempt for means, attempt, _ in answers if means == "key"} <= pressed
    assert {receiver for means, _, receiver in answers if means in ("reply", "email")} <= reached[carrier_log.REPLIED]
    assert {receiver for means, _, receiver in answers if means == "link"} <= reached[carrier_log.TAPPED]
    assert answers


@pytest.mark.slow
def test_the_journal_is_whole(night: Night) -> None:
    """Promise 8: no block is missing or torn, and folding it gives the rows."""
    with reading(night.database) as connection:
        assert verify(connection, night.keys.journal_public) == []
        assert fold_faults(connection) == []
