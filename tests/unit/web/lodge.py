"""A real login on a database in memory: two counties, their officers, and one password for all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from anyio import to_thread
from sqlalchemy import text

from warning_dispatch.clock import VirtualClock
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.lockout import LoginRules
from warning_dispatch.model.register import Register
from warning_dispatch.model.rights import Grant, GrantKind
from warning_dispatch.model.unit import Unit, UnitKind, UnitLevel
from warning_dispatch.store.accounts import hash_password
from warning_dispatch.store.database import create_in_memory, reading, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.people import NewAccount, PeopleBook
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sessions import SessionBook
from warning_dispatch.web.login_desk import LoginDesk

PASSWORD = "the mulberry on the roof"
TREE = (
    ("1411", "吕梁市", UnitLevel.CITY, None),
    ("141123", "兴县", UnitLevel.COUNTY, "1411"),
    ("141124", "临县", UnitLevel.COUNTY, "1411"),
    ("141123100", "蔚汾镇", UnitLevel.TOWNSHIP, "141123"),
    ("141124101", "白文镇", UnitLevel.TOWNSHIP, "141124"),
    ("141124102", "城庄镇", UnitLevel.TOWNSHIP, "141124"),
)
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@cache
def password_hash() -> str:
    """Made once: it takes a tenth of a second on purpose."""
    return hash_password(PASSWORD)


@dataclass
class Lodge:
    """The books, and the desk the pages ask."""

    clock: VirtualClock
    engine: Any
    people: PeopleBook
    sessions: SessionBook
    desk: LoginDesk

    def add(self, name: str, kind: GrantKind, unit: str = "1411", *, must_change: bool = False) -> int:
        """An account with the password of all."""
        new = NewAccount(name, password_hash(), Grant(kind, unit), full_name=f"{name}某某", must_change=must_change)
        return self.people.add(new, actor="test", now=self.clock.now())

    def entries(self) -> list[dict[str, Any]]:
        """What the system's journal says."""
        with reading(self.engine) as connection:
            blocks = connection.execute(text("SELECT body FROM journal_block WHERE stream = 'system' ORDER BY seq"))
            return [entry for (body,) in blocks for entry in json.loads(body)]

    def kinds(self) -> list[str]:
        """What has happened, in order."""
        return [entry["k"] for entry in self.entries()]

    def everything(self) -> bytes:
        """Every value of the tables that know people."""
        tables = ("user_account", "user_grant", "user_session", "login_failure", "journal_block", "journal_head")
        with reading(self.engine) as connection:
            rows = [tuple(row) for table in tables for row in connection.execute(text(f"SELECT * FROM {table}"))]
        values = (one for row in rows for one in row)
        return b"|".join(bytes(one) if isinstance(one, bytes | memoryview) else str(one).encode() for one in values)


def make_lodge(clock: VirtualClock, rules: LoginRules | None = None, proxies: frozenset[str] = frozenset()) -> Lodge:
    """Open it."""
    engine, keys = create_in_memory(), KeyRing.simulated(1)
    sealer, journal = AesSealer(keys), Journal(keys.journal_key, silent_logger())
    units = tuple(Unit(code, name, UnitKind.DIVISION, level, code, above) for code, name, level, above in TREE)
    with writing(engine) as connection:
        replace_register(connection, sealer, Register(units, ()), 1)
    people = PeopleBook(engine, sealer, journal)
    sessions = SessionBook(engine, sealer, journal, rules or LoginRules())

    async def write(work: Callable[[int], Any]) -> Any:
        return await to_thread.run_sync(work, clock.now())

    return Lodge(clock, engine, people, sessions, LoginDesk(people, sessions, clock, write, "1411", proxies))


def csrf_in(page: str) -> str:
    """The token that the forms of a page carry."""
    found = CSRF.search(page)
    assert found, page
    return found.group(1)
