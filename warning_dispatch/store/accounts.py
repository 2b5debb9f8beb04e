"""密码与接口密钥: how a password is kept, and systems that send or read. Only hashes are stored."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from functools import cache
from hashlib import sha256

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Connection, insert, select

from warning_dispatch.errors import RefusedError
from warning_dispatch.store.schema import api_key

KEY_BYTES = 32


def hash_password(password: str) -> str:
    """The Argon2id hash of a password: a tenth of a second and 64 MB, on purpose. Never on the event loop."""
    return _hasher().hash(password)


def is_password(password: str, stored: str) -> bool:
    """Whether it is the password of that hash; as long for a wrong one. Never on the event loop."""
    try:
        return _hasher().verify(password, stored)
    except UnknownHashError:
        return False


@cache
def nobodys_hash() -> str:
    """What a password is compared with when nobody has the name: it takes as long, and is never right."""
    return hash_password(secrets.token_urlsafe(24))


def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


def random_password() -> str:
    """A password nobody chose, 96 bits."""
    return secrets.token_urlsafe(12)


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
