"""/login and /logout. GET shows, POST acts; a wrong name, password or code is one and the same answer."""

from __future__ import annotations

import secrets
from typing import Final
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warning_dispatch.clock import Clock
from warning_dispatch.errors import RefusedError
from warning_dispatch.web.access import actor_of, visit_of
from warning_dispatch.web.bureau import FORGET, BureauPages, place_of
from warning_dispatch.web.doorkeeper import CSRF_FIELD, cookie_name
from warning_dispatch.web.doors import own_place, root_of
from warning_dispatch.web.login_desk import Answer, Form, LoginDesk, csrf_token, is_csrf_token
from warning_dispatch.web.origin import is_own_origin

DOOR_BYTES: Final = 16
LONGEST_FIELD: Final = 1_000
MINUTE: Final = 60_000


class LoginPage:
    """The login."""

    def __init__(self, desk: LoginDesk, bureau: BureauPages, clock: Clock, public_url: str) -> None:
        """`public_url`: https makes the cookies strict."""
        self._desk = desk
        self._bureau = bureau
        self._clock = clock
        self._public_url = public_url
        self._secure = urlsplit(public_url).scheme == "https"
        self._cookie = cookie_name(secure=self._secure)
        self._door_cookie = f"{self._cookie}-login"

    async def answer(self, request: Request) -> Response:
        """GET and HEAD show the form, POST logs in."""
        if request.method == "POST":
            return await self._log_in(request)
        if await self._is_in(request):
            return self._go(request, own_place(request.query_params.get("next", "")))
        return self._form(request, next_place=request.query_params.get("next", ""))

    async def log_out(self, request: Request) -> Response:
        """End this session."""
        visit = visit_of(request)
        if visit is not None:
            user_id, session_id, actor = visit.account.id, visit.session_id, actor_of(request)
            await self._desk.write(lambda now: self._desk.sessions.end(user_id, session_id, actor=actor, now=now))
        answer = RedirectResponse(f"{root_of(request.url.path)}login", status_code=303)
        self._drop(answer, self._cookie)
        answer.headers.update(FORGET)
        return answer

    async def _is_in(self, request: Request) -> bool:
        token = request.cookies.get(self._cookie, "")
        return bool(token) and await self._desk.visit(token) is not None

    async def _log_in(self, request: Request) -> Response:
        """1. It must be our form. 2. Try. 3. In: a new token, so that nobody can have known it before. Else say why not."""
        fields = await request.form(max_files=0, max_fields=10)
        given = {
            name: str(fields.get(name, ""))[:LONGEST_FIELD] for name in ("name", "password", "code", "next", CSRF_FIELD)
        }
        door = request.cookies.get(self._door_cookie, "")
        if not door or not is_own_origin(request, self._public_url) or not is_csrf_token(given[CSRF_FIELD], door):
            return self._form(request, fault="stale", given=given, status=403)
        missing = [name for name in ("name", "password") if not given[name].strip()]
        if missing:
            return self._form(request, missing=missing, given=given, status=422)
        browser = request.headers.get("user-agent", "")
        form = Form(given["name"], given["password"], given["code"])
        try:
            answer = await self._desk.log_in(form, place_of(request, self._desk.proxies), browser)
        except RefusedError:
            return self._form(request, fault="busy", given=given, status=503)
        if not answer.token:
            return self._refused(request, answer, given)
        await self._leave(request)
        response = self._go(request, own_place(given["next"]))
        response.set_cookie(self._cookie, answer.token, secure=self._secure, httponly=True, samesite="lax", path="/")
        self._drop(response, self._door_cookie)
        return response

    async def _leave(self, request: Request) -> None:
        """Whoever was logged in with this browser before is so no more."""
        token = request.cookies.get(self._cookie, "")
        visit = await self._desk.visit(token) if token else None
        if visit is not None:
            user_id, session_id, actor = visit.account.id, visit.session_id, visit.actor
            await self._desk.write(lambda now: self._desk.sessions.end(user_id, session_id, actor=actor, now=now))

    def _refused(self, request: Request, answer: Answer, given: dict[str, str]) -> Response:
        if not answer.locked_until:
            return self._form(request, fault="wrong", given=given, status=401)
        minutes = max(1, -((self._clock.now() - answer.locked_until) // MINUTE))
        response = self._form(request, fault="locked", given=given, status=429, minutes=minutes)
        response.headers["Retry-After"] = str(minutes * 60)
        return response

    def _form(
        self,
        request: Request,
        *,
        fault: str = "",
        missing: list[str] | None = None,
        given: dict[str, str] | None = None,
        next_place: str = "",
        status: int = 200,
        minutes: int = 0,
    ) -> Response:
        """The form; what was typed stays, but for the secrets. Its cookie is made where there is none."""
        door = request.cookies.get(self._door_cookie, "") or secrets.token_urlsafe(DOOR_BYTES)
        kept = given or {"name": "", "next": next_place}
        words = self._bureau.words(request)
        response = self._bureau.show(
            request,
            "bureau/login.html",
            {
                "csrf": csrf_token(door),
                "name": kept["name"],
                "next": kept["next"],
                "query": urlencode({"next": kept["next"]}) if kept["next"] else "",
                "fault": words.text(f"login.fault.{fault}", minutes=minutes) if fault else "",
                "faults": {name: words.text(f"login.missing.{name}") for name in missing or ()},
            },
            status=status,
        )
        response.set_cookie(self._door_cookie, door, secure=self._secure, httponly=True, samesite="lax", path="/")
        return response

    def _go(self, request: Request, place: str) -> Response:
        return RedirectResponse(root_of(request.url.path) + place.lstrip("/"), status_code=303)

    def _drop(self, response: Response, cookie: str) -> None:
        response.delete_cookie(cookie, secure=self._secure, httponly=True, samesite="lax", path="/")
