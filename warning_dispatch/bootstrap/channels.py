"""The channels of an installation: each route's, built by its kind, and what the daemon does for them beside the wire.

Polling and probing are done by one daemon at a time, however many run: a lease says whose affair it is.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any

import structlog

from warning_dispatch.bootstrap.sources import holder_name
from warning_dispatch.bootstrap.wiring import Product
from warning_dispatch.clock import Clock
from warning_dispatch.daemon import Regular
from warning_dispatch.delivery.configured import ConfiguredRoute, facts_of, read_routes, simulated_routes
from warning_dispatch.delivery.kinds import ChannelTools, Hooked, Polled, Probe, Probed, Running, Shared
from warning_dispatch.engine.breakers import Breakers
from warning_dispatch.engine.engine import Engine
from warning_dispatch.engine.lanes import Lane, Writer
from warning_dispatch.engine.reports import PROVIDER_DOWN
from warning_dispatch.errors import ConfigError, Finding, FindingsError
from warning_dispatch.ports import ChannelPort, Event, OpenCall
from warning_dispatch.settings import Settings
from warning_dispatch.store.keys import KeyRing

PROBE_EVERY = 60.0
"""Seconds between two looks at how a provider fares."""
NAMELESS_FOR = 300_000
"""ms after its claim in which a call may be meant by a provider's name that nobody has told us."""
SHORTEST_LEASE = 60.0
"""Seconds a daemon keeps the asking of a provider, after which another one may."""


class Ear:
    """Takes what channels hear, and passes it on as soon as the engine runs."""

    def __init__(self) -> None:
        """Nobody listens yet."""
        self._lock = Lock()
        self._waiting: deque[Event] = deque()
        self._tell: Callable[[Event], None] | None = None

    def hear(self, event: Event) -> None:
        """From any thread; returns at once."""
        with self._lock:
            if self._tell is None:
                self._waiting.append(event)
            else:
                self._tell(event)

    def listen(self, tell: Callable[[Event], None]) -> None:
        """From now on; what has waited first."""
        with self._lock:
            self._tell = tell
            while self._waiting:
                tell(self._waiting.popleft())


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels of a process, by route."""

    by_route: Mapping[str, ChannelPort] = field(default_factory=dict)
    ear: Ear = field(default_factory=Ear)

    @property
    def hooked(self) -> Mapping[str, Hooked]:
        """Those that are called back, by route."""
        return {route: one for route, one in self.by_route.items() if isinstance(one, Hooked)}

    @property
    def pumps(self) -> list[Callable[[object], Coroutine[Any, Any, None]]]:
        """The work of those that have some of their own, once for each channel; what they hear goes to the ear."""
        once = {id(one): one for one in self.by_route.values()}
        return [partial(_run, one) for one in once.values() if isinstance(one, Running)]

    def regular(self, engine: Engine, holder: str, clock: Clock) -> list[Regular]:
        """What is asked of providers now and then."""
        asked = []
        for route, channel in self.by_route.items():
            if isinstance(channel, Polled) and channel.every_s > 0:
                turn = Asking(engine, clock, holder, f"poll:{route}", channel.every_s)
                asked.append(Regular(f"poll:{route}", channel.every_s, turn.beside(_polling(channel))))
            if isinstance(channel, Probed):
                turn = Asking(engine, clock, holder, f"probe:{route}", PROBE_EVERY)
                asked.append(Regular(f"probe:{route}", PROBE_EVERY, turn.beside(_probing(route, channel, engine))))
        return asked


async def _run(channel: Running, _sink: object) -> None:
    await channel.run()


class Asking:
    """Asking a provider, by one daemon at a time. What fails is said once and tried again."""

    def __init__(self, engine: Engine, clock: Clock, holder: str, lease: str, every_s: float) -> None:
        """`holder`: this daemon, as in no other; `lease`: the name of the work."""
        self._engine = engine
        self._clock = clock
        self._holder = holder
        self._lease = lease
        self._for = round(max(SHORTEST_LEASE, 3 * every_s) * 1000)
        self._sure_until = 0
        self._failing = False
        self._log = structlog.get_logger("route")

    def beside(self, ask: Callable[[Writer], Awaitable[None]]) -> Callable[[Writer], Awaitable[None]]:
        """The look of a running daemon."""

        async def look(writer: Writer) -> None:
            try:
                if await self._ours(writer):
                    await ask(writer)
                    self._failing = False
            except Exception as error:  # noqa: BLE001 - whatever a provider or its adapter does, the rest goes on
                if not self._failing:
                    self._log.warning("route.asking_failed", work=self._lease, error=type(error).__name__)
                self._failing = True

        return look

    async def _ours(self, writer: Writer) -> bool:
        """Claimed again only when half of the lease is over: asking every second writes nothing."""
        if self._clock.monotonic() < self._sure_until:
            return True
        since = self._clock.monotonic()
        claimed = await asyncio.wrap_future(
            writer.submit(
                Lane.ACT,
                lambda now: self._engine.once(
                    now, lambda ledger: ledger.tx.leases.claim(self._lease, self._holder, now, now + self._for)
                ),
            )
        )
        self._sure_until = since + self._for // 2 if claimed else 0
        return claimed


def _polling(channel: Polled) -> Callable[[Writer], Awaitable[None]]:
    async def ask(_writer: Writer) -> None:
        await channel.poll()

    return ask


def _probing(route: str, channel: Probed, engine: Engine) -> Callable[[Writer], Awaitable[None]]:
    """What the probe says goes to the route's breaker; `route list` shows the balance."""
    log = structlog.get_logger("route")

    async def ask(writer: Writer) -> None:
        probe = await channel.probe()
        log.info("route.probe", route=route, healthy=probe.healthy, why=probe.why, balance=probe.balance)
        why = "" if probe.healthy else probe.why or PROVIDER_DOWN
        await asyncio.wrap_future(
            writer.submit(
                Lane.ACT,
                lambda now: engine.once(
                    now, lambda ledger: Breakers(ledger).probe(route, why, probe.balance, probe.dead_lines)
                ),
            )
        )

    return ask


