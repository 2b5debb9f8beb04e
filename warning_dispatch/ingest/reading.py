"""The way in: raw bytes and what is known of their source, to alerts.

A dialect is a name, a test on an element and a pure parser. A document holds one alert as its root, or several in
whatever envelope carries them (Atom, RSS, EDXL-DE, SOAP, a bare list); each is read by itself, and one that cannot be
read loses none of the others. Nothing is ever fetched because a message says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from warning_dispatch.errors import Finding, UnreadableAlertError
from warning_dispatch.ingest import cap, cn12379
from warning_dispatch.ingest.document import open_document
from warning_dispatch.ingest.elements import Element, full_text, local_name, namespace_of, path_of
from warning_dispatch.ingest.notes import Notes, Odd, clip
from warning_dispatch.ingest.stream import documents_in
from warning_dispatch.model.alert import Alert, ReadAlert, ReadMessage, Unread
from warning_dispatch.model.source_rules import USUAL, SignatureRule, SourceRules

MOST_ALERTS = 1_000
"""Of one document; a feed of a whole country has some hundreds."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A way of writing warnings. `parse` raises UnreadableAlertError and nothing else."""

    name: str
    recognises: Callable[[Element], bool]
    parse: Callable[[Element, Notes], Alert]


DIALECTS = (
    Dialect("cap-1.2, cap-1.1, cap-1.0", cap.recognises, cap.parse),
    Dialect(cn12379.DIALECT, cn12379.recognises, cn12379.parse),
)
_ENVELOPES = frozenset({"feed", "rss", "RDF", "EDXLDistribution", "Envelope", "alerts"})
_TWO_ALERTS = re.compile(rb"</(?:[\w.-]+:)?alert\s*>\s*(?:<!--|<\?xml\s|<(?:[\w.-]+:)?alert[\s>])|>\s*<\?xml\s")
_FIRST_TAG = re.compile(r"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)[\s>/]")
_PROLOGUE = 4_000
"""Characters of an embedded text in which its root must stand."""


def read_message(raw: bytes, rules: SourceRules = USUAL) -> list[ReadAlert]:
    """The alerts of a message, for who wants nothing but those. Raises UnreadableAlertError when there is none."""
    message = read_parts(raw, rules)
    if not message.alerts:
        raise UnreadableAlertError([finding for part in message.unread for finding in part.findings])
    return list(message.alerts)


def read_parts(raw: bytes, rules: SourceRules = USUAL) -> ReadMessage:
    """Read a message of any known dialect, by what is known of its source.

    Each alert with everything odd about it; what could not be read, with every finding: bytes that are too many or not
    to be trusted as XML, an unknown dialect, no identity (identifier, sender, time of sending), a signature that is
    asked for and does not hold. One of the two is never empty. Raises nothing; needs no clock, no network and no file.
    """
    notes = Notes(rules)
    try:
        root = open_document(raw, notes)
    except UnreadableAlertError as error:
        documents = documents_in(raw, MOST_ALERTS) if _TWO_ALERTS.search(raw) else []
        if len(documents) > 1:
            return _read_each(documents, rules)
        return ReadMessage((), (Unread("/", error.findings),))
    return _read_document(root, raw, notes)


def _read_each(documents: list[bytes], rules: SourceRules) -> ReadMessage:
    """Documents in a row, each by itself."""
    alerts: list[ReadAlert] = []
    unread: list[Unread] = []
    for place, document in enumerate(documents, 1):
        if place > MOST_ALERTS:
            unread.append(Unread("/", (_too_many(),)))
            break
        notes = Notes(rules)
        notes.odd(Odd.CONCATENATED, None)
        try:
            found = _read_document(open_document(document, notes), document, notes)
        except UnreadableAlertError as error:
            unread.append(Unread(f"[{place}]", error.findings))
            continue
        alerts.extend(found.alerts)
        unread.extend(found.unread)
    return ReadMessage(tuple(alerts), tuple(unread))


