"""The village: SIPp plays its telephones on loopback. What a phone does stands in the eighth digit of its number (village.xml)."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

SCENARIO = Path(__file__).with_name("village.xml")
KEYS = Path("/usr/share/sip-tester")
FOREVER, KEY, WRONG, INFO, SILENT, QUICK, BUSY, UNAVAILABLE, EMPTY, TROUBLE = range(10)
OUTCOMES = {
    FOREVER: "no_answer",
    KEY: "key_pressed",
    WRONG: "heard_no_key",
    INFO: "key_pressed",
    SILENT: "heard_no_key",
    QUICK: "hung_up_early",
    BUSY: "busy",
    UNAVAILABLE: "out_of_coverage",
    EMPTY: "empty_number",
    TROUBLE: "temporarily_refused",
}
"""What becomes of a call to each."""
PROGRAMS = ("baresip", "sipp")


def absent() -> str:
    """Why no telephone can ring here; empty when they can."""
    missing = [one for one in PROGRAMS if shutil.which(one) is None]
    return f"no {', '.join(missing)} here: sh tests/sip/install.sh" if missing else ""


def number(behaviour: int, at: int) -> str:
    """A number that belongs to nobody: +86 1000000 behaviour nnn."""
    return f"+861000000{behaviour}{at:03d}"


def behaviour_of(address: str) -> int:
    """What a phone does."""
    return int(address.removeprefix("+86")[7])


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that nobody has at the moment."""
    with socket.socket(type=kind) as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


_GIVEN: list[int] = []
PORTS_EACH = 2_700
"""Ports of each test process: what one looks at no other takes meanwhile."""


def _lowest() -> int:
    """The first port of this test process: by its number among those of a run, else by its pid."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    share = int(worker.removeprefix("gw")) if worker else os.getpid()
    return 10_000 + share % 8 * PORTS_EACH


def free_ports(count: int) -> int:
    """The first of so many ports in a row below those that the kernel gives out by itself; none is given twice."""
    lowest = _lowest()
    for first in range(max([lowest, *_GIVEN]), lowest + PORTS_EACH - count):
        if all(_both_free(port) for port in range(first, first + count)):
            _GIVEN.append(first + count)
            return first
    _GIVEN.clear()
    return free_ports(count)


def _both_free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(type=kind) as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


@dataclass(frozen=True, slots=True)
class Seen:
    """A line of the village's log: what happened to which phone, when (seconds)."""

    what: str
    address: str
    at: float


class Village:
    """Its telephones."""

    def __init__(self, folder: Path, changes: dict[str, str] | None = None) -> None:
        """`changes`: of the scenario's text, for a village that differs."""
        self.folder = folder
        self.port = free_ports(2)
        folder.mkdir(parents=True, exist_ok=True)
        text = SCENARIO.read_text(encoding="utf-8")
        if os.geteuid():  # playing captured packets needs a raw socket: keys come by INFO, nobody presses a wrong one
            text = text.replace('<nop next="key" test="key"/>', '<nop next="info" test="key"/>')
            text = text.replace('<nop next="wrong" test="wrong"/>', '<nop next="listen" test="wrong"/>')
        for old, new in (changes or {}).items():
            assert old in text
            text = text.replace(old, new)
        (folder / "village.xml").write_text(text, encoding="utf-8")
        for one in KEYS.glob("dtmf_2833_*.pcap"):
            shutil.copy(one, folder)
        self._process: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """Plug them in."""
        command = [
            shutil.which("sipp") or "sipp", "-sf", "village.xml", "-i", "127.0.0.1", "-mi", "127.0.0.1",
            "-p", str(self.port), "-mp", str(free_ports(400)), "-nostdin", "-nd",
            "-trace_logs", "-log_file", "village.log", "-trace_err", "-error_file", "village.err", "-aa",
        ]  # fmt: skip
        self._process = subprocess.Popen(  # noqa: S603 - a fixed program
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def silence(self) -> None:
        """The trunk says nothing any more, and takes nothing."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def close(self) -> None:
        """Unplug them."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    def seen(self, what: str = "") -> list[Seen]:
        """What has happened, in order."""
        path = self.folder / "village.log"
        found = []
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            words = line.split()
            if len(words) >= 3 and words[1].startswith("1000000"):
                found.append(Seen(words[0], f"+86{words[1]}", float(words[-1])))
        return [one for one in found if not what or one.what == what]

    def rung(self) -> Counter[str]:
        """How often each phone has rung."""
        return Counter(one.address for one in self.seen("rung"))

    def errors(self) -> str:
        """What SIPp found wrong; that it is asked whether it is there is not."""
        path = self.folder / "village.err"
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return "\n".join(one for one in lines if "following events" not in one and "Automatic response" not in one)


def call_back(folder: Path, caller: str, port: int) -> int:
    """Somebody rings a line of ours, presses 1 and listens until the line hangs up; SIPp's exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    text = SCENARIO.with_name("caller.xml").read_text(encoding="utf-8").replace("CALLER", caller)
    (folder / "caller.xml").write_text(text, encoding="utf-8")
    command = [
        shutil.which("sipp") or "sipp", f"127.0.0.1:{port}", "-sf", "caller.xml", "-i", "127.0.0.1", "-mi", "127.0.0.1",
        "-p", str(free_ports(2)), "-mp", str(free_ports(4)), "-m", "1", "-nostdin", "-nd", "-timeout", "60",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)  # noqa: S603 - a fixed program
    return done.returncode
