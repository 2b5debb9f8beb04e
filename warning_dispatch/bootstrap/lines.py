"""线路测试 of an installation: by the daemon that has the lines, or, while none runs, by a command that brings them up itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import structlog

from warning_dispatch.clock import Clock
from warning_dispatch.delivery.configured import ConfiguredRoute, read_routes
from warning_dispatch.delivery.kinds import ChannelTools, Running
from warning_dispatch.delivery.line_tests import LineTest, Tested, keep_results
from warning_dispatch.errors import RefusedError
from warning_dispatch.ports import ChannelPort, Event, OpenCall
from warning_dispatch.settings import Settings
from warning_dispatch.tomlfiles import both

_NO_NUMBER = both(
    "没有测试号码 → 在线路的 options 写 test_number，或用 --number",
    "there is no number to ring → set test_number in the route's options, or use --number",
)
_LINES_ELSEWHERE = both(
    "线路在 engine 进程手里 → 没有叫应的时候，在那台机器上 systemctl stop warning-dispatch.target，warning-dispatch check --lines，"
    "再 systemctl start warning-dispatch.target",
    "the lines are held by the engine's process → while nobody is being called, on its machine: "
    "systemctl stop warning-dispatch.target, warning-dispatch check --lines, then systemctl start warning-dispatch.target",
)
_NO_LINES = both("没有本局自己的线路", "there are no lines of our own")


async def test_lines(
    channels: Mapping[str, ChannelPort], state_dir: Path, number: str
) -> Sequence[Mapping[str, object]]:
    """Try every line of these channels and keep what came of it. `number` empty: each route's own. RefusedError."""
    tested = {route: one for route, one in channels.items() if isinstance(one, Tested)}
    if not tested:
        raise RefusedError(_NO_LINES)
    numbers = {route: number or one.test_number for route, one in tested.items()}
    if not all(numbers.values()):
        raise RefusedError(_NO_NUMBER)
    results: list[LineTest] = []
    for route, one in tested.items():
        results += await one.test_lines(numbers[route])
    await asyncio.to_thread(keep_results, state_dir, results)
    return [{**asdict(one), "good": one.good} for one in results]


def refuse_lines_elsewhere() -> NoReturn:
    """They are not to be brought up a second time beside the process that has them: where they can be tested."""
    raise RefusedError(_LINES_ELSEWHERE)


async def lines_elsewhere(_number: str) -> Sequence[Mapping[str, object]]:
    """Of several processes one without channels was asked. RefusedError."""
    refuse_lines_elsewhere()


async def test_alone(settings: Settings, clock: Clock, number: str) -> Sequence[Mapping[str, object]]:
    """The same without a daemon: the lines live for as long as the test. RefusedError, ConfigError."""
    routes = [one for one in read_routes(settings) if getattr(one.kind, "dies_with_us", False)]
    channels = {one.facts.name: one.kind.build(one.options, _tools(one, clock)) for one in routes}
    running = [asyncio.create_task(one.run()) for one in channels.values() if isinstance(one, Running)]
    try:
        await asyncio.sleep(0)  # their lines begin to start; the test waits for each
        return await test_lines(channels, settings.state_dir, number)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.gather(*(one.close() for one in channels.values()))


def _tools(one: ConfiguredRoute, clock: Clock) -> ChannelTools:
    async def nothing_open(_number: str) -> Sequence[OpenCall]:
        return ()

    def unheard(_event: Event) -> None:
        """Nobody is called."""

    return ChannelTools(
        route=one.facts.name,
        channel=one.facts.channel,
        clock=clock,
        hear=unheard,
        hook_url="",
        hook_secret=b"",
        secret=one.facts.secret,
        open_calls=nothing_open,
        log=structlog.get_logger("route").bind(route=one.facts.name),
        lines=one.facts.lines,
        config_dir=one.facts.config_dir,
        state_dir=one.facts.state_dir,
    )
