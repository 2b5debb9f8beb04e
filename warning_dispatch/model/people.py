"""账号: the people of the bureau who log in, as pages and commands see them. Times in ms UTC."""

from __future__ import annotations

from dataclasses import dataclass

from warning_dispatch.model.rights import Grant


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """A grant that somebody holds, with its number."""

    id: int
    grant: Grant
    unit_name: str


@dataclass(frozen=True, slots=True)
class Account:
    """账号. `name` is what is typed at the login; `full_name` who it is. `ended_at`: nobody logs in with it any more."""

    id: int
    name: str
    full_name: str
    created_at: int
    ended_at: int | None
    must_change: bool
    """The password was chosen by somebody else and must be replaced first."""
    has_code: bool
    """A one-time code is asked for besides the password."""
    held: tuple[HeldGrant, ...] = ()
    last_seen_at: int | None = None
    locked_until: int = 0

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What the person may do, and where."""
        return tuple(one.grant for one in self.held)


@dataclass(frozen=True, slots=True)
class SessionView:
    """会话: one browser in which somebody is logged in. `place`: the address, `browser`: what it called itself."""

    id: int
    opened_at: int
    seen_at: int
    place: str
    browser: str


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of somebody who is logged in: the account and the session it came in."""

    account: Account
    session_id: int

    @property
    def actor(self) -> str:
        """How the journal names the person."""
        return f"user:{self.account.name}"
