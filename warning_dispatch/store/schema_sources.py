"""The tables of sources, leases and what is passed on; a part of store/schema.py, which knows them all."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, SmallInteger, Table, Text, UniqueConstraint, text

from warning_dispatch.store.schema_metadata import Key, key, metadata

source = Table(
    "source",
    metadata,
    Column("name", Text, primary_key=True, comment="kind:name, as raw_message.source"),
    Column("seen_at", BigInteger, nullable=False, comment="the way was last known to be open"),
    Column("message_at", BigInteger, nullable=False, comment="the last message, or when the source was first watched"),
    Column("messages", Integer, nullable=False, server_default="0"),
    Column("trouble", Text, nullable=False, server_default="", comment="why it could not be looked at the last time"),
    Column("cursor", Text, nullable=False, server_default="{}", comment="JSON: ETag and Last-Modified of a feed"),
    Column(
        "gap_told", SmallInteger, nullable=False, server_default="0", comment="1 while an alarm has told of the gap"
    ),
    Column("quiet_told", SmallInteger, nullable=False, server_default="0", comment="the same of the silence"),
    comment="Health of the sources of warnings.",
)

source_item = Table(
    "source_item",
    metadata,
    Column("source", Text, primary_key=True),
    Column("item", Text, primary_key=True, comment="what the source calls it: file and digest, entry of a feed"),
    Column("at", BigInteger, nullable=False),
    Column("alert_id", Key),
    Column("disposition", Text, nullable=False),
    Column("reasons", Text, nullable=False, comment="JSON list"),
    Index("ix_source_item_at", "at"),
    sqlite_with_rowid=False,
    comment="What has been taken in already: written with the message, so that nothing is taken in twice.",
)

alert_area = Table(
    "alert_area",
    metadata,
    Column("area", Text, primary_key=True, comment="division code as a message names it, cut to its own group"),
    Column("alert_id", Key, ForeignKey("alert.id"), primary_key=True),
    Index("ix_alert_area_alert", "alert_id"),
    sqlite_with_rowid=False,
    comment="Which places each event of a message names: whose officers it is shown to.",
)

lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("claimed_until", BigInteger, nullable=False, comment="the holder is at it until then, or longer"),
    Column(
        "day", Text, nullable=False, server_default="", comment="of a daily chore: the last day on which it was done"
    ),
    Column(
        "memory", Text, nullable=False, server_default="{}", comment="JSON: what a daily chore must know the next time"
    ),
    comment="Work that is done by one, whatever the number of daemons: whoever has the row does it.",
)

publication = Table(
    "publication",
    metadata,
    key(),
    Column("alert_id", Key, ForeignKey("alert.id"), nullable=False, unique=True),
    Column("published_at", BigInteger, nullable=False),
    Column("cap", Text, comment="the alert as CAP 1.2, public by its nature; none: it must not leave the bureau"),
    comment="Accepted warnings as they are passed on, in the order in which they were.",
)

outlet_post = Table(
    "outlet_post",
    metadata,
    key(),
    Column("outlet", Text, nullable=False),
    Column("publication_id", Key, ForeignKey("publication.id"), nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column(
        "next_at", BigInteger, comment="WAITING: when it is posted (again); while it is under way, the end of its lease"
    ),
    Column("ended_at", BigInteger),
    Column("status", Integer, comment="HTTP status of the last answer; none: there was no answer"),
    Column(
        "receipt",
        Text,
        nullable=False,
        server_default="",
        comment="the beginning of the last answer, or what went wrong",
    ),
    UniqueConstraint("outlet", "publication_id", name="uq_outlet_post_outlet_publication"),
    Index(
        "ix_outlet_post_due",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
    Index("ix_outlet_post_publication", "publication_id"),
    comment="Warnings on their way to media, emergency broadcasting, radio and telecom, with the receipts.",
)
