"""会话与锁定: who is logged in, and how long whoever guesses has to wait.

A try is counted before the password is looked at, and taken back when it was right: a hundred guesses at the same moment
are a hundred, not one. Names that nobody has are counted like any other, so that the answer says nothing about them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Engine

from warning_dispatch.model.lockout import LockRule, LoginRules
from warning_dispatch.model.people import SessionView, Visit
from warning_dispatch.ports import Sealer
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.people import CODE_CONTEXT, STREAM, read_accounts, whose_account
from warning_dispatch.store.sql import Sql

ORIGIN_CONTEXT = "user.origin"
SEEN_EVERY = 60_000
"""ms between two notes that a session is in use."""
LONGEST_BROWSER = 200

_ENSURE = """INSERT INTO login_failure (whose, failures, last_at, locked_until) VALUES (?, 0, ?, 0)
 ON CONFLICT (whose) DO NOTHING"""
_COUNT = """INSERT INTO login_failure (whose, failures, last_at, locked_until) VALUES (?, 1, ?, 0)
 ON CONFLICT (whose) DO UPDATE SET last_at = excluded.last_at,
 failures = CASE WHEN login_failure.last_at < ? THEN 1 ELSE login_failure.failures + 1 END RETURNING failures"""
_SESSION = """SELECT s.id, s.user_id, s.opened_at, s.seen_at FROM user_session s JOIN user_account a ON a.id = s.user_id
 WHERE s.token_hash = ? AND a.ended_at IS NULL"""


@dataclass(frozen=True, slots=True)
class Try:
    """A login that has been counted. `user_id` 0: nobody has the name; it must take as long to find out as for others.

    `locked_until` not 0: the door is closed, and nothing was counted. `code`: the secret of one-time codes, empty when
    none are asked for; `code_step`: of the last one used.
    """

    name: str
    address: str
    locked_until: int = 0
    user_id: int = 0
    password_hash: str = ""
    code: str = ""
    code_step: int = 0
    failures: int = 0


def token_hash(token: str) -> bytes:
    """What is stored of a session's token."""
    return sha256(token.encode()).digest()


