"""A bureau without any public address: no links in texts, keys and replies by polling, and people have answered all the same."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from packages import installed_kind

from warning_dispatch.bootstrap import build_daemon, open_product
from warning_dispatch.cli.contacts import load_sample
from warning_dispatch.cli.inspection import inspect
from warning_dispatch.clock import SystemClock
from warning_dispatch.daemon import EngineDesk
from warning_dispatch.delivery.kinds import ChannelTools, RouteFacts
from warning_dispatch.errors import Finding
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Receipt, Reply, Report
from warning_dispatch.settings import Settings, load_settings
from warning_dispatch.store.database import open_database, reading, upgrade
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.tomlfiles import Shape

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0
"""Real seconds that anything may take."""


class NoOptions(Shape):
    """Nothing to say."""


class AskedProvider:
    """A provider that calls nobody back: whoever wants to know has to ask."""

    every_s = 0.2

    def __init__(self, tools: ChannelTools) -> None:
        self.tools = tools
        self.taken: list[Dispatch] = []
        self.told = 0

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """See ChannelPort."""
        self.taken.extend(batch)
        return [Receipt(one.attempt_id, accepted=True) for one in batch]

    async def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """See ChannelPort."""

    async def close(self) -> None:
        """See ChannelPort."""

    async def poll(self) -> None:
        """What people have done since: whoever was written to replies 1, whoever was called presses it."""
        for one in self.taken[self.told :]:
            if one.channel is Channel.SMS:
                self.tools.hear(Reply(Channel.SMS, one.address, "1", self.tools.now()))
            else:
                self.tools.hear(Report(one.attempt_id, "key_pressed", self.tools.now()))
        self.told = len(self.taken)


class AskedKind:
    """只能轮询的线路."""

    name = "asked"
    channels = frozenset({Channel.VOICE, Channel.SMS})
    simulated = True
    options = NoOptions

    def __init__(self) -> None:
        self.built: dict[Channel, AskedProvider] = {}

    def check(self, options: NoOptions, route: RouteFacts) -> Sequence[Finding]:
        """See ChannelKind."""
        assert isinstance(options, NoOptions)
        assert not route.hook_url
        return ()

    def hears(self, options: NoOptions, route: RouteFacts) -> bool:
        """Replies by polling; nobody can ring back."""
        assert isinstance(options, NoOptions)
        return route.channel is Channel.SMS

    def build(self, options: NoOptions, tools: ChannelTools) -> AskedProvider:
        """See ChannelKind."""
        assert isinstance(options, NoOptions)
        assert tools.hook_url == ""
        return self.built.setdefault(tools.channel, AskedProvider(tools))


@pytest.fixture
def kind() -> Iterator[AskedKind]:
    """The kind, installed."""
    asked = AskedKind()
    with installed_kind("asked", asked):
        yield asked


def installation(home: Path) -> Settings:
    """An installation that nobody can reach from outside."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    routes = [{"name": name, "channel": name, "adapter": "asked"} for name in ("voice", "sms")]
    routes.append({"name": "operator", "channel": "operator", "adapter": "operator"})
    web = {"port": port, "public_url": "", "callback_url": ""}
    settings = load_settings(ROOT / "config", {}, state_dir=str(home), web=web, routes=routes)
    KeyRing.create(settings.keys_dir)
    database = open_database(settings.database_url)
    upgrade(database)
    database.dispose()
    load_sample(settings, 1, "test")
    return settings


def answers(settings: Settings) -> set[int]:
    """By which means people have answered."""
    database = open_database(settings.database_url)
    with reading(database) as connection:
        found = connection.exec_driver_sql("SELECT DISTINCT means FROM acknowledgement WHERE counted = 1").fetchall()
    database.dispose()
    return {row[0] for row in found}


@pytest.mark.slow
async def test_keys_and_replies_come_by_asking(tmp_path: Path, kind: AskedKind) -> None:
    """没有公网地址: the message names no link, asks for a reply, warns against ringing back; both ways of answering work."""
    settings = installation(tmp_path)
    product = open_product(settings)
    daemon = build_daemon(settings, product, SystemClock())
    raw = restamp((ROOT / "config" / "samples" / "12379-red-rain-city.xml").read_bytes(), SystemClock().now())

    async def started(desk: EngineDesk) -> None:
        try:
            await desk.take_in(raw, "test")
            for _ in range(int(PATIENCE / 0.1)):
                await asyncio.sleep(0.1)
                if len(await asyncio.to_thread(answers, settings)) > 1:
                    break
        finally:
            daemon.stop()

    await daemon.run(started)
    product.close()
    assert len(answers(settings)) > 1
    written = [one.text for one in kind.built[Channel.SMS].taken]
    assert written
    assert all("http" not in one and "回复1" in one and "勿回拨" in one for one in written if "气象叫应" in one)
    assert not any(one.link for one in kind.built[Channel.SMS].taken)


@pytest.mark.usefixtures("kind")
def test_check_says_which_ways_work(tmp_path: Path) -> None:
    """Before the season the bureau knows: no links, replies are heard, nobody can ring back."""
    settings = installation(tmp_path / "state")
    config = tmp_path / "config"

    shutil.copytree(ROOT / "config", config)
    shipped = (config / "warning-dispatch.toml").read_text(encoding="utf-8")
    routes = "".join(
        f'[[routes]]\nname = "{name}"\nchannel = "{name}"\nadapter = "{adapter}"\n'
        for name, adapter in (("voice", "asked"), ("sms", "asked"), ("operator", "operator"))
    )
    places = f'state_dir = "{settings.state_dir}"\ncontacts_dir = "{ROOT / "contacts"}"\n'
    head = shipped[: shipped.index("\n[[routes]]") + 1].replace('"http://127.0.0.1:8411"', '""')
    (config / "warning-dispatch.toml").write_text(places + head + routes, encoding="utf-8")
    found = inspect(config)
    assert [str(one) for area, one in found.findings if area in {"texts", "routes", "settings"}] == []
    [said] = [str(one) for area, one in found.notices if "web" in one.where]
    assert "链接：不写" in said
    assert "短信回复：收得到" in said
    assert "回拨：接不到" in said
