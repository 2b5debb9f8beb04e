"""The engine hangs: the process stops feeding its watchdog, is ended and started anew as systemd would, and goes on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.request import urlopen

import pytest

from warning_dispatch.clock import SystemClock, pause, stopwatch
from warning_dispatch.ingest.samples import restamp

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "from warning_dispatch.cli import main; main()"
WATCHDOG = 8.0
"""Seconds of silence after which this supervisor acts; the shipped unit says 30."""
PATIENCE = 90.0


class Systemd:
    """A supervisor as systemd is one: listens, and ends by SIGABRT what has been silent for too long, then starts it anew."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], folder: Path) -> None:
        self._command = command
        self._log = folder / "daemon.log"
        self._ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ear.bind(str(folder / "notify"))
        self._ear.settimeout(0.1)
        self._environment = {**environment, "NOTIFY_SOCKET": str(folder / "notify")}
        self.said: list[dict[str, str]] = []
        self.kills = 0
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self._ready, self._fed_at = False, stopwatch()
        with self._log.open("ab") as log:
            return subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)  # noqa: S603 - our own program

    def watch_until(self, true: Callable[[], bool], what: str) -> None:
        """Do a supervisor's work until something is so."""
        began = stopwatch()
        while not true():
            assert stopwatch() - began < PATIENCE, (what, self.said[-5:], self._log.read_text()[-2_000:])
            self._listen()
            if self._ready and stopwatch() - self._fed_at > WATCHDOG:
                self.kills += 1
                self.process.send_signal(signal.SIGABRT)
                assert self.process.wait(PATIENCE) == -signal.SIGABRT
                self.process = self._start()

    def _listen_to_all(self) -> None:
        before = -1
        while before < len(self.said):
            before = len(self.said)
            self._listen()

    def _listen(self) -> None:
        try:
            words = dict(line.split("=", 1) for line in self._ear.recv(4096).decode().splitlines())
        except TimeoutError:
            return
        self.said.append(words)
        if words.keys() & {"READY", "WATCHDOG"}:
            self._ready, self._fed_at = True, stopwatch()
        if "STOPPING" in words:
            self._ready = False

    def count(self, word: str) -> int:
        """How often it was said."""
        return sum(word in one for one in self.said)

    @property
    def log(self) -> str:
        """What the processes printed."""
        return self._log.read_text()

    def stop(self) -> int:
        """SIGTERM, and the exit code; what was said before and is still said is heard."""
        self._listen_to_all()
        self.process.send_signal(signal.SIGTERM)
        began = stopwatch()
        while self.process.poll() is None and stopwatch() - began < PATIENCE:
            self._listen()
        code = self.process.wait(1)
        self._listen_to_all()
        return code

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._ear.close()


class Place:
    """An installation on a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port: int = listener.getsockname()[1]
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "WARNING_DISPATCH_STATE_DIR": str(folder / "state"),
            "WARNING_DISPATCH_WEB__PORT": str(self.port),
        }

    def run(self, *words: str) -> str:
        """One command that must succeed."""
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", COMMAND, *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2_000:] + done.stdout[-2_000:]
        return done.stdout

    def attempts(self) -> int:
        """How often anybody was tried in call-out 1."""
        count: int = json.loads(self.run("callout", "show", "1", "--json"))["attempts"]
        return count

    def reachable(self) -> bool:
        """Whether pages, readiness and the local socket answer at this moment."""
        with urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=PATIENCE) as answer:
            ready = answer.status == 200
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.folder / "state" / "control.sock"))
        return ready and self.healthy()

    def healthy(self) -> bool:
        """Whether the web answers, whatever the engine does."""
        with urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=PATIENCE) as answer:
            return bool(answer.status == 200)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """With the sample register."""
    made = Place(tmp_path)
    made.run("init", "--sample-register=1", "--json")
    return made


@pytest.fixture
def systemd(place: Place) -> Iterator[Systemd]:
    """Its supervisor, which has started it."""
    script = str(Path(__file__).with_name("hanging.py"))
    made = Systemd(
        [sys.executable, script, str(ROOT / "config"), str(place.folder / "hang")], place.environment, place.folder
    )
    yield made
    made.close()


def test_an_engine_that_hangs_is_ended_and_goes_on(place: Place, systemd: Systemd) -> None:
    """Pages still answer, yet the feeding ends; the new process takes the call-out up where it was, and drains at a stop."""
    systemd.watch_until(lambda: systemd.count("READY") == 1, "it did not become ready")
    assert place.reachable(), "whatever is ordered after it may rely on pages and commands"
    warning = place.folder / "red.xml"
    sample = (ROOT / "config" / "samples" / "12379-county-red-rain.xml").read_bytes()
    warning.write_bytes(restamp(sample, SystemClock().now()))
    place.run("alert", "ingest", str(warning))
    systemd.watch_until(lambda: systemd.count("WATCHDOG") > 2, "it was not fed")
    before = place.attempts()
    assert before > 0

    (place.folder / "hang").touch()
    pause(1.5)  # a turn that had begun is over
    assert place.healthy(), "wire and web go on: a probe of them alone would have seen nothing"
    systemd.watch_until(lambda: systemd.kills == 1, "it was not ended")
    (place.folder / "hang").unlink()
    assert "in hangs" in systemd.log, "where the engine stood is in the log"
    systemd.watch_until(lambda: systemd.count("READY") == 2, "it did not become ready again")
    systemd.watch_until(lambda: place.attempts() > before, "nobody was called any more")
    systemd.watch_until(lambda: any("进行中的叫应 1" in one.get("STATUS", "") for one in systemd.said), "no status")
    assert systemd.kills == 1
    assert systemd.stop() == 0
    assert systemd.count("STOPPING") == 1
    place.run("db", "check")
