"""An installation as its settings describe it: the product, its channels, its web servers, its daemon."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Coroutine, Iterator, Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy
import structlog
import uvicorn
from fastapi import FastAPI

from warning_dispatch.bootstrap.channels import Channels, build_channels, regular_of
from warning_dispatch.bootstrap.console import console_parts
from warning_dispatch.bootstrap.drills import DRILLS_EVERY, DrillKeeper, Paper, drill_tables
from warning_dispatch.bootstrap.estimating import estimator_of
from warning_dispatch.bootstrap.keeping import RETENTION_EVERY, DailyRetention
from warning_dispatch.bootstrap.lines import lines_elsewhere, test_lines
from warning_dispatch.bootstrap.mornings import REGISTER_EVERY, RegisterMornings
from warning_dispatch.bootstrap.outside import outside_app
from warning_dispatch.bootstrap.paper_drill import PaperPlayers
from warning_dispatch.bootstrap.planning import ground_of
from warning_dispatch.bootstrap.planning_office import planning_office
from warning_dispatch.bootstrap.records import records_of
from warning_dispatch.bootstrap.register_look import TableRegisterLook
from warning_dispatch.bootstrap.renewal import (
    CALENDAR_EVERY,
    POST_EVERY,
    Postman,
    calendar,
    letter_settings,
    renewal_desk,
    renewal_tables,
)
from warning_dispatch.bootstrap.response import response_parts
from warning_dispatch.bootstrap.robots import robots_of
from warning_dispatch.bootstrap.source_rules import rules_finder
from warning_dispatch.bootstrap.sources import (
    feeds_of,
    holder_name,
    outward_of,
    pushers_of,
    source_loops,
)
from warning_dispatch.bootstrap.superiors import superior_parts
from warning_dispatch.bootstrap.traces import traces_of
from warning_dispatch.bootstrap.voice import voice_desk
from warning_dispatch.bootstrap.wiring import HOUR, Product, RoutePlan, wire_product
from warning_dispatch.clock import Clock
from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.daemon import Daemon, EngineDesk, Regular
from warning_dispatch.delivery.configured import (
    cannot_ring,
    documented_limits,
    number_limits,
    reaches_people,
    readable_routes,
    routes_that_die_with_us,
    signature_of,
    simulated_routes,
    worded_routes,
)
from warning_dispatch.delivery.kinds import RouteLimits
from warning_dispatch.delivery.ways import ways_of
from warning_dispatch.drill_desk import Office as DrillOffice
from warning_dispatch.drill_desk import WriterDrillDesk
from warning_dispatch.drill_ports import Drilling
from warning_dispatch.engine.intake import IntakeSettings
from warning_dispatch.engine.outbox import OutboxSettings
from warning_dispatch.errors import RefusedError
from warning_dispatch.escalation.blackout import BlackoutRule
from warning_dispatch.escalation.budgets import MINUTE, Budget, Night, per_number
from warning_dispatch.escalation.operators import Operator
from warning_dispatch.escalation.route_rules import Hours, RouteRule
from warning_dispatch.ingest.gazetteer import load_gazetteer
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.lockout import LockRule, LoginRules
from warning_dispatch.model.unit import Channel
from warning_dispatch.planning.asking import Ground
from warning_dispatch.ports import ChannelPort, ListAccounts
from warning_dispatch.reports.folder import ListFolder
from warning_dispatch.reports.lists import PrintableLists
from warning_dispatch.reports.record_desk import WriterRecordOffice
from warning_dispatch.reports.worker import ListWorker
from warning_dispatch.response_ports import ResponseParts
from warning_dispatch.route_settings import PerNumberSettings, RouteSettings
from warning_dispatch.settings import Settings
from warning_dispatch.source_desk import WriterSourceDesk
from warning_dispatch.store.accounts import nobodys_hash
from warning_dispatch.store.database import open_database, require_current
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.people import PeopleBook
from warning_dispatch.store.register_take_over import RegisterTakeOver
from warning_dispatch.store.retention import Retention
from warning_dispatch.store.rotation import require_indexed
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sessions import SessionBook
from warning_dispatch.supervision import Listening, Standing, unsupervised
from warning_dispatch.watching.heartbeat import Heartbeat
from warning_dispatch.watching.meters import FILE
from warning_dispatch.web.access import Access
from warning_dispatch.web.application import Renewal, create_app
from warning_dispatch.web.console.console import ConsoleParts
from warning_dispatch.web.console.door import LoggedIn
from warning_dispatch.web.control import LineTester, create_control_app
from warning_dispatch.web.hooks import Hooks
from warning_dispatch.web.login_desk import LoginDesk
from warning_dispatch.web.loop import HOOK_LOOP, LINK_LOOP, Loop
from warning_dispatch.web.metrics import Metrics
from warning_dispatch.web.probes import Probes
from warning_dispatch.web.push import UNCONFIGURED


class QuietServer(uvicorn.Server):
    """A web server inside the daemon: signals are the daemon's, and it says when it listens."""

    opened: Listening = staticmethod(lambda: None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the doors."""
        await super().startup(sockets)
        if self.started:
            self.opened()

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
    """Serve until cancelled; open event streams are ended first. `where`: host and port, or uds; `opened`: told once."""
    opened: Listening = where.pop("opened", lambda: None)
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
    server.opened = opened
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
    """The configured routes, with the limits that their providers document where nothing else is set."""
    simulated, worded, documented = simulated_routes(settings), worded_routes(settings), documented_limits(settings)
    readable = readable_routes(settings)
    plans = []
    for at, one in enumerate(settings.routes):
        limits = documented.get(one.name, RouteLimits())
        plans.append(
            RoutePlan(
                one.name,
                Channel[one.channel.upper()],
                simulated=one.name in simulated,
                lines=one.lines or limits.lines,
                rate=one.rate_per_minute or limits.rate,
                per_number=_budget(number_limits(one, limits)),
                values=one.name in worded,
                rule=_rule(one, at, limits),
                signature=signature_of(one, readable),
            )
        )
    return plans


def _budget(limits: PerNumberSettings | None) -> Budget | None:
    if limits is None:
        return None
    return per_number(limits.minute, limits.hour, limits.day, limits.reserve_for_red or 0)


def _rule(route: RouteSettings, at: int, limits: RouteLimits) -> RouteRule:
    """The conditions of a route; it stands where the file has it unless it says otherwise."""
    hours = route.hours
    return RouteRule(
        order=at if route.order is None else route.order,
        countries=route.countries,
        operators=frozenset(map(Operator, route.operators)),
        public_cloud=route.public_cloud or limits.public_cloud,
        hours=Hours(_of_day(hours.start), _of_day(hours.end)) if hours else None,
        cannot_ring=cannot_ring(route),
    )


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
        require_indexed(database, keys.index_key_id)
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
            in_hand=engine.in_hand_s * 1000,
            link_prefix=settings.web.link_prefix,
            linked=bool(settings.web.public_url),
        ),
        log=structlog.get_logger("journal"),
        call_itself=settings.bureau.call_itself,
        pause_max=engine.pause_max_s * 1000,
        blackout=BlackoutRule(engine.blackout_share, engine.blackout_window_s * 1000, engine.blackout_least),
        night=night_of(settings),
        rules_of=rules_finder(settings.ingest),
        find_shape=load_gazetteer(settings.contacts_dir),
        letters=letter_settings(settings),
        issuer_name=settings.ingest.hand_issuer_name,
        ways=ways_of(readable_routes(settings), linked=bool(settings.web.public_url)),
        validity={Colour.RED: int(engine.validity_red_h * HOUR), Colour.ORANGE: int(engine.validity_orange_h * HOUR)},
    )


LOOP = "~loop"
"""Stands where a route's name stands for the secret of the loop; no route can have it."""


class Part(StrEnum):
    """What a process of the daemon does; one does everything unless told otherwise."""

    INGEST = "ingest"
    """Messages are taken in: the API for them, the control socket."""
    ENGINE = "engine"
    """The engine turns, the channels carry."""
    WEB = "web"
    """People's pages and questions."""


EVERYTHING = frozenset(Part)


def loop_of(keys: KeyRing, parts: frozenset[Part]) -> Loop:
    """Answers `check` behind the doors of this process: callbacks come to the channels, people to the pages."""
    doors = [path for part, path in ((Part.WEB, LINK_LOOP), (Part.ENGINE, HOOK_LOOP)) if part in parts]
    return Loop(keys.hook_secret(LOOP), doors)


def build_daemon(
    settings: Settings,
    product: Product,
    clock: Clock,
    parts: frozenset[Part] = EVERYTHING,
    standing: Standing | None = None,
) -> Daemon:
    """The daemon of an installation: channels by route, the web, the control socket; or some of it (`parts`).

    `standing`: what its supervisor hears; None: nobody watches. RefusedError where another one runs in the same place, or the database cannot be shared.
    """
    _refuse_sample_on_real_routes(settings, product)
    _refuse_to_share(settings, product, parts)
    turns = Part.ENGINE in parts
    channels = build_channels(settings, product, clock) if turns else Channels()
    standing = standing or unsupervised(clock)
    if Part.INGEST in parts:
        product.meters.expect([*(one.tag for one in settings.ingest.sources), FILE, UNCONFIGURED])

    def servers(desk: EngineDesk) -> list[Coroutine[Any, Any, None]]:
        listening = _listeners(settings, product, clock, parts, desk, channels, standing.listening)
        channels.ear.listen(desk.hear)
        standing.awaits(len(listening))
        if Part.INGEST in parts:
            passing = WriterSourceDesk(
                desk, outward_of(settings, product.configuration.hazards.names()), holder_name(settings)
            )
            listening += source_loops(settings, passing, clock)
        if turns and settings.watch.heartbeat_url:
            listening.append(_heartbeat(settings, Probes(desk, clock)).run())
        return listening

    def lists(accounts: ListAccounts) -> ListWorker:
        return ListWorker(printable_lists(settings, product, clock), accounts)

    return Daemon(
        engine=product.engine,
        clock=clock,
        channels=channels.by_route,
        lost_routes=tuple(routes_that_die_with_us(settings)),
        make_servers=servers,
        read=product.read,
        pumps=channels.pumps,
        make_lists=lists if Part.INGEST in parts else None,
        crew=product.crew(),
        turns=turns,
        after_turn=product.meters.turned,
        regular=[
            *_regular(settings, product, clock, channels.by_route, turns=turns),
            *regular_of(settings, channels, product.engine, clock),
            *(robots_of(settings, product, holder_name(settings), clock) if turns else ()),
            *(traces_of(settings, product, holder_name(settings), clock) if turns else ()),
        ],
        standing=standing,
    )


def _listeners(
    settings: Settings,
    product: Product,
    clock: Clock,
    parts: frozenset[Part],
    desk: EngineDesk,
    channels: Channels,
    opened: Listening,
) -> list[Coroutine[Any, Any, None]]:
    """The bureau's own address, the internet's where there is one, the local socket."""
    web = settings.web
    hooks = Hooks(channels.hooked, web.callback_url, loop_of(product.keys, parts))
    metrics = metrics_of(product, desk)
    public = _public_app(settings, product, clock, parts, desk, hooks, metrics)
    listening = [serve(public, host=web.host, port=web.port, opened=opened)]
    if web.outside_host and Part.WEB in parts:
        outside = outside_app(settings, product, clock, desk, hooks, metrics)
        listening.append(serve(outside, host=web.outside_host, port=web.outside_port, opened=opened))
    if Part.INGEST in parts:
        settings.control_socket.unlink(missing_ok=True)
        test = partial(test_lines, channels.by_route, settings.state_dir)
        control = _control_app(settings, product, clock, desk, test if Part.ENGINE in parts else lines_elsewhere)
        listening.append(serve(control, uds=str(settings.control_socket), opened=opened))
    return listening


def _public_app(
    settings: Settings,
    product: Product,
    clock: Clock,
    parts: frozenset[Part],
    desk: EngineDesk,
    hooks: Hooks,
    metrics: Metrics,
) -> FastAPI:
    """What listens on the bureau's network."""
    login = login_desk(settings, product, desk, clock) if Part.WEB in parts else None
    response = response_parts(product, desk, clock, settings.contacts.review_days)
    return create_app(
        product.read,
        desk,
        public_url=settings.web.public_url or f"http://{settings.web.host}:{settings.web.port}",
        live_page=Part.WEB in parts,
        login=login,
        console=_console(settings, product, desk, login, clock, response) if login else None,
        body_limit=settings.web.body_limit,
        clock=clock,
        people=Part.WEB in parts,
        alerts=Part.INGEST in parts,
        pushers=pushers_of(settings) if Part.INGEST in parts else (),
        feeds=feeds_of(settings, product.read) if Part.WEB in parts else None,
        renewal=Renewal(renewal_tables(settings, product, clock), renewal_desk(settings, product, desk, clock)),
        superiors=superior_parts(product, desk, clock),
        response=response,
        proxies=frozenset(settings.login.proxies),
        register=TableRegisterLook(settings.contacts, product.database, product.sealer, clock),
        hooks=hooks,
        metrics=metrics,
        voice=voice_desk(settings, product.configuration, clock),
    )


def metrics_of(product: Product, desk: EngineDesk) -> Metrics:
    """The figures of this process, and how everything stands."""
    product.meters.look_at(product.read.watch, desk.health)
    return Metrics(product.meters)


def _heartbeat(settings: Settings, probes: Probes) -> Heartbeat:
    return Heartbeat(settings.watch.heartbeat_url, settings.watch.heartbeat_every_s, probes.is_ready)


def _console(
    settings: Settings,
    product: Product,
    desk: EngineDesk,
    login: LoginDesk,
    clock: Clock,
    response: ResponseParts,
) -> ConsoleParts:
    entrance = LoggedIn(Access(login.paths_of), settings.ingest.within)
    ground = planning_ground(settings, product.configuration)
    return console_parts(
        settings,
        product.configuration,
        product.read,
        desk,
        entrance,
        response=response,
        records=records_of(settings, product, desk, clock),
        planning=planning_office(product, ground, simulated_routes(settings), clock),
        drilling=drill_parts(product, desk),
    )


def planning_ground(settings: Settings, configuration: Configuration) -> Ground:
    """What an installation gives every question of planning."""
    validity = (settings.engine.validity_red_h, settings.engine.validity_orange_h)
    return ground_of(configuration, settings.ingest.within, route_plans(settings), night_of(settings), validity)


def _control_app(settings: Settings, product: Product, clock: Clock, desk: EngineDesk, lines: LineTester) -> FastAPI:
    """What listens on the local socket."""
    taken = take_over_of(settings, product.database, product.keys)
    return create_control_app(
        product.read,
        desk,
        body_limit=settings.web.body_limit,
        samples=not reaches_people(settings),
        register=lambda coming: taken.carry_out(coming, clock.now(), desk.write),
        renewal=renewal_desk(settings, product, desk, clock),
        lines=lines,
        drills=drill_parts(product, desk),
        records=WriterRecordOffice(desk),
        response=response_parts(product, desk, clock, settings.contacts.review_days).desk,
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
        settings.login.codes_required,
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


def _regular(
    settings: Settings, product: Product, clock: Clock, channels: Mapping[str, ChannelPort], *, turns: bool
) -> list[Regular]:
    """What a daemon looks at now and then; the register and its yearly refresh only where the engine turns."""
    retention = DailyRetention(retention_of(settings, product.database, product.keys), clock)
    mornings = RegisterMornings(settings, product.database, product.sealer, clock)
    of_the_register = [Regular("register", REGISTER_EVERY, mornings.beside(product.engine))] if turns else []
    if turns:
        tables = renewal_tables(settings, product, clock)
        postman = Postman(product.engine, product.letters, channels, clock, tables.letters_wait)
        of_the_register += [
            Regular("renewal", CALENDAR_EVERY, calendar(product.engine, settings.renewal.proof_days)),
            Regular("letters", POST_EVERY, postman.look),
            Regular("drills", DRILLS_EVERY, drill_keeper(settings, product, clock).look),
        ]
        ground = planning_ground(settings, product.configuration)
        of_the_register.append(estimator_of(product, ground, simulated_routes(settings), clock).regular())
    return [Regular("retention", RETENTION_EVERY, retention.look), *of_the_register]


def drill_keeper(settings: Settings, product: Product, clock: Clock) -> DrillKeeper:
    """What drills need of a daemon."""
    paper = Paper(settings, tuple(route_plans(settings)), night_of(settings), PaperPlayers())
    return DrillKeeper(product.engine, drill_tables(product), clock, paper, holder_name(settings))


def drill_parts(product: Product, office: DrillOffice) -> Drilling:
    """Drills as pages and the local socket have them; `office` carries its use cases out."""
    return Drilling(drill_tables(product), WriterDrillDesk(office, product.engine.drills))


def retention_of(settings: Settings, database: sqlalchemy.Engine, keys: KeyRing) -> Retention:
    """What removes old things from an installation's database."""
    journal = Journal(keys.journal_key, structlog.get_logger("journal"))
    return Retention(database, journal, settings.retention.days)


def take_over_of(settings: Settings, database: sqlalchemy.Engine, keys: KeyRing) -> RegisterTakeOver:
    """What takes registers over into an installation's database."""
    journal = Journal(keys.journal_key, structlog.get_logger("journal"))
    return RegisterTakeOver(database, AesSealer(keys), journal, keys.link_key, reaches_people=reaches_people(settings))


def printable_lists(settings: Settings, product: Product, clock: Clock) -> PrintableLists:
    """The printable lists of an installation."""
    folder = ListFolder(settings.lists_folder, settings.lists.keep_days)
    return PrintableLists(product.read.printed, lambda: product.read.callouts(live_only=True), folder, clock)


def _refuse_sample_on_real_routes(settings: Settings, product: Product) -> None:
    """Sample numbers reach nobody: with a real route a sample register is a mistake, found now and not at 3 a.m."""
    if reaches_people(settings) and product.read.sample_numbers():
        raise RefusedError(
            "登记册是样本，而配置了真实线路；先导入真实的责任人（contacts import） / "
            "the register is a sample while real routes are configured; import the real receivers first"
        )
