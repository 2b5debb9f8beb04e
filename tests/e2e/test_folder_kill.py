"""A watched folder is filled while the real daemon is killed and started again: every file is handled exactly once."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest
from lxml import etree
from sqlalchemy import Engine

from warning_dispatch.clock import SystemClock, beijing_text, pause
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.store.database import open_database, reading

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "config" / "samples" / "12379-orange-rain-counties.xml"
COMMAND = "from warning_dispatch.cli import main; main()"
FILES = 120
BROKEN_EVERY = 10
KILLS = 5
PATIENCE = 60.0
"""Seconds the last start may take to get through."""


def _message(number: int, now: int) -> tuple[str, bytes]:
    """Name and bytes of a blue warning with an identity of its own; every tenth is cut off in the middle."""
    text = restamp(SAMPLE.read_bytes(), now - number * 1_000).decode()
    stamp = beijing_text(now - number * 1_000, "%Y%m%d%H%M%S")
    for old, new in (("橙", "蓝"), ("Orange", "Blue"), ("Ⅱ级/严重", "Ⅳ级/一般")):
        text = text.replace(old, new)
    raw = text.encode()
    return f"14110041600000_{stamp}_11B03_BLUE_ALERT.xml", raw[: len(raw) // 2] if number % BROKEN_EVERY == 0 else raw


def _drop(folder: Path, name: str, raw: bytes, rng: Random) -> None:
    """As other systems do it: by a rename, or written where it lies, in two pieces with a pause between."""
    if rng.random() < 0.5:
        (folder / f"{name}.part").write_bytes(raw)
        (folder / f"{name}.part").rename(folder / name)
        return
    with (folder / name).open("wb") as file:
        file.write(raw[: len(raw) // 3])
        file.flush()
        pause(rng.uniform(0, 0.02))
        file.write(raw[len(raw) // 3 :])


@pytest.fixture(scope="module")
def incoming(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Engine, dict[str, bytes]]]:
    """The folder after the kills, the database behind it, and what was dropped."""
    home = tmp_path_factory.mktemp("folder")
    folder = home / "in"
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    source = {"name": "city", "path": str(folder), "look_every_s": 0.1, "stable_s": 1.0}
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "WARNING_DISPATCH_STATE_DIR": str(home / "state"),
        "WARNING_DISPATCH_WEB__PORT": str(port),
        "WARNING_DISPATCH_INGEST__FOLDER": json.dumps([source]),
    }
    _command(["init", "--sample-register=1", "--json"], environment)
    seed = Random().getrandbits(32)
    print(f"moments of the kills: seed={seed}")  # noqa: T201 - shown when a test of this night fails
    dropped = _fill_and_kill(folder, environment, Random(seed))
    database = open_database(f"sqlite:///{home}/state/warning-dispatch.db")
    yield folder, database, dropped
    database.dispose()


def _command(words: Sequence[str], environment: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", COMMAND, *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:] + done.stdout[-2_000:]


def _daemon(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", COMMAND, "run"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _fill_and_kill(folder: Path, environment: dict[str, str], rng: Random) -> dict[str, bytes]:
    """Files come the whole time; the process dies five times in the middle of it, then one is left to finish."""
    now = SystemClock().now()
    dropped = dict(_message(number, now) for number in range(FILES))
    names = iter(dropped.items())
    share = FILES // (KILLS + 1)
    for _ in range(KILLS):
        with _daemon(environment) as process:
            pause(1.2)  # it has started, or is about to
            for _ in range(share):
                name, raw = next(names)
                _drop(folder, name, raw, rng)
                pause(rng.uniform(0, 0.03))
            pause(rng.uniform(0, 0.6))
            process.send_signal(signal.SIGKILL)
            process.wait()
    with _daemon(environment) as process:
        for name, raw in names:
            _drop(folder, name, raw, rng)
        waited = 0.0
        while waited < PATIENCE and any(one.suffix == ".xml" for one in folder.iterdir()):
            pause(0.2)
            waited += 0.2
        pause(0.3)
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    return dropped


def _rows(database: Engine, sql: str) -> list[tuple[object, ...]]:
    with reading(database) as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql).fetchall()]


def test_every_file_is_taken_in_once(incoming: tuple[Path, Engine, dict[str, bytes]]) -> None:
    """One raw message for each file, whatever died when; none twice, none lost, the broken ones with their verdict."""
    _, database, dropped = incoming
    kept = Counter(digest for (digest,) in _rows(database, "SELECT digest FROM raw_message"))
    assert set(kept.values()) == {1}
    assert len(kept) == len(dropped)
    verdicts = Counter(verdict for (verdict,) in _rows(database, "SELECT disposition FROM raw_message"))
    assert verdicts == {"stored": FILES - FILES // BROKEN_EVERY, "quarantined": FILES // BROKEN_EVERY}


def test_every_file_is_put_away_and_has_one_receipt(incoming: tuple[Path, Engine, dict[str, bytes]]) -> None:
    """Nothing is left in the folder; done/ has every file byte by byte, receipts/ one receipt for each."""
    folder, _, dropped = incoming
    assert [one.name for one in folder.iterdir() if one.is_file()] == []
    done = {one.name: one.read_bytes() for one in folder.glob("done/*/*")}
    assert done == dropped
    receipts = [etree.parse(one) for one in folder.glob("receipts/*.xml")]
    assert len(receipts) == FILES
    said = Counter(one.findtext("data/rows/status") for one in receipts)
    assert said == {"0": FILES - FILES // BROKEN_EVERY, "1": FILES // BROKEN_EVERY}
