"""One schema for SQLite and PostgreSQL. Integer rising keys, times as ms UTC, partial indices on what is due.

Personal data (numbers, mail addresses, names, raw messages) is sealed; see store/sealing.py. Everything hot
refers to a number by its id. For the order of locks see docs/adr/0012.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from warning_dispatch.model.states import AttemptState, BranchState, CalleeState
from warning_dispatch.model.unit import Channel
from warning_dispatch.store.schema_drills import drill, drill_day
from warning_dispatch.store.schema_limits import number_call, opt_out, route, turn
from warning_dispatch.store.schema_metadata import Key, key, metadata
from warning_dispatch.store.schema_people import login_failure, user, user_grant, user_session
from warning_dispatch.store.schema_planning import estimate
from warning_dispatch.store.schema_register import duty_shift, endpoint, number, receiver, register_change, unit
from warning_dispatch.store.schema_renewal import campaign, filing, letter, proof, renewal_link, renewal_link_unit
from warning_dispatch.store.schema_response import action_done, feedback, response, response_step
from warning_dispatch.store.schema_sources import alert_area, lease, outlet_post, publication, source, source_item

__all__ = [
    "Key",
    "action_done",
    "alert_area",
    "campaign",
    "drill",
    "drill_day",
    "duty_shift",
    "endpoint",
    "estimate",
    "feedback",
    "filing",
    "lease",
    "letter",
    "login_failure",
    "metadata",
    "number",
    "number_call",
    "opt_out",
    "outlet_post",
    "proof",
    "publication",
    "receiver",
    "register_change",
    "renewal_link",
    "renewal_link_unit",
    "response",
    "response_step",
    "route",
    "source",
    "source_item",
    "turn",
    "unit",
    "user",
    "user_grant",
    "user_session",
]
"""What stands in other files and is asked for here."""

A_TASK = f"state = {AttemptState.HANDED.value} AND channel = {Channel.OPERATOR.value}"
"""What stands on the duty officer's work list."""
ON_A_LINE = f"state IN ({AttemptState.CLAIMED.value}, {AttemptState.HANDED.value}) AND channel = {Channel.VOICE.value}"
"""Calls that are claimed or handed over: each has a line of its route, and nobody else may ring its number."""

id_block = Table(
    "id_block",
    metadata,
    Column("name", Text, primary_key=True),
    Column("next", BigInteger, nullable=False),
    comment="Blocks of rising keys, taken by a worker for a batch of inserts.",
)

installation = Table(
    "installation",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    comment="Facts about this installation: id, register kind (sample or real), last clock readings.",
)


def _refers(column: str, table: str) -> ForeignKeyConstraint:
    """A reference from a table that gets a row for every callee or attempt: enforced on SQLite only (ADR 15).

    PostgreSQL looks each of them up by a query of its own and locks the row it finds.
    """
    return ForeignKeyConstraint([column], [f"{table}.id"]).ddl_if(dialect="sqlite")


# --- what came in -----------------------------------------------------------------------------------------

