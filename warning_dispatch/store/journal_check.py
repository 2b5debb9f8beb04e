"""Verify the journal, and hand it out. Reads block by block; the memory it takes does not grow with the journal.

Every block is looked at by itself first: does its content hash to what it says? If not, it is tried as another block
of its stream, because a moved block still hashes right under its old number. What is left over is the question of the
chain: is every number there, does each block follow the one before, and is the end where the sealed head says.

A chain that is whole in itself and ends in another hash than the sealed one was recomputed by somebody without the
key. Where, the database cannot know: from some block on everything is new. The seals in the log can, see `OutsideSeal`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, select

from warning_dispatch.errors import NotFoundError
from warning_dispatch.store.journal import GENESIS, block_hash, sealed_words
from warning_dispatch.store.journal_rows import Block, Head, blocks_of, head_of, stream_names
from warning_dispatch.store.schema import callout

MOST_FAULTS = 100
"""Per stream. A journal with more faults than that is not mended by a longer list."""
_FARTHEST = 20_000


class FaultKind(StrEnum):
    """What is wrong with a place of the journal."""

    EDITED = "edited"
    """被改: a block is not what was written."""
    MISSING = "missing"
    """被删: a block is gone from the middle."""
    REORDERED = "reordered"
    """被移: a block stands under another number than it was written with."""
    CUT_TAIL = "cut_tail"
    """被截: the last blocks are gone."""
    ADDED = "added"
    """被添: blocks stand behind the sealed head."""
    RECOMPUTED = "recomputed"
    """重算: the chain is whole, but not the one that was sealed."""
    BAD_SEAL = "bad_seal"
    """封印无效: the head was not sealed with this installation's key."""
    NO_STREAM = "no_stream"
    """无记录: a call-out (or a stream known from outside) has no journal."""
    UNKNOWN_STREAM = "unknown_stream"
    """来历不明: blocks without a sealed head, or a journal of a call-out that does not exist."""


@dataclass(frozen=True, slots=True)
class JournalFault:
    """One fault and its place: stream, block (from 1), entry within the block (from 1); none where it cannot be told."""

    stream: str
    kind: FaultKind
    what: str
    seq: int | None = None
    entry: int | None = None

    def __str__(self) -> str:
        """One line for a person."""
        place = self.stream
        if self.seq is not None:
            place += f", block {self.seq}"
        if self.entry is not None:
            place += f", entry {self.entry}"
        return f"{place}: {self.kind.value}: {self.what}"


@dataclass(frozen=True, slots=True)
class OutsideSeal:
    """What the log remembers of a block: the first hexadecimal digits of its hash."""

    stream: str
    seq: int
    prefix: str


def verify(
    connection: Connection, public_key: bytes, stream: str | None = None, outside: Iterable[OutsideSeal] = ()
) -> list[JournalFault]:
    """Every fault of one stream, or of the whole journal; an empty list means that it is as it was written.

    `public_key`: 32 bytes of `journal.pub`. `outside`: seals from the log, if there are any at hand: with them a
    database that was set back as a whole is found too, and a recomputed chain gets its place.
    Raises NotFoundError when nothing at all is known of the named stream.
    """
    key = Ed25519PublicKey.from_public_bytes(public_key)
    memory: dict[str, dict[int, str]] = {}
    for seal in outside:
        memory.setdefault(seal.stream, {})[seal.seq] = seal.prefix
    called = {f"callout:{number}" for number in connection.execute(select(callout.c.id)).scalars()}
    stored = stream_names(connection)
    if stream is not None and stream not in stored | called | memory.keys():
        raise NotFoundError(f"没有记录 {stream} / there is no journal {stream}")
    faults: list[JournalFault] = []
    for name in sorted(stored | called | memory.keys()) if stream is None else [stream]:
        if name not in stored:
            faults.append(_absent(name, remembered=name in memory))
            continue
        head = head_of(connection, name)
        if name.startswith("callout:") and name not in called and not (head and head.tombstone):
            faults.append(JournalFault(name, FaultKind.UNKNOWN_STREAM, "there is no such call-out"))
        walk = _Walk(name, head, key, memory.get(name, {}))
        faults += walk.faults_in(blocks_of(connection, name))
    return faults


def export(connection: Connection, stream: str) -> Iterator[str]:
    """One stream as JSON Lines, to be kept or verified elsewhere (the recipe stands in store/journal.py).

    A line per block with its hashes (hexadecimal), followed by a line per entry with its block and its position from
    1; the last line is the sealed head. The body of a block is its entries, compact, joined as a list.
    Raises NotFoundError when there is no such stream.
    """
    head = head_of(connection, stream)
    if head is None and stream not in stream_names(connection):
        raise NotFoundError(f"没有记录 {stream} / there is no journal {stream}")
    for block in blocks_of(connection, stream):
        yield _line(
            {"stream": stream, "block": block.seq, "at": block.at, "entries": block.entries}
            | {"previous": block.previous.hex(), "hash": block.hash.hex(), "body": sha256(block.body).hexdigest()}
        )
        try:
            entries = json.loads(block.body)
        except ValueError:
            yield _line({"block": block.seq, "unreadable": block.body.decode(errors="replace")})
            continue
        for position, entry in enumerate(entries if isinstance(entries, list) else [entries], 1):
            yield _line({"block": block.seq, "position": position, "entry": entry})
    if head is not None:
        yield _line(
            {"stream": stream, "head": head.seq, "entries": head.entries, "hash": head.hash.hex()}
            | {"sealed_at": head.sealed_at, "tombstone": head.tombstone, "seal": head.seal.hex()}
        )


