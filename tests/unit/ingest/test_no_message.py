"""What we fetched ourselves and is no message: trouble of the source, never a warning that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from warning_dispatch.ingest.no_xml import no_message_finding

SAMPLES = sorted((Path(__file__).resolve().parents[3] / "config" / "samples").glob("*.xml"))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" \r\n",
        b"<!DOCTYPE html><html><body>login</body></html>",
        b'<?xml version="1.0"?>\n<!-- portal -->\n<html xmlns="http://www.w3.org/1999/xhtml"/>',
        b'{"error": "session expired"}',
        b"%PDF-1.7",
        b"\x1f\x8b\x08",
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>none</title></feed>',
    ],
)
def test_what_carries_no_warning(raw: bytes) -> None:
    """Login pages, lists, packed files, nothing at all."""
    assert no_message_finding(raw) is not None


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_message_may_be_one_even_broken(path: Path) -> None:
    """Cut off, or in an encoding that is not ASCII: it is taken in, and the reading says what is wrong."""
    raw = path.read_bytes()
    for one in (raw, raw[: len(raw) // 2], b"\n" + raw, raw.decode().replace("UTF-8", "UTF-16").encode("utf-16")):
        assert no_message_finding(one) is None
    assert no_message_finding(b"<feed><entry><alert><identifier>1") is None
    assert no_message_finding(b"<Actual><identifier>1</identifier></Actual>") is None
