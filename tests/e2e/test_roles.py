"""`run --roles`: ingest, engine and web as processes of their own on one PostgreSQL, with the words of a stranger's shell."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from warning_dispatch.clock import SystemClock, pause
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.web.loop import HOOK_LOOP

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "from warning_dispatch.cli import main; main()"
PARTS = ("ingest", "engine", "web")
PATIENCE = 60.0
"""Seconds that anything may take on a busy machine."""
NOTICED_WITHIN = 15.0
"""Seconds after which everybody knows that the only engine is dead."""


@dataclass
class Station:
    """A folder, a database, and a process for each role."""

    folder: Path
    database: str
    ports: dict[str, int]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def environment(self, part: str) -> dict[str, str]:
        """What a login shell has, the database, and the port of that process."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "PYTHONWARNINGS": "error",
            "WARNING_DISPATCH_DATABASE_URL": self.database,
            "WARNING_DISPATCH_WEB__PORT": str(self.ports[part]),
        }

    def run(self, *words: str, code: int = 0) -> str:
        """One command; its output."""
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-c", COMMAND, *words],
            cwd=self.folder,
            env=self.environment("ingest"),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert "Traceback" not in done.stdout + done.stderr
        assert done.returncode == code, done
        return done.stdout + done.stderr

    def start(self, parts: Sequence[str]) -> None:
        """A process for each; back when all are ready."""
        for part in parts:
            with (self.folder / f"{part}.log").open("ab") as log:
                self.processes[part] = subprocess.Popen(  # noqa: S603 - our own command
                    [sys.executable, "-c", COMMAND, "run", "--roles", part],
                    cwd=self.folder,
                    env=self.environment(part),
                    stdout=log,
                    stderr=log,
                )
        for part in parts:
            self.wait(lambda part=part: self.get(part, "/readyz")[0] == 200, f"{part} is ready")

    def wait(self, holds: Any, what: str) -> None:
        """Until it holds."""
        for _ in range(int(PATIENCE / 0.2)):
            if holds():
                return
            pause(0.2)
        logs = "\n".join((self.folder / f"{part}.log").read_text()[-1_500:] for part in self.processes)
        pytest.fail(f"never came true: {what}\n{logs}")

    def get(self, part: str, path: str, key: str = "", body: bytes | None = None) -> tuple[int, Any]:
        """Status and JSON; 0 when nobody answers."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/xml"}
        asked = Request(f"http://127.0.0.1:{self.ports[part]}{path}", data=body, headers=headers)
        try:
            with urlopen(asked, timeout=10) as answer:  # noqa: S310 - see above
                said = answer.read()
                in_json = answer.headers.get_content_type() == "application/json"
                return answer.status, json.loads(said or b"null") if in_json else said.decode()
        except HTTPError as error:
            with error:
                return error.code, None
        except (URLError, OSError):
            return 0, None


@pytest.fixture
def station(tmp_path: Path, postgresql: Any) -> Iterator[Station]:
    """An installation with the sample register on PostgreSQL."""
    ports = {}
    for part in PARTS:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ports[part] = listener.getsockname()[1]
    made = Station(tmp_path, postgresql.blank().replace("postgresql+psycopg", "postgresql"), ports)
    made.run("init", "--sample-register=1", "--json")
    yield made
    for process in made.processes.values():
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()


def test_a_warning_goes_through_all_three(station: Station) -> None:
    """Taken in by one process, called by another, shown by the third; each does nothing else; all stop in order."""
    key = json.loads(station.run("key", "add", "bureau", "--scope", "alerts", "--scope", "read", "--json"))["key"]
    station.start(PARTS)
    set_aside = 'warning_dispatch_messages_total{disposition="quarantined",source="api"} 0.0'
    assert set_aside in station.get("ingest", "/metrics")[1]  # born at 1 it would rise for nobody who watches it
    raw = restamp((ROOT / "config" / "samples" / "12379-county-red-rain.xml").read_bytes(), SystemClock().now())
    assert station.get("web", "/api/v1/alerts", key, raw)[0] == 404
    status, taken = station.get("ingest", "/api/v1/alerts", key, raw)
    assert (status, taken["disposition"]) == (202, "accepted")
    assert station.get("ingest", "/api/v1/callouts", key)[0] == 404
    loop = f"{HOOK_LOOP}{'0' * 32}"  # what `check` asks for: callbacks belong to the process that holds the channels
    assert [station.get(part, loop)[0] for part in PARTS] == [404, 200, 404]
    (callout,) = taken["callouts"]

    def called() -> bool:
        found = station.get("web", f"/api/v1/callouts/{callout}/callees?limit=500", key)[1]
        return any(one["calls"] for one in found["callees"])

    station.wait(called, "somebody was called")
    lists = station.folder / "var" / "lists"
    station.wait(lambda: list(lists.glob("*.html")), "the list of a call-out begun here")
    for path in lists.glob("*.html"):
        path.unlink()  # as if another process had begun it: nobody here was told of the start
    station.wait(lambda: list(lists.glob("*.html")), "the list of a call-out begun elsewhere")
    assert "running" in station.run("run", "--roles", "ingest", code=1)  # the same place is taken
    for part in PARTS:
        station.processes[part].send_signal(signal.SIGTERM)
    assert [station.processes[part].wait(timeout=PATIENCE) for part in PARTS] == [0, 0, 0]


def test_a_dead_engine_is_seen_by_the_others(station: Station) -> None:
    """Nobody calls any more: the processes that live on say so within seconds, and are ready again when an engine is."""
    station.start(PARTS)
    station.processes["engine"].kill()
    station.processes["engine"].wait()
    pause(NOTICED_WITHIN)
    assert [station.get(part, "/readyz")[0] for part in ("ingest", "web")] == [503, 503]
    assert station.get("web", "/healthz")[0] == 200
    assert "systemctl stop warning-dispatch.target" in station.run("check", "--lines", code=1)  # ingest has no lines
    station.start(["engine"])
    for part in ("ingest", "web"):
        station.wait(lambda part=part: station.get(part, "/readyz")[0] == 200, f"{part} is ready again")
    pause(NOTICED_WITHIN)  # it is the engine's words that keep them ready
    assert [station.get(part, "/readyz")[0] for part in ("ingest", "web")] == [200, 200]


def test_roles_need_a_shared_database(station: Station) -> None:
    """On SQLite a split is refused in words; so is a role that does not exist."""
    station.database = f"sqlite:///{station.folder / 'store.db'}"
    station.run("db", "upgrade")
    assert "PostgreSQL" in station.run("run", "--roles", "engine", code=1)
    assert "nonsense" in station.run("run", "--roles", "nonsense,web", code=1)
