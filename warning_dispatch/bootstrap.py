"""The composition root: plain constructor calls, in one place."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlalchemy
import structlog
import uvicorn
from fastapi import FastAPI
from pydantic import TypeAdapter
from structlog.typing import FilteringBoundLogger

from warning_dispatch.clock import Clock
from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.configuration.freezing import chain_from_json, chain_to_json
from warning_dispatch.daemon import Daemon, EngineDesk
from warning_dispatch.delivery.email.channel import EmailChannel
from warning_dispatch.delivery.email.route import EmailRoute
from warning_dispatch.delivery.operator import OperatorChannel
from warning_dispatch.delivery.texts import TextBook
from warning_dispatch.engine.acts import Acts
from warning_dispatch.engine.engine import Engine
from warning_dispatch.engine.frozen import FrozenPlans
from warning_dispatch.engine.intake import HazardFinder, Intake, IntakeSettings
from warning_dispatch.engine.launch import Launcher
from warning_dispatch.engine.outbox import Outbox, OutboxSettings
from warning_dispatch.engine.records import RouteRecord
from warning_dispatch.engine.reports import Reports
from warning_dispatch.engine.turn import Turn
from warning_dispatch.errors import RefusedError
from warning_dispatch.ingest import read_message
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.alert import Alert
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Outcome
from warning_dispatch.model.register import Register
from warning_dispatch.model.texts import AlertFacts, FrozenTexts
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import ChannelPort, Sealer
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.sample import sample_receivers
from warning_dispatch.settings import Settings
from warning_dispatch.simulation.carrier_log import CarrierLog
from warning_dispatch.simulation.channel import SimulatedChannel
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.store.database import open_database, require_current, upgrade, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.readings import TableReadings
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.storage import TableStorage
from warning_dispatch.web.application import create_app
from warning_dispatch.web.control import create_control_app

HOUR = 3_600_000
_ALERTS = TypeAdapter(Alert)


def alert_to_json(alert: Alert) -> str:
    """The parsed alert as kept in the database."""
    return _ALERTS.dump_json(alert).decode()


def alert_from_json(text: str) -> Alert:
    """The parsed alert as it was kept."""
    return _ALERTS.validate_json(text)


@dataclass(frozen=True, slots=True)
class EngineParts:
    """What the engine is made of: configuration already read, adapters already built. Times in ms."""

    storage: TableStorage
    sealer: Sealer
    chains: Sequence[CallChain]
    find_hazard: HazardFinder
    outcomes: Mapping[str, Outcome]
    freeze_texts: Callable[[AlertFacts], FrozenTexts]
    intake: IntakeSettings
    outbox: OutboxSettings = field(default_factory=OutboxSettings)
    pause_max: int = 600_000
    validity: Mapping[Colour, int] = field(default_factory=lambda: {Colour.RED: 6 * HOUR, Colour.ORANGE: 12 * HOUR})


def build_engine(parts: EngineParts) -> Engine:
    """Wire the engine."""
    plans = FrozenPlans(chain_from_json)
    reports = Reports(parts.outcomes, parts.sealer.blind_index, parts.outbox.report_overdue)
    launcher = Launcher(
        within=parts.intake.within,
        freeze_texts=parts.freeze_texts,
        plan_to_json=chain_to_json,
        default_validity=lambda colour: parts.validity.get(colour, 12 * HOUR),
    )
    return Engine(
        storage=parts.storage,
        plans=plans,
        turn=Turn(parts.storage, plans, Outbox(parts.outbox), reports, parts.outbox.batch),
        intake=Intake(
            settings=parts.intake,
            chains=parts.chains,
            find_hazard=parts.find_hazard,
            read_message=read_message,
            launcher=launcher,
            alert_to_json=alert_to_json,
        ),
        acts=Acts(parts.pause_max),
        reports=reports,
    )


REACHED = frozenset({"key_pressed", "heard_no_key", "hung_up_early"})
"""Outcomes of a call that prove that it got through to a person (传得到)."""


@dataclass(frozen=True, slots=True)
class Product:
    """Everything wired but not running."""

    engine: Engine
    database: sqlalchemy.Engine
    storage: TableStorage
    sealer: AesSealer
    keys: KeyRing
    read: TableReadings
    configuration: Configuration

    def close(self) -> None:
        """Let go of the database."""
        self.database.dispose()


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """A configured route: its adapter and its limits. `rate` per minute."""

    name: str
    channel: Channel
    simulated: bool
    lines: int | None = None
    rate: int | None = None


def wire_product(
    *,
    database: sqlalchemy.Engine,
    keys: KeyRing,
    configuration: Configuration,
    messages: Path,
    languages: Sequence[str],
    routes: Sequence[RoutePlan],
    intake: IntakeSettings,
    outbox: OutboxSettings,
    log: FilteringBoundLogger,
    pause_max: int = 600_000,
    validity: Mapping[Colour, int] | None = None,
) -> Product:
    """Constructor calls for the engine and what it stands on. The schema of `database` must be current."""
    sealer = AesSealer(keys)
    storage = TableStorage(database, sealer, keys.link_key, Journal(keys.journal_key, log))
    parts = EngineParts(
        storage=storage,
        sealer=sealer,
        chains=configuration.chains,
        find_hazard=configuration.hazards.find,
        outcomes=configuration.outcomes,
        freeze_texts=TextBook(messages, tuple(languages)).freeze,
        intake=intake,
        outbox=replace(outbox, simulated_routes=frozenset(one.name for one in routes if one.simulated)),
        pause_max=pause_max,
        validity=validity or {Colour.RED: 6 * HOUR, Colour.ORANGE: 12 * HOUR},
    )
    with storage.writing() as tx:
        tx.routes.define([RouteRecord(one.name, one.channel, one.lines, one.rate, 0, 0, 0, 0, "") for one in routes])
    return Product(
        engine=build_engine(parts),
        database=database,
        storage=storage,
        sealer=sealer,
        keys=keys,
        read=TableReadings(database, sealer, configuration.hazards.names(), reached=REACHED),
        configuration=configuration,
    )


@dataclass(frozen=True, slots=True)
class Demo:
    """The demonstration: a real prefecture's units, invented receivers, simulated phones."""

    product: Product
    network: SimulatedNetwork
    units: int


