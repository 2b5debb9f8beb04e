"""Tables beside the register's own: its roster, its history, its daily chores. Part of store/schema.py."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text

from warning_dispatch.store.schema_ground import Key, key_column, metadata

duty_shift = Table(
    "duty_shift",
    metadata,
    key_column(),
    Column("unit_id", Key, ForeignKey("unit.id"), nullable=False),
    Column("receiver_id", Key, ForeignKey("receiver.id"), nullable=False),
    Column("begins_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Index("ix_duty_shift_unit", "unit_id", "ends_at"),
    comment="值班表: who is on duty for a unit; see escalation/roster.py.",
)

register_change = Table(
    "register_change",
    metadata,
    key_column(),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("source", Text, nullable=False, comment="how it came: import, roster, storm, schedule …"),
    Column("unit_code", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="unit or receiver"),
    Column("before", LargeBinary, comment="sealed JSON; none: it is new"),
    Column("after", LargeBinary, comment="sealed JSON; none: it has gone"),
    Index("ix_register_change_unit", "unit_code", "at"),
    comment="Who changed what in the register: it holds names and numbers, so it is sealed and destroyed on schedule.",
)

chore = Table(
    "chore",
    metadata,
    Column("name", Text, primary_key=True),
    Column("day", Text, nullable=False, server_default="", comment="the last day on which it was done"),
    Column("claimed_until", BigInteger, nullable=False, server_default="0", comment="somebody is at it until then"),
    Column("memory", Text, nullable=False, server_default="{}", comment="JSON: what it must know the next time"),
    comment="What is done once a day, whatever the number of daemons.",
)
