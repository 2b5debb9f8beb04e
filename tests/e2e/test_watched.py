"""A running daemon as monitoring sees it: /metrics, the heartbeat outward, and what both do when the engine cannot turn."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from station import PATIENCE, Station, free_ports

from warning_dispatch.clock import pause

pytestmark = pytest.mark.slow


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


class Watched(Station):
    """An installation as monitoring sees it."""

    def metrics(self) -> str:
        """The page; empty while nobody answers."""
        with suppress(OSError):
            return self.ask("GET", "/metrics").body.decode()
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
def switch() -> Iterator[Switch]:
    """Whoever listens for the heart."""
    switch = Switch()
    threading.Thread(target=switch.serve_forever, daemon=True).start()
    yield switch
    switch.shutdown()
    switch.server_close()


@pytest.fixture
def watched(tmp_path: Path, switch: Switch) -> Iterator[Watched]:
    """A fresh installation with the sample register, whose heart beats to the switch."""
    (port,) = free_ports(1)
    station = Watched(tmp_path, port)
    station.environ |= {
        "WARNING_DISPATCH_WATCH__HEARTBEAT_URL": f"http://127.0.0.1:{switch.server_port}/beat",
        "WARNING_DISPATCH_WATCH__HEARTBEAT_EVERY_S": "5",
    }
    station.command("init", "--sample-register", "1")
    yield station
    if station.process is not None:
        with suppress(ProcessLookupError):
            station.process.send_signal(signal.SIGCONT)
        station.process.terminate()
        station.process.wait(30)


def test_a_night_is_seen_from_outside(watched: Watched, switch: Switch) -> None:
    """A red warning shows as a call-out, as attempts by route, as answers; the switch hears the heart, and not a frozen one."""
    watched.start()
    watched.until("warning_dispatch_engine_ok 1.0")
    watched.warn()
    text = watched.until('warning_dispatch_callouts{colour="red",purpose="call",state="running"} 1.0')
    assert 'warning_dispatch_messages_total{disposition="accepted",source="file"} 1.0' in text
    text = watched.until('warning_dispatch_attempts_claimed_total{purpose="call",route="voice-simulated"}')
    assert 'warning_dispatch_units{colour="red",purpose="call",standing="open",tier="villages"}' in text
    assert "warning_dispatch_figures_readable 1.0" in text
    for _ in range(round(PATIENCE / 0.2)):
        if switch.beats:
            break
        pause(0.2)
    assert switch.beats
    assert watched.process is not None
    watched.process.send_signal(signal.SIGSTOP)
    heard = switch.beats
    pause(6)
    assert switch.beats <= heard + 1, "a frozen process beats on"
