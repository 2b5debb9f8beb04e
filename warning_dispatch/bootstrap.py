"""The composition root: plain constructor calls, in one place."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlalchemy
import uvicorn
from fastapi import FastAPI
from pydantic import TypeAdapter
from structlog.typing import FilteringBoundLogger

from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.configuration.freezing import chain_from_json, chain_to_json
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
from warning_dispatch.ingest import read_message
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.alert import Alert
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Outcome
from warning_dispatch.model.register import Register
from warning_dispatch.model.texts import AlertFacts, FrozenTexts
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Sealer
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.sample import sample_receivers
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.store.database import open_database, upgrade, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.readings import TableReadings
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.storage import TableStorage

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
    )
    with storage.writing() as tx:
        tx.routes.define(
            [RouteRecord(one.name, one.channel, one.lines, one.rate, 0, 0, 0, 0, "") for one in routes]
        )
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
