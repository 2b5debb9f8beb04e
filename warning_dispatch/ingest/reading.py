"""The way in: raw bytes to alerts.

A dialect is a name, a test on the root element and a pure parser; a new one (CAP 1.1, an Atom or EDXL wrapper that
holds several) is a module and a row of `DIALECTS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from warning_dispatch.errors import Finding, UnreadableAlertError
from warning_dispatch.ingest import cap, cn12379
from warning_dispatch.ingest.document import open_document
from warning_dispatch.ingest.elements import Element, local_name, namespace_of, path_of
from warning_dispatch.ingest.notes import Notes, clip
from warning_dispatch.model.alert import Alert, ReadAlert


@dataclass(frozen=True, slots=True)
class Dialect:
    """A way of writing warnings. `parse` raises UnreadableAlertError and nothing else."""

    name: str
    recognises: Callable[[Element], bool]
    parse: Callable[[Element, Notes], Alert]


DIALECTS = (
    Dialect(cap.DIALECT, cap.recognises, cap.parse),
    Dialect(cn12379.DIALECT, cn12379.recognises, cn12379.parse),
)


def read_message(raw: bytes) -> list[ReadAlert]:
    """Read a message of any known dialect.

    Returns one alert for each that the message holds, with everything odd about it. Raises UnreadableAlertError with
    every finding when the bytes are too many, not to be trusted as XML, of no known dialect, or without identity
    (identifier, sender, time of sending). Needs no clock, no network and no file.
    """
    notes = Notes()
    root = open_document(raw, notes)
    for dialect in DIALECTS:
        if dialect.recognises(root):
            alert = dialect.parse(root, notes)
            return [ReadAlert(alert, notes.problems)]
    raise UnreadableAlertError([_unknown_dialect(root)])


def _unknown_dialect(root: Element) -> Finding:
    known = ", ".join(dialect.name for dialect in DIALECTS)
    return Finding(
        path_of(root),
        f"不认识的报文格式 / unknown dialect: {clip(local_name(root))}, namespace {clip(namespace_of(root))}",
        f"可接受的格式 / accepted: {known}",
    )
