"""账号与接口密钥: people who log in, and systems that send or read. Only hashes are stored."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from hashlib import sha256

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Connection, insert, select

from warning_dispatch.errors import RefusedError
from warning_dispatch.store.schema import api_key
from warning_dispatch.store.schema import user as user_account

SHORTEST_PASSWORD = 10
KEY_BYTES = 32


def hash_password(password: str) -> str:
    """The Argon2id hash of a password. RefusedError when it is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise RefusedError(
            f"密码至少 {SHORTEST_PASSWORD} 个字符 / a password has at least {SHORTEST_PASSWORD} characters"
        )
    return PasswordHash((Argon2Hasher(),)).hash(password)


def random_password() -> str:
    """A password nobody chose, 96 bits."""
    return secrets.token_urlsafe(12)


def has_user(connection: Connection, name: str) -> bool:
    """Whether the name is taken, by an account in use or a disabled one."""
    return connection.execute(select(user_account.c.id).where(user_account.c.name == name)).first() is not None


def add_user(connection: Connection, name: str, password_hash: str, role: str, unit_code: str, now: int) -> int:
    """Store an account; its id. RefusedError when the name is taken. `now` in ms."""
    if has_user(connection, name):
        raise RefusedError(f"账号 {name} 已经存在 / there is a user {name} already")
    row = {"name": name, "password_hash": password_hash, "role": role, "unit_code": unit_code, "created_at": now}
    return int(connection.execute(insert(user_account).returning(user_account.c.id), row).scalar_one())


def scopes_by_name(connection: Connection) -> dict[str, frozenset[str]]:
    """The keys in force by name, with their scopes."""
    rows = connection.execute(select(api_key.c.name, api_key.c.scopes).where(api_key.c.revoked_at.is_(None)))
    return {name: frozenset(part.strip() for part in scopes.split(",")) for name, scopes in rows}


def add_key(connection: Connection, name: str, scopes: Collection[str], now: int) -> tuple[int, str]:
    """Store a new key for a system; its id and the key itself, which is nowhere to be found again.

    RefusedError when the name is taken. `now` in ms.
    """
    if connection.execute(select(api_key.c.id).where(api_key.c.name == name)).first() is not None:
        raise RefusedError(f"密钥 {name} 已经存在 / there is a key {name} already")
    key = f"wd_{secrets.token_urlsafe(KEY_BYTES)}"
    row = {"name": name, "hash": sha256(key.encode()).digest(), "scopes": ",".join(scopes), "created_at": now}
    return int(connection.execute(insert(api_key).returning(api_key.c.id), row).scalar_one()), key
