"""The real daemon behind its login: from `init` to the live page, and out again by a command beside it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from station import COMMAND, PATIENCE, ROOT, Browser, free_ports, run_command

from warning_dispatch.clock import pause

pytestmark = pytest.mark.slow

PASSWORD = "the mulberry on the roof"


class Bureau(Browser):
    """An installation, its daemon, and a browser of little patience."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds everything."""
        super().__init__(*free_ports(1))
        self.log = folder / "daemon.log"
        self.environ = os.environ | {
            "PYTHONPATH": str(ROOT),
            "WARNING_DISPATCH_STATE_DIR": str(folder / "state"),
            "WARNING_DISPATCH_CONFIG_DIR": str(ROOT / "config"),
            "WARNING_DISPATCH_CONTACTS_DIR": str(ROOT / "contacts"),
            "WARNING_DISPATCH_WEB__PORT": str(self.port),
            "WARNING_DISPATCH_WEB__PUBLIC_URL": f"http://127.0.0.1:{self.port}",
        }

    def command(self, *words: str, typed: str = "") -> str:
        """A command that must succeed; what it printed."""
        return run_command(words, self.environ, typed=typed)

    def start(self) -> subprocess.Popen[bytes]:
        """The daemon; returns when it answers."""
        with self.log.open("wb") as log:
            process = subprocess.Popen([sys.executable, "-c", COMMAND, "run"], env=self.environ, stderr=log)  # noqa: S603 - our own command
        for _ in range(int(PATIENCE * 10)):
            with suppress(OSError):
                if self.ask("GET", "/healthz")[0] == http.client.OK:
                    return process
            pause(0.1)
        pytest.fail(self.log.read_text())


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    """Installed, with an officer, and running."""
    bureau = Bureau(tmp_path)
    bureau.command("init", "--sample-register", "1", "--json")
    bureau.command("user", "add", "wang", "--role", "officer", "--password-stdin", typed=PASSWORD + "\n")
    process = bureau.start()
    yield bureau
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0


def test_from_the_login_to_the_live_page_and_out(bureau: Bureau) -> None:
    """A stranger is led to the login, an officer in; a command beside the daemon ends the account, and the browser is out."""
    assert bureau.ask("GET", "/")[:2] == (303, "./login")
    assert bureau.log_in("wang", "wrong") == http.client.UNAUTHORIZED
    assert bureau.log_in("wang", PASSWORD) == http.client.SEE_OTHER
    assert "data-stream" in bureau.ask("GET", "/")[2]
    assert bureau.ask("POST", "/logout", csrf="wrong")[0] == http.client.FORBIDDEN
    assert bureau.ask("GET", "/account")[0] == http.client.OK
    bureau.command("user", "end", "wang")
    assert bureau.ask("GET", "/account")[1] == "./login?next=%2Faccount"
    lines = [json.loads(line) for line in bureau.command("journal", "export", "system").splitlines()]
    kinds = [str(line["entry"]["k"]) for line in lines if "entry" in line]
    assert [kind for kind in kinds if kind.split(".")[0] in ("session", "user", "login")] == [
        "user.added", "user.added", "session.opened", "user.ended",
    ]  # fmt: skip
    bureau.command("journal", "verify")
    written = bureau.log.read_text()
    assert PASSWORD not in written
    assert bureau.cookies["wd"] not in written
