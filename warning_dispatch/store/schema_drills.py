"""The tables of drills; a part of store/schema.py.

What a drill is about stands in `content` as it was composed: whoever releases it releases exactly that. It names receivers by
id only. References to call-outs are plain ids: those are destroyed on schedule, the report stays.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, SmallInteger, Table, Text, text

from warning_dispatch.model.drills import DrillState
from warning_dispatch.store.schema_metadata import Key, key, metadata

_WAITS = f"state IN ({DrillState.RELEASED.value}, {DrillState.RUNNING.value})"

drill = Table(
    "drill",
    metadata,
    key(),
    Column("kind", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("content", Text, nullable=False, comment="JSON: plan, area, tiers, named list, words; frozen when composed"),
    Column("starts_at", BigInteger, comment="its hour; none: as soon as it is released"),
    Column("announce_at", BigInteger, comment="when people are told beforehand; none: they are not"),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("first_by", Text, nullable=False, server_default="", comment="who released it"),
    Column("first_at", BigInteger),
    Column("second_by", Text, nullable=False, server_default="", comment="who else did; for everyone two must"),
    Column("second_at", BigInteger),
    Column("announced_id", Key, comment="the call-out that announced it"),
    Column("callout_id", Key, comment="the call-out that it is; none on paper"),
    Column("began_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("ended_by", Text, nullable=False, server_default=""),
    Column("why", Text, nullable=False, server_default="", comment="why it ended, or did not begin"),
    Column("score", SmallInteger),
    Column("report", Text, comment="JSON: the report, once it is over; units by code and name, numbers masked"),
    Index("ix_drill_waits", "state", sqlite_where=text(_WAITS), postgresql_where=text(_WAITS)),
    comment="Exercises: what was composed, who released it, what came of it.",
)

drill_day = Table(
    "drill_day",
    metadata,
    key(),
    Column("day", Text, nullable=False, comment="2026-05-12"),
    Column("title", Text, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("yearly", SmallInteger, nullable=False, server_default="0"),
    Column(
        "told", SmallInteger, nullable=False, server_default="-1", comment="last reminder, in days before; -1: none"
    ),
    Column("followed", SmallInteger, nullable=False, server_default="0", comment="1 when next year's was entered"),
    Column("drill_id", Key, ForeignKey("drill.id"), comment="the drill that was composed for it"),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Index("ix_drill_day_day", "day"),
    comment="The calendar of drills.",
)
