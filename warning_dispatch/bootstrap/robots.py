"""群机器人: the bureau's group is told that there are new alarms, by kind and number, in one message at a time.

Only kinds and numbers: a group lies in a public cloud, and what an alarm is about may be internal. Nothing in a group claims
an alarm. One daemon at a time tells; after a change of daemon something may be told twice, never nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial

import structlog

from warning_dispatch.bootstrap.channels import Asking
from warning_dispatch.bootstrap.wiring import Product
from warning_dispatch.clock import Clock
from warning_dispatch.daemon import Regular
from warning_dispatch.delivery.gateway.plan import GatewayOptions, folders_of, make_plan
from warning_dispatch.delivery.gateway.robot import GroupRobot
from warning_dispatch.engine.lanes import Writer
from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.model.views import AlarmRow
from warning_dispatch.route_settings import RobotSettings
from warning_dispatch.settings import SETTINGS_FILE, Settings
from warning_dispatch.tomlfiles import both, parse
from warning_dispatch.web.alarm_words import alarm_word
from warning_dispatch.web.catalogues import CHINESE, Catalogue, load_catalogues

MOST = 200
"""Alarms looked at; more than these are not open at once unless everything is wrong."""
FRESH = 60_000
"""ms: what was raised longer ago, when a daemon begins to tell, has been told by the one before."""


def alarm_message(alarms: Sequence[AlarmRow], words: Catalogue) -> str:
    """New alarms in one message, the urgent ones first."""
    urgent = sorted(alarms, key=lambda one: (-(one.colour or 0), one.id))
    counts = Counter(alarm_word(one.kind, words) for one in urgent)
    listed = "、".join(f"{word} {count}" if count > 1 else word for word, count in counts.items())
    return f"【气象叫应】新告警 {len(alarms)} 项：{listed}。请到值班台处理；在群里回复不算认领。"


class AlarmTeller:
    """Tells one robot what is new."""

    def __init__(self, robot: GroupRobot, alarms: Callable[[], Sequence[AlarmRow]], now: Callable[[], int]) -> None:
        """`alarms`: those that nobody has claimed."""
        self._robot = robot
        self._alarms = alarms
        self._now = now
        self._words = load_catalogues()[CHINESE]
        self._told: int | None = None

    async def look(self) -> None:
        """What has come since the last message that was taken, in one."""
        alarms = await asyncio.to_thread(self._alarms)
        if self._told is None:
            old = [one.id for one in alarms if one.at < self._now() - FRESH]
            self._told = max(old, default=0)
        new = [one for one in alarms if one.id > self._told]
        if new and not self._robot.muted and await self._robot.post(alarm_message(new, self._words)):
            self._told = max(one.id for one in new)


def build_robot(settings: Settings, one: RobotSettings, at: int, clock: Clock) -> GroupRobot:
    """The robot of a group. ConfigError with every finding."""
    where = f"{SETTINGS_FILE}: robots[{at}]"
    findings: list[Finding] = []
    options = parse(GatewayOptions, one.options, f"{where}.options", findings)
    if options is None:
        raise ConfigError(findings)
    secret = partial(settings.robot_secret, one.name)
    plan = make_plan(
        options, lambda name: secret(name, options.files.get(name, "")), where, folders_of(settings.config_dir)
    )
    if plan.provider.shape.channel != "group":
        what = both(f"{plan.provider.name} 不是群机器人", f"{plan.provider.name} is no group robot")
        raise ConfigError([Finding(f"{where}.options.provider", what)])
    return GroupRobot(plan, one.name, clock.now, structlog.get_logger("robot").bind(robot=one.name))


def robot_findings(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """What is wrong with the robots."""
    for at, one in enumerate(settings.robots):
        try:
            build_robot(settings, one, at, clock)
        except ConfigError as error:
            yield from error.findings


def robots_of(settings: Settings, product: Product, holder: str, clock: Clock) -> list[Regular]:
    """What the daemon tells its groups."""
    told = []
    for at, one in enumerate(settings.robots):
        teller = AlarmTeller(
            build_robot(settings, one, at, clock),
            lambda: product.read.alarms(limit=MOST, open_only=True).rows,
            clock.now,
        )
        asking = Asking(product.engine, clock, holder, f"robot:{one.name}", one.every_s)
        told.append(Regular(f"robot:{one.name}", one.every_s, asking.beside(_looking(teller))))
    return told


def _looking(teller: AlarmTeller) -> Callable[[Writer], Awaitable[None]]:
    async def look(_writer: Writer) -> None:
        await teller.look()

    return look