def build_demo(
    *, config: Path, contacts: Path, database_url: str, seed: int, lines: int, now: int, link_prefix: str
) -> Demo:
    """Make the demonstration's database, register and network. Everything follows from `seed`."""
    configuration = load_configuration(config)
    keys = KeyRing.simulated(seed)
    database = open_database(database_url)
    upgrade(database)
    units = read_register(contacts).units
    receivers = sample_receivers(units, seed)
    with writing(database) as connection:
        replace_register(connection, AesSealer(keys), Register(units, receivers), now)
    routes = [
        RoutePlan("phones", Channel.VOICE, simulated=True, lines=lines),
        RoutePlan("sms", Channel.SMS, simulated=True, rate=DEMO_SMS_PER_MINUTE),
        RoutePlan("mail", Channel.EMAIL, simulated=True),
        RoutePlan("operator", Channel.OPERATOR, simulated=True),
    ]
    product = wire_product(
        database=database,
        keys=keys,
        configuration=configuration,
        messages=config / "messages",
        languages=("zh_CN", "en"),
        routes=routes,
        intake=IntakeSettings(senders=("1411*",), within="1411", max_age=HOUR),
        outbox=OutboxSettings(link_prefix=link_prefix),
        log=silent_logger(),
    )
    network = SimulatedNetwork(seed, lines=lines, sms_per_minute=DEMO_SMS_PER_MINUTE)
    return Demo(product, network, len(units))


DEMO_SMS_PER_MINUTE = 3_000
"""A modest provincial channel takes far more; this is what shows queueing on the page."""
DEMO_WARNING = "12379-red-rain-city.xml"
"""Below config/samples/."""


def demo_warning(config: Path, now: int) -> bytes:
    """The red rainstorm warning of the demonstration, issued now."""
    return restamp((config / "samples" / DEMO_WARNING).read_bytes(), now)


