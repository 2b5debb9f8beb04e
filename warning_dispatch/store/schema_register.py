"""The tables of the register: units, people, numbers, its roster, its history; a part of store/schema.py."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Table, Text

from warning_dispatch.store.schema_metadata import Key, key, metadata

unit = Table(
    "unit",
    metadata,
    key(),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("area", Text, nullable=False, comment="division code, 4/6/9/12 digits"),
    Column("superior_id", Key, ForeignKey("unit.id")),
    Column("sector", Text, nullable=False, server_default=""),
    Column("callable", SmallInteger, nullable=False, server_default="1"),
    Column(
        "reach", Integer, nullable=False, server_default="0", comment="mask of role x channel with a usable endpoint"
    ),
    Column("certified_on", Text, nullable=False, server_default="", comment="day, of a key unit"),
    Column("review_on", Text, nullable=False, server_default="", comment="day, of a key unit"),
    Column("certificate", Text, nullable=False, server_default="", comment="number, of a key unit"),
    Column("measures", Text, nullable=False, server_default="", comment="what a key unit must do on a warning"),
    Column("valid_from", BigInteger),
    Column("valid_until", BigInteger),
    Index("ix_unit_kind_level_area", "kind", "level", "area"),
    Index("ix_unit_superior", "superior_id"),
)

number = Table(
    "number",
    metadata,
    key(),
    Column("kind", Text, nullable=False, comment="phone or mail"),
    Column("sealed", LargeBinary, nullable=False),
    Column("blind_index", LargeBinary, nullable=False, unique=True),
    Column("masked", Text, nullable=False, comment="138****5678"),
    Column(
        "sample",
        SmallInteger,
        nullable=False,
        server_default="0",
        comment="cannot reach anybody; real routes refuse it",
    ),
)

receiver = Table(
    "receiver",
    metadata,
    key(),
    Column("unit_id", Key, ForeignKey("unit.id"), nullable=False),
    Column("role", SmallInteger, nullable=False),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("post", Text, nullable=False, server_default=""),
    Column("language", Text, nullable=False, server_default="zh_CN"),
    Column("rank", SmallInteger, nullable=False, server_default="0", comment="order among the receivers of one role"),
    Column("serves_from", Text, nullable=False, server_default="", comment="first day; empty: at once"),
    Column("serves_until", Text, nullable=False, server_default="", comment="last day; empty: no end is known"),
    Column("verified_on", Text, nullable=False, server_default="", comment="day on which somebody made sure of it"),
    Column("verified_how", Text, nullable=False, server_default=""),
    Column("valid_from", BigInteger),
    Column("valid_until", BigInteger),
    Index("ix_receiver_unit", "unit_id"),
)

endpoint = Table(
    "endpoint",
    metadata,
    key(),
    Column("receiver_id", Key, ForeignKey("receiver.id"), nullable=False),
    Column(
        "unit_id", Key, ForeignKey("unit.id"), nullable=False, comment="of the receiver; kept here for the hot path"
    ),
    Column("role", SmallInteger, nullable=False, comment="of the receiver; kept here for the hot path"),
    Column("channel", SmallInteger, nullable=False),
    Column("number_id", Key, ForeignKey("number.id"), nullable=False),
    Column("rank", SmallInteger, nullable=False, server_default="0"),
    Column("usable", SmallInteger, nullable=False, server_default="1"),
    Column(
        "finding",
        Text,
        nullable=False,
        server_default="",
        comment="why it is not usable (empty, invalid, opted out; not_yet: before the person's first day)",
    ),
    Column("proved_at", BigInteger, comment="when its holder last confirmed that the number is theirs"),
    Column("valid_until", BigInteger),
    Index("ix_endpoint_unit", "unit_id", "channel"),
    Index("ix_endpoint_number", "number_id"),
    Index("ix_endpoint_receiver", "receiver_id"),
    comment="Immutable: a change is a new row, the old one gets valid_until.",
)

duty_shift = Table(
    "duty_shift",
    metadata,
    key(),
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
    key(),
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
