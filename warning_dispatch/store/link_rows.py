"""Links: whose they are, and for which units they answer.

A link is one receiver's, in one call-out, on one channel. It answers for every unit of that call-out whose receiver has
the number it was sent to: the message named them all. The token itself is never stored.
"""

from __future__ import annotations

from collections.abc import Sequence

from warning_dispatch.engine.records import LinkTarget
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.store.sealing import link_hash, link_token
from warning_dispatch.store.sql import Sql

_TARGETS = """SELECT l.callout_id, l.receiver_id, c.id, r.id, r.role FROM link l
 JOIN receiver r ON r.id = l.receiver_id JOIN callee c ON c.callout_id = l.callout_id AND c.unit_id = r.unit_id
 WHERE l.hash = ?
 UNION SELECT l.callout_id, l.receiver_id, c.id, e.receiver_id, e.role FROM link l
 JOIN endpoint own ON own.receiver_id = l.receiver_id AND own.channel = l.channel AND own.valid_until IS NULL
 JOIN endpoint e ON e.number_id = own.number_id AND e.channel = own.channel AND e.valid_until IS NULL
 JOIN callee c ON c.callout_id = l.callout_id AND c.unit_id = e.unit_id WHERE l.hash = ?"""


def targets_of(sql: Sql, token: str) -> Sequence[LinkTarget]:
    """Every unit a link answers for, the receiver's own first; for each unit one receiver, A before B before the duty phone."""
    digest = link_hash(token)
    rows = sql.rows(_TARGETS, digest, digest)
    found: dict[int, LinkTarget] = {}
    for row in sorted(rows, key=lambda row: (row[3] != row[1], row[2], row[4])):
        found.setdefault(row[2], LinkTarget(row[0], row[3], row[2], Role(row[4])))
    return list(found.values())


class LinkTable:
    """engine.storage.LinkRows."""

    def __init__(self, sql: Sql, link_key: bytes) -> None:
        self._sql = sql
        self._key = link_key

    def tokens(self, wanted: Sequence[tuple[int, int, Purpose]], channel: Channel = Channel.SMS) -> Sequence[str]:
        """See the port."""
        tokens = [
            link_token(self._key, callout, receiver, purpose, 1, channel) for callout, receiver, purpose in wanted
        ]
        self._sql.many(
            """INSERT INTO link (hash, callout_id, receiver_id, purpose, generation, channel) VALUES (?bytea, ?, ?, ?, 1, ?)
            ON CONFLICT DO NOTHING""",
            [
                (link_hash(token), callout, receiver, purpose.value, channel.value)
                for token, (callout, receiver, purpose) in zip(tokens, wanted, strict=True)
            ],
        )
        return tokens

    def target(self, token: str) -> Sequence[LinkTarget]:
        """See the port."""
        return targets_of(self._sql, token)
