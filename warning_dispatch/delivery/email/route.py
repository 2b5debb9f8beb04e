"""The settings of one mail server, checked when made."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import getaddresses
from typing import Literal, get_args

from warning_dispatch.errors import ConfigError, Finding

Security = Literal["none", "starttls", "tls"]
MAX_PORT = 65_535
PLACE_OF_TOKEN = "{token}"  # noqa: S105 - a place holder, not a password
LONGEST_TOKEN = "0" * 12 + "-" + "a" * 16
LONGEST_LOCAL_PART = 64
"""RFC 5321, 4.5.3.1.1."""


@dataclass(frozen=True, slots=True)
class EmailRoute:
    """One way to send mail. ConfigError lists everything wrong with it.

    `sender` may carry a display name ("气象叫应 <alert@example.cn>"); `helo` is the name we greet with, the sender's
    domain when empty. `timeout_s` bounds connecting and each answer of the server. `connections` is the most that
    are open at once. With "starttls" the session is never carried on in clear. `bounce_address` is where the servers on the
    way send what cannot be delivered, the sender when empty; its {token} is replaced by the attempt's own.
    """

    host: str
    port: int
    sender: str
    security: Security = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    reply_to: str = ""
    timeout_s: float = 15.0
    connections: int = 4
    helo: str = ""
    bounce_address: str = ""

    def __post_init__(self) -> None:
        """Refuse settings that cannot work, or that would send the password in clear."""
        findings = list(self._findings())
        if findings:
            raise ConfigError(findings)

    @property
    def from_address(self) -> Address:
        """The sender for the From header and the envelope."""
        return read_address(self.sender)

    def return_path(self, token: str) -> str:
        """The envelope's sender for one mail."""
        if not self.bounce_address:
            return self.from_address.addr_spec
        return read_address(self.bounce_address.replace(PLACE_OF_TOKEN, token)).addr_spec

    def _findings(self) -> Iterator[Finding]:
        if not self.host.strip():
            yield Finding("email.host", "is empty", "name the mail server")
        if not 0 < self.port <= MAX_PORT:
            yield Finding("email.port", f"{self.port} is not a port", "25, 465 or 587 are usual")
        if self.security not in get_args(Security):
            yield Finding("email.security", f"{self.security!r} is unknown", "none, starttls or tls")
        if self.timeout_s <= 0:
            yield Finding("email.timeout_s", f"{self.timeout_s} is not a time", "give seconds above 0")
        if self.connections < 1:
            yield Finding("email.connections", f"{self.connections} connections send nothing", "give at least 1")
        yield from self._address_findings()
        yield from self._login_findings()

    def _address_findings(self) -> Iterator[Finding]:
        for key, value in (("sender", self.sender), ("reply_to", self.reply_to)):
            if key == "reply_to" and not value:
                continue
            try:
                read_address(value)
            except ValueError:
                yield Finding(f"email.{key}", "is not a mail address", "write name@domain or Name <name@domain>")
        if self.bounce_address:
            yield from self._bounce_findings()
        if self.helo and not (self.helo.isascii() and self.helo.isprintable() and " " not in self.helo):
            yield Finding("email.helo", "is not a host name", "give a host name or leave it empty")

    def _bounce_findings(self) -> Iterator[Finding]:
        try:
            local = read_address(self.bounce_address.replace(PLACE_OF_TOKEN, LONGEST_TOKEN)).username
        except ValueError:
            yield Finding("email.bounce_address", "is not a mail address", "write name@domain or name+{token}@domain")
            return
        if len(local) > LONGEST_LOCAL_PART:
            yield Finding("email.bounce_address", "is too long before the @ with its token", "shorten the name")

    def _login_findings(self) -> Iterator[Finding]:
        if self.password and not self.username:
            yield Finding("email.username", "is empty although there is a password", "give the user name")
        if self.username and self.security == "none" and not is_loopback(self.host):
            remedy = "use starttls or tls"
            yield Finding("email.security", "would send the password in clear over the network", remedy)


def read_address(text: str) -> Address:
    """An address with its domain in ASCII; ValueError when mail cannot be sent to or from it.

    The part before the @ must be ASCII: few mail servers in the field speak SMTPUTF8.
    """
    if any(not char.isprintable() for char in text):
        raise ValueError("control characters")
    found = getaddresses([text])
    if len(found) != 1:  # some versions of the library quietly take the first of several
        raise ValueError("not one mail address")
    name, spec = found[0]
    local, at, domain = spec.rpartition("@")
    if not at or not local.isascii() or " " in spec:
        raise ValueError("not a mail address")
    try:
        address = Address(name, addr_spec=f"{local}@{domain.encode('idna').decode('ascii')}")
    except Exception as error:  # the header parser's own errors are not all ValueErrors
        raise ValueError("not a mail address") from error
    if not address.username or not address.domain:
        raise ValueError("not a mail address")
    return address


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
