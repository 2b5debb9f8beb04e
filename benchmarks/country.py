"""A synthetic register of any size and an engine on it, with a carrier that takes everything at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine

from benchmarks.register import write_register
from warning_dispatch.bootstrap import Product, RoutePlan, spare_the_collector, wire_product
from warning_dispatch.configuration import load_configuration
from warning_dispatch.engine.intake import IntakeSettings
from warning_dispatch.engine.outbox import OutboxSettings
from warning_dispatch.escalation.budgets import Night, per_number
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Receipt
from warning_dispatch.store.database import open_database, upgrade
from warning_dispatch.store.keys import KeyRing

ROOT = Path(__file__).resolve().parent.parent
START = 1_784_727_180_000
HOUR = 3_600_000
KEYS = KeyRing.simulated(1)


def product_on(url: str, villages: int, *, lines: int | None = None, batch: int = 500) -> Product:
    """A product on a fresh database with a synthetic register."""
    database = open_database(url)
    upgrade(database)
    write_register(database, KEYS, villages)
    return product_of(database, lines=lines, batch=batch)


def product_of(database: Engine, *, lines: int | None = None, batch: int = 500) -> Product:
    """A product on a database that has its register already."""
    routes = [
        RoutePlan("phones", Channel.VOICE, simulated=True, lines=lines, per_number=per_number()),
        RoutePlan("sms", Channel.SMS, simulated=True),
        RoutePlan("mail", Channel.EMAIL, simulated=True),
        RoutePlan("operator", Channel.OPERATOR, simulated=True),
    ]
    product = wire_product(
        database=database,
        keys=KEYS,
        configuration=load_configuration(ROOT / "config"),
        messages=ROOT / "config" / "messages",
        languages=("zh_CN", "en"),
        routes=routes,
        intake=IntakeSettings(senders=("1411*",), within="1411", max_age=HOUR),
        outbox=OutboxSettings(batch=batch, link_prefix="http://127.0.0.1/r/"),
        log=silent_logger(),
        night=Night(12),
    )
    spare_the_collector()  # as `run` does
    return product


def red_warning(now: int) -> bytes:
    """A red rainstorm for everybody."""
    return restamp((ROOT / "config" / "samples" / "12379-red-rain-city.xml").read_bytes(), now)


def small_warning(now: int) -> bytes:
    """A red snowstorm for one township: another hazard, so a call-out of its own."""
    raw = red_warning(now).decode()
    for old, new in (("11B03", "11B04"), ("暴雨", "暴雪"), ("141100000000", "141100001000")):
        raw = raw.replace(old, new)
    return raw.encode()


def take_all(batch: Sequence[Dispatch]) -> list[Receipt]:
    """The no-op carrier: takes every attempt."""
    return [Receipt(one.attempt_id, accepted=True, provider_ref="sink") for one in batch]
