"""What a CAP message lacks of the standard, as a report: it never decides whether a message is read.

The schema of the standard refuses what every reader understands (a time with Z, elements out of order) and accepts
what nobody can (an empty identifier), so it is no gate. Its file may be passed on only under its own terms, beside
which this repository's licence would not stand alone; the rules that matter to a person are therefore kept here in
our own words: order, required elements, words of the closed lists, elements that no version has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from warning_dispatch.ingest.elements import Element, children, full_text, local_name, namespace_of
from warning_dispatch.ingest.notes import Notes, Odd

_ALERT = [
    "identifier",
    "sender",
    "password",
    "sent",
    "status",
    "msgType",
    "source",
    "scope",
    "restriction",
    "addresses",
    "code",
    "note",
    "references",
    "incidents",
    "info",
]
_INFO = [
    "language",
    "category",
    "event",
    "responseType",
    "urgency",
    "severity",
    "certainty",
    "audience",
    "eventCode",
    "effective",
    "onset",
    "expires",
    "senderName",
    "headline",
    "description",
    "instruction",
    "web",
    "contact",
    "parameter",
    "resource",
    "area",
]
_RESOURCE = ["resourceDesc", "mimeType", "size", "uri", "derefUri", "digest"]
_AREA = ["areaDesc", "polygon", "circle", "geocode", "altitude", "ceiling"]
_PLACES: Mapping[str, Mapping[str, int]] = {
    kind: {name: place for place, name in enumerate(order)}
    for kind, order in (("alert", _ALERT), ("info", _INFO), ("resource", _RESOURCE), ("area", _AREA))
}
_REQUIRED: Mapping[str, Sequence[str]] = {
    "alert": ("identifier", "sender", "sent", "status", "msgType", "scope"),
    "info": ("category", "event", "urgency", "severity", "certainty"),
    "resource": ("resourceDesc",),
    "area": ("areaDesc",),
}
_WORDS: Mapping[str, frozenset[str]] = {
    "scope": frozenset({"Public", "Restricted", "Private"}),
    "category": frozenset(
        ["Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"],
    ),
    "responseType": frozenset(
        ["Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"]
    ),
    "urgency": frozenset(["Immediate", "Expected", "Future", "Past", "Unknown"]),
    "severity": frozenset(["Extreme", "Severe", "Moderate", "Minor", "Unknown"]),
    "certainty": frozenset({"Observed", "Likely", "Possible", "Unlikely", "Unknown", "Very Likely"}),
}
"""Closed lists over all versions. status and msgType are looked at by whoever reads them."""


def report(root: Element, notes: Notes) -> None:
    """Note where an alert departs from the standard."""
    _look(root, "alert", notes)
    for info in children(root, "info"):
        _look(info, "info", notes)
        for resource in children(info, "resource"):
            _look(resource, "resource", notes)
        for area in children(info, "area"):
            _look(area, "area", notes)


def _look(element: Element, kind: str, notes: Notes) -> None:
    """One element's own children. Elements of another namespace are extensions, which the standard permits."""
    own = namespace_of(element)
    places = _PLACES[kind]
    reached, seen = 0, set()
    for child in element.iterchildren():
        if namespace_of(child) not in ("", own):
            continue
        name = local_name(child)
        seen.add(name)
        place = places.get(name)
        if place is None:
            notes.odd(Odd.STRUCTURE_UNKNOWN, element, name)
            continue
        if place < reached:
            notes.odd(Odd.STRUCTURE_ORDER, element, name)
        reached = max(reached, place)
        words = _WORDS.get(name)
        if words is not None and (text := full_text(child)) not in words:
            notes.odd(Odd.STRUCTURE_WORD, element, name, text)
    for name in _REQUIRED[kind]:
        if name not in seen:
            notes.odd(Odd.STRUCTURE_MISSING, element, name)
