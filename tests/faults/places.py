"""Where nights take place: an installation made once (register, keys, empty database), copied for every night."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Protocol

from warning_dispatch.store.keys import KeyRing

from .server import Server

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "config"
SEED = 1
"""Of the simulated people (the shipped setting) and of the sample register."""
AREA = "141124206000,141124208000,141124104000,141124203000"
"""Four townships of 临县: some hundred callees with the county's own, so that a night costs seconds of computing."""
_COMMAND = "from warning_dispatch.cli import main; main()"
LOCK_TIMEOUT = 2_000
"""ms a worker waits for a lock on PostgreSQL here, a fifth of the shipped time: a long lock is then a matter of seconds."""


class Place(Protocol):
    """One kind of database."""

    kind: str
    keys: KeyRing

    def copy(self, folder: Path, name: str) -> str:
        """A fresh copy for a night; its URL for the workers."""
        ...


def environment(folder: Path, url: str, keys: Path) -> dict[str, str]:
    """What one worker is told: a home and a port of its own; database, keys and the carrier's log are the night's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
        "WARNING_DISPATCH_STATE_DIR": str(folder),
        "WARNING_DISPATCH_DATABASE_URL": url,
        "WARNING_DISPATCH_KEYS_DIR": str(keys),
        "WARNING_DISPATCH_WEB__PORT": str(port),
    }


def warning(folder: Path) -> Path:
    """A county's red rain over a few townships."""
    text = (CONFIG / "samples" / "12379-county-red-rain.xml").read_text(encoding="utf-8")
    path = folder / "warning.xml"
    path.write_text(text.replace("<geocode>141124000000<", f"<geocode>{AREA}<"), encoding="utf-8")
    return path


def install(folder: Path, url: str) -> Path:
    """`init` with the sample register; where its keys lie."""
    keys = folder / "keys"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", _COMMAND, "init", f"--sample-register={SEED}", "--json"],
        env=environment(folder, url, keys),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2_000:] + done.stdout[-2_000:])
    return keys


class OnSqlite:
    """A file for each night."""

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        """Installs."""
        self._file = folder / "template.db"
        self.keys_dir = install(folder, f"sqlite:///{self._file}")
        self.keys = KeyRing.load(self.keys_dir)

    def copy(self, folder: Path, name: str) -> str:
        """See the protocol."""
        file = folder / f"{name}.db"
        shutil.copy(self._file, file)
        return f"sqlite:///{file}"


class OnPostgresql:
    """A database for each night on one server that is ours to break."""

    kind = "postgresql"

    def __init__(self, folder: Path, server: Server) -> None:
        """Installs. The server runs."""
        self.server = server
        server.say("CREATE DATABASE template TEMPLATE template0")
        self.keys_dir = install(folder, server.url("template"))
        self.keys = KeyRing.load(self.keys_dir)

    def copy(self, folder: Path, name: str) -> str:
        """See the protocol."""
        del folder
        self.server.say(f"CREATE DATABASE {name} TEMPLATE template STRATEGY file_copy")
        return self.server.url(name, f"-c lock_timeout={LOCK_TIMEOUT} -c client_connection_check_interval=1000")

    def forget(self, name: str) -> None:
        """The night is over."""
        self.server.say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
