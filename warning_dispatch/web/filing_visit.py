"""One visit of a registrar's page: who asks, in which language, with which step passed; and its small questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response

from warning_dispatch.model.renewal_views import FiledUnit, HandedIn, RenewalPage
from warning_dispatch.model.unit import Unit, UnitKind
from warning_dispatch.web import filing_view
from warning_dispatch.web.catalogues import Catalogue, asked_language
from warning_dispatch.web.cookies import cookie_of, strict_name
from warning_dispatch.web.failures import ApiRefusalError

FORM_LIMIT: Final = 200_000
"""Bytes of a form without a file."""


@dataclass(slots=True)
class Visit:
    """A request to one of the pages behind a link. `ticked`: codes that stay ticked when the page comes back."""

    request: Request
    token: str
    words: Catalogue
    ticked: frozenset[str] = frozenset()

    @property
    def home(self) -> str:
        """The link's own page as seen from this one: relative, so that it holds behind a proxy's prefix."""
        below = self.request.url.path.split(f"/{self.request.path_params['token']}", 1)[1].strip("/")
        return "../" * (below.count("/") + 1) + self.token if below else self.token

    @property
    def query(self) -> str:
        """The language goes along where it was asked for."""
        language = asked_language(self.request.query_params.get("lang"))
        return f"?lang={language}" if language else ""

    @property
    def cookie(self) -> str:
        """Name of this link's cookie, without its prefix: a person may have several links."""
        return f"step_{sha256(self.token.encode()).hexdigest()[:12]}"

    @property
    def passed(self) -> str:
        """What the step gave this browser; empty before it."""
        return cookie_of(self.request, self.cookie)

    def remember(self, answer: Response, passed: str, seconds: int, *, secure: bool) -> Response:
        """Give this browser what the step gave, for this link's pages alone. `secure`: people come by https."""
        name = strict_name(self.cookie, secure=secure, whole=False)
        answer.set_cookie(name, passed, seconds, path=None, secure=secure, httponly=True, samesite="lax")
        return answer


async def form_of(request: Request, limit: int = FORM_LIMIT) -> FormData:
    """What a browser sent. ApiRefusalError: more than is taken, or no form."""
    announced = request.headers.get("content-length", "")
    if not announced.isdecimal() or int(announced) > limit:
        raise ApiRefusalError(413, "too_large", {"limit": limit}, {"Connection": "close"})
    try:
        return await request.form(max_files=1, max_fields=2_000)
    except MultiPartException as error:
        raise ApiRefusalError(400, "invalid", {"findings": "form"}) from error


def asked_unit(visit: Visit, page: RenewalPage) -> FiledUnit:
    """The unit that the address names. ApiRefusalError (404): it is not on this registrar's page; the link is right all the same."""
    return unit_of(page, str(visit.request.path_params["code"]))


def unit_of(page: RenewalPage, code: str) -> FiledUnit:
    """A unit of the page by its code. ApiRefusalError (404) when it is not there."""
    found = next((unit for unit in page.units if unit.unit_code == code), None)
    if found is None:
        raise ApiRefusalError(404, "not_found")
    return found


def path_of(page: RenewalPage, unit: FiledUnit) -> str:
    """Where the unit's page stands below the link's own, which is the unit's where there is only one."""
    return "" if len(page.units) == 1 else f"/u/{quote(unit.unit_code)}"


def refusals(results: Sequence[HandedIn], names: Mapping[str, str], words: Catalogue) -> list[str]:
    """A line for each unit that was not taken."""
    return [
        words.text(
            "filing.refused", unit=names.get(one.unit_code, one.unit_code), why=filing_view.in_words(one.refused, words)
        )
        for one in results
        if one.refused
    ]


def as_units(page: RenewalPage) -> list[Unit]:
    """The page's units as a workbook's rows name them: where they stand, and nothing of what only the bureau may say of them."""
    first = page.units[0].unit_code if page.units else None
    return [
        Unit(
            one.unit_code,
            one.name,
            UnitKind.DIVISION,
            one.level,
            one.unit_code,
            None if one.unit_code == first else first,
        )
        for one in page.units
    ]
