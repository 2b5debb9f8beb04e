"""What a launch will ask of the lines, told before it begins: from the plan, the register and the routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from warning_dispatch.cli.words import wait_text
from warning_dispatch.escalation.duration import Duration, TierLoad, duration, texts_before
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Hazard
from warning_dispatch.model.unit import Unit, UnitKind
from warning_dispatch.route_settings import RouteSettings
from warning_dispatch.routing.areas import affected_area
from warning_dispatch.routing.selection import select, wanted
from warning_dispatch.web.catalogues import CHINESE, ENGLISH


def launch_duration(
    chain: CallChain,
    hazard: Hazard,
    colour: Colour,
    areas: Sequence[str],
    units: Sequence[Unit],
    routes: Sequence[RouteSettings],
    within: str,
) -> Duration:
    """How long a call-out of this area takes to ring everybody once."""
    known = {unit.area for unit in units if unit.kind is UnitKind.DIVISION}
    affected = affected_area(areas, known.__contains__, within)
    active = tuple(index for index, tier in enumerate(chain.tiers) if colour in tier.ladders and not tier.notice)
    loads: list[TierLoad] = []
    for selection in select(chain, hazard, affected, active):
        count = sum(wanted(unit, selection) for unit in units)
        loads.append(replace(texts_before(chain.tiers[selection.tier].ladders[colour]), units=count))
    return duration(loads, lines_of(routes), text_rate_of(routes))


def lines_of(routes: Sequence[RouteSettings]) -> int | None:
    """Lines of all voice routes together; None without any, or where one has no limit."""
    lines = [route.lines for route in routes if route.channel == "voice"]
    return None if None in lines or not lines else sum(one or 0 for one in lines)


def text_rate_of(routes: Sequence[RouteSettings]) -> int | None:
    """Messages a minute of all SMS routes together; None where one has no limit."""
    rates = [route.rate_per_minute for route in routes if route.channel == "sms"]
    return None if None in rates or not rates else sum(one or 0 for one in rates)


def duration_words(found: Duration) -> tuple[str, str]:
    """In both languages: 2,456 个单位、30 条线、每通 40 秒：打一遍约 55 分钟；看到短信就应答的不用再打，约 20 分钟."""
    seconds = found.call // 1000
    if found.calls_only is None:
        return (
            f"{found.units:,} 个单位要打电话；线路数不限，打一遍多久无法估计。",
            f"{found.units:,} units are rung; lines are not limited, how long that takes cannot be told.",
        )
    chinese = (
        f"{found.units:,} 个单位、{found.lines} 条线、每通 {seconds} 秒：打一遍{wait_text(found.calls_only, CHINESE)}"
    )
    english = (
        f"{found.units:,} units, {found.lines} lines, {seconds} s a call: "
        f"{wait_text(found.calls_only, ENGLISH)} to ring everybody once"
    )
    if found.texts_first is None or found.texts_first == found.calls_only:
        return f"{chinese}。", f"{english}."
    return (
        f"{chinese}；看到短信就应答的不用再打，{wait_text(found.texts_first, CHINESE)}。",
        f"{english}; {wait_text(found.texts_first, ENGLISH)} with the SMS first, as those who answer it are not rung.",
    )


def launch_document(found: Duration) -> dict[str, object]:
    """The same as JSON, in seconds."""
    return {
        "units": found.units,
        "lines": found.lines,
        "call_seconds": found.call // 1000,
        "calls_only_seconds": None if found.calls_only is None else found.calls_only // 1000,
        "texts_first_seconds": None if found.texts_first is None else found.texts_first // 1000,
    }
