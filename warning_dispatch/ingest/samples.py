"""Sample messages given another moment, so that a demonstration of today speaks of today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from warning_dispatch.clock import beijing_text, iso_text
from warning_dispatch.ingest.document import open_document
from warning_dispatch.ingest.elements import Element, children
from warning_dispatch.ingest.notes import Notes
from warning_dispatch.ingest.times import OASIS_FORM, read_time


def restamp(raw: bytes, moment_ms: int, renamed: Mapping[str, str] | None = None) -> bytes:
    """Rewrite a message as if it had been sent at `moment_ms` (UTC), as UTF-8.

    sendTime, sent and effective become the moment; onset and expires that are given move along; the identifier keeps
    what stands before its first "_" and gets the Beijing time of the moment. `renamed` maps identifiers, old to new, of
    messages restamped before, so that references go on pointing at them. Comments are dropped, the rest is kept.
    Raises UnreadableAlertError when the bytes are no XML to be trusted.
    """
    root = open_document(raw, Notes())
    shift = _shift(root, moment_ms)
    for element in _leaves(root, ("sendTime", "sent")):
        element.text = _like(element, moment_ms)
    for identifier in children(root, "identifier"):
        prefix = (identifier.text or "").strip().partition("_")[0]
        identifier.text = f"{prefix}_{beijing_text(moment_ms, '%Y%m%d%H%M%S')}"
    for references in children(root, "references"):
        for old, new in (renamed or {}).items():
            references.text = (references.text or "").replace(old, new)
    for info in children(root, "info"):
        for element in _leaves(info, ("effective",)):
            element.text = _like(element, moment_ms)
        for element in _leaves(info, ("onset", "expires")):
            was = read_time(element.text or "", OASIS_FORM).moment
            if was is not None:
                element.text = _like(element, was + shift)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _leaves(parent: Element, names: tuple[str, ...]) -> Iterator[Element]:
    """The children of any of the names."""
    for name in names:
        yield from children(parent, name)


def _shift(root: Element, moment_ms: int) -> int:
    """How far the message moves, ms; nothing when it had no time of sending."""
    for element in _leaves(root, ("sendTime", "sent")):
        was = read_time(element.text or "", OASIS_FORM).moment
        if was is not None:
            return moment_ms - was
    return 0


def _like(element: Element, moment_ms: int) -> str:
    """The moment in the form that the element had: with T, else with a blank."""
    text = iso_text(moment_ms)
    return text if "T" in (element.text or "") else text.replace("T", " ")
