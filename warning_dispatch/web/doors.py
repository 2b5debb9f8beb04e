"""门: which page asks for which right. The one table; whoever adds a page of the bureau adds a row.

A path that stands in neither table is not there, whatever the application would make of it: a page that was forgotten is
missed at once, not open for a year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from warning_dispatch.model.rights import Right


@dataclass(frozen=True, slots=True)
class Door:
    """A path, with all that lies below it, and the right it asks for; None: anybody who is logged in.

    `whole`: the page knows nothing of units and shows everything, so the right is asked for on our whole area. Else a
    right on some unit opens it, and which units it shows and acts on is its own affair (access.py).
    """

    path: str
    right: Right | None
    whole: bool = False


DOORS: Final[tuple[Door, ...]] = (
    Door("/", Right.SEE),
    Door("/live", Right.SEE, whole=True),
    Door("/account", None),
    Door("/logout", None),
    Door("/users", Right.ACCOUNTS),
    Door("/readiness", Right.SEE, whole=True),
    Door("/register", Right.SEE, whole=True),
    Door("/campaign", Right.REGISTER, whole=True),
    Door("/tasks", Right.ACT),
    Door("/console", Right.SEE),
)
"""Pages of the bureau. "/" is only itself."""

OPEN: Final[tuple[str, ...]] = (
    "/login", "/static", "/r", "/f", "/p", "/api", "/feeds", "/hooks", "/healthz", "/readyz", "/metrics",
)  # fmt: skip
"""What needs no login: it is public, or has a key, a signature or a secret link of its own."""

LOGIN: Final = "/login"
CHANGE_PASSWORD: Final = "/account/password"  # noqa: S105 - a path
"""Where somebody whose password another person chose is led first."""
WITHOUT_CHANGE: Final = (CHANGE_PASSWORD, "/logout")


def lies_below(path: str, prefix: str) -> bool:
    """Whether a path is the prefix or stands below it, by whole parts."""
    return path == prefix or (prefix != "/" and path.startswith(f"{prefix}/"))


def is_open(path: str) -> bool:
    """Whether a path needs no login."""
    return any(lies_below(path, prefix) for prefix in OPEN)


def door_of(path: str, doors: Sequence[Door] = DOORS) -> Door | None:
    """The door before a path: the longest that fits; None: there is no such page."""
    return max((door for door in doors if lies_below(path, door.path)), key=lambda door: len(door.path), default=None)


def own_place(wanted: str, doors: Sequence[Door] = DOORS) -> str:
    """Where to go after a login: `wanted` if it is a page of ours, else the first one.

    Nothing that a browser could take for another host's address passes: that begins with one slash and a known page, and
    has no backslash and no sign that is not printed.
    """
    if not wanted.isprintable() or "\\" in wanted or not wanted.startswith("/") or wanted.startswith("//"):
        return "/"
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return "/"
    known = door_of(parts.path, doors)
    if parts.scheme or parts.netloc or ".." in parts.path or known is None or known.path == "/logout":
        return "/"
    return wanted


def root_of(path: str) -> str:
    """The way from a page's folder up to ours, for relative addresses: a proxy may have put us below a path of its own."""
    return "../" * (path.count("/") - 1) or "./"
