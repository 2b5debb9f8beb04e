"""The whole daemon with a cloud provider on loopback: a warning goes out over real HTTP, a key comes back, and it counts."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from by_path import loaded

from warning_dispatch.bootstrap import build_daemon, open_product
from warning_dispatch.bootstrap.installation import route_plans
from warning_dispatch.clock import SystemClock
from warning_dispatch.daemon import EngineDesk
from warning_dispatch.delivery.gateway.hooks import callback_address
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.model.register import Register
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role
from warning_dispatch.settings import Settings, load_settings
from warning_dispatch.store.database import open_database, reading, upgrade, writing
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.sealing import AesSealer

ROOT = Path(__file__).resolve().parents[2]
RED = ROOT / "config" / "samples" / "12379-red-rain-city.xml"
PATIENCE = 15.0
"""Real seconds that anything may take."""


@pytest.fixture(scope="module")
def stand() -> Any:
    """The provider stand-in of the contract suite."""
    return loaded("contract_provider_stand", ROOT / "tests" / "contract" / "provider_stand.py")


async def until(true: Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while not true():
        if loop.time() > end:
            pytest.fail(f"not within {PATIENCE} s: {what}")
        await asyncio.sleep(0.02)


class Installation:
    """A bureau with one voice route by a provider on loopback, and a register of numbers that belong to nobody."""

    def __init__(self, home: Path, words: Any, endpoint: str, units: Any, **sections: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        files = {}
        for name, secret in words.secrets.items():
            path = home / name
            path.write_text(secret + "\n")
            path.chmod(0o600)
            files[f"{name}_file"] = str(path)
        options = {"provider": words.name, "endpoint": endpoint, "set": words.options, **files}
        routes = [
            {"name": "cloud", "channel": "voice", "adapter": "gateway", "options": options},
            {"name": "sms", "channel": "sms", "adapter": "simulated"},
            {"name": "operator", "channel": "operator", "adapter": "operator"},
        ]
        self.settings: Settings = load_settings(
            ROOT / "config",
            {},
            state_dir=str(home / "state"),
            web={"port": self.port, "callback_url": self.base},
            routes=routes,
            bureau={"call_itself": False},
            **sections,
        )
        KeyRing.create(self.settings.keys_dir)
        self.keys = KeyRing.load(self.settings.keys_dir)
        database = open_database(self.settings.database_url)
        upgrade(database)
        with writing(database) as connection:
            replace_register(connection, AesSealer(self.keys), Register(units, tuple(_receivers(units))), 1)
        database.dispose()

    def address(self, callback: str) -> str:
        """Where the provider calls back."""
        return callback_address(f"{self.base}/hooks/cloud", self.keys.hook_secret("cloud"), callback)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[EngineDesk]:
        """Its daemon, up and then drained."""
        product = open_product(self.settings)
        daemon = build_daemon(self.settings, product, SystemClock())
        up: asyncio.Future[EngineDesk] = asyncio.get_running_loop().create_future()

        async def started(desk: EngineDesk) -> None:
            up.set_result(desk)

        work = asyncio.create_task(daemon.run(started))
        try:
            desk = await up
            await until(lambda: _listens(self.port), "the web server answers")
            yield desk
        finally:
            daemon.stop()
            await work
            product.close()

    def rows(self, sql: str) -> list[Any]:
        """What is stored."""
        database = open_database(self.settings.database_url)
        with reading(database) as connection:
            found = [tuple(row) for row in connection.exec_driver_sql(sql).fetchall()]
        database.dispose()
        return found

    def handed(self) -> dict[str, int]:
        """Calls that the provider took, by its name of them."""
        return dict(self.rows("SELECT provider_ref, id FROM attempt WHERE channel = 1 AND provider_ref <> ''"))

    def keys_counted(self) -> int:
        """Answers by key."""
        return int(self.rows("SELECT count(*) FROM acknowledgement WHERE means = 'key' AND counted = 1")[0][0])


def _listens(port: int) -> bool:
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) == 0


def _receivers(units: Any) -> list[ReceiverEntry]:
    found = []
    for at, unit in enumerate(one for one in units if one.callable):
        endpoints = (EndpointEntry(Channel.VOICE, f"+861000000{at:04d}"),)
        found.append(ReceiverEntry(unit.code, Role.PRIMARY, f"甲{at}", "", "zh_CN", endpoints))
    return found


async def press(house: Installation, words: Any, seen: Any) -> None:
    """The person who is called presses 1; the provider says so, twice."""
    attempt, number = words.attempt(seen), words.number(seen)
    async with httpx2.AsyncClient(trust_env=False) as provider:
        for callback, content in [*words.key(attempt, number, "1")] * 2:
            answer = await provider.post(house.address(callback), content=json.dumps(content).encode())
            assert answer.status_code == 200
            assert answer.json()


@pytest.mark.parametrize("name", ["aliyun-voice", "tencent-voice"])
async def test_a_key_pressed_at_the_provider_answers_for_the_unit(
    tmp_path: Path, town: Callable[..., Any], stand: Any, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A red warning rings over the provider, says what the template needs, and the key that comes back acknowledges.

    After a restart a provider that tells only its own name of the call is understood as well; no number is in the log.
    """
    words = stand.WORDS[name]
    units = town(counties=1, townships=1, villages=1).units
    caplog.set_level(logging.DEBUG)
    async with stand.standing(words.ok) as provider:
        house = Installation(tmp_path, words, provider.endpoint, units)
        async with house.running() as desk:
            await desk.take_in(restamp(RED.read_bytes(), SystemClock().now()), "file")
            await until(lambda: len(house.handed()) >= 2, "calls are handed over")
            assert any("暴雨红色" in "".join(words.said(seen)) for seen in provider.seen)
            await press(house, words, provider.seen[0])
            await until(lambda: house.keys_counted() == 1, "the key counts, once")
        already = len(provider.seen)
        async with house.running():
            await press(house, words, provider.seen[1])
            await until(lambda: house.keys_counted() == 2, "a key that comes after the restart counts too")
        assert {words.attempt(seen) for seen in provider.seen[:2]} <= set(house.handed().values())
        assert already >= 2
    stored = b"".join(
        path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file() and path.parent.name != "lists"
    )
    assert b"861000000" not in stored
    assert not any(secret.encode() in stored for secret in words.secrets.values())
    text = caplog.text
    assert "1000000" not in text
    assert not any(secret in text for secret in words.secrets.values())


