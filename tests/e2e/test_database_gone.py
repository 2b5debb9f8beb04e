"""The database is not there: at the start or later, one clear line, readiness red, nothing lost, and on by itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from warning_dispatch.clock import SystemClock, pause
from warning_dispatch.ingest.samples import restamp

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "from warning_dispatch.cli import main; main()"
PATIENCE = 400
"""Tenths of a second until something must have happened."""
SECRET = "geheimes-wort"


@dataclass(slots=True)
class Site:
    """An installation on a database that comes and goes."""

    folder: Path
    url: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Of every command."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "PYTHONWARNINGS": "error",
            "WARNING_DISPATCH_WEB__PORT": str(self.port),
            "WARNING_DISPATCH_DATABASE_URL": self.url,
        }

    def run(self, *words: object, code: int = 0) -> str:
        """One command; what it said."""
        done = subprocess.run(  # noqa: S603 - our own command with words of this test
            [sys.executable, "-c", COMMAND, *map(str, words)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        said = done.stdout + done.stderr
        assert "Traceback" not in said
        assert SECRET not in said
        assert done.returncode == code, done
        return said

    def start(self) -> None:
        """`run`, in the background."""
        with (self.folder / "daemon.log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-c", COMMAND, "run"], cwd=self.folder, env=self.environment, stdout=log, stderr=log
            )

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What the daemon logged of a kind."""
        said = (self.folder / "daemon.log").read_text().splitlines()
        found = [json.loads(line) for line in said if line.startswith("{")]
        return [one for one in found if one["event"] == event]

    def ready(self) -> int:
        """The status of /readyz; 0 when nobody answers."""
        try:
            return httpx2.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code
        except httpx2.HTTPError:
            return 0

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=40)


@pytest.fixture
def site(mortal_server: tuple[Any, str], tmp_path: Path) -> Iterator[Site]:
    """Not yet installed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    url = make_url(mortal_server[1]).set(password=SECRET).render_as_string(hide_password=False)
    made = Site(tmp_path, url, port)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for it."""
    for _ in range(PATIENCE):
        if true():
            return
        pause(0.1)
    pytest.fail(what)


def test_a_start_waits_for_the_database(site: Site, mortal_server: tuple[Any, str]) -> None:
    """One line that names host and database and not the password; then on by itself; SIGTERM ends the waiting cleanly."""
    server, _ = mortal_server
    site.run("init", "--sample-register", 1)
    server.stop()
    said = site.run("callout", "list", code=1)
    assert "/postgres" in said
    assert "cannot be used" in said
    site.start()
    until(lambda: bool(site.lines("daemon.waiting")), "it did not say that it waits")
    pause(4)
    [line] = site.lines("daemon.waiting")
    assert "/postgres" in line["error"]
    assert SECRET not in (site.folder / "daemon.log").read_text()
    assert site.stop() == 0
    site.start()
    until(lambda: len(site.lines("daemon.waiting")) == 2, "it did not wait again")
    assert site.ready() == 0
    server.start()
    until(lambda: site.ready() == 200, "it did not go on")
    assert site.stop() == 0
    assert "Traceback" not in (site.folder / "daemon.log").read_text()


def test_a_database_that_goes_and_comes_back_in_mid_call_out(site: Site, mortal_server: tuple[Any, str]) -> None:
    """Stopped and started, its connections cut: readiness is red meanwhile, the call-out goes on, the check finds nothing."""
    server, url = mortal_server
    site.run("init", "--sample-register", 1)
    site.start()
    until(lambda: site.ready() == 200, "it did not start")
    warning = site.folder / "red.xml"
    sample = ROOT / "config" / "samples" / "12379-county-red-rain.xml"
    warning.write_bytes(restamp(sample.read_bytes(), SystemClock().now()))
    site.run("alert", "ingest", warning)
    server.stop()
    until(lambda: site.ready() == 503, "readiness did not go red")
    said = site.run("alert", "ingest", warning, code=1)
    assert "/postgres" in said
    server.start()
    until(lambda: site.ready() == 200, "it did not come back")
    admin = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    for _ in range(10):
        with admin.connect() as connection:
            cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'warning-dispatch'"
            connection.execute(text(cut))
        pause(0.3)
    until(lambda: site.ready() == 200, "it did not bear cut connections")
    [callout] = json.loads(site.run("callout", "list", "--json"))["callouts"]
    assert callout["id"] == 1
    assert len(site.lines("engine.failing")) == len(site.lines("engine.recovered"))
    assert site.process is not None
    assert site.process.poll() is None, "the process did not end"
    assert site.stop() == 0
    site.run("db", "check")
    log = (site.folder / "daemon.log").read_text()
    assert SECRET not in log
    assert "engine.broke" not in log
