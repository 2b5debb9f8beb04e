"""账号: people who log in, and what they may do. Every change is a transaction of its own, with its entry in the journal.

Whoever changes something is named by `actor`; the journal holds that and ids, never a name of a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.people import Account, HeldGrant
from warning_dispatch.model.rights import Grant, GrantKind
from warning_dispatch.model.unit import UnitKind, UnitLevel
from warning_dispatch.ports import Sealer
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.sql import Sql, marks
from warning_dispatch.tomlfiles import both

USER_NAME_CONTEXT = "user.full_name"
CODE_CONTEXT = "user.code"
STREAM = "system"
NOTHING = b""
"""What is stored where nothing is sealed."""

_GRANTS = """SELECT g.user_id, g.id, g.kind, g.unit_code, coalesce(u.name, '') FROM user_grant g
 LEFT JOIN unit u ON u.code = g.unit_code WHERE g.ended_at IS NULL AND (? = 0 OR g.user_id = ?) ORDER BY g.unit_code, g.kind"""
_PATHS = """WITH RECURSIVE above(start, code, superior_id, depth) AS (
 SELECT code, code, superior_id, 0 FROM unit WHERE code IN ({codes}) AND valid_until IS NULL
 UNION ALL SELECT a.start, u.code, u.superior_id, a.depth + 1 FROM above a JOIN unit u ON u.id = a.superior_id)
 SELECT start, code FROM above ORDER BY start, depth"""
CODES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to make. `must_change`: its owner has not chosen the password."""

    name: str
    password_hash: str
    grant: Grant
    full_name: str = ""
    must_change: bool = False