def seals_from_log(lines: Iterable[str]) -> Iterator[OutsideSeal]:
    """The `journal_sealed` lines of a JSON log; whatever stands before the brace and all other lines are passed over."""
    for line in lines:
        if '"journal_sealed"' not in line:
            continue
        try:
            said = json.loads(line[line.index("{") :])
            yield OutsideSeal(str(said["stream"]), int(said["seq"]), str(said["hash"]))
        except (ValueError, KeyError, TypeError):
            continue


def _line(values: dict[str, object]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _absent(name: str, *, remembered: bool) -> JournalFault:
    if remembered:
        return JournalFault(name, FaultKind.NO_STREAM, "the log has seals of this journal, the database nothing")
    return JournalFault(name, FaultKind.NO_STREAM, "the call-out has no journal")


# --- one stream -------------------------------------------------------------------------------------------


class _Walk:
    """One pass over the blocks of one stream."""

    def __init__(self, stream: str, head: Head | None, key: Ed25519PublicKey, outside: dict[int, str]) -> None:
        self._stream = stream
        self._head = head
        self._key = key
        self._outside = outside
        self._faults: list[JournalFault] = []
        self._last = 0  # number of the last block seen
        self._end: bytes | None = GENESIS  # its hash; none when it is not to be trusted
        self._gaps: list[range] = []
        self._moved: dict[int, int] = {}  # where a block stands -> the number it was written with
        self._first_other = 0  # first block of which the log remembers another hash

    def faults_in(self, blocks: Iterable[Block]) -> list[JournalFault]:
        """Look at the blocks, then at the whole; the faults come by place.

        1. Each block by itself, and whether it follows the one before.
        2. The seal of the head.
        3. Numbers that stand nowhere, in the middle or at the end.
        4. The end of the chain against the sealed head, and the seals remembered outside.
        """
        complete = True
        for block in blocks:
            self._look_at(block)
            if len(self._faults) + len(self._gaps) >= MOST_FAULTS:
                complete = False
                break
        self._check_seal()
        self._check_numbers(complete=complete)
        if complete:
            self._check_end()
        faults = sorted(self._faults, key=lambda fault: (fault.seq is None, fault.seq or 0))
        if not complete:
            faults.append(
                JournalFault(self._stream, FaultKind.EDITED, "and more: the check of this journal ended here")
            )
        return faults

    def _found(self, kind: FaultKind, what: str, seq: int | None = None, entry: int | None = None) -> None:
        self._faults.append(JournalFault(self._stream, kind, what, seq, entry))

    # 1
    def _look_at(self, block: Block) -> None:
        if block.seq <= self._last:
            self._found(FaultKind.ADDED, "a block with a number that is none", block.seq)
            return
        if block.seq > self._last + 1 and not self._beyond(block.seq):
            self._gaps.append(range(self._last + 1, block.seq))
            self._end = None
        digest = sha256(block.body).digest()
        if self._says(block, digest, block.seq, block.previous):
            self._look_at_link(block)
        else:
            self._look_at_changed(block, digest)
        if not self._beyond(block.seq):
            self._last = block.seq

    def _beyond(self, seq: int) -> bool:
        return self._head is not None and (self._head.tombstone or seq > self._head.seq)

    def _says(self, block: Block, digest: bytes, seq: int, previous: bytes) -> bool:
        """Whether the block's hash is right for this number and this predecessor."""
        try:
            return block_hash(self._stream, seq, block.at, previous, digest) == block.hash
        except struct.error:
            return False

    def _look_at_link(self, block: Block) -> None:
        """See whether a block that is right by itself belongs here."""
        if self._beyond(block.seq):
            self._found(FaultKind.ADDED, "this block stands behind the sealed end", block.seq)
            return
        if self._end is not None and block.previous != self._end:
            # The block before agrees with itself, so it was rewritten together with its hash.
            self._found(
                FaultKind.EDITED,
                f"block {block.seq} was written after another one: this block, or all up to it, was rewritten",
                max(self._last, 1),
            )
        self._end = block.hash
        self._look_at_entries(block)
        prefix = self._outside.get(block.seq)
        if prefix is not None and not self._first_other and not block.hash.hex().startswith(prefix):
            self._first_other = block.seq

    def _look_at_entries(self, block: Block) -> None:
        """The count stands beside the chain, so it is compared with the body."""
        try:
            entries = json.loads(block.body)
        except ValueError:
            entries = None
        count = len(entries) if isinstance(entries, list) else -1
        if count != block.entries:
            what = f"the count says {block.entries} entries, the block holds {max(count, 0)}"
            self._found(FaultKind.EDITED, what, block.seq)

    def _look_at_changed(self, block: Block, digest: bytes) -> None:
        """Tell a moved block from an edited one."""
        expected, self._end = self._end, None
        origin = self._origin(block, digest)
        if origin:
            self._moved[block.seq] = origin
            self._found(FaultKind.REORDERED, f"this block was written as number {origin}", block.seq)
        elif self._beyond(block.seq):
            self._found(FaultKind.ADDED, "this block stands behind the sealed end", block.seq)
        elif expected is not None and self._says(block, digest, block.seq, expected):
            self._found(FaultKind.EDITED, "the block names another predecessor than it had", block.seq)
        else:
            what, entry = _broken_entry(block.body)
            self._found(FaultKind.EDITED, what, block.seq, entry)

    def _origin(self, block: Block, digest: bytes) -> int:
        """The number a block was written with, 0 if none fits. Near numbers first; about 1 µs for each."""
        highest = max(block.seq, self._head.seq if self._head else block.seq)
        for distance in range(1, min(highest, _FARTHEST) + 1):
            for seq in (block.seq + distance, block.seq - distance):
                if 1 <= seq <= highest and self._says(block, digest, seq, block.previous):
                    return seq
        return 0

    # 2
    def _check_seal(self) -> None:
        head = self._head
        if head is None:
            self._found(FaultKind.UNKNOWN_STREAM, "blocks without a sealed head")
            return
        try:
            words = sealed_words(
                self._stream, head.seq, head.entries, head.hash, head.sealed_at, tombstone=head.tombstone
            )
            self._key.verify(head.seal, words)
        except (InvalidSignature, struct.error):
            self._found(FaultKind.BAD_SEAL, "the head was not sealed with this installation's key", head.seq)
            self._end = None

    # 3
    def _check_numbers(self, *, complete: bool) -> None:
        """Numbers that stand nowhere: gaps, the places of moved blocks, and the end; less what was only moved."""
        last = self._last
        if self._head is not None and not self._head.tombstone and complete:
            last = max(last, self._head.seq)
        absent = [*self._gaps, *(range(seq, seq + 1) for seq in self._moved), range(self._last + 1, last + 1)]
        for numbers in _joined(absent, set(self._moved.values())):
            first, end = numbers.start, numbers.stop - 1
            if self._beyond(first):
                continue
            what = f"block {first} is gone" if first == end else f"blocks {first} to {end} are gone"
            self._found(FaultKind.CUT_TAIL if end > self._last or end == last else FaultKind.MISSING, what, first)

    # 4
    def _check_end(self) -> None:
        head = self._head
        newest = max(self._outside, default=0)
        if head is not None and newest > head.seq:
            self._found(FaultKind.CUT_TAIL, f"the log knows of {newest} blocks: the journal was set back", head.seq + 1)
        if self._first_other:
            self._found(FaultKind.RECOMPUTED, "the log remembers another hash of this block", self._first_other)
        elif head is not None and self._ended_elsewhere(head):
            self._found(
                FaultKind.RECOMPUTED,
                "the chain ends in another hash than the sealed one: this block, or all from an earlier one on, was "
                "rewritten; the seals in the log can tell from where",
                head.seq,
            )

    def _ended_elsewhere(self, head: Head) -> bool:
        return not head.tombstone and self._last == head.seq and self._end is not None and self._end != head.hash


def _broken_entry(body: bytes) -> tuple[str, int | None]:
    """What can be said of an edited body: if it is no JSON any more, in which entry that begins (from 1)."""
    content = body.decode(errors="replace")
    try:
        entries = json.loads(content)
    except ValueError:
        return "the block is not what was written, and no JSON", _readable_entries(content) + 1
    for position, entry in enumerate(entries if isinstance(entries, list) else [], 1):
        if not isinstance(entry, dict):
            return "the block is not what was written", position
    return "the block is not what was written", None


def _readable_entries(content: str) -> int:
    """How many entries can be read before the first that cannot."""
    decoder, position, count = json.JSONDecoder(), 1, 0
    while content.startswith("{", position):
        try:
            _, position = decoder.raw_decode(content, position)
        except ValueError:
            break
        count += 1
        if not content.startswith(",", position):
            break
        position += 1
    return count


def _joined(ranges: list[range], without: set[int]) -> Iterator[range]:
    """The same numbers as rising ranges that do not touch, less some of them."""
    pieces: list[range] = []
    for numbers in ranges:
        start = numbers.start
        for hole in sorted(number for number in without if number in numbers):
            pieces.append(range(start, hole))
            start = hole + 1
        pieces.append(range(start, numbers.stop))
    current: range | None = None
    for piece in sorted((piece for piece in pieces if piece), key=lambda piece: piece.start):
        if current is not None and piece.start <= current.stop:
            current = range(current.start, max(current.stop, piece.stop))
            continue
        if current is not None:
            yield current
        current = piece
    if current is not None:
        yield current
