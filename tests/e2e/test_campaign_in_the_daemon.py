"""A campaign in a running daemon: opened by a command, carried by the postman, answered by simulated people."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
import pytest
from station import free_ports, running
from typer.testing import CliRunner

from warning_dispatch.bootstrap.renewal import renewal_tables
from warning_dispatch.cli import build_app
from warning_dispatch.clock import SystemClock
from warning_dispatch.model.renewal import LetterKind
from warning_dispatch.settings import Settings, load_settings

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 200
"""Tenths of a second that letters may take."""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with the sample register, whose letters go at any hour."""
    (port,) = free_ports(1)
    for name, value in (
        ("CONFIG_DIR", ROOT / "config"),
        ("CONTACTS_DIR", ROOT / "contacts"),
        ("STATE_DIR", tmp_path / "state"),
        ("WEB__PORT", port),
        ("RENEWAL__HOURS_FROM", "00:00"),
        ("RENEWAL__HOURS_UNTIL", "23:59"),
    ):
        monkeypatch.setenv(f"WARNING_DISPATCH_{name}", str(value))
    said = CliRunner().invoke(build_app(), ["init", "--sample-register", "1"])
    assert said.exit_code == 0, said.output
    return load_settings(None)


async def test_letters_go_by_themselves_and_the_command_sees_them(settings: Settings) -> None:
    """`campaign open` through the socket; the postman sends every letter; what the carrier says is written down."""
    async with running(settings) as product:
        transport = httpx2.AsyncHTTPTransport(uds=str(settings.control_socket))
        async with httpx2.AsyncClient(transport=transport, base_url="http://daemon", timeout=20) as client:
            answer = await client.post("/campaign/open", json={"actor": "张工", "due": "2099-04-20"})
            assert answer.status_code == 200, answer.text
            assert answer.json()["total"] == 2864
            again = await client.post("/campaign/open", json={"actor": "张工", "due": "2099-04-20"})
            assert (again.status_code, again.json()["kind"]) == (409, "RefusedError")
            tables = renewal_tables(settings, product, SystemClock())
            for _ in range(PATIENCE):
                await asyncio.sleep(0.1)
                letters = dict(tables.progress().letters)
                if letters.get(LetterKind.ASK, 0) > 400:
                    break
            assert letters[LetterKind.ASK] > 400
            change = {
                "actor": "张工",
                "unit_code": "141124101",
                "people": [{"role": "A", "name": "样本接任", "phones": ["+8626010000077"]}],
                "reason": "调任",
            }
            done = (await client.post("/campaign/change", json=change)).json()
            assert (done["unit_code"], done["state"], done["refused"]) == ("141124101", 4, "")
            sheet = await client.post(
                "/campaign/sheet", json={"actor": "张工", "unit_code": "141124101", "reason": "盖章"}
            )
            assert sheet.json()["units"][0]["people"][0]["name"] == "样本接任"
            closed = await client.post("/campaign/close", json={"actor": "张工", "reason": "到期"})
            assert closed.json()["progress"]["tally"]["filed"] == 1
