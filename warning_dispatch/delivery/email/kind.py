"""`adapter = "smtp"`: mail over one server. What [smtp] says holds for every route of this kind that says nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from warning_dispatch.delivery.email.bounces import BounceDoor
from warning_dispatch.delivery.email.channel import EmailChannel
from warning_dispatch.delivery.email.mailbox import Mailbox, MailboxRoute
from warning_dispatch.delivery.email.route import EmailRoute, is_loopback
from warning_dispatch.delivery.email.tokens import Tokens
from warning_dispatch.delivery.kinds import ChannelTools, RouteFacts
from warning_dispatch.errors import ConfigError, Finding, FindingsError
from warning_dispatch.model.unit import Channel
from warning_dispatch.settings import SETTINGS_FILE, SmtpSettings
from warning_dispatch.signing import SHORTEST_SECRET
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
            mail = _route(options, route.secret)
            secret = _bounce_secret(route)
            return [*_mailbox_findings(_mailbox(options, route.secret, mail)), *_unheard(options, route, secret)]
        except FindingsError as error:
            return error.findings

    def hears(self, options: SmtpSettings, route: RouteFacts) -> bool:  # noqa: ARG002 - see kinds.Hearing
        """Answers come in by the mailbox."""
        return bool(options.imap_host)

    def build(self, options: SmtpSettings, tools: ChannelTools) -> EmailChannel:
        """See the protocol."""
        route = _route(options, tools.secret)
        tokens = Tokens(tools.hook_secret)
        box = _mailbox(options, tools.secret, route)
        return EmailChannel(
            route,
            tools.clock,
            tokens=tokens,
            mailbox=Mailbox(box, tokens, tools.now, tools.hear, tools.log) if box else None,
            bounces=BounceDoor(tools.secret("bounce_secret"), tokens, tools.now, tools.hear),
        )


def _missing(options: SmtpSettings) -> Iterator[Finding]:
    for key in ("host", "sender"):
        if not getattr(options, key):
            what = both("有 smtp 线路时必须填写", "must be set when a route uses smtp")
            yield Finding(f"{SETTINGS_FILE}: smtp.{key}", what)


def _mailbox(options: SmtpSettings, secret: Callable[[str], str], route: EmailRoute) -> MailboxRoute | None:
    """The mailbox; its user and password are those of sending unless it has its own. None: no mailbox is read."""
    if not options.imap_host:
        return None
    return MailboxRoute(
        host=options.imap_host,
        port=options.imap_port,
        security=options.imap_security,
        username=options.imap_username or route.username,
        password=secret("imap_password") or route.password,
        folder=options.imap_folder,
        every_s=options.imap_every_s,
        timeout_s=options.timeout_s,
    )


def _mailbox_findings(box: MailboxRoute | None) -> Iterator[Finding]:
    if box is None:
        return
    where = f"{SETTINGS_FILE}: smtp"
    if not (box.username and box.password):
        what = both("收件箱没有用户名或密码", "the mailbox has no user or no password")
        yield Finding(f"{where}.imap_username", what, both("填写 imap_username 和 imap_password_file", "set both"))
    if box.security == "none" and not is_loopback(box.host):
        what = both("收件箱的密码会明文传输", "would send the mailbox's password in clear over the network")
        yield Finding(f"{where}.imap_security", what, both("改用 tls 或 starttls", "use tls or starttls"))


def _bounce_secret(route: RouteFacts) -> str:
    secret = route.secret("bounce_secret")
    if secret and len(secret) < SHORTEST_SECRET:
        what = both("密钥太短", "the secret is too short")
        where = f"{SETTINGS_FILE}: smtp.bounce_secret_file"
        raise ConfigError([Finding(where, what, both(f"至少 {SHORTEST_SECRET} 个字符", f"at least {SHORTEST_SECRET}"))])
    return secret


def _unheard(options: SmtpSettings, route: RouteFacts, secret: str) -> Iterator[Finding]:
    """A return path with a token and nobody who reads what comes to it is a slip of the pen."""
    if options.bounce_address and not options.imap_host and not (secret and route.hook_url):
        what = both("设了退信地址，却没有人读：没有收件箱，也没有推送", "bounces go to an address that nobody reads")
        remedy = both(
            "填写 imap_host，或 bounce_secret_file 和 web.callback_url",
            "set imap_host, or the relay's secret and web.callback_url",
        )
        yield Finding(f"{SETTINGS_FILE}: smtp.bounce_address", what, remedy)


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
        bounce_address=options.bounce_address,
    )


KIND: Final = EmailKind()
