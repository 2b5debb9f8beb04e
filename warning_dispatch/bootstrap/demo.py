"""The demonstration: a real prefecture, invented people, simulated phones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from warning_dispatch.bootstrap.wiring import HOUR, Product, RoutePlan, wire_product
from warning_dispatch.configuration import load_configuration
from warning_dispatch.engine.intake import IntakeSettings
from warning_dispatch.engine.outbox import OutboxSettings
from warning_dispatch.escalation.budgets import Night, per_number
from warning_dispatch.ingest.gazetteer import load_gazetteer
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.register import Register
from warning_dispatch.model.unit import Channel
from warning_dispatch.planning.asking import Ground
from warning_dispatch.planning.question import Lines
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.sample import sample_key_units, sample_receivers
from warning_dispatch.settings import Settings
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.store.database import create_in_memory, open_database, upgrade, writing
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.sealing import AesSealer


@dataclass(frozen=True, slots=True)
class Demo:
    """The demonstration: a real prefecture's units, invented receivers, simulated phones."""

    product: Product
    network: SimulatedNetwork
    units: int


def build_demo(
    *, config: Path, contacts: Path, database_url: str | None, seed: int, lines: int, now: int, link_prefix: str
) -> Demo:
    """Make the demonstration's database, register and network. Everything follows from `seed`.

    `database_url` None: in memory, for virtual time.
    """
    configuration = load_configuration(config)
    keys = KeyRing.simulated(seed)
    if database_url is None:
        database = create_in_memory()
    else:
        database = open_database(database_url)
        upgrade(database)
    units = read_register(contacts).units
    units = (*units, *sample_key_units(units))
    receivers = sample_receivers(units, seed)
    with writing(database) as connection:
        replace_register(connection, AesSealer(keys), Register(units, receivers), now)
    routes = [
        RoutePlan("phones", Channel.VOICE, simulated=True, lines=lines, per_number=per_number()),
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
        night=Night(DEMO_NIGHT_CALLS),
        find_shape=load_gazetteer(contacts),
    )
    network = SimulatedNetwork(seed, lines=lines, sms_per_minute=DEMO_SMS_PER_MINUTE)
    return Demo(product, network, len(units))


def demo_planning(made: Demo, settings: Settings, lines: int) -> Ground:
    """What planning goes by in the demonstration."""
    carried = Lines(lines, DEMO_SMS_PER_MINUTE, night=Night(DEMO_NIGHT_CALLS))
    outcomes = made.product.configuration.outcomes
    return Ground(settings.ingest.within, carried, outcomes, {Colour.RED: 6 * HOUR, Colour.ORANGE: 12 * HOUR})


DEMO_ROUTES = ("phones", "sms", "mail", "operator")
DEMO_SMS_PER_MINUTE = 3_000
"""A modest provincial channel takes far more; this is what shows queueing on the page."""
DEMO_NIGHT_CALLS = 12
"""As shipped in config/warning-dispatch.toml."""
DEMO_WARNING = "12379-red-rain-city.xml"
"""Below config/samples/."""


def demo_warning(config: Path, now: int) -> bytes:
    """The red rainstorm warning of the demonstration, issued now."""
    return restamp((config / "samples" / DEMO_WARNING).read_bytes(), now)
