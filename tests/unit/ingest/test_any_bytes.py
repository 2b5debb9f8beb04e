"""Whatever comes in, it is read or refused; nothing else happens."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.clock import stopwatch
from warning_dispatch.errors import UnreadableAlertError
from warning_dispatch.ingest import read_message
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.model.alert import ReadAlert

SAMPLES = [path.read_bytes() for path in sorted((Path(__file__).parents[3] / "config" / "samples").glob("*.xml"))]
SNIPPETS = [
    b"<", b">", b"&", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<!DOCTYPE a>", b"<?x?>", b"&#0;", b"&x;", b"\x00",
    b"\xff", b"\xef\xbb\xbf", b"<alert>", b"</alert>", b"<info>", b"</info>", b"<status/>", b",", b"+08:00", b"Red",
    "红色".encode(), "\uff0c".encode(), b" xmlns='urn:x'", b"<area/>",
]  # fmt: skip


def read_or_refused(raw: bytes) -> list[ReadAlert]:
    """Read; a refusal counts as an empty list, and must say something."""
    try:
        return read_message(raw)
    except UnreadableAlertError as refused:
        findings = refused.findings
    assert findings
    return []


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A sample with pieces cut out, doubled, overwritten or put in."""
    raw = draw(st.sampled_from(SAMPLES))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.integers(0, 60)))
        piece = draw(st.one_of(st.sampled_from(SNIPPETS), st.binary(max_size=8), st.just(raw[start:end] * 2)))
        raw = raw[:start] + piece + raw[end:]
    return raw


@st.composite
def rewritten(draw: st.DrawFn) -> bytes:
    """A well-formed sample in which the text of some leaves is anything."""
    text = draw(st.sampled_from(SAMPLES)).decode()
    for _ in range(draw(st.integers(1, 5))):
        places = [place for place in range(len(text)) if text.startswith("</", place)]
        place = draw(st.sampled_from(places))
        start = text.rindex(">", 0, place) + 1
        fresh = draw(st.text(st.characters(codec="utf-8", exclude_characters="<&\x00", exclude_categories=["Cc"])))
        text = text[:start] + fresh + text[place:]
    return text.encode()


@given(st.binary(max_size=400))
def test_any_bytes(raw: bytes) -> None:
    """No bytes whatever make the reader fail in another way."""
    read_or_refused(raw)


@given(mutated())
def test_mutated_samples(raw: bytes) -> None:
    """Damage of any kind is read or refused, and what is read has an identity."""
    for read in read_or_refused(raw):
        assert read.alert.identifier
        assert read.alert.sent > 0
        assert read.alert.sender or read.alert.sender_code


@given(rewritten())
def test_any_text_in_any_leaf(raw: bytes) -> None:
    """Any text in any element is read or refused, twice with the same result, and codes are digits."""
    first = read_or_refused(raw)
    assert first == read_or_refused(raw)
    for read in first:
        codes = [code for info in read.alert.infos for area in info.areas for code in area.geocodes]
        assert all(code.isascii() and code.isdigit() and 4 <= len(code) <= 14 for code in codes)


@given(mutated(), st.integers(946_684_800_000, 4_000_000_000_000))
def test_restamping_anything(raw: bytes, moment: int) -> None:
    """A damaged sample is restamped or refused."""
    with contextlib.suppress(UnreadableAlertError):
        assert restamp(raw, moment)


SPIKE = 200_000
PILES = {
    "headline": ("<headline>", "<headline>" + "红色" * SPIKE),
    "codes": ("<geocode>", "<geocode>" + "141102001000," * SPIKE),
    "no codes": ("<geocode>", "<geocode>" + "x," * SPIKE),
    "one code of marks": ("<geocode>", "<geocode>" + "1\u0301\u0323" * SPIKE),
    "references": ("<references/>", "<references>" + "a " * SPIKE + "</references>"),
    "areas": ("</info>", "<area/>" * 45_000 + "</info>"),
    "infos": ("</alert>", "<info/>" * 45_000 + "</alert>"),
    "time": ("<sendTime>", "<sendTime>" + " " * SPIKE + "1" * SPIKE),
}


@pytest.mark.parametrize("pile", PILES)
def test_piles_take_no_more_than_seconds(pile: str) -> None:
    """No element can be made so large that reading it blocks the intake: the time grows with the size, not its square."""
    old, new = PILES[pile]
    raw = next(raw for raw in SAMPLES if b"20260722220506</identifier>" in raw).decode().replace(old, new, 1).encode()
    started = stopwatch()
    read_or_refused(raw)
    assert stopwatch() - started < 20
