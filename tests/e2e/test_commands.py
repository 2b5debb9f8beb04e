"""The console script as a stranger uses it: processes, exit codes, standard output; with and without a daemon."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from warning_dispatch.clock import SystemClock, pause
from warning_dispatch.ingest.samples import restamp

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "from warning_dispatch.cli import main; main()"
TOWNSHIP = "141124100"
PATIENCE = 200
"""Tenths of a second that the daemon may take to start."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A shell in an empty folder."""

    folder: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        """What a login shell has, and the port."""
        ours = {"PYTHONPATH": str(ROOT), "LOGNAME": "zhiban", "LANG": "C.UTF-8", "PYTHONWARNINGS": "error"}
        return {"PATH": os.environ["PATH"], "WARNING_DISPATCH_WEB__PORT": str(self.port), **ours}

    def run(self, *words: object, code: int = 0) -> str:
        """One command; its standard output. Never a traceback, and the exit code that is promised."""
        done = subprocess.run(  # noqa: S603 - our own command with words of this test
            [sys.executable, "-c", COMMAND, *map(str, words)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert "Traceback" not in done.stdout + done.stderr
        assert done.returncode == code, done
        return done.stdout

    def asked(self, *words: object, code: int = 0) -> Any:
        """The JSON of a command."""
        return json.loads(self.run(*words, "--json", code=code))

    def warning(self) -> Path:
        """A red warning for one county, issued now."""
        path = self.folder / "red.xml"
        path.write_bytes(
            restamp((ROOT / "config" / "samples" / "12379-county-red-rain.xml").read_bytes(), SystemClock().now())
        )
        return path


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder with nothing in it; the configuration is found where it is shipped."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return Desk(tmp_path, port)


@pytest.fixture
def daemon(desk: Desk) -> Iterator[subprocess.Popen[bytes]]:
    """`run` beside the commands, on an installation with the sample register."""
    desk.run("init", "--sample-register", 1)
    log = (desk.folder / "daemon.log").open("wb")
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", COMMAND, "run"], cwd=desk.folder, env=desk.environment, stdout=log, stderr=log
    )
    try:
        await_socket(desk.folder / "var" / "control.sock")
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        log.close()


def await_socket(path: Path) -> None:
    """Wait until somebody listens there."""
    for _ in range(PATIENCE):
        with socket.socket(socket.AF_UNIX) as probe:
            if path.exists() and probe.connect_ex(str(path)) == 0:
                return
        pause(0.1)
    pytest.fail("the daemon did not start")


def test_from_nothing_to_a_proof(desk: Desk) -> None:
    """init, check, a sample register, a warning, an answer, a proof; then somebody changes the proof."""
    desk.run("check", code=1)
    desk.run("init")
    desk.run("check", code=1)
    desk.run("contacts", "sample", "--seed", 3)
    assert desk.asked("check")["ok"]
    [result] = desk.asked("alert", "ingest", desk.warning())["results"]
    assert result["disposition"] == "accepted"
    assert "暴雨红色预警" in desk.run("callout", "list")
    assert "乡镇" in desk.run("callout", "show", 1)
    desk.run("callout", "ack", 1, TOWNSHIP, "--reason", "电话，本人")
    assert desk.asked("callout", "show", 1)["acknowledged"] == 1
    assert desk.asked("journal", "verify")["ok"]
    connection = sqlite3.connect(desk.folder / "var" / "warning-dispatch.db")
    with connection:
        connection.execute("UPDATE journal_block SET at = at + 1 WHERE stream = 'callout:1' AND seq = 2")
    connection.close()
    [fault] = desk.asked("journal", "verify", code=1)["faults"]
    assert (fault["stream"], fault["block"]) == ("callout:1", 2)


def test_commands_go_through_the_running_daemon(desk: Desk, daemon: subprocess.Popen[bytes]) -> None:
    """The daemon takes the message and the acts, calls at once, and its errors come back as its own words."""
    assert desk.asked("alert", "ingest", desk.warning())["results"][0]["callouts"] == [1]
    desk.run("callout", "ack", 1, TOWNSHIP, "--reason", "电话，本人")
    assert desk.asked("callout", "ack", 1, "999", "--reason", "x", code=1)["kind"] == "NotFoundError"
    assert desk.asked("callout", "pause", 1, "--reason", "核实")["state"] == "paused"
    assert desk.asked("callout", "pause", 1, "--reason", "核实", code=1)["kind"] == "RefusedError"
    assert desk.asked("callout", "resume", 1, "--reason", "核实完")["state"] == "running"
    junk = desk.folder / "junk.xml"
    junk.write_text("<alert", encoding="utf-8")
    assert desk.asked("alert", "ingest", junk, code=1)["results"][0]["disposition"] == "quarantined"
    for _ in range(PATIENCE):
        if desk.asked("callout", "show", 1)["attempts"]:
            break
    view = desk.asked("callout", "show", 1)
    assert view["attempts"] > 0
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(timeout=30) == 0
    assert desk.asked("journal", "verify", "--log", "daemon.log")["ok"]
    assert desk.asked("db", "check")["ok"]


def test_the_daemon_puts_a_call_out_on_paper(desk: Desk, daemon: subprocess.Popen[bytes]) -> None:
    """Right after the start, by itself; again by command, with a name; both in a journal that holds."""
    desk.run("alert", "ingest", desk.warning())
    folder = desk.folder / "var" / "lists"
    for _ in range(PATIENCE):
        if len(found := sorted(folder.glob("*_callout-1_round-1.*[!t]"))) == 2:
            break
        pause(0.1)
    assert [path.suffix for path in found] == [".csv", ".html"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}
    assert "临泉镇" in found[1].read_text(encoding="utf-8")
    copy = desk.asked("callout", "print", 1, "--folder", "usb", "--reason", "备用机房要一份")
    assert all(Path(path).is_file() for path in copy["files"])
    assert copy["units"] > 300
    told = desk.run("journal", "export", 1)
    assert told.count('"list.written"') == 2
    assert daemon.poll() is None


def test_the_daemon_accounts_for_what_a_command_hands_out(desk: Desk, daemon: subprocess.Popen[bytes]) -> None:
    """Record form, verdict and journal beside a running daemon: it writes, the command makes the files."""
    assert daemon.poll() is None
    desk.asked("alert", "ingest", desk.warning())
    desk.run("callout", "cancel", 1, "--reason", "雨停了")
    done = desk.asked("report", "callout", 1, "--xlsx", "r.xlsx", "--html", "r.html", "--clear", "--reason", "核查")
    assert done["files"] == ["r.xlsx", "r.html"]
    desk.asked("report", "verdict", 1, "false", "--reason", "实况 2 毫米")
    assert desk.asked("report", "season")["verdicts"]["false"] == 1
    desk.asked("journal", "export", 1, "--out", "j.jsonl")
    journal = (desk.folder / "j.jsonl").read_text("utf-8")
    assert journal.count('"k":"record.exported"') == 2
    assert '"k":"callout.judged"' in journal
    check = [sys.executable, "verify_journal.py", "j.jsonl", "--key", "journal.pub"]
    assert subprocess.run(check, cwd=desk.folder, check=False, capture_output=True).returncode == 0  # noqa: S603 - ours
    assert daemon.poll() is None


def test_a_receiver_is_added_through_the_daemon(desk: Desk, daemon: subprocess.Popen[bytes]) -> None:
    """Every finding comes back through the socket; what is right is taken and called by the daemon."""
    desk.run("alert", "ingest", desk.warning())
    words = ("callout", "add-receiver", 1, "--unit", TOWNSHIP, "--role", "deputy", "--reason", "镇里报来")
    refused = desk.asked(*words, "--phone", "12", "--mail", "x", code=1)
    assert [one["where"] for one in refused["findings"]] == ["--name", "--phone", "--mail"]
    added = desk.asked(*words, "--phone", "+8626017777777", "--name", "样本甲")
    assert added["endpoints"] == 2
    assert daemon.poll() is None


def test_a_register_comes_in_through_the_daemon(desk: Desk, daemon: subprocess.Popen[bytes]) -> None:
    """The daemon writes what the command has read, in the middle of a call-out; what it refuses is not written."""
    desk.run("alert", "ingest", desk.warning())
    sheet = desk.folder / "office.csv"
    sheet.write_text(f"单位编码,姓名,角色,手机,样本\n{TOWNSHIP},样本新,A岗,+8626010000009,是\n", encoding="utf-8")
    counts = desk.asked("contacts", "import", sheet, "--actor", "王登记员")
    assert (counts["receivers_added"], counts["receivers_ended"]) == (1, 3)
    assert desk.asked("contacts", "show", TOWNSHIP)["receivers"][0]["name"] == "样本新"
    sheet.write_text("单位编码,姓名,角色,手机\n141124,真实的人,A岗,13800000000\n", encoding="utf-8")
    assert desk.asked("contacts", "import", sheet, code=1)
    assert daemon.poll() is None
    assert "王登记员" in desk.run("journal", "export", "register")


def test_a_backup_of_a_running_daemon(desk: Desk, daemon: subprocess.Popen[bytes]) -> None:
    """The copy is whole while the night goes on."""
    desk.run("alert", "ingest", desk.warning())
    desk.run("db", "backup", "copy.db")
    assert daemon.poll() is None
    connection = sqlite3.connect(desk.folder / "copy.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("SELECT count(*) FROM callout").fetchone() == (1,)
    connection.close()


def test_a_socket_nobody_listens_to_is_no_daemon(desk: Desk) -> None:
    """After a crash the socket's file is left behind; commands then act by themselves."""
    desk.run("init", "--sample-register", 1)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(desk.folder / "var" / "control.sock"))
    assert desk.asked("alert", "ingest", desk.warning())["results"][0]["callouts"] == [1]
