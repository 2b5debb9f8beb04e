"""The text of a leaf: all of it, whatever markup stands inside."""

from __future__ import annotations

import re

from warning_dispatch.ingest.elements import Element, children, full_text
from warning_dispatch.ingest.notes import Notes, Odd

# Marks that turn the reading direction, have no width, or steer a terminal: never part of a warning's words.
_MARKS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")


def raw_text(parent: Element, name: str, notes: Notes) -> str | None:
    """The text of the child of that name as it stands, None when there is no such child.

    The first of several counts; that they differ is noted.
    """
    found = children(parent, name)
    if not found:
        return None
    texts = [full_text(element) for element in found]
    if len({text.strip() for text in texts}) > 1:
        notes.odd(Odd.DUPLICATE_ELEMENT, parent, name)
    if len(found[0]):
        notes.odd(Odd.NESTED_MARKUP, parent, name)
    return texts[0]


def line(parent: Element, name: str, notes: Notes) -> str:
    """The child's text on one line, blanks collapsed; empty when absent."""
    return " ".join(_clean(raw_text(parent, name, notes), parent, name, notes).split())


def block(parent: Element, name: str, notes: Notes) -> str:
    """The child's text with its line breaks, without blanks around it; empty when absent."""
    return _clean(raw_text(parent, name, notes), parent, name, notes).strip()


def _clean(text: str | None, parent: Element, name: str, notes: Notes) -> str:
    """The text without marks that no reader should meet; that there were some is noted."""
    if not text or (text.isascii() and text.isprintable()):
        return text or ""
    cleaned = _MARKS.sub("", text)
    if cleaned != text:
        notes.odd(Odd.TEXT_MARKS, parent, name)
    return cleaned
