"""/users: the accounts, for administrators; each sees and changes those whose every grant lies within the own area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.people import Account
from warning_dispatch.model.rights import Grant, GrantKind, Right
from warning_dispatch.store.people import NewAccount
from warning_dispatch.web.access import Access, actor_of
from warning_dispatch.web.bureau import BureauPages
from warning_dispatch.web.catalogues import Catalogue
from warning_dispatch.web.doors import root_of
from warning_dispatch.web.failures import ApiRefusalError
from warning_dispatch.web.login_desk import LONGEST_NAME, LoginDesk

DONE: Final = ("granted", "grant_ended", "ended", "unlocked", "code_off")
LONGEST_FIELD: Final = 200


class UsersPages:
    """The accounts."""

    def __init__(self, desk: LoginDesk, access: Access, bureau: BureauPages) -> None:
        """The parts are wired in application.py."""
        self._desk = desk
        self._access = access
        self._bureau = bureau

    def routes(self) -> list[BaseRoute]:
        """Every page, all behind the door of /users."""
        one, posts = "/users/{user_id:int}", ["POST"]
        return [
            Route("/users", self.overview, methods=["GET", "POST"]),
            Route(one, self.look, methods=["GET"]),
            Route(f"{one}/grant", self.grant, methods=posts),
            Route(f"{one}/grants/{{grant_id:int}}/end", self.end_grant, methods=posts),
            Route(f"{one}/end", self.end, methods=posts),
            Route(f"{one}/unlock", self.unlock, methods=posts),
            Route(f"{one}/password", self.password, methods=posts),
            Route(f"{one}/code/off", self.code_off, methods=posts),
        ]

    async def overview(self, request: Request) -> Response:
        """Who there is; POST adds one."""
        if request.method == "POST":
            return await self._add(request)
        return await self._list(request, {}, {})

    async def look(self, request: Request) -> Response:
        """One account."""
        return await self._one(request, await self._mine(request))

    async def grant(self, request: Request) -> Response:
        """Give a grant more."""
        account, given = await self._mine(request), await _typed(request, "kind", "unit")
        grant, faults = await self._grant_in(request, given)
        if grant is None:
            return await self._one(request, account, faults, given, status=422)
        await self._desk.write(lambda now: self._desk.people.grant(account.id, grant, actor=actor_of(request), now=now))
        return _back(request, account, "granted")

    async def end_grant(self, request: Request) -> Response:
        """Take one back."""
        account, grant_id = await self._mine(request), int(request.path_params["grant_id"])
        try:
            await self._desk.write(
                lambda now: self._desk.people.end_grant(account.id, grant_id, actor=actor_of(request), now=now)
            )
        except RefusedError:
            return await self._one(request, account, self._said(request, "users.last_administrator"), status=409)
        return _back(request, account, "grant_ended")

    async def end(self, request: Request) -> Response:
        """The account is over."""
        account = await self._mine(request)
        try:
            await self._desk.write(lambda now: self._desk.people.end(account.id, actor=actor_of(request), now=now))
        except RefusedError:
            return await self._one(request, account, self._said(request, "users.last_administrator"), status=409)
        return _back(request, account, "ended")

    async def unlock(self, request: Request) -> Response:
        """Forget the wrong tries."""
        account = await self._mine(request)
        await self._desk.write(lambda now: self._desk.people.unlock(account.name, actor=actor_of(request), now=now))
        return _back(request, account, "unlocked")

    async def password(self, request: Request) -> Response:
        """A new password, drawn and shown this once; whoever gets it must change it."""
        account = await self._mine(request)
        password, hashed = await self._desk.drawn()
        await self._desk.write(
            lambda now: self._desk.people.set_password(
                account.id, hashed, actor=actor_of(request), now=now, must_change=True
            )
        )
        return self._bureau.show(request, "bureau/drawn.html", {"account": account.name, "password": password})

    async def code_off(self, request: Request) -> Response:
        """The telephone is lost: no codes are asked for any more."""
        account = await self._mine(request)
        await self._desk.write(lambda now: self._desk.people.drop_code(account.id, actor=actor_of(request), now=now))
        return _back(request, account, "code_off")

    async def _add(self, request: Request) -> Response:
        """Everything wrong with the form at once, or the account with a drawn password."""
        given = await _typed(request, "name", "full_name", "kind", "unit")
        words, name = self._bureau.words(request), given["name"]
        grant, faults = await self._grant_in(request, given)
        if not name or not name.isprintable() or len(name) > LONGEST_NAME or any(sign.isspace() for sign in name):
            faults["name"] = words.text("users.fault.name")
        if grant is None or faults:
            return await self._list(request, faults, given, status=422)
        password, hashed = await self._desk.drawn()
        new = NewAccount(name, hashed, grant, given["full_name"], must_change=True)
        try:
            await self._desk.write(lambda now: self._desk.people.add(new, actor=actor_of(request), now=now))
        except RefusedError:
            return await self._list(request, {"name": words.text("users.fault.taken", name=name)}, given, status=409)
        return self._bureau.show(request, "bureau/drawn.html", {"account": name, "password": password})

    async def _grant_in(self, request: Request, given: Mapping[str, str]) -> tuple[Grant | None, dict[str, str]]:
        """The grant that a form asks for, or what is wrong with it. Nobody gives what lies outside the own area."""
        words, faults = self._bureau.words(request), dict[str, str]()
        kind = next((one for one in GrantKind if one.value == given["kind"]), None)
        if kind is None:
            faults["kind"] = words.text("users.fault.kind")
        code, fault = await self._unit_in(request, given["unit"], words)
        if fault:
            faults["unit"] = fault
        return (None if kind is None or fault else Grant(kind, code)), faults

    async def _unit_in(self, request: Request, typed: str, words: Catalogue) -> tuple[str, str]:
        found = await to_thread.run_sync(self._desk.people.units_called, typed) if typed else ()
        if not found and typed == self._desk.within:
            found = ((typed, typed),)
        if len(found) > 1:
            return "", words.text("users.fault.several", units="、".join(f"{name} {code}" for code, name in found))
        if not found:
            return "", words.text("users.fault.unit")
        code = found[0][0]
        if not await self._access.has(request, Right.ACCOUNTS, code):
            return "", words.text("users.fault.outside")
        return code, ""

    async def _mine(self, request: Request) -> Account:
        """The account of the path, if it is this administrator's to keep; else it is not there."""
        user_id = int(request.path_params["user_id"])
        try:
            account = await to_thread.run_sync(self._desk.people.account_of, user_id, self._desk.clock.now())
        except NotFoundError:
            raise ApiRefusalError(404, "not_found") from None
        if not await self._kept(request, [account]):
            raise ApiRefusalError(404, "not_found")
        return account

    async def _kept(self, request: Request, accounts: Sequence[Account]) -> list[Account]:
        """Those whose every grant lies in the own area. What the register no longer knows is the whole area's affair."""
        within = self._desk.within
        codes = sorted({one.grant.unit_code for account in accounts for one in account.held} | {within})
        known = await self._desk.paths_of(codes)
        own = await self._access.among(request, Right.ACCOUNTS, codes)
        places = ([one.grant.unit_code for one in account.held] or [within] for account in accounts)
        return [
            account
            for account, units in zip(accounts, places, strict=True)
            if all((code if code in known else within) in own for code in units)
        ]

    async def _list(
        self, request: Request, faults: Mapping[str, str], given: Mapping[str, str], *, status: int = 200
    ) -> Response:
        accounts = await to_thread.run_sync(self._desk.people.accounts, self._desk.clock.now())
        mine = await self._kept(request, accounts)
        fields = {"accounts": mine, "faults": faults, "given": _form(given), **await self._choices(request)}
        return self._bureau.show(request, "bureau/users.html", fields, status=status)

    async def _one(
        self,
        request: Request,
        account: Account,
        faults: Mapping[str, str] | None = None,
        given: Mapping[str, str] | None = None,
        *,
        status: int = 200,
    ) -> Response:
        done = request.query_params.get("done", "")
        fields = {
            "account": account,
            "faults": faults or {},
            "given": _form(given or {}),
            "done": done if done in DONE else "",
            **await self._choices(request),
        }
        return self._bureau.show(request, "bureau/user.html", fields, status=status)

    async def _choices(self, request: Request) -> dict[str, Sequence[object]]:
        """What a form offers: every kind, and the units that are usually meant."""
        counties = await to_thread.run_sync(self._desk.people.counties)
        own = await self._access.among(request, Right.ACCOUNTS, [code for code, _ in counties])
        return {"kinds": list(GrantKind), "units": [one for one in counties if one[0] in own]}

    def _said(self, request: Request, key: str) -> dict[str, str]:
        return {"account": self._bureau.words(request).text(key)}


async def _typed(request: Request, *names: str) -> dict[str, str]:
    form = await request.form(max_files=0)
    return {name: str(form.get(name, "")).strip()[:LONGEST_FIELD] for name in names}


def _form(given: Mapping[str, str]) -> dict[str, str]:
    return {name: given.get(name, "") for name in ("name", "full_name", "kind", "unit")}


def _back(request: Request, account: Account, done: str) -> Response:
    return RedirectResponse(f"{root_of(request.url.path)}users/{account.id}?done={done}", status_code=303)
