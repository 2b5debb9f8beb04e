"""Mutations of every sample: nothing crashes, nothing hangs, memory stays bounded, the next message is unaffected.

Seconds in the normal run, minutes in `make fuzz`; a failure prints the seed and the round that make it again.
"""

from __future__ import annotations

import random
import resource
from datetime import UTC
from pathlib import Path

import pytest

from warning_dispatch.clock import stopwatch
from warning_dispatch.ingest import read_parts
from warning_dispatch.ingest.peek import peek_colour
from warning_dispatch.ingest.stream import DocumentStream
from warning_dispatch.model.source_rules import SignatureRule, SourceRules

ROOT = Path(__file__).parents[3]
FILES = [
    *sorted((ROOT / "tests" / "data" / "messages").glob("*.xml")),
    *sorted((ROOT / "config" / "samples").glob("*.xml")),
]
SAMPLES = [path.read_bytes() for path in FILES]
GOOD = (ROOT / "config" / "samples" / "12379-red-rain-city.xml").read_bytes()
RULES = (
    SourceRules(),
    SourceRules(encoding="GB18030", mends=True, zone=UTC),
    SourceRules(signature=SignatureRule(("no certificate",))),
)
SNIPPETS = [
    b"<", b">", b"&", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<!DOCTYPE a>", b"<?x?>", b"&#0;", b"&x;", b"\x00", b"\xff",
    b"\xef\xbb\xbf", b"<alert>", b"</alert>", b"<info>", b"</info>", b"<area/>", b" xmlns='urn:x'", b"xmlns:xmlns='x'",
    "红色".encode(), "橙".encode("gb18030"), "\uff0c".encode(), b"+08:00", b"9" * 400, b"-", b"e", b".", b"%n", b"1e999",
]  # fmt: skip
SLOWEST = 5.0
"""Seconds for one message on a busy machine."""


def mutated(dice: random.Random) -> bytes:
    """A sample with pieces cut out, doubled, moved, overwritten, joined with another sample."""
    raw = bytearray(dice.choice(SAMPLES))
    for _ in range(dice.randint(1, 8)):
        start = dice.randrange(len(raw) + 1)
        end = min(len(raw), start + dice.choice((0, 1, 4, 40, 400)))
        piece = bytes(raw[start:end])
        kind = dice.randrange(7)
        if kind == 0:
            raw[start:end] = b""
        elif kind == 1:
            raw[start:end] = piece * dice.choice((2, 3, 50))
        elif kind == 2:
            raw[start:end] = dice.choice(SNIPPETS)
        elif kind == 3:
            raw[start:start] = dice.choice(SNIPPETS) * dice.choice((1, 1, 300))
        elif kind == 4:
            raw[start:end] = dice.randbytes(len(piece))
        elif kind == 5 and len(raw) > 1:
            at = dice.randrange(len(raw))
            raw[at] ^= 1 << dice.randrange(8)
        else:
            other = dice.choice(SAMPLES)
            cut = dice.randrange(len(other) + 1)
            raw[start:] = other[cut:]
    return bytes(raw[:400_000])


def test_reading_mutated_messages(pytestconfig: pytest.Config) -> None:
    """Whatever comes in is read or refused with reasons, in time; and then a good message is read as ever."""
    seed, seconds = pytestconfig.getoption("--fuzz-seed"), pytestconfig.getoption("--fuzz")
    expected = read_parts(GOOD)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, rounds = stopwatch(), 0
    while stopwatch() - started < seconds:
        dice = random.Random(f"{seed}/{rounds}")
        raw = mutated(dice)
        begun = stopwatch()
        for rules in RULES:
            message = read_parts(raw, rules)
            assert message.alerts or message.unread, (seed, rounds)
            assert all(part.findings for part in message.unread), (seed, rounds)
        peek_colour(raw)
        stream = DocumentStream(100_000)
        for at in range(0, len(raw), 1 + len(raw) // 7):
            stream.feed(raw[at : at + 1 + len(raw) // 7])
        assert stopwatch() - begun < SLOWEST * len(RULES), (seed, rounds)
        if rounds % 50 == 0:
            assert read_parts(GOOD) == expected, (seed, rounds)
        rounds += 1
    assert rounds > 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024
