"""The one door of the console: who comes in, what they may do, and whether a form is theirs.

Every page goes through `Entrance.enter`, every form through `Entrance.form`: `LoggedIn` before real phones, `OpenEntrance`
in the demonstration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol
from urllib.parse import parse_qsl

from starlette.requests import Request

from warning_dispatch.errors import RefusedError
from warning_dispatch.model.rights import Right
from warning_dispatch.web.access import Access, actor_of, csrf_of, visit_of
from warning_dispatch.web.body import read_body
from warning_dispatch.web.failures import ApiRefusalError
from warning_dispatch.web.origin import is_crossed

FORM_LIMIT: Final = 64 << 10
"""Bytes of a form; the longest holds the text of a warning."""
FORM_FIELD: Final = "csrf"
"""The hidden field of every form (templates/console/_form.html)."""
_CROSSED: Final = "表单来自别的网站，没有执行 / the form came from another site; nothing was done"


class Asked(StrEnum):
    """What a page or an act asks of whoever comes."""

    SEE = "see"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Officer:
    """Who is at the console. `actor`: as the journal names them; `form_token`: goes into each of their forms."""

    actor: str
    name: str
    may_act: bool
    form_token: str = ""


class Entrance(Protocol):
    """Who may come in."""

    async def enter(self, request: Request, asked: Asked) -> Officer:
        """The officer who asks. ApiRefusalError (or what the entrance redirects by) for anybody else."""
        ...

    async def form(self, request: Request, officer: Officer) -> Mapping[str, str]:
        """The fields of a form that this officer was given. RefusedError for one that came from elsewhere."""
        ...


class OpenEntrance:
    """The demonstration's: whoever opens the page is the officer. Never before real phones."""

    def __init__(self, actor: str) -> None:
        """`actor`: what the journal is told."""
        self._officer = Officer(actor, actor, may_act=True)

    async def enter(self, request: Request, asked: Asked) -> Officer:  # noqa: ARG002 - everybody may everything
        """See Entrance."""
        return self._officer

    async def form(self, request: Request, officer: Officer) -> Mapping[str, str]:  # noqa: ARG002 - there is only one
        """See Entrance."""
        refuse_crossed(request)
        return await form_fields(request)


class LoggedIn:
    """The bureau's: the doorkeeper has found the session and looked at the form, here the rights are asked for.

    The console shows the whole area, so it is for those who may see all of it.
    """

    def __init__(self, access: Access, within: str) -> None:
        """`within`: the whole area."""
        self._access = access
        self._within = within

    async def enter(self, request: Request, asked: Asked) -> Officer:
        """See Entrance."""
        may_act = await self._access.has(request, Right.ACT, self._within)
        if asked is Asked.ACT and not may_act:
            raise ApiRefusalError(403, "forbidden_unit", {"scope": Right.ACT.value})
        visit = visit_of(request)
        name = visit.account.full_name or visit.account.name if visit else ""
        return Officer(actor_of(request), name, may_act=may_act, form_token=csrf_of(request))

    async def form(self, request: Request, officer: Officer) -> Mapping[str, str]:  # noqa: ARG002 - the doorkeeper has
        """See Entrance."""
        return await form_fields(request)


def refuse_crossed(request: Request) -> None:
    """RefusedError for a form that a browser sends for another site."""
    if is_crossed(request):
        raise RefusedError(_CROSSED)


async def form_fields(request: Request) -> Mapping[str, str]:
    """The fields of an ordinary form; several of one name are joined by blanks. A form may have none at all."""
    try:
        raw = await read_body(request, FORM_LIMIT)
    except ApiRefusalError as error:
        if error.name != "empty":
            raise
        raw = b""
    fields: dict[str, str] = {}
    for name, value in parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True):
        fields[name] = f"{fields[name]} {value}" if name in fields else value
    return fields
