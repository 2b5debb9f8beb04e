"""References to earlier messages, reduced to bare identifiers: the triples in the field repeat wrong times."""

from __future__ import annotations

import re

from warning_dispatch.ingest.elements import Element
from warning_dispatch.ingest.envelope import CN_IDENTIFIER, is_too_long
from warning_dispatch.ingest.leaves import raw_text
from warning_dispatch.ingest.notes import Notes, Odd

_SEPARATORS = re.compile("[\\s,\uff0c;\uff1b\u3001]+")
_TRIPLE = 3


def bare_references(root: Element, notes: Notes) -> tuple[str, ...]:
    """The 12379 form: identifiers alone. Where a list holds more than identifiers, the identifiers are picked out."""
    text = raw_text(root, "references", notes) or ""
    pieces = [piece for piece in _SEPARATORS.split(text) if piece]
    known = [piece for piece in pieces if CN_IDENTIFIER.fullmatch(piece)]
    if len(known) != len(pieces):
        notes.odd(Odd.REFERENCES_FORM, root, "references", text)
    return _short(known or pieces, root, notes)


def triple_references(root: Element, notes: Notes, *, slashed: bool = False) -> tuple[str, ...]:
    """The OASIS form: triples sender,identifier,sent with blanks between; a piece without commas is an identifier.

    CAP 1.0 writes sender/identifier.
    """
    text = raw_text(root, "references", notes) or ""
    found: list[str] = []
    for piece in text.split():
        parts = [part for part in piece.replace("\uff0c", ",").split(",") if part]
        if len(parts) == 1 and slashed:
            found.append(parts[0].partition("/")[2] or parts[0])
            continue
        if len(parts) != _TRIPLE:
            notes.odd(Odd.REFERENCES_FORM, root, "references", text)
        found.extend(_identifier_among(parts))
    return _short(found, root, notes)


def _short(found: list[str], root: Element, notes: Notes) -> tuple[str, ...]:
    """Each once; what is longer than an identifier may be refers to nothing."""
    kept = [one for one in found if not is_too_long(one)]
    if len(kept) < len(found):
        notes.odd(Odd.REFERENCES_FORM, root, "references", next(one for one in found if is_too_long(one)))
    return tuple(dict.fromkeys(kept))


def _identifier_among(parts: list[str]) -> list[str]:
    """The identifier among the parts of one reference; none for the scrap of a time that was written with a blank."""
    known = [part for part in parts if CN_IDENTIFIER.fullmatch(part)]
    if known:
        return known
    if len(parts) >= _TRIPLE:
        return [parts[-2]]
    return [part for part in parts[-1:] if ":" not in part or not part[:1].isdigit()]
