"""An installation as its settings describe it: the product, its channels, its web servers, its daemon."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Coroutine, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy
import structlog
import uvicorn
from fastapi import FastAPI

from warning_dispatch.bootstrap.keeping import RETENTION_EVERY, DailyRetention
from warning_dispatch.bootstrap.mornings import REGISTER_EVERY, RegisterMornings
from warning_dispatch.bootstrap.source_rules import rules_finder
from warning_dispatch.bootstrap.sources import (
    feeds_of,
    holder_name,
    outward_of,
    pushers_of,
    source_loops,
)
from warning_dispatch.bootstrap.wiring import HOUR, Product, RoutePlan, wire_product
from warning_dispatch.clock import Clock
from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.daemon import Daemon, EngineDesk, Regular
from warning_dispatch.delivery.email.channel import EmailChannel
from warning_dispatch.delivery.email.route import EmailRoute
from warning_dispatch.delivery.operator import OperatorChannel
from warning_dispatch.engine.intake import IntakeSettings
from warning_dispatch.engine.outbox import OutboxSettings
from warning_dispatch.errors import RefusedError
from warning_dispatch.escalation.blackout import BlackoutRule
from warning_dispatch.escalation.budgets import MINUTE, Night, per_number
from warning_dispatch.ingest.gazetteer import load_gazetteer
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.lockout import LockRule, LoginRules
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import ChannelPort, ListAccounts
from warning_dispatch.reports.folder import ListFolder
from warning_dispatch.reports.lists import PrintableLists
from warning_dispatch.reports.worker import ListWorker
from warning_dispatch.settings import Settings
from warning_dispatch.simulation.carrier_log import CarrierLog
from warning_dispatch.simulation.channel import SimulatedChannel
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.source_desk import WriterSourceDesk
from warning_dispatch.store.accounts import nobodys_hash
from warning_dispatch.store.database import open_database, require_current
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.people import PeopleBook
from warning_dispatch.store.retention import Retention
from warning_dispatch.store.sessions import SessionBook
from warning_dispatch.web.application import create_app
from warning_dispatch.web.control import create_control_app
from warning_dispatch.web.login_desk import LoginDesk


class QuietServer(uvicorn.Server):
    """A web server inside the daemon: signals are the daemon's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def private_socket(path: str) -> socket.socket:
    """A local socket that only its owner may open, from its first moment on: whoever may open it may act."""
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(path)
    finally:
        os.umask(before)
    return listener


async def serve(app: FastAPI, **where: Any) -> None:
    """Serve until cancelled; open event streams are ended first. `where`: host and port, or uds."""
    path = where.pop("uds", None)
    own = [private_socket(path)] if path else None
    settings = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the peer is who is connected: what a header says of it anybody can write
        timeout_graceful_shutdown=2,
        **where,
    )
    server = QuietServer(settings)
    serving = asyncio.create_task(server.serve(sockets=own))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        close = getattr(app.state, "close", None)
        if close is not None:
            close()
        server.should_exit = True
        await serving
        raise
    finally:
        if path:
            Path(path).unlink(missing_ok=True)  # noqa: ASYNC240 - one call, at the very end


def route_plans(settings: Settings) -> list[RoutePlan]:
    """The configured routes."""
    return [
        RoutePlan(
            one.name,
            Channel[one.channel.upper()],
            simulated=one.name in settings.simulated_routes,
            lines=one.lines,
            rate=one.rate_per_minute,
            per_number=None if one.number_limits is None else per_number(**one.number_limits.model_dump()),
        )
        for one in settings.routes
    ]


def night_of(settings: Settings) -> Night | None:
    """What a number must bear in a night; None: no such limit."""
    engine = settings.engine
    if engine.night_calls == 0:
        return None
    return Night(engine.night_calls, _of_day(engine.night_from), _of_day(engine.night_until))


def _of_day(text: str) -> int:
    """A time such as 22:00 as ms of the day."""
    hours, minutes = text.split(":")
    return int(hours) * HOUR + int(minutes) * MINUTE


