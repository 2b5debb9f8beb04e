"""The running daemon with two officers in the same storm, the city's and a county's: both act, and the journal names both."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from station import PATIENCE, ROOT, Browser, free_ports, run_command

from warning_dispatch.clock import pause

pytestmark = pytest.mark.slow

WARNING = ROOT / "config" / "samples" / "12379-red-rain-city.xml"
PASSWORD = "the mulberry on the roof"
SPEED = "5"
COUNTY, OTHER = "141124", "141123"


class Desk(Browser):
    """An officer's browser."""

    def __init__(self, port: int, name: str) -> None:
        """Log in."""
        super().__init__(port)
        assert self.log_in(name, PASSWORD) == http.client.SEE_OTHER
        self._csrf = self.csrf("/account")

    def act(self, path: str, **fields: str) -> int:
        """A form of a page; the status."""
        return self.ask("POST", path, csrf=self._csrf, **fields)[0]

    def page(self, path: str) -> str:
        """A page that is theirs."""
        status, _, page = self.ask("GET", path)
        assert status == http.client.OK, path
        return page


class Bureau:
    """An installation and its daemon on a clock that runs faster."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds everything."""
        (self.port,) = free_ports(1)
        self.environ = os.environ | {
            "PYTHONPATH": str(ROOT),
            "WARNING_DISPATCH_STATE_DIR": str(folder / "state"),
            "WARNING_DISPATCH_CONFIG_DIR": str(ROOT / "config"),
            "WARNING_DISPATCH_CONTACTS_DIR": str(ROOT / "contacts"),
            "WARNING_DISPATCH_WEB__PORT": str(self.port),
            "WARNING_DISPATCH_WEB__PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "WARNING_DISPATCH_SIMULATION__CARRIER_LOG": str(folder / "carrier.jsonl"),
        }

    def command(self, *words: str, typed: str = "") -> str:
        """A command that must succeed; what it printed."""
        return run_command(words, self.environ, typed=typed)

    def start(self) -> subprocess.Popen[bytes]:
        """The daemon, with the warning taken in; returns when its pages answer."""
        runner = str(Path(__file__).with_name("runner.py"))
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, runner, str(ROOT / "config"), SPEED, str(WARNING)],
            env=self.environ,
            stdout=subprocess.DEVNULL,
        )
        for _ in range(int(PATIENCE * 10)):
            line = closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE))
            with suppress(OSError), line as connection:
                connection.request("GET", "/healthz")
                if connection.getresponse().status == http.client.OK:
                    return process
            pause(0.1)
        pytest.fail("the daemon does not answer")


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    """Installed, with an officer of the city and one of a county, and running in a storm."""
    bureau = Bureau(tmp_path)
    bureau.command("init", "--sample-register", "1", "--json")
    for name, unit in (("wang", ()), ("lin", ("--unit", COUNTY))):
        bureau.command("user", "add", name, "--role", "officer", *unit, "--password-stdin", typed=f"{PASSWORD}\n")
    process = bureau.start()
    yield bureau
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) in (0, -signal.SIGTERM)


def called(desk: Desk, area: str) -> str:
    """What the button sends that records an answer of the first unit of an area that is being called."""
    for _ in range(int(PATIENCE * 5)):
        page = desk.page(f"/console/callouts/1?show=calling&area={area}&sort=tier")
        found = re.search(r'value="(answered:\d+:\d+)"', page)
        if found:
            return found.group(1)
        pause(0.2)
    pytest.fail("nobody is called there")


def test_both_officers_act_in_one_storm_and_the_journal_names_both(bureau: Bureau) -> None:
    """The city pauses, the county records an answer of its own and is refused another's and the whole; the city goes on."""
    city, county = Desk(bureau.port, "wang"), Desk(bureau.port, "lin")
    assert "临县" in county.page("/console/")
    called(city, COUNTY)
    foreign = called(city, OTHER)
    seen = re.search(r'name="seen" value="(\d+)"', city.page("/console/callouts/1"))
    assert seen
    paused = city.act("/console/callouts/1/act", do="pause", seen=seen.group(1), reason="核对名册")
    assert paused == http.client.SEE_OTHER
    own = called(county, COUNTY)  # nothing moves by itself now
    units = "/console/callouts/1/units"
    assert county.act(units, do=own, reason="值班电话核实") == http.client.SEE_OTHER
    assert county.act(units, do=foreign, reason="x") == http.client.FORBIDDEN
    assert county.ask("GET", f"{units}/{foreign.split(':')[1]}")[0] == http.client.FORBIDDEN
    paused_now = re.search(r'name="seen" value="(\d+)"', city.page("/console/callouts/1"))
    assert paused_now
    resume = {"do": "resume", "seen": paused_now.group(1), "reason": "继续"}
    assert county.act("/console/callouts/1/act", **resume) == http.client.FORBIDDEN
    assert city.act("/console/callouts/1/act", **resume) == http.client.SEE_OTHER
    assert f"user:lin@{COUNTY}" in city.page(f"{units}/{own.split(':')[1]}")
    lines = [json.loads(line) for line in bureau.command("journal", "export", "callout:1").splitlines()]
    said = [line["entry"] for line in lines if "entry" in line]
    acts = [(entry["act"], entry["actor"]) for entry in said if entry["k"] == "act"]
    assert acts == [("pause", "user:wang"), ("resume", "user:wang")]
    assert f"user:lin@{COUNTY}" in {entry.get("actor") for entry in said}
    bureau.command("journal", "verify")
