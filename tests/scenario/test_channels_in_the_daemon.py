"""A kind of channel from another package in the running daemon: it is built, called back, polled, probed, and let go."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from packages import installed_kind

from warning_dispatch.bootstrap import build_daemon, channels, open_product
from warning_dispatch.bootstrap.channels import Asking
from warning_dispatch.clock import SystemClock, VirtualClock
from warning_dispatch.daemon import EngineDesk
from warning_dispatch.delivery.kinds import ChannelTools, HookAnswer, HookRequest, Probe, RouteFacts
from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.model.alarm_facts import facts_of
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Receipt
from warning_dispatch.settings import Settings, load_settings
from warning_dispatch.store.database import open_database, upgrade
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.tomlfiles import Shape

CONFIG = Path(__file__).resolve().parents[2] / "config"
PATIENCE = 10.0
"""Real seconds that anything may take."""


class BeaconOptions(Shape):
    """What a beacon asks for."""

    tower: str


class Beacon:
    """A channel with everything a channel may have."""

    every_s = 0.05

    def __init__(self, tools: ChannelTools) -> None:
        self.tools = tools
        self.done: list[str] = []
        self.health = Probe(healthy=True, balance="12 元")

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """See ChannelPort."""
        return [Receipt(one.attempt_id, accepted=True) for one in batch]

    async def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """See ChannelPort."""

    async def close(self) -> None:
        """See ChannelPort."""
        self.done.append("close")

    async def hook(self, request: HookRequest) -> HookAnswer:
        """See Hooked."""
        return HookAnswer(body=f"{request.path} {await self.tools.open_calls('+8613800000000')}".encode())

    async def poll(self) -> None:
        """See Polled: the first time the provider does not answer."""
        self.done.append("poll")
        if self.done.count("poll") == 1:
            raise TimeoutError

    async def probe(self) -> Probe:
        """See Probed."""
        return self.health

    async def run(self) -> None:
        """See Running."""
        self.done.append("run")
        await asyncio.Event().wait()


class BeaconKind:
    """烽火台."""

    name = "beacon"
    channels = frozenset({Channel.VOICE})
    simulated = True
    options = BeaconOptions

    def __init__(self) -> None:
        self.built: list[Beacon] = []

    def check(self, options: BeaconOptions, route: RouteFacts) -> Sequence[Finding]:
        """See ChannelKind."""
        return [] if route.secret("torch") else [Finding(f"{route.where}.options.torch_file", options.tower)]

    def build(self, options: BeaconOptions, tools: ChannelTools) -> Beacon:
        """See ChannelKind."""
        self.built.append(Beacon(tools))
        assert options.tower == "north"
        return self.built[-1]


@pytest.fixture
def kind() -> Iterator[BeaconKind]:
    """The kind, installed."""
    beacon = BeaconKind()
    with installed_kind("beacon", beacon):
        yield beacon


def installation(home: Path, **options: str) -> Settings:
    """An installation with a beacon."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    routes = [{"name": "tower", "channel": "voice", "adapter": "beacon", "lines": 4, "options": options}]
    web = {"port": port, "callback_url": "https://jy.example.cn"}
    settings = load_settings(CONFIG, {}, state_dir=str(home), web=web, routes=routes)
    KeyRing.create(settings.keys_dir)
    database = open_database(settings.database_url)
    upgrade(database)
    database.dispose()
    return settings


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while loop.time() < end:
        if await true():
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"not within {PATIENCE} s")


async def running(settings: Settings, work: Callable[[EngineDesk, Any], Awaitable[None]]) -> None:
    """Do something while the daemon runs."""
    product = open_product(settings)
    daemon = build_daemon(settings, product, SystemClock())

    async def started(desk: EngineDesk) -> None:
        try:
            await work(desk, product)
        finally:
            daemon.stop()

    await daemon.run(started)
    product.close()


