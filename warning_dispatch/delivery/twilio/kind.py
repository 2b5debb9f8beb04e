"""`adapter = "twilio"`: calls and messages over one account."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from warning_dispatch.delivery.http import is_loopback
from warning_dispatch.delivery.kinds import ChannelTools, RouteFacts, RouteLimits
from warning_dispatch.delivery.twilio.client import Twilio
from warning_dispatch.delivery.twilio.options import E164, TwilioOptions
from warning_dispatch.delivery.twilio.sms import TwilioSms
from warning_dispatch.delivery.twilio.voice import TwilioVoice
from warning_dispatch.errors import INFORMATION, ConfigError, Finding
from warning_dispatch.model.unit import Channel
from warning_dispatch.tomlfiles import both

CALLS_A_MINUTE: Final = 60
"""What Twilio places for an account that has not asked for more; the rest waits at Twilio, and rings late."""


@dataclass(frozen=True, slots=True)
class TwilioKind:
    """Twilio."""

    name: str = "twilio"
    channels: frozenset[Channel] = frozenset({Channel.VOICE, Channel.SMS})
    simulated: bool = False
    options: type[TwilioOptions] = TwilioOptions
    cannot_ring: tuple[str, ...] = ("+86",)
    """Since 2023-11-30 no calls to mainland China; messages go."""

    def check(self, options: TwilioOptions, route: RouteFacts) -> Sequence[Finding]:
        """See the protocol. Findings that begin as information want no mending, only to be known."""
        faults = _faults(options, route.channel, route.secret("auth_token"), route.hook_url)
        found = [Finding(f"{route.where}.{key}", what, remedy) for key, what, remedy in faults]
        limits = _voice_limits(route) if route.channel is Channel.VOICE else _message_limits(options, route)
        return [*found, *limits]

    def hears(self, options: TwilioOptions, route: RouteFacts) -> bool:
        """See Hearing: only where somebody has entered our addresses at Twilio."""
        return options.hears and bool(route.hook_url)

    def limits(self, options: TwilioOptions, route: RouteFacts) -> RouteLimits:  # noqa: ARG002 - see Limited
        """See Limited: what an account has that has not asked for more. It is a public cloud."""
        rate = CALLS_A_MINUTE if route.channel is Channel.VOICE else None
        return RouteLimits(rate=rate, public_cloud=True)

    def addresses(self, options: TwilioOptions, route: RouteFacts, hook_secret: bytes) -> Mapping[str, str]:  # noqa: ARG002 - see Addressed
        """See Addressed: where calls and messages to our numbers go. Those about attempts travel with each of them."""
        kind = "inbound" if route.channel is Channel.VOICE else "reply"
        return {kind: f"{route.hook_url}/{kind}"} if route.hook_url else {}

    def build(self, options: TwilioOptions, tools: ChannelTools) -> TwilioVoice | TwilioSms:
        """See the protocol."""
        token = tools.secret("auth_token")
        faults = list(_faults(options, tools.channel, token, tools.hook_url))
        if faults:
            raise ConfigError([Finding(f"routes {tools.route}: {key}", what, remedy) for key, what, remedy in faults])
        twilio = Twilio(tools.route, options, token)
        make = TwilioVoice if tools.channel is Channel.VOICE else TwilioSms
        return make(options, tools, twilio, token)


def _faults(options: TwilioOptions, channel: Channel, token: str, hook_url: str) -> Iterator[tuple[str, str, str]]:
    """Key, fault and remedy of what cannot work."""
    if not token:
        yield (
            "options.auth_token",
            both("没有口令", "there is no auth token"),
            both(
                "写 auth_token_file，或用凭据、环境变量", "name auth_token_file, or use a credential or the environment"
            ),
        )
    if channel is Channel.VOICE:
        yield from _voice_faults(options, hook_url)
    elif not options.from_numbers and not options.messaging_service:
        what = both("没有发送号码", "there is no sender")
        yield "options.from_numbers", what, both("写号码，或写 messaging_service", "name some, or messaging_service")
    if options.address and not _is_safe(options.address):
        what = both("口令会明文传过网络", "would carry the token over the network in clear")
        yield "options.address", what, "https://…"
    if hook_url and not _is_safe(hook_url):
        what = both("回调地址不是 https", "the address of callbacks is not https")
        yield "hook_url", what, both("在 [web] 改 callback_url", "mend callback_url in [web]")


def _voice_faults(options: TwilioOptions, hook_url: str) -> Iterator[tuple[str, str, str]]:
    if not hook_url:
        yield (
            "hook_url",
            both("没有回调地址，按键传不回来", "has no address for callbacks: no key would ever reach us"),
            both("在 [web] 写 callback_url（公网 https）", "set callback_url in [web] (public, https)"),
        )
    if not options.from_numbers:
        what = both("没有主叫号码", "there is no number to call from")
        yield "options.from_numbers", what, both("写在 Twilio 买的号码", "name a number bought from Twilio")
    for number in options.from_numbers:
        if not re.match(E164, number):
            what = both(f"{number} 不能打电话", f"{number} cannot make calls")
            yield "options.from_numbers", what, both("写成 +国家码 号码", "write +country code and number")


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def _voice_limits(route: RouteFacts) -> Iterator[Finding]:
    """What Twilio does not do, or only slowly."""
    yield Finding(
        route.where,
        INFORMATION
        + both(
            "Twilio 自 2023-11-30 起不能呼叫中国大陆（+86）号码",
            "since 2023-11-30 Twilio rings no number in mainland China (+86)",
        ),
        both(
            "+86 号码另配语音线路，本线路写 countries", "have another voice route for them, and write `countries` here"
        ),
    )
    if route.rate is not None and route.rate > CALLS_A_MINUTE:
        yield Finding(
            f"{route.where}.rate_per_minute",
            INFORMATION
            + both(
                "Twilio 默认每秒只拨一个电话，多的在它那里排队，迟到了还会响",
                "Twilio places one call a second unless agreed otherwise; more wait there and ring late",
            ),
            both("确已与 Twilio 谈妥才写这么多", "have so many only where Twilio has agreed to it"),
        )


def _message_limits(options: TwilioOptions, route: RouteFacts) -> Iterator[Finding]:
    yield Finding(
        route.where,
        INFORMATION
        + both(
            "Twilio 发往 +86 的短信不能带链接、收不到回复，模板和签名要先报备，同一内容一天最多三条",
            "to +86 Twilio carries no links and no replies, only texts and signatures registered before, the same text thrice a day",
        ),
        both("+86 号码另配短信线路", "have another SMS route for them"),
    )
    if not route.hook_url:
        yield Finding(
            f"{route.where}.hook_url",
            INFORMATION
            + both("没有回调地址：收不到送达回执和回复", "no address for callbacks: no receipts, no replies"),
            both("在 [web] 写 callback_url", "set callback_url in [web]"),
        )
    if not options.messaging_service and any(not re.match(E164, one) for one in options.from_numbers):
        yield Finding(
            f"{route.where}.options.from_numbers",
            INFORMATION + both("字母发送名收不到回复", "a sender of letters or a short code may get no replies"),
        )


KIND: Final = TwilioKind()
