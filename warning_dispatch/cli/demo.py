"""`demo`: the main job on the embedded default — a red rainstorm warning calls up all of 吕梁 on simulated phones."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import tempfile
from contextlib import suppress
from typing import Annotated

import typer
from fastapi import FastAPI
from rich.console import Console
from rich.live import Live

from warning_dispatch.bootstrap import (
    Demo,
    TableRegisterLook,
    build_demo,
    console_parts,
    demo_warning,
    metrics_of,
    records_of,
    response_parts,
    serve,
    superior_parts,
)
from warning_dispatch.bootstrap.demo import DEMO_ROUTES, demo_planning
from warning_dispatch.bootstrap.estimating import Estimator, estimator_of
from warning_dispatch.bootstrap.planning_office import planning_office
from warning_dispatch.cli.scene import demo_result, draw, line_of
from warning_dispatch.clock import Clock, ScaledClock, SystemClock, VirtualClock, stopwatch
from warning_dispatch.daemon import Daemon, EngineDesk
from warning_dispatch.errors import RefusedError
from warning_dispatch.logs import configure_logging
from warning_dispatch.model.states import CalleeState
from warning_dispatch.planning.asking import Ground
from warning_dispatch.settings import ContactSettings, Settings, load_settings
from warning_dispatch.simulation.channel import SimulatedChannel
from warning_dispatch.simulation.stage import Stage
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.application import create_app
from warning_dispatch.web.console.door import OpenEntrance
from warning_dispatch.web.console.planning import PlanningOffice

PORT = 8480
LINES = 120
MAX = "max"
DEMO_OFFICER = "demo"
"""Whoever opens the console of the demonstration acts by this name."""
UNSETTLED = (CalleeState.WAITING, CalleeState.CALLING, CalleeState.RELAYED)
LOOK_EVERY = 0.5
"""Seconds between two looks at the terminal."""
PATIENCE = 12 * 3_600_000
"""ms of virtual time after which a demonstration at full speed gives up."""


def demo(
    speed: Annotated[str, typer.Option(help="时间倍率，或 max（虚拟时间） / how many times real time, or max")] = "20",
    port: Annotated[int, typer.Option(help="页面端口 / port of the live page")] = PORT,
    seed: Annotated[int, typer.Option(help="随机种子，相同则结果相同 / same seed, same result")] = 1,
    exit_: Annotated[
        bool, typer.Option("--exit", help="全部应答或列为未叫应后结束 / end when everybody answered or is unreached")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 对象 / print one JSON object")] = False,
    lines: Annotated[int, typer.Option(min=1, help="同时通话线路数 / voice lines")] = LINES,
) -> None:
    """红色暴雨预警叫应全市（模拟电话）。 / A red rainstorm warning calls up the whole prefecture on simulated phones."""
    factor = _factor(speed)
    configure_logging("error", json=False)
    with tempfile.TemporaryDirectory(prefix="warning-dispatch-demo-") as folder:
        now, settings = SystemClock().now(), load_settings()
        chosen = port if factor is None else _free_port(port)
        made = build_demo(
            config=settings.config_dir,
            contacts=settings.contacts_dir,
            database_url=None if factor is None else f"sqlite:///{folder}/demo.db",
            seed=seed,
            lines=lines,
            now=now,
            link_prefix=f"http://127.0.0.1:{chosen}/r/",
        )
        console = Console(stderr=as_json)
        if factor is None:
            _at_full_speed(made, settings, VirtualClock(now), console, as_json=as_json)
        else:
            clock = ScaledClock(now, factor)
            asyncio.run(_in_time(made, settings, clock, console, chosen, lines, until_settled=exit_, as_json=as_json))
        made.product.close()


def _factor(speed: str) -> float | None:
    """How many times real time; None for virtual time."""
    if speed == MAX:
        return None
    with suppress(ValueError):
        if (factor := float(speed)) > 0:
            return factor
    raise typer.BadParameter(f"{speed!r}：应为正数或 max / expected a positive number or max", param_hint="--speed")


def _free_port(wanted: int) -> int:
    """The wanted port, or a free one when it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise RefusedError(both("本机没有空闲端口", "no free port on the loopback address"))


def _unsettled(made: Demo, callout_id: int) -> bool:
    return bool(made.product.read.callees(callout_id, states=UNSETTLED, limit=1))


