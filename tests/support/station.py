"""An installation in a folder, its daemon as a process, and a browser of little patience before it: for tests that run the real thing."""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from warning_dispatch.bootstrap import Product, build_daemon, open_product
from warning_dispatch.clock import SystemClock, pause
from warning_dispatch.daemon import EngineDesk
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "from warning_dispatch.cli import main; main()"
PATIENCE = 60.0
"""Seconds that anything may take on a busy machine."""
PASSWORD = "a long password for the officer"
RED_CITY = ROOT / "config" / "samples" / "12379-red-rain-city.xml"


def free_ports(count: int) -> list[int]:
    """So many ports of the loopback address that nobody has, all different."""
    with ExitStack() as kept:
        probes = [kept.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def run_command(
    words: tuple[str, ...],
    environ: Mapping[str, str],
    *,
    typed: str = "",
    folder: Path | None = None,
    codes: tuple[int, ...] = (0,),
) -> str:
    """One command in a process of its own, which must end with one of the codes; what it printed."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", COMMAND, *words],
        cwd=folder,
        env=environ,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * PATIENCE,
    )
    assert done.returncode in codes, done.stdout + done.stderr
    return done.stdout


class Browser:
    """Keeps its cookies, sends forms as pages do, follows nothing."""

    def __init__(self, port: int) -> None:
        """`port` of the loopback address."""
        self.port = port
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, **fields: str) -> tuple[int, str, str]:
        """Status, where it leads, and the page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {
            "Accept": "text/html",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Origin": f"http://127.0.0.1:{self.port}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection.request(method, path, urlencode(fields) if fields else None, headers)
        answer = connection.getresponse()
        page = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        connection.close()
        return answer.status, answer.headers.get("Location", ""), page

    def csrf(self, path: str) -> str:
        """The token in the forms of a page."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.ask("GET", path)[2])
        assert found
        return found.group(1)

    def log_in(self, name: str, password: str) -> int:
        """Fill in the form and send it; the status."""
        return self.ask("POST", "/login", csrf=self.csrf("/login"), name=name, password=password)[0]


@dataclass
class Answer:
    """What came back. `headers` by lower-case name; `cookies` as they were set, with their attributes."""

    status: int
    headers: Mapping[str, str]
    cookies: list[str]
    body: bytes


@dataclass
class Station:
    """An installation behind its port. `environ` is a login shell's; what a test wants besides it adds."""

    folder: Path
    port: int
    outside: int = 0
    key: str = ""
    session: str = ""
    process: subprocess.Popen[bytes] | None = None
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """The least that a command needs."""
        self.environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "WARNING_DISPATCH_WEB__PORT": str(self.port),
            **self.environ,
        }

    @property
    def log(self) -> Path:
        """What the daemon says."""
        return self.folder / "daemon.log"

    def command(self, *words: str, typed: str = "") -> str:
        """One command, with findings or without; its output."""
        return run_command(words, self.environ, typed=typed, folder=self.folder, codes=(0, 1))

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
        """The daemon; returns when it is ready."""
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

    def warn(self) -> None:
        """The red rainstorm over the whole prefecture comes in."""
        warning = self.folder / "warning.xml"
        warning.write_bytes(restamp(RED_CITY.read_bytes(), SystemClock().now()))
        self.command("alert", "ingest", str(warning))

    def log_in(self) -> None:
        """The session of the officer wang, as the cookie header has it."""
        browser = Browser(self.port)
        assert browser.log_in("wang", PASSWORD) == http.client.SEE_OTHER
        self.session = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())

    def troubles(self) -> list[str]:
        """Lines of the log that tell of a fault of ours."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if '"request_failed"' in line or '"critical"' in line or "Traceback" in line]


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Product]:
    """The daemon of an installation in this process, from its first turn to its drain."""
    product = open_product(settings)
    daemon = build_daemon(settings, product, SystemClock())
    ready = asyncio.Event()

    async def started(_: EngineDesk) -> None:
        ready.set()

    work = asyncio.create_task(daemon.run(started))
    try:
        await asyncio.wait_for(ready.wait(), PATIENCE)
        yield product
    finally:
        daemon.stop()
        await work
        product.close()
