"""A request on its way to a provider: filled, not yet signed. Values stand in it as they are; encoding is done here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from warning_dispatch.delivery.http import HttpRequest, Pairs

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")


def percent(text: str) -> str:
    """RFC 3986: everything but letters, digits and -_.~ is encoded."""
    return text if _PLAIN.fullmatch(text) else quote(text, safe="~", errors="replace")


def encoded(query: Pairs) -> str:
    """A query as it goes over the wire: by name, as the signature schemes want it."""
    pairs = sorted([(percent(name), percent(value)) for name, value in query])
    return "&".join([f"{name}={value}" for name, value in pairs])


@dataclass(frozen=True, slots=True)
class Outgoing:
    """`base` is scheme and host. Headers by lower-case name; `host` is set by whoever sends. `line`: the query, once encoded."""

    method: str
    base: str
    path: str
    query: Pairs = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    line: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """With the port, where the address names one."""
        return self.base.partition("://")[2]

    def with_line(self) -> Outgoing:
        """With its query encoded."""
        return self if self.line else replace(self, line=encoded(self.query))

    def with_headers(self, **_headers: str) -> Outgoing:
        """More headers; underscores stand for hyphens."""
        more = {name.replace("_", "-"): value for name, value in _headers.items()}
        return replace(self, headers={**self.headers, **more})

    def with_header(self, name: str, value: str) -> Outgoing:
        """One more header."""
        return replace(self, headers={**self.headers, name.lower(): value})

    def with_query(self, *pairs: tuple[str, str]) -> Outgoing:
        """More of the query."""
        return replace(self, query=(*self.query, *pairs), line="")

    def request(self) -> HttpRequest:
        """What the client sends."""
        line = self.line or encoded(self.query)
        target = f"{self.path}?{line}" if line else self.path
        return HttpRequest(self.method, f"{self.base}/", self.headers, content=self.body, target=target.encode("ascii"))
