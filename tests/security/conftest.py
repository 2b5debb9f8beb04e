"""A running daemon with a call-out under way, an officer who is logged in, and a key: what strangers are let loose upon."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator

import pytest
from station import PASSWORD, PATIENCE, Station, free_ports

SCOPES = ("alerts", "read", "act", "register", "feedback")


@pytest.fixture(scope="session")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Installed, warned, running."""
    port, outside = free_ports(2)
    station = Station(tmp_path_factory.mktemp("station"), port, outside)
    station.environ |= {
        "WARNING_DISPATCH_WEB__PUBLIC_URL": f"http://127.0.0.1:{port}",
        "WARNING_DISPATCH_WEB__OUTSIDE_HOST": "127.0.0.1",
        "WARNING_DISPATCH_WEB__OUTSIDE_PORT": str(outside),
        "WARNING_DISPATCH_LOG__LEVEL": "warning",
        "WARNING_DISPATCH_OUTWARD__FEED": "open",
    }
    station.command("init", "--sample-register", "1")
    station.command("user", "add", "wang", "--role", "officer", "--password-stdin", typed=PASSWORD + "\n")
    for role in ("registrar", "administrator"):
        station.command("user", "grant", "wang", "--role", role)
    named = [word for scope in SCOPES for word in ("--scope", scope)]
    station.key = json.loads(station.command("key", "add", "tester", *named, "--json"))["key"]
    station.start()
    station.warn()
    station.log_in()
    yield station
    assert station.process is not None
    station.process.send_signal(signal.SIGTERM)
    assert station.process.wait(PATIENCE) == 0
