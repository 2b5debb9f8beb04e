"""The configured routes with their kinds: what stands in [[routes]], read through the kind that each route names.

Settings know no kind; here both meet. Every finding of every route comes at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel

from warning_dispatch.delivery.kinds import (
    ChannelKind,
    Limited,
    RouteFacts,
    RouteLimits,
    Signing,
    Worded,
    kind_of,
    known_kinds,
)
from warning_dispatch.errors import ConfigError, Finding, FindingsError
from warning_dispatch.installed import KindNotFoundError, no_such_kind
from warning_dispatch.model.unit import Channel
from warning_dispatch.route_settings import PerNumberSettings, RouteSettings
from warning_dispatch.settings import SETTINGS_FILE, Settings
from warning_dispatch.tomlfiles import both, parse

T = TypeVar("T")

SECTIONS: Mapping[str, str] = {"simulated": "simulation", "smtp": "smtp"}
"""Sections of the settings that lie under the options of every route of a kind: what they say holds unless a route says otherwise."""


@dataclass(frozen=True, slots=True)
class ConfiguredRoute:
    """A route, the kind it names, and its options as the kind reads them."""

    kind: ChannelKind
    options: BaseModel
    facts: RouteFacts


def read_routes(settings: Settings) -> list[ConfiguredRoute]:
    """The routes in the order of the file. ConfigError with every finding."""
    findings: list[Finding] = []
    routes = _read(settings, findings)
    if findings:
        raise ConfigError(findings)
    return routes


def readable_routes(settings: Settings) -> list[ConfiguredRoute]:
    """Those that can be read, whatever is wrong with the others."""
    return _read(settings, [])


def signature_of(route: RouteSettings, readable: Sequence[ConfiguredRoute]) -> str:
    """签名: what stands in front of a message of this route, 【…】, as it is set or as its kind knows; empty: nothing."""
    name = route.signature
    for one in readable:
        if one.facts.name == route.name and not name and isinstance(one.kind, Signing):
            name = one.kind.signature(one.options)
    name = name.strip("【】")
    return f"【{name}】" if name else ""


def route_findings(settings: Settings) -> list[Finding]:
    """Everything wrong with the routes, and what the kinds foresee of the others."""
    findings: list[Finding] = []
    for one in _read(settings, findings):
        try:
            findings.extend(one.kind.check(one.options, one.facts))
        except FindingsError as error:
            findings.extend(error.findings)
    return list(dict.fromkeys(findings))


def simulated_routes(settings: Settings) -> frozenset[str]:
    """Routes that reach nobody by themselves; the operator's list is a human's affair and needs no carrier."""
    return frozenset(one.name for one in settings.routes if _is_simulated(one.adapter))


def routes_that_die_with_us(settings: Settings) -> frozenset[str]:
    """Routes whose calls end when our process does: carriers inside it, and lines that are its children."""
    return frozenset(
        one.facts.name for one in _read(settings, []) if one.kind.simulated or getattr(one.kind, "dies_with_us", False)
    )


def worded_routes(settings: Settings) -> frozenset[str]:
    """Routes that want to know by name what a text says. What is wrong with a route is told when it is built."""
    return frozenset(
        one.facts.name
        for one in _read(settings, [])
        if isinstance(one.kind, Worded) and _asked(one.kind.wants_values, one, otherwise=False)
    )


def documented_limits(settings: Settings) -> Mapping[str, RouteLimits]:
    """What the kinds know of their providers, by route."""
    return {
        one.facts.name: _asked(one.kind.limits, one, otherwise=RouteLimits())
        for one in _read(settings, [])
        if isinstance(one.kind, Limited)
    }


def number_limits(route: RouteSettings, limits: RouteLimits) -> PerNumberSettings | None:
    """What one number may be called or sent: as the route sets it, else as its provider documents, else the usual."""
    usual = route.number_limits
    if route.per_number is not None or limits.per_number is None:
        return usual
    minute, hour, day = limits.per_number
    reserve = min(usual.reserve_for_red or 0, hour - 1) if usual and hour else 0
    return PerNumberSettings(minute=minute, hour=hour, day=day, reserve_for_red=reserve)


def _asked(ask: Callable[[Any, RouteFacts], T], one: ConfiguredRoute, *, otherwise: T) -> T:
    try:
        return ask(one.options, one.facts)
    except FindingsError:
        return otherwise


def reaches_people(settings: Settings) -> bool:
    """Whether any route goes to a real carrier. One of a kind that nobody knows might."""
    return len(simulated_routes(settings)) < len(settings.routes)


def cannot_ring(route: RouteSettings) -> tuple[str, ...]:
    """Beginnings of numbers that a voice route's provider does not ring, as its kind knows."""
    try:
        return tuple(getattr(kind_of(route.adapter), "cannot_ring", ())) if route.channel == "voice" else ()
    except KindNotFoundError:
        return ()


def _is_simulated(adapter: str) -> bool:
    try:
        return kind_of(adapter).simulated
    except KindNotFoundError:
        return False


def _read(settings: Settings, findings: list[Finding]) -> list[ConfiguredRoute]:
    """Those that can be read; what is wrong with the others goes to the findings."""
    found = []
    for at, route in enumerate(settings.routes):
        where = f"{SETTINGS_FILE}: routes[{at}]"
        kind = _kind(route, where, findings)
        if kind is None:
            continue
        known = len(findings)
        findings.extend(_carried(route, kind, where))
        merged = _options(settings, route)
        options = parse(kind.options, merged, f"{where}.options", findings)
        if options is not None and len(findings) == known:
            found.append(ConfiguredRoute(kind, options, _facts(settings, route, merged, where)))
    return found


def _kind(route: RouteSettings, where: str, findings: list[Finding]) -> ChannelKind | None:
    try:
        return kind_of(route.adapter)
    except KindNotFoundError as error:
        findings.append(no_such_kind(where, route.adapter, known_kinds(), error))
        return None


def _carried(route: RouteSettings, kind: ChannelKind, where: str) -> Iterator[Finding]:
    if Channel[route.channel.upper()] not in kind.channels:
        known = ", ".join(one.key for one in sorted(kind.channels))
        what = both(
            f"{route.adapter} 不能用于 {route.channel}，只能用于 {known}",
            f"{route.adapter} does not carry {route.channel}, only {known}",
        )
        yield Finding(f"{where}.adapter", what)


def _options(settings: Settings, route: RouteSettings) -> Mapping[str, Any]:
    section = SECTIONS.get(route.adapter)
    common = getattr(settings, section).model_dump() if section else {}
    return {**common, **route.options}


def _facts(settings: Settings, route: RouteSettings, options: Mapping[str, Any], where: str) -> RouteFacts:
    base = settings.web.callback_url.rstrip("/")
    return RouteFacts(
        name=route.name,
        channel=Channel[route.channel.upper()],
        where=where,
        lines=route.lines,
        rate=route.rate_per_minute,
        hook_url=f"{base}/hooks/{route.name}" if base else "",
        secret=partial(_secret, settings, route, options),
        config_dir=settings.config_dir,
        state_dir=settings.state_dir,
    )


def _secret(settings: Settings, route: RouteSettings, options: Mapping[str, Any], name: str) -> str:
    return settings.route_secret(route, name, str(options.get(f"{name}_file") or ""))


def facts_of(routes: Sequence[ConfiguredRoute], kind: ChannelKind) -> list[RouteFacts]:
    """The routes of a kind."""
    return [one.facts for one in routes if one.kind is kind]
