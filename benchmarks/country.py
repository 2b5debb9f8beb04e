"""A synthetic register of any size and an engine on it, with a carrier that takes everything at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from warning_dispatch.bootstrap import Product, RoutePlan, wire_product
from warning_dispatch.configuration import load_configuration
from warning_dispatch.engine.intake import IntakeSettings
from warning_dispatch.engine.outbox import OutboxSettings
from warning_dispatch.escalation.budgets import Night, per_number
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.register import Register
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.ports import Dispatch, Receipt
from warning_dispatch.store.database import open_database, upgrade, writing
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.sealing import AesSealer

ROOT = Path(__file__).resolve().parent.parent
START = 1_784_727_180_000
VILLAGES_PER_TOWNSHIP = 16
TOWNSHIPS_PER_COUNTY = 60
HOUR = 3_600_000


def units_of(villages: int) -> list[Unit]:
    """A city with so many villages below townships and counties."""
    units = [Unit("1411", "基准市", UnitKind.DIVISION, UnitLevel.CITY, "1411", None, callable=False)]
    units.append(Unit("1411-L1", "领导", UnitKind.LEADER, UnitLevel.CITY, "1411", "1411"))
    townships = -(-villages // VILLAGES_PER_TOWNSHIP)
    left = villages
    for index in range(townships):
        county = f"1411{index // TOWNSHIPS_PER_COUNTY:02d}" if townships <= 6_000 else _wide(index)
        if index % TOWNSHIPS_PER_COUNTY == 0:
            units.append(Unit(county, f"县{county}", UnitKind.DIVISION, UnitLevel.COUNTY, county, "1411"))
        township = f"{county}{index % TOWNSHIPS_PER_COUNTY:03d}"
        units.append(Unit(township, f"乡{index}", UnitKind.DIVISION, UnitLevel.TOWNSHIP, township, county))
        for number in range(min(VILLAGES_PER_TOWNSHIP, left)):
            village = f"{township}{number:03d}"
            units.append(Unit(village, f"村{index}-{number}", UnitKind.DIVISION, UnitLevel.VILLAGE, village, township))
        left -= VILLAGES_PER_TOWNSHIP
    return units


def _wide(index: int) -> str:
    """County codes for more than a hundred counties: still six characters below 1411."""
    number = index // TOWNSHIPS_PER_COUNTY
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return "1411" + digits[number // 36] + digits[number % 36]


def receivers_of(units: Sequence[Unit]) -> Iterator[ReceiverEntry]:
    """One A with a phone for every unit; sample numbers that reach nobody."""
    for index, unit in enumerate(one for one in units if one.callable):
        number = f"+862601{index:07d}"
        endpoints = (EndpointEntry(Channel.VOICE, number), EndpointEntry(Channel.SMS, number))
        yield ReceiverEntry(unit.code, Role.PRIMARY, "样本", "", "zh_CN", endpoints, sample=True)


def product_on(url: str, villages: int, *, lines: int | None = None, batch: int = 500, fresh: bool = True) -> Product:
    """A product on a database that gets a synthetic register first; or that has it already (`fresh` False)."""
    database = open_database(url)
    keys = KeyRing.simulated(1)
    if fresh:
        upgrade(database)
        units = units_of(villages)
        with writing(database) as connection:
            replace_register(connection, AesSealer(keys), Register(tuple(units), tuple(receivers_of(units))), START)
    routes = [
        RoutePlan("phones", Channel.VOICE, simulated=True, lines=lines, per_number=per_number()),
        RoutePlan("sms", Channel.SMS, simulated=True),
        RoutePlan("mail", Channel.EMAIL, simulated=True),
        RoutePlan("operator", Channel.OPERATOR, simulated=True),
    ]
    return wire_product(
        database=database,
        keys=keys,
        configuration=load_configuration(ROOT / "config"),
        messages=ROOT / "config" / "messages",
        languages=("zh_CN", "en"),
        routes=routes,
        intake=IntakeSettings(senders=("1411*",), within="1411", max_age=HOUR),
        outbox=OutboxSettings(batch=batch, link_prefix="http://127.0.0.1/r/"),
        log=silent_logger(),
        night=Night(12),
    )


def red_warning(now: int) -> bytes:
    """A red rainstorm for everybody."""
    return restamp((ROOT / "config" / "samples" / "12379-red-rain-city.xml").read_bytes(), now)


def take_all(batch: Sequence[Dispatch]) -> list[Receipt]:
    """The no-op carrier: takes every attempt."""
    return [Receipt(one.attempt_id, accepted=True, provider_ref="sink") for one in batch]