def open_product(settings: Settings) -> Product:
    """The product of an installation. StoreError, NotFoundError or ConfigError say what is missing and what to do."""
    configuration = load_configuration(settings.config_dir)
    keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    database = open_database(settings.database_url)
    try:
        require_current(database)
        return _wired(settings, configuration, keys, database)
    except BaseException:
        database.dispose()
        raise


def _wired(settings: Settings, configuration: Configuration, keys: KeyRing, database: sqlalchemy.Engine) -> Product:
    engine = settings.engine
    return wire_product(
        database=database,
        keys=keys,
        configuration=configuration,
        messages=settings.config_dir / "messages",
        languages=settings.texts.languages,
        routes=route_plans(settings),
        intake=IntakeSettings(
            senders=settings.ingest.senders,
            within=settings.ingest.within,
            max_age=settings.ingest.max_age_s * 1000,
        ),
        outbox=OutboxSettings(
            batch=engine.batch,
            claim_lease=engine.claim_lease_s * 1000,
            report_overdue=engine.report_overdue_s * 1000,
            link_prefix=settings.web.public_url.rstrip("/") + "/r/",
        ),
        log=structlog.get_logger("journal"),
        call_itself=settings.bureau.call_itself,
        pause_max=engine.pause_max_s * 1000,
        blackout=BlackoutRule(engine.blackout_share, engine.blackout_window_s * 1000, engine.blackout_least),
        night=night_of(settings),
        rules_of=rules_finder(settings.ingest),
        find_shape=load_gazetteer(settings.contacts_dir),
        validity={Colour.RED: int(engine.validity_red_h * HOUR), Colour.ORANGE: int(engine.validity_orange_h * HOUR)},
    )


class Part(StrEnum):
    """What a process of the daemon does; one does everything unless told otherwise."""

    INGEST = "ingest"
    """Messages are taken in: the API for them, the control socket."""
    ENGINE = "engine"
    """The engine turns, the channels carry."""
    WEB = "web"
    """People's pages and questions."""


EVERYTHING = frozenset(Part)


def build_daemon(settings: Settings, product: Product, clock: Clock, parts: frozenset[Part] = EVERYTHING) -> Daemon:
    """The daemon of an installation: channels by route, the web, the control socket; or some of it (`parts`).

    RefusedError where another one runs in the same place, or the database cannot be shared.
    """
    _refuse_sample_on_real_routes(settings, product)
    _refuse_to_share(settings, product, parts)
    turns = Part.ENGINE in parts
    channels, simulated = _channels(settings, clock) if turns else ({}, None)

    def servers(desk: EngineDesk) -> list[Coroutine[Any, Any, None]]:
        passing = WriterSourceDesk(
            desk, outward_of(settings, product.configuration.hazards.names()), holder_name(settings)
        )
        limit = settings.web.body_limit_kib << 10
        public = create_app(
            product.read,
            desk,
            public_url=settings.web.public_url,
            live_page=Part.WEB in parts,
            login=login_desk(settings, product, desk, clock) if Part.WEB in parts else None,
            body_limit=limit,
            clock=clock,
            people=Part.WEB in parts,
            alerts=Part.INGEST in parts,
            pushers=pushers_of(settings) if Part.INGEST in parts else (),
            feeds=feeds_of(settings, product.read) if Part.WEB in parts else None,
        )
        listening = [serve(public, host=settings.web.host, port=settings.web.port)]
        if Part.INGEST in parts:
            settings.control_socket.unlink(missing_ok=True)
            control = create_control_app(product.read, desk, body_limit=limit, samples=not settings.reaches_people)
            listening.append(serve(control, uds=str(settings.control_socket)))
            passing = WriterSourceDesk(
                desk, outward_of(settings, product.configuration.hazards.names()), holder_name(settings)
            )
            listening += source_loops(settings, passing, clock)
        return listening

    def lists(accounts: ListAccounts) -> ListWorker:
        return ListWorker(printable_lists(settings, product, clock), accounts)

    return Daemon(
        engine=product.engine,
        clock=clock,
        channels=channels,
        lost_routes=tuple(settings.simulated_routes),
        make_servers=servers,
        read=product.read,
        pumps=[simulated.pump] if simulated else [],
        make_lists=lists if Part.INGEST in parts else None,
        crew=product.crew(),
        turns=turns,
        regular=_regular(settings, product, clock, turns=turns),
    )


