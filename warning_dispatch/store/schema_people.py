"""The tables of the people who log in; a part of store/schema.py.

Nothing here lets anybody in: passwords are Argon2id hashes, sessions are kept by the hash of their token, the secret of
one-time codes is sealed, and so are a person's name and where a browser stands.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Table, Text

from warning_dispatch.store.schema_metadata import Key, key, metadata

user = Table(
    "user_account",
    metadata,
    key(),
    Column("name", Text, nullable=False, unique=True, comment="what is typed at the login"),
    Column("full_name_sealed", LargeBinary, nullable=False, comment="who it is; empty: nobody said"),
    Column("password_hash", Text, nullable=False),
    Column("password_at", BigInteger, nullable=False),
    Column("must_change", SmallInteger, nullable=False, server_default="0", comment="somebody else chose the password"),
    Column("code_sealed", LargeBinary, nullable=False, comment="secret of one-time codes; empty: none are asked for"),
    Column("code_pending", LargeBinary, nullable=False, comment="one that has not been proved yet"),
    Column("code_step", BigInteger, nullable=False, server_default="0", comment="of the last code used: never again"),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
)

user_grant = Table(
    "user_grant",
    metadata,
    key(),
    Column("user_id", Key, ForeignKey("user_account.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("unit_code", Text, nullable=False, comment="it holds there and below"),
    Column("granted_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index("ix_user_grant_user", "user_id"),
    comment="授权: a row is never changed but for its end.",
)

user_session = Table(
    "user_session",
    metadata,
    key(),
    Column("user_id", Key, ForeignKey("user_account.id"), nullable=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("opened_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("origin_sealed", LargeBinary, nullable=False, comment="address and browser, JSON"),
    Index("ix_user_session_user", "user_id"),
    comment="会话: who is logged in. Ended ones are gone; the journal has their end.",
)

login_failure = Table(
    "login_failure",
    metadata,
    key(),
    Column(
        "whose", LargeBinary, nullable=False, unique=True, comment="keyed digest of an account's name or an address"
    ),
    Column("failures", Integer, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("locked_until", BigInteger, nullable=False),
    Index("ix_login_failure_last_at", "last_at"),
    comment="锁定: wrong tries in a row.",
)
