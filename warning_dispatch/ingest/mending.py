"""Broken markup of a source that is known to break it, mended in a way that cannot lose anything.

A parser that recovers by itself may drop what follows the fault, an identifier's end among it. Here only three faults
are mended, each by changing the fault itself: a bare ampersand, a bare "<" that begins no tag, and the declaration
xmlns:xmlns that one Chinese producer asks its library for. What is still not well-formed afterwards stays refused.
"""

from __future__ import annotations

import re

from warning_dispatch.ingest.notes import Notes, Odd

_ILLEGAL_NAMESPACE = re.compile(rb"""\sxmlns:xmlns\s*=\s*("[^"<]{0,500}"|'[^'<]{0,500}')""")
_CDATA = re.compile(rb"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_BARE_AMPERSAND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_BARE_LESS = re.compile(rb"<(?![A-Za-z_/!?\x80-\xff])")


def mended(body: bytes, notes: Notes) -> bytes | None:
    """The bytes with these faults mended and noted; None when there is none of them.

    For encodings in which ASCII bytes stand for themselves: all that are accepted but UTF-16.
    """
    legal = _ILLEGAL_NAMESPACE.sub(b"", body)
    if legal != body:
        notes.odd(Odd.NAMESPACE_MENDED, None)
    parts = _CDATA.split(legal)
    escaped = b"".join(part if part.startswith(b"<![CDATA[") else _escaped(part) for part in parts)
    if escaped != legal:
        notes.odd(Odd.MARKUP_MENDED, None)
    return None if escaped == body else escaped


def _escaped(text: bytes) -> bytes:
    return _BARE_LESS.sub(b"&lt;", _BARE_AMPERSAND.sub(b"&amp;", text))