def login_desk(settings: Settings, product: Product, desk: EngineDesk, clock: Clock) -> LoginDesk:
    """Who may log in to an installation; what they change is written by the one writer."""
    journal = Journal(product.keys.journal_key, structlog.get_logger("journal"))
    parts = (product.database, product.sealer, journal)
    nobodys_hash()  # made now: the first stranger must not wait longer than the second
    return LoginDesk(
        PeopleBook(*parts),
        SessionBook(*parts, login_rules(settings)),
        clock,
        desk.beside,
        settings.ingest.within,
        frozenset(settings.login.proxies),
    )


def login_rules(settings: Settings) -> LoginRules:
    """How logins are kept, in ms."""
    login = settings.login
    first, longest = login.first_wait_s * 1000, login.longest_wait_s * 1000
    return LoginRules(
        LockRule(login.free_tries, first, longest),
        LockRule(login.address_tries, first, longest),
        idle=login.idle_h * HOUR,
        absolute=login.absolute_h * HOUR,
    )


def _refuse_to_share(settings: Settings, product: Product, parts: frozenset[Part]) -> None:
    if parts != EVERYTHING and not product.storage.many_writers:
        raise RefusedError(
            "分成几个进程（--roles）需要 PostgreSQL；SQLite 只能由一个进程使用 / "
            "several processes (--roles) need PostgreSQL; SQLite is for one process"
        )
    if Part.INGEST in parts and _answers(settings.control_socket):
        raise RefusedError(
            f"{settings.control_socket}: 已有一个值守进程在运行 / a daemon is running here already. "
            "同机再开一个须另设 home 和端口，或用 --roles / For another one set another home and port, or use --roles."
        )


def _answers(path: Path) -> bool:
    """Whether somebody listens on a local socket; a file left behind by a crash answers nobody."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as asking:
        try:
            asking.connect(str(path))
        except OSError:
            return False
        return True


def _regular(settings: Settings, product: Product, clock: Clock, *, turns: bool) -> list[Regular]:
    """What a daemon looks at now and then; the register only where the engine turns."""
    retention = DailyRetention(retention_of(settings, product.database, product.keys), clock)
    mornings = RegisterMornings(settings, product.database, product.sealer, clock)
    of_the_register = [Regular("register", REGISTER_EVERY, mornings.beside(product.engine))] if turns else []
    return [Regular("retention", RETENTION_EVERY, retention.look), *of_the_register]


def retention_of(settings: Settings, database: sqlalchemy.Engine, keys: KeyRing) -> Retention:
    """What removes old things from an installation's database."""
    journal = Journal(keys.journal_key, structlog.get_logger("journal"))
    return Retention(database, journal, settings.retention.days)


def printable_lists(settings: Settings, product: Product, clock: Clock) -> PrintableLists:
    """The printable lists of an installation."""
    folder = ListFolder(settings.lists_folder, settings.lists.keep_days)
    return PrintableLists(product.read.printed, lambda: product.read.callouts(live_only=True), folder, clock)


def _channels(settings: Settings, clock: Clock) -> tuple[dict[str, ChannelPort], SimulatedChannel | None]:
    """A channel for each route; one simulated network serves all simulated routes."""
    simulated = _simulated(settings, clock) if any(one.adapter == "simulated" for one in settings.routes) else None
    channels: dict[str, ChannelPort] = {}
    for one in settings.routes:
        if one.adapter == "simulated" and simulated is not None:
            channels[one.name] = simulated
        elif one.adapter == "smtp":
            channels[one.name] = EmailChannel(email_route(settings), clock)
        else:
            channels[one.name] = OperatorChannel()
    return channels, simulated


def email_route(settings: Settings) -> EmailRoute:
    """The mail server of an installation. ConfigError with every finding."""
    smtp = settings.smtp
    return EmailRoute(
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
    )


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
