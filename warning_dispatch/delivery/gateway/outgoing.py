"""A request on its way to a provider: filled, not yet signed. Values stand in it as they are; encoding is done here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from warning_dispatch.delivery.http import HttpRequest, Pairs


def percent(text: str) -> str:
    """RFC 3986: everything but letters, digits and -_.~ is encoded."""
    return quote(text, safe="~", errors="replace")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """`base` is scheme and host. Headers by lower-case name; `host` is set by whoever sends."""

    method: str
    base: str
    path: str
    query: Pairs = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def host(self) -> str:
        """With the port, where the address names one."""
        return self.base.partition("://")[2]

    def query_text(self, *, ordered: bool = False) -> str:
        """The query as it goes over the wire; `ordered` as the signature schemes want it."""
        pairs = [(percent(name), percent(value)) for name, value in self.query]
        return "&".join(f"{name}={value}" for name, value in (sorted(pairs) if ordered else pairs))

    def with_headers(self, **_headers: str) -> Outgoing:
        """More headers; underscores stand for hyphens."""
        more = {name.replace("_", "-"): value for name, value in _headers.items()}
        return replace(self, headers={**self.headers, **more})

    def with_header(self, name: str, value: str) -> Outgoing:
        """One more header."""
        return replace(self, headers={**self.headers, name.lower(): value})

    def with_query(self, *pairs: tuple[str, str]) -> Outgoing:
        """More of the query."""
        return replace(self, query=(*self.query, *pairs))

    def request(self) -> HttpRequest:
        """What the client sends."""
        query = self.query_text()
        url = f"{self.base}{self.path}" + (f"?{query}" if query else "")
        return HttpRequest(self.method, url, self.headers, content=self.body)