def test_limits_and_the_cloud_come_from_the_providers_file(
    tmp_path: Path, town: Callable[..., Any], stand: Any
) -> None:
    """A route that sets nothing keeps to what the provider documents, and carries nothing that is not public."""
    units = town(counties=1, townships=1, villages=1).units
    house = Installation(tmp_path, stand.WORDS["huawei-voice"], "http://127.0.0.1:9", units)
    cloud, sms, _ = route_plans(house.settings)
    assert (cloud.lines, cloud.values, cloud.rule.public_cloud) == (10, True, True)
    assert cloud.per_number is not None
    assert [window.calls for window in cloud.per_number.windows] == [1, 3, 3]
    assert (sms.values, sms.rule.public_cloud, sms.simulated) == (False, False, True)


@pytest.mark.slow
async def test_the_bureaus_group_is_told_of_an_alarm(tmp_path: Path, town: Callable[..., Any], stand: Any) -> None:
    """Something that cannot be decided stands in the duty group a moment later, by its kind; nothing of its content does."""
    units = town(counties=1, townships=1, villages=1).units
    key = tmp_path / "robot-key"
    key.write_text("group-key")
    key.chmod(0o600)
    async with stand.standing(lambda _seen: stand.Says(body=b'{"errcode":0}')) as group:
        options = {"provider": "wecom-robot", "key_file": str(key), "endpoint": group.endpoint}
        robots = [{"name": "duty", "every_s": 6, "options": options}]
        house = Installation(tmp_path, stand.WORDS["aliyun-voice"], group.endpoint, units, robots=robots)
        async with house.running() as desk:
            await desk.take_in("不是预警 13900000000".encode(), "file")
            await until(lambda: bool(group.seen), "the group is told")
    text = group.seen[0].document["text"]["content"]
    assert text.startswith("【气象叫应】新告警 ")
    assert "139" not in text
    assert group.seen[0].query == {"key": "group-key"}
