"""The table of what was expected of call-outs; a part of store/schema.py."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text

from warning_dispatch.store.schema_metadata import Key, metadata

estimate = Table(
    "estimate",
    metadata,
    Column("callout_id", Key, ForeignKey("callout.id"), primary_key=True, autoincrement=False),
    Column("made_at", BigInteger, nullable=False),
    Column("said", Text, nullable=False, comment="JSON: what was expected at the launch; never changed"),
    Column("latest_at", BigInteger),
    Column("latest", Text, comment="JSON: the same from where the call-out stood at latest_at"),
    comment="预估: by planning, beside the engine; the journal does not depend on it.",
)