raw_message = Table(
    "raw_message",
    metadata,
    key(),
    Column("received_at", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("digest", Text, nullable=False, comment="SHA-256 of the bytes"),
    Column("size", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("reasons", Text, nullable=False, comment="JSON list"),
    Index("ix_raw_message_digest", "digest"),
    comment="Every byte received, with its verdict and the reason.",
)

alert_chain = Table(
    "alert_chain",
    metadata,
    key(),
    Column("root", Text, nullable=False, comment="identifier of the first message"),
    Column("part", Text, nullable=False, server_default="", comment="which event of messages that speak of several"),
    Column("issuer", Text, nullable=False, comment="sender code or name"),
    Column("issuer_area", Text, nullable=False),
    Column("hazard", Text, nullable=False),
    Column("colour", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("began_at", BigInteger, nullable=False, server_default="0", comment="when its first message came"),
    Column("raised_at", BigInteger, nullable=False, server_default="0", comment="when it came to its present colour"),
    Column("ended_at", BigInteger),
    Column("alert_id", Key, comment="the message that counts now"),
    Column(
        "plan_name", Text, nullable=False, server_default="", comment="the call chain it triggers; none: calls nobody"
    ),
    Column("coverage", Text, nullable=False, server_default="[]", comment="JSON: whom it concerns, tier by tier"),
    Column("valid_until", BigInteger, comment="its (guessed) validity"),
    Column("valid_guessed", SmallInteger, nullable=False, server_default="0"),
    UniqueConstraint("issuer", "root", "part", name="uq_alert_chain_issuer_root"),
    Index("ix_alert_chain_hazard", "hazard", "state"),
)

alert = Table(
    "alert",
    metadata,
    key(),
    Column("raw_message_id", Key, ForeignKey("raw_message.id"), nullable=False),
    Column("chain_id", Key, ForeignKey("alert_chain.id")),
    Column("dialect", Text, nullable=False),
    Column("identifier", Text, nullable=False),
    Column("part", Text, nullable=False, server_default="", comment="which event of a message that speaks of several"),
    Column("issuer", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("sent", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("msg_type", Text, nullable=False),
    Column("hazard", Text, nullable=False),
    Column("colour", SmallInteger, nullable=False, comment="0 when it cannot be told"),
    Column("headline", Text, nullable=False),
    Column("expires", BigInteger),
    Column("content_digest", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="the parsed alert as JSON; it can hold names"),
    Column("disposition", Text, nullable=False),
    Column("reasons", Text, nullable=False, comment="JSON list"),
    Column("problems", Text, nullable=False, server_default="[]", comment="JSON: everything odd that a reader noted"),
    UniqueConstraint("issuer", "identifier", "sent", "content_digest", name="uq_alert_identity"),
    Index("ix_alert_identifier", "identifier"),
    Index("ix_alert_chain", "chain_id"),
)

alert_link = Table(
    "alert_link",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("identifier", Text, primary_key=True),
    Column("other", Text, primary_key=True),
    comment="Which messages of an issuer refer to each other, in both directions; a chain is what hangs together.",
)

# --- the call-out -----------------------------------------------------------------------------------------

callout = Table(
    "callout",
    metadata,
    key(),
    Column("alert_id", Key, ForeignKey("alert.id")),
    Column("chain_id", Key, ForeignKey("alert_chain.id")),
    Column("plan_name", Text, nullable=False),
    Column("plan", Text, nullable=False, comment="the call chain, frozen, JSON"),
    Column("texts", Text, nullable=False, comment="the texts, frozen, JSON: language → channel → purpose"),
    Column("hazard", Text, nullable=False),
    Column("colour", SmallInteger, nullable=False),
    Column("issuer_area", Text, nullable=False),
    Column("purpose", SmallInteger, nullable=False),
    Column("round", Integer, nullable=False, server_default="1"),
    Column("supersedes_id", Key, ForeignKey("callout.id")),
    Column("state", SmallInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("voice_until", BigInteger, nullable=False, comment="the (guessed) validity: voice stops here"),
    Column("validity_guessed", SmallInteger, nullable=False),
    Column("next_at", BigInteger, comment="next moment at which the call-out itself must be looked at"),
    Column("ended_at", BigInteger),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("finished", Integer, nullable=False, server_default="0"),
    Column("seen_at", BigInteger, comment="when an officer of the bureau took note of it"),
    Column("seen_by", Text),
    Column("verdict", Text, comment="hit, false, mistake: as an officer judged it afterwards; none: nobody has yet"),
    Column("verdict_at", BigInteger),
    Column("verdict_by", Text),
    Column(
        "confidential",
        SmallInteger,
        nullable=False,
        server_default="0",
        comment="of a warning that is not public: nothing of it goes by a public cloud",
    ),
    Column("named", Text, comment="JSON: of a drill for a named list, the receivers on it; nobody else is reached"),
    Column("filling", Text, comment="JSON: tiers and units that are still to be filled; none when all are"),
    Index(
        "ix_callout_due",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
    Column(
        "standing",
        SmallInteger,
        nullable=False,
        server_default="1",
        comment="1 while its callees may carry obligations: until lifted, superseded, or closed and out of every validity",
    ),
    Index("ix_callout_chain", "chain_id"),
    Index("ix_callout_standing", "hazard", sqlite_where=text("standing = 1"), postgresql_where=text("standing = 1")),
)

branch = Table(
    "branch",
    metadata,
    key(),
    Column("callout_id", Key, ForeignKey("callout.id"), nullable=False),
    Column("tier", SmallInteger, nullable=False, comment="position in the plan"),
    Column("superior_branch_id", Key, comment="the branch it waits for; none for a first tier"),
    Column("superior_unit_id", Key, comment="the unit it waits for; none where the tier before answers as a whole"),
    Column("superior_callee_id", Key),
    Column("state", SmallInteger, nullable=False),
    Column("gate_at", BigInteger, comment="opens at the latest now; none when unarmed or never by time"),
    Column("opened_at", BigInteger),
    Column("opened_by", Text, comment="why the gate opened, a Reason; for the record, nothing is decided by it"),
    Column("answered_at", BigInteger, comment="when its rule was met"),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("needed", Integer, nullable=False, server_default="0"),
    Column("answered", Integer, nullable=False, server_default="0"),
    Column("unreached", Integer, nullable=False, server_default="0"),
    Column("finished", Integer, nullable=False, server_default="0"),
    Index("ix_branch_callout_tier", "callout_id", "tier", "superior_unit_id"),
    Index("ix_branch_superior_callee", "superior_callee_id"),
    Index("ix_branch_superior_branch", "superior_branch_id"),
    Index(
        "ix_branch_due",
        "gate_at",
        sqlite_where=text(f"state = {BranchState.WAITING.value} AND gate_at IS NOT NULL"),
        postgresql_where=text(f"state = {BranchState.WAITING.value} AND gate_at IS NOT NULL"),
    ),
)

callee = Table(
    "callee",
    metadata,
    key(),
    Column("callout_id", Key, nullable=False),
    Column("branch_id", Key, nullable=False),
    Column("unit_id", Key, nullable=False),
    Column("tier", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("superior", SmallInteger, nullable=False, server_default="0", comment="1 when a branch waits for it"),
    Column("opened_at", BigInteger),
    Column("origin", BigInteger, comment="start of the current track of the ladder"),
    Column("cycle", Integer, nullable=False, server_default="0"),
    Column("rung", SmallInteger, nullable=False, server_default="0"),
    Column("next_at", BigInteger),
    Column("unreached_at", BigInteger),
    Column("retry_at", BigInteger),
    Column("retry_roles", SmallInteger, nullable=False, server_default="0"),
    Column(
        "wanted",
        SmallInteger,
        nullable=False,
        server_default="0",
        comment="roles whose voice call is due and not yet dialled",
    ),
    Column("voice", SmallInteger, nullable=False, server_default="0"),
    Column("calls", Integer, nullable=False, server_default="0", comment="voice attempts begun"),
    Column("heard", SmallInteger, nullable=False, server_default="0"),
    Column("memory", Text, comment="JSON: endpoints tried with their verdict, receivers who answered"),
    Column("answered_at", BigInteger),
    Column(
        "carries",
        SmallInteger,
        nullable=False,
        server_default="1",
        comment="1 while this row carries the obligation of its unit; 0 for a notice, one taken over, one lifted",
    ),
    Column("next_id", Key, comment="the callee of the newer round that took the unit over"),
    Column("carried_id", Key, comment="the same where it took over state and answers: what comes late counts there"),
    _refers("callout_id", "callout"),
    _refers("branch_id", "branch"),
    _refers("unit_id", "unit"),
    UniqueConstraint("callout_id", "unit_id", name="uq_callee_callout_unit"),
    Index(
        "ix_callee_due",
        "next_at",
        "id",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
    Index("ix_callee_branch", "branch_id"),
    Index("ix_callee_unit", "unit_id", "callout_id"),
    Index(
        "ix_callee_stood",
        "callout_id",
        "tier",
        sqlite_where=text(f"state = {CalleeState.STOPPED.value} AND answered_at IS NOT NULL"),
        postgresql_where=text(f"state = {CalleeState.STOPPED.value} AND answered_at IS NOT NULL"),
    ),
    Index(
        "ix_callee_next",
        "next_id",
        sqlite_where=text("next_id IS NOT NULL"),
        postgresql_where=text("next_id IS NOT NULL"),
    ),
)

attempt = Table(
    "attempt",
    metadata,
    key(),
    Column("callout_id", Key),
    Column("channel", SmallInteger, nullable=False),
    Column("purpose", SmallInteger, nullable=False),
    Column(
        "roles", SmallInteger, nullable=False, comment="mask: whom a text is for; voice reads the callee's `wanted`"
    ),
    Column("order_key", BigInteger, nullable=False, comment="colour, level, tried before, turn of the county"),
    Column("state", SmallInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("route", Text, comment="provider that took it"),
    Column("avoid", Text, comment="routes not to use, comma separated"),
    Column("endpoint_id", Key),
    Column("receiver_id", Key),
    Column("number_id", Key),
    Column("role", SmallInteger),
    Column("lease_until", BigInteger, comment="CLAIMED: the claim lapses; HANDED: a final report is overdue"),
    Column("claimed_at", BigInteger),
    Column("worker_id", Key, nullable=False, server_default="0", comment="who claimed it"),
    Column("told_alarm_id", Key, comment="the bureau's own call: the newest alarm that it tells"),
    Column("handed_at", BigInteger),
    Column("delivered_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("provider_ref", Text),
    Column("outcome", Text),
    Column("possible_duplicate", SmallInteger, nullable=False, server_default="0"),
    Column("held_until", BigInteger, comment="READY and not before: every number it could dial is over its budget"),
    Column("held_why", Text, comment="reason"),
    Column("taken_until", BigInteger, comment="an operator task: until when the machine waits for whoever took it"),
    Column("taken_by", Text, comment="who, as the journal names them"),
    _refers("callout_id", "callout"),
    Index(
        "ix_attempt_held",
        "held_until",
        sqlite_where=text(f"state = {AttemptState.READY.value} AND held_until IS NOT NULL"),
        postgresql_where=text(f"state = {AttemptState.READY.value} AND held_until IS NOT NULL"),
    ),
    Column("merged_id", Key, comment="DROPPED: the attempt that names its unit instead, perhaps of another call-out"),
    Index(
        "ix_attempt_task",
        "callout_id",
        sqlite_where=text(A_TASK),
        postgresql_where=text(A_TASK),
    ),
    Index(
        "ix_attempt_ready",
        "channel",
        "order_key",
        "id",
        sqlite_where=text(f"state = {AttemptState.READY.value}"),
        postgresql_where=text(f"state = {AttemptState.READY.value}"),
    ),
    Index(
        "ix_attempt_line",
        "number_id",
        "route",
        sqlite_where=text(ON_A_LINE),
        postgresql_where=text(ON_A_LINE),
    ),
    Index(
        "ix_attempt_lease",
        "lease_until",
        sqlite_where=text("lease_until IS NOT NULL"),
        postgresql_where=text("lease_until IS NOT NULL"),
    ),
    Index(
        "ix_attempt_number",
        "number_id",
        sqlite_where=text("number_id IS NOT NULL"),
        postgresql_where=text("number_id IS NOT NULL"),
    ),
    Index("ix_attempt_callout", "callout_id"),
    comment="One try on one endpoint; it may serve several callees.",
)

attempt_callee = Table(
    "attempt_callee",
    metadata,
    Column("attempt_id", Key, primary_key=True),
    Column("callee_id", Key, primary_key=True),
    Column(
        "endpoint_id", Key, comment="of the callee's own unit, where the attempt names several; none: the attempt's"
    ),
    _refers("attempt_id", "attempt"),
    _refers("callee_id", "callee"),
    Index("ix_attempt_callee_callee", "callee_id"),
    sqlite_with_rowid=False,
)

acknowledgement = Table(
    "acknowledgement",
    metadata,
    key(),
    Column("callout_id", Key, nullable=False),
    Column("callee_id", Key, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("means", Text, nullable=False),
    Column("role", SmallInteger, nullable=False, server_default="0"),
    Column("receiver_id", Key),
    Column("attempt_id", Key),
    Column("actor", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("counted", SmallInteger, nullable=False, comment="1 when it met the unit's rule"),
    _refers("callout_id", "callout"),
    _refers("callee_id", "callee"),
    Index("ix_acknowledgement_callee", "callee_id"),
    Index("ix_acknowledgement_callout_at", "callout_id", "at"),
)

link = Table(
    "link",
    metadata,
    Column("hash", LargeBinary, primary_key=True, comment="SHA-256 of the token; the token itself is never stored"),
    Column("callout_id", Key, nullable=False),
    Column("receiver_id", Key, nullable=False),
    Column("purpose", SmallInteger, nullable=False),
    Column("generation", SmallInteger, nullable=False, server_default="1"),
    Column(
        "channel",
        SmallInteger,
        nullable=False,
        server_default="2",
        comment="it was sent on; whoever else has that number there is behind it",
    ),
    _refers("callout_id", "callout"),
    _refers("receiver_id", "receiver"),
    sqlite_with_rowid=False,
)

alarm = Table(
    "alarm",
    metadata,
    key(),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("callout_id", Key),
    Column("unit_id", Key),
    Column(
        "about",
        Text,
        nullable=False,
        server_default="",
        comment="what else tells two facts of a kind apart: a message, a route, a source, an area",
    ),
    Column("detail", Text, nullable=False),
    Column("times", Integer, nullable=False, server_default="1", comment="how often the same fact was reported"),
    Column(
        "colour", SmallInteger, nullable=False, server_default="0", comment="how urgent: RED or ORANGE; 0 rings nobody"
    ),
    Column("self_callout_id", Key, comment="the bureau's call to itself that rings for it"),
    Column(
        "next_at",
        BigInteger,
        comment="when the engine itself must look at it (an area that nobody resolves, a fact begun anew after its claim)",
    ),
    Column("claimed_at", BigInteger),
    Column("claimed_by", Text),
    Index("ix_alarm_open", "claimed_at"),
    Index("ix_alarm_unit", "unit_id"),
    Index("ix_alarm_self_callout", "self_callout_id"),
    Index(
        "ix_alarm_due",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
    comment="What cannot be decided rings a human: the causes of the bureau's self-call.",
)

# --- the journal ------------------------------------------------------------------------------------------

journal_block = Table(
    "journal_block",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("body", Text, nullable=False, comment="JSON list of entries; ids only, no personal data"),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

journal_head = Table(
    "journal_head",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("sealed_at", BigInteger, nullable=False),
    Column("seal", LargeBinary, nullable=False, comment="Ed25519 over stream, seq, entries, hash, sealed_at"),
    Column("tombstone", SmallInteger, nullable=False, server_default="0"),
)

# --- who may do what --------------------------------------------------------------------------------------

api_key = Table(
    "api_key",
    metadata,
    key(),
    Column("name", Text, nullable=False, unique=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("scopes", Text, nullable=False, comment="comma separated: alerts, read, act, feed, register, feedback"),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)
