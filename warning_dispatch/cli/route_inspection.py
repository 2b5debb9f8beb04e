"""What `check` says of routes: those that are missing or wrong, whom none of them reaches, and when."""

from __future__ import annotations

from collections.abc import Iterator

from warning_dispatch.bootstrap import route_plans
from warning_dispatch.bootstrap.robots import robot_findings
from warning_dispatch.cli.spoken_inspection import spoken_findings
from warning_dispatch.clock import SystemClock
from warning_dispatch.configuration import Configuration
from warning_dispatch.delivery.configured import (
    documented_limits,
    number_limits,
    reaches_people,
    route_findings,
    simulated_routes,
)
from warning_dispatch.delivery.kinds import RouteLimits
from warning_dispatch.errors import INFORMATION, Finding
from warning_dispatch.escalation.budgets import BEIJING, HOUR, MINUTE
from warning_dispatch.escalation.route_rules import RoutePlanning
from warning_dispatch.escalation.timing import busiest_hour
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import Ladder
from warning_dispatch.model.register import Register
from warning_dispatch.model.unit import Channel
from warning_dispatch.renewal.changes import LETTER_CHANNELS
from warning_dispatch.settings import SETTINGS_FILE, Settings
from warning_dispatch.tomlfiles import both

MAINLAND = "+86"
ANYBODY = "+8613800000000"
"""Stands for a mainland number of whatever network."""
DIALLED = (Channel.VOICE, Channel.SMS)
"""Channels whose routes may ask for the number."""
WHERE = f"{SETTINGS_FILE}: routes"


def all_route_findings(
    settings: Settings, configuration: Configuration | None, register: Register | None
) -> Iterator[Finding]:
    """Everything there is to say of the routes and the robots, at once."""
    yield from _missing_routes(settings, configuration, WHERE)
    yield from _budget_findings(settings, configuration, WHERE)
    yield from route_findings(settings)
    yield from spoken_findings(settings, configuration)
    yield from robot_findings(settings, SystemClock())
    yield from _reach(settings, register)
    yield from _letters(settings)
    yield from _real(settings, register)


# --- whom they reach --------------------------------------------------------------------------------------


def _reach(settings: Settings, register: Register | None) -> Iterator[Finding]:
    """A plan whose only route rings nobody here is found now, not in the first red night."""
    for channel in DIALLED:
        plans = [one for one in route_plans(settings) if one.channel is channel]
        if not plans:
            continue
        planning = RoutePlanning({one.name: one.rule for one in plans})
        if not planning.reaches(ANYBODY):
            names = ", ".join(one.name for one in plans)
            what = both(
                f"没有一条 {channel.key} 线路能打 {MAINLAND} 的号码（{names}）：谁也叫不到",
                f"no {channel.key} route reaches {MAINLAND} numbers ({names}): NOBODY would be reached",
            )
            remedy = both("补一条能打国内号码的线路，或改 countries", "add a route that does, or mend its countries")
            yield Finding(WHERE, what, remedy)
            continue
        yield from _unreached_numbers(channel, planning, register)
        yield from _silent_hours(channel, planning)
        if not planning.reaches(ANYBODY, confidential=True):
            what = f"{INFORMATION}" + both(
                f"{channel.key} 线路都在公有云：内部预警不经它们发出，会告警由人打",
                f"every {channel.key} route is a public cloud: an Inner warning goes by none, a human is told",
            )
            yield Finding(WHERE, what)


def _letters(settings: Settings) -> Iterator[Finding]:
    """Channels by which no letter of the yearly refresh goes: their providers fill templates of warnings, and nothing else."""
    for channel in LETTER_CHANNELS:
        plans = [one for one in route_plans(settings) if one.channel is channel]
        if plans and all(one.values for one in plans):
            names = ", ".join(one.name for one in plans)
            what = f"{INFORMATION}" + both(
                f"{channel.key} 线路（{names}）只填预警模板：年度更新的函件和测试信息不经它们发出，邮件照发，其余在更新页上催办",
                f"{channel.key} routes ({names}) fill templates of warnings: no letter or test message of the yearly refresh "
                "goes by them; mail does, the others are on the campaign's page",
            )
            yield Finding(WHERE, what, both("补一条发正文的线路", "add a route that sends texts"))


def _unreached_numbers(channel: Channel, planning: RoutePlanning, register: Register | None) -> Iterator[Finding]:
    units = [
        entry.unit_code
        for entry in (register.receivers if register else ())
        for endpoint in entry.endpoints
        if endpoint.channel is channel and not planning.reaches(endpoint.address)
    ]
    if units:
        first = ", ".join(dict.fromkeys(units[:3]))
        what = both(
            f"名册里有 {len(units)} 个号码没有 {channel.key} 线路能到（{first} 等单位）",
            f"no {channel.key} route reaches {len(units)} numbers of the register (units {first} …)",
        )
        yield Finding(WHERE, what, both("补线路或换号码", "add a route, or other numbers"))


