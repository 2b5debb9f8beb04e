"""The frame of the bureau's pages: its language, its way around, and what a form needs."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse

from warning_dispatch.model.rights import Right, units_with
from warning_dispatch.web.access import csrf_of, visit_of
from warning_dispatch.web.catalogues import Catalogue, asked_language
from warning_dispatch.web.doors import root_of
from warning_dispatch.web.pages import LANGUAGE_COOKIE, Pages

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
YEAR: Final = 31_536_000
IPV6_NEIGHBOURS: Final = 64
"""Bits of an IPv6 address that say whose network it is: the rest anybody there may choose."""


class BureauPages:
    """Renders pages that extend `_bureau.html`."""

    def __init__(self, pages: Pages) -> None:
        """`pages` has the templates and the words."""
        self._pages = pages

    def words(self, request: Request) -> Catalogue:
        """The language: asked for now, chosen before, or what the browser prefers."""
        return self._pages.words_for(request, request.cookies.get(LANGUAGE_COOKIE))

    def show(
        self,
        request: Request,
        template: str,
        fields: Mapping[str, object],
        *,
        status: int = 200,
    ) -> HTMLResponse:
        """A page with its frame. A language that was asked for is remembered."""
        words, visit = self.words(request), visit_of(request)
        frame: dict[str, object] = {
            "root": root_of(request.url.path),
            "here": request.url.path,
            "visit": visit,
            "csrf": csrf_of(request),
            "keeps_accounts": visit is not None and bool(units_with(visit.account.grants, Right.ACCOUNTS)),
            "faults": {},
        }
        html = self._pages.render(template, words, {**frame, **fields})
        headers = {"Content-Security-Policy": POLICY, "Content-Language": words.text("language.tag")}
        answer = HTMLResponse(html, status_code=status, headers=headers)
        if asked_language(request.query_params.get("lang")):
            answer.set_cookie(LANGUAGE_COOKIE, words.language, max_age=YEAR, httponly=True, samesite="lax")
        return answer


def place_of(request: Request, proxies: Collection[str]) -> str:
    """Where a request comes from, for counting and for the list of sessions.

    Empty where nobody can say: a proxy on this machine that was not named stands before everybody alike. A named one is
    believed in the last address it has written, the only one that is its own word.
    """
    peer = request.client.host if request.client else ""
    if peer in proxies:
        peer = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer if peer not in proxies and len(peer) <= IPV6_NEIGHBOURS else ""
    if address.is_loopback:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, IPV6_NEIGHBOURS), strict=False).network_address)
    return str(address)