class QuietServer(uvicorn.Server):
    """A web server inside the daemon: signals are the daemon's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


async def serve(app: FastAPI, **where: Any) -> None:
    """Serve until cancelled; open event streams are ended first. `where`: host and port, or uds."""
    settings = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=3, **where
    )
    server = QuietServer(settings)
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        close = getattr(app.state, "close", None)
        if close is not None:
            close()
        server.should_exit = True
        await serving
        raise


# --- the product as settings describe it --------------------------------------------------------------------


def route_plans(settings: Settings) -> list[RoutePlan]:
    """The configured routes."""
    return [
        RoutePlan(
            one.name,
            Channel[one.channel.upper()],
            simulated=one.name in settings.simulated_routes,
            lines=one.lines,
            rate=one.rate_per_minute,
        )
        for one in settings.routes
    ]


def open_product(settings: Settings) -> Product:
    """The product of an installation. StoreError, NotFoundError or ConfigError say what is missing and what to do."""
    configuration = load_configuration(settings.config_dir)
    keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    database = open_database(settings.database_url)
    require_current(database)
    engine = settings.engine
    return wire_product(
        database=database,
        keys=keys,
        configuration=configuration,
        messages=settings.config_dir / "messages",
        languages=settings.texts.languages,
        routes=route_plans(settings),
        intake=IntakeSettings(
            senders=settings.ingest.senders, within=settings.ingest.within, max_age=settings.ingest.max_age_s * 1000
        ),
        outbox=OutboxSettings(
            batch=engine.batch,
            claim_lease=engine.claim_lease_s * 1000,
            report_overdue=engine.report_overdue_s * 1000,
            link_prefix=settings.web.public_url.rstrip("/") + "/r/",
        ),
        log=structlog.get_logger("journal"),
        pause_max=engine.pause_max_s * 1000,
        validity={Colour.RED: int(engine.validity_red_h * HOUR), Colour.ORANGE: int(engine.validity_orange_h * HOUR)},
    )


def build_daemon(settings: Settings, product: Product, clock: Clock) -> Daemon:
    """The daemon of an installation: channels by route, the web, the control socket."""
    _refuse_sample_on_real_routes(settings, product)
    channels, simulated = _channels(settings, clock)

    def servers(desk: EngineDesk) -> list[Coroutine[Any, Any, None]]:
        limit = settings.web.body_limit_kib << 10
        public = create_app(
            product.read,
            desk,
            public_url=settings.web.public_url,
            live_page=False,
            body_limit=limit,
            clock=clock,
        )
        settings.control_socket.unlink(missing_ok=True)
        return [
            serve(public, host=settings.web.host, port=settings.web.port),
            serve(create_control_app(product.read, desk, body_limit=limit), uds=str(settings.control_socket)),
        ]

    return Daemon(
        engine=product.engine,
        clock=clock,
        channels=channels,
        lost_routes=tuple(settings.simulated_routes),
        make_servers=servers,
        read=product.read,
        pumps=[simulated.pump] if simulated else [],
    )


def _channels(settings: Settings, clock: Clock) -> tuple[dict[str, ChannelPort], SimulatedChannel | None]:
    """A channel for each route; one simulated network serves all simulated routes."""
    simulated = _simulated(settings, clock) if any(one.adapter == "simulated" for one in settings.routes) else None
    channels: dict[str, ChannelPort] = {}
    for one in settings.routes:
        if one.adapter == "simulated" and simulated is not None:
            channels[one.name] = simulated
        elif one.adapter == "smtp":
            smtp = settings.smtp
            channels[one.name] = EmailChannel(
                EmailRoute(
                    host=smtp.host,
                    port=smtp.port,
                    sender=smtp.sender,
                    security=smtp.security,
                    username=smtp.username,
                    password=settings.smtp_password(),
                    reply_to=smtp.reply_to,
                    timeout_s=smtp.timeout_s,
                    connections=smtp.connections,
                    helo=smtp.helo,
                ),
                clock,
            )
        else:
            channels[one.name] = OperatorChannel()
    return channels, simulated


def _simulated(settings: Settings, clock: Clock) -> SimulatedChannel:
    simulation = settings.simulation
    log = None
    if simulation.carrier_log:
        log = CarrierLog(str(simulation.seed).encode(), Path(simulation.carrier_log), keep=False)
    voice = [one.lines for one in settings.routes if one.adapter == "simulated" and one.channel == "voice"]
    network = SimulatedNetwork(
        simulation.seed,
        lines=None if None in voice or not voice else sum(one or 0 for one in voice),
        sms_per_minute=simulation.sms_per_minute,
        log=log,
    )
    return SimulatedChannel(network, clock)


def _refuse_sample_on_real_routes(settings: Settings, product: Product) -> None:
    """Sample numbers reach nobody: with a real route a sample register is a mistake, found now and not at 3 a.m."""
    if settings.reaches_people and product.read.sample_numbers():
        raise RefusedError(
            "登记册是样本，而配置了真实线路；先导入真实的责任人（contacts import） / "
            "the register is a sample while real routes are configured; import the real receivers first"
        )