async def test_a_foreign_kind_is_treated_like_our_own(tmp_path: Path, kind: BeaconKind) -> None:
    """Its work runs, it is polled again after a failed poll, and its provider's callbacks reach it; then it is closed."""
    settings = installation(tmp_path, tower="north")

    async def work(_desk: EngineDesk, _product: Any) -> None:
        [beacon] = kind.built

        async def polled() -> bool:
            return beacon.done.count("poll") > 2

        async def called_back() -> bool:
            base = f"http://127.0.0.1:{settings.web.port}"
            async with httpx2.AsyncClient(base_url=base, trust_env=False) as provider:
                with suppress(httpx2.TransportError):
                    return (await provider.get("/hooks/tower/lit")).text == "lit []"
            return False

        await until(polled)
        await until(called_back)
        assert beacon.tools.hook_url == "https://jy.example.cn/hooks/tower"
        assert len(beacon.tools.hook_secret) == 32

    await running(settings, work)
    assert kind.built[0].done[0] == "run"
    assert kind.built[0].done[-1] == "close"


async def test_a_provider_is_asked_by_one_daemon_at_a_time(tmp_path: Path, kind: BeaconKind) -> None:
    """However many run: whoever asks goes on asking; when it is gone another takes over after the lease."""
    settings = installation(tmp_path, tower="north")

    async def work(desk: EngineDesk, product: Any) -> None:
        clock = VirtualClock(desk._writer._clock.now())
        asked: list[str] = []

        def looking(holder: str) -> Callable[[Any], Awaitable[None]]:
            async def ask(_writer: Any) -> None:
                asked.append(holder)

            return Asking(product.engine, clock, holder, "poll:elsewhere", 1.0).beside(ask)

        first, second = looking("first"), looking("second")
        for look in (first, second, first, second):
            await look(desk._writer)
        assert asked == ["first", "first"]
        with product.storage.writing() as tx:
            tx.leases.let_go(["poll:elsewhere"], "first")
        await second(desk._writer)
        assert asked[-1] == "second"

    await running(settings, work)
    assert kind.built


async def test_a_probe_takes_a_route_out_of_service_and_back(
    tmp_path: Path, kind: BeaconKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account that has run dry is an alarm before a village finds out; topped up, the route is used again; dead lines are told."""
    monkeypatch.setattr(channels, "PROBE_EVERY", 0.05)
    settings = installation(tmp_path, tower="north")

    async def work(_desk: EngineDesk, product: Any) -> None:
        [beacon] = kind.built

        def told(*kinds: str) -> Callable[[], Awaitable[bool]]:
            async def look() -> bool:
                return sorted(one.kind for one in product.read.alarms().rows) == sorted(kinds)

            return look

        beacon.health = Probe(healthy=False, why="balance_exhausted")
        await until(told("route_down"))
        beacon.health = Probe(healthy=True, balance="500 元")
        await until(told("route_down", "route_back"))

        def told_of_lines(*wanted: tuple[str, bool]) -> Callable[[], Awaitable[bool]]:
            """Which lines are said to be dead, and whether the bureau is called for it."""

            async def look() -> bool:
                rows = [one for one in product.read.alarms().rows if one.kind == "lines_dead"]
                return sorted((facts_of(one.detail)["dead"], one.colour is not None) for one in rows) == sorted(wanted)

            return look

        async def all_live() -> bool:
            return not any(one.dead_lines for one in product.read.routes())

        beacon.health = Probe(healthy=True, dead_lines=[3])
        await until(told_of_lines(("3", False)))
        beacon.health = Probe(healthy=True, dead_lines=[3, 4])
        await until(told_of_lines(("3", False), ("3, 4", True)))
        beacon.health = Probe(healthy=True)
        await until(all_live)

    await running(settings, work)


def test_what_a_kind_asks_for_is_found_before_it_is_built(tmp_path: Path, kind: BeaconKind) -> None:
    """A missing option is a finding with its place, and the daemon does not start with half of its channels."""
    settings = installation(tmp_path, tour="north")
    product = open_product(settings)
    with pytest.raises(ConfigError, match=r"routes\[0\]\.options\.tower: 缺少此项"):
        build_daemon(settings, product, SystemClock())
    product.close()
    assert kind.built == []
