"""登录台: what the pages ask about people who log in. The slow and the blocking things happen in threads.

Looking a password over takes a tenth of a second and 64 MB, on purpose: two at a time, and a queue with an end, so that
guessing cannot take the machine away from the warnings.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Any, Final, Protocol, TypeVar

import structlog
from anyio import CapacityLimiter, to_thread

from warning_dispatch.clock import Clock
from warning_dispatch.errors import RefusedError
from warning_dispatch.model.people import Account, Visit
from warning_dispatch.store.accounts import hash_password, is_password, nobodys_hash, random_password
from warning_dispatch.store.people import PeopleBook
from warning_dispatch.store.sessions import SessionBook, Try
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.codes import step_of_code

T = TypeVar("T")

AT_ONCE: Final = 2
"""Passwords looked over at the same time."""
MOST_WAITING: Final = 24
"""Logins that may wait for that; more are told to come again."""
TOKEN_BYTES: Final = 32
LONGEST_NAME: Final = 100
_BUSY = both("登录的人太多，请稍后再试", "too many people are logging in; try again in a moment")


class Write(Protocol):
    """Has work done by the one writer of the process; it is given the moment."""

    async def __call__(self, work: Callable[[int], T]) -> T:
        """Returns when it is committed."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a login: the session's token, or nothing; `locked_until` not 0: the door is closed until then."""

    token: str = ""
    locked_until: int = 0


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed at the login."""

    name: str
    password: str
    code: str


def csrf_token(token: str) -> str:
    """What every form of a session must send along: a page of somebody else's cannot know it."""
    return sha256(b"csrf:" + token.encode()).hexdigest()[:40]


def is_csrf_token(given: str, token: str) -> bool:
    """Whether a form was ours; takes as long for a wrong one."""
    return hmac.compare_digest(given.encode(), csrf_token(token).encode())


@dataclass(slots=True)
class LoginDesk:
    """Everything the pages need. `within`: the code of our own area; `proxies`: addresses whose word on who asks counts.

    `codes_required`: nobody goes on without one-time codes.
    """

    people: PeopleBook
    sessions: SessionBook
    clock: Clock
    write: Write
    within: str
    proxies: frozenset[str] = frozenset()
    codes_required: bool = False
    _log: Any = field(default_factory=lambda: structlog.get_logger("warning_dispatch.web"))
    _limiter: CapacityLimiter = field(default_factory=partial(CapacityLimiter, AT_ONCE))

    async def log_in(self, form: Form, address: str, browser: str) -> Answer:
        """1. Count the try, unless the door is closed. 2. Look the password and the code over, also for a name that nobody
        has. 3. Open a session under a new token, or say until when the door is closed now.
        """  # noqa: D205 - numbered steps
        name = form.name.strip()[:LONGEST_NAME]
        self._refuse_when_full()
        tried = await self.write(partial(self.sessions.begin, name, address))
        if tried.locked_until:
            self._log.warning("login.locked", until=tried.locked_until)
            return Answer(locked_until=tried.locked_until)
        right = await self._is_password(form.password, tried.password_hash or await self._nobodys())
        step = step_of_code(tried.code, form.code, self.clock.now(), tried.code_step) if tried.code else 0
        token = secrets.token_urlsafe(TOKEN_BYTES)
        if right and tried.user_id and step is not None:
            opened = await self.write(lambda now: self._open(tried, token, browser, step, now))
            if opened is not None:
                self._log.info("login.opened", user=tried.user_id, session=opened, code=bool(tried.code))
                return Answer(token)
        self._log.warning("login.failed", user=tried.user_id, failures=tried.failures, password=right)
        return Answer(locked_until=await self.write(partial(self.sessions.failed, tried)))

    def _open(self, tried: Try, token: str, browser: str, step: int, now: int) -> int | None:
        return self.sessions.open(tried, token, browser=browser, step=step, now=now)

    async def visit(self, token: str) -> Visit | None:
        """Who is there; the use of the session is noted now and then."""
        found = await to_thread.run_sync(self.sessions.visit, token, self.clock.now())
        if found is None:
            return None
        visit, due = found
        if due:
            await self.write(partial(self.sessions.seen, visit.session_id))
        return visit

    async def paths_of(self, codes: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """See PeopleBook. Our own area is known even before there is a register."""
        found = dict(await to_thread.run_sync(self.people.paths_of, codes))
        if self.within in codes:
            found.setdefault(self.within, (self.within,))
        return found

    async def is_password_of(self, account: Account, password: str) -> bool:
        """Whether the person at the browser knows the password; wrong ones count like those at the door.

        RefusedError while the door is closed.
        """
        self._refuse_when_full()
        tried = await self.write(partial(self.sessions.begin, account.name, ""))
        if tried.locked_until:
            raise RefusedError(both("密码错得太多，请稍后再试", "too many wrong passwords; try again later"))
        if await self._is_password(password, tried.password_hash):
            await self.write(lambda now: self.sessions.right(tried, now))
            return True
        await self.write(partial(self.sessions.failed, tried))
        return False

    async def hashed(self, password: str) -> str:
        """The hash of a password that was chosen."""
        self._refuse_when_full()
        return await to_thread.run_sync(hash_password, password, limiter=self._limiter)

    async def drawn(self) -> tuple[str, str]:
        """A password nobody chose, and its hash."""
        password = random_password()
        return password, await self.hashed(password)

    async def _is_password(self, password: str, stored: str) -> bool:
        return await to_thread.run_sync(is_password, password, stored, limiter=self._limiter)

    async def _nobodys(self) -> str:
        return await to_thread.run_sync(nobodys_hash, limiter=self._limiter)

    def _refuse_when_full(self) -> None:
        if self._limiter.statistics().tasks_waiting >= MOST_WAITING:
            raise RefusedError(_BUSY)
