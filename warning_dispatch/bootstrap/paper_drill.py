"""推演: a drill played in virtual time on the simulated network, with the installation's own units, plan and lines.

It runs on a database in memory that holds the real register with every name and number replaced: no route of the
installation is ever built, so there is nothing by which a real phone could ring. The daemon lets a process of its own do it,
which gets the processor only when nobody else wants it.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Final

import sqlalchemy

from warning_dispatch.bootstrap.wiring import HOUR, Product, RoutePlan, wire_product
from warning_dispatch.clock import VirtualClock
from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.drilling.scoring import report
from warning_dispatch.engine.drill_records import DrillContent
from warning_dispatch.engine.intake import IntakeSettings
from warning_dispatch.engine.outbox import OutboxSettings
from warning_dispatch.errors import NotFoundError
from warning_dispatch.escalation.budgets import Night, per_number
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.drills import DrillReport
from warning_dispatch.model.plan import Next
from warning_dispatch.model.register import Register
from warning_dispatch.model.states import LIVE_CALLOUT, CallOutState
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry
from warning_dispatch.registry.sample_block import sample_mail, sample_mobile
from warning_dispatch.settings import Settings
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.simulation.stage import Stage
from warning_dispatch.store.database import create_in_memory, open_database, reading, writing
from warning_dispatch.store.drill_rows import DrillTable
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.reading_drills import REPORT, drill_facts
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.register_reading import stored_register
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql

USUAL_LINES: Final = 30
"""Where no voice route says how many lines it has."""
ROOM: Final = 60_000
"""ms after the end of its validity to which a drill is played: what is on the phone then is heard out."""


def mend_outcomes(configuration: Configuration) -> frozenset[str]:
    """Outcomes that say that a number is wrong and must be mended."""
    wrong = (Next.DOUBTFUL, Next.PERMANENT)
    return frozenset(key for key, one in configuration.outcomes.items() if one.next in wrong)


def play(
    settings: Settings,
    configuration: Configuration,
    routes: Sequence[RoutePlan],
    register: Register,
    content: DrillContent,
    *,
    now: int,
    seed: int,
    night: Night | None,
) -> DrillReport:
    """Play a drill from its beginning to its end, and report it. The same `seed` gives the same report."""
    product, network = _paper_product(settings, configuration, routes, register, now=now, seed=seed, night=night)
    try:
        engine, clock = product.engine, VirtualClock(now)
        callout_id = engine.once(now, lambda ledger: engine.drills.play(ledger, replace(content, people=None))).result
        stage = Stage(engine, network, clock)

        def over() -> bool:
            with reading(product.database) as connection:
                state = Sql(connection).value("SELECT state FROM callout WHERE id = ?", callout_id)
            return CallOutState(state) not in LIVE_CALLOUT

        stage.play(over, now + content.valid + ROOM)
        with reading(product.database) as connection:
            facts, numbers = drill_facts(Sql(connection), callout_id, mend_outcomes(configuration), masked=False)
        return report(facts, numbers, interrupted=False, finished_at=clock.now())
    finally:
        product.close()


def play_stored(settings: Settings, routes: Sequence[RoutePlan], night: Night | None, drill_id: int, now: int) -> str:
    """Play a drill of the installation's database; the report as it is kept. For a process of its own."""
    configuration = load_configuration(settings.config_dir)
    keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    database = open_database(settings.database_url)
    try:
        content, register = _stored(database, keys, drill_id)
    finally:
        database.dispose()
    found = play(settings, configuration, routes, register, content, now=now, seed=drill_id, night=night)
    return REPORT.dump_json(found).decode()


class PaperPlayers:
    """Plays drills on paper in a process of its own, one at a time."""

    def __init__(self) -> None:
        """The process begins with the first drill."""
        self._pool: ProcessPoolExecutor | None = None

    def play(
        self, settings: Settings, routes: Sequence[RoutePlan], night: Night | None, drill_id: int, now: int
    ) -> str:
        """Returns when it is over: not to be called on the event loop or the engine's thread."""
        if self._pool is None:
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_behind_all_others)
        return self._pool.submit(play_stored, settings, routes, night, drill_id, now).result()

    def close(self) -> None:
        """Let the process end."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _behind_all_others() -> None:
    os.nice(15)


def _stored(database: sqlalchemy.Engine, keys: KeyRing, drill_id: int) -> tuple[DrillContent, Register]:
    with reading(database) as connection:
        record = DrillTable(Sql(connection)).load(drill_id)
        if record is None:
            raise NotFoundError(f"没有演练 {drill_id} / there is no drill {drill_id}")
        return record.content, without_persons(stored_register(connection, AesSealer(keys)))


def without_persons(register: Register) -> Register:
    """The register with every name left out and every number replaced by one that reaches nobody.

    Who shares a number goes on sharing one; who has none has none.
    """
    known: dict[str, str] = {}

    def invented(address: str) -> str:
        if address not in known:
            known[address] = sample_mail(f"p{len(known)}") if "@" in address else sample_mobile(len(known))
        return known[address]

    def nobody(one: ReceiverEntry) -> ReceiverEntry:
        endpoints = tuple(EndpointEntry(each.channel, invented(each.address)) for each in one.endpoints)
        return replace(one, name="责任人", post="", endpoints=endpoints, sample=True)

    return Register(register.units, tuple(nobody(one) for one in register.receivers))


def _paper_product(
    settings: Settings,
    configuration: Configuration,
    routes: Sequence[RoutePlan],
    register: Register,
    *,
    now: int,
    seed: int,
    night: Night | None,
) -> tuple[Product, SimulatedNetwork]:
    database = create_in_memory()
    keys = KeyRing.simulated(seed)
    with writing(database) as connection:
        replace_register(connection, AesSealer(keys), register, now)
    by_channel = _room(routes)
    product = wire_product(
        database=database,
        keys=keys,
        configuration=configuration,
        messages=settings.config_dir / "messages",
        languages=settings.texts.languages,
        routes=tuple(by_channel.values()),
        intake=IntakeSettings(senders=(), within=settings.ingest.within, max_age=HOUR),
        outbox=OutboxSettings(link_prefix="x/", batch=settings.engine.batch),
        log=silent_logger(),
        night=night,
        call_itself=False,
        issuer_name=settings.ingest.hand_issuer_name,
    )
    network = SimulatedNetwork(seed, lines=by_channel[Channel.VOICE].lines, sms_per_minute=by_channel[Channel.SMS].rate)
    return product, network


def _room(routes: Sequence[RoutePlan]) -> Mapping[Channel, RoutePlan]:
    """The installation's room by channel, as one simulated route each: its lines, its rates, its budgets per number."""
    found = {}
    for channel in (Channel.VOICE, Channel.SMS, Channel.EMAIL, Channel.OPERATOR):
        own = [one for one in routes if one.channel is channel]
        lines = [one.lines for one in own]
        rates = [one.rate for one in own]
        found[channel] = RoutePlan(
            f"paper_{channel.key}",
            channel,
            simulated=True,
            lines=(_sum(lines) or USUAL_LINES) if channel is Channel.VOICE else None,
            rate=_sum(rates),
            per_number=per_number() if channel is Channel.VOICE else None,
        )
    return found


def _sum(listed: Sequence[int | None]) -> int | None:
    """All together; None where one is not limited, or there is none."""
    known = [one for one in listed if one is not None]
    return sum(known) if known and len(known) == len(listed) else None
