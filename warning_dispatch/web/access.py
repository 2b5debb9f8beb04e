"""准入: who asks, and whether they may. What pages of the bureau call before they show or do anything.

The doorkeeper has let the request in by the table of doors; on which units somebody may do something is asked here. In the
demonstration, which has no login, everybody may everything: its people are invented.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.requests import HTTPConnection

from warning_dispatch.model.people import Visit
from warning_dispatch.model.rights import Right, covers, may, units_with
from warning_dispatch.web.failures import ApiRefusalError

VISIT, CSRF = "visit", "csrf"
"""Where the doorkeeper leaves what it found out, in the state of the request."""
DEMO_ACTOR = "demo"

PathsOf = Callable[[Sequence[str]], Awaitable[Mapping[str, tuple[str, ...]]]]


def visit_of(request: HTTPConnection) -> Visit | None:
    """Who is logged in; None: nobody has to be (the demonstration)."""
    found = getattr(request.state, VISIT, None)
    return found if isinstance(found, Visit) else None


def actor_of(request: HTTPConnection) -> str:
    """How the journal names who acts."""
    visit = visit_of(request)
    return DEMO_ACTOR if visit is None else visit.actor


def officer_of(request: HTTPConnection, units: tuple[str, ...] | None) -> str:
    """How the journal names an officer who acts: with the units they act for, where those are not the whole area."""
    return actor_of(request) + (f"@{','.join(units)}" if units else "")


def csrf_of(request: HTTPConnection) -> str:
    """What the forms of a page must send along, as the field `csrf`; empty where none is asked for."""
    return str(getattr(request.state, CSRF, ""))


class Access:
    """Asks for rights on units."""

    def __init__(self, paths_of: PathsOf | None) -> None:
        """`paths_of`: a unit with its superiors (login_desk.py); None: the demonstration."""
        self._paths_of = paths_of

    async def require(self, request: HTTPConnection, right: Right, *unit_codes: str) -> None:
        """ApiRefusalError (403) unless whoever asks has the right on every one of these units."""
        if not await self.has(request, right, *unit_codes):
            raise ApiRefusalError(403, "forbidden_unit", {"scope": right.value})

    async def has(self, request: HTTPConnection, right: Right, *unit_codes: str) -> bool:
        """Whether whoever asks has the right on every one of these units; on no unit at all nobody has it."""
        if self._paths_of is None:
            return True
        visit = visit_of(request)
        if visit is None:
            return False
        paths = await self._paths_of(unit_codes)
        return covers(visit.account.grants, right, [paths.get(code, ()) for code in unit_codes])

    async def among(self, request: HTTPConnection, right: Right, unit_codes: Sequence[str]) -> frozenset[str]:
        """Those of the units on which whoever asks has the right: what a list may show."""
        if self._paths_of is None:
            return frozenset(unit_codes)
        visit = visit_of(request)
        if visit is None:
            return frozenset()
        paths = await self._paths_of(unit_codes)
        return frozenset(code for code in unit_codes if may(visit.account.grants, right, paths.get(code, ())))

    async def part(self, request: HTTPConnection, right: Right, within: str) -> tuple[str, ...] | None:
        """The units on and below which whoever asks has the right, each once; None: on all of our area (`within`).

        A unit that is not in force is nobody's, and one below another is in it already.
        """
        if self._paths_of is None:
            return None
        visit = visit_of(request)
        if visit is None:
            return ()
        codes = units_with(visit.account.grants, right)
        paths = await self._paths_of([*codes, within])
        if may(visit.account.grants, right, paths.get(within, ())):
            return None
        return tuple(code for code in codes if code in paths and not set(paths[code][1:]) & set(codes))
