"""The tables of the yearly refresh (年度更新备案): campaigns, filings, links, proofs, letters; a part of store/schema.py."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from warning_dispatch.model.renewal import CampaignState, FilingState, LetterState, ProofState
from warning_dispatch.model.unit import Channel
from warning_dispatch.store.schema_metadata import Key, key, metadata


def _where(condition: str) -> Any:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


LETTER_ON_A_LINE = (
    f"state IN ({LetterState.CLAIMED.value}, {LetterState.HANDED.value}) AND channel = {Channel.VOICE.value}"
)
"""Test calls that are claimed or handed over: each has a line of its route, as a call of a call-out has."""

campaign = Table(
    "campaign",
    metadata,
    key(),
    Column("title", Text, nullable=False),
    Column("due", Text, nullable=False, comment="day, 2027-04-20"),
    Column("state", SmallInteger, nullable=False),
    Column("rules", Text, nullable=False, comment="JSON: approval, days of reminders, proof; frozen when it is opened"),
    Column("opened_at", BigInteger, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("reminded", Integer, comment="the last reminder that was sent, in days from the day due"),
    Column("closed_at", BigInteger),
    Column("closed_by", Text, nullable=False, server_default=""),
    Column("report", Text, nullable=False, server_default="", comment="JSON: the closing report, without people"),
    Index("uq_campaign_open", "state", unique=True, **_where(f"state = {CampaignState.OPEN.value}")),
)

filing = Table(
    "filing",
    metadata,
    key(),
    Column("campaign_id", Key, ForeignKey("campaign.id"), comment="none: a change between campaigns"),
    Column("unit_id", Key, ForeignKey("unit.id"), nullable=False),
    Column("registrar_id", Key, ForeignKey("unit.id"), nullable=False, comment="the unit that is asked for it"),
    Column("state", SmallInteger, nullable=False),
    Column("version", Integer, nullable=False, server_default="0", comment="moves with every move"),
    Column("how", Text, nullable=False, server_default="", comment="how it was handed in"),
    Column("changed", SmallInteger, nullable=False, server_default="0", comment="1: it changed the register, or would"),
    Column("handed_in_at", BigInteger),
    Column("handed_in_by", Text, nullable=False, server_default="", comment="link:<id>, an actor; never a name"),
    Column("filed_at", BigInteger),
    Column("decided_by", Text, nullable=False, server_default=""),
    Column("note", LargeBinary, comment="sealed: why it was returned; what a human wrote can name people"),
    Column("proposed", LargeBinary, comment="sealed JSON: the unit's people as they would be"),
    Column("compared", LargeBinary, comment="digest of the people on file that the proposal was compared with"),
    UniqueConstraint("campaign_id", "unit_id", name="uq_filing_campaign_unit"),
    Index("ix_filing_unit", "unit_id"),
    Index("ix_filing_registrar", "registrar_id", "campaign_id"),
    Index("ix_filing_state", "campaign_id", "state"),
    Index("ix_filing_awaiting", "id", **_where(f"state = {FilingState.HANDED_IN.value}")),
)

renewal_link = Table(
    "renewal_link",
    metadata,
    key(),
    Column("hash", LargeBinary, nullable=False, unique=True, comment="SHA-256 of the token, which is not stored"),
    Column("campaign_id", Key, ForeignKey("campaign.id"), nullable=False),
    Column("number_id", Key, ForeignKey("number.id"), nullable=False, comment="where it was sent"),
    Column("channel", SmallInteger, nullable=False),
    Column("generation", SmallInteger, nullable=False, server_default="1"),
    Column("receiver_id", Key, ForeignKey("receiver.id"), nullable=False, comment="whose phone the step asks for"),
    Column("made_at", BigInteger, nullable=False),
    Column("expired_at", BigInteger, comment="from then on it shows and changes nothing"),
    Column("wrong_tries", SmallInteger, nullable=False, server_default="0"),
    Column("used_at", BigInteger),
    UniqueConstraint("campaign_id", "number_id", "channel", "generation", name="uq_renewal_link_campaign"),
    comment="A registrar's link: one for each number and channel, for all units that the person answers for.",
)

renewal_link_unit = Table(
    "renewal_link_unit",
    metadata,
    Column("link_id", Key, ForeignKey("renewal_link.id"), primary_key=True),
    Column("unit_id", Key, ForeignKey("unit.id"), primary_key=True, comment="the registrar's unit"),
    sqlite_with_rowid=False,
)

proof = Table(
    "proof",
    metadata,
    key(),
    Column("hash", LargeBinary, unique=True, comment="of the token in the test message"),
    Column("campaign_id", Key, ForeignKey("campaign.id")),
    Column("number_id", Key, ForeignKey("number.id"), nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("unit_id", Key, ForeignKey("unit.id"), nullable=False, comment="whose hand-in brought it"),
    Column("state", SmallInteger, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("means", Text, nullable=False, server_default=""),
    Index("ix_proof_number", "number_id"),
    Index("uq_proof_asked", "number_id", "channel", unique=True, **_where(f"state = {ProofState.ASKED.value}")),
    comment="A test message and what its holder said; one at a time for a number.",
)

letter = Table(
    "letter",
    metadata,
    key(),
    Column("campaign_id", Key, ForeignKey("campaign.id")),
    Column("kind", SmallInteger, nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("number_id", Key, ForeignKey("number.id"), nullable=False),
    Column("link_id", Key, ForeignKey("renewal_link.id")),
    Column("proof_id", Key, ForeignKey("proof.id")),
    Column("unit_id", Key, ForeignKey("unit.id"), nullable=False, comment="as which it is addressed"),
    Column("language", Text, nullable=False, server_default="zh_CN"),
    Column("once", Text, nullable=False, comment="campaign and day: a number gets one of a kind a day"),
    Column("state", SmallInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    Column("route", Text),
    Column("lease_until", BigInteger),
    Column("handed_at", BigInteger),
    Column("delivered_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("outcome", Text, nullable=False, server_default=""),
    Column("possible_duplicate", SmallInteger, nullable=False, server_default="0"),
    UniqueConstraint("number_id", "channel", "kind", "once", name="uq_letter_once"),
    Index("ix_letter_ready", "channel", "due_at", "id", **_where(f"state = {LetterState.READY.value}")),
    Index("ix_letter_lease", "lease_until", **_where("lease_until IS NOT NULL")),
    Index("ix_letter_line", "route", **_where(LETTER_ON_A_LINE)),
    Index("ix_letter_line_number", "number_id", **_where(LETTER_ON_A_LINE)),
    Index("ix_letter_campaign", "campaign_id", "kind"),
    Index("ix_letter_link", "link_id"),
    comment="Messages of the yearly refresh, beside the call-outs' attempts and always behind them.",
)
