"""The first schema. Written by regenerate.py until the first release, frozen from then on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    """An index of the rows for which `where` holds, on either dialect."""
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _refers(column: str, table: str, name: str) -> sa.ForeignKeyConstraint:
    """A reference that is enforced on SQLite only: from a table with a row for every callee or attempt."""
    return sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(name)).ddl_if(dialect="sqlite")


def _create_alarm() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("callout_id", KEY),
        sa.Column("unit_id", KEY),
        sa.Column(
            "about",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="what else tells two facts of a kind apart: a message, a route, a source, an area",
        ),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column(
            "times", sa.Integer(), server_default="1", nullable=False, comment="how often the same fact was reported"
        ),
        sa.Column(
            "colour",
            sa.SmallInteger(),
            server_default="0",
            nullable=False,
            comment="how urgent: RED or ORANGE; 0 rings nobody",
        ),
        sa.Column("self_callout_id", KEY, comment="the bureau's call to itself that rings for it"),
        sa.Column(
            "next_at",
            sa.BigInteger(),
            comment="when the engine itself must look at it (an area that nobody resolves, a fact begun anew after its claim)",
        ),
        sa.Column("claimed_at", sa.BigInteger()),
        sa.Column("claimed_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
        comment="What cannot be decided rings a human: the causes of the bureau's self-call.",
    )
    _partial_index("ix_alarm_due", "alarm", ["next_at"], "next_at IS NOT NULL")
    op.create_index("ix_alarm_open", "alarm", ["claimed_at"])
    op.create_index("ix_alarm_self_callout", "alarm", ["self_callout_id"])
    op.create_index("ix_alarm_unit", "alarm", ["unit_id"])


def _create_alert_chain() -> None:
    op.create_table(
        "alert_chain",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("root", sa.Text(), nullable=False, comment="identifier of the first message"),
        sa.Column(
            "part",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="which event of messages that speak of several",
        ),
        sa.Column("issuer", sa.Text(), nullable=False, comment="sender code or name"),
        sa.Column("issuer_area", sa.Text(), nullable=False),
        sa.Column("hazard", sa.Text(), nullable=False),
        sa.Column("colour", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column(
            "began_at", sa.BigInteger(), server_default="0", nullable=False, comment="when its first message came"
        ),
        sa.Column(
            "raised_at",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="when it came to its present colour",
        ),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("alert_id", KEY, comment="the message that counts now"),
        sa.Column(
            "plan_name",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="the call chain it triggers; none: calls nobody",
        ),
        sa.Column(
            "coverage", sa.Text(), server_default="[]", nullable=False, comment="JSON: whom it concerns, tier by tier"
        ),
        sa.Column("valid_until", sa.BigInteger(), comment="its (guessed) validity"),
        sa.Column("valid_guessed", sa.SmallInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_chain")),
        sa.UniqueConstraint("issuer", "root", "part", name="uq_alert_chain_issuer_root"),
    )
    op.create_index("ix_alert_chain_hazard", "alert_chain", ["hazard", "state"])


def _create_alert_link() -> None:
    op.create_table(
        "alert_link",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "identifier", "other", name=op.f("pk_alert_link")),
        comment="Which messages of an issuer refer to each other, in both directions; a chain is what hangs together.",
    )


def _create_api_key() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "scopes", sa.Text(), nullable=False, comment="comma separated: alerts, read, act, feed, register, feedback"
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_key_hash")),
        sa.UniqueConstraint("name", name=op.f("uq_api_key_name")),
    )


def _create_campaign() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("due", sa.Text(), nullable=False, comment="day, 2027-04-20"),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column(
            "rules",
            sa.Text(),
            nullable=False,
            comment="JSON: approval, days of reminders, proof; frozen when it is opened",
        ),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("reminded", sa.Integer(), comment="the last reminder that was sent, in days from the day due"),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("closed_by", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "report", sa.Text(), server_default="", nullable=False, comment="JSON: the closing report, without people"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )
    op.create_index(
        "uq_campaign_open",
        "campaign",
        ["state"],
        unique=True,
        sqlite_where=sa.text("state = 1"),
        postgresql_where=sa.text("state = 1"),
    )


def _create_drill() -> None:
    op.create_table(
        "drill",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column(
            "content",
            sa.Text(),
            nullable=False,
            comment="JSON: plan, area, tiers, named list, words; frozen when composed",
        ),
        sa.Column("starts_at", sa.BigInteger(), comment="its hour; none: as soon as it is released"),
        sa.Column("announce_at", sa.BigInteger(), comment="when people are told beforehand; none: they are not"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("first_by", sa.Text(), server_default="", nullable=False, comment="who released it"),
        sa.Column("first_at", sa.BigInteger()),
        sa.Column(
            "second_by", sa.Text(), server_default="", nullable=False, comment="who else did; for everyone two must"
        ),
        sa.Column("second_at", sa.BigInteger()),
        sa.Column("announced_id", KEY, comment="the call-out that announced it"),
        sa.Column("callout_id", KEY, comment="the call-out that it is; none on paper"),
        sa.Column("began_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("ended_by", sa.Text(), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False, comment="why it ended, or did not begin"),
        sa.Column("score", sa.SmallInteger()),
        sa.Column(
            "report", sa.Text(), comment="JSON: the report, once it is over; units by code and name, numbers masked"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drill")),
        comment="Exercises: what was composed, who released it, what came of it.",
    )
    _partial_index("ix_drill_waits", "drill", ["state"], "state IN (2, 3)")


def _create_id_block() -> None:
    op.create_table(
        "id_block",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_id_block")),
        comment="Blocks of rising keys, taken by a worker for a batch of inserts.",
    )


def _create_installation() -> None:
    op.create_table(
        "installation",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation")),
        comment="Facts about this installation: id, register kind (sample or real), last clock readings.",
    )


def _create_journal_block() -> None:
    op.create_table(
        "journal_block",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="JSON list of entries; ids only, no personal data"),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "seq", name=op.f("pk_journal_block")),
    )


def _create_journal_head() -> None:
    op.create_table(
        "journal_head",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "seal", sa.LargeBinary(), nullable=False, comment="Ed25519 over stream, seq, entries, hash, sealed_at"
        ),
        sa.Column("tombstone", sa.SmallInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_journal_head")),
    )


def _create_lease() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column(
            "claimed_until", sa.BigInteger(), nullable=False, comment="the holder is at it until then, or longer"
        ),
        sa.Column(
            "day",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="of a daily chore: the last day on which it was done",
        ),
        sa.Column(
            "memory",
            sa.Text(),
            server_default="{}",
            nullable=False,
            comment="JSON: what a daily chore must know the next time",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
        comment="Work that is done by one, whatever the number of daemons: whoever has the row does it.",
    )


def _create_login_failure() -> None:
    op.create_table(
        "login_failure",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("whose", sa.LargeBinary(), nullable=False, comment="keyed digest of an account's name or an address"),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_failure")),
        sa.UniqueConstraint("whose", name=op.f("uq_login_failure_whose")),
        comment="锁定: wrong tries in a row.",
    )
    op.create_index("ix_login_failure_last_at", "login_failure", ["last_at"])


def _create_number() -> None:
    op.create_table(
        "number",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="phone or mail"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("blind_index", sa.LargeBinary(), nullable=False),
        sa.Column("masked", sa.Text(), nullable=False, comment="138****5678"),
        sa.Column(
            "sample",
            sa.SmallInteger(),
            server_default="0",
            nullable=False,
            comment="cannot reach anybody; real routes refuse it",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number")),
        sa.UniqueConstraint("blind_index", name=op.f("uq_number_blind_index")),
    )


def _create_number_call() -> None:
    op.create_table(
        "number_call",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("number_id", KEY, nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_call")),
        comment="The exact sliding window of calls per number and provider.",
    )
    op.create_index("ix_number_call_window", "number_call", ["number_id", "route", "at"])


def _create_opt_out() -> None:
    op.create_table(
        "opt_out",
        sa.Column("number_id", KEY, autoincrement=False, nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number_id", "route", name=op.f("pk_opt_out")),
        comment="Who has told a provider to send nothing more: by that route nothing is sent, everything else goes on.",
        sqlite_with_rowid=False,
    )


def _create_raw_message() -> None:
    op.create_table(
        "raw_message",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the bytes"),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False, comment="JSON list"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raw_message")),
        comment="Every byte received, with its verdict and the reason.",
    )
    op.create_index("ix_raw_message_digest", "raw_message", ["digest"])


def _create_register_change() -> None:
    op.create_table(
        "register_change",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="how it came: import, roster, storm, schedule …"),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="unit or receiver"),
        sa.Column("before", sa.LargeBinary(), comment="sealed JSON; none: it is new"),
        sa.Column("after", sa.LargeBinary(), comment="sealed JSON; none: it has gone"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_change")),
        comment="Who changed what in the register: it holds names and numbers, so it is sealed and destroyed on schedule.",
    )
    op.create_index("ix_register_change_unit", "register_change", ["unit_code", "at"])


def _create_route() -> None:
    op.create_table(
        "route",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), comment="how many calls at once; none: no such limit"),
        sa.Column("rate", sa.Integer(), comment="per minute; none: no such limit"),
        sa.Column("tokens", sa.BigInteger(), server_default="0", nullable=False, comment="thousandths of a message"),
        sa.Column("tokens_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "phase",
            sa.SmallInteger(),
            server_default="0",
            nullable=False,
            comment="breaker: in service, out of it, one trial",
        ),
        sa.Column(
            "failures",
            sa.SmallInteger(),
            server_default="0",
            nullable=False,
            comment="refusals for the moment, in a row",
        ),
        sa.Column(
            "openings",
            sa.SmallInteger(),
            server_default="0",
            nullable=False,
            comment="how often in a row it was taken out",
        ),
        sa.Column(
            "down_until",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="out of service: no trial before; trial: over then; in service: since when",
        ),
        sa.Column(
            "down_why", sa.Text(), server_default="", nullable=False, comment="the outcome that took it out of service"
        ),
        sa.Column("trial_id", KEY, comment="the attempt that is the trial"),
        sa.Column(
            "balance", sa.Text(), server_default="", nullable=False, comment="as the provider said it at the last probe"
        ),
        sa.Column(
            "dead_lines",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="lines (from 1) that were dead at the last probe",
        ),
        sa.Column(
            "probed_at",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="when it was last asked how it fares",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_route")),
    )


def _create_source() -> None:
    op.create_table(
        "source",
        sa.Column("name", sa.Text(), nullable=False, comment="kind:name, as raw_message.source"),
        sa.Column("seen_at", sa.BigInteger(), nullable=False, comment="the way was last known to be open"),
        sa.Column(
            "message_at",
            sa.BigInteger(),
            nullable=False,
            comment="the last message, or when the source was first watched",
        ),
        sa.Column("messages", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "trouble",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="why it could not be looked at the last time",
        ),
        sa.Column(
            "cursor", sa.Text(), server_default="{}", nullable=False, comment="JSON: ETag and Last-Modified of a feed"
        ),
        sa.Column(
            "gap_told",
            sa.SmallInteger(),
            server_default="0",
            nullable=False,
            comment="1 while an alarm has told of the gap",
        ),
        sa.Column(
            "quiet_told", sa.SmallInteger(), server_default="0", nullable=False, comment="the same of the silence"
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_source")),
        comment="Health of the sources of warnings.",
    )


def _create_source_item() -> None:
    op.create_table(
        "source_item",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "item", sa.Text(), nullable=False, comment="what the source calls it: file and digest, entry of a feed"
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("alert_id", KEY),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False, comment="JSON list"),
        sa.PrimaryKeyConstraint("source", "item", name=op.f("pk_source_item")),
        comment="What has been taken in already: written with the message, so that nothing is taken in twice.",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_source_item_at", "source_item", ["at"])


def _create_turn() -> None:
    op.create_table(
        "turn",
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column(
            "ranked", sa.Integer(), nullable=False, comment="colour, level and whether tried: the part of an order key"
        ),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False, comment="the last one dealt"),
        sa.PrimaryKeyConstraint("channel", "ranked", "county", name=op.f("pk_turn")),
        comment="Fairness between counties whose attempts wait in one queue.",
        sqlite_with_rowid=False,
    )


def _create_unit() -> None:
    op.create_table(
        "unit",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False, comment="division code, 4/6/9/12 digits"),
        sa.Column("superior_id", KEY),
        sa.Column("sector", sa.Text(), server_default="", nullable=False),
        sa.Column("callable", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column(
            "reach",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="mask of role x channel with a usable endpoint",
        ),
        sa.Column("certified_on", sa.Text(), server_default="", nullable=False, comment="day, of a key unit"),
        sa.Column("review_on", sa.Text(), server_default="", nullable=False, comment="day, of a key unit"),
        sa.Column("certificate", sa.Text(), server_default="", nullable=False, comment="number, of a key unit"),
        sa.Column(
            "measures", sa.Text(), server_default="", nullable=False, comment="what a key unit must do on a warning"
        ),
        sa.Column("valid_from", sa.BigInteger()),
        sa.Column("valid_until", sa.BigInteger()),
        sa.ForeignKeyConstraint(["superior_id"], ["unit.id"], name=op.f("fk_unit_superior_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("code", name=op.f("uq_unit_code")),
    )
    op.create_index("ix_unit_kind_level_area", "unit", ["kind", "level", "area"])
    op.create_index("ix_unit_superior", "unit", ["superior_id"])


def _create_user_account() -> None:
    op.create_table(
        "user_account",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="what is typed at the login"),
        sa.Column("full_name_sealed", sa.LargeBinary(), nullable=False, comment="who it is; empty: nobody said"),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("password_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "must_change",
            sa.SmallInteger(),
            server_default="0",
            nullable=False,
            comment="somebody else chose the password",
        ),
        sa.Column(
            "code_sealed",
            sa.LargeBinary(),
            nullable=False,
            comment="secret of one-time codes; empty: none are asked for",
        ),
        sa.Column("code_pending", sa.LargeBinary(), nullable=False, comment="one that has not been proved yet"),
        sa.Column(
            "code_step",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="of the last code used: never again",
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("name", name=op.f("uq_user_account_name")),
    )


def _create_alert() -> None:
    op.create_table(
        "alert",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("raw_message_id", KEY, nullable=False),
        sa.Column("chain_id", KEY),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column(
            "part",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="which event of a message that speaks of several",
        ),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("msg_type", sa.Text(), nullable=False),
        sa.Column("hazard", sa.Text(), nullable=False),
        sa.Column("colour", sa.SmallInteger(), nullable=False, comment="0 when it cannot be told"),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("expires", sa.BigInteger()),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="the parsed alert as JSON; it can hold names"),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False, comment="JSON list"),
        sa.Column(
            "problems",
            sa.Text(),
            server_default="[]",
            nullable=False,
            comment="JSON: everything odd that a reader noted",
        ),
        sa.ForeignKeyConstraint(["chain_id"], ["alert_chain.id"], name=op.f("fk_alert_chain_id_alert_chain")),
        sa.ForeignKeyConstraint(
            ["raw_message_id"], ["raw_message.id"], name=op.f("fk_alert_raw_message_id_raw_message")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("issuer", "identifier", "sent", "content_digest", name="uq_alert_identity"),
    )
    op.create_index("ix_alert_chain", "alert", ["chain_id"])
    op.create_index("ix_alert_identifier", "alert", ["identifier"])


def _create_drill_day() -> None:
    op.create_table(
        "drill_day",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("day", sa.Text(), nullable=False, comment="2026-05-12"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("yearly", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column(
            "told",
            sa.SmallInteger(),
            server_default="-1",
            nullable=False,
            comment="last reminder, in days before; -1: none",
        ),
        sa.Column(
            "followed", sa.SmallInteger(), server_default="0", nullable=False, comment="1 when next year's was entered"
        ),
        sa.Column("drill_id", KEY, comment="the drill that was composed for it"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["drill_id"], ["drill.id"], name=op.f("fk_drill_day_drill_id_drill")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drill_day")),
        comment="The calendar of drills.",
    )
    op.create_index("ix_drill_day_day", "drill_day", ["day"])


def _create_filing() -> None:
    op.create_table(
        "filing",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("campaign_id", KEY, comment="none: a change between campaigns"),
        sa.Column("unit_id", KEY, nullable=False),
        sa.Column("registrar_id", KEY, nullable=False, comment="the unit that is asked for it"),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False, comment="moves with every move"),
        sa.Column("how", sa.Text(), server_default="", nullable=False, comment="how it was handed in"),
        sa.Column(
            "changed",
            sa.SmallInteger(),
            server_default="0",
            nullable=False,
            comment="1: it changed the register, or would",
        ),
        sa.Column("handed_in_at", sa.BigInteger()),
        sa.Column(
            "handed_in_by", sa.Text(), server_default="", nullable=False, comment="link:<id>, an actor; never a name"
        ),
        sa.Column("filed_at", sa.BigInteger()),
        sa.Column("decided_by", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.LargeBinary(), comment="sealed: why it was returned; what a human wrote can name people"),
        sa.Column("proposed", sa.LargeBinary(), comment="sealed JSON: the unit's people as they would be"),
        sa.Column(
            "compared", sa.LargeBinary(), comment="digest of the people on file that the proposal was compared with"
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_filing_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["registrar_id"], ["unit.id"], name=op.f("fk_filing_registrar_id_unit")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_filing_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filing")),
        sa.UniqueConstraint("campaign_id", "unit_id", name="uq_filing_campaign_unit"),
    )
    _partial_index("ix_filing_awaiting", "filing", ["id"], "state = 2")
    op.create_index("ix_filing_registrar", "filing", ["registrar_id", "campaign_id"])
    op.create_index("ix_filing_state", "filing", ["campaign_id", "state"])
    op.create_index("ix_filing_unit", "filing", ["unit_id"])


def _create_proof() -> None:
    op.create_table(
        "proof",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("hash", sa.LargeBinary(), comment="of the token in the test message"),
        sa.Column("campaign_id", KEY),
        sa.Column("number_id", KEY, nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("unit_id", KEY, nullable=False, comment="whose hand-in brought it"),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("means", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_proof_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["number_id"], ["number.id"], name=op.f("fk_proof_number_id_number")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_proof_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof")),
        sa.UniqueConstraint("hash", name=op.f("uq_proof_hash")),
        comment="A test message and what its holder said; one at a time for a number.",
    )
    op.create_index("ix_proof_number", "proof", ["number_id"])
    op.create_index(
        "uq_proof_asked",
        "proof",
        ["number_id", "channel"],
        unique=True,
        sqlite_where=sa.text("state = 1"),
        postgresql_where=sa.text("state = 1"),
    )


def _create_receiver() -> None:
    op.create_table(
        "receiver",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("unit_id", KEY, nullable=False),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("post", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="zh_CN", nullable=False),
        sa.Column(
            "rank",
            sa.SmallInteger(),
            server_default="0",
            nullable=False,
            comment="order among the receivers of one role",
        ),
        sa.Column("serves_from", sa.Text(), server_default="", nullable=False, comment="first day; empty: at once"),
        sa.Column(
            "serves_until", sa.Text(), server_default="", nullable=False, comment="last day; empty: no end is known"
        ),
        sa.Column(
            "verified_on", sa.Text(), server_default="", nullable=False, comment="day on which somebody made sure of it"
        ),
        sa.Column("verified_how", sa.Text(), server_default="", nullable=False),
        sa.Column("valid_from", sa.BigInteger()),
        sa.Column("valid_until", sa.BigInteger()),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_receiver_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receiver")),
    )
    op.create_index("ix_receiver_unit", "receiver", ["unit_id"])


def _create_user_grant() -> None:
    op.create_table(
        "user_grant",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=False, comment="it holds there and below"),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_user_grant_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_grant")),
        comment="授权: a row is never changed but for its end.",
    )
    op.create_index("ix_user_grant_user", "user_grant", ["user_id"])


def _create_user_session() -> None:
    op.create_table(
        "user_session",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("origin_sealed", sa.LargeBinary(), nullable=False, comment="address and browser, JSON"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_user_session_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_session_token_hash")),
        comment="会话: who is logged in. Ended ones are gone; the journal has their end.",
    )
    op.create_index("ix_user_session_user", "user_session", ["user_id"])


def _create_alert_area() -> None:
    op.create_table(
        "alert_area",
        sa.Column(
            "area", sa.Text(), nullable=False, comment="division code as a message names it, cut to its own group"
        ),
        sa.Column("alert_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_alert_area_alert_id_alert")),
        sa.PrimaryKeyConstraint("area", "alert_id", name=op.f("pk_alert_area")),
        comment="Which places each event of a message names: whose officers it is shown to.",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_alert_area_alert", "alert_area", ["alert_id"])


def _create_callout() -> None:
    op.create_table(
        "callout",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("alert_id", KEY),
        sa.Column("chain_id", KEY),
        sa.Column("plan_name", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False, comment="the call chain, frozen, JSON"),
        sa.Column("texts", sa.Text(), nullable=False, comment="the texts, frozen, JSON: language → channel → purpose"),
        sa.Column("hazard", sa.Text(), nullable=False),
        sa.Column("colour", sa.SmallInteger(), nullable=False),
        sa.Column("issuer_area", sa.Text(), nullable=False),
        sa.Column("purpose", sa.SmallInteger(), nullable=False),
        sa.Column("round", sa.Integer(), server_default="1", nullable=False),
        sa.Column("supersedes_id", KEY),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("voice_until", sa.BigInteger(), nullable=False, comment="the (guessed) validity: voice stops here"),
        sa.Column("validity_guessed", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), comment="next moment at which the call-out itself must be looked at"),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("finished", sa.Integer(), server_default="0", nullable=False),
        sa.Column("seen_at", sa.BigInteger(), comment="when an officer of the bureau took note of it"),
        sa.Column("seen_by", sa.Text()),
        sa.Column(
            "verdict",
            sa.Text(),
            comment="hit, false, mistake: as an officer judged it afterwards; none: nobody has yet",
        ),
        sa.Column("verdict_at", sa.BigInteger()),
        sa.Column("verdict_by", sa.Text()),
        sa.Column(
            "confidential",
            sa.SmallInteger(),
            server_default="0",
            nullable=False,
            comment="of a warning that is not public: nothing of it goes by a public cloud",
        ),
        sa.Column(
            "named", sa.Text(), comment="JSON: of a drill for a named list, the receivers on it; nobody else is reached"
        ),
        sa.Column("filling", sa.Text(), comment="JSON: tiers and units that are still to be filled; none when all are"),
        sa.Column(
            "standing",
            sa.SmallInteger(),
            server_default="1",
            nullable=False,
            comment="1 while its callees may carry obligations: until lifted, superseded, or closed and out of every validity",
        ),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_callout_alert_id_alert")),
        sa.ForeignKeyConstraint(["chain_id"], ["alert_chain.id"], name=op.f("fk_callout_chain_id_alert_chain")),
        sa.ForeignKeyConstraint(["supersedes_id"], ["callout.id"], name=op.f("fk_callout_supersedes_id_callout")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callout")),
    )
    op.create_index("ix_callout_chain", "callout", ["chain_id"])
    _partial_index("ix_callout_due", "callout", ["next_at"], "next_at IS NOT NULL")
    _partial_index("ix_callout_standing", "callout", ["hazard"], "standing = 1")


def _create_duty_shift() -> None:
    op.create_table(
        "duty_shift",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("unit_id", KEY, nullable=False),
        sa.Column("receiver_id", KEY, nullable=False),
        sa.Column("begins_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["receiver_id"], ["receiver.id"], name=op.f("fk_duty_shift_receiver_id_receiver")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_duty_shift_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_shift")),
        comment="值班表: who is on duty for a unit; see escalation/roster.py.",
    )
    op.create_index("ix_duty_shift_unit", "duty_shift", ["unit_id", "ends_at"])


def _create_endpoint() -> None:
    op.create_table(
        "endpoint",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("receiver_id", KEY, nullable=False),
        sa.Column("unit_id", KEY, nullable=False, comment="of the receiver; kept here for the hot path"),
        sa.Column("role", sa.SmallInteger(), nullable=False, comment="of the receiver; kept here for the hot path"),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("number_id", KEY, nullable=False),
        sa.Column("rank", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("usable", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column(
            "finding",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="why it is not usable (empty, invalid, opted out; not_yet: before the person's first day)",
        ),
        sa.Column("proved_at", sa.BigInteger(), comment="when its holder last confirmed that the number is theirs"),
        sa.Column("valid_until", sa.BigInteger()),
        sa.ForeignKeyConstraint(["number_id"], ["number.id"], name=op.f("fk_endpoint_number_id_number")),
        sa.ForeignKeyConstraint(["receiver_id"], ["receiver.id"], name=op.f("fk_endpoint_receiver_id_receiver")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_endpoint_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint")),
        comment="Immutable: a change is a new row, the old one gets valid_until.",
    )
    op.create_index("ix_endpoint_number", "endpoint", ["number_id"])
    op.create_index("ix_endpoint_receiver", "endpoint", ["receiver_id"])
    op.create_index("ix_endpoint_unit", "endpoint", ["unit_id", "channel"])


def _create_publication() -> None:
    op.create_table(
        "publication",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("alert_id", KEY, nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "cap", sa.Text(), comment="the alert as CAP 1.2, public by its nature; none: it must not leave the bureau"
        ),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_publication_alert_id_alert")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
        sa.UniqueConstraint("alert_id", name=op.f("uq_publication_alert_id")),
        comment="Accepted warnings as they are passed on, in the order in which they were.",
    )


def _create_renewal_link() -> None:
    op.create_table(
        "renewal_link",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the token, which is not stored"),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("number_id", KEY, nullable=False, comment="where it was sent"),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("generation", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("receiver_id", KEY, nullable=False, comment="whose phone the step asks for"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expired_at", sa.BigInteger(), comment="from then on it shows and changes nothing"),
        sa.Column("wrong_tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("used_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_renewal_link_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["number_id"], ["number.id"], name=op.f("fk_renewal_link_number_id_number")),
        sa.ForeignKeyConstraint(["receiver_id"], ["receiver.id"], name=op.f("fk_renewal_link_receiver_id_receiver")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewal_link")),
        sa.UniqueConstraint("campaign_id", "number_id", "channel", "generation", name="uq_renewal_link_campaign"),
        sa.UniqueConstraint("hash", name=op.f("uq_renewal_link_hash")),
        comment="A registrar's link: one for each number and channel, for all units that the person answers for.",
    )


def _create_attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("callout_id", KEY),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("purpose", sa.SmallInteger(), nullable=False),
        sa.Column(
            "roles",
            sa.SmallInteger(),
            nullable=False,
            comment="mask: whom a text is for; voice reads the callee's `wanted`",
        ),
        sa.Column(
            "order_key", sa.BigInteger(), nullable=False, comment="colour, level, tried before, turn of the county"
        ),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("route", sa.Text(), comment="provider that took it"),
        sa.Column("avoid", sa.Text(), comment="routes not to use, comma separated"),
        sa.Column("endpoint_id", KEY),
        sa.Column("receiver_id", KEY),
        sa.Column("number_id", KEY),
        sa.Column("role", sa.SmallInteger()),
        sa.Column(
            "lease_until", sa.BigInteger(), comment="CLAIMED: the claim lapses; HANDED: a final report is overdue"
        ),
        sa.Column("claimed_at", sa.BigInteger()),
        sa.Column("worker_id", KEY, server_default="0", nullable=False, comment="who claimed it"),
        sa.Column("told_alarm_id", KEY, comment="the bureau's own call: the newest alarm that it tells"),
        sa.Column("handed_at", sa.BigInteger()),
        sa.Column("delivered_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("provider_ref", sa.Text()),
        sa.Column("outcome", sa.Text()),
        sa.Column("possible_duplicate", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column(
            "held_until", sa.BigInteger(), comment="READY and not before: every number it could dial is over its budget"
        ),
        sa.Column("held_why", sa.Text(), comment="reason"),
        sa.Column(
            "taken_until", sa.BigInteger(), comment="an operator task: until when the machine waits for whoever took it"
        ),
        sa.Column("taken_by", sa.Text(), comment="who, as the journal names them"),
        sa.Column(
            "merged_id", KEY, comment="DROPPED: the attempt that names its unit instead, perhaps of another call-out"
        ),
        _refers("callout_id", "callout", "fk_attempt_callout_id_callout"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        comment="One try on one endpoint; it may serve several callees.",
    )
    op.create_index("ix_attempt_callout", "attempt", ["callout_id"])
    _partial_index("ix_attempt_held", "attempt", ["held_until"], "state = 1 AND held_until IS NOT NULL")
    _partial_index("ix_attempt_lease", "attempt", ["lease_until"], "lease_until IS NOT NULL")
    _partial_index("ix_attempt_line", "attempt", ["number_id", "route"], "state IN (2, 3) AND channel = 1")
    _partial_index("ix_attempt_number", "attempt", ["number_id"], "number_id IS NOT NULL")
    _partial_index("ix_attempt_ready", "attempt", ["channel", "order_key", "id"], "state = 1")
    _partial_index("ix_attempt_task", "attempt", ["callout_id"], "state = 3 AND channel = 4")


def _create_branch() -> None:
    op.create_table(
        "branch",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("callout_id", KEY, nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=False, comment="position in the plan"),
        sa.Column("superior_branch_id", KEY, comment="the branch it waits for; none for a first tier"),
        sa.Column(
            "superior_unit_id", KEY, comment="the unit it waits for; none where the tier before answers as a whole"
        ),
        sa.Column("superior_callee_id", KEY),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("gate_at", sa.BigInteger(), comment="opens at the latest now; none when unarmed or never by time"),
        sa.Column("opened_at", sa.BigInteger()),
        sa.Column(
            "opened_by", sa.Text(), comment="why the gate opened, a Reason; for the record, nothing is decided by it"
        ),
        sa.Column("answered_at", sa.BigInteger(), comment="when its rule was met"),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("needed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("answered", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unreached", sa.Integer(), server_default="0", nullable=False),
        sa.Column("finished", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["callout_id"], ["callout.id"], name=op.f("fk_branch_callout_id_callout")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch")),
    )
    op.create_index("ix_branch_callout_tier", "branch", ["callout_id", "tier", "superior_unit_id"])
    _partial_index("ix_branch_due", "branch", ["gate_at"], "state = 1 AND gate_at IS NOT NULL")
    op.create_index("ix_branch_superior_branch", "branch", ["superior_branch_id"])
    op.create_index("ix_branch_superior_callee", "branch", ["superior_callee_id"])


def _create_estimate() -> None:
    op.create_table(
        "estimate",
        sa.Column("callout_id", KEY, autoincrement=False, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False, comment="JSON: what was expected at the launch; never changed"),
        sa.Column("latest_at", sa.BigInteger()),
        sa.Column("latest", sa.Text(), comment="JSON: the same from where the call-out stood at latest_at"),
        sa.ForeignKeyConstraint(["callout_id"], ["callout.id"], name=op.f("fk_estimate_callout_id_callout")),
        sa.PrimaryKeyConstraint("callout_id", name=op.f("pk_estimate")),
        comment="预估: by planning, beside the engine; the journal does not depend on it.",
    )


def _create_letter() -> None:
    op.create_table(
        "letter",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("campaign_id", KEY),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("number_id", KEY, nullable=False),
        sa.Column("link_id", KEY),
        sa.Column("proof_id", KEY),
        sa.Column("unit_id", KEY, nullable=False, comment="as which it is addressed"),
        sa.Column("language", sa.Text(), server_default="zh_CN", nullable=False),
        sa.Column("once", sa.Text(), nullable=False, comment="campaign and day: a number gets one of a kind a day"),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("route", sa.Text()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("handed_at", sa.BigInteger()),
        sa.Column("delivered_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("possible_duplicate", sa.SmallInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_letter_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["link_id"], ["renewal_link.id"], name=op.f("fk_letter_link_id_renewal_link")),
        sa.ForeignKeyConstraint(["number_id"], ["number.id"], name=op.f("fk_letter_number_id_number")),
        sa.ForeignKeyConstraint(["proof_id"], ["proof.id"], name=op.f("fk_letter_proof_id_proof")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_letter_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("number_id", "channel", "kind", "once", name="uq_letter_once"),
        comment="Messages of the yearly refresh, beside the call-outs' attempts and always behind them.",
    )
    op.create_index("ix_letter_campaign", "letter", ["campaign_id", "kind"])
    _partial_index("ix_letter_lease", "letter", ["lease_until"], "lease_until IS NOT NULL")
    _partial_index("ix_letter_line", "letter", ["route"], "state IN (2, 3) AND channel = 1")
    _partial_index("ix_letter_line_number", "letter", ["number_id"], "state IN (2, 3) AND channel = 1")
    op.create_index("ix_letter_link", "letter", ["link_id"])
    _partial_index("ix_letter_ready", "letter", ["channel", "due_at", "id"], "state = 1")


def _create_link() -> None:
    op.create_table(
        "link",
        sa.Column(
            "hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the token; the token itself is never stored"
        ),
        sa.Column("callout_id", KEY, nullable=False),
        sa.Column("receiver_id", KEY, nullable=False),
        sa.Column("purpose", sa.SmallInteger(), nullable=False),
        sa.Column("generation", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column(
            "channel",
            sa.SmallInteger(),
            server_default="2",
            nullable=False,
            comment="it was sent on; whoever else has that number there is behind it",
        ),
        _refers("callout_id", "callout", "fk_link_callout_id_callout"),
        _refers("receiver_id", "receiver", "fk_link_receiver_id_receiver"),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_link")),
        sqlite_with_rowid=False,
    )


def _create_outlet_post() -> None:
    op.create_table(
        "outlet_post",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("publication_id", KEY, nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "next_at",
            sa.BigInteger(),
            comment="WAITING: when it is posted (again); while it is under way, the end of its lease",
        ),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("status", sa.Integer(), comment="HTTP status of the last answer; none: there was no answer"),
        sa.Column(
            "receipt",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="the beginning of the last answer, or what went wrong",
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publication.id"], name=op.f("fk_outlet_post_publication_id_publication")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outlet_post")),
        sa.UniqueConstraint("outlet", "publication_id", name="uq_outlet_post_outlet_publication"),
        comment="Warnings on their way to media, emergency broadcasting, radio and telecom, with the receipts.",
    )
    _partial_index("ix_outlet_post_due", "outlet_post", ["next_at"], "next_at IS NOT NULL")
    op.create_index("ix_outlet_post_publication", "outlet_post", ["publication_id"])


def _create_renewal_link_unit() -> None:
    op.create_table(
        "renewal_link_unit",
        sa.Column("link_id", KEY, nullable=False),
        sa.Column("unit_id", KEY, nullable=False, comment="the registrar's unit"),
        sa.ForeignKeyConstraint(
            ["link_id"], ["renewal_link.id"], name=op.f("fk_renewal_link_unit_link_id_renewal_link")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_renewal_link_unit_unit_id_unit")),
        sa.PrimaryKeyConstraint("link_id", "unit_id", name=op.f("pk_renewal_link_unit")),
        sqlite_with_rowid=False,
    )


def _create_response() -> None:
    op.create_table(
        "response",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("callout_id", KEY, nullable=False),
        sa.Column("plan", sa.Text(), nullable=False, comment="JSON: what is asked of whom, frozen"),
        sa.Column("stage", sa.SmallInteger(), nullable=False),
        sa.Column(
            "next_at",
            sa.BigInteger(),
            comment="when counties that have reported nothing are looked at; none when they are not",
        ),
        sa.ForeignKeyConstraint(["callout_id"], ["callout.id"], name=op.f("fk_response_callout_id_callout")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response")),
        sa.UniqueConstraint("callout_id", name=op.f("uq_response_callout_id")),
    )
    _partial_index("ix_response_due", "response", ["next_at"], "next_at IS NOT NULL")


def _create_response_step() -> None:
    op.create_table(
        "response_step",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("callout_id", KEY, nullable=False),
        sa.Column("stage", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["callout_id"], ["callout.id"], name=op.f("fk_response_step_callout_id_callout")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_step")),
    )
    op.create_index("ix_response_step_callout", "response_step", ["callout_id"])


def _create_callee() -> None:
    op.create_table(
        "callee",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("callout_id", KEY, nullable=False),
        sa.Column("branch_id", KEY, nullable=False),
        sa.Column("unit_id", KEY, nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column(
            "superior", sa.SmallInteger(), server_default="0", nullable=False, comment="1 when a branch waits for it"
        ),
        sa.Column("opened_at", sa.BigInteger()),
        sa.Column("origin", sa.BigInteger(), comment="start of the current track of the ladder"),
        sa.Column("cycle", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rung", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("next_at", sa.BigInteger()),
        sa.Column("unreached_at", sa.BigInteger()),
        sa.Column("retry_at", sa.BigInteger()),
        sa.Column("retry_roles", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column(
            "wanted",
            sa.SmallInteger(),
            server_default="0",
            nullable=False,
            comment="roles whose voice call is due and not yet dialled",
        ),
        sa.Column("voice", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("calls", sa.Integer(), server_default="0", nullable=False, comment="voice attempts begun"),
        sa.Column("heard", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("memory", sa.Text(), comment="JSON: endpoints tried with their verdict, receivers who answered"),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column(
            "carries",
            sa.SmallInteger(),
            server_default="1",
            nullable=False,
            comment="1 while this row carries the obligation of its unit; 0 for a notice, one taken over, one lifted",
        ),
        sa.Column("next_id", KEY, comment="the callee of the newer round that took the unit over"),
        sa.Column(
            "carried_id", KEY, comment="the same where it took over state and answers: what comes late counts there"
        ),
        _refers("branch_id", "branch", "fk_callee_branch_id_branch"),
        _refers("callout_id", "callout", "fk_callee_callout_id_callout"),
        _refers("unit_id", "unit", "fk_callee_unit_id_unit"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callee")),
        sa.UniqueConstraint("callout_id", "unit_id", name="uq_callee_callout_unit"),
    )
    op.create_index("ix_callee_branch", "callee", ["branch_id"])
    _partial_index("ix_callee_due", "callee", ["next_at", "id"], "next_at IS NOT NULL")
    _partial_index("ix_callee_next", "callee", ["next_id"], "next_id IS NOT NULL")
    _partial_index("ix_callee_stood", "callee", ["callout_id", "tier"], "state = 11 AND answered_at IS NOT NULL")
    op.create_index("ix_callee_unit", "callee", ["unit_id", "callout_id"])


def _create_acknowledgement() -> None:
    op.create_table(
        "acknowledgement",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("callout_id", KEY, nullable=False),
        sa.Column("callee_id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("means", sa.Text(), nullable=False),
        sa.Column("role", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("receiver_id", KEY),
        sa.Column("attempt_id", KEY),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("counted", sa.SmallInteger(), nullable=False, comment="1 when it met the unit's rule"),
        _refers("callee_id", "callee", "fk_acknowledgement_callee_id_callee"),
        _refers("callout_id", "callout", "fk_acknowledgement_callout_id_callout"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acknowledgement")),
    )
    op.create_index("ix_acknowledgement_callee", "acknowledgement", ["callee_id"])
    op.create_index("ix_acknowledgement_callout_at", "acknowledgement", ["callout_id", "at"])


def _create_action_done() -> None:
    op.create_table(
        "action_done",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("callout_id", KEY, nullable=False),
        sa.Column("callee_id", KEY, nullable=False),
        sa.Column("action", sa.Text(), nullable=False, comment="id of a measure of the frozen plan"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("receiver_id", KEY, comment="who ticked it; none where an officer did"),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.Column("sealed", sa.LargeBinary(), comment="a remark; it may name people"),
        sa.ForeignKeyConstraint(["callee_id"], ["callee.id"], name=op.f("fk_action_done_callee_id_callee")),
        sa.ForeignKeyConstraint(["callout_id"], ["callout.id"], name=op.f("fk_action_done_callout_id_callout")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_done")),
    )
    op.create_index("ix_action_done_callout", "action_done", ["callout_id"])
    op.create_index("uq_action_done_callee_action", "action_done", ["callee_id", "action"], unique=True)


def _create_attempt_callee() -> None:
    op.create_table(
        "attempt_callee",
        sa.Column("attempt_id", KEY, nullable=False),
        sa.Column("callee_id", KEY, nullable=False),
        sa.Column(
            "endpoint_id", KEY, comment="of the callee's own unit, where the attempt names several; none: the attempt's"
        ),
        _refers("attempt_id", "attempt", "fk_attempt_callee_attempt_id_attempt"),
        _refers("callee_id", "callee", "fk_attempt_callee_callee_id_callee"),
        sa.PrimaryKeyConstraint("attempt_id", "callee_id", name=op.f("pk_attempt_callee")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_attempt_callee_callee", "attempt_callee", ["callee_id"])


def _create_feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("callee_id", KEY, nullable=False),
        sa.Column("receiver_id", KEY),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column(
            "on_post", sa.SmallInteger(), server_default="0", nullable=False, comment="somebody says so; for sums"
        ),
        sa.Column("moved", sa.Integer(), comment="people moved to safety; none where nothing was said of it"),
        sa.Column("danger", sa.SmallInteger(), server_default="0", nullable=False, comment="1 when one is told of"),
        sa.Column(
            "by_reply",
            sa.SmallInteger(),
            server_default="0",
            nullable=False,
            comment="1: a message in free words, no report",
        ),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=False,
            comment="JSON: on post, measures, people moved, dangers, free words; it may name people",
        ),
        sa.ForeignKeyConstraint(["callee_id"], ["callee.id"], name=op.f("fk_feedback_callee_id_callee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    op.create_index("ix_feedback_callee", "feedback", ["callee_id"])


def upgrade() -> None:
    _create_alarm()
    _create_alert_chain()
    _create_alert_link()
    _create_api_key()
    _create_campaign()
    _create_drill()
    _create_id_block()
    _create_installation()
    _create_journal_block()
    _create_journal_head()
    _create_lease()
    _create_login_failure()
    _create_number()
    _create_number_call()
    _create_opt_out()
    _create_raw_message()
    _create_register_change()
    _create_route()
    _create_source()
    _create_source_item()
    _create_turn()
    _create_unit()
    _create_user_account()
    _create_alert()
    _create_drill_day()
    _create_filing()
    _create_proof()
    _create_receiver()
    _create_user_grant()
    _create_user_session()
    _create_alert_area()
    _create_callout()
    _create_duty_shift()
    _create_endpoint()
    _create_publication()
    _create_renewal_link()
    _create_attempt()
    _create_branch()
    _create_estimate()
    _create_letter()
    _create_link()
    _create_outlet_post()
    _create_renewal_link_unit()
    _create_response()
    _create_response_step()
    _create_callee()
    _create_acknowledgement()
    _create_action_done()
    _create_attempt_callee()
    _create_feedback()


def downgrade() -> None:
    op.drop_table("feedback")
    op.drop_table("attempt_callee")
    op.drop_table("action_done")
    op.drop_table("acknowledgement")
    op.drop_table("callee")
    op.drop_table("response_step")
    op.drop_table("response")
    op.drop_table("renewal_link_unit")
    op.drop_table("outlet_post")
    op.drop_table("link")
    op.drop_table("letter")
    op.drop_table("estimate")
    op.drop_table("branch")
    op.drop_table("attempt")
    op.drop_table("renewal_link")
    op.drop_table("publication")
    op.drop_table("endpoint")
    op.drop_table("duty_shift")
    op.drop_table("callout")
    op.drop_table("alert_area")
    op.drop_table("user_session")
    op.drop_table("user_grant")
    op.drop_table("receiver")
    op.drop_table("proof")
    op.drop_table("filing")
    op.drop_table("drill_day")
    op.drop_table("alert")
    op.drop_table("user_account")
    op.drop_table("unit")
    op.drop_table("turn")
    op.drop_table("source_item")
    op.drop_table("source")
    op.drop_table("route")
    op.drop_table("register_change")
    op.drop_table("raw_message")
    op.drop_table("opt_out")
    op.drop_table("number_call")
    op.drop_table("number")
    op.drop_table("login_failure")
    op.drop_table("lease")
    op.drop_table("journal_head")
    op.drop_table("journal_block")
    op.drop_table("installation")
    op.drop_table("id_block")
    op.drop_table("drill")
    op.drop_table("campaign")
    op.drop_table("api_key")
    op.drop_table("alert_link")
    op.drop_table("alert_chain")
    op.drop_table("alarm")
