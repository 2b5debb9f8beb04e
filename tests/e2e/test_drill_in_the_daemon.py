"""Drills in a running daemon: composed and released over the socket, interrupted by a real warning, played on paper."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from station import free_ports, running
from typer.testing import CliRunner

from warning_dispatch.cli import build_app
from warning_dispatch.clock import SystemClock
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.settings import Settings, load_settings

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 900
"""Tenths of a second that anything may take."""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with the sample register and simulated phones."""
    (port,) = free_ports(1)
    for name, value in (
        ("CONFIG_DIR", ROOT / "config"),
        ("CONTACTS_DIR", ROOT / "contacts"),
        ("STATE_DIR", tmp_path / "state"),
        ("WEB__PORT", port),
    ):
        monkeypatch.setenv(f"WARNING_DISPATCH_{name}", str(value))
    said = run("init", "--sample-register", "1")
    assert said.exit_code == 0, said.output
    return load_settings(None)


def run(*words: str) -> Any:
    """A command."""
    return CliRunner().invoke(build_app(), list(words))


async def beside(*words: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, as beside any daemon: two openings of one SQLite file in one process lose its locks."""
    main = [sys.executable, "-c", "from warning_dispatch.cli import main; main()"]
    return await asyncio.to_thread(subprocess.run, [*main, *words], capture_output=True, text=True, check=False)


async def asked(*words: str) -> Any:
    """What a command says as JSON, beside the daemon."""
    said = await beside(*words, "--json")
    assert said.returncode == 0, said.stdout + said.stderr
    return json.loads(said.stdout)


async def test_a_drill_for_everyone_gives_way_to_a_real_warning(settings: Settings) -> None:
    """Commands through the socket: two releases, live calls, the interruption, the report, statistics apart."""
    async with running(settings) as product:
        drill = await asked("drill", "start", "--kind", "everyone", "--hazard", "暴雨", "--colour", "red", "--area", "1411",
                            "--valid", "60", "--actor", "甲")  # fmt: skip
        assert (drill["state"], drill["releases_needed"], drill["callout_id"]) == ("composed", 2, None)
        transport = httpx2.AsyncHTTPTransport(uds=str(settings.control_socket))
        async with httpx2.AsyncClient(transport=transport, base_url="http://daemon", timeout=20) as client:
            one = await client.post("/drills/1/release", json={"actor": "甲"})
            twice = await client.post("/drills/1/release", json={"actor": "甲"})
        assert one.json() == {"complete": False}
        assert (twice.status_code, twice.json()["kind"]) == (409, "RefusedError")
        assert "另一人" in twice.json()["error"]
        begun = await asked("drill", "release", "1", "--actor", "乙")
        assert begun["state"] == "running"
        for _ in range(PATIENCE):
            await asyncio.sleep(0.1)
            if product.read.callout(begun["callout_id"]).handed:
                break
        assert product.read.callout(begun["callout_id"]).handed
        raw = restamp((ROOT / "config/samples/12379-red-rain-city.xml").read_bytes(), SystemClock().now())
        transport = httpx2.AsyncHTTPTransport(uds=str(settings.control_socket))
        async with httpx2.AsyncClient(transport=transport, base_url="http://daemon", timeout=20) as client:
            answer = await client.post("/alerts", content=raw)
        (real,) = answer.json()["callouts"]
        shown = await asked("drill", "show", "1")
        assert (shown["state"], shown["why"]) == ("interrupted", "real_warning")
        for _ in range(PATIENCE):
            if product.read.callout(real).handed:
                break
            await asyncio.sleep(0.1)
        assert product.read.callout(real).handed
        report = await asked("drill", "report", "1")
        assert report["score"] is None
        assert report["asked"] > 0
        assert {one.id: one.purpose.name for one in product.read.callouts()} == {
            begun["callout_id"]: "DRILL",
            real: "CALL",
        }
        assert "drill_interrupted" in [one.kind for one in product.read.alarms().rows]


async def test_a_drill_on_paper_is_played_beside_the_daemon(settings: Settings) -> None:
    """One township: the command waits for the report; nothing was handed to any route, no call-out came of it."""
    async with running(settings) as product:
        report = await asked("drill", "start", "--kind", "paper", "--hazard", "暴雨", "--colour", "red", "--area", "141124101",
                             "--valid", "60", "--actor", "甲")  # fmt: skip
        assert report["drill"]["state"] == "done"
        assert report["score"] is not None
        assert report["asked"] > 20
        assert all(one["masked"] == "" for one in report["mend"])
        assert product.read.callouts() == []
        words = await beside("drill", "report", "1", "--lang", "zh")
        assert "演练评分报告" in words.stdout
        assert "这是第一次" in words.stdout


def test_without_a_daemon_nothing_is_released(settings: Settings) -> None:
    """It can be composed, planned and played; what is released must begin at once, and nobody would call."""
    assert settings
    say = ("--hazard", "暴雨", "--colour", "red", "--area", "141124101", "--actor", "甲")
    assert run("drill", "start", "--kind", "everyone", *say, "--valid", "60").exit_code == 0
    refused = run("drill", "release", "1", "--actor", "甲")
    assert refused.exit_code == 1
    assert "值守程序没有运行" in refused.output
    wrong = run("drill", "start", "--kind", "everyone", "--hazard", "暴雨", "--colour", "red", "--area", "149999")
    assert wrong.exit_code == 1
    assert "名册里没有区划 149999" in wrong.output
    assert run("drill", "start", "--kind", "nobody").exit_code == 2
    assert run("drill", "start", "--kind", "paper", *say, "--at", "tomorrow").exit_code == 2
    assert run("drill", "stop", "1", "--actor", "甲", "--reason", "改期").exit_code == 0
    assert run("drill", "plan", "2099-05-12", "--title", "汛前演练", "--yearly", "--actor", "甲").exit_code == 0
    assert run("drill", "plan", "2099-02-30", "--title", "x").exit_code == 2
    days = json.loads(run("drill", "calendar", "--json").stdout)["days"]
    assert [(one["day"], one["yearly"]) for one in days] == [("2099-05-12", True)]
    assert run("drill", "unplan", "1", "--actor", "甲").exit_code == 0
    assert run("drill", "unplan", "1", "--actor", "甲").exit_code == 1
    listed = json.loads(run("drill", "list", "--json").stdout)["drills"]
    assert [(one["id"], one["state"]) for one in listed] == [(1, "withdrawn")]
    assert run("drill", "report", "1").exit_code == 1
    played = run("drill", "start", "--kind", "paper", *say, "--valid", "60", "--json")
    assert played.exit_code == 0, played.output
    assert json.loads(played.stdout)["score"] is not None
