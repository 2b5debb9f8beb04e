"""The text of a leaf: all of it, whatever markup stands inside."""

from __future__ import annotations

from warning_dispatch.ingest.elements import Element, children, full_text
from warning_dispatch.ingest.notes import Notes, Odd


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
    return " ".join((raw_text(parent, name, notes) or "").split())


def block(parent: Element, name: str, notes: Notes) -> str:
    """The child's text with its line breaks, without blanks around it; empty when absent."""
    return (raw_text(parent, name, notes) or "").strip()
