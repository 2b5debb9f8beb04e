"""小饼: names of cookies. Over https a browser itself sees to it that only we, and only over https, have set them."""

from __future__ import annotations

from starlette.requests import HTTPConnection

HOST, SECURE = "__Host-", "__Secure-"
"""Prefixes that browsers know: set over https alone; the first also for this host alone and for all its paths."""


def strict_name(name: str, *, secure: bool, whole: bool = True) -> str:
    """The name under which a cookie is set. `secure`: people come by https; `whole`: it is for every path of ours."""
    if not secure:
        return name
    return (HOST if whole else SECURE) + name


def cookie_of(request: HTTPConnection, name: str) -> str:
    """The value of a cookie, under its strict name first; empty when there is none. For what is no secret, or is looked over."""
    found = (request.cookies.get(prefix + name) for prefix in (HOST, SECURE, ""))
    return next((value for value in found if value), "")
