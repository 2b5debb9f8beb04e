"""Read the journal's tables as they lie there, even if somebody broke them: the check must not stumble over a fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

_BLOCKS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Block:
    """A row of journal_block, whatever somebody put into it: a value of the wrong type is 0 or empty here."""

    seq: int
    at: int
    entries: int
    body: bytes
    previous: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """A row of journal_head, read the same way."""

    seq: int
    entries: int
    hash: bytes
    sealed_at: int
    seal: bytes
    tombstone: bool


def stream_names(connection: Connection) -> set[str]:
    """Every stream that has a head or a block."""
    rows = connection.execute(text("SELECT stream FROM journal_head UNION SELECT stream FROM journal_block"))
    return {str(name) for name in rows.scalars()}


def head_of(connection: Connection, stream: str) -> Head | None:
    """The head of a stream, if it has one."""
    row = connection.execute(
        text("SELECT seq, entries, hash, sealed_at, seal, tombstone FROM journal_head WHERE stream = :stream"),
        {"stream": stream},
    ).one_or_none()
    if row is None:
        return None
    seq, entries, hash_, sealed_at, seal, tombstone = row
    return Head(
        _number(seq), _number(entries), _octets(hash_), _number(sealed_at), _octets(seal), tombstone=tombstone != 0
    )


def blocks_of(connection: Connection, stream: str) -> Iterator[Block]:
    """The blocks by their numbers, a few at a time. The body comes as bytes: it need not be text any more."""
    body = "CAST(body AS BLOB)" if connection.dialect.name == "sqlite" else "convert_to(body, 'UTF8')"
    query = text(f"SELECT seq, at, entries, {body}, previous, hash FROM journal_block WHERE stream = :of ORDER BY seq")
    with connection.execute(query.execution_options(yield_per=_BLOCKS_AT_ONCE), {"of": stream}) as rows:
        # closed also when the reader has seen enough: PostgreSQL keeps a cursor open for it
        for seq, at, entries, content, previous, hash_ in rows:
            yield Block(
                _number(seq), _number(at), _number(entries), _octets(content), _octets(previous), _octets(hash_)
            )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _octets(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else b""