class PeopleBook:
    """The accounts of an installation. Safe from any thread; every call is one transaction."""

    def __init__(self, database: Engine, sealer: Sealer, journal: Journal) -> None:
        """`sealer` seals names; `journal` is written in the same transaction."""
        self._database = database
        self._sealer = sealer
        self._journal = journal

    # --- looking ------------------------------------------------------------------------------------------

    def accounts(self, now: int) -> Sequence[Account]:
        """Every account, ended ones last, by name."""
        with reading(self._database) as connection:
            return read_accounts(Sql(connection), self._sealer, now)

    def account(self, name: str, now: int) -> Account:
        """The account of that name. NotFoundError when there is none."""
        with reading(self._database) as connection:
            return self._named(Sql(connection), name, now)

    def has_administrator(self) -> bool:
        """Whether anybody can keep the accounts."""
        with reading(self._database) as connection:
            return _administrators(Sql(connection)) > 0

    def paths_of(self, codes: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """For each unit in force its own code and those of all its superiors, nearest first; unknown ones are left out."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        with reading(self._database) as connection:
            sql = Sql(connection)
            for start in range(0, len(codes), CODES_AT_ONCE):
                some = codes[start : start + CODES_AT_ONCE]
                for unit, above in sql.rows(_PATHS.replace("{codes}", marks(some)), *some):
                    found[unit].append(above)
        return {unit: tuple(path) for unit, path in found.items()}

    def account_of(self, user_id: int, now: int) -> Account:
        """The account of that number. NotFoundError when there is none."""
        with reading(self._database) as connection:
            found = next((one for one in read_accounts(Sql(connection), self._sealer, now) if one.id == user_id), None)
        if found is None:
            raise _no_account(str(user_id))
        return found

    def units_called(self, typed: str) -> Sequence[tuple[str, str]]:
        """Codes and names of the units that somebody may mean: by the code, else by the name; a few at most."""
        with reading(self._database) as connection:
            rows = Sql(connection).rows(
                """SELECT code, name FROM unit WHERE valid_until IS NULL AND (code = ? OR name = ?)
                ORDER BY CASE WHEN code = ? THEN 0 ELSE 1 END, level, code LIMIT 6""",
                *(typed, typed, typed),
            )
        named = tuple((str(code), str(name)) for code, name in rows)
        return named[:1] if named and named[0][0] == typed else named

    def counties(self) -> Sequence[tuple[str, str]]:
        """Codes and names of our own area and its counties: what is usually meant."""
        with reading(self._database) as connection:
            rows = Sql(connection).rows(
                "SELECT code, name FROM unit WHERE valid_until IS NULL AND kind = ? AND level <= ? ORDER BY code",
                *(UnitKind.DIVISION.value, int(UnitLevel.COUNTY)),
            )
        return tuple((str(code), str(name)) for code, name in rows)

    def password_hash(self, user_id: int) -> str:
        """What a password is compared with."""
        with reading(self._database) as connection:
            return str(Sql(connection).value("SELECT password_hash FROM user_account WHERE id = ?", user_id) or "")

    # --- accounts and grants ------------------------------------------------------------------------------

    def add(self, new: NewAccount, *, actor: str, now: int) -> int:
        """Make an account with its first grant; its id. RefusedError: the name is taken. NotFoundError: no such unit."""
        with writing(self._database) as connection:
            sql = Sql(connection)
            if sql.value("SELECT id FROM user_account WHERE name = ?", new.name) is not None:
                raise RefusedError(both(f"账号 {new.name} 已经存在", f"there is a user {new.name} already"))
            _require_unit(sql, new.grant.unit_code)
            sealed = self._sealer.seal(new.full_name.encode(), USER_NAME_CONTEXT) if new.full_name else NOTHING
            user_id = int(
                sql.value(
                    """INSERT INTO user_account (name, full_name_sealed, password_hash, password_at, must_change,
                    code_sealed, code_pending, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id""",
                    *(new.name, sealed, new.password_hash, now, int(new.must_change), NOTHING, NOTHING, now),
                )
            )
            grant_id = _insert_grant(sql, user_id, new.grant, now)
            facts = {"grant": grant_id, "role": new.grant.kind.value, "unit": new.grant.unit_code}
            self._note(sql, "user.added", user_id, actor, now, **facts)
        return user_id

    def grant(self, user_id: int, grant: Grant, *, actor: str, now: int) -> int:
        """Give somebody a grant more; its id. One that is held already stays as it is."""
        with writing(self._database) as connection:
            sql = Sql(connection)
            _require_account(sql, user_id)
            _require_unit(sql, grant.unit_code)
            held = sql.value(
                "SELECT id FROM user_grant WHERE user_id = ? AND kind = ? AND unit_code = ? AND ended_at IS NULL",
                *(user_id, grant.kind.value, grant.unit_code),
            )
            if held is not None:
                return int(held)
            grant_id = _insert_grant(sql, user_id, grant, now)
            facts = {"grant": grant_id, "role": grant.kind.value, "unit": grant.unit_code}
            self._note(sql, "user.granted", user_id, actor, now, **facts)
        return grant_id

    def end_grant(self, user_id: int, grant_id: int, *, actor: str, now: int) -> None:
        """Take a grant back. NotFoundError when it is not held; RefusedError when nobody would keep the accounts."""
        with writing(self._database) as connection:
            sql = Sql(connection)
            ended = sql.run(
                "UPDATE user_grant SET ended_at = ? WHERE id = ? AND user_id = ? AND ended_at IS NULL",
                *(now, grant_id, user_id),
            )
            if ended != 1:
                raise NotFoundError(both(f"没有授权 {grant_id}", f"there is no grant {grant_id}"))
            self._note(sql, "grant.ended", user_id, actor, now, grant=grant_id)
            _require_administrator(sql)

    def end(self, user_id: int, *, actor: str, now: int) -> None:
        """Nobody logs in with the account any more, and whoever is in is out. RefusedError as for a grant."""
        with writing(self._database) as connection:
            sql = Sql(connection)
            _require_account(sql, user_id)
            sql.run("UPDATE user_account SET ended_at = ? WHERE id = ?", now, user_id)
            sql.run("UPDATE user_grant SET ended_at = ? WHERE user_id = ? AND ended_at IS NULL", now, user_id)
            sessions = sql.run("DELETE FROM user_session WHERE user_id = ?", user_id)
            self._note(sql, "user.ended", user_id, actor, now, sessions=sessions)
            _require_administrator(sql)

    def unlock(self, name: str, *, actor: str, now: int) -> bool:
        """Forget the wrong tries for an account; whether there were any. NotFoundError: no such account."""
        with writing(self._database) as connection:
            sql = Sql(connection)
            user_id = sql.value("SELECT id FROM user_account WHERE name = ?", name)
            if user_id is None:
                raise _no_account(name)
            tries = sql.run("DELETE FROM login_failure WHERE whose = ?", whose_account(self._sealer, name))
            self._note(sql, "user.unlocked", int(user_id), actor, now)
        return tries > 0

    # --- passwords and codes ------------------------------------------------------------------------------

    def set_password(
        self, user_id: int, password_hash: str, *, actor: str, now: int, must_change: bool = False, keep: int = 0
    ) -> int:
        """Another password; all sessions end but `keep`. How many ended. A password set by somebody must be changed."""
        with writing(self._database) as connection:
            sql = Sql(connection)
            _require_account(sql, user_id)
            sql.run(
                "UPDATE user_account SET password_hash = ?, password_at = ?, must_change = ? WHERE id = ?",
                *(password_hash, now, int(must_change), user_id),
            )
            ended = _end_sessions(sql, user_id, keep)
            self._note(sql, "user.password", user_id, actor, now, sessions=ended)
        return ended

    def propose_code(self, user_id: int, secret: str) -> None:
        """Keep a secret for one-time codes until its owner has proved to have it."""
        with writing(self._database) as connection:
            sealed = self._sealer.seal(secret.encode(), CODE_CONTEXT)
            Sql(connection).run("UPDATE user_account SET code_pending = ? WHERE id = ?", sealed, user_id)

    def pending_code(self, user_id: int) -> str:
        """The secret that waits to be proved; empty when there is none."""
        with reading(self._database) as connection:
            sealed = Sql(connection).value("SELECT code_pending FROM user_account WHERE id = ?", user_id)
        return self._sealer.unseal(bytes(sealed), CODE_CONTEXT).decode() if sealed else ""

    def confirm_code(self, user_id: int, step: int, *, actor: str, now: int, keep: int = 0) -> None:
        """The pending secret is proved: its codes are asked for from now on, none up to `step`; sessions end but `keep`."""
        with writing(self._database) as connection:
            sql = Sql(connection)
            taken = sql.run(
                """UPDATE user_account SET code_sealed = code_pending, code_pending = ?, code_step = ?
                WHERE id = ? AND length(code_pending) > 0""",
                *(NOTHING, step, user_id),
            )
            if taken:
                self._note(sql, "code.on", user_id, actor, now, sessions=_end_sessions(sql, user_id, keep))

    def drop_code(self, user_id: int, *, actor: str, now: int, keep: int = 0) -> None:
        """No one-time codes are asked for any more; sessions end but `keep`."""
        with writing(self._database) as connection:
            sql = Sql(connection)
            sql.run(
                "UPDATE user_account SET code_sealed = ?, code_pending = ?, code_step = 0 WHERE id = ?",
                *(NOTHING, NOTHING, user_id),
            )
            self._note(sql, "code.off", user_id, actor, now, sessions=_end_sessions(sql, user_id, keep))

    def _named(self, sql: Sql, name: str, now: int) -> Account:
        found = next((one for one in read_accounts(sql, self._sealer, now) if one.name == name), None)
        if found is None:
            raise _no_account(name)
        return found

    def _note(self, sql: Sql, kind: str, user_id: int, actor: str, now: int, **facts: object) -> None:
        self._journal.write(sql, STREAM, [{"k": kind, "id": user_id, **facts, "actor": actor}], now)


def _end_sessions(sql: Sql, user_id: int, keep: int) -> int:
    return sql.run("DELETE FROM user_session WHERE user_id = ? AND id <> ?", user_id, keep)


# --- used by sessions.py as well --------------------------------------------------------------------------


def read_accounts(sql: Sql, sealer: Sealer, now: int, user_id: int = 0) -> tuple[Account, ...]:
    """Every account with its grants, and whether it is locked at a moment; or the one of that id, without asking that."""
    held: defaultdict[int, list[HeldGrant]] = defaultdict(list)
    for owner, grant_id, kind, code, unit_name in sql.rows(_GRANTS, user_id, user_id):
        held[owner].append(HeldGrant(grant_id, Grant(GrantKind(kind), code), unit_name))
    closed = () if user_id else sql.rows("SELECT whose, locked_until FROM login_failure WHERE locked_until > ?", now)
    locks = {bytes(whose): int(until) for whose, until in closed}
    rows = sql.rows(
        """SELECT a.id, a.name, a.full_name_sealed, a.created_at, a.ended_at, a.must_change, length(a.code_sealed),
        (SELECT max(s.seen_at) FROM user_session s WHERE s.user_id = a.id) FROM user_account a
        WHERE ? = 0 OR a.id = ? ORDER BY CASE WHEN a.ended_at IS NULL THEN 0 ELSE 1 END, a.name""",
        *(user_id, user_id),
    )
    return tuple(_account(row, sealer, held, locks) for row in rows)


def _account(row: Any, sealer: Sealer, held: Mapping[int, list[HeldGrant]], locks: Mapping[bytes, int]) -> Account:
    user_id, name, sealed, created_at, ended_at, must_change, code, seen_at = row
    return Account(
        id=user_id,
        name=name,
        full_name=sealer.unseal(bytes(sealed), USER_NAME_CONTEXT).decode() if sealed else "",
        created_at=created_at,
        ended_at=ended_at,
        must_change=bool(must_change),
        has_code=code > 0,
        held=tuple(held.get(user_id, ())),
        last_seen_at=seen_at,
        locked_until=locks.get(whose_account(sealer, name), 0),
    )


def whose_account(sealer: Sealer, name: str) -> bytes:
    """Under what the wrong tries for an account are counted, whether there is such an account or not."""
    return sealer.blind_index(f"login.account:{name}")


def _insert_grant(sql: Sql, user_id: int, grant: Grant, now: int) -> int:
    return int(
        sql.value(
            "INSERT INTO user_grant (user_id, kind, unit_code, granted_at) VALUES (?, ?, ?, ?) RETURNING id",
            *(user_id, grant.kind.value, grant.unit_code, now),
        )
    )


def _administrators(sql: Sql) -> int:
    return int(
        sql.value(
            """SELECT count(DISTINCT g.user_id) FROM user_grant g JOIN user_account a ON a.id = g.user_id
            WHERE g.kind = ? AND g.ended_at IS NULL AND a.ended_at IS NULL""",
            GrantKind.ADMINISTRATOR.value,
        )
    )


def _require_administrator(sql: Sql) -> None:
    """RefusedError when nobody is left. After the journal's entry: its head is locked, so two cannot end each other."""
    if _administrators(sql) == 0:
        raise RefusedError(
            both(
                "这是最后一个管理员，先给别人管理员授权", "this is the last administrator; make somebody else one first"
            )
        )


def _require_account(sql: Sql, user_id: int) -> None:
    """NotFoundError unless the account is in use; nobody else changes it until the commit."""
    found = sql.one("SELECT ended_at FROM user_account WHERE id = ?" + sql.for_update, user_id)
    if found is None:
        raise NotFoundError(both(f"没有账号 {user_id}", f"there is no user {user_id}"))
    if found[0] is not None:
        raise RefusedError(both("账号已停用", "the account has ended"))


def _require_unit(sql: Sql, code: str) -> None:
    """NotFoundError unless the register has the unit; an empty register knows none, and refuses none."""
    if sql.value("SELECT 1 FROM unit WHERE code = ? AND valid_until IS NULL", code) is not None:
        return
    if sql.value("SELECT 1 FROM unit LIMIT 1") is not None:
        raise NotFoundError(both(f"名册里没有单位 {code}", f"the register has no unit {code}"))


def _no_account(name: str) -> NotFoundError:
    return NotFoundError(both(f"没有账号 {name}", f"there is no user {name}"))
