"""A running daemon with a call-out under way, an officer who is logged in, and a key: what strangers are let loose upon."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest

from warning_dispatch.clock import SystemClock, pause
from warning_dispatch.ingest.samples import restamp

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "from warning_dispatch.cli import main; main()"
PATIENCE = 60.0
PASSWORD = "a long password for the officer"
SCOPES = ("alerts", "read", "act", "register", "feedback")


@dataclass
class Answer:
    """What came back. `headers` by lower-case name; `cookies` as they were set, with their attributes."""

    status: int
    headers: Mapping[str, str]
    cookies: list[str]
    body: bytes


@dataclass
class Station:
    """An installation behind its port."""

    folder: Path
    port: int
    outside: int = 0
    key: str = ""
    session: str = ""
    process: subprocess.Popen[bytes] | None = None
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        """What the daemon says."""
        return self.folder / "daemon.log"

    def command(self, *words: str, typed: str = "") -> str:
        """One command; its output."""
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-c", COMMAND, *words],
            cwd=self.folder,
            env=self.environ,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return done.stdout

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        outside: bool = False,
    ) -> Answer:
        """One request on a connection of its own, with nothing added to it but what HTTP asks for."""
        port = self.outside if outside else self.port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            read = answer.read()
        finally:
            connection.close()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, named, answer.headers.get_all("Set-Cookie") or [], read)

    def start(self) -> None:
        """The daemon; returns when it answers."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-c", COMMAND, "run"], cwd=self.folder, env=self.environ, stderr=log
            )
        for _ in range(int(PATIENCE * 10)):
            with suppress(OSError):
                if self.ask("GET", "/readyz").status == http.client.OK:
                    return
            pause(0.1)
        raise AssertionError(self.log.read_text())

    def log_in(self) -> None:
        """The officer's session, as the cookie header has it."""
        page = self.ask("GET", "/login", headers={"Accept": "text/html"})
        token = re.search(rb'name="csrf" value="([^"]+)"', page.body)
        assert token
        doors = "; ".join(cookie.split(";")[0] for cookie in page.cookies)
        fields = urlencode({"csrf": token[1].decode(), "name": "wang", "password": PASSWORD}).encode()
        headers = {
            "Cookie": doors,
            "Origin": f"http://127.0.0.1:{self.port}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "text/html",
        }
        answer = self.ask("POST", "/login", fields, headers)
        assert answer.status == http.client.SEE_OTHER, answer
        self.session = "; ".join(cookie.split(";")[0] for cookie in answer.cookies)

    def troubles(self) -> list[str]:
        """Lines of the log that tell of a fault of ours."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if '"request_failed"' in line or '"critical"' in line or "Traceback" in line]


def _free_ports(count: int) -> list[int]:
    with ExitStack() as kept:
        probes = [kept.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@pytest.fixture(scope="session")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Installed, warned, running."""
    port, outside = _free_ports(2)
    station = Station(tmp_path_factory.mktemp("station"), port, outside)
    station.environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "WARNING_DISPATCH_WEB__PORT": str(port),
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
    warning = station.folder / "warning.xml"
    raw = (ROOT / "config/samples/12379-red-rain-city.xml").read_bytes()
    warning.write_bytes(restamp(raw, SystemClock().now()))
    station.command("alert", "ingest", str(warning))
    station.log_in()
    yield station
    assert station.process is not None
    station.process.send_signal(signal.SIGTERM)
    assert station.process.wait(PATIENCE) == 0
