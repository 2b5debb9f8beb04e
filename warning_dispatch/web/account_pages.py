"""/account: what somebody sees and changes of the own account: password, one-time codes, where they are logged in."""

from __future__ import annotations

from collections.abc import Mapping

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from warning_dispatch.errors import RefusedError
from warning_dispatch.model.passwords import SHORTEST, password_faults
from warning_dispatch.model.people import Visit
from warning_dispatch.web.access import visit_of
from warning_dispatch.web.bureau import FORGET, BureauPages
from warning_dispatch.web.codes import address_of, new_secret, picture_of, step_of_code
from warning_dispatch.web.doors import root_of
from warning_dispatch.web.failures import ApiRefusalError
from warning_dispatch.web.login_desk import LoginDesk

ISSUER = "warning-dispatch"
DONE = ("password", "code_on", "code_off", "session", "sessions")
"""What a page may say has just been done."""


class AccountPages:
    """The own account."""

    def __init__(self, desk: LoginDesk, bureau: BureauPages) -> None:
        """The parts are wired in application.py."""
        self._desk = desk
        self._bureau = bureau

    def routes(self) -> list[BaseRoute]:
        """Every page, all behind the door of /account."""
        reads, both, posts = ["GET"], ["GET", "POST"], ["POST"]
        return [
            Route("/account", self.overview, methods=reads),
            Route("/account/password", self.password, methods=both),
            Route("/account/code", self.code, methods=both),
            Route("/account/code/off", self.code_off, methods=posts),
            Route("/account/sessions/{session_id:int}/end", self.end_session, methods=posts),
            Route("/account/sessions/end", self.end_sessions, methods=posts),
        ]

    async def overview(self, request: Request) -> Response:
        """Who I am, what I may do, where I am logged in."""
        return await self._overview(request)

    async def password(self, request: Request) -> Response:
        """Another password: the old one is asked for, and the other sessions end."""
        visit = _visit(request)
        if request.method != "POST":
            return self._password_form(request, {})
        form = await request.form(max_files=0)
        old, new, again = (str(form.get(name, "")) for name in ("old", "new", "again"))
        words = self._bureau.words(request)
        weak = password_faults(new, visit.account.name, old)
        faults = {"new": " ".join(words.text(f"password.{one}", least=SHORTEST) for one in weak)} if weak else {}
        if new != again:
            faults["again"] = words.text("password.differs")
        faults |= await self._old_fault(request, visit, old)
        if faults:
            return self._password_form(request, faults, status=422)
        hashed = await self._desk.hashed(new)
        account, keep, actor = visit.account, visit.session_id, visit.actor
        await self._desk.write(
            lambda now: self._desk.people.set_password(account.id, hashed, actor=actor, now=now, keep=keep)
        )
        return _done(request, "password")

    async def code(self, request: Request) -> Response:
        """One-time codes: the password and a picture for the telephone; asked for once a first one was typed here."""
        visit, people = _visit(request), self._desk.people
        if visit.account.has_code:
            return _done(request, "")
        if request.method != "POST":
            return self._code_form(request, visit, "", {})
        form = await request.form(max_files=0)
        if "begin" in form:
            faults = await self._old_fault(request, visit, str(form.get("old", "")))
            if faults:
                return self._code_form(request, visit, "", faults, status=422)
            fresh = new_secret()
            await self._desk.write(lambda _now: people.propose_code(visit.account.id, fresh))
            return self._code_form(request, visit, fresh, {})
        secret = await to_thread.run_sync(people.pending_code, visit.account.id)
        typed = str(form.get("code", ""))
        step = step_of_code(secret, typed, self._desk.clock.now()) if secret else None
        if step is None:
            fault = self._bureau.words(request).text("code.wrong")
            return self._code_form(request, visit, secret, {"code": fault}, status=422)
        proved, own, keep = step, visit.account.id, visit.session_id
        await self._desk.write(lambda now: people.confirm_code(own, proved, actor=visit.actor, now=now, keep=keep))
        return _done(request, "code_on")

    async def code_off(self, request: Request) -> Response:
        """No codes any more; the password is asked for."""
        visit = _visit(request)
        if not visit.account.has_code:
            return _done(request, "")
        typed = str((await request.form(max_files=0)).get("old", ""))
        faults = await self._old_fault(request, visit, typed)
        if faults:
            return await self._overview(request, {"code_off": faults["old"]}, status=422)
        own, keep, people = visit.account.id, visit.session_id, self._desk.people
        await self._desk.write(lambda now: people.drop_code(own, actor=visit.actor, now=now, keep=keep))
        return _done(request, "code_off")

    async def end_session(self, request: Request) -> Response:
        """End one of the own sessions."""
        visit, session_id = _visit(request), int(request.path_params["session_id"])
        await self._desk.write(
            lambda now: self._desk.sessions.end(visit.account.id, session_id, actor=visit.actor, now=now)
        )
        return _done(request, "session")

    async def end_sessions(self, request: Request) -> Response:
        """End all of them, this one too."""
        visit = _visit(request)
        await self._desk.write(lambda now: self._desk.sessions.end_all(visit.account.id, actor=visit.actor, now=now))
        return RedirectResponse(f"{root_of(request.url.path)}login", status_code=303, headers=FORGET)

    async def _overview(
        self, request: Request, faults: Mapping[str, str] | None = None, *, status: int = 200
    ) -> Response:
        visit = _visit(request)
        sessions = await to_thread.run_sync(self._desk.sessions.sessions, visit.account.id, self._desk.clock.now())
        done = request.query_params.get("done", "")
        fields = {"sessions": sessions, "done": done if done in DONE else "", "faults": faults or {}}
        return self._bureau.show(request, "bureau/account.html", fields, status=status)

    async def _old_fault(self, request: Request, visit: Visit, old: str) -> dict[str, str]:
        """What is wrong with the password asked for once more."""
        words = self._bureau.words(request)
        try:
            right = await self._desk.is_password_of(visit.account, old)
        except RefusedError:
            return {"old": words.text("password.locked")}
        return {} if right else {"old": words.text("password.wrong")}

    def _password_form(self, request: Request, faults: Mapping[str, str], *, status: int = 200) -> Response:
        return self._bureau.show(request, "bureau/password.html", {"faults": faults, "least": SHORTEST}, status=status)

    def _code_form(
        self, request: Request, visit: Visit, secret: str, faults: Mapping[str, str], *, status: int = 200
    ) -> Response:
        picture = picture_of(address_of(secret, visit.account.name, ISSUER)) if secret else ""
        groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
        fields = {"picture": picture, "secret": groups, "faults": faults, "must": self._desk.codes_required}
        return self._bureau.show(request, "bureau/code.html", fields, status=status)


def _visit(request: Request) -> Visit:
    """Who is logged in: behind a door of ours there is somebody."""
    visit = visit_of(request)
    if visit is None:
        raise ApiRefusalError(401, "login")
    return visit


def _done(request: Request, what: str) -> Response:
    """Back to the account, with a word of what was done."""
    return RedirectResponse(f"{root_of(request.url.path)}account" + (f"?done={what}" if what else ""), status_code=303)
