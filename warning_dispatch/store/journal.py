r"""叫应记录: the append-only account of everything, in streams (`callout:<id>`, `register`, `system`).

A block is what one transaction appends to one stream. Blocks are chained by their hashes, and the head of a stream
is sealed with the installation's key. So an edited, dropped or moved block breaks the chain; a chain recomputed by
somebody without the key, or one whose tail was cut off, no longer ends where the sealed head says. Restoring an old
copy of the whole database is the one thing the database itself cannot show: for that each seal is also a line of the
log (`journal_sealed`), written when the block is committed.

All of this in bytes (integers big-endian, strings UTF-8 behind their length in 4 bytes):

    hash = SHA-256("warning-dispatch journal block 1\0" | stream | seq 8 | at 8 | previous 32 | SHA-256(body) 32)
    seal = Ed25519("warning-dispatch journal head 1\0" | stream | seq 8 | entries 8 | hash 32 | sealed_at 8 | tombstone 1)

`previous` of the first block is 32 zero bytes. `body` is the JSON list as stored. Entries hold ids only, no personal
data: a journal outlives what it speaks of.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, select
from structlog.typing import FilteringBoundLogger

from warning_dispatch.errors import RefusedError, StoreError
from warning_dispatch.store.database import after_commit
from warning_dispatch.store.schema import journal_head
from warning_dispatch.store.sql import Sql

GENESIS = bytes(32)
"""What stands before the first block."""
PREFIX_DIGITS = 16
"""How many hexadecimal digits of a hash the log line shows."""

_BLOCK_TAG = b"warning-dispatch journal block 1\0"
_HEAD_TAG = b"warning-dispatch journal head 1\0"

_READ_HEAD = "SELECT seq, entries, hash, tombstone FROM journal_head WHERE stream = ?"
_INSERT_BLOCK = (
    "INSERT INTO journal_block (stream, seq, at, entries, body, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_HEAD = """INSERT INTO journal_head (seq, entries, hash, sealed_at, seal, tombstone, stream)
 VALUES (?, ?, ?, ?, ?, ?, ?)"""
_UPDATE_HEAD = """UPDATE journal_head SET seq = ?, entries = ?, hash = ?, sealed_at = ?, seal = ?, tombstone = ?
 WHERE stream = ? AND seq = ?"""
_DROP_BLOCKS = "DELETE FROM journal_block WHERE stream = ?"


@dataclass(frozen=True, slots=True)
class Seal:
    """The sealed head of a stream: that it has `seq` blocks with `entries` entries, the last hashing to `hash`.

    `sealed_at` in ms. `tombstone`: the blocks were removed by retention, this is what stands for them.
    """

    stream: str
    seq: int
    entries: int
    hash: bytes
    sealed_at: int
    seal: bytes
    tombstone: bool


def block_hash(stream: str, seq: int, at: int, previous: bytes, body_digest: bytes) -> bytes:
    """The hash of a block, 32 bytes. `body_digest` is the SHA-256 of the body's UTF-8."""
    return sha256(_BLOCK_TAG + _text(stream) + struct.pack(">qq", seq, at) + previous + body_digest).digest()


def sealed_words(stream: str, seq: int, entries: int, hash_: bytes, sealed_at: int, *, tombstone: bool) -> bytes:
    """What the seal of a head is made over."""
    return (
        _HEAD_TAG + _text(stream) + struct.pack(">qq", seq, entries) + hash_ + struct.pack(">q?", sealed_at, tombstone)
    )


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">I", len(encoded)) + encoded


class Journal:
    """Writes the journal. Keeps nothing in memory, so a rolled-back transaction leaves no trace."""

    def __init__(self, signing_key: bytes, log: FilteringBoundLogger) -> None:
        """`signing_key`: the Ed25519 seed, 32 bytes. `log` gets one line per sealed block."""
        self._key = Ed25519PrivateKey.from_private_bytes(signing_key)
        self._log = log

    def append(self, connection: Connection, stream: str, entries: Sequence[Mapping[str, object]], now: int) -> None:
        """Add one block to a stream, in the caller's transaction; nothing at all when there are no entries.

        Values are what JSON knows (enums of ours are their values). `now` in ms. Raises RefusedError on a stream
        that retention has closed.
        """
        self.write(Sql(connection), stream, entries, now)

    def write(self, sql: Sql, stream: str, entries: Sequence[Mapping[str, object]], now: int) -> None:
        """The same on the hot path, where the caller's statements are at hand: the engine does it in every turn."""
        if not entries:
            return
        head = _head(sql, stream)
        seq, total, previous = (1, 0, GENESIS) if head is None else (head[0] + 1, head[1], bytes(head[2]))
        if head is not None and head[3]:
            raise RefusedError(
                f"记录 {stream} 已按保存期限封存，不再写入 / the journal {stream} was closed by retention and takes nothing more"
            )
        body = json.dumps(entries, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        digest = block_hash(stream, seq, now, previous, sha256(body.encode()).digest())
        sql.run(_INSERT_BLOCK, stream, seq, now, len(entries), body, previous, digest)
        self._seal(sql, Seal(stream, seq, total + len(entries), digest, now, b"", tombstone=False))

    def bury(self, connection: Connection, stream: str, now: int) -> None:
        """Remove a stream's blocks and leave a sealed tombstone. For retention; the export comes before."""
        sql = Sql(connection)
        head = _head(sql, stream)
        if head is None or head[3]:
            raise RefusedError(f"没有未封存的记录 {stream} / there is no open journal {stream}")
        sql.run(_DROP_BLOCKS, stream)
        self._seal(sql, Seal(stream, head[0], head[1], bytes(head[2]), now, b"", tombstone=True))

    def _seal(self, sql: Sql, head: Seal) -> None:
        """Write the head over the one it follows; the log line comes with the commit."""
        words = sealed_words(head.stream, head.seq, head.entries, head.hash, head.sealed_at, tombstone=head.tombstone)
        seal = self._key.sign(words)
        values = (head.seq, head.entries, head.hash, head.sealed_at, seal, int(head.tombstone), head.stream)
        before = head.seq if head.tombstone else head.seq - 1
        if before == 0:
            sql.run(_INSERT_HEAD, *values)
        elif sql.run(_UPDATE_HEAD, *values, before) != 1:
            raise StoreError(
                f"记录 {head.stream} 在写入时已变 / The journal {head.stream} moved on while it was written."
            )
        after_commit(sql.connection, lambda: self._report(head))

    def _report(self, head: Seal) -> None:
        prefix = head.hash.hex()[:PREFIX_DIGITS]
        event = "journal_buried" if head.tombstone else "journal_sealed"
        self._log.info(event, stream=head.stream, seq=head.seq, entries=head.entries, hash=prefix)


def _head(sql: Sql, stream: str) -> Any:
    """The head of a stream, locked until the commit where the database has row locks; None before the first block."""
    return sql.one(_READ_HEAD + sql.for_update, stream)


def seals(connection: Connection) -> Iterator[Seal]:
    """The sealed heads of all streams, by name: print them and keep them where nobody can reach both."""
    for row in connection.execute(select(journal_head).order_by(journal_head.c.stream)):
        yield Seal(
            row.stream,
            row.seq,
            row.entries,
            bytes(row.hash),
            row.sealed_at,
            bytes(row.seal),
            tombstone=bool(row.tombstone),
        )
