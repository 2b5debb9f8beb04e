"""Documents in a row: on a stream that is cut anywhere, or one behind the other in a file.

Some networks send bare XML documents over one connection, with blanks or single bytes between them to keep it alive.
A document ends with the end tag of its root; what lies between two documents is dropped.
"""

from __future__ import annotations

import re

from warning_dispatch.ingest.document import MAX_BYTES

_BEGINNING = re.compile(rb"<(?:\?xml\s|(?P<root>[A-Za-z_][\w.-]{0,60}(?::[A-Za-z_][\w.-]{0,60})?)[\s/>])")
_ROOT = re.compile(rb"<(?P<root>[A-Za-z_][\w.-]{0,60}(?::[A-Za-z_][\w.-]{0,60})?)[\s/>]")
_PROLOGUE = 4096
"""Bytes of declaration, comments and blanks in which a root must appear."""


class DocumentStream:
    """Puts documents together from pieces of any size. Bytes only: a character that is cut in two is no matter."""

    def __init__(self, limit: int = MAX_BYTES) -> None:
        """`limit`: bytes after which a document that does not end is given up."""
        self._limit = limit
        self._held = b""
        self._begin = 0
        self._looked = 0

    def feed(self, piece: bytes, most: int | None = None) -> list[bytes]:
        """The documents that are complete with this piece. One that grows beyond the limit comes out as it is.

        After `most` of them the rest is held as it is.
        """
        self._held += piece
        found: list[bytes] = []
        while (most is None or len(found) < most) and (document := self._next()) is not None:
            found.append(document)
        self._held, self._looked, self._begin = self._held[self._begin :], max(0, self._looked - self._begin), 0
        return found

    def rest(self) -> bytes:
        """What is left at the end of the stream: an unfinished document, or nothing."""
        rest, self._held, self._looked = self._held.strip(b" \t\r\n\x00"), b"", 0
        return rest

    def _next(self) -> bytes | None:
        """The next document of what is held. What was given out is only passed over: to cut it off would copy the rest."""
        beginning = _BEGINNING.search(self._held, self._begin)
        if beginning is None:
            tail = max(self._begin, len(self._held) - 200)
            self._begin = tail if b"<" in self._held[tail:] else len(self._held)
            return None
        self._begin = beginning.start()
        root = _ROOT.search(self._held, self._begin, self._begin + _PROLOGUE)
        if root is None:
            return self._given_up()
        end_tag = re.compile(rb"</" + re.escape(root["root"]) + rb"\s*>")
        end = end_tag.search(self._held, max(root.end(), self._looked))
        if end is None:
            self._looked = max(self._begin, len(self._held) - 200)
            return self._given_up()
        document, self._begin = self._held[self._begin : end.end()], end.end()
        return document

    def _given_up(self) -> bytes | None:
        if len(self._held) - self._begin <= self._limit:
            return None
        document, self._begin, self._looked = self._held[self._begin :], len(self._held), 0
        return document


def documents_in(raw: bytes, most: int | None = None) -> list[bytes]:
    """The documents that stand one behind the other in these bytes, `most` of them; what is left at the end comes last."""
    stream = DocumentStream(max(len(raw), 1))
    found = stream.feed(raw, most)
    rest = stream.rest()
    return [*found, rest] if rest else found
