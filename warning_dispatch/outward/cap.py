"""An accepted alert as OASIS CAP 1.2, whatever dialect it came in: valid against the schema, and nobody's name in it.

Left out: whoever signed the warning (12379 puts a person's name into senderName), the note, the numbers and groups of the
12379 `code` block, attachments. The sender's name is the agency's. Colour, code and areas (shapes, and codes given or found) are kept, so that
our own reader gets out of it what was put in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lxml import etree

from warning_dispatch.clock import iso_text
from warning_dispatch.engine.storage_sources import Referred
from warning_dispatch.model.alert import Alert, AlertArea, AlertInfo, Circle, MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.sources import passed_on_as

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE = "application/cap+xml"
AREA_CODE = "CPEAS Geographic Code"
"""The name under which the national warnings give their division codes to the WMO."""
EVENT_CODE = "eventType"
COLOUR = "colour"

URGENCIES = {one.lower(): one for one in ("Immediate", "Expected", "Future", "Past")}
CERTAINTIES = {one.lower(): one for one in ("Observed", "Likely", "Possible", "Unlikely")} | {"verylikely": "Likely"}
"""The 12379 form and CAP 1.0 have one word more."""
LEAST_POINTS = 4
"""Of a polygon, the first and the last of which are the same."""
_SEVERITY = {
    Colour.RED: "Extreme",
    Colour.ORANGE: "Severe",
    Colour.YELLOW: "Moderate",
    Colour.BLUE: "Minor",
    None: "Unknown",
}
_MSG_TYPES = {MsgType.ALERT: "Alert", MsgType.UPDATE: "Update", MsgType.CANCEL: "Cancel"}
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FORBIDDEN = re.compile(r"[\s,<&]+")
_AGENCY = re.compile(r"^(.{2,40}?(?:气象局|气象台|气象中心|局|台|中心|部|厅|办公室|指挥部))")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
HazardNames = Mapping[str, Mapping[str, str]]


def cap_of(alert: Alert, hazard: Mapping[str, str], colour: Colour | None, referred: Sequence[Referred] = ()) -> str:
    """The document as text. `hazard`: its names by language, for an info that names no event."""
    root = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})  # type: ignore[dict-item] # the default namespace
    _add(root, "identifier", token(passed_on_as(alert.identifier, alert.part)))
    _add(root, "sender", token(alert.sender_code or alert.sender))
    _add(root, "sent", iso_text(alert.sent))
    _add(root, "status", "Actual")
    _add(root, "msgType", _MSG_TYPES.get(alert.msg_type, "Alert"))
    _add(root, "scope", "Public")
    if referred:
        triples = (
            f"{token(one.sender)},{token(passed_on_as(one.identifier, one.part))},{iso_text(one.sent)}"
            for one in referred
        )
        _add(root, "references", " ".join(triples))
    for info in alert.infos:
        _add_info(root, info, alert, hazard, info.colour or colour)
    return etree.tostring(root, encoding="unicode")


def token(text: str) -> str:
    """A text as CAP wants identifiers and senders: no blanks, commas, < or &."""
    return _FORBIDDEN.sub("_", _clean(text).strip()) or "unknown"


def _add_info(
    root: etree._Element, info: AlertInfo, alert: Alert, hazard: Mapping[str, str], colour: Colour | None
) -> None:
    """One info block, elements in the order of the schema."""
    block = etree.SubElement(root, f"{{{NAMESPACE}}}info")
    language = info.language if _LANGUAGE.fullmatch(info.language) else "zh-CN"
    _add(block, "language", language)
    _add(block, "category", "Met")
    _add(block, "event", _event(info, hazard, language))
    if info.lifts and alert.msg_type is not MsgType.CANCEL:
        _add(block, "responseType", "AllClear")
    _add(block, "urgency", _word(info.urgency, URGENCIES))
    _add(block, "severity", _SEVERITY[colour])
    _add(block, "certainty", _word(info.certainty, CERTAINTIES))
    if info.event_code:
        _add_pair(block, "eventCode", EVENT_CODE, info.event_code)
    for name in ("effective", "onset", "expires"):
        moment: int | None = getattr(info, name)
        if moment is not None:
            _add(block, name, iso_text(moment))
    for name, text in (
        ("senderName", _agency(alert, info)),
        ("headline", info.headline),
        ("description", info.description),
        ("instruction", info.instruction),
    ):
        if text.strip():
            _add(block, name, text)
    if colour is not None:
        _add_pair(block, "parameter", COLOUR, colour.key)
    for area in info.areas:
        _add_area(block, area)


def _add_area(block: etree._Element, area: AlertArea) -> None:
    element = etree.SubElement(block, f"{{{NAMESPACE}}}area")
    _add(element, "areaDesc", area.description or " ".join(area.codes) or "—")
    for ring in area.polygons:
        if len(ring) >= LEAST_POINTS and ring[0] == ring[-1]:  # an open one is a line, which CAP does not have
            _add(element, "polygon", " ".join(_pair(*point) for point in ring))
    for circle in area.circles:
        _add(element, "circle", _circle(circle))
    for code in area.codes:
        _add_pair(element, "geocode", AREA_CODE, code)


def _pair(longitude: float, latitude: float) -> str:
    """A point as CAP writes it: latitude first, WGS 84; about a metre is kept."""
    return f"{latitude:.5f},{longitude:.5f}"


def _circle(circle: Circle) -> str:
    """Centre, a blank, the radius in kilometres."""
    return f"{_pair(circle.longitude, circle.latitude)} {circle.radius_m / 1000:g}"


def _word(said: str, known: Mapping[str, str]) -> str:
    """A word of one of CAP's closed lists; what is none of them is Unknown."""
    return known.get("".join(said.split()).lower(), "Unknown")


def _event(info: AlertInfo, hazard: Mapping[str, str], language: str) -> str:
    chosen = hazard.get("zh_CN" if language.startswith("zh") else "en", "")
    return info.event_name.strip() or chosen or info.event_code or "—"


def _agency(alert: Alert, info: AlertInfo) -> str:
    """The agency that warns; never who signed. From the sender where that is a name, else from the headline."""
    if not alert.sender.isascii():
        return alert.sender
    found = _AGENCY.match(info.headline)
    return found[1] if found else ""


def _add_pair(parent: etree._Element, name: str, key: str, value: str) -> None:
    pair = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    _add(pair, "valueName", key)
    _add(pair, "value", value)


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = _clean(text)


def _clean(text: str) -> str:
    """The text without what XML cannot hold."""
    return _NO_XML.sub("", text)