def _read_document(root: Element, raw: bytes, notes: Notes) -> ReadMessage:
    """Every alert below the root, or why there is none."""
    alerts: list[ReadAlert] = []
    unread: list[Unread] = []
    count = 0
    for element, own in _alerts_in(root, notes, unread):
        count += 1
        if count > MOST_ALERTS:
            unread.append(Unread("/", (_too_many(),)))
            break
        try:
            alerts.append(_read_one(element, raw, own, alone=element is root))
        except UnreadableAlertError as error:
            unread.append(Unread(path_of(element), error.findings))
    if not count and not unread:
        unread.append(Unread("/", (_nothing_in(root),)))
    return ReadMessage(tuple(alerts), tuple(unread))


def _read_one(element: Element, raw: bytes, notes: Notes, *, alone: bool) -> ReadAlert:
    """One alert; where its source must sign, only what the signature covers is read."""
    if notes.rules.signature is not None:
        return _read_signed(element, raw if alone else None, notes, notes.rules.signature)
    return ReadAlert(_parsed(element, notes), notes.problems)


def _read_signed(element: Element, raw: bytes | None, notes: Notes, rule: SignatureRule) -> ReadAlert:
    from warning_dispatch.ingest.signatures import require_valid_then, verified  # noqa: PLC0415 - few sources sign

    signed = verified(element, raw, rule)
    alert = _parsed(signed.element, notes)
    require_valid_then(signed, alert.sent)
    return ReadAlert(alert, notes.problems)


def _parsed(element: Element, notes: Notes) -> Alert:
    dialect = _dialect_of(element)
    if dialect is None:
        raise UnreadableAlertError([_nothing_in(element)])
    return dialect.parse(element, notes)


def _dialect_of(element: Element) -> Dialect | None:
    return next((dialect for dialect in DIALECTS if dialect.recognises(element)), None)


def _alerts_in(root: Element, notes: Notes, unread: list[Unread]) -> Iterator[tuple[Element, Notes]]:
    """The topmost alerts at or below the root, in document order, each with its own notes."""
    if _dialect_of(root) is not None:
        yield root, notes
        return
    waiting = [root]
    while waiting:
        if len(unread) >= MOST_ALERTS:
            unread.append(Unread("/", (_too_many(),)))
            return
        element = waiting.pop()
        if element is not root and local_name(element) == "alert":
            own = notes.branch()
            own.odd(Odd.WRAPPED, element)
            yield element, own
            continue
        if not len(element):
            yield from _escaped_in(element, notes, unread)
        waiting.extend(reversed(element))


def _escaped_in(leaf: Element, notes: Notes, unread: list[Unread]) -> Iterator[tuple[Element, Notes]]:
    """An alert that a feed carries as text; a text inside that text is none any more."""
    text = full_text(leaf) if leaf.text and "alert" in leaf.text else ""
    first = _FIRST_TAG.search(text, 0, _PROLOGUE) if text.lstrip().startswith("<") else None
    if first is None or first[1] != "alert":
        return
    own = notes.branch()
    own.odd(Odd.ESCAPED, leaf)
    try:
        root = open_document(re.sub(r"^\s*<\?xml[^>]*>", "", text).encode(), own)
    except UnreadableAlertError as error:
        unread.append(Unread(path_of(leaf), error.findings))
        return
    yield root, own


def _too_many() -> Finding:
    return Finding(
        "/",
        f"一份文件里的报文超过 {MOST_ALERTS} 份，其余没有读取 / more than {MOST_ALERTS} alerts in one document",
        "分几次发送 / send them in several documents",
    )


def _nothing_in(root: Element) -> Finding:
    """Why a document holds no alert."""
    if local_name(root) in _ENVELOPES and local_name(root) != "Envelope":
        return Finding(
            path_of(root),
            "这是目录或信封，里面没有完整的预警报文 / a feed or envelope without a full alert in it",
            "取回目录所列的报文后再送来 / fetch the messages that it lists and send those",
        )
    known = ", ".join(dialect.name for dialect in DIALECTS)
    return Finding(
        path_of(root),
        f"不认识的报文格式 / unknown dialect: {clip(local_name(root))}, namespace {clip(namespace_of(root))}",
        f"可接受的格式 / accepted: {known}",
    )
