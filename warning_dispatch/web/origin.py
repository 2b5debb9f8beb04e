"""表单的来处: whether a form stood on a page of ours. The one place that asks it.

Browsers say where a form comes from, and never let a page lie about it: new ones by Sec-Fetch-Site, on https and on this
machine, the others by Origin. Behind a login the doorkeeper asks, and a token of the session decides where a browser is
silent; the open pages of the demonstration, which have no session, ask for themselves.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from warning_dispatch.web.access import visit_of

OURS: Final = ("same-origin", "none")
""""none": no page at all sent it, the person did."""


def is_own_origin(request: Request, public_url: str, *, silent: bool = True) -> bool:
    """Whether a request comes from a page of ours, as far as the browser says; `silent`: the answer where it says nothing.

    Ours is the public address, and whatever host the browser itself asked for: no foreign page can choose that.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in OURS:
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return silent or site is not None
    if (
        origin == "null"
    ):  # a page that names itself nowhere, or one that hides: then only the browser's other word counts
        return site is not None
    parts, public = urlsplit(origin), urlsplit(public_url)
    if parts.scheme not in (public.scheme, "https") or not parts.netloc:
        return False
    return parts.netloc in (public.netloc, request.headers.get("host"))


def is_crossed(request: Request, *, silent: bool = True) -> bool:
    """Whether another site made the browser send this form; what the doorkeeper let in he has asked himself."""
    return visit_of(request) is None and not is_own_origin(request, str(request.base_url), silent=silent)
