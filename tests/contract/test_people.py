"""Accounts, sessions and lock-outs, as pages and commands rely on them, on each kind of database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, text

from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.lockout import HOUR, LockRule, LoginRules
from warning_dispatch.model.people import Account
from warning_dispatch.model.register import Register
from warning_dispatch.model.rights import Grant, GrantKind
from warning_dispatch.model.unit import Unit, UnitKind, UnitLevel
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.people import NewAccount, PeopleBook
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sessions import SessionBook

NOW = 1_785_000_000_000
MINUTE = 60_000
RULES = LoginRules(
    LockRule(free=3, first=MINUTE, longest=10 * MINUTE), LockRule(free=8), idle=2 * HOUR, absolute=5 * HOUR
)
CITY = Unit("1411", "吕梁市", UnitKind.DIVISION, UnitLevel.CITY, "1411", None)
LIN = Unit("141124", "临县", UnitKind.DIVISION, UnitLevel.COUNTY, "141124", "1411")
XING = Unit("141123", "兴县", UnitKind.DIVISION, UnitLevel.COUNTY, "141123", "1411")
BAIWEN = Unit("141124101", "白文镇", UnitKind.DIVISION, UnitLevel.TOWNSHIP, "141124101", "141124")
HERE = "10.14.11.24"


@dataclass
class House:
    """The books on a database with four units."""

    engine: Engine
    people: PeopleBook
    sessions: SessionBook

    def add(self, name: str, kind: GrantKind = GrantKind.OFFICER, unit: str = "141124") -> int:
        """An account whose password's hash is its name backwards."""
        new = NewAccount(name, name[::-1], Grant(kind, unit), full_name=f"姓名{name}")
        return self.people.add(new, actor="test", now=NOW)

    def one(self, name: str) -> Account:
        """As it stands."""
        return self.people.account(name, NOW)

    def log_in(self, name: str, token: str, now: int = NOW, step: int = 0) -> int | None:
        """A try that was right."""
        return self.sessions.open(self.sessions.begin(name, HERE, now), token, browser="测试", step=step, now=now)

    def entries(self) -> list[dict[str, Any]]:
        """What the system's journal says."""
        with reading(self.engine) as connection:
            blocks = connection.execute(text("SELECT body FROM journal_block WHERE stream = 'system' ORDER BY seq"))
            return [entry for (body,) in blocks for entry in json.loads(body)]


@pytest.fixture
def house(each_kind: Any) -> Iterator[House]:
    """On an empty database of each kind."""
    engine = each_kind.create()
    keys = KeyRing.simulated(1)
    sealer, journal = AesSealer(keys), Journal(keys.journal_key, silent_logger())
    with writing(engine) as connection:
        replace_register(connection, sealer, Register((CITY, LIN, XING, BAIWEN), ()), 1)
    yield House(engine, PeopleBook(engine, sealer, journal), SessionBook(engine, sealer, journal, RULES))
    engine.dispose()


def test_an_account_is_what_was_entered(house: House) -> None:
    """Name, person, grant with its unit's name; a name is taken once; a unit must be in the register."""
    house.add("wang")
    found = house.one("wang")
    assert (found.full_name, found.must_change, found.has_code, found.ended_at) == ("姓名wang", False, False, None)
    assert [(one.grant, one.unit_name) for one in found.held] == [(Grant(GrantKind.OFFICER, "141124"), "临县")]
    with pytest.raises(RefusedError, match="已经存在"):
        house.add("wang")
    with pytest.raises(NotFoundError, match="没有单位 999"):
        house.add("li", unit="999")
    assert [one.name for one in house.people.accounts(NOW)] == ["wang"]


def test_grants_come_and_go(house: House) -> None:
    """One is held once however often it is given; what is taken back is gone; the journal has each with its actor."""
    user = house.add("wang")
    first = house.people.grant(user, Grant(GrantKind.REGISTRAR, "141123"), actor="user:admin", now=NOW)
    assert house.people.grant(user, Grant(GrantKind.REGISTRAR, "141123"), actor="user:admin", now=NOW) == first
    house.add("boss", GrantKind.ADMINISTRATOR, "1411")
    house.people.end_grant(user, first, actor="user:admin", now=NOW)
    assert [one.grant.kind for one in house.one("wang").held] == [GrantKind.OFFICER]
    with pytest.raises(NotFoundError):
        house.people.end_grant(user, first, actor="user:admin", now=NOW)
    kinds = [(one["k"], one["actor"]) for one in house.entries() if one["id"] == user]
    assert kinds == [("user.added", "test"), ("user.granted", "user:admin"), ("grant.ended", "user:admin")]


