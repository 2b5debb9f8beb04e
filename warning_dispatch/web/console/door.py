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
from warning_dispatch.model.people import Account
from warning_dispatch.model.rights import Right
from warning_dispatch.web.access import Access, csrf_of, officer_of, visit_of
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


Part = tuple[str, ...] | None
"""Units, and all that lies below them; None: the whole area."""


@dataclass(frozen=True, slots=True)
class Officer:
    """Who is at the console. `actor`: as the journal names them; `form_token`: goes into each of their forms.

    `sees` and `acts`: the part they are shown, and the part they may act on, which is within it.
    """

    actor: str
    name: str
    may_act: bool
    form_token: str = ""
    sees: Part = None
    acts: Part = None
    units: str = ""
    """The names of the units, where they are not the whole area."""

    @property
    def may_all(self) -> bool:
        """Whether they act on the whole area: pause, lift, close, release."""
        return self.may_act and self.acts is None


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

    Whoever may not see the whole area is shown their part of it.
    """

    def __init__(self, access: Access, within: str) -> None:
        """`within`: the whole area."""
        self._access = access
        self._within = within

    async def enter(self, request: Request, asked: Asked) -> Officer:
        """See Entrance."""
        sees = await self._access.part(request, Right.SEE, self._within)
        acts = await self._access.part(request, Right.ACT, self._within)
        if sees == () or (asked is Asked.ACT and acts == ()):
            wanted = Right.ACT if asked is Asked.ACT else Right.SEE
            raise ApiRefusalError(403, "forbidden_unit", {"scope": wanted.value})
        visit = visit_of(request)
        account = visit.account if visit else None
        return Officer(
            actor=officer_of(request, acts),
            name=(account.full_name or account.name) if account else "",
            may_act=acts != (),
            form_token=csrf_of(request),
            sees=sees,
            acts=acts,
            units=_names(account, sees or ()),
        )

    async def form(self, request: Request, officer: Officer) -> Mapping[str, str]:  # noqa: ARG002 - the doorkeeper has
        """See Entrance."""
        return await form_fields(request)


def _names(account: Account | None, units: tuple[str, ...]) -> str:
    """Units by their names, as the account has them."""
    named = {one.grant.unit_code: one.unit_name for one in account.held} if account else {}
    return "、".join(named.get(code) or code for code in units)


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
