"""Errors as answers: a page in plain words for a person, JSON with a remedy for a program, never a traceback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from warning_dispatch.errors import DispatchError, FindingsError, NotFoundError, NotYoursError, RefusedError, StoreError
from warning_dispatch.model.renewal import FILING_PATH, PROOF_PATH
from warning_dispatch.web.doors import root_of
from warning_dispatch.web.pages import LANGUAGE_COOKIE, Pages

BY_STATUS: Final = {
    400: "malformed",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method",
    413: "too_large",
}
PEOPLE_ONLY: Final = ("/r/", FILING_PATH, PROOF_PATH)
"""Where nobody but people comes, whatever their browser says it accepts."""
PAGE_FOR: Final = {
    "not_found": "missing",
    "method": "method",
    "malformed": "malformed",
    "forbidden_page": "forbidden",
    "forbidden_unit": "forbidden",
    "foreign": "stale",
    "stale": "stale",
}
"""Page texts by the name of a refusal; every other one is told as trouble."""
WITH_A_WAY_BACK: Final = ("forbidden", "stale")
"""Only somebody who is logged in is told these."""


@dataclass(eq=False)
class ApiRefusalError(DispatchError):
    """The request is refused at the door. `name` finds its words in the catalogue under `api.`."""

    status: int
    name: str
    fields: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Give the exception its message."""
        super().__init__(self.name)


class Failures:
    """Makes the answer for everything that goes wrong, as a page or as JSON."""

    def __init__(self, pages: Pages) -> None:
        """`pages` has the templates and the words."""
        self._pages = pages

    def install(self, app: FastAPI) -> None:
        """Hang the handlers into an application."""
        app.add_exception_handler(ApiRefusalError, _handler(self._refusal))
        app.add_exception_handler(DispatchError, _handler(self.of_error))
        app.add_exception_handler(HTTPException, _handler(self._http_error))
        app.add_exception_handler(RequestValidationError, _handler(self._invalid))

    def answer(
        self,
        request: Request,
        status: int,
        name: str,
        *,
        fields: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        kind: str = "",
    ) -> Response:
        """The refusal `name` for whoever asks."""
        if wants_page(request):
            page = self.page(request, PAGE_FOR.get(name, "trouble"), status)
            page.headers.update(headers or {})
            return page
        words = self._pages.words_for(request)
        body = {
            "error": words.text(f"api.{name}.error", **(fields or {})),
            "remedy": words.text(f"api.{name}.remedy", **(fields or {})),
            "kind": kind or name,
        }
        return JSONResponse(body, status_code=status, headers=dict(headers or {}))

    def page(self, request: Request, name: str, status: int, language: str | None = None) -> Response:
        """The message `name` as a small page of its own."""
        words = self._pages.words_for(request, language or request.cookies.get(LANGUAGE_COOKIE))
        back = f"{root_of(request.url.path)}account" if name in WITH_A_WAY_BACK else ""
        return self._pages.styled("message.html", words, {"name": f"message.{name}", "back": back}, status=status)

    def _refusal(self, request: Request, error: ApiRefusalError) -> Response:
        return self.answer(request, error.status, error.name, fields=error.fields, headers=error.headers)

    def of_error(self, request: Request, error: DispatchError) -> Response:
        """The answer for an error of ours."""
        status, name = status_of(error)
        return self.answer(request, status, name, fields={"message": str(error)}, kind=type(error).__name__)

    def _http_error(self, request: Request, error: HTTPException) -> Response:
        name = BY_STATUS.get(error.status_code, "trouble")
        fields = {"scope": "", "limit": ""}
        return self.answer(request, error.status_code, name, fields=fields, headers=error.headers)

    def _invalid(self, request: Request, error: RequestValidationError) -> Response:
        findings = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        return self.answer(request, 422, "invalid", fields={"findings": findings})


def status_of(error: DispatchError) -> tuple[int, str]:
    """HTTP status and name of the words for an error of ours."""
    match error:
        case NotFoundError():
            return 404, "not_found"
        case FindingsError():
            return 422, "findings"
        case NotYoursError():
            return 403, "forbidden_unit"
        case RefusedError():
            return 409, "refused"
        case StoreError():
            return 503, "store"
        case _:
            return 500, "trouble"


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks: a receiver's page always, the API never, else by Accept."""
    path = request.url.path
    if path.startswith(("/api/", "/feeds/")):
        return False
    return path.startswith(PEOPLE_ONLY) or "text/html" in request.headers.get("accept", "")


def _handler(answer: Callable[[Request, Any], Response]) -> Callable[[Request, Any], Awaitable[Response]]:
    async def handle(request: Request, error: Any) -> Response:
        return answer(request, error)

    return handle