class SessionBook:
    """Logins, sessions and lock-outs of an installation. Safe from any thread; every call is one transaction."""

    def __init__(self, database: Engine, sealer: Sealer, journal: Journal, rules: LoginRules) -> None:
        """The parts are those of PeopleBook."""
        self._database = database
        self._sealer = sealer
        self._journal = journal
        self.rules = rules

    def begin(self, name: str, address: str, now: int) -> Try:
        """Count a try. `address` empty: it says nothing about who asks (a proxy of ours), and is not counted."""
        with writing(self._database) as connection:
            sql = Sql(connection)
            until = max(self._held(sql, whose, now) for whose, _ in self._counters(name, address))
            if until > now:
                return Try(name, address, locked_until=until)
            counts = [self._count(sql, whose, rule, now) for whose, rule in self._counters(name, address)]
            row = sql.one(
                """SELECT id, password_hash, code_sealed, code_step FROM user_account
                WHERE name = ? AND ended_at IS NULL""",
                name,
            )
            if row is None:
                return Try(name, address, failures=counts[0])
            code = self._sealer.unseal(bytes(row[2]), CODE_CONTEXT).decode() if row[2] else ""
            return Try(name, address, 0, int(row[0]), str(row[1]), code, int(row[3]), counts[0])

    def failed(self, tried: Try, now: int) -> int:
        """It was wrong: until when the door is closed now, 0 when it is open. A door that closes is in the journal."""
        with writing(self._database) as connection:
            sql = Sql(connection)
            until = max(_locked_until(sql, whose) for whose, _ in self._counters(tried.name, tried.address))
            if until <= now:
                return 0
            entry: dict[str, object] = {"k": "login.locked", "failures": tried.failures, "until": until}
            entry |= {"id": tried.user_id} if tried.user_id else {}
            self._journal.write(sql, STREAM, [entry], now)
        return until

    def open(self, tried: Try, token: str, *, browser: str, step: int, now: int) -> int | None:
        """It was right: a session for the token, and the tries are forgotten; its id. `step`: of the code that was used.

        None: not any more; the account has ended or got another password meanwhile, or the code was used already.
        """
        with writing(self._database) as connection:
            sql = Sql(connection)
            still = sql.run(
                """UPDATE user_account SET code_step = CASE WHEN code_step > ? THEN code_step ELSE ? END
                WHERE id = ? AND ended_at IS NULL AND password_hash = ? AND (? = 0 OR code_step < ?)""",
                *(step, step, tried.user_id, tried.password_hash, step, step),
            )
            if still != 1:
                return None
            self._forget(sql, tried, now)
            origin = json.dumps({"place": tried.address, "browser": browser[:LONGEST_BROWSER]}, ensure_ascii=False)
            session_id = int(
                sql.value(
                    """INSERT INTO user_session (user_id, token_hash, opened_at, seen_at, origin_sealed)
                    VALUES (?, ?, ?, ?, ?) RETURNING id""",
                    *(tried.user_id, token_hash(token), now, now, self._sealer.seal(origin.encode(), ORIGIN_CONTEXT)),
                )
            )
            entry = {"k": "session.opened", "id": tried.user_id, "session": session_id, "failed": tried.failures - 1}
            self._journal.write(sql, STREAM, [{**entry, "actor": f"user:{tried.name}"}], now)
        return session_id

    def right(self, tried: Try, now: int) -> None:
        """A password asked for once more, in a session, was right: the tries are forgotten."""
        with writing(self._database) as connection:
            self._forget(Sql(connection), tried, now)

    def visit(self, token: str, now: int) -> tuple[Visit, bool] | None:
        """Whose token it is, and whether it is time to note that it is in use; None: nobody's, or its time is over."""
        with reading(self._database) as connection:
            sql = Sql(connection)
            row = sql.one(_SESSION, token_hash(token))
            if row is None or not self._lives(row[2], row[3], now):
                return None
            [account] = read_accounts(sql, self._sealer, now, row[1])
        return Visit(account, int(row[0])), now - row[3] >= SEEN_EVERY

    def seen(self, session_id: int, now: int) -> None:
        """The session is in use."""
        with writing(self._database) as connection:
            Sql(connection).run(
                "UPDATE user_session SET seen_at = ? WHERE id = ? AND seen_at < ?", now, session_id, now
            )

    def sessions(self, user_id: int, now: int) -> Sequence[SessionView]:
        """Where somebody is logged in, newest first."""
        with reading(self._database) as connection:
            rows = Sql(connection).rows(
                """SELECT id, opened_at, seen_at, origin_sealed FROM user_session WHERE user_id = ?
                ORDER BY seen_at DESC, id DESC""",
                user_id,
            )
        return tuple(self._view(*row) for row in rows if self._lives(row[1], row[2], now))

    def end(self, user_id: int, session_id: int, *, actor: str, now: int) -> bool:
        """End one session of somebody; whether there was one."""
        with writing(self._database) as connection:
            sql = Sql(connection)
            ended = sql.run("DELETE FROM user_session WHERE id = ? AND user_id = ?", session_id, user_id)
            if ended:
                entry = {"k": "session.ended", "id": user_id, "session": session_id, "actor": actor}
                self._journal.write(sql, STREAM, [entry], now)
        return ended > 0

    def end_all(self, user_id: int, *, actor: str, now: int) -> int:
        """End every session of somebody; how many."""
        with writing(self._database) as connection:
            sql = Sql(connection)
            ended = sql.run("DELETE FROM user_session WHERE user_id = ?", user_id)
            if ended:
                entry = {"k": "session.ended", "id": user_id, "sessions": ended, "actor": actor}
                self._journal.write(sql, STREAM, [entry], now)
        return ended

    def _lives(self, opened_at: int, seen_at: int, now: int) -> bool:
        return now - opened_at < self.rules.absolute and now - seen_at < self.rules.idle

    def _view(self, session_id: int, opened_at: int, seen_at: int, sealed: bytes) -> SessionView:
        origin = json.loads(self._sealer.unseal(bytes(sealed), ORIGIN_CONTEXT))
        return SessionView(session_id, opened_at, seen_at, origin["place"], origin["browser"])

    # --- counting -----------------------------------------------------------------------------------------

    def _counters(self, name: str, address: str) -> list[tuple[bytes, LockRule]]:
        """Under what a try is counted: the account's name, and where it comes from."""
        of_account = [(whose_account(self._sealer, name), self.rules.account)]
        of_address = [(self._whose_address(address), self.rules.address)] if address else []
        return of_account + of_address

    def _whose_address(self, address: str) -> bytes:
        return self._sealer.blind_index(f"login.address:{address}")

    @staticmethod
    def _held(sql: Sql, whose: bytes, now: int) -> int:
        """Until when the door is closed; nobody else counts until the commit, in whatever process."""
        sql.run(_ENSURE, whose, now)
        return int(sql.value("SELECT locked_until FROM login_failure WHERE whose = ?" + sql.for_update, whose))

    @staticmethod
    def _count(sql: Sql, whose: bytes, rule: LockRule, now: int) -> int:
        """One more; the door closes at once if it must, and is opened again by whoever was right."""
        failures = int(sql.value(_COUNT, whose, now, now - rule.forget))
        wait = rule.wait(failures)
        if wait:
            sql.run("UPDATE login_failure SET locked_until = ? WHERE whose = ?", now + wait, whose)
        return failures

    def _forget(self, sql: Sql, tried: Try, now: int) -> None:
        """The account begins anew; of the address only this try is taken back, or a guesser could clear it by a login of their own."""
        sql.run("DELETE FROM login_failure WHERE whose = ?", whose_account(self._sealer, tried.name))
        if tried.address:
            sql.run(
                "UPDATE login_failure SET failures = failures - 1, locked_until = 0 WHERE whose = ?",
                self._whose_address(tried.address),
            )
        oldest = now - max(self.rules.account.forget, self.rules.address.forget)
        sql.run("DELETE FROM login_failure WHERE failures <= 0 OR last_at < ?", oldest)
        sql.run(
            "DELETE FROM user_session WHERE opened_at < ? OR seen_at < ?",
            *(now - self.rules.absolute, now - self.rules.idle),
        )


def _locked_until(sql: Sql, whose: bytes) -> int:
    return int(sql.value("SELECT locked_until FROM login_failure WHERE whose = ?", whose) or 0)