def build_channels(settings: Settings, product: Product, clock: Clock) -> Channels:
    """A channel for each route. ConfigError with every finding of every route."""
    routes = read_routes(settings)
    findings: list[Finding] = []
    channels: dict[str, ChannelPort] = {}
    ear, shared = Ear(), Shared()
    for one in routes:
        try:
            channels[one.facts.name] = one.kind.build(one.options, _tools(one, routes, product, clock, ear, shared))
        except FindingsError as error:
            findings.extend(error.findings)
    if findings:
        raise ConfigError(findings)
    return Channels(channels, ear)


def _tools(
    one: ConfiguredRoute, routes: Sequence[ConfiguredRoute], product: Product, clock: Clock, ear: Ear, shared: Shared
) -> ChannelTools:
    async def open_calls(number: str) -> Sequence[OpenCall]:
        return await asyncio.to_thread(product.read.open_calls, number)

    async def attempts_of(asked: Sequence[tuple[str, str]]) -> Mapping[str, int]:
        return await asyncio.to_thread(product.read.attempts_of, one.facts.name, asked, clock.now() - NAMELESS_FOR)

    async def knows(number: str) -> bool:
        return await asyncio.to_thread(product.read.knows, number)

    return ChannelTools(
        route=one.facts.name,
        channel=one.facts.channel,
        clock=clock,
        hear=ear.hear,
        hook_url=one.facts.hook_url,
        hook_secret=product.keys.hook_secret(one.facts.name),
        secret=one.facts.secret,
        open_calls=open_calls,
        attempts_of=attempts_of,
        log=structlog.get_logger("route").bind(route=one.facts.name),
        alike=facts_of(routes, one.kind),
        shared=shared,
        knows=knows,
        lines=one.facts.lines,
        config_dir=one.facts.config_dir,
        state_dir=one.facts.state_dir,
    )


async def probed_routes(settings: Settings, keys: KeyRing, clock: Clock) -> Mapping[str, Probe | None]:
    """How the provider of each route fares, asked without ringing anybody; None: it cannot be asked. For `check`.

    A channel is built for it and closed again; simulated ones are left out. ConfigError as in `build_channels`.
    """
    routes, shared, found = read_routes(settings), Shared(), dict[str, Probe | None]()
    simulated = simulated_routes(settings)
    for one in routes:
        if one.facts.name in simulated:
            continue
        channel = one.kind.build(one.options, _deaf_tools(one, routes, keys, clock, shared))
        try:
            found[one.facts.name] = await channel.probe() if isinstance(channel, Probed) else None
        except Exception as error:  # noqa: BLE001 - whatever an adapter does, the other routes are asked
            found[one.facts.name] = Probe(healthy=False, why=type(error).__name__)
        finally:
            await channel.close()
    return found


def _deaf_tools(
    one: ConfiguredRoute, routes: Sequence[ConfiguredRoute], keys: KeyRing, clock: Clock, shared: Shared
) -> ChannelTools:
    """Of a channel that is only asked how it fares: it hears nothing and knows nobody."""

    async def nothing(_number: str) -> Sequence[OpenCall]:
        return ()

    return ChannelTools(
        route=one.facts.name,
        channel=one.facts.channel,
        clock=clock,
        hear=lambda _event: None,
        hook_url=one.facts.hook_url,
        hook_secret=keys.hook_secret(one.facts.name),
        secret=one.facts.secret,
        open_calls=nothing,
        log=structlog.get_logger("route").bind(route=one.facts.name),
        alike=facts_of(routes, one.kind),
        shared=shared,
    )


def regular_of(settings: Settings, channels: Channels, engine: Engine, clock: Clock) -> list[Regular]:
    """What the daemon asks of its providers now and then."""
    return channels.regular(engine, holder_name(settings), clock)
