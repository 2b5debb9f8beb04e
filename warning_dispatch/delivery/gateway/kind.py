"""`adapter = "gateway"`: a provider described by a file of config/providers/."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from warning_dispatch.delivery.gateway.channel import GatewayChannel
from warning_dispatch.delivery.gateway.description import ProviderShape
from warning_dispatch.delivery.gateway.files import Provider, load_provider
from warning_dispatch.delivery.gateway.hooks import callback_address
from warning_dispatch.delivery.gateway.plan import GatewayOptions, Plan, folders_of, known_outcomes, make_plan
from warning_dispatch.delivery.kinds import ChannelTools, RouteFacts, RouteLimits
from warning_dispatch.errors import INFORMATION, ConfigError, Finding
from warning_dispatch.model.unit import Channel
from warning_dispatch.tomlfiles import both

LONGEST_ADDRESS = 96
"""Bytes of a callback address that every provider takes (one wants it in base64, within 128)."""


@dataclass(frozen=True, slots=True)
class GatewayKind:
    """HTTP 网关."""

    name: str = "gateway"
    channels: frozenset[Channel] = frozenset({Channel.VOICE, Channel.SMS})
    simulated: bool = False
    options: type[GatewayOptions] = GatewayOptions

    def check(self, options: GatewayOptions, route: RouteFacts) -> Sequence[Finding]:
        """The provider's file, what the site must set, what must be registered beforehand. Raises ConfigError."""
        plan = _plan(options, route)
        shape = plan.provider.shape
        return [*_callback_findings(shape, route), *_limit_notices(shape, route), *_register_notices(plan, route)]

    def build(self, options: GatewayOptions, tools: ChannelTools) -> GatewayChannel:
        """See the protocol."""
        own = next(one for one in tools.alike if one.name == tools.route)
        return GatewayChannel(_plan(options, own), tools)

    def hears(self, options: GatewayOptions, route: RouteFacts) -> bool:
        """See Hearing: whether the provider's file says how replies are read, by callback or by polling. Nobody rings a gateway."""
        shape = _provider(options, route).shape
        ways = [*(shape.callbacks.values() if route.hook_url else ()), *shape.polls.values()]
        return route.channel is Channel.SMS and any(one.tells == "reply" for way in ways for one in way.readings)

    def wants_values(self, options: GatewayOptions, route: RouteFacts) -> bool:
        """See Worded."""
        return _provider(options, route).wants_values

    def limits(self, options: GatewayOptions, route: RouteFacts) -> RouteLimits:
        """See Limited: what the provider documents."""
        shape = _provider(options, route).shape
        limits, per_number = shape.limits, shape.limits.per_number
        triple = None if per_number is None else (per_number.minute, per_number.hour, per_number.day)
        return RouteLimits(limits.lines, limits.rate_per_minute, triple, shape.public_cloud)

    def addresses(self, options: GatewayOptions, route: RouteFacts, hook_secret: bytes) -> Mapping[str, str]:
        """See Addressed."""
        shape = _provider(options, route).shape
        fixed = [name for name, one in shape.callbacks.items() if not one.bound]
        return {name: callback_address(route.hook_url, hook_secret, name) for name in fixed}


def _provider(options: GatewayOptions, route: RouteFacts) -> Provider:
    """Without the secrets: whoever only reads the database may not read them."""
    folders = folders_of(route.config_dir)
    return load_provider(options.provider, folders, known_outcomes(folders))


def _plan(options: GatewayOptions, route: RouteFacts) -> Plan:
    plan = make_plan(options, route.secret, route.where, folders_of(route.config_dir))
    if plan.provider.shape.channel != route.channel.key:
        what = both(
            f"{plan.provider.name} 用于 {plan.provider.shape.channel}，线路却是 {route.channel.key}",
            f"{plan.provider.name} carries {plan.provider.shape.channel}, the route is for {route.channel.key}",
        )
        raise ConfigError([Finding(f"{route.where}.options.provider", what)])
    return plan


def _callback_findings(shape: ProviderShape, route: RouteFacts) -> Iterator[Finding]:
    if not shape.callbacks:
        return
    if not route.hook_url:
        if shape.channel == "voice":
            what = both(
                "没有公网回调地址：收不到按键，电话应答不会被记录",
                "no public address for callbacks: no key ever arrives, no call is answered",
            )
            yield Finding("warning-dispatch.toml: web.callback_url", what, both("填写服务商能访问的地址", "set it"))
        elif not shape.polls:
            what = both("没有公网回调地址：收不到送达和回复", "no public address: neither delivery nor replies arrive")
            yield Finding("warning-dispatch.toml: web.callback_url", what, both("填写服务商能访问的地址", "set it"))
        return
    for name in shape.callbacks:
        length = len(route.hook_url.encode()) + len(name) + 18
        if length > LONGEST_ADDRESS:
            what = both(
                f"回调地址长 {length} 字节，超过 {LONGEST_ADDRESS}", f"{length} bytes, more than {LONGEST_ADDRESS}"
            )
            yield Finding("warning-dispatch.toml: web.callback_url", what, both("缩短域名或线路名", "shorten it"))


def _limit_notices(shape: ProviderShape, route: RouteFacts) -> Iterator[Finding]:
    """A route that asks for more than is documented needs the provider's leave."""
    for key, asked, documented in (
        ("lines", route.lines, shape.limits.lines),
        ("rate_per_minute", route.rate, shape.limits.rate_per_minute),
    ):
        if asked and documented and asked > documented:
            what = both(
                f"{key} = {asked}，服务商文件写明 {documented}：须先由服务商放宽",
                f"{key} = {asked}, documented are {documented}: the provider must have raised it",
            )
            yield Finding(f"{route.where}.{key}", f"{INFORMATION}{what}")


def _register_notices(plan: Plan, route: RouteFacts) -> Iterator[Finding]:
    for words in plan.provider.shape.to_register:
        yield Finding(f"{route.name}: {plan.provider.name}", f"{INFORMATION}{both(words.zh_CN, words.en)}")


KIND: Final = GatewayKind()
