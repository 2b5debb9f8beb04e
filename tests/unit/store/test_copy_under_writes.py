"""Copies of the database file: they end, and are one moment, whatever another process writes meanwhile."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from warning_dispatch.store.database import open_database, upgrade
from warning_dispatch.store.upkeep import backup

BLOCK = 1_000_000
BLOCKS = 60
PATIENCE_S = 10.0
WRITER = """
import sqlite3, sys, time
file = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
file.execute("PRAGMA synchronous = OFF")
while True:
    file.execute("UPDATE beat SET n = n + 1")
    print("beat", flush=True)
    time.sleep(0.001)
"""


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Path]:
    """A database of some tens of megabytes into which another process commits all the time."""
    path = tmp_path / "store.db"
    engine = open_database(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    file = sqlite3.connect(path)
    file.execute("CREATE TABLE beat (n INTEGER)")
    file.execute("INSERT INTO beat VALUES (0)")
    file.execute("CREATE TABLE block (b BLOB)")
    file.executemany("INSERT INTO block VALUES (randomblob(?))", [(BLOCK,)] * BLOCKS)
    file.commit()
    file.close()
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:  # noqa: S603 - ours
        assert writer.stdout is not None
        writer.stdout.readline()
        reader = threading.Thread(target=writer.stdout.read)
        reader.start()
        yield path
        writer.kill()
        reader.join()


def test_a_copy_ends_while_another_process_writes(written: Path, tmp_path: Path) -> None:
    """SQLite begins a copy anew at each commit of another process; ours is of one moment and comes to its end."""
    target = tmp_path / "copy.backup"
    engine = open_database(f"sqlite:///{written}")
    copying = threading.Thread(target=backup, args=(engine, target), daemon=True)
    copying.start()
    copying.join(PATIENCE_S)
    assert not copying.is_alive(), "the copy is begun anew for ever"
    engine.dispose()
    assert target.stat().st_size > BLOCK * BLOCKS
