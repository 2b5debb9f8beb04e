"""The running demonstration as a township sees it: its own list, one told in person, feedback; and the console sees both."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from station import COMMAND, PATIENCE, ROOT, Browser, free_ports

from warning_dispatch.clock import pause
from warning_dispatch.model.states import UNREACHED
from warning_dispatch.model.unit import Channel, Role, UnitLevel
from warning_dispatch.store.database import open_database, reading
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import NUMBER_CONTEXT
from warning_dispatch.store.sealing import AesSealer, link_token
from warning_dispatch.store.sql import Sql

pytestmark = pytest.mark.slow

SEED, SPEED = 1, "40"
SILENT = """SELECT v.id, v.unit_id, t.name, r.id, l.purpose, l.generation, l.channel, n.sealed
 FROM callee v JOIN unit u ON u.id = v.unit_id JOIN unit t ON t.id = u.superior_id JOIN receiver r ON r.unit_id = t.id
 JOIN link l ON l.receiver_id = r.id AND l.callout_id = v.callout_id
 JOIN endpoint e ON e.receiver_id = r.id AND e.valid_until IS NULL JOIN number n ON n.id = e.number_id
 WHERE v.callout_id = 1 AND v.state IN (?, ?, ?) AND t.level = ? AND r.role = ? AND n.kind = 'phone' LIMIT 1"""
"""A village that is called in vain, and the link and phone of whoever answers for its township."""


class Demonstration(Browser):
    """`demo` in a process of its own, its database beside it, and a browser of little patience."""

    def __init__(self, folder: Path) -> None:
        """Start it; returns when it answers."""
        super().__init__(*free_ports(1))
        self.folder = folder
        self.log = folder / "demo.log"
        environ = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
        words = ["demo", "--speed", SPEED, "--port", str(self.port), "--seed", str(SEED)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-c", COMMAND, *words], env=environ, cwd=ROOT, stdout=log, stderr=log
            )
        self.until(lambda: self.ask("GET", "/healthz")[0] == http.client.OK)

    def until(self, holds: Callable[[], Any]) -> Any:
        """Wait for something; what it gave."""
        for _ in range(int(PATIENCE * 5)):
            with suppress(OSError):
                if found := holds():
                    return found
            pause(0.2)
        pytest.fail(self.log.read_text())

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What stands in its database."""
        database = open_database(f"sqlite:///{next(self.folder.glob('*/demo.db'))}")
        try:
            with reading(database) as connection:
                return [tuple(row) for row in Sql(connection).rows(sql, *values)]
        finally:
            database.dispose()

    def journal(self) -> list[dict[str, Any]]:
        """The entries of the call-out, in their order."""
        blocks = self.rows("SELECT body FROM journal_block WHERE stream = 'callout:1' ORDER BY seq")
        return [entry for (body,) in blocks for entry in json.loads(body)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """A demonstration under way."""
    demo = Demonstration(tmp_path_factory.mktemp("demo"))
    yield demo
    demo.process.send_signal(signal.SIGTERM)
    demo.process.wait(PATIENCE)


class Township:
    """The person who answers for the township of a village that has not answered."""

    def __init__(self, demo: Demonstration) -> None:
        """Waits for such a village; everything else follows from the seed."""
        wanted = (*(state.value for state in UNREACHED), UnitLevel.TOWNSHIP.value, Role.PRIMARY.value)
        found = demo.until(lambda: demo.rows(SILENT, *wanted))[0]
        self.village, self.name, self.receiver = int(found[0]), str(found[2]), int(found[3])
        keys = KeyRing.simulated(SEED)
        token = link_token(keys.link_key, 1, self.receiver, found[4], found[5], Channel(found[6]))
        self.path = f"/r/{token}"
        self.four = AesSealer(keys).unseal(found[7], NUMBER_CONTEXT).decode()[-4:]


@pytest.fixture(scope="module")
def township(demo: Demonstration) -> Township:
    """It has confirmed, unless it had answered on the phone before."""
    township = Township(demo)
    assert demo.ask("POST", township.path)[0] == http.client.SEE_OTHER
    return township


def test_one_is_told_in_person_and_the_journal_says_by_whom(demo: Demonstration, township: Township) -> None:
    """From the warning's page to the list, past the four digits, one unit asked once more and recorded as 代报."""
    assert f'href="{township.path.rpartition("/")[2]}/list"' in demo.ask("GET", township.path)[2]
    page = demo.ask("GET", f"{township.path}/list")[2]
    assert "tel:" not in page
    wrong = "0000" if township.four != "0000" else "1111"
    assert demo.ask("POST", f"{township.path}/list", do="step", four=wrong)[0] == http.client.CONFLICT
    assert demo.ask("POST", f"{township.path}/list", do="step", four=township.four)[0] == http.client.SEE_OTHER
    page = demo.ask("GET", f"{township.path}/list")[2]
    units = re.findall(r"u=(\d+)", page)
    assert units
    assert 'href="tel:+86' in page
    asked = demo.ask("GET", f"{township.path}/list?u={units[0]}")[2]
    assert f'name="u" value="{units[0]}"' in asked
    assert demo.ask("POST", f"{township.path}/list", u=units[0], words="支书在堤上")[0] == http.client.SEE_OTHER
    assert units[0] not in re.findall(r"u=(\d+)", demo.ask("GET", f"{township.path}/list")[2])
    unit = demo.ask("GET", f"/console/callouts/1/units/{units[0]}")[2]
    assert "支书在堤上" in unit
    entries = demo.journal()
    assert any(one["k"] == "list.opened" and one["receiver"] == township.receiver for one in entries)
    acks = [one for one in entries if one.get("actor") == f"receiver:{township.receiver}"]
    assert acks, entries[-5:]
    assert "支书在堤上" not in json.dumps(entries, ensure_ascii=False)


def test_feedback_reaches_the_console(demo: Demonstration, township: Township) -> None:
    """What the township reports after its answer stands on the page of its unit."""
    assert demo.ask("GET", f"{township.path}/feedback")[0] == http.client.OK
    sent = {"on_post": "1", "moved": "37", "measures": "转移沿河户", "dangers": "桥已漫水"}
    assert demo.ask("POST", f"{township.path}/feedback", **sent)[0] == http.client.SEE_OTHER
    assert "已收到您" in demo.ask("GET", f"{township.path}/feedback")[2]
    callee = demo.rows(
        "SELECT c.id FROM callee c JOIN receiver r ON r.unit_id = c.unit_id WHERE c.callout_id = 1 AND r.id = ?",
        township.receiver,
    )[0][0]
    unit = demo.ask("GET", f"/console/callouts/1/units/{callee}")[2]
    for text in ("已到岗", "37", "转移沿河户", "桥已漫水"):
        assert text in unit