def _silent_hours(channel: Channel, planning: RoutePlanning) -> Iterator[Finding]:
    quarters = [quarter * HOUR // 4 - BEIJING for quarter in range(96)]
    silent = planning.silent_at(ANYBODY, quarters)
    if silent:
        hours = len(silent) / 4
        first = (silent[0] + BEIJING) // MINUTE
        what = both(
            f"一天有 {hours:g} 小时没有 {channel.key} 线路受理（{first // 60:02}:{first % 60:02} 等）",
            f"for {hours:g} h a day no {channel.key} route takes anything ({first // 60:02}:{first % 60:02} …)",
        )
        yield Finding(WHERE, what, both("补一条不限时段的线路", "add a route without hours"))


# --- what is missing -----------------------------------------------------------------------------------------


def _missing_routes(settings: Settings, configuration: Configuration | None, where: str) -> Iterator[Finding]:
    """Channels that a ladder wants and no route carries."""
    carried: set[str] = {route.channel for route in settings.routes}
    wanted: dict[str, str] = {}
    for chain in configuration.chains if configuration else ():
        for tier in chain.tiers:
            for ladder in tier.ladders.values():
                for rung in (*ladder.rungs, *ladder.repeat.rungs, *ladder.slow.rungs):
                    for channel in rung.channels:
                        wanted.setdefault(channel.key, f"chains/{chain.name}: {tier.name}")
    for key, asker in wanted.items():
        if key not in carried:
            what = both(f"没有 {key} 线路，而 {asker} 要用", f"no route for {key}, which {asker} wants")
            yield Finding(where, what, both("补一条 [[routes]]", "add a [[routes]]"))


def _budget_findings(settings: Settings, configuration: Configuration | None, where: str) -> Iterator[Finding]:
    """Ladders that by themselves ring a number more often than all voice routes together may: rungs would be late.

    Of a minute and an hour; what a whole night of repeats comes to is what the limits of day and night are for.
    """
    documented = documented_limits(settings)
    limits = [
        (one.minute or 0, one.hour or 0, one.reserve_for_red or 0)
        for route in settings.routes
        if route.channel == "voice"
        and (one := number_limits(route, documented.get(route.name, RouteLimits()))) is not None
    ]
    for chain in configuration.chains if configuration and limits else ():
        for tier in chain.tiers:
            for colour, ladder in tier.ladders.items():
                name = f"chains/{chain.name}: {tier.name}.{colour.key}"
                kept = 0 if colour is Colour.RED else sum(reserve for _, _, reserve in limits)
                yield from _too_often(where, name, ladder, MINUTE, sum(minute for minute, _, _ in limits))
                yield from _too_often(where, name, ladder, HOUR, sum(hour for _, hour, _ in limits) - kept)


def _too_often(where: str, name: str, ladder: Ladder, span: int, most: int) -> Iterator[Finding]:
    busiest = max(busiest_hour(ladder, span=span).values(), default=0)
    if busiest > most:
        chinese, english = _SPANS[span]
        what = both(
            f"{name} 的阶梯在{chinese}内最多呼一个号码 {busiest} 次，各语音线路合计只许 {most} 次，多出的要等",
            f"the ladder of {name} rings one number {busiest} times in {english}, the voice routes allow {most}",
        )
        yield Finding(where, what, both("放宽 per_number 或拉开阶梯", "raise per_number or stretch the ladder"))


_SPANS = {MINUTE: ("一分钟", "a minute"), HOUR: ("一小时", "an hour")}


# --- real and simulated -----------------------------------------------------------------------------------


def _real(settings: Settings, register: Register | None) -> Iterator[Finding]:
    sample = register is not None and any(entry.sample for entry in register.receivers)
    if reaches_people(settings) and sample:
        what = both("名册里有样本号码，真实线路拒绝拨打", "sample numbers in the register: real routes refuse them")
        yield Finding(WHERE, what, "warning-dispatch contacts import …")
    if not reaches_people(settings):
        what = f"{INFORMATION}" + both(
            "只有模拟线路：不会真正拨出，叫不到任何人", "simulated routes only: nobody is really called"
        )
        yield Finding(WHERE, what, both("接入真实线路前属正常", "as it should be before real routes"))
    elif not any(
        route.channel == "voice" and route.name not in simulated_routes(settings) for route in settings.routes
    ):
        what = f"{INFORMATION}" + both("语音仍是模拟线路", "voice still goes to a simulated route")
        yield Finding(WHERE, what)