def test_the_last_administrator_stays(house: House) -> None:
    """Neither its grant nor its account ends while it is the only one; nothing of the refused change remains."""
    boss = house.add("boss", GrantKind.ADMINISTRATOR, "1411")
    [held] = house.one("boss").held
    before = house.entries()
    with pytest.raises(RefusedError, match="最后一个管理员"):
        house.people.end_grant(boss, held.id, actor="x", now=NOW)
    with pytest.raises(RefusedError, match="最后一个管理员"):
        house.people.end(boss, actor="x", now=NOW)
    assert house.entries() == before
    assert house.people.has_administrator()
    house.add("second", GrantKind.ADMINISTRATOR, "1411")
    house.people.end(boss, actor="x", now=NOW)
    assert house.one("boss").ended_at == NOW


def test_paths_go_up_to_the_root(house: House) -> None:
    """A unit with all its superiors, nearest first; one that nobody knows has no path."""
    assert house.people.paths_of(["141124101", "1411", "999"]) == {
        "141124101": ("141124101", "141124", "1411"),
        "1411": ("1411",),
    }
    assert house.people.paths_of([]) == {}


def test_a_session_lives_by_use_and_not_for_ever(house: House) -> None:
    """It ends when nobody uses it, and at its limit however much it is used; a use is noted once a minute."""
    house.add("wang")
    session = house.log_in("wang", "t1")
    assert session
    found = house.sessions.visit("t1", NOW + MINUTE - 1)
    assert found is not None
    assert (found[0].actor, found[0].session_id, found[1]) == ("user:wang", session, False)
    assert house.sessions.visit("t2", NOW) is None
    assert house.sessions.visit("t1", NOW + 2 * HOUR) is None
    for hours in (1, 2, 3, 4):
        late = house.sessions.visit("t1", NOW + hours * HOUR)
        assert late is not None
        assert late[1]
        house.sessions.seen(session, NOW + hours * HOUR)
    assert house.sessions.visit("t1", NOW + 5 * HOUR - 1) is not None
    assert house.sessions.visit("t1", NOW + 5 * HOUR) is None


def test_sessions_are_listed_and_ended(house: House) -> None:
    """Each browser with its place; one ends, or all; nobody ends another's."""
    user, other = house.add("wang"), house.add("li")
    first, second, foreign = house.log_in("wang", "a"), house.log_in("wang", "b", NOW + 1), house.log_in("li", "c")
    assert [(one.id, one.place, one.browser) for one in house.sessions.sessions(user, NOW + 2)] == [
        (second, HERE, "测试"),
        (first, HERE, "测试"),
    ]
    assert first
    assert foreign
    assert not house.sessions.end(user, foreign, actor="user:wang", now=NOW)
    assert house.sessions.end(user, first, actor="user:wang", now=NOW)
    assert house.sessions.visit("a", NOW) is None
    assert house.sessions.end_all(user, actor="user:wang", now=NOW) == 1
    assert house.sessions.visit("b", NOW) is None
    assert house.sessions.visit("c", NOW) is not None
    assert other


def test_an_end_is_at_once(house: House) -> None:
    """An ended account is out of every browser, and in none again; the same name cannot be begun with."""
    house.add("boss", GrantKind.ADMINISTRATOR, "1411")
    user = house.add("wang")
    house.log_in("wang", "a")
    under_way = house.sessions.begin("wang", HERE, NOW)
    house.people.end(user, actor="user:boss", now=NOW)
    assert house.sessions.visit("a", NOW) is None
    assert house.sessions.open(under_way, "b", browser="", step=0, now=NOW) is None
    assert house.sessions.begin("wang", HERE, NOW).user_id == 0


def test_another_password_ends_the_other_sessions(house: House) -> None:
    """The browser in which it was changed stays; a login that was under way with the old one is void."""
    user = house.add("wang")
    kept = house.log_in("wang", "a")
    house.log_in("wang", "b")
    under_way = house.sessions.begin("wang", HERE, NOW)
    assert kept
    assert house.people.set_password(user, "new", actor="user:wang", now=NOW, keep=kept) == 1
    assert house.sessions.visit("a", NOW) is not None
    assert house.sessions.visit("b", NOW) is None
    assert house.sessions.open(under_way, "c", browser="", step=0, now=NOW) is None
    assert house.people.password_hash(user) == "new"