def _at_full_speed(made: Demo, settings: Settings, clock: VirtualClock, console: Console, *, as_json: bool) -> None:
    """Virtual time: the same engine, called directly."""
    began, start = stopwatch(), clock.now()
    stage = Stage(made.product.engine, made.network, clock)
    taken = made.product.engine.take_in(start, demo_warning(settings.config_dir, start), "demo").result
    callout_id = taken.callouts[0]
    stage.play(lambda: not _unsettled(made, callout_id), start + PATIENCE)
    view = made.product.read.callout(callout_id)
    result = demo_result(view, clock.now(), stopwatch() - began)
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
    else:
        console.print(draw(made.product.read, callout_id, clock.now(), ""))
        console.print(line_of(result))


def _app(
    made: Demo, settings: Settings, desk: EngineDesk, clock: Clock, address: str, office: PlanningOffice
) -> FastAPI:
    """Every page, open on loopback to whoever sits here."""
    product, read = made.product, made.product.read
    response = response_parts(product, desk, clock, settings.contacts.review_days)
    return create_app(
        read,
        desk,
        public_url=address,
        live_page=True,
        body_limit=8 << 20,
        clock=clock,
        register=TableRegisterLook(ContactSettings(), product.database, product.sealer, clock),
        metrics=metrics_of(product, desk),
        superiors=superior_parts(product, desk, clock),
        response=response,
        console=console_parts(
            settings,
            product.configuration,
            read,
            desk,
            OpenEntrance(DEMO_OFFICER),
            response=response,
            records=records_of(settings, product, desk, clock),
            planning=office,
        ),
    )


async def _in_time(
    made: Demo,
    settings: Settings,
    clock: Clock,
    console: Console,
    port: int,
    lines: int,
    *,
    until_settled: bool,
    as_json: bool,
) -> None:
    """Scaled time: the daemon, the live page and the terminal."""
    began, address, read = stopwatch(), f"http://127.0.0.1:{port}/", made.product.read
    ground = demo_planning(made, settings, lines)
    estimator = estimator_of(made.product, ground, DEMO_ROUTES, clock)
    daemon = _daemon(made, settings, clock, port, ground, estimator)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, daemon.stop)
    watching: list[asyncio.Task[None]] = []

    async def started(desk: EngineDesk) -> None:
        taken = await desk.take_in(demo_warning(settings.config_dir, clock.now()), "demo")
        console.print(
            f"\n页面 / live page: [bold]{address}[/bold]    值班台 / duty desk: [bold]{address}console/[/bold]    "
            "Ctrl-C 结束 / to end\n"
        )
        watching.append(
            asyncio.create_task(_watch(made, clock, console, taken.callouts[0], daemon, until_settled, address))
        )

    await daemon.run(started)
    estimator.close()
    for task in watching:
        task.cancel()
    view = read.callouts(limit=1)[0]
    result = demo_result(view, clock.now(), stopwatch() - began)
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
    else:
        console.print(line_of(result))


def _daemon(made: Demo, settings: Settings, clock: Clock, port: int, ground: Ground, estimator: Estimator) -> Daemon:
    """The demonstration's daemon with its pages."""
    channel = SimulatedChannel(made.network, clock)
    office, address = planning_office(made.product, ground, DEMO_ROUTES, clock), f"http://127.0.0.1:{port}/"
    return Daemon(
        engine=made.product.engine,
        clock=clock,
        channels=dict.fromkeys(DEMO_ROUTES, channel),
        lost_routes=(),
        make_servers=lambda desk: [
            serve(_app(made, settings, desk, clock, address, office), host="127.0.0.1", port=port)
        ],
        read=made.product.read,
        pumps=[channel.pump],
        regular=[estimator.regular()],
        after_turn=made.product.meters.turned,
    )


async def _watch(
    made: Demo,
    clock: Clock,
    console: Console,
    callout_id: int,
    daemon: Daemon,
    until_settled: bool,
    address: str,
) -> None:
    """Draw the same as the page in the terminal; end the daemon when everybody is settled, if asked."""
    read = made.product.read
    with Live(console=console, auto_refresh=False, screen=False, transient=False) as live:
        while True:
            if console.is_terminal:
                live.update(await asyncio.to_thread(draw, read, callout_id, clock.now(), address), refresh=True)
            if until_settled and not await asyncio.to_thread(_unsettled, made, callout_id):
                daemon.stop()
                return
            await asyncio.sleep(LOOK_EVERY)
