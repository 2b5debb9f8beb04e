"""The tables of routes, their limits and what is used of them; a part of store/schema.py, which knows them all."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, SmallInteger, Table, Text

from warning_dispatch.store.schema_metadata import Key, key, metadata

route = Table(
    "route",
    metadata,
    Column("name", Text, primary_key=True),
    Column("channel", SmallInteger, nullable=False),
    Column("lines", Integer, comment="how many calls at once; none: no such limit"),
    Column("rate", Integer, comment="per minute; none: no such limit"),
    Column("tokens", BigInteger, nullable=False, server_default="0", comment="thousandths of a message"),
    Column("tokens_at", BigInteger, nullable=False, server_default="0"),
    Column(
        "phase", SmallInteger, nullable=False, server_default="0", comment="breaker: in service, out of it, one trial"
    ),
    Column("failures", SmallInteger, nullable=False, server_default="0", comment="refusals for the moment, in a row"),
    Column("openings", SmallInteger, nullable=False, server_default="0", comment="how often in a row it was taken out"),
    Column(
        "down_until",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="out of service: no trial before; trial: over then; in service: since when",
    ),
    Column("down_why", Text, nullable=False, server_default="", comment="the outcome that took it out of service"),
    Column("trial_id", Key, comment="the attempt that is the trial"),
    Column("balance", Text, nullable=False, server_default="", comment="as the provider said it at the last probe"),
    Column(
        "dead_lines", Text, nullable=False, server_default="", comment="lines (from 1) that were dead at the last probe"
    ),
    Column("probed_at", BigInteger, nullable=False, server_default="0", comment="when it was last asked how it fares"),
)

number_call = Table(
    "number_call",
    metadata,
    key(),
    Column("number_id", Key, nullable=False),
    Column("route", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_number_call_window", "number_id", "route", "at"),
    comment="The exact sliding window of calls per number and provider.",
)

opt_out = Table(
    "opt_out",
    metadata,
    Column("number_id", Key, primary_key=True, autoincrement=False),
    Column("route", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
    comment="Who has told a provider to send nothing more: by that route nothing is sent, everything else goes on.",
)

turn = Table(
    "turn",
    metadata,
    Column("channel", SmallInteger, primary_key=True),
    Column("ranked", Integer, primary_key=True, comment="colour, level and whether tried: the part of an order key"),
    Column("county", Text, primary_key=True),
    Column("turn", Integer, nullable=False, comment="the last one dealt"),
    sqlite_with_rowid=False,
    comment="Fairness between counties whose attempts wait in one queue.",
)
