"""The tables of the response (应急联动) and of what is fed back; a part of store/schema.py, which knows them all."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Table, Text, text

from warning_dispatch.store.schema_metadata import Key, key, metadata

response = Table(
    "response",
    metadata,
    key(),
    Column("callout_id", Key, ForeignKey("callout.id"), nullable=False, unique=True),
    Column("plan", Text, nullable=False, comment="JSON: what is asked of whom, frozen"),
    Column("stage", SmallInteger, nullable=False),
    Column(
        "next_at", BigInteger, comment="when counties that have reported nothing are looked at; none when they are not"
    ),
    Index(
        "ix_response_due",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
)

response_step = Table(
    "response_step",
    metadata,
    key(),
    Column("callout_id", Key, ForeignKey("callout.id"), nullable=False),
    Column("stage", SmallInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Index("ix_response_step_callout", "callout_id"),
)

action_done = Table(
    "action_done",
    metadata,
    key(),
    Column("callout_id", Key, ForeignKey("callout.id"), nullable=False),
    Column("callee_id", Key, ForeignKey("callee.id"), nullable=False),
    Column("action", Text, nullable=False, comment="id of a measure of the frozen plan"),
    Column("at", BigInteger, nullable=False),
    Column("receiver_id", Key, comment="who ticked it; none where an officer did"),
    Column("actor", Text, nullable=False, server_default=""),
    Column("sealed", LargeBinary, comment="a remark; it may name people"),
    Index("uq_action_done_callee_action", "callee_id", "action", unique=True),
    Index("ix_action_done_callout", "callout_id"),
)

feedback = Table(
    "feedback",
    metadata,
    key(),
    Column("callee_id", Key, ForeignKey("callee.id"), nullable=False),
    Column("receiver_id", Key),
    Column("at", BigInteger, nullable=False),
    Column("on_post", SmallInteger, nullable=False, server_default="0", comment="somebody says so; for sums"),
    Column("moved", Integer, comment="people moved to safety; none where nothing was said of it"),
    Column("danger", SmallInteger, nullable=False, server_default="0", comment="1 when one is told of"),
    Column(
        "by_reply", SmallInteger, nullable=False, server_default="0", comment="1: a message in free words, no report"
    ),
    Column(
        "sealed",
        LargeBinary,
        nullable=False,
        comment="JSON: on post, measures, people moved, dangers, free words; it may name people",
    ),
    Index("ix_feedback_callee", "callee_id"),
)
