"""`adapter = "smtp"`: mail over one server. What [smtp] says holds for every route of this kind that says nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from warning_dispatch.delivery.email.channel import EmailChannel
from warning_dispatch.delivery.email.route import EmailRoute
from warning_dispatch.delivery.kinds import ChannelTools, RouteFacts
from warning_dispatch.errors import Finding, FindingsError
from warning_dispatch.model.unit import Channel
from warning_dispatch.settings import SETTINGS_FILE, SmtpSettings
from warning_dispatch.tomlfiles import both


@dataclass(frozen=True, slots=True)
class EmailKind:
    """电子邮件 over SMTP."""

    name: str = "smtp"
    channels: frozenset[Channel] = frozenset({Channel.EMAIL})
    simulated: bool = False
    options: type[SmtpSettings] = SmtpSettings

    def check(self, options: SmtpSettings, route: RouteFacts) -> Sequence[Finding]:
        """What the mail server's settings would stumble over, without asking it."""
        missing = list(_missing(options))
        if missing:
            return missing
        try:
            _route(options, route.secret)
        except FindingsError as error:
            return error.findings
        return ()

    def build(self, options: SmtpSettings, tools: ChannelTools) -> EmailChannel:
        """See the protocol."""
        return EmailChannel(_route(options, tools.secret), tools.clock)


def _missing(options: SmtpSettings) -> Iterator[Finding]:
    for key in ("host", "sender"):
        if not getattr(options, key):
            what = both("有 smtp 线路时必须填写", "must be set when a route uses smtp")
            yield Finding(f"{SETTINGS_FILE}: smtp.{key}", what)


def _route(options: SmtpSettings, secret: Callable[[str], str]) -> EmailRoute:
    """ConfigError with every finding."""
    return EmailRoute(
        host=options.host,
        port=options.port,
        sender=options.sender,
        security=options.security,
        username=options.username,
        password=secret("password"),
        reply_to=options.reply_to,
        timeout_s=options.timeout_s,
        connections=options.connections,
        helo=options.helo,
    )


KIND: Final = EmailKind()
