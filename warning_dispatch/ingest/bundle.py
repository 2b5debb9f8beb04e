"""A 12379 message that comes as a zip archive with its attachments: the one message in it, within bounds.

Half an archive never opens, since its directory stands at the end. Nothing is unpacked but the message, no further than the limit,
and never to a name that the archive gives. What holds no message or several, or is locked, is no bundle: it is read as it
is, and the reading says what is wrong with it.
"""

from __future__ import annotations

import re
import zlib
from io import BytesIO
from zipfile import BadZipFile, ZipFile

SUFFIX = ".zip"
LARGEST = 64 << 20
"""Bytes of an archive that is looked into: scans of the approval are large."""
MOST_MEMBERS = 200
ATTACHMENT = re.compile(r"(?P<stem>.+)_[PO]_?[0-9]{2}\.[0-9A-Za-z]{1,5}")
"""<message>_P_01.jpg: a scan of the approval; _O_: other."""


def message_in(raw: bytes, limit: int) -> bytes | None:
    """The message, at most `limit` bytes of it; None: this is no whole archive with one message."""
    try:
        with ZipFile(BytesIO(raw)) as archive:
            members = archive.infolist()
            names = [one for one in members if _is_message(one.filename.rpartition("/")[2])]
            if len(names) != 1 or len(members) > MOST_MEMBERS:
                return None
            with archive.open(names[0]) as file:
                return file.read(limit)
    except (BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError, zlib.error):
        return None


def _is_message(name: str) -> bool:
    return name.lower().endswith(".xml") and ATTACHMENT.fullmatch(name) is None
