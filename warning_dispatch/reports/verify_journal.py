#!/usr/bin/env python3
r"""核验导出的叫应记录 / Verify an exported journal. One file, Python 3.9 or newer, nothing else is needed.

    python3 verify_journal.py JOURNAL.jsonl [--key journal.pub]

It stands beside every exported journal, so that anybody can check it on any machine, without the system that wrote it.

What is checked: every block hashes to what it says, no block is missing, moved or added, each follows the one before, and
the last is the one that was sealed. The seal is an Ed25519 signature: it needs the installation's public key (64
hexadecimal digits, the file journal.pub). Take the key from the installation itself or from where it was published, not
from whoever handed you the journal: a forger would hand you his own.

    hash = SHA-256("warning-dispatch journal block 1\0" | stream | seq 8 | at 8 | previous 32 | SHA-256(body) 32)
    seal = Ed25519("warning-dispatch journal head 1\0" | stream | seq 8 | entries 8 | hash 32 | sealed_at 8 | tombstone 1)

Integers big-endian, strings UTF-8 behind their length in 4 bytes; `body` is the JSON list of the block's entries, compact.

Exit code 0: whole and sealed. 1: something is wrong. 2: it cannot be read. 3: whole, but the seal was not checked (no key).
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Line = dict[str, Any]
Blocks = list[tuple[Line, list[Line]]]
Point = tuple[int, int, int, int]

BLOCK_TAG = b"warning-dispatch journal block 1\0"
HEAD_TAG = b"warning-dispatch journal head 1\0"
WHOLE, WRONG, UNREADABLE, UNSEALED = 0, 1, 2, 3
USAGE = "用法 / usage: python3 verify_journal.py JOURNAL.jsonl [--key journal.pub]"


def verify(lines: Iterable[str], key: bytes | None = None) -> tuple[list[str], dict[str, Any]]:
    """(faults, facts) of a journal's lines. `key`: 32 bytes; None: the seal is not looked at.

    `facts`: stream, blocks, entries, and whether the seal was checked. ValueError for what is no journal.
    """
    blocks, head = read(lines)
    if head is None:
        stream = blocks[0][0]["stream"] if blocks else "?"
        faults = [stream + ": 没有封印行，末尾被截 / the sealed head is missing: the end was cut off"]
        return faults + chain_faults(stream, blocks), facts_of(stream, blocks, checked=False)
    stream, faults = head["stream"], []
    if head["tombstone"] and not blocks:  # destroyed on schedule; the seal is all that is left
        faults += seal_faults(head, key)
        return faults, facts_of(stream, blocks, checked=key is not None)
    faults += chain_faults(stream, blocks)
    faults += end_faults(head, blocks)
    faults += seal_faults(head, key)
    return faults, facts_of(stream, blocks, checked=key is not None)


def read(lines: Iterable[str]) -> tuple[Blocks, Line | None]:
    """The blocks with their entries, and the sealed head if there is one. ValueError for what is no journal."""
    blocks: Blocks = []
    head: Line | None = None
    for number, line in enumerate(lines, 1):
        if head is not None and line.strip():
            raise ValueError(f"第 {number} 行：封印之后还有内容 / line {number}: something stands behind the seal")
        try:
            said = json.loads(line) if line.strip() else {}
            if "head" in said:
                head = said
            elif "previous" in said:
                blocks.append((said, []))
            elif said:
                blocks[-1][1].append(said)
        except (ValueError, IndexError, TypeError) as error:
            raise ValueError(f"第 {number} 行 / line {number}: {error}") from None
    return blocks, head


def chain_faults(stream: str, blocks: Blocks) -> list[str]:
    """What is wrong with the blocks and their order."""
    faults: list[str] = []
    previous = bytes(32)
    for place, (block, entries) in enumerate(blocks, 1):
        seq = block.get("block")
        where = f"{stream} 第 {seq} 块 / block {seq}"
        try:
            faults += [where + what for what in block_faults(stream, place, block, entries, previous)]
            previous = octets_of(block["hash"])
        except (KeyError, ValueError, TypeError, struct.error) as error:
            faults.append(f"{where}: 读不出 / unreadable ({error})")
    return faults


def block_faults(stream: str, place: int, block: Line, entries: list[Line], previous: bytes) -> Iterator[str]:
    """What is wrong with one block, which ought to be the `place`-th."""
    if block["stream"] != stream:
        yield ": 是别的记录的 / it belongs to another journal"
    if block["block"] != place:
        yield f": 应为第 {place} 块，缺块或被移动 / block {place} is expected here: one is missing or moved"
    orders = [one.get("position") for one in entries]
    if orders != list(range(1, len(entries) + 1)) or any(one.get("block") != block["block"] for one in entries):
        yield ": 条目次序不对 / its entries are not in their order"
    if len(entries) != block["entries"]:
        wanted, found = block["entries"], len(entries)
        yield f": 应有 {wanted} 条，实有 {found} 条 / it has {found} entries instead of {wanted}"
    body = json.dumps([one.get("entry") for one in entries], ensure_ascii=False, separators=(",", ":")).encode()
    digest = hashlib.sha256(body).digest()
    if digest.hex() != block["body"]:
        yield ": 内容被改 / its content was changed"
    if octets_of(block["previous"]) != previous:
        yield ": 与前一块不相接 / it does not follow the block before"
    counted = struct.pack(">qq", block["block"], block["at"])
    whole = BLOCK_TAG + text(block["stream"]) + counted + octets_of(block["previous"]) + digest
    if hashlib.sha256(whole).hexdigest() != block["hash"]:
        yield ": 校验值不符 / its hash is not that of its content"


def end_faults(head: Line, blocks: Blocks) -> Iterator[str]:
    """Whether the blocks end where the sealed head says."""
    last = blocks[-1][0] if blocks else {"block": 0, "hash": bytes(32).hex()}
    entries = sum(len(listed) for _, listed in blocks)
    if last["block"] < head["head"]:
        yield f"末尾被截：封印为第 {head['head']} 块 / the end was cut off: block {head['head']} was sealed"
    elif last["block"] > head["head"]:
        yield "封印之后有添加 / blocks were added behind the sealed one"
    elif last["hash"] != head["hash"]:
        yield "末块不是封印的那块，记录被重算 / the last block is not the sealed one: the chain was recomputed"
    if entries != head["entries"]:
        sealed = head["entries"]
        yield f"封印为 {sealed} 条，实有 {entries} 条 / {sealed} entries were sealed, there are {entries}"


def seal_faults(head: Line, key: bytes | None) -> Iterator[str]:
    """Whether the head was sealed with the key."""
    if key is None:
        return
    words = HEAD_TAG + text(head["stream"]) + struct.pack(">qq", head["head"], head["entries"])
    words += octets_of(head["hash"]) + struct.pack(">q?", head["sealed_at"], head["tombstone"])
    if not signed(key, words, octets_of(head["seal"])):
        yield "封印无效：不是这把密钥封的 / the seal is not valid: it was not made with this key"


def text(said: str) -> bytes:
    """A string as it is hashed."""
    return struct.pack(">I", len(said.encode())) + said.encode()


def octets_of(digits: str) -> bytes:
    """Bytes as they are written out: lower-case digits and nothing else."""
    octets = bytes.fromhex(digits)
    if octets.hex() != digits:
        raise ValueError(digits)
    return octets


def facts_of(stream: str, blocks: Blocks, *, checked: bool) -> dict[str, Any]:
    """What a journal is."""
    return {
        "stream": stream,
        "blocks": len(blocks),
        "entries": sum(len(listed) for _, listed in blocks),
        "seal_checked": checked,
    }


# --- Ed25519 (RFC 8032, verification only) ----------------------------------------------------------------

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature is that of the key over the message."""
    if len(key) != 32 or len(signature) != 64:  # noqa: PLR2004 - bytes of a key and of a signature
        return False
    a, r = point(key), point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    left, right = times(s, BASE), added(r, times(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


def added(a: Point, b: Point) -> Point:
    """The sum of two points."""
    c, d = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    e, f = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    return ((d - c) * (f - e) % P, (f + e) * (d + c) % P, (f - e) * (f + e) % P, (d - c) * (d + c) % P)


def times(number: int, a: Point) -> Point:
    """A point added to itself so many times."""
    found: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            found = added(found, a)
        a, number = added(a, a), number >> 1
    return found


def point(octets: bytes) -> Point | None:
    """The point that 32 bytes stand for; None: there is none."""
    y = int.from_bytes(octets, "little")
    odd, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (not x and odd):
        return None
    if x & 1 != odd:
        x = P - x
    return (x, y, 1, x * y % P)


_Y = 4 * pow(5, P - 2, P) % P
BASE: Point = point(_Y.to_bytes(32, "little")) or (0, 1, 1, 0)


# --- the command ------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """Verify the file that is named; the exit code."""
    try:
        name, key = asked(arguments)
    except ValueError as error:
        return say(str(error), UNREADABLE)
    try:
        with open(name, encoding="utf-8") as lines:  # noqa: PTH123 - as simple as can be
            faults, facts = verify(lines, key)
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        return say(f"不能读 / cannot be read: {error}", UNREADABLE)
    for fault in faults:
        say(f"✗ {fault}", WRONG)
    said = f"{facts['stream']}: {facts['blocks']} 块 / blocks, {facts['entries']} 条 / entries"
    if faults:
        return say(f"{said}. 发现 {len(faults)} 处问题 / {len(faults)} faults.", WRONG)
    if key is None:
        words = "记录完整，但封印未核验（没有 --key） / whole; the seal was not checked (no --key)"
        return say(f"{said}. {words}.", UNSEALED)
    return say(f"✓ {said}. 记录完整，封印有效 / whole, and the seal is valid.", WHOLE)


def asked(arguments: list[str]) -> tuple[str, bytes | None]:
    """The journal's file and the key that are named. ValueError says what is wrong."""
    names, key = list(arguments), None
    if "--key" in names:
        at = names.index("--key")
        named = names[at + 1] if at + 1 < len(names) else ""
        del names[at : at + 2]
        said = Path(named).read_text("ascii").strip() if named and Path(named).is_file() else named
        if len(said) != 64 or set(said.lower()) - set("0123456789abcdef"):  # noqa: PLR2004 - digits of a key
            raise ValueError(f"密钥应为 64 位十六进制 / the key is 64 hexadecimal digits: {named}")
        key = bytes.fromhex(said)
    if len(names) != 1 or names[0].startswith("-"):
        raise ValueError(USAGE)
    return names[0], key


def say(words: str, code: int) -> int:
    """Print a line."""
    sys.stdout.write(words + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