def test_wrong_tries_close_the_door_for_longer_and_longer(house: House) -> None:
    """From the third on: a minute, two, four, never more than ten; while it is closed nothing counts; it says until when."""
    user = house.add("wang")
    now, waits = NOW, []
    for _ in range(8):
        tried = house.sessions.begin("wang", "", now)
        assert not tried.locked_until
        until = house.sessions.failed(tried, now)
        if until:
            waits.append((until - now) // MINUTE)
            shut = house.sessions.begin("wang", "", now + 1)
            assert (shut.locked_until, shut.user_id) == (until, 0)
            now = until
    assert waits == [1, 2, 4, 8, 10, 10]
    assert [one["id"] for one in house.entries() if one["k"] == "login.locked"] == [user] * 6
    assert house.people.account("wang", now - 1).locked_until == now


def test_guesses_at_the_same_moment_are_counted_one_by_one(house: House) -> None:
    """Twenty at once, from any number of processes: three are looked at, the others find the door closed."""
    with ThreadPoolExecutor(10) as crowd:
        tries = list(crowd.map(lambda number: house.sessions.begin("wang", f"10.0.0.{number}", NOW), range(20)))
    assert sorted(one.failures for one in tries) == [0] * 17 + [1, 2, 3]
    assert sum(bool(one.locked_until) for one in tries) == 17


def test_a_right_try_forgets_the_wrong_ones(house: House) -> None:
    """After a login the count begins anew; how many were wrong before stands in the journal, once."""
    house.add("wang")
    for _ in range(2):
        house.sessions.failed(house.sessions.begin("wang", HERE, NOW), NOW)
    assert house.log_in("wang", "a") is not None
    assert house.entries()[-1]["failed"] == 2
    assert house.sessions.failed(house.sessions.begin("wang", HERE, NOW), NOW) == 0


def test_the_address_is_counted_over_all_names(house: House) -> None:
    """Who tries one name after the other is shut out too; a login of their own in between takes back only itself."""
    house.add("own")
    locked = 0
    for number in range(20):
        tried = house.sessions.begin(f"name{number}", HERE, NOW)
        if tried.locked_until:
            locked += 1
        elif not house.sessions.failed(tried, NOW):
            assert house.log_in("own", f"t{number}") is not None
    assert locked == 12
    assert house.sessions.begin("own", HERE, NOW).locked_until
    assert not house.sessions.begin("own", "10.14.11.25", NOW).locked_until


def test_names_that_nobody_has_are_counted_alike(house: House) -> None:
    """The lock tells nothing about who has an account; the journal names no account for them."""
    for name in ("wang", "ghost"):
        if name == "wang":
            house.add(name)
        untils = [house.sessions.failed(house.sessions.begin(name, "", NOW), NOW) for _ in range(3)]
        assert untils == [0, 0, NOW + MINUTE]
    assert ["id" in one for one in house.entries() if one["k"] == "login.locked"] == [True, False]


def test_unlocking_opens_the_door(house: House) -> None:
    """At once; an unknown name is said to be none."""
    house.add("wang")
    for _ in range(3):
        house.sessions.begin("wang", "", NOW)
    assert house.sessions.begin("wang", "", NOW).locked_until
    assert house.people.unlock("wang", actor="user:boss", now=NOW)
    assert not house.sessions.begin("wang", "", NOW).locked_until
    with pytest.raises(NotFoundError, match="没有账号 ghost"):
        house.people.unlock("ghost", actor="x", now=NOW)


def test_a_code_is_used_once(house: House) -> None:
    """Proposed, proved, asked for; a step that was used lets nobody in again; dropped, none is asked for."""
    user = house.add("wang")
    house.people.propose_code(user, "SECRET")
    assert house.people.pending_code(user) == "SECRET"
    assert house.sessions.begin("wang", "", NOW).code == ""
    house.people.confirm_code(user, 100, actor="user:wang", now=NOW)
    tried = house.sessions.begin("wang", "", NOW)
    assert (tried.code, tried.code_step, house.one("wang").has_code) == ("SECRET", 100, True)
    house.people.unlock("wang", actor="test", now=NOW)
    assert house.log_in("wang", "a", step=100) is None
    assert house.log_in("wang", "b", step=101) is not None
    assert house.log_in("wang", "c", step=101) is None
    house.people.drop_code(user, actor="user:wang", now=NOW)
    assert house.sessions.begin("wang", "", NOW).code == ""


def test_nothing_in_the_tables_lets_anybody_in(house: House) -> None:
    """No token, secret, person's name or address stands anywhere in clear."""
    user = house.add("wang")
    house.people.propose_code(user, "TOPSECRET")
    house.log_in("wang", "the-token")
    with reading(house.engine) as connection:
        tables = ("user_account", "user_session", "login_failure", "journal_block")
        rows = [tuple(row) for table in tables for row in connection.execute(text(f"SELECT * FROM {table}"))]
    stored = b"|".join(
        bytes(one) if isinstance(one, bytes | memoryview) else str(one).encode() for row in rows for one in row
    )
    for clear in ("the-token", "TOPSECRET", "姓名wang", HERE):
        assert clear.encode() not in stored
