"""A running daemon as monitoring sees it: /metrics, the heartbeat outward, and what both do when the engine cannot turn."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from warning_dispatch.clock import SystemClock, pause
from warning_dispatch.ingest.samples import restamp

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "from warning_dispatch.cli import main; main()"
PATIENCE = 60.0


class Switch(ThreadingHTTPServer):
    """The dead man's switch that our heartbeat keeps from ringing."""

    def __init__(self) -> None:
        self.beats = 0
        super().__init__(("127.0.0.1", 0), Pulse)


class Pulse(BaseHTTPRequestHandler):
    """One beat."""

    server: Switch

    def do_GET(self) -> None:
        """Count it."""
        self.server.beats += 1
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@dataclass
class Watched:
    """An installation in a folder, with its daemon."""

    folder: Path
    port: int
    switch: Switch
    process: subprocess.Popen[bytes] | None = field(default=None)

    def environment(self) -> dict[str, str]:
        """A login shell's, with our port and our switch."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "WARNING_DISPATCH_WEB__PORT": str(self.port),
            "WARNING_DISPATCH_WATCH__HEARTBEAT_URL": f"http://127.0.0.1:{self.switch.server_port}/beat",
            "WARNING_DISPATCH_WATCH__HEARTBEAT_EVERY_S": "5",
        }

    def run(self, *words: str) -> None:
        """One command."""
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-c", COMMAND, *words],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stdout + done.stderr

    def start(self) -> None:
        """The daemon, until its page answers."""
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", COMMAND, "run"], cwd=self.folder, env=self.environment(), stderr=subprocess.DEVNULL
        )
        self.until("warning_dispatch_engine_ok 1.0")

    def metrics(self) -> str:
        """The page; empty while nobody answers."""
        with (
            suppress(URLError, ConnectionError, TimeoutError),
            urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as page,
        ):
            text: str = page.read().decode()
            return text
        return ""

    def until(self, line: str) -> str:
        """Wait until the page has it."""
        for _ in range(round(PATIENCE / 0.2)):
            text = self.metrics()
            if line in text:
                return text
            pause(0.2)
        raise AssertionError(f"no {line!r} in\n{self.metrics()}")


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """A fresh installation with the sample register, and whoever listens for its heart."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    switch = Switch()
    threading.Thread(target=switch.serve_forever, daemon=True).start()
    station = Watched(tmp_path, port, switch)
    station.run("init", "--sample-register", "1")
    yield station
    if station.process is not None:
        with suppress(ProcessLookupError):
            station.process.send_signal(signal.SIGCONT)
        station.process.terminate()
        station.process.wait(30)
    switch.shutdown()
    switch.server_close()


def test_a_night_is_seen_from_outside(watched: Watched) -> None:
    """A red warning shows as a call-out, as attempts by route, as answers; the switch hears the heart, and not a frozen one."""
    watched.start()
    warning = watched.folder / "warning.xml"
    raw = (ROOT / "config/samples/12379-red-rain-city.xml").read_bytes()
    warning.write_bytes(restamp(raw, SystemClock().now()))
    watched.run("alert", "ingest", str(warning))
    text = watched.until('warning_dispatch_callouts{colour="red",purpose="call",state="running"} 1.0')
    assert 'warning_dispatch_messages_total{disposition="accepted",source="file"} 1.0' in text
    text = watched.until('warning_dispatch_attempts_claimed_total{purpose="call",route="voice-simulated"}')
    assert 'warning_dispatch_units{colour="red",purpose="call",standing="open",tier="villages"}' in text
    assert "warning_dispatch_figures_readable 1.0" in text
    for _ in range(round(PATIENCE / 0.2)):
        if watched.switch.beats:
            break
        pause(0.2)
    assert watched.switch.beats
    assert watched.process is not None
    watched.process.send_signal(signal.SIGSTOP)
    heard = watched.switch.beats
    pause(6)
    assert watched.switch.beats <= heard + 1, "a frozen process beats on"
