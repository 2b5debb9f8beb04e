"""The units of the service: every directive says why, systemd finds nothing wrong, and little of the machine is exposed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from warning_dispatch.settings import WebSettings

UNITS = Path(__file__).resolve().parents[2] / "systemd"
PROGRAM = "/opt/warning-dispatch/bin/warning-dispatch"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
EXPOSED_AT_MOST = 15
"""Tenths; systemd counts from 0 (nothing) to 10."""
DIRECTIVE = re.compile(r"^[A-Z][A-Za-z]+=")
analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze; Debian: systemd")


def units() -> list[Path]:
    """Every unit file."""
    return sorted(path for path in UNITS.iterdir() if path.suffix in {".service", ".timer", ".target"})


def directives(name: str, section: str) -> dict[str, list[str]]:
    """What a unit says in a section, in order."""
    found: dict[str, list[str]] = {}
    inside = False
    for line in (UNITS / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            inside = line == f"[{section}]"
        elif inside and DIRECTIVE.match(line):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as they lie where the program is: systemd looks whether it exists."""
    for path in units():
        text = path.read_text(encoding="utf-8").replace(PROGRAM, "/usr/bin/env")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    return tmp_path


def analyzed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`systemd-analyze` in a folder of units."""
    command = [str(shutil.which("systemd-analyze")), *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - fixed words


@pytest.mark.parametrize("path", units(), ids=lambda path: path.name)
def test_every_directive_says_why(path: Path) -> None:
    """Whoever runs the bureau's machine can judge each line: a comment in both languages stands right above it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for at, line in enumerate(lines):
        if DIRECTIVE.match(line):
            comment, above = [], at - 1
            while lines[above].startswith("#"):
                comment.append(lines[above])
                above -= 1
            said = " ".join(comment)
            assert re.search(r"[\u4e00-\u9fff]", said), (path.name, line)
            assert re.search(r"[a-z]{2}", said), (path.name, line)


def test_the_sandbox_is_the_same_for_all() -> None:
    """No unit is softer than the daemon itself; who runs them and what keys they get is the same too."""
    ours = directives("warning-dispatch.service", "Service")
    own = {"Type", "NotifyAccess", "ExecStart", "WatchdogSec", "Restart", "RestartSec", "KillSignal", "KillMode"}
    own |= {"TimeoutStartSec", "TimeoutStopSec", "TimeoutAbortSec", "LimitNOFILE", "OOMScoreAdjust"}
    for name in SERVICES:
        theirs = directives(name, "Service")
        differs = {key for key in ours if key not in own and theirs.get(key) != ours[key]}
        assert not differs, name
    split = directives("warning-dispatch@.service", "Service")
    assert {key for key in own if split.get(key) != ours[key]} == {"ExecStart"}


def test_what_the_daemon_promises_its_supervisor() -> None:
    """The unit believes what the daemon says: ready by its word, a watchdog, always back, a drain longer than the wire's."""
    said = directives("warning-dispatch.service", "Service")
    assert said["Type"] == ["notify"]
    assert said["WatchdogSec"] == ["30"]
    assert said["Restart"] == ["always"]
    assert int(said["TimeoutStopSec"][0]) > 20
    assert said["LimitCORE"] == ["0"], "a core file would hold keys and numbers"
    assert any(one.startswith("data.key:") for one in said["LoadCredential"])


@analyze
def test_systemd_finds_nothing_wrong(installed: Path) -> None:
    """Not one misspelt directive, not one value that systemd would ignore: it only prints them and goes on."""
    names = [path.name.replace("@.", "@engine.") for path in units()]
    shutil.copy(installed / "warning-dispatch@.service", installed / "warning-dispatch@engine.service")
    done = analyzed(installed, "verify", "--man=no", "--recursive-errors=no", *(f"./{name}" for name in names))
    said = "\n".join(line for line in (done.stdout + done.stderr).splitlines() if "warning-dispatch" in line)
    assert (done.returncode, said) == (0, "")


@analyze
@pytest.mark.parametrize("name", SERVICES)
def test_little_of_the_machine_is_exposed(installed: Path, name: str) -> None:
    """What somebody who broke into the process could reach is as little as the real daemon needs."""
    limit = f"--threshold={EXPOSED_AT_MOST}"
    done = analyzed(installed, "security", "--offline=true", limit, "--no-pager", f"./{name}")
    assert done.returncode == 0, done.stdout


@analyze
@pytest.mark.parametrize("name", sorted(path.name for path in UNITS.glob("*.timer")))
def test_timers_name_a_moment(tmp_path: Path, name: str) -> None:
    """Each fires at a moment that systemd understands, early in the morning of Beijing."""
    [when] = directives(name, "Timer")["OnCalendar"]
    assert when.endswith(" Asia/Shanghai")
    assert analyzed(tmp_path, "calendar", when).returncode == 0


def test_no_two_processes_of_the_split_set_share_a_port() -> None:
    """On one machine, with the listener for the internet open as well."""
    ports = [int(path.read_text(encoding="utf-8").rsplit("=", 1)[1]) for path in (UNITS / "roles").glob("*.env")]
    web = WebSettings()
    assert len({*ports, web.outside_port}) == len(ports) + 1
    assert web.port in ports
